"""Scenarios: what is sent at which instant, and what must then be so."""
