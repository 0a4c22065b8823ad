"""The servers' part of the Compute API: what it takes and answers, one file a resource."""
