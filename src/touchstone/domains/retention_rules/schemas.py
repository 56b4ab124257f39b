"""What clients send and get."""

from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.families.model import FamilyName, StageName
from touchstone.domains.keeping.model import Going
from touchstone.domains.retention_rules.model import RetentionKind

MOST_RULES = 500

Days = Annotated[int, Meta(ge=1, le=36_500)]


class RetentionRule(msgspec.Struct, frozen=True):
    """Null for a family or a stage is any; of the rules that fit, that of the family counts, then that of the stage.

    Null for `kept_days` is for ever, an exception from a wider rule. `keeps_newest` is about test executions: whether
    the newest one of a test plan on a build in an environment stays, however old.
    """

    kind: RetentionKind
    family: FamilyName | None = None
    stage: StageName | None = None
    kept_days: Days | None = None
    keeps_newest: bool = True


class RetentionRules(msgspec.Struct):
    """All of them."""

    rules: Annotated[list[RetentionRule], Meta(max_length=MOST_RULES)]


class RetentionPreview(Going, frozen=True, kw_only=True):
    """`is_kept` says that no rule of this kind ends, so that nothing is looked for.

    `count` goes to 100,000 and `is_more` beyond; `sample` are the ids of the oldest; `bytes` are of logs and files
    where they are known; `oldest` is when its age began.
    """

    kind: RetentionKind
    is_kept: bool = False


class RetentionPreviews(msgspec.Struct):
    """What would go now, by kind."""

    items: list[RetentionPreview]
