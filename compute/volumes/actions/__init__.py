"""Verbs on volumes, one file each. Those that touch guests are among the instances' actions."""
