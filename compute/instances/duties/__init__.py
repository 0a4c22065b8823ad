"""Duties of the sweep that concern instances."""
