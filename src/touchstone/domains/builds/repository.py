"""Reads `artefact_build` with what hangs on it; `artefacts` writes it."""

from touchstone.database.executor import Executor
from touchstone.domains.artefacts.model import ArtefactNotFound
from touchstone.domains.shapes.artefacts import LATEST_BUILDS
from touchstone.domains.shapes.executions import EXECUTION_JSON, EXECUTION_SOURCES
from touchstone.domains.shapes.shown import SHOWN, Shown


class BuildRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_latest(self, shown: Shown, artefact_id: int) -> bytes:
        """By architecture, with their executions by environment. Raises ArtefactNotFound."""
        found = await self.executor.fetch_json(
            SHOWN
            + """
            select (
                select coalesce(json_agg(json_build_object('id', build.id, 'architecture', build.architecture,
                    'revision', build.revision, 'test_executions', coalesce((
                        select json_agg("""
            + EXECUTION_JSON
            + " order by environment.name, execution.id) from "
            + EXECUTION_SOURCES
            + """
                        where execution.artefact_build_id = build.id
                    ), '[]'), 'bundled_in', coalesce((
                        select json_agg(json_build_object('id', bundling.id, 'name', bundling.name,
                            'version', bundling.version, 'family', bundling.family) order by bundling.id)
                        from artefact_bundled_build as bundled
                            join artefact as bundling on bundling.id = bundled.artefact_id
                        where bundled.artefact_build_id = build.id
                            and bundling.family = any ((select families from shown)::text[])
                    ), '[]')) order by build.architecture), '[]')
                from artefact_build as build where build.id in """
            + LATEST_BUILDS
            + """
            ) from artefact where artefact.id = $3
                and artefact.family = any ((select families from shown)::text[])
            """,
            *shown.words,
            artefact_id,
        )
        if found is None:
            raise ArtefactNotFound(id=artefact_id)
        return found
