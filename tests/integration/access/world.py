"""What makers of paths and requests are given."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx

from touchstone.database.executor import Database

Values = dict[str, str]
Work = Callable[[], Awaitable[int]]


class World(NamedTuple):
    """Everything is made by an admin, and anew each time it is asked for."""

    admin: httpx.AsyncClient
    database: Database
    work: Work


MakePath = Callable[[World, Values], Awaitable[str]]
MakeRequest = Callable[[World, Values], Awaitable[dict[str, Any]]]
Prepare = Callable[[World, Values, httpx.AsyncClient], Awaitable[None]]
