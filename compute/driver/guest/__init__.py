"""Guests: their machine, power, screen, console and agent."""
