"""The outside world: a protocol each, then who speaks it."""
