"""Test plans run on builds in environments."""
