"""The tiny guest image: a few megabytes of Linux, made on this machine from distribution packages.

It boots within seconds even under emulation, which makes it the image for first steps and for tests.
`rootfs/`, `initramfs/` and `probe/` hold the files that run inside the guest; the modules put them together.
"""
