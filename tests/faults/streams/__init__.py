"""A site like the real one, with a few addresses more that stream."""
