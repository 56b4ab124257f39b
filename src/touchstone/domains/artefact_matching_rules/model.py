"""Which teams review artefacts of a kind, and what that lets them do."""

import msgspec

from touchstone.domains.families.model import FamilyName
from touchstone.errors import Conflict, InvalidValue, NotFound, Refused

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
