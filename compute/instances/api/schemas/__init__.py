"""Schemas of requests and answers of the servers' part of the Compute API, one file a resource."""
