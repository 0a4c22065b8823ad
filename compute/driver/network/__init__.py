"""Networks of a host."""
