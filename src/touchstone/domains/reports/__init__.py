"""What was tested, as CSV."""
