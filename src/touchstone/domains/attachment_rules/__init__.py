"""Which new results belong to an issue."""
