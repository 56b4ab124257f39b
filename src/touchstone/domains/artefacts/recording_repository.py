"""The tables `artefact` and `artefact_build`, where a test that starts finds or makes its own."""

import hashlib
from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from touchstone.database.executor import Executor, constraint
from touchstone.domains.artefacts.model import ArtefactTooLong
from touchstone.domains.families.model import FAMILY, Family, FamilyName

EMPTY_BUNDLE = hashlib.sha256(b"").hexdigest()


class GivenArtefact(msgspec.Struct, kw_only=True):
    """Columns of `artefact`; those that a family does not track are empty."""

    family: FamilyName
    name: str = ""
    version: str = ""
    stage: str = ""
    track: str = ""
    branch: str = ""
    store: str = ""
    series: str = ""
    repo: str = ""
    source: str = ""
    os: str = ""
    release: str = ""
    sha256: str = ""
    owner: str = ""
    image_url: str = ""
    bundle_digest: str | None = None


class ReviewState(msgspec.Struct, frozen=True):
    """What the assignment of reviewers goes by. `executions` and `reviews` are those of the latest builds.

    `reviewers` are [user id, reviews that he is the first reviewer of], `candidates` users of the teams whose rules fit
    the artefact best and who do not review it yet, `open_reviews` [review id, first reviewer] where that is not one of
    `reviewers`.
    """

    executions: int
    reviews: int
    reviewers: list[tuple[int, int]]
    candidates: list[int]
    open_reviews: list[tuple[int, int | None]]


FIELDS: LiteralString = """
    family, name, version, stage, track, branch, store, series, repo, source, os, release, sha256, owner, image_url,
    bundle_digest
"""
GIVEN_FIELDS: LiteralString = """
    family text, name text, version text, stage text, track text, branch text, store text, series text, repo text,
    source text, os text, release text, sha256 text, owner text, image_url text, bundle_digest text
"""


def _same_artefact(family: Family) -> LiteralString:
    """A condition on `artefact` and `given`.

    What an artefact bundles is found out later than what it is, so it does not tell artefacts apart here.
    """
    condition: LiteralString = "artefact.family = " + family.sql
    for column in family.identity:
        if column != "bundle_digest":
            condition += " and artefact." + column + " = given." + column
    return condition


FOUND_ARTEFACT: dict[FamilyName, LiteralString] = {
    name: "(select artefact.id from artefact where "
    + _same_artefact(family)
    + " order by artefact.bundle_digest is distinct from given.bundle_digest, artefact.id desc limit 1)"
    for name, family in FAMILY.items()
}
"""By family: the id of the artefact that `given` means, or null."""


class ArtefactRecordingRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, given: GivenArtefact) -> int | None:
        """The id; None when somebody else has made it meanwhile. Raises ArtefactTooLong."""
        with constraint({"artefact_fits_its_index": ArtefactTooLong()}):
            return await self.executor.fetch_value(
                "insert into artefact ("
                + FIELDS
                + ") select "
                + FIELDS
                + " from jsonb_to_record($1::jsonb) as given ("
                + GIVEN_FIELDS
                + ") on conflict do nothing returning id",
                given,
            )

    async def find(self, given: GivenArtefact) -> int | None:
        return await self.executor.fetch_value(
            "select "
            + FOUND_ARTEFACT[given.family]
            + " from jsonb_to_record($1::jsonb) as given ("
            + GIVEN_FIELDS
            + ")",
            given,
        )

    async def insert_build(self, artefact_id: int, architecture: str, revision: int | None) -> int | None:
        """The id; None when somebody else has made it meanwhile."""
        return await self.executor.fetch_value(
            """
            insert into artefact_build (artefact_id, architecture, revision) values ($1, $2, $3)
            on conflict do nothing returning id
            """,
            artefact_id,
            architecture,
            revision,
        )

    async def find_build(self, artefact_id: int, architecture: str, revision: int | None) -> int | None:
        return await self.executor.fetch_value(
            """
            select id from artefact_build
            where artefact_id = $1 and architecture = $2 and revision is not distinct from $3
            """,
            artefact_id,
            architecture,
            revision,
        )

    async def lock(self, artefact_id: int) -> None:
        """Until the end of the transaction nobody else assigns reviewers to it."""
        await self.executor.execute("select from artefact where id = $1 for no key update", artefact_id)

    async def review_state(self, artefact_id: int) -> ReviewState | None:
        """To be called under the artefact's lock."""
        return await self.executor.fetch_one(ReviewState, REVIEW_STATE, artefact_id)

    async def add_reviewers(self, artefact_id: int, user_ids: Sequence[int]) -> None:
        await self.executor.execute(
            """
            insert into artefact_reviewer (artefact_id, user_id)
            select $1, user_id from unnest($2::integer[]) with ordinality as chosen (user_id, place) order by place
            on conflict do nothing
            """,
            artefact_id,
            user_ids,
        )

    async def set_due(self, artefact_id: int, days: int) -> dict[str, Any]:
        """So many days from today; kernels get their date elsewhere. Answers what a message about it says."""
        return await self.executor.fetch_value(
            """
            update artefact set updated_at = now(), due_date = case
                when name like 'linux-%' or name like '%-kernel' then null
                else (now() at time zone 'UTC')::date + $2::integer end
            where id = $1
            returning json_build_object('family', family, 'name', name, 'version', version, 'due_date', due_date)
            """,
            artefact_id,
            days,
        )


# the rule with the most fields counts, and all that have as many; an empty field fits anything
REVIEW_STATE: LiteralString = """
    with artefact as materialized (
        select id, family, name, stage, track, branch, store, series, os, release, owner from artefact where id = $1
    ), latest as materialized (
        select distinct on (architecture) id from artefact_build where artefact_id = $1
        order by architecture, coalesce(revision, 0) desc, id desc
    ), fitting as (
        select rule.id, rank() over (order by num_nonnulls(
            nullif(rule.name, ''), nullif(rule.stage, ''), nullif(rule.track, ''), nullif(rule.branch, ''),
            nullif(rule.store, ''), nullif(rule.series, ''), nullif(rule.os, ''), nullif(rule.release, ''),
            nullif(rule.owner, '')
        ) desc) as place
        from artefact join artefact_matching_rule as rule on rule.family = artefact.family
            and rule.name in ('', artefact.name) and rule.stage in ('', artefact.stage)
            and rule.track in ('', artefact.track) and rule.branch in ('', artefact.branch)
            and rule.store in ('', artefact.store) and rule.series in ('', artefact.series)
            and rule.os in ('', artefact.os) and rule.release in ('', artefact.release)
            and rule.owner in ('', artefact.owner)
    ), reviews as materialized (
        select review.id, (
            select user_id from environment_review_reviewer where environment_review_id = review.id
            order by place limit 1
        ) as first_reviewer
        from environment_review as review where review.artefact_build_id in (select id from latest)
    ), reviewers as materialized (
        select user_id, place from artefact_reviewer where artefact_id = $1
    )
    select (select count(*) from test_execution where artefact_build_id in (select id from latest)) as executions,
        (select count(*) from reviews) as reviews,
        coalesce((
            select json_agg(json_build_array(user_id, (
                select count(*) from reviews where first_reviewer = reviewers.user_id
            )) order by place) from reviewers
        ), '[]') as reviewers,
        array(
            select distinct member.user_id from fitting
            join artefact_matching_rule_team as link on link.rule_id = fitting.id
            join team_member as member on member.team_id = link.team_id
            where fitting.place = 1 and member.user_id not in (select user_id from reviewers)
            order by member.user_id
        ) as candidates,
        coalesce((
            select json_agg(json_build_array(id, first_reviewer) order by id) from reviews
            where first_reviewer is null or first_reviewer not in (select user_id from reviewers)
        ), '[]') as open_reviews
"""
