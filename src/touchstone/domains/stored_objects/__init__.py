"""What lies in the object store, held against the rows that refer to it."""
