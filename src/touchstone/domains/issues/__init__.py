"""Known problems, kept in trackers elsewhere."""
