"""Storage: pools, volumes, files and copies of disks."""
