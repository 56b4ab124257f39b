"""What comes of doing something once, and what is kept of it."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from touchstone.database.executor import Database
from touchstone.domains.periodic_work.dispatcher import End, PeriodicDispatcher, end_of
from touchstone.domains.periodic_work.model import LARGEST_DETAIL, PeriodicTask, plain_detail
from touchstone.errors import Unavailable


def task(work, **options):
    return PeriodicTask("work", 60, work, **options)


async def test_what_the_work_answers_is_the_detail():
    async def work():
        return {"deleted": 3}

    assert await end_of(task(work)) == End("succeeded", {"deleted": 3})


async def test_a_failure_of_ours_is_kept_in_its_words():
    async def work():
        raise Unavailable(system="jira", reason="no an\0swer")

    assert await end_of(task(work)) == End("failed", error="Upstream error with jira: no answer")


async def test_the_words_of_other_failures_are_not_kept():
    async def work():
        raise ValueError("the password is hunter2")

    assert await end_of(task(work)) == End("failed", error="ValueError; the worker's log says more")


async def test_work_that_takes_too_long_fails():
    async def work():
        await asyncio.Event().wait()

    assert await end_of(task(work, at_most_seconds=0.01)) == End("failed", error="it took longer than 0.01 s")


async def test_a_timeout_of_the_works_own_is_not_taken_for_ours():
    async def work():
        raise TimeoutError

    assert await end_of(task(work)) == End("failed", error="TimeoutError; the worker's log says more")


@pytest.mark.parametrize(
    ("answered", "kept"),
    [
        (None, None),
        (3, 3),
        (Path("a/b"), "a/b"),
        ({"at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}, {"at": "2026-01-02T00:00:00Z"}),
        ("x" * LARGEST_DETAIL, {"left_out": "it is too long to be kept"}),
        ("a\0b", {"left_out": "it holds a NUL character"}),
    ],
)
def test_details_are_what_a_database_takes(answered, kept):
    assert plain_detail(answered) == kept


def test_two_tasks_of_one_name_are_refused():
    async def work():
        pass

    with pytest.raises(ValueError, match="one name"):
        PeriodicDispatcher(Database("postgresql://nowhere"), [task(work), task(work)])
