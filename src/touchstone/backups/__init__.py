"""A whole service in a folder: its database, its objects, and which keys it needs."""
