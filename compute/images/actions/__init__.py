"""Verbs on images, one file each."""
