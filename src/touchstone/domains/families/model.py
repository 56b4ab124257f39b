"""Families of artefacts, as data: a new one is an entry here, a word in `artefact_family_known` and a unique index.

A test holds the entries against the table's constraint and the indexes against the identities.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, LiteralString, cast

import msgspec

from touchstone.http.caller import Caller


class FamilyName(StrEnum):
    SNAP = "snap"
    DEB = "deb"
    CHARM = "charm"
    IMAGE = "image"
    SOLUTION = "solution"

    MODEL = "model"


class StageName(StrEnum):
    """From the least to the most released, over all families; an artefact without one has the empty text."""

    PROPOSED = "proposed"
    UPDATES = "updates"
    EDGE = "edge"
    BETA = "beta"
    CANDIDATE = "candidate"
    STABLE = "stable"
    PENDING = "pending"
    CURRENT = "current"


class Field(msgspec.Struct, frozen=True):
    """What a family asks for when a test starts. One that is not required is the empty text when it is not given."""

    name: str
    kind: Literal["text", "revision", "url"] = "text"
    is_required: bool = True


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """`newest_by` are the columns within which the listing shows only the newest; None shows all that are not archived.

    `identity` are the columns that no two artefacts share; the table has a unique index of them. With
    `is_found_by_identity_alone` a start with nothing but the identity finds an artefact that is there; what
    `is_moved_freely` may be given a stage of any family later.
    """

    name: FamilyName
    fields: tuple[Field, ...]
    stages: tuple[StageName, ...]
    is_stage_required: bool = True
    identity: tuple[LiteralString, ...]
    newest_by: tuple[str, ...] | None
    is_found_by_identity_alone: bool = False
    is_moved_freely: bool = False
    promoted_by: Literal["snap store", "package archive"] | None = None

    @property
    def sql(self) -> LiteralString:
        """The name as a literal of SQL: only with it does Postgres use the family's unique index."""
        return "'" + cast("LiteralString", self.name.value) + "'"


_RISKS = (StageName.EDGE, StageName.BETA, StageName.CANDIDATE, StageName.STABLE)

FAMILY: dict[FamilyName, Family] = {
    family.name: family
    for family in (
        Family(
            name=FamilyName.SNAP,
            fields=(Field("revision", "revision"), Field("track"), Field("store"), Field("branch", is_required=False)),
            stages=_RISKS,
            identity=("name", "version", "track", "branch", "store"),
            newest_by=("stage", "name", "track", "branch"),
            promoted_by="snap store",
        ),
        Family(
            name=FamilyName.DEB,
            fields=(Field("series"), Field("repo"), Field("source", is_required=False)),
            stages=(StageName.PROPOSED, StageName.UPDATES),
            is_stage_required=False,
            identity=("name", "version", "series", "repo", "source"),
            newest_by=("stage", "name", "repo", "series", "source"),
            promoted_by="package archive",
        ),
        Family(
            name=FamilyName.CHARM,
            fields=(Field("revision", "revision"), Field("track"), Field("branch", is_required=False)),
            stages=_RISKS,
            identity=("name", "version", "track", "branch"),
            newest_by=None,
        ),
        Family(
            name=FamilyName.IMAGE,
            fields=(
                Field("sha256"),
                Field("os", is_required=False),
                Field("release", is_required=False),
                Field("owner", is_required=False),
                Field("image_url", "url", is_required=False),
            ),
            stages=(StageName.PENDING, StageName.CURRENT),
            identity=("sha256",),
            newest_by=("stage", "name", "os", "release"),
            is_found_by_identity_alone=True,
        ),
        Family(
            name=FamilyName.SOLUTION,
            fields=(Field("track"), Field("source")),
            stages=_RISKS,
            identity=("name", "source", "version", "track", "stage", "bundle_digest"),
            newest_by=("stage", "name", "source", "track"),
            is_moved_freely=True,
        ),
        Family(
            name=FamilyName.MODEL,
            fields=(Field("source"),),
            stages=_RISKS,
            identity=("name", "version", "source"),
            newest_by=("stage", "name", "source"),
        ),
    )
}

FAMILIES: tuple[str, ...] = tuple(name.value for name in FamilyName)
CONTRACT_FAMILIES = FAMILIES[: FAMILIES.index(FamilyName.SOLUTION) + 1]
"""What clients of the contract know."""


def families_shown(caller: Caller, named: Iterable[str | None] = ()) -> tuple[str, ...]:
    return caller.words_shown(FAMILIES, CONTRACT_FAMILIES, named)
