"""How people and scripts start Touchstone: one module per command."""
