"""How long what is kept; what is older goes, batch by batch."""
