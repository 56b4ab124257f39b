"""Pairs that describe executions."""
