"""Storage: pools, volumes, images and copies of disks."""
