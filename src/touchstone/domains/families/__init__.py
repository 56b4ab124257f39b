"""What kinds of artefacts there are."""
