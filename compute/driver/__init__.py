"""The driver of libvirt and QEMU. Plain Python: no Django, no database, no policy."""
