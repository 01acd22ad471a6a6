"""Servers for a demonstration or a test run: found where there is one, else started while needed."""
