"""Issues: made known, changed, listed, and who may turn on automatic reruns."""

import asyncio

import pytest
from tests.conftest import replaced, serving
from tests.people import as_user
from tests.recording import add_execution, add_issue, attach, result_ids

ISSUES = "/api/v1/issues"
EXTENSIONS = {"Accept-Extensions": "touchstone"}
GITHUB = "https://github.com/Canonical/Core/issues/7"


async def put(client, url=GITHUB, **fields):
    return await client.put(ISSUES, json={"url": url, **fields})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "?limit=x"), ("PUT", ""), ("GET", "/x"), ("PATCH", "/x"), ("PATCH", "/1?status=odd")]
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    anonymous = await client.request(method, ISSUES + path, json={})
    user = await (await as_user(client, database, "change_issue_attachment")).request(method, ISSUES + path, json={})
    assert (anonymous.status_code, user.status_code) == (403, 403)


async def test_an_issue_is_known_by_its_address(user):
    answer = await put(user, GITHUB + "?x=1#top")
    issue = answer.json()
    assert answer.status_code == 200
    assert issue | {"id": 0} == {
        "id": 0,
        "source": "github",
        "project": "canonical/core",
        "key": "7",
        "title": "",
        "status": "unknown",
        "url": "https://github.com/canonical/core/issues/7",
        "labels": None,
        "auto_rerun_enabled": False,
        "attachment_rules": [],
    }
    assert (await user.get(f"{ISSUES}/{issue['id']}")).json() == issue


@pytest.mark.parametrize(
    ("url", "source", "project", "key"),
    [
        ("https://warthogs.atlassian.net/browse/abc-12", "jira", "ABC", "12"),
        ("https://bugs.launchpad.net/Snapd/+bug/99", "launchpad", "snapd", "99"),
        ("http://bugs.launchpad.net/ubuntu/+source/linux/+bug/5", "launchpad", "ubuntu", "5"),
        ("https://github.com/a/b/issues/007", "github", "a/b", "007"),
    ],
)
async def test_trackers_are_told_apart_by_their_addresses(user, url, source, project, key):
    issue = (await put(user, url)).json()
    assert (issue["source"], issue["project"], issue["key"]) == (source, project, key)


async def test_an_address_that_is_no_issue_is_refused_with_what_would_be(user):
    answer = await put(user, "https://github.com/a/b/pull/1")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Unrecognized issue URL format:")


async def test_putting_again_changes_what_is_given_and_nothing_else(user):
    first = (await put(user, title="Broken", status="open")).json()
    again = (await put(user, GITHUB.replace("Core", "core"), status="closed")).json()
    assert again == first | {"status": "closed"}
    assert (await put(user, title="")).json()["title"] == ""


async def test_an_issue_that_many_put_at_once_is_one(user, database):
    answers = await asyncio.gather(*(put(user, title=f"t{number}") for number in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await database.fetch_value("select count(*) from issue") == 1
    made = await database.fetch_value("select count(*) from audit_event where action = 'create_issue'")
    assert made == 1


async def test_a_change_leaves_null_and_takes_the_empty_text(user):
    issue = (await put(user, title="Broken", status="open")).json()
    path = f"{ISSUES}/{issue['id']}"
    assert (await user.patch(path, json={"title": None, "status": None})).json() == issue
    assert (await user.patch(path, json={"title": "", "id": 5})).json() == issue | {"title": ""}
    for answer in await user.patch(f"{ISSUES}/4711", json={}), await user.get(f"{ISSUES}/4711"):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Issue not found")
    assert (await user.delete(path)).status_code == 405


async def test_the_query_of_a_change_changes_nothing(user):
    issue = (await put(user)).json()
    answer = await user.patch(f"{ISSUES}/{issue['id']}?title=x&status=open&auto_rerun_enabled=true", json={})
    assert answer.json() == issue


async def test_when_the_status_changed_is_kept_apart_from_other_changes(user, database):
    issue = (await put(user, status="open")).json()
    changed = "select status_changed_at from issue"
    before = await database.fetch_value(changed)
    await user.patch(f"{ISSUES}/{issue['id']}", json={"title": "x", "status": "open"})
    assert await database.fetch_value(changed) == before
    await user.patch(f"{ISSUES}/{issue['id']}", json={"status": "closed"})
    assert await database.fetch_value(changed) > before


async def test_automatic_reruns_are_switched_by_who_may_however_he_says_it(client, database, user):
    issue = (await put(user)).json()
    path = f"{ISSUES}/{issue['id']}"
    other = await as_user(client, database, "change_issue")
    by_query = await other.patch(f"{path}?auto_rerun_enabled=true", json={})
    by_body = await other.patch(path, json={"auto_rerun_enabled": True})
    by_put = await put(other, auto_rerun_enabled=True)
    new = await put(other, "https://github.com/a/b/issues/1", auto_rerun_enabled=True)
    assert [answer.status_code for answer in (by_query, by_body, by_put, new)] == [403] * 4
    assert await database.fetch_value("select count(*) from issue") == 1
    assert (await other.patch(path, json={"auto_rerun_enabled": False, "title": "x"})).status_code == 200
    assert (await user.patch(path, json={"auto_rerun_enabled": True})).json()["auto_rerun_enabled"] is True


async def test_a_lenient_installation_asks_for_it_in_the_query_alone(settings, database):
    async with serving(replaced(settings, strict_automatic_reruns=False)) as lenient:
        other = await as_user(lenient, database, "change_issue")
        issue = (await put(other, auto_rerun_enabled=True)).json()
        path = f"{ISSUES}/{issue['id']}"
        assert issue["auto_rerun_enabled"] is True
        assert (await other.patch(path, json={"auto_rerun_enabled": False})).json()["auto_rerun_enabled"] is False
        assert (await other.patch(f"{path}?auto_rerun_enabled=false", json={})).status_code == 403


async def test_issues_are_listed_by_source_project_and_key_as_text(user):
    for url in (
        "https://bugs.launchpad.net/a/+bug/1",
        "https://github.com/b/b/issues/9",
        "https://github.com/b/b/issues/10",
        "https://github.com/a/z/issues/1",
        "https://warthogs.atlassian.net/browse/ZZ-1",
    ):
        await put(user, url)
    answer = (await user.get(ISSUES)).json()
    listed = [(one["source"], one["project"], one["key"]) for one in answer["issues"]]
    assert listed == [
        ("jira", "ZZ", "1"),
        ("github", "a/z", "1"),
        ("github", "b/b", "10"),
        ("github", "b/b", "9"),
        ("launchpad", "a", "1"),
    ]
    assert (answer["count"], answer["limit"], answer["offset"]) == (5, 50, 0)
    assert "auto_rerun_enabled" not in answer["issues"][0]
    page = (await user.get(ISSUES, params={"limit": 2, "offset": 3})).json()
    assert ([one["key"] for one in page["issues"]], page["count"]) == (["9", "1"], 5)
    assert (await user.get(ISSUES, params={"limit": 1001})).status_code == 422


async def test_issues_are_found_by_what_is_asked(user):
    await put(user, "https://github.com/a/b/issues/1", title="Wi-Fi drops", status="open")
    await put(user, "https://bugs.launchpad.net/snapd/+bug/12", title="100% CPU", status="closed")
    await put(user, "https://warthogs.atlassian.net/browse/ABC-3", status="unknown")

    async def keys(**params):
        return [one["key"] for one in (await user.get(ISSUES, params=params)).json()["issues"]]

    assert await keys(source="jira") == ["3"]
    assert await keys(project="a/b") == ["1"]
    assert await keys(project="A/B") == []
    assert await keys(status=["open", "closed"]) == ["1", "12"]
    assert await keys(q="wi-fi OPEN") == ["1"]
    assert await keys(q="wi-fi closed") == []
    assert await keys(q="+bug/1") == ["12"]
    assert await keys(q="1_1%") == []
    assert await keys(q="1%cpu") == ["12"]
    assert await keys(q="c_u") == ["12"]
    assert await keys(q="launchpad.net") == ["12"]
    assert await keys(q="  ") == ["3", "1", "12"]
    assert await keys(q="\\") == []


async def test_issues_are_found_by_the_families_of_their_results(user, database, execution):
    issue = (await put(user)).json()["id"]
    await put(user, "https://github.com/a/b/issues/2")
    for result in (await result_ids(database, execution)).values():
        await attach(database, issue, result)
    listed = (await user.get(ISSUES, params={"families": ["snap", "deb"]})).json()
    assert [(one["id"], one["test_executions_count"]) for one in listed["issues"]] == [(issue, 1)]
    assert (await user.get(ISSUES, params={"families": "deb"})).json()["count"] == 0
    everything = (await user.get(ISSUES)).json()["issues"]
    assert [one["test_executions_count"] for one in everything] == [0, 1]


async def test_sources_of_ours_are_for_who_knows_them(user, database):
    url = "https://gitlab.com/group/sub/project/-/issues/4"
    issue = (await put(user, url)).json()
    assert (issue["source"], issue["url"]) == ("gitlab", url)
    path = f"{ISSUES}/{issue['id']}"
    assert (await user.get(ISSUES)).json() == {"issues": [], "count": 0, "limit": 50, "offset": 0}
    assert (await user.get(path)).status_code == 404
    assert (await user.patch(path, json={"title": "x"})).status_code == 404
    assert (await user.post(f"{path}/attach", json={})).status_code == 404
    assert (await user.get(path, headers=EXTENSIONS)).json() == issue
    assert (await user.get(ISSUES, params={"source": "gitlab"})).json()["count"] == 1
    assert (await user.get(ISSUES, headers=EXTENSIONS)).json()["count"] == 1


async def test_changes_are_on_record(user, database):
    issue = (await put(user, title="a")).json()["id"]
    await put(user, title="a")
    await user.patch(f"{ISSUES}/{issue}", json={"title": "b"})
    rows = await database.fetch_value(
        "select json_agg(json_build_array(action, subject, before ->> 'title', after ->> 'title') order by id)"
        " from audit_event"
    )
    subject = f"issue:{issue}"
    assert rows == [["create_issue", subject, None, "a"], ["update_issue", subject, "a", "b"]]


async def test_the_count_of_executions_is_of_different_ones(user, database):
    issue = await add_issue(database)
    for _ in range(2):
        execution = await add_execution(database)
        await user.get(ISSUES)
        for name in "ab":
            await attach(database, issue, await _result(database, execution, name))
    assert (await user.get(ISSUES)).json()["issues"][0]["test_executions_count"] == 2


async def _result(database, execution, name):
    return await database.fetch_value(
        """
        with test as (
            insert into test_case (name) values ($2) on conflict (name) do update set name = excluded.name returning id
        )
        insert into test_result (test_execution_id, test_case_id, status) select $1, id, 'FAILED' from test returning id
        """,
        execution,
        name,
    )
