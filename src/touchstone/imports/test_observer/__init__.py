"""From the PostgreSQL database of a Test Observer."""
