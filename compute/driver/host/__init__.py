"""The hypervisor itself: what it is, how it runs guests, which folders it needs."""
