"""The observation half, put together: its routes, and what their handlers ask for."""

from typing import Any

from touchstone.assembly import Assembly
from touchstone.domains.artefacts.controller import ArtefactController
from touchstone.domains.artefacts.model import ReviewPolicy
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.artefacts.service import ArtefactService
from touchstone.domains.builds.controller import BuildController
from touchstone.domains.builds.repository import BuildRepository
from touchstone.domains.environment_reviews.controller import EnvironmentReviewController
from touchstone.domains.environment_reviews.repository import EnvironmentReviewRepository
from touchstone.domains.environment_reviews.service import EnvironmentReviewService

OBSERVATION_CONTROLLERS: list[Any] = [
    ArtefactController,
    BuildController,
    EnvironmentReviewController,
]

OBSERVATION_TAGS = {
    "artefacts": "Versions of what is shipped, their builds and reviews.",
    "test-executions": "Test plans run on builds in environments.",
    "test-results": "Outcomes of test cases.",
    "issues": "Known problems, and which results they explain.",
    "reports": "What was tested, as CSV.",
}


def observation_dependencies(parts: Assembly) -> dict[str, Any]:
    """By the names that handlers use."""
    database, settings = parts.database, parts.settings
    policy = ReviewPolicy(is_four_eyes=settings.four_eyes, quorums=settings.quorums)
    return {
        "artefacts": ArtefactRepository(database),
        "artefact_service": ArtefactService(database, settings.frontend, policy),
        "builds": BuildRepository(database),
        "environment_reviews": EnvironmentReviewRepository(database),
        "environment_review_service": EnvironmentReviewService(database, policy),
    }
