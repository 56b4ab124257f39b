"""Promotion and the kernel tracker, with answers as those who publish give them."""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx
from tests.artefacts import add_artefact, add_build
from tests.conftest import replaced
from tests.people import as_user

from touchstone.adapters.kernel_tracker import KernelTracker
from touchstone.adapters.package_archive import PackageArchive
from touchstone.adapters.snap_store import SnapStore
from touchstone.database.executor import Database
from touchstone.domains.artefacts.promoting import KernelDates, Promoting
from touchstone.errors import Unavailable
from touchstone.periodic_tasks import periodic_tasks

SNAPS = "https://api.snapcraft.io/v2/snaps/info/"
ARCHIVE = "https://archive.ubuntu.com/ubuntu/dists/noble-{}/main/binary-amd64/Packages.gz"
PORTS = "https://ports.ubuntu.com/ubuntu-ports/dists/noble-{}/main/binary-{}/Packages.gz"
KERNELS = "https://kernel.ubuntu.com/swm/status.json"
BUG = "https://bugs.launchpad.net/kernel-sru-workflow/+bug/2051234"


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
async def promoting(database: Database):
    snaps, packages = SnapStore(), PackageArchive()
    yield Promoting(database, snaps, packages)
    await snaps.close()
    await packages.close()


@pytest.fixture
async def kernels(database: Database):
    tracker = KernelTracker()
    yield KernelDates(database, tracker)
    await tracker.close()


def channel(
    risk: str, version: str, revision: int, architecture: str = "amd64", track: str = "latest"
) -> dict[str, Any]:
    return {
        "channel": {
            "architecture": architecture,
            "name": risk if track == "latest" else f"{track}/{risk}",
            "released-at": "2026-09-01T12:00:00.000000+00:00",
            "risk": risk,
            "track": track,
        },
        "created-at": "2026-08-30T12:00:00.000000+00:00",
        "download": {"deltas": [], "sha3-384": "ab", "size": 1, "url": "https://api.snapcraft.io/x.snap"},
        "revision": revision,
        "type": "app",
        "version": version,
    }


def store_has(router: respx.MockRouter, name: str, *channels: dict[str, Any]) -> respx.Route:
    return router.get(f"{SNAPS}{name}").respond(
        json={"channel-map": list(channels), "name": name, "snap-id": "x", "snap": {}}
    )


def archive_has(router: respx.MockRouter, url: str, **packages: str) -> respx.Route:
    text = "\n".join(f"Package: {name}\nArchitecture: any\nVersion: {version}\n" for name, version in packages.items())
    content = gzip.compress(text.encode())

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == '"1"':
            return httpx.Response(304)
        return httpx.Response(200, content=content, headers={"etag": '"1"'})

    return router.get(url).mock(side_effect=answer)


async def add_snap(database: Database, name: str = "core", revision: int | None = 7, **columns: Any) -> int:
    artefact = await add_artefact(database, name=name, **{"version": "16", "store": "ubuntu", **columns})
    await add_build(database, artefact, revision=revision)
    return artefact


async def add_deb(database: Database, name: str = "linux", architecture: str = "amd64", **columns: Any) -> int:
    given = {"version": "6.8", "stage": "proposed", "track": "", "series": "noble", "repo": "main", **columns}
    artefact = await add_artefact(database, "deb", name=name, **given)
    await add_build(database, artefact, architecture, None)
    return artefact


async def row(database: Database, artefact: int) -> dict[str, Any]:
    return await database.fetch_value(
        """
        select json_build_object('stage', stage, 'archived', is_archived, 'edition', edition, 'comment', comment,
            'due', due_date, 'bug', bug_link, 'status', status)
        from artefact where id = $1
        """,
        artefact,
    )


async def noted(database: Database) -> list[list[Any]]:
    return await database.fetch_value(
        "select coalesce(json_agg(json_build_array(actor, action, subject, before, after) order by id), '[]') "
        "from audit_event where actor = 'touchstone'"
    )


async def test_a_snap_moves_to_where_the_store_has_it_and_people_are_told(database, promoting, router):
    artefact = await add_snap(database)
    store_has(router, "core", channel("candidate", "16", 7), channel("beta", "16", 7), channel("stable", "15", 6))
    assert await promoting.turn() == {"looked_at": 1, "promoted": 1, "archived": 0, "unanswered": 0}
    found = await row(database, artefact)
    assert (found["stage"], found["archived"], found["edition"]) == ("candidate", False, 2)
    before, after = {"stage": "beta", "archived": False}, {"stage": "candidate", "archived": False}
    assert await noted(database) == [["touchstone", "promote_artefact", f"artefact:{artefact}", before, after]]
    [event] = await database.fetch_value("select json_agg(json_build_array(event, subject, payload)) from outbox")
    assert event[:2] == ["artefact.promoted", f"artefact:{artefact}"]
    assert event[2] == {"id": artefact, "family": "snap", "name": "core", "version": "16", **after}
    assert (await promoting.turn())["promoted"] == 0
    assert (await row(database, artefact))["edition"] == 2


async def test_what_the_store_has_dropped_is_archived(database, promoting, router):
    artefact = await add_snap(database)
    store_has(router, "core", channel("stable", "17", 9))
    assert (await promoting.turn())["archived"] == 1
    found = await row(database, artefact)
    assert (found["stage"], found["archived"]) == ("beta", True)
    assert (await noted(database))[0][1] == "archive_artefact"


async def test_a_rebuild_of_the_same_version_does_not_promote_what_was_tested(database, promoting, router):
    artefact = await add_snap(database, revision=7)
    store_has(router, "core", channel("stable", "16", 8), channel("beta", "16", 7))
    await promoting.turn()
    assert (await row(database, artefact))["stage"] == "beta"


async def test_the_latest_build_counts(database, promoting, router):
    artefact = await add_snap(database, revision=7, stage="edge")
    await add_build(database, artefact, revision=8)
    store_has(router, "core", channel("stable", "16", 7), channel("candidate", "16", 8))
    await promoting.turn()
    assert (await row(database, artefact))["stage"] == "candidate"


async def test_a_snap_is_asked_for_once_and_only_where_the_listing_shows_it(database, promoting, router):
    old = await add_snap(database, version="15", age_days=2)
    latest = await add_snap(database)
    other_stage = await add_snap(database, version="14", stage="stable", revision=5)
    await add_snap(database, name="gone", is_archived=True)
    await add_snap(database, name="storeless", store="")
    await add_artefact(database, "charm", name="charm")
    route = store_has(router, "core", channel("candidate", "16", 7), channel("stable", "14", 5))
    assert (await promoting.turn())["looked_at"] == 2
    assert route.call_count == 1
    assert [(await row(database, one))["stage"] for one in (old, latest, other_stage)] == [
        "beta",
        "candidate",
        "stable",
    ]


@pytest.mark.parametrize("trouble", ["absent", "broken", "gone", "limited", "slow"])
async def test_where_the_store_does_not_answer_nothing_is_changed_and_others_go_on(
    database, promoting, router, trouble
):
    artefact, other = await add_snap(database), await add_snap(database, name="snapd")
    route = router.get(f"{SNAPS}core")
    match trouble:
        case "absent":
            route.respond(404, json={"error-list": [{"code": "resource-not-found", "message": "No snap"}]})
        case "broken":
            route.respond(200, text="<html>")
        case "gone":
            route.respond(500)
        case "slow":
            route.mock(side_effect=httpx.ReadTimeout("slow"))
        case _:
            route.respond(403, text="forbidden")
    store_has(router, "snapd", channel("stable", "16", 7))
    assert await promoting.turn() == {"looked_at": 2, "promoted": 1, "archived": 0, "unanswered": 1}
    assert (await row(database, artefact))["edition"] == 1
    assert (await row(database, other))["stage"] == "stable"


async def test_what_people_change_while_the_store_is_asked_stays(client, database, promoting, router):
    """A status, a comment and a stage of theirs; the old service wrote back all that it had read."""
    commented, staged, shelved = [await add_snap(database, name=name) for name in ("a", "b", "c")]
    user = await as_user(client, database, "change_artefact")
    changes = {commented: {"comment": "mine"}, staged: {"stage": "edge"}, shelved: {"archived": True}}
    for name in "abc":
        store_has(router, name, channel("candidate", "16", 7))
    ask = promoting.snaps.releases

    async def releases(name: str, store: str) -> Any:
        found = await ask(name, store)
        artefact = {"a": commented, "b": staged, "c": shelved}[name]
        answered = await user.patch(f"/api/v1/artefacts/{artefact}", json=changes[artefact])
        assert answered.status_code == 200, answered.text
        await add_build(database, artefact, "arm64", 3)
        return found

    promoting.snaps.releases = releases
    assert (await promoting.turn())["promoted"] == 1
    found = [await row(database, artefact) for artefact in changes]
    assert (found[0]["comment"], found[0]["stage"]) == ("mine", "candidate")
    assert found[1]["stage"] == "edge"
    assert (found[2]["archived"], found[2]["stage"]) == (True, "beta")


async def test_who_has_read_an_artefact_before_it_moved_is_told_when_he_changes_it(client, database, promoting, router):
    artefact = await add_snap(database)
    user = await as_user(client, database, "change_artefact", "view_artefact")
    etag = (await user.get(f"/api/v1/artefacts/{artefact}")).headers["etag"]
    store_has(router, "core", channel("candidate", "16", 7))
    await promoting.turn()
    answer = await user.patch(f"/api/v1/artefacts/{artefact}", json={"comment": "late"}, headers={"if-match": etag})
    assert answer.status_code == 412


async def test_packages_move_with_the_pockets_of_the_archive(database, promoting, router):
    linux, nvidia = await add_deb(database), await add_deb(database, "nvidia_580", version="1.2")
    dropped, custom = await add_deb(database, "grub", version="2.0"), await add_deb(database, "ours", version="1")
    proposed = archive_has(router, ARCHIVE.format("proposed"), linux="6.8", grub="2.2", **{"nvidia.580": "1.2"})
    updates = archive_has(router, ARCHIVE.format("updates"), linux="6.8", grub="2.1")
    assert await promoting.turn() == {"looked_at": 4, "promoted": 1, "archived": 1, "unanswered": 0}
    assert [(await row(database, one))["stage"] for one in (linux, nvidia, custom)] == [
        "updates",
        "proposed",
        "proposed",
    ]
    assert (await row(database, dropped))["archived"]
    assert not (await row(database, custom))["archived"]
    assert (proposed.call_count, updates.call_count) == (1, 1), "an index is read once for all packages"


async def test_an_index_that_has_not_changed_is_not_read_again(database, promoting, router):
    linux = await add_deb(database)
    archive_has(router, ARCHIVE.format("proposed"), linux="6.8")
    updates = archive_has(router, ARCHIVE.format("updates"), linux="6.8")
    await promoting.turn()
    await database.execute("update artefact set stage = 'proposed'")
    await promoting.turn()
    assert updates.calls.last.response.status_code == 304
    assert (await row(database, linux))["stage"] == "updates"


@pytest.mark.parametrize("architecture", ["arm64", "riscv64", "ppc64el", "s390x"])
async def test_architectures_of_the_ports_are_looked_for_there(database, promoting, router, architecture):
    linux = await add_deb(database, architecture=architecture)
    archive_has(router, PORTS.format("proposed", architecture), linux="6.8")
    archive_has(router, PORTS.format("updates", architecture), linux="6.8")
    await promoting.turn()
    assert (await row(database, linux))["stage"] == "updates"


async def test_with_one_index_missing_nothing_is_said_of_a_package(database, promoting, router):
    linux = await add_deb(database, stage="updates")
    archive_has(router, ARCHIVE.format("proposed"), linux="6.8")
    router.get(ARCHIVE.format("updates")).respond(503)
    assert (await promoting.turn())["unanswered"] == 1
    assert (await row(database, linux))["stage"] == "updates"


async def test_an_index_that_the_archive_does_not_have_is_empty(database, promoting, router):
    linux = await add_deb(database)
    router.get(ARCHIVE.format("proposed")).respond(404)
    archive_has(router, ARCHIVE.format("updates"), linux="6.8")
    await promoting.turn()
    assert (await row(database, linux))["stage"] == "updates"


async def test_packages_of_other_sources_are_left(database, promoting, router):
    await add_deb(database, stage="", source="ppa:me/mine")
    assert (await promoting.turn())["looked_at"] == 0


# --- the kernel tracker


def entry(said: Any, status: str = "In Progress") -> dict[str, Any]:
    return {"package": "linux", "task": {"kernel-sru-workflow": {"status": status}}, "test-observer": said}


def page_says(router: respx.MockRouter, **trackers: Any) -> respx.Route:
    content = json.dumps({"trackers": trackers, "updated": "2026-09-21"}).encode()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == '"1"':
            return httpx.Response(304)
        return httpx.Response(200, content=content, headers={"etag": '"1"'})

    return router.get(KERNELS).mock(side_effect=answer)


async def test_a_kernel_is_due_when_the_kernel_team_says(database, kernels, router):
    artefact, done = await add_deb(database), await add_deb(database, "linux-aws")
    said = {"due-date": "2026-10-05", "proposed": artefact}
    finished = entry({"due-date": "2026-10-05", "proposed": done}, "Fix Released")
    page_says(router, **{"2051234": entry(said), "2051235": finished, "7": entry({"proposed": 4711, "due-date": None})})
    assert await kernels.turn() == {"named": 2, "unreadable": 0, "changed": 1}
    found = await row(database, artefact)
    assert (found["due"], found["bug"], found["edition"], found["stage"]) == ("2026-10-05", BUG, 2, "proposed")
    assert (await row(database, done))["due"] is None
    [[_, action, subject, before, after]] = await noted(database)
    assert (action, subject) == ("set_kernel_date", f"artefact:{artefact}")
    assert before == {"due_date": None, "bug_link": ""}
    assert after == {"due_date": "2026-10-05", "bug_link": BUG}
    assert (await kernels.turn())["changed"] == 0


async def test_a_date_that_a_start_has_cleared_is_set_again_though_the_page_has_not_changed(database, kernels, router):
    artefact = await add_deb(database)
    route = page_says(router, **{"2051234": entry({"due-date": "2026-10-05", "proposed": artefact})})
    await kernels.turn()
    await database.execute("update artefact set due_date = null")
    assert (await kernels.turn())["changed"] == 1
    assert route.calls.last.response.status_code == 304
    assert (await row(database, artefact))["due"] == "2026-10-05"


async def test_entries_that_make_no_sense_keep_no_others(database, kernels, router):
    artefact = await add_deb(database)
    page_says(
        router,
        **{
            "1": entry({"due-date": "soon", "proposed": artefact}),
            "2": entry({"due-date": None, "proposed": 2**40}),
            "2051234": entry({"due-date": None, "proposed": artefact}),
        },
    )
    assert await kernels.turn() == {"named": 1, "unreadable": 1, "changed": 1}
    assert (await row(database, artefact))["bug"] == BUG


async def test_a_page_that_is_away_fails_the_run_and_changes_nothing(database, kernels, router):
    artefact = await add_deb(database)
    router.get(KERNELS).respond(500)
    with pytest.raises(Unavailable):
        await kernels.turn()
    assert (await row(database, artefact))["edition"] == 1


async def test_nothing_of_it_is_done_unless_it_is_switched_on(settings, parts):
    def enabled(tasks: Any) -> set[str]:
        return {task.name for task in tasks if task.enabled}

    names = {"promote_artefacts", "set_kernel_dates", "synchronise_issues"}
    assert not enabled(periodic_tasks(parts)) & names
    on = replaced(settings, enable_promotion=True, enable_kernel_tracker=True, enable_issue_sync=True)
    assert names <= enabled(
        periodic_tasks(type(parts)(**{**{f: getattr(parts, f) for f in parts.__struct_fields__}, "settings": on}))
    )
    seconds = {task.name: task.every_seconds for task in periodic_tasks(parts)}
    assert (seconds["promote_artefacts"], seconds["set_kernel_dates"]) == (600, 300)
    assert dt.timedelta(seconds=seconds["synchronise_issues"]) <= dt.timedelta(minutes=1)
