"""What is to be run again."""
