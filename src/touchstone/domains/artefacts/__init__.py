"""Versions of what is shipped."""
