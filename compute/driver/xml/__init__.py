"""libvirt's XML: declared as elements, rendered by lxml, and written nowhere else."""
