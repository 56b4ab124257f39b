"""Which teams review artefacts of a kind, and what that lets them do."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from touchstone.errors import Conflict, InvalidValue, NotFound, Refused
from touchstone.http.caller import Caller


class FamilyName(StrEnum):
    SNAP = "snap"
    DEB = "deb"
    CHARM = "charm"
    IMAGE = "image"
    SOLUTION = "solution"

    MODEL = "model"


FAMILIES: tuple[str, ...] = tuple(name.value for name in FamilyName)
CONTRACT_FAMILIES = FAMILIES[: FAMILIES.index(FamilyName.SOLUTION) + 1]

Key = tuple[str, ...]


class Fields(msgspec.Struct, kw_only=True):
    """What an artefact must be like; an empty text matches any."""

    family: FamilyName
    name: str = ""
    stage: str = ""
    track: str = ""
    branch: str = ""
    store: str = ""
    series: str = ""
    os: str = ""
    release: str = ""
    owner: str = ""


class Rule(Fields, kw_only=True):
    """A row, with the teams that it is for."""

    id: int
    grant_permissions: list[str]
    team_ids: list[int]


def key_of(fields: Fields) -> Key:
    """No two rules have the same."""
    return tuple(str(getattr(fields, name)) for name in Fields.__struct_fields__)


def families_shown(caller: Caller, named: Iterable[str | None] = ()) -> tuple[str, ...]:
    """Clients made from the contract break on families that it lacks: those are for who asks for them or names one."""
    given = {family for family in named if family is not None}
    return FAMILIES if caller.accepts_extensions or not given <= set(CONTRACT_FAMILIES) else CONTRACT_FAMILIES


class RuleNotFound(NotFound):
    """Artefact matching rule {id} doesn't exist"""


class TeamOfRuleNotFound(NotFound):
    """Team {id} doesn't exist"""


class RuleWithoutTeam(Refused):
    """At least one team is required to create a matching rule"""


class RuleLeftWithoutTeam(Refused):
    """At least one team is required for a matching rule"""


class RuleExists(Conflict):
    """Artefact matching rule with these values already exists"""


class AnotherRuleExists(Conflict):
    """Another artefact matching rule with these values already exists"""


class RuleTooLong(InvalidValue):
    """{reason}"""

    def __init__(self) -> None:
        super().__init__(location=("body",), reason="The texts of a rule hold at most 2000 bytes together")
