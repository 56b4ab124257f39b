"""Which row an object belongs to, as its key says."""

import re
from collections.abc import Sequence
from uuid import UUID

from touchstone.adapters.object_store import StoredObject
from touchstone.domains.jobs.kinds import COMPILED, LOGS, WORK, Layout
from touchstone.domains.stored_objects.model import OwnedObject, Owner, Place
from touchstone.domains.test_results.model import RAW_FILES

_UUID = r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"


def places_of(layout: Layout) -> tuple[Place, ...]:
    return (
        Place(f"{layout.datasets_prefix}/", Owner.DATASET, rf"{_UUID}/[^/]+/[^/]+"),
        Place(f"{layout.results_prefix}/", Owner.JOB, rf"[^/]+/{_UUID}/[^/]+"),
        Place(WORK, Owner.JOB, rf"{_UUID}/.+"),
        Place(LOGS, Owner.JOB_LOG, rf"{_UUID}/[^/]+"),
        Place(COMPILED, Owner.WORKFLOW, r"(?P<id>[0-9a-f]{32})/[^/]+"),
        Place(f"{RAW_FILES}/", Owner.RAW_FILE, r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]+"),
    )


def owned(place: Place, stored: StoredObject) -> OwnedObject | None:
    """None for an object that is none of ours."""
    found = re.fullmatch(re.escape(place.prefix) + place.pattern, stored.key)
    if found is None:
        return None
    named = found.groupdict().get("id")
    return OwnedObject(
        key=stored.key,
        owner=place.owner,
        id=UUID(named) if named else None,
        folder=stored.key.rpartition("/")[0] + "/" if place.owner is Owner.DATASET else None,
        size=stored.size,
        modified_at=stored.modified_at,
    )


def owner_of(places: Sequence[Place], stored: StoredObject) -> OwnedObject | None:
    """The same where the place is not known."""
    found = (owned(place, stored) for place in places if stored.key.startswith(place.prefix))
    return next((one for one in found if one is not None), None)
