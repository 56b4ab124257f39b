"""`/retention-rules`."""

from tests.integration.access.nouns.people import always

RULES = always(rules=[{"kind": "test_executions", "family": "snap", "kept_days": 36_500}])

REQUESTS = {"PUT /retention-rules": RULES, "POST /retention-rules/preview": RULES}
