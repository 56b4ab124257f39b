"""Rules of retention through the API, and what a look ahead says."""

import datetime as dt

import pytest
from tests.people import as_admin
from tests.recording import add_execution

RULES = "/api/v1/retention-rules"


@pytest.fixture
async def admin(client, database):
    return await as_admin(client, database)


async def put(admin, *rules):
    return await admin.put(RULES, json={"rules": list(rules)})


async def test_nothing_goes_before_anybody_has_said_so(admin):
    assert (await admin.get(RULES)).json() == {"rules": []}
    assert all(item["is_kept"] for item in (await admin.get(f"{RULES}/preview")).json()["items"])


async def test_rules_are_replaced_all_together_and_each_change_is_in_the_audit(admin, database):
    logs = {"kind": "job_logs", "kept_days": 30}
    snaps = {"kind": "test_executions", "family": "snap", "stage": "edge", "kept_days": 90, "keeps_newest": False}
    assert (await put(admin, logs, snaps)).status_code == 200
    assert (await put(admin, {**logs, "kept_days": 60})).json() == (await admin.get(RULES)).json()
    assert (await put(admin, {**logs, "kept_days": 60})).status_code == 200
    (rule,) = (await admin.get(RULES)).json()["rules"]
    assert rule == {"kind": "job_logs", "family": None, "stage": None, "kept_days": 60, "keeps_newest": True}
    told = await database.fetch_value(
        "select json_agg(json_build_array(action, before, after) order by id) from audit_event"
    )
    assert [action for action, _, _ in told] == ["put_retention_rules"] * 2
    assert [len(told[1][1]), len(told[1][2])] == [2, 1]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([{"kind": "jobs", "family": "snap", "kept_days": 3}], "jobs have neither family nor stage"),
        ([{"kind": "audit_events", "stage": "edge"}], "audit_events have neither family nor stage"),
        ([{"kind": "jobs", "kept_days": 3, "keeps_newest": False}], "keeps_newest is about test_executions"),
        ([{"kind": "jobs", "kept_days": 3}, {"kind": "jobs", "kept_days": 4}], "one rule for each kind"),
        ([{"kind": "jobs", "kept_days": 0}], "greater than or equal to 1"),
        ([{"kind": "everything", "kept_days": 3}], "Input should be"),
    ],
)
async def test_rules_that_cannot_be_meant_are_refused(admin, rules, words):
    for answer in (await put(admin, *rules), await admin.post(f"{RULES}/preview", json={"rules": rules})):
        assert answer.status_code == 422
        assert words in answer.text
    assert (await admin.get(RULES)).json() == {"rules": []}


async def test_a_look_ahead_tells_what_rules_would_take_that_nobody_has_saved(admin, database):
    old, young = await add_execution(database), await add_execution(database)
    await database.execute(
        "update test_execution set created_at = now() - interval '40 days', seen_at = now() - interval '40 days'"
        " where id = $1",
        old,
    )
    await database.execute(
        """
        insert into raw_result_file (test_execution_id, digest, media_type, size, object_key)
        select $1, digest, 'application/xml', 70, digest from unnest(array['a', 'b']) as digest
        """,
        old,
    )
    proposed = {"rules": [{"kind": "test_executions", "kept_days": 30, "keeps_newest": False}]}
    answer = await admin.post(f"{RULES}/preview", json=proposed)
    (item,) = [item for item in answer.json()["items"] if not item["is_kept"]]
    assert dt.datetime.fromisoformat(item.pop("oldest")) < dt.datetime.now(dt.UTC) - dt.timedelta(days=39)
    assert item == {
        "kind": "test_executions",
        "is_kept": False,
        "count": 1,
        "is_more": False,
        "bytes": 140,
        "sample": [str(old)],
    }
    assert (await admin.get(RULES)).json() == {"rules": []}
    assert await database.fetch_value("select array_agg(id order by id) from test_execution") == [old, young]


async def test_every_kind_can_be_looked_ahead_at_in_an_empty_database(admin):
    kinds = [item["kind"] for item in (await admin.get(f"{RULES}/preview")).json()["items"]]
    answer = await put(admin, *({"kind": kind, "kept_days": 1} for kind in kinds))
    assert answer.status_code == 200, answer.text
    items = (await admin.get(f"{RULES}/preview")).json()["items"]
    assert [(item["kind"], item["is_kept"], item["count"], item["sample"]) for item in items] == [
        (kind, False, 0, []) for kind in kinds
    ]
