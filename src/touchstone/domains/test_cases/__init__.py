"""What test plans check."""
