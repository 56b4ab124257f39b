"""What is run again, by whose wish and how often."""

import msgspec


class AutomaticReruns(msgspec.Struct, frozen=True):
    """How often issues may have a group (plan, build, environment) run again.

    `most` is None for any number; each further rerun waits twice as long as the one before, from `pause_seconds` on,
    at most a day.
    """

    most: int | None = None
    pause_seconds: int = 0


ANY_NUMBER = AutomaticReruns()
