"""What people know of test cases and environments."""
