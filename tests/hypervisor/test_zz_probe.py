from tests.hypervisor.test_driver_tiny_guest import *
from compute.driver.connection import connect
import libvirt
def test_cpu(workshop, network, tiny_image, address):
    workshop.pool.import_file("tiny", tiny_image.path, "qcow2", lambda done, total: None)
    for i in range(4):
        for kind in ("named","max"):
            port = PortSpec(id="tiny-port", mac=MAC, network=network.spec.name, address=address, tap_name=f"{workshop.prefix}t0")
            spec = workshop.spec(image="tiny", ports=(port,), memory_mib=128)
            guest = Guest.define(workshop.uri, spec)
            d = connect(workshop.uri).lookupByUUIDString(spec.uuid)
            if kind=="max":
                x=d.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE); import re
                x=re.sub(r"<cpu mode='custom'.*?</cpu>","<cpu mode='maximum'/>",x,flags=re.S)
                connect(workshop.uri).defineXML(x)
            t=time.monotonic(); guest.start()
            text=lambda: spec.console_log.read_text(errors="replace") if spec.console_log.exists() else ""
            wait_until(lambda: "boot finished" in text(), "boot", 120)
            cpu=d.info()[4]/1e9
            print("FIG",kind, round(time.monotonic()-t,1), "cpu", round(cpu,1), flush=True)
            guest.destroy(); guest.undefine()
    workshop.sweep(); workshop.pool.delete("tiny")
