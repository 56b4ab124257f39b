"""The executions of a page and their artefacts, each written once, however often the page shows it."""

from typing import LiteralString

from touchstone.domains.shapes.artefacts import ARTEFACT_JSON, ARTEFACT_SOURCES
from touchstone.domains.shapes.executions import EXECUTION_JSON, EXECUTION_SOURCES

# through arrays, because what the planner expects of filters says little about a page
CONTEXTS: LiteralString = (
    """
    executions as materialized (
        select execution.id, execution.artefact_build_id, execution.ci_link, """
    + EXECUTION_JSON
    + " as written from "
    + EXECUTION_SOURCES
    + """ where execution.id = any (array(select test_execution_id from page))
    ), artefacts as materialized (
        select artefact.id, artefact.family, """
    + ARTEFACT_JSON
    + " as written from "
    + ARTEFACT_SOURCES
    + """ where artefact.id = any (array(
            select build.artefact_id from executions join artefact_build as build on build.id = artefact_build_id
        ))
    )
"""
)
"""Two CTEs, `executions` and `artefacts`, that follow one named `page` with test_execution_id."""
