"""Which results and executions a search is about."""
