"""What `make bench` measures: Meridian beside a peer or a limit of the machine, in one run."""
