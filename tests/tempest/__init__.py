"""Tempest's tests of the OpenStack APIs against a running installation, over HTTP and from its own environment."""
