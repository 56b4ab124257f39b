"""Every effect of an attempt on the cluster by name, and a death just before or just after any of them.

Effects are the calls of the object store, and each sample that is asked of an endpoint or taken in as answered.
"""

import contextlib
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from touchstone_jobs import storage
from touchstone_jobs.chat import Chat
from touchstone_jobs.inference.recorder import Recorder

Side = Literal["before", "after"]
STORAGE = ("get", "get_file", "put", "put_file", "list_objects", "exists")
SAMPLES: tuple[tuple[type[Any], str], ...] = ((Chat, "complete"), (Recorder, "record"))
CODE = Path(inspect.getfile(storage)).parent


class Killed(BaseException):
    """The process is gone; it is no SystemExit, which is how a signal arrives and has an outcome."""


class Moment(msgspec.Struct, frozen=True):
    """The so-manieth (from 0) effect of that name in an attempt."""

    name: str
    occurrence: int


class JobEffects:
    """What the attempt has done so far. With `death` it dies there; `on_each` is called at every effect."""

    def __init__(self, death: tuple[Moment, Side] | None = None) -> None:
        self.met: list[Moment] = []
        self.death = death
        self.on_each: Callable[[Moment], None] | None = None
        self.is_dead = False
        self._counting = threading.Lock()

    @contextlib.contextmanager
    def around(self, name: str) -> Iterator[None]:
        with self._counting:
            moment = Moment(name, sum(met.name == name for met in self.met))
            self.met.append(moment)
        if self.on_each is not None:
            self.on_each(moment)
        self._pass(moment, "before")
        try:
            yield
        finally:
            self._pass(moment, "after")

    def _pass(self, moment: Moment, side: Side) -> None:
        self.is_dead = self.is_dead or (moment, side) == self.death
        if self.is_dead:
            raise Killed(f"{side} {moment}")


class JobWatch:
    """Tells the effects of `current` from now on; None is nobody's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.current: JobEffects | None = None
        for operation in STORAGE:
            monkeypatch.setattr(storage, operation, self._watched(getattr(storage, operation), f"storage.{operation}"))
        for kind, method in SAMPLES:
            found = getattr(kind, method)
            monkeypatch.setattr(kind, method, self._watched_sample(found, f"{kind.__name__}.{method}"))

    def _watched(self, operation: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*values: Any) -> Any:
            if self.current is None:
                return operation(*values)
            with self.current.around(f"{_caller()} {name}"):
                return operation(*values)

        return call

    def _watched_sample(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        async def call(*values: Any) -> Any:
            if self.current is None:
                return await method(*values)
            with self.current.around(name):
                return await method(*values)

        return call


def _caller() -> str:
    """Module and function of the cluster code that uses the store."""
    frame = sys._getframe(1)
    while not Path(frame.f_code.co_filename).is_relative_to(CODE):
        assert frame.f_back is not None
        frame = frame.f_back
    module = Path(frame.f_code.co_filename).relative_to(CODE).with_suffix("")
    return f"{'.'.join(module.parts)}:{frame.f_code.co_qualname.partition('.<locals>')[0]}"
