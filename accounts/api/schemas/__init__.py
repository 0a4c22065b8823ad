"""Schemas of the requests and answers of the Identity API, one file a resource."""
