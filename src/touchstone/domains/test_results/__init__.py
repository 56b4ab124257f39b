"""Outcomes of test cases."""
