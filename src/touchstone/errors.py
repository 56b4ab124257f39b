"""The six kinds of failure that the service knows.

    Failure
    ├── NotFound          there is no such thing
    ├── Conflict          it cannot be done in the present state; Outdated is the special case of a state not known
    ├── Invalid           the request makes no sense; InvalidValue says where, Refused and TooLarge are special cases
    ├── Unauthenticated   we do not know who asks
    ├── Forbidden         we know, and the answer is no; Exhausted is the special case of not so much
    └── Unavailable       another system does not answer

A noun subclasses one of them in its `model.py`; the class docstring is the message, its `{fields}` filled in
from the keyword arguments. Status codes are the business of `http/errors.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class Failure(Exception):
    """Something went wrong."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__((type(self).__doc__ or "").strip().format(**facts))


class NotFound(Failure):
    """Not Found"""


class Conflict(Failure):
    """It cannot be done in the present state."""


class Outdated(Conflict):
    """It was changed since you read it; read it again"""


class Invalid(Failure):
    """The request is invalid."""


class InvalidValue(Invalid):
    """{reason}"""

    def __init__(self, *, location: tuple[str | int, ...], reason: str, value: Any = None) -> None:
        """`location` is where the value stands in the request, such as `("body", "metrics")`."""
        super().__init__(reason=reason)
        self.location = location
        self.value = value


class Refused(Invalid):
    """The request is understood and refused."""


class TooLarge(Invalid):
    """The request is too large."""


class Unauthenticated(Failure):
    """Please sign in."""


class Forbidden(Failure):
    """Insufficient permissions"""


class Exhausted(Forbidden):
    """Too many requests"""

    headers: Mapping[str, str] = MappingProxyType({})


class Unavailable(Failure):
    """Upstream error with {system}: {reason}"""
