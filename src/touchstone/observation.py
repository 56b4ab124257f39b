"""The observation half, put together: its routes, and what their handlers ask for."""

from typing import Any

from touchstone.assembly import Assembly

OBSERVATION_CONTROLLERS: list[Any] = []

OBSERVATION_TAGS = {
    "artefacts": "Versions of what is shipped, their builds and reviews.",
    "test-executions": "Test plans run on builds in environments.",
    "test-results": "Outcomes of test cases.",
    "issues": "Known problems, and which results they explain.",
    "reports": "What was tested, as CSV.",
}


def observation_dependencies(parts: Assembly) -> dict[str, Any]:
    """By the names that handlers use."""
    return {}
