"""Environment reviews: read, decided one by one and together, and what is kept of that."""

import asyncio

import pytest
from tests.artefacts import add_artefact, add_build, add_review, reviewed_artefact
from tests.people import as_user

ARTEFACTS = "/api/v1/artefacts"
APPROVED, FAULTY, REJECTED = "APPROVED_ALL_TESTS_PASS", "APPROVED_FAULTY_HARDWARE", "REJECTED"


@pytest.fixture
async def editor(client, database):
    return await as_user(client, database, "view_environment_review", "change_environment_review", "view_artefact")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("PATCH", ""), ("GET", "/1"), ("PATCH", "/1"), ("PATCH", "/x")]
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    url = f"{ARTEFACTS}/1/environment-reviews{path}"
    anonymous = await client.request(method, url, json={"review_decision": "fish"})
    user = await (await as_user(client, database, "view_artefact")).request(method, url)
    assert (anonymous.status_code, user.status_code) == (403, 403)


def url_of(artefact, review=None):
    return f"{ARTEFACTS}/{artefact}/environment-reviews" + (f"/{review}" if review else "")


def refused(answer, status, detail):
    return (answer.status_code, answer.json()["detail"]) == (status, detail)


async def test_the_reviews_of_the_latest_builds_are_listed_by_environment(editor, database):
    artefact = await add_artefact(database)
    old, new = await add_build(database, artefact, revision=1), await add_build(database, artefact, revision=2)
    other = await add_build(database, artefact, "arm64", None)
    await add_review(database, old, "a")
    server = await add_review(database, new, "server", [REJECTED], "broken")
    laptop = await add_review(database, other, "laptop")
    found = (await editor.get(url_of(artefact))).json()
    assert [review["id"] for review in found] == [laptop, server]
    assert found[1] == {
        "id": server,
        "environment": {"id": found[1]["environment"]["id"], "name": "server", "architecture": "amd64"},
        "artefact_build": {"id": new, "architecture": "amd64", "revision": 2},
        "review_decision": [REJECTED],
        "review_comment": "broken",
        "reviewers": [],
    }
    assert refused(await editor.get(url_of(4711)), 404, "Artefact with id 4711 not found")


async def test_a_decision_is_made_kept_and_taken_back(editor, database):
    artefact, review = await reviewed_artefact(database)
    path = url_of(artefact, review)
    made = (await editor.patch(path, json={"review_decision": [APPROVED, FAULTY], "review_comment": "fine"})).json()
    assert (made["review_decision"], made["review_comment"]) == ([APPROVED, FAULTY], "fine")
    kept = (await editor.patch(path, json={"review_decision": None, "review_comment": None})).json()
    assert kept == made == (await editor.get(path)).json()
    taken_back = (await editor.patch(path, json={"review_decision": [], "id": 4711})).json()
    assert (taken_back["id"], taken_back["review_decision"], taken_back["review_comment"]) == (review, [], "fine")


async def test_nothing_is_approved_and_rejected(editor, database):
    artefact, review = await reviewed_artefact(database)
    answer = await editor.patch(url_of(artefact, review), json={"review_decision": [REJECTED, APPROVED]})
    fault = answer.json()["detail"][0]
    assert (answer.status_code, fault["type"], fault["loc"]) == (422, "value_error", ["body", "review_decision"])
    assert fault["msg"] == "Value error, Environment review can either be rejected or approved"
    unknown = await editor.patch(url_of(artefact, review), json={"review_decision": ["fine"]})
    assert unknown.json()["detail"][0]["type"] == "enum"


async def test_a_review_is_changed_under_its_artefact_only(editor, database):
    artefact, review = await reviewed_artefact(database)
    other = await add_artefact(database)
    answer = await editor.patch(url_of(artefact, 4711), json={})
    assert refused(answer, 404, "Environment review 4711 doesn't exist")
    detail = f"Environment review {review} doesn't belong to artefact {other}"
    assert refused(await editor.patch(url_of(other, review), json={}), 422, detail)
    assert refused(await editor.get(url_of(other, review)), 422, detail)


async def test_several_are_changed_at_once_and_strangers_are_left_out(editor, database):
    artefact, first = await reviewed_artefact(database)
    build = await add_build(database, artefact, "arm64")
    second = await add_review(database, build, "server")
    _, stranger = await reviewed_artefact(database)
    items = [
        {"id": second, "review_decision": [APPROVED]},
        {"review_decision": [APPROVED]},
        {"id": 4711, "review_decision": [APPROVED]},
        {"id": stranger, "review_decision": [APPROVED]},
        {"id": first, "review_comment": "a"},
        {"id": second, "review_comment": "b"},
    ]
    found = (await editor.patch(url_of(artefact), json=items)).json()
    assert [review["id"] for review in found] == [second, first, second]
    assert (found[0]["review_decision"], found[0]["review_comment"]) == ([APPROVED], "b")
    assert found[1]["review_comment"] == "a"
    decided = "select array_agg(id) from environment_review where review_decision <> '{}'"
    assert await database.fetch_value(decided) == [second]
    for empty in (url_of(4711), url_of(artefact)):
        answer = await editor.patch(empty, json=[] if empty == url_of(artefact) else items)
        assert (answer.status_code, answer.json()) == (200, [])
    wrong = await editor.patch(url_of(artefact), json=[{}, {"id": first, "review_decision": [REJECTED, APPROVED]}])
    assert wrong.json()["detail"][0]["loc"] == ["body", 1, "review_decision"]


async def test_who_decided_what_can_be_read(editor, database):
    artefact, review = await reviewed_artefact(database)
    for decision in ([REJECTED], [REJECTED], [APPROVED], []):
        await editor.patch(url_of(artefact, review), json={"review_decision": decision, "review_comment": "why"})
    page = (await editor.get(f"{ARTEFACTS}/{artefact}/decisions?limit=2")).json()
    rest = await editor.get(f"{ARTEFACTS}/{artefact}/decisions", params={"cursor": page["next_cursor"], "limit": 2})
    assert [item["decision"] for item in page["items"] + rest.json()["items"]] == [[], [APPROVED], [REJECTED]]
    assert rest.json()["next_cursor"] is None
    newest = page["items"][0]
    assert newest["decided_by"].startswith("user:")
    assert newest | {"id": 0, "decided_by": "", "decided_at": ""} == {
        "id": 0,
        "environment_review_id": review,
        "decided_by": "",
        "decided_by_name": "Somebody",
        "decided_at": "",
        "decision": [],
        "comment": "why",
        "is_effective": True,
    }
    told = await database.fetch_value("select json_agg(payload -> 'decisions' order by id) from outbox")
    assert [one[0]["decision"] for one in told] == [[REJECTED], [APPROVED], []]
    noted = await database.fetch_value("select array_agg(action || ' ' || subject order by id) from audit_event")
    assert noted == [f"update_environment_review artefact:{artefact}"] * 3


async def test_of_many_who_read_the_same_edition_one_decides(editor, database):
    artefact, review = await reviewed_artefact(database)
    path = url_of(artefact, review)
    tag = (await editor.get(path)).headers["etag"]
    answers = await asyncio.gather(
        *(editor.patch(path, json={"review_comment": str(n)}, headers={"If-Match": tag}) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5


async def test_nobody_approves_over_a_rejection_that_comes_at_the_same_time(client, database):
    editor = await as_user(client, database, "change_environment_review", "change_artefact")
    for _ in range(5):
        artefact, review = await reviewed_artefact(database, APPROVED)
        approval, rejection = await asyncio.gather(
            editor.patch(f"{ARTEFACTS}/{artefact}", json={"status": "APPROVED"}),
            editor.patch(url_of(artefact, review), json={"review_decision": [REJECTED]}),
        )
        assert rejection.status_code == 200
        order = await database.fetch_value(
            "select array_agg(decision[1] order by id) from artefact_decision where artefact_id = $1", artefact
        )
        assert order == (["APPROVED", REJECTED] if approval.status_code == 200 else [REJECTED])
