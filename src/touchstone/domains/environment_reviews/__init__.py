"""What people decided of a build in an environment."""
