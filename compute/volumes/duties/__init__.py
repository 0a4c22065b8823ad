"""Duties of the sweep that concern volumes."""
