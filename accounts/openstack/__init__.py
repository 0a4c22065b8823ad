"""What all OpenStack APIs of the project share; each says what is its own in a `Service`."""
