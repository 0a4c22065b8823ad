"""The Image API: what it takes and answers, one file a resource."""
