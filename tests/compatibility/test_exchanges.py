"""The recorded exchanges, played against the served app; the cluster is the fake runner, which goes by a job's name."""

import re
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from tests.compatibility.exchanges import read_exchanges
from tests.compatibility.replay import Answered, Replay
from tests.compatibility.shared import CONTRACTS, needs_shared
from tests.conftest import BASE_URL, serving
from tests.fakes.cluster_code import CannedJobs
from tests.fakes.runner import FakeRunner

from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.assembly import assemble
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.setting_values import Secret
from touchstone.settings import Settings

pytestmark = needs_shared

DIFFERENCES = tomllib.loads(Path(__file__).with_name("differences.toml").read_text())


@pytest.fixture(scope="module")
async def answered(
    postgres: EmbeddedPostgres,
    empty_tables: Callable[[], Awaitable[None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[list[Answered]]:
    """All of them in order: later ones rest on what the earlier ones made."""
    await empty_tables()
    settings = Settings(
        database_url=Secret(postgres.service_url),
        data_dir=tmp_path_factory.mktemp("objects"),
        secret_keys=(Secret(Fernet.generate_key().decode()),),
        url_signing_keys=(Secret("a signing key for the tests only"),),
        public_url=BASE_URL,
        ray_max_submitted=100,
        job_max_attempts=1,
    )
    store = LocalStore(settings.store_folder, SignedUrls(BASE_URL, [b"a signing key for the tests only"]))
    jobs = CannedJobs(store)
    runner = FakeRunner(script=jobs.fate, work=jobs.work)
    parts = assemble(settings, runner=runner, store=store)
    async with parts.opened(), serving(settings, runner, store) as client:
        replay = Replay(client, parts, runner)
        yield [await replay.answer(one) for one in read_exchanges(CONTRACTS / "lumigator.exchanges.jsonl")]


def test_every_exchange_is_answered_as_recorded_or_as_the_list_says(answered: list[Answered]) -> None:
    unexpected = [line for one in answered for line in _unexpected(one)]
    assert not unexpected, "\n".join(unexpected)


def test_no_line_of_the_list_is_out_of_date(answered: list[Answered]) -> None:
    differing = {one.recorded.name for one in answered if one.differences}
    assert DIFFERENCES["exchanges"].keys() <= differing


def test_every_line_of_the_list_says_what_and_why() -> None:
    for name, line in DIFFERENCES["exchanges"].items():
        assert line.keys() == {"status", "answer", "why"}, name


def test_only_declared_fields_are_added(answered: list[Answered]) -> None:
    added = set[str]().union(*(one.added for one in answered))
    assert added == {f"{place}.{name}" for place, names in DIFFERENCES["added_fields"].items() for name in names}


def _unexpected(one: Answered) -> list[str]:
    line: dict[str, Any] | None = DIFFERENCES["exchanges"].get(one.recorded.name)
    what = "; ".join(one.differences)
    if one.differences and line is None:
        return [f"{one.recorded.name}: {what}"]
    if line is not None and line["status"] != one.status:
        return [f"{one.recorded.name}: status {one.status}, the list says {line['status']}"]
    if line is not None and one.failure is not None and not _says(line["answer"], one.failure):
        return [f"{one.recorded.name}: says {one.failure!r}, the list says {line['answer']!r}"]
    return []


def _says(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("…")), text) is not None
