"""The hypervisor: capabilities, virtualization, folders."""
