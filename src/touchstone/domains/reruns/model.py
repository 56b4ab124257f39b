"""What is run again, by whose wish and how often."""

import msgspec

from touchstone.errors import Conflict, Invalid, NotFound


class AutomaticReruns(msgspec.Struct, frozen=True):
    """How often issues may have a group (plan, build, environment) run again.

    `most` is None for any number; each further rerun waits twice as long as the one before, from `pause_seconds` on,
    at most a day.
    """

    most: int | None = None
    pause_seconds: int = 0


ANY_NUMBER = AutomaticReruns()


class SilenceRequired(Invalid):
    """Creating rerun requests from filters must be done silently"""


class NoExecutionsFound(NotFound):
    """Didn't find test executions with provided ids"""


class RerunNotFound(NotFound):
    """Rerun request not found"""


class RerunClaimedByOther(Conflict):
    """{claimed_by} has not claimed this rerun request, or somebody else has since"""
