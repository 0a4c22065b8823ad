"""The writing of config drives, which several actions share."""

from compute.engine.operations import Run
from compute.instances.actions.passwords import password_of
from compute.instances.models import Instance
from compute.instances.services import config_drive, machine_disks
from compute.volumes.services import disks


def write_config_drive(run: Run, instance: Instance) -> None:
    """Write the config drive of the run's instance, with the password that the operation carries."""
    disk = machine_disks.config(instance)
    run.check()
    disks.pool_of(disk, instance.hypervisor).write(
        disk.volume_name, config_drive.build(instance, password_of(run))
    )
