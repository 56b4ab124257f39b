"""Issues that workers are to make in trackers, of results that failed."""
