"""Every effect of a worker process by name, and a death just before or just after any of them."""

import contextlib
import inspect
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, Literal, LiteralString, TypeVar

import msgspec

from touchstone.database.executor import Database, Transaction

T = TypeVar("T")
Side = Literal["before", "after"]
DOMAINS = str(Path("touchstone") / "domains")


class Killed(BaseException):
    """The process is gone: nobody catches it, and nothing that it would do later takes effect."""


class Moment(msgspec.Struct, frozen=True):
    """The effect of that number (from 0) in a run, by name."""

    number: int
    name: str
    in_transaction: bool = False


class Effects:
    """What one worker process has done so far. With `death` it dies there; `on_each` is told of every effect."""

    def __init__(
        self,
        death: tuple[Moment, Side] | None = None,
        on_each: Callable[[Moment], Awaitable[None]] | None = None,
    ) -> None:
        self.death = death
        self.on_each = on_each
        self.met: list[Moment] = []
        self.is_dead = False
        self.in_transaction = False

    async def around(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        moment = Moment(len(self.met), name, self.in_transaction)
        self.met.append(moment)
        if self.on_each is not None:
            await self.on_each(moment)
        self._pass(moment, "before")
        try:
            return await call()
        finally:  # a refusal, too, is an answer that may come too late
            self._pass(moment, "after")

    def _pass(self, moment: Moment, side: Side) -> None:
        if self.death and (moment.number, side) == (self.death[0].number, self.death[1]):
            assert moment == self.death[0], f"this run did something else at that point: {moment}"
            self.is_dead = True
        if self.is_dead:
            raise Killed(f"{side} {moment.name}")


class WatchedDatabase(Database):
    """Statements and commits are effects, named by who runs them."""

    effects = Effects()

    async def fetch_all(self, kind: type[T], sql: LiteralString, *values: Any) -> list[T]:
        return await self._statement(lambda: super(WatchedDatabase, self).fetch_all(kind, sql, *values))

    async def fetch_one(self, kind: type[T], sql: LiteralString, *values: Any) -> T | None:
        return await self._statement(lambda: super(WatchedDatabase, self).fetch_one(kind, sql, *values))

    async def fetch_value(self, sql: LiteralString, *values: Any) -> Any:
        return await self._statement(lambda: super(WatchedDatabase, self).fetch_value(sql, *values))

    async def execute(self, sql: LiteralString, *values: Any) -> int:
        return await self._statement(lambda: super(WatchedDatabase, self).execute(sql, *values))

    async def _statement(self, call: Callable[[], Awaitable[Any]]) -> Any:
        return await self.effects.around(f"{_caller()} {_statement()}", call)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        async with contextlib.AsyncExitStack() as stack:
            yield await stack.enter_async_context(self._inside())
            await self.effects.around(f"{_caller()} commit", stack.aclose)

    @contextlib.asynccontextmanager
    async def _inside(self) -> AsyncGenerator[Any]:
        async with super().transaction() as transaction:
            self.effects.in_transaction = True
            try:
                yield _Watched(transaction, lambda _: f"{_caller()} {_statement()}", self)
            finally:
                self.effects.in_transaction = False


class _Watched:
    """Stands for another object: its coroutines are effects."""

    def __init__(self, target: Any, name: Callable[[str], str], effects_of: WatchedDatabase) -> None:
        self._target, self._name, self._effects_of = target, name, effects_of

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._target, method)
        if not inspect.iscoroutinefunction(found):
            return found

        async def watched(*values: Any, **options: Any) -> Any:
            return await self._effects_of.effects.around(self._name(method), lambda: found(*values, **options))

        return watched


def watched(target: Any, system: str, database: WatchedDatabase) -> Any:
    """A store or a runner whose calls are effects of the process that holds the database."""
    return _Watched(target, lambda method: f"{_caller()} {system}.{method}", database)


def _caller() -> str:
    """The innermost function of a domain that is not a repository's; one outside of a class with its noun."""
    code = next(code for code in _domain_code() if not _is_repository(code))
    is_method = "." in code.co_qualname
    return code.co_qualname if is_method else f"{Path(code.co_filename).parent.name}.{code.co_qualname}"


def _statement() -> str:
    return next((code.co_qualname for code in _domain_code() if _is_repository(code)), "statement")


def _domain_code() -> Iterator[CodeType]:
    frame = sys._getframe(1)
    while frame is not None:
        if DOMAINS in frame.f_code.co_filename:
            yield frame.f_code
        frame = frame.f_back


def _is_repository(code: CodeType) -> bool:
    return code.co_filename.endswith("repository.py")
