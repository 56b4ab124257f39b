"""What promotion and the kernel tracker own of the table `artefact`: stage and archiving, due date and link."""

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from touchstone.adapters.kernel_tracker import KernelUpdate
from touchstone.database.executor import Executor
from touchstone.domains.artefacts.model import listing_of
from touchstone.domains.artefacts.promotion_model import PromotedArtefact, Promotion
from touchstone.domains.artefacts.repository import LISTED
from touchstone.domains.families.model import FAMILIES, FAMILY, Family
from touchstone.domains.shapes.artefacts import LATEST_BUILDS
from touchstone.domains.shapes.issues import SOURCES
from touchstone.domains.shapes.shown import SHOWN, Shown

CHANGED: LiteralString = """
    returning artefact.id, json_build_object('id', artefact.id, 'family', artefact.family, 'name', artefact.name,
        'version', artefact.version) as artefact, given.before, given.after
"""


class ChangedArtefact(msgspec.Struct, frozen=True):
    """`artefact` names it; `before` and `after` are what was changed."""

    id: int
    artefact: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


class PromotionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_promoted(self, promoted_by: Sequence[str]) -> list[PromotedArtefact]:
        """Of the families that these promote what the listing shows."""
        families: list[Family] = [family for family in FAMILY.values() if family.promoted_by in promoted_by]
        return await self.executor.fetch_all(
            PromotedArtefact,
            SHOWN
            + LISTED
            + """
            select artefact.id, $5::jsonb ->> artefact.family as promoted_by, artefact.name, artefact.version,
                artefact.stage, artefact.track, artefact.branch, artefact.store, artefact.series, artefact.repo,
                coalesce((
                    select json_agg(json_build_object('architecture', build.architecture, 'revision', build.revision))
                    from artefact_build as build where build.id in """
            + LATEST_BUILDS
            + """
                ), '[]') as builds
            from artefact where artefact.id = any ((select ids from listed)::integer[])
                and artefact.family = any ((select families from shown)::text[]) order by artefact.id
            """,
            *Shown(FAMILIES, SOURCES).words,
            listing_of(family.name.value for family in families),
            [family.name.value for family in families],
            {family.name.value: family.promoted_by for family in families},
        )

    async def promote(self, promotions: Sequence[Promotion]) -> list[ChangedArtefact]:
        """Those whose stage is what it was when it was read, and that nobody has archived since."""
        return await self.executor.fetch_all(
            ChangedArtefact,
            """
            with given as materialized (
                select artefact.id, promotion.stage, promotion.is_archived,
                    jsonb_build_object('stage', artefact.stage, 'archived', artefact.is_archived) as before,
                    jsonb_build_object('stage', promotion.stage, 'archived', promotion.is_archived) as after
                from unnest($1::integer[], $2::text[], $3::text[], $4::boolean[])
                    as promotion (id, was, stage, is_archived)
                join artefact on artefact.id = promotion.id and artefact.stage = promotion.was
                where not artefact.is_archived
                    and (artefact.stage, artefact.is_archived) <> (promotion.stage, promotion.is_archived)
                order by artefact.id for no key update of artefact
            )
            update artefact set stage = given.stage, is_archived = given.is_archived, edition = edition + 1,
                updated_at = now()
            from given where artefact.id = given.id
            """
            + CHANGED,
            [promotion.id for promotion in promotions],
            [promotion.was for promotion in promotions],
            [promotion.stage for promotion in promotions],
            [promotion.is_archived for promotion in promotions],
        )

    async def set_kernel_dates(self, updates: Sequence[KernelUpdate]) -> list[ChangedArtefact]:
        """Of each artefact one update. Those that say so already are left as they are."""
        return await self.executor.fetch_all(
            ChangedArtefact,
            """
            with given as materialized (
                select artefact.id, told.due_date, told.bug_link,
                    jsonb_build_object('due_date', artefact.due_date, 'bug_link', artefact.bug_link) as before,
                    jsonb_build_object('due_date', told.due_date, 'bug_link', told.bug_link) as after
                from unnest($1::integer[], $2::date[], $3::text[]) as told (id, due_date, bug_link)
                join artefact on artefact.id = told.id
                where (artefact.due_date, artefact.bug_link) is distinct from (told.due_date, told.bug_link)
                order by artefact.id for no key update of artefact
            )
            update artefact set due_date = given.due_date, bug_link = given.bug_link, edition = edition + 1,
                updated_at = now()
            from given where artefact.id = given.id
            """
            + CHANGED,
            [update.artefact_id for update in updates],
            [update.due_date for update in updates],
            [update.bug_link for update in updates],
        )
