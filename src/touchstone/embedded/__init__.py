"""Zero-install Postgres, object store and Ray for development, tests and the demo; nothing else may need them."""
