"""What people know of environments and test cases: kept, read, replaced, forgotten."""

import pytest
from tests.people import as_user

ENVIRONMENTS = "/api/v1/environments/reported-issues"
CASES = "/api/v1/test-cases/reported-issues"
RIGHTS = [f"{verb}_{noun}_reported_issue" for verb in ("view", "change") for noun in ("environment", "test_case")]
OF_ENVIRONMENT = {
    "environment_name": "laptop",
    "description": "No lid",
    "url": "https://GITHUB.com/a/b/issues/1",
    "is_confirmed": True,
}
OF_CASE = {"case_name": "boots", "description": "Slow", "url": "https://bugs.launchpad.net/x/+bug/1"}


@pytest.fixture
async def user(client, database):
    return await as_user(client, database, *RIGHTS)


@pytest.mark.parametrize("path", [ENVIRONMENTS, CASES])
@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("POST", ""), ("PUT", "/1"), ("DELETE", "/x")])
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, path, method, rest):
    anonymous = await client.request(method, path + rest)
    wrong = await (await as_user(client, database, "view_test")).request(method, path + rest, json={})
    assert (anonymous.status_code, wrong.status_code) == (403, 403)


@pytest.mark.parametrize(("path", "body"), [(ENVIRONMENTS, OF_ENVIRONMENT), (CASES, OF_CASE)])
async def test_what_is_noted_is_answered_listed_replaced_and_forgotten(user, path, body):
    created = await user.post(path, json=body)
    noted = created.json()
    assert created.status_code == 200
    assert noted["url"] == body["url"].replace("GITHUB", "github")
    assert len(noted["created_at"]) == len("2026-11-22T02:23:33.038873")
    assert (await user.get(path)).json() == [noted]

    changed = await user.put(f"{path}/{noted['id']}", json=body | {"description": "Better"})
    assert changed.status_code == 200
    assert changed.json() | {"updated_at": ""} == noted | {"description": "Better", "updated_at": ""}

    gone = await user.delete(f"{path}/{noted['id']}")
    assert (gone.status_code, gone.json()) == (200, None)
    assert (await user.get(path)).json() == []


@pytest.mark.parametrize(("path", "body"), [(ENVIRONMENTS, OF_ENVIRONMENT), (CASES, OF_CASE)])
async def test_what_is_not_there_is_not_found(user, path, body):
    for answer in await user.put(f"{path}/4711", json=body), await user.delete(f"{path}/4711"):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Reported issue 4711 doesn't exist")


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/a/b/-/issues/1",
        "https://www.github.com/a/b/issues/1",
        "https://example.test/",
        "https://bugs.staging.launchpad.net/1",
    ],
)
@pytest.mark.parametrize(("path", "body"), [(ENVIRONMENTS, OF_ENVIRONMENT), (CASES, OF_CASE)])
async def test_the_host_is_one_of_the_trackers(user, path, body, url):
    error = (await user.post(path, json=body | {"url": url})).json()["detail"][0]
    assert (error["type"], error["loc"]) == ("value_error", ["body", "url"])
    assert "bugs.launchpad.net, github.com, warthogs.atlassian.net" in error["msg"]


@pytest.mark.parametrize(
    "url", ["https://github.com/", "http://warthogs.atlassian.net/x", "https://bugs.launchpad.net/y"]
)
async def test_the_path_is_any(user, url):
    assert (await user.post(CASES, json=OF_CASE | {"url": url})).json()["url"] == url


async def test_only_what_is_confirmed_needs_an_address(user):
    body = OF_ENVIRONMENT | {"url": None}
    refused = (await user.post(ENVIRONMENTS, json=body)).json()["detail"][0]
    assert refused["msg"] == "Value error, A URL is required if the issue is confirmed"
    assert (await user.post(ENVIRONMENTS, json=body | {"is_confirmed": False})).json()["url"] is None


async def test_environments_are_listed_by_whether_they_are_confirmed(user):
    for is_confirmed in True, False:
        await user.post(ENVIRONMENTS, json=OF_ENVIRONMENT | {"is_confirmed": is_confirmed})
    listed = (await user.get(ENVIRONMENTS, params={"is_confirmed": "no"})).json()
    assert [one["is_confirmed"] for one in listed] == [False]


async def test_a_case_or_a_template_is_named(user):
    refused = (await user.post(CASES, json=OF_CASE | {"case_name": ""})).json()["detail"][0]
    assert refused["msg"] == "Value error, Either case_name or template_id is required"
    assert (await user.post(CASES, json=OF_CASE | {"case_name": "", "template_id": "t"})).status_code == 200


async def test_cases_are_listed_by_name_and_template_and_an_empty_one_asks_for_nothing(user):
    await user.post(CASES, json=OF_CASE)
    await user.post(CASES, json=OF_CASE | {"template_id": "t"})

    async def count(**params):
        return len((await user.get(CASES, params=params)).json())

    assert await count(case_name="boots") == 2
    assert await count(case_name="boots", template_id="t") == 1
    assert await count(case_name="", template_id="") == 2
    assert await count(case_name="Boots") == 0


async def test_changes_are_on_record(user, database):
    noted = (await user.post(CASES, json=OF_CASE)).json()
    await user.put(f"{CASES}/{noted['id']}", json=OF_CASE | {"description": "Better"})
    await user.delete(f"{CASES}/{noted['id']}")
    rows = await database.fetch_value(
        """
        select json_agg(json_build_array(action, subject, before ->> 'description', after ->> 'description')
            order by id) from audit_event
        """
    )
    subject = f"test_case_reported_issue:{noted['id']}"
    assert rows == [
        ["create_test_case_reported_issue", subject, None, "Slow"],
        ["update_test_case_reported_issue", subject, "Slow", "Better"],
        ["delete_test_case_reported_issue", subject, "Better", None],
    ]
