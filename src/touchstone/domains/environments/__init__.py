"""Where tests run."""
