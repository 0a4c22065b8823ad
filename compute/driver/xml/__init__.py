"""libvirt XML: declared as elements, rendered by lxml, written nowhere else."""
