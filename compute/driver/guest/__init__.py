"""Guests: definition, power, hotplug, screen, console and agent."""
