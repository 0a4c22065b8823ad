"""The base of all OpenStack APIs of the project; a `Service` holds what is particular to each."""
