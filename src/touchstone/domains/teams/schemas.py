"""What clients send and get."""

from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.artefact_matching_rules.schemas import GivenRule, RuleOfTeam
from touchstone.domains.permissions.model import Permission

Name = Annotated[str, Meta(max_length=200)]
Permissions = Annotated[list[Permission], Meta(max_length=10_000)]
Rules = Annotated[list[GivenRule], Meta(max_length=10_000)]
Claims = Annotated[list[Annotated[str, Meta(max_length=500)]], Meta(max_length=1000)]


class NewTeam(msgspec.Struct):
    """`joined_by_claims` are groups of identity providers, as {provider}:{group}, whose members join at sign-on."""

    name: Name
    permissions: Permissions = []
    artefact_matching_rules: Rules = []
    joined_by_claims: Claims = []


class TeamChanges(msgspec.Struct):
    """What is null stays."""

    permissions: Permissions | None = None
    artefact_matching_rules: Rules | None = None
    joined_by_claims: Claims | None = None


class Member(msgspec.Struct):
    id: int
    launchpad_handle: str | None
    email: str
    name: str
    is_admin: bool


class Team(msgspec.Struct):
    id: int
    name: str
    permissions: list[Permission]
    members: list[Member]
    artefact_matching_rules: list[RuleOfTeam]
    joined_by_claims: list[str]
