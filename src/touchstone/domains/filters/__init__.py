"""Which results and executions a search is about: `schemas` says it, `parameters` reads it, `selections` is the SQL."""
