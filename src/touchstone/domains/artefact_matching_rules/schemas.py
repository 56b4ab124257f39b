"""What clients send and get. An empty text of a rule is answered as null."""

from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.artefact_matching_rules.model import Fields
from touchstone.domains.families.model import FamilyName
from touchstone.domains.permissions.model import Permission
from touchstone.http.row_ids import RowId

Text = Annotated[str, Meta(max_length=200)]
Permissions = Annotated[list[Permission], Meta(max_length=10_000)]
TeamIds = Annotated[list[RowId], Meta(max_length=10_000)]


class GivenRule(Fields, kw_only=True):
    """A rule as a team is given it."""

    name: Text = ""
    stage: Text = ""
    track: Text = ""
    branch: Text = ""
    store: Text = ""
    series: Text = ""
    os: Text = ""
    release: Text = ""
    owner: Text = ""
    grant_permissions: Permissions = []


class NewRule(GivenRule, kw_only=True):
    team_ids: TeamIds


class RuleChanges(msgspec.Struct, kw_only=True):
    """What is null stays; an empty text then matches any."""

    family: FamilyName | None = None
    name: Text | None = None
    stage: Text | None = None
    track: Text | None = None
    branch: Text | None = None
    store: Text | None = None
    series: Text | None = None
    os: Text | None = None
    release: Text | None = None
    owner: Text | None = None
    team_ids: TeamIds | None = None
    grant_permissions: Permissions | None = None


class RuleOfTeam(msgspec.Struct, kw_only=True):
    id: int
    name: str | None
    family: FamilyName
    stage: str | None
    track: str | None
    branch: str | None
    store: str | None
    series: str | None
    os: str | None
    release: str | None
    owner: str | None
    grant_permissions: list[Permission]


class TeamOfRule(msgspec.Struct):
    id: int
    name: str


class ArtefactMatchingRule(RuleOfTeam, kw_only=True):
    teams: list[TeamOfRule]
