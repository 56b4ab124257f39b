"""The tables `artefact`, `artefact_reviewer` and `artefact_bundled_build`.

Lists and single artefacts are JSON that Postgres writes. `families` are those that the caller is shown.
"""

from collections.abc import Sequence
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor, constraint
from touchstone.domains.artefacts.model import (
    ArtefactNotFound,
    ArtefactRow,
    ArtefactState,
    BundledBuildUnknown,
    BundleExists,
    Kind,
    ReviewerEmailUnknown,
    ReviewerIdUnknown,
    bundle_digest,
)
from touchstone.domains.families.model import FamilyName
from touchstone.domains.shapes.artefacts import ARTEFACT_JSON, ARTEFACT_SOURCES, LATEST_BUILDS
from touchstone.domains.shapes.shown import SHOWN, Shown
from touchstone.errors import Outdated

IS_SHOWN: LiteralString = "artefact.family = any ((select families from shown)::text[])"

# `rule` grants through a team of $3 what $2 names, for the row `artefact`
IS_GRANTED: LiteralString = """
    exists (
        select from artefact_matching_rule as rule
            join artefact_matching_rule_team as link on link.rule_id = rule.id and link.team_id = any ($3::integer[])
        where rule.family = artefact.family and $2 = any (rule.grant_permissions)
            and rule.name in ('', artefact.name) and rule.stage in ('', artefact.stage)
            and rule.track in ('', artefact.track) and rule.branch in ('', artefact.branch)
            and rule.store in ('', artefact.store) and rule.series in ('', artefact.series)
            and rule.os in ('', artefact.os) and rule.release in ('', artefact.release)
            and rule.owner in ('', artefact.owner)
    )
"""


# what the listing shows: `ids` of `listed`, of the kinds in $3, whose families are $4
LISTED: LiteralString = """
    , kind as materialized (
        select place, family, newest_by
        from jsonb_to_recordset($3::jsonb) as given (place integer, family text, newest_by text[])
    ), ranked as (
        select artefact.id, newest_by is null as shows_all, rank() over (
            partition by artefact.family, artefact.name,
                case when 'stage' = any (newest_by) then artefact.stage end,
                case when 'track' = any (newest_by) then artefact.track end,
                case when 'branch' = any (newest_by) then artefact.branch end,
                case when 'repo' = any (newest_by) then artefact.repo end,
                case when 'series' = any (newest_by) then artefact.series end,
                case when 'source' = any (newest_by) then artefact.source end,
                case when 'os' = any (newest_by) then artefact.os end,
                case when 'release' = any (newest_by) then artefact.release end
            order by artefact.created_at desc
        ) as age
        from artefact join kind on kind.family = artefact.family
        where artefact.family = any ($4::text[]) and not artefact.is_archived
    ), listed as materialized (
        select array(select id from ranked where shows_all or age = 1) as ids
    )
"""


class WrittenArtefact(msgspec.Struct, frozen=True):
    """`body` is the answer, as Postgres wrote it."""

    edition: int
    stage: str
    status: str
    body: msgspec.Raw


class ArtefactRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_newest(self, shown: Shown, kinds: list[Kind]) -> bytes:
        """Of each kind those that are not archived and the newest in their group, all of one that has no groups."""
        found = await self.executor.fetch_json(
            SHOWN
            + LISTED
            + """
            select coalesce(json_agg("""
            + ARTEFACT_JSON
            + " order by kind.place, artefact.name, artefact.created_at, artefact.id), '[]') from "
            + ARTEFACT_SOURCES
            + """
            join kind on kind.family = artefact.family where artefact.id = any ((select ids from listed)::integer[])
            """,
            *shown.words,
            kinds,
            [kind.family for kind in kinds],
        )
        return found or b"[]"

    async def search_names(self, families: Sequence[str], pattern: str, *, limit: int, offset: int) -> bytes:
        """`%` and `_` in the pattern stand for others; an empty one matches all."""
        found = await self.executor.fetch_json(
            """
            with found as materialized (
                select distinct name from artefact where not is_archived and family = any ($1::text[])
            """
            + ("and name ilike '%' || $2::text || '%'" if pattern else "and $2::text = ''")
            + """
            )
            select json_build_object('artefacts', array(select name from found order by name limit $3 offset $4),
                'count', (select count(*) from found), 'limit', $3::integer, 'offset', $4::integer)
            """,
            families,
            pattern,
            limit,
            offset,
        )
        return found or b""

    async def history(self, name: str, family: str, track: str, stage: str | None, *, limit: int, offset: int) -> bytes:
        """The newest first, the archived among them."""
        found = await self.executor.fetch_json(
            """
            with found as (
                select id, name, version, stage, created_at from artefact
                where name = $1 and family = $2 and track = $3 and ($4::text is null or stage = $4)
            ), page as (
                select id, name, version, stage, created_at from found order by id desc limit $5 offset $6
            )
            select json_build_object('count', (select count(*) from found), 'items', coalesce((
                select json_agg(json_build_object('artefact_id', id, 'name', name, 'version', version, 'stage', stage,
                    'created_at', wire_time(created_at)) order by id desc)
                from page
            ), '[]'))
            """,
            name,
            family,
            track,
            stage,
            limit,
            offset,
        )
        return found or b""

    async def get(self, shown: Shown, artefact_id: int) -> WrittenArtefact:
        """Raises ArtefactNotFound."""
        found = await self.executor.fetch_one(
            WrittenArtefact,
            SHOWN
            + " select artefact.edition, artefact.stage, artefact.status, "
            + ARTEFACT_JSON
            + " as body from "
            + ARTEFACT_SOURCES
            + " where artefact.id = $3 and "
            + IS_SHOWN,
            *shown.words,
            artefact_id,
        )
        if found is None:
            raise ArtefactNotFound(id=artefact_id)
        return found

    async def list_versions(self, families: Sequence[str], artefact_id: int) -> bytes:
        """Of what else is the same but for its version, the newest first. Raises ArtefactNotFound."""
        found = await self.executor.fetch_json(
            """
            select (
                select json_agg(json_build_object('version', other.version, 'artefact_id', other.id)
                    order by other.id desc)
                from artefact as other
                where other.name = artefact.name and other.track = artefact.track and other.branch = artefact.branch
                    and other.series = artefact.series and other.repo = artefact.repo and other.os = artefact.os
                    and other.release = artefact.release and other.source = artefact.source
                    and other.bundle_digest is not distinct from artefact.bundle_digest
                    and other.family = any ($1::text[])
            )
            from artefact where id = $2 and family = any ($1::text[])
            """,
            families,
            artefact_id,
        )
        if found is None:
            raise ArtefactNotFound(id=artefact_id)
        return found

    async def require(self, families: Sequence[str], artefact_id: int) -> None:
        """Raises ArtefactNotFound."""
        if not await self.executor.fetch_value(
            "select exists (select from artefact where id = $1 and family = any ($2::text[]))", artefact_id, families
        ):
            raise ArtefactNotFound(id=artefact_id)

    async def is_granted(self, artefact_ids: Sequence[int], permission: str, team_ids: Sequence[int]) -> bool:
        """Whether for each of the artefacts a rule of one of the teams grants the permission."""
        return await self.executor.fetch_value(
            "select not exists (select from artefact where id = any ($1::integer[]) and not " + IS_GRANTED + ")",
            artefact_ids,
            permission,
            team_ids,
        )

    async def lock(self, artefact_id: int) -> None:
        """Until the end of the transaction nobody else decides of it, or of its reviews."""
        await self.executor.execute("select from artefact where id = $1 for no key update", artefact_id)

    async def get_row(self, families: Sequence[str], artefact_id: int) -> ArtefactRow:
        """Raises ArtefactNotFound."""
        row = await self.executor.fetch_one(
            ArtefactRow,
            """
            select id, family, stage, status, is_archived as archived, comment, jira_issue,
                array(select user_id from artefact_reviewer where artefact_id = artefact.id order by place)
                    as reviewer_ids,
                array(
                    select artefact_build_id from artefact_bundled_build where artefact_id = artefact.id order by place
                ) as bundled_builds,
                reviewed.undecided_count, reviewed.rejected_count
            from artefact cross join lateral (
                select count(*) filter (where review_decision = '{}') as undecided_count,
                    count(*) filter (where 'REJECTED' = any (review_decision)) as rejected_count
                from environment_review where artefact_build_id in """
            + LATEST_BUILDS
            + ") as reviewed where id = $1 and family = any ($2::text[])",
            artefact_id,
            families,
        )
        if row is None:
            raise ArtefactNotFound(id=artefact_id)
        return row

    async def update(
        self,
        artefact_id: int,
        family: FamilyName,
        state: ArtefactState,
        *,
        editions: list[int] | None,
        is_changed: bool,
    ) -> None:
        """All but the reviewers and the builds themselves. Raises Outdated, BundleExists."""
        with constraint({"artefact_solution_key": BundleExists()}):
            updated = await self.executor.execute(
                """
                update artefact set status = $2, is_archived = $3, stage = $4, comment = $5, jira_issue = $6,
                    bundle_digest = $7, edition = edition + $8::boolean::integer,
                    updated_at = case when $8 then now() else updated_at end
                where id = $1 and ($9::integer[] is null or edition = any ($9))
                """,
                artefact_id,
                state.status,
                state.archived,
                state.stage,
                state.comment,
                state.jira_issue,
                bundle_digest(state.bundled_builds) if family is FamilyName.SOLUTION else None,
                is_changed,
                editions,
            )
        if not updated:
            raise Outdated

    async def set_reviewers(self, artefact_id: int, user_ids: Sequence[int]) -> None:
        """These, in this order, and nobody else."""
        await self.executor.execute(
            """
            with gone as (
                delete from artefact_reviewer where artefact_id = $1 and user_id <> all ($2::integer[])
            )
            insert into artefact_reviewer (artefact_id, user_id)
            select $1, user_id from unnest($2::integer[]) with ordinality as given (user_id, place) order by given.place
            on conflict (artefact_id, user_id) do update set place = default
            """,
            artefact_id,
            user_ids,
        )

    async def set_bundled_builds(self, artefact_id: int, build_ids: Sequence[int]) -> None:
        """These, in this order, and no other."""
        await self.executor.execute(
            """
            with gone as (
                delete from artefact_bundled_build where artefact_id = $1 and artefact_build_id <> all ($2::integer[])
            )
            insert into artefact_bundled_build (artefact_id, artefact_build_id, place)
            select $1, build_id, place from unnest($2::integer[]) with ordinality as given (build_id, place)
            on conflict (artefact_id, artefact_build_id) do update set place = excluded.place
            """,
            artefact_id,
            build_ids,
        )

    async def require_users(self, user_ids: Sequence[int]) -> None:
        """Raises ReviewerIdUnknown, of the first that is not there."""
        missing = await self.executor.fetch_value(
            """
            select user_id from unnest($1::integer[]) with ordinality as given (user_id, place)
            where not exists (select from app_user where id = user_id) order by place limit 1
            """,
            user_ids,
        )
        if missing is not None:
            raise ReviewerIdUnknown(id=missing)

    async def users_with_emails(self, emails: Sequence[str]) -> list[int]:
        """Raises ReviewerEmailUnknown, of the first that is not there."""
        found: list[int | None] = await self.executor.fetch_value(
            """
            select array(
                select app_user.id from unnest($1::text[]) with ordinality as given (email, place)
                    left join app_user on lower(app_user.email) = lower(given.email)
                order by given.place
            )
            """,
            emails,
        )
        if None in found:
            raise ReviewerEmailUnknown(email=emails[found.index(None)])
        return [user_id for user_id in found if user_id is not None]

    async def require_builds(self, build_ids: Sequence[int]) -> None:
        """Raises BundledBuildUnknown, of the first that is not there."""
        missing = await self.executor.fetch_value(
            """
            select build_id from unnest($1::integer[]) with ordinality as given (build_id, place)
            where not exists (select from artefact_build where id = build_id) order by place limit 1
            """,
            build_ids,
        )
        if missing is not None:
            raise BundledBuildUnknown(id=missing)

    async def is_started_by(self, artefact_id: int, names: Sequence[str]) -> bool:
        """Whether one of these started an execution on its latest builds."""
        return await self.executor.fetch_value(
            """
            select exists (
                select from artefact join test_execution as execution on execution.artefact_build_id in """
            + LATEST_BUILDS
            + " where artefact.id = $1 and execution.started_by = any ($2::text[]))",
            artefact_id,
            names,
        )
