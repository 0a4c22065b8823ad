"""What the Identity API takes and answers, one file a resource."""
