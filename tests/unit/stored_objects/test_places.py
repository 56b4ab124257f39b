import datetime as dt
from uuid import UUID

import pytest

from touchstone.adapters.object_store import StoredObject
from touchstone.domains.jobs.kinds import Layout
from touchstone.domains.stored_objects.model import Owner
from touchstone.domains.stored_objects.places import owner_of, places_of

LAYOUT = Layout(results_prefix="jobs/results", datasets_prefix="datasets")
ID = UUID("0b0f2b0e-7f0e-4f5e-9a55-6a3f0a1d2c3b")


def owner(key: str):
    return owner_of(places_of(LAYOUT), StoredObject(key, 1, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (f"{LAYOUT.dataset(ID, 'a b.csv')}data.csv", Owner.DATASET),
        (LAYOUT.results(ID, "a name / of a job"), Owner.JOB),
        (LAYOUT.scores(ID, "a name"), Owner.JOB),
        (f"{LAYOUT.attempt(ID, 3)}samples/0001.jsonl", Owner.JOB),
        (f"{LAYOUT.logs(ID)}000000000000000-000000000000009.log", Owner.JOB_LOG),
        (LAYOUT.compiled(ID), Owner.WORKFLOW),
    ],
)
def test_what_the_layout_names_is_known_again(key: str, kind: Owner) -> None:
    found = owner(key)
    assert found is not None
    assert (found.owner, found.id) == (kind, ID)


def test_a_file_of_results_is_known_by_its_key() -> None:
    found = owner(f"test-results/raw/ab/{'ab' * 32}.xml")
    assert found is not None
    assert (found.owner, found.id) == (Owner.RAW_FILE, None)


@pytest.mark.parametrize(
    "key", ["datasets/x", f"datasets/{ID}", f"jobs/{ID}/x", "test-results/raw/ab/ab.xml", f"elsewhere/{ID}/a/b"]
)
def test_what_touchstone_does_not_write_is_nobodys(key: str) -> None:
    assert owner(key) is None
