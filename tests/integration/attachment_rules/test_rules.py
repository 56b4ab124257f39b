"""Rules of issues: made, changed, deleted, listed by what became of them."""

import pytest
from tests.people import as_user
from tests.recording import add_execution, add_issue, add_rule, attach, attached_to, result_ids

ISSUES = "/api/v1/issues"
RULES = "/api/v1/attachment-rules"


@pytest.fixture
async def issue(database):
    return await add_issue(database)


@pytest.fixture
def rules(issue):
    return f"{ISSUES}/{issue}/attachment-rules"


async def states(user, state):
    return [one["id"] for one in (await user.get(RULES, params={"state": state})).json()["items"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/issues/x/attachment-rules?dry_run=maybe"),
        ("PATCH", "/issues/1/attachment-rules/x"),
        ("DELETE", "/issues/1/attachment-rules/x"),
        ("POST", "/issues/1/attachment-rules/x/apply"),
        ("GET", "/attachment-rules?state=odd"),
    ],
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    anonymous = await client.request(method, "/api/v1" + path, json={})
    user = await as_user(client, database, "change_issue", "change_issue_attachment")
    assert (anonymous.status_code, (await user.request(method, "/api/v1" + path, json={})).status_code) == (403, 403)


async def test_a_rule_of_the_contract_is_answered_as_it_is_kept(user, rules):
    asked = {
        "enabled": False,
        "families": ["snap", "deb"],
        "artefacts": ["core"],
        "artefact_versions": ["1"],
        "artefact_stages": ["beta"],
        "artefact_tracks": ["latest"],
        "environment_names": ["laptop"],
        "test_case_names": ["boots"],
        "template_ids": ["t"],
        "test_result_statuses": ["FAILED"],
        "execution_metadata": {"colour": ["red", "blue", "red"], "size": ["xl"]},
    }
    answer = await user.post(rules, json=asked)
    rule = answer.json()
    assert answer.status_code == 200
    asked["execution_metadata"] = {"colour": ["blue", "red"], "size": ["xl"]}
    assert {name: rule[name] for name in asked} == asked
    issue = (await user.get(rules.removesuffix("/attachment-rules"))).json()
    assert issue["attachment_rules"] == [rule]


async def test_a_rule_has_what_is_ours(user, rules):
    asked = {
        "test_plans": ["smoke"],
        "comment_pattern": "(?i)kernel panic",
        "io_log_pattern": r"oops: \d+$",
        "expires_at": "2030-01-01T03:00:00+03:00",
    }
    rule = (await user.post(rules, json=asked)).json()
    assert {name: rule[name] for name in asked} == asked | {"expires_at": "2030-01-01T00:00:00"}
    assert rule["owner"].startswith("user:")
    assert (rule["enabled"], rule["hits"], rule["last_hit_at"]) == (True, 0, None)


async def test_rules_may_be_alike_and_one_sent_twice_with_a_key_is_one(user, rules):
    plain = [(await user.post(rules, json={})).json()["id"] for _ in range(2)]
    keyed = [(await user.post(rules, json={}, headers={"Idempotency-Key": "k1"})).json() for _ in range(2)]
    assert plain[0] != plain[1]
    assert keyed[0] == keyed[1]


async def test_a_rule_needs_an_issue(user):
    for params in {}, {"dry_run": "true"}:
        answer = await user.post(f"{ISSUES}/4711/attachment-rules", json={}, params=params)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Issue not found")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(a)\1", "References back"),
        ("(?=a)", "Of the groups"),
        ("a{1,100}{1,100}", "more than 1000 copies"),
        ("(a", "This is no regular expression of Postgres"),
        ("[z-a]", "This is no regular expression of Postgres"),
        ("", "at least 1 character"),
        ("a" * 501, "at most 500 characters"),
    ],
)
async def test_a_pattern_that_cannot_be_looked_for_quickly_is_refused(user, rules, pattern, reason):
    for field in "comment_pattern", "io_log_pattern":
        answer = await user.post(rules, json={field: pattern})
        error = answer.json()["detail"][0]
        assert (answer.status_code, error["loc"]) == (422, ["body", field])
        assert reason in error["msg"]


async def test_a_rule_is_turned_off_and_on_and_expires(user, rules, database):
    rule = (await user.post(rules, json={})).json()
    path = f"{rules}/{rule['id']}"
    assert (await user.patch(path, json={})).json() == rule
    assert (await user.patch(path, json={"enabled": False})).json() == rule | {"enabled": False}
    assert (await user.patch(path, json={"enabled": None})).json() == rule | {"enabled": False}
    later = (await user.patch(path, json={"enabled": True, "expires_at": "2020-01-01"})).json()
    assert later == rule | {"expires_at": "2020-01-01T00:00:00"}
    assert (await user.patch(path, json={"expires_at": None})).json() == rule
    changes = await database.fetch_value("select count(*) from audit_event where action = 'update_attachment_rule'")
    assert changes == 3


async def test_a_rule_is_changed_and_deleted_by_the_way_of_its_issue(user, rules, database):
    rule = (await user.post(rules, json={})).json()["id"]
    other = f"{ISSUES}/{await add_issue(database)}/attachment-rules"
    for answer in (
        await user.patch(f"{other}/{rule}", json={}),
        await user.delete(f"{other}/{rule}"),
        await user.post(f"{other}/{rule}/apply"),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (400, "Attachment rule not attached to given issue")
    for answer in await user.patch(f"{rules}/4711", json={}), await user.post(f"{rules}/4711/apply"):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Attachment rule not found")
    assert (await user.delete(f"{rules}/4711")).status_code == 204
    gone = await user.delete(f"{rules}/{rule}")
    assert (gone.status_code, gone.content) == (204, b"")


async def test_what_a_deleted_rule_attached_stays_attached(user, rules, post, database):
    rule = (await user.post(rules, json={})).json()["id"]
    execution = await add_execution(database)
    await post(execution, {"name": "boots"})
    await user.delete(f"{rules}/{rule}")
    assert [(name, by_rule) for name, _, by_rule, _ in await attached_to(database, execution)] == [("boots", None)]


async def test_hits_are_what_the_rule_attached_by_itself(user, rules, issue, post, database):
    rule = (await user.post(rules, json={"test_case_names": ["boots"]})).json()["id"]
    execution = await add_execution(database)
    await post(execution, {"name": "boots"}, {"name": "audio"})
    result = (await result_ids(database, execution))["audio"]
    await user.post(f"{ISSUES}/{issue}/attach", json={"test_results": [result], "attachment_rule": rule})
    [shown] = (await user.get(f"{ISSUES}/{issue}")).json()["attachment_rules"]
    assert shown["hits"] == 1
    assert shown["last_hit_at"] == await database.fetch_value(
        "select wire_time(created_at) from issue_attachment where attached_by is null"
    )


async def test_a_rule_is_stale_when_it_hits_after_its_issue_was_closed(user, rules, issue, post, database):
    rule = (await user.post(rules, json={})).json()["id"]
    execution = await add_execution(database)
    await post(execution, {"name": "boots"})
    await user.patch(f"{ISSUES}/{issue}", json={"status": "closed"})
    assert await states(user, "stale") == []
    await post(execution, {"name": "audio"})
    assert await states(user, "stale") == [rule]
    await user.patch(f"{ISSUES}/{issue}", json={"status": "open"})
    assert await states(user, "stale") == []
    await user.patch(f"{ISSUES}/{issue}", json={"status": "closed"})
    await post(execution, {"name": "video"})
    await user.patch(f"{rules}/{rule}", json={"enabled": False})
    assert await states(user, "stale") == []


async def test_what_people_attach_makes_no_rule_stale(user, rules, issue, post, database):
    rule = await add_rule(database, issue, is_enabled=True, test_case_names=["nothing"])
    await user.patch(f"{ISSUES}/{issue}", json={"status": "closed"})
    execution = await add_execution(database)
    await post(execution, {"name": "boots"})
    body = {"test_results": list((await result_ids(database, execution)).values()), "attachment_rule": rule}
    await user.post(f"{ISSUES}/{issue}/attach", json=body)
    assert await states(user, "stale") == []


async def test_rules_are_listed_by_state_newest_first(user, database, issue):
    disabled = await add_rule(database, issue, is_enabled=False)
    expired = await add_rule(database, issue, expires_at="2020-01-01")
    enabled = await add_rule(database, await add_issue(database), expires_at="2099-01-01")
    assert await states(user, "disabled") == [disabled]
    assert await states(user, "expired") == [expired]
    assert await states(user, "enabled") == [enabled]
    of_issue = (await user.get(RULES, params={"issue_id": issue})).json()["items"]
    assert [one["id"] for one in of_issue] == [expired, disabled]
    assert of_issue[0]["issue"]["id"] == issue
    first = await user.get(RULES, params={"limit": 2})
    assert [one["id"] for one in first.json()["items"]] == [enabled, expired]
    rest = (await user.get(first.links["next"]["url"])).json()
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([disabled], None)


async def test_rules_of_sources_that_are_ours_are_not_listed_unasked(user, database):
    issue = await database.fetch_value(
        "insert into issue (source, project, key) values ('gitlab', 'a/b', '1') returning id"
    )
    await add_rule(database, issue)
    assert (await user.get(RULES)).json()["items"] == []
    assert len((await user.get(RULES, headers={"Accept-Extensions": "touchstone"})).json()["items"]) == 1


async def test_changes_are_on_record(user, rules, issue, database):
    rule = (await user.post(rules, json={"test_case_names": ["boots"]})).json()["id"]
    await user.patch(f"{rules}/{rule}", json={"enabled": False})
    await user.post(f"{rules}/{rule}/apply")
    await user.delete(f"{rules}/{rule}")
    rows = await database.fetch_value("select json_agg(json_build_array(action, subject) order by id) from audit_event")
    verbs = "create", "update", "apply", "delete"
    assert rows == [[f"{verb}_attachment_rule", f"attachment_rule:{rule}"] for verb in verbs]
    assert await attach_count(database) == 0


async def attach_count(database):
    return await database.fetch_value("select count(*) from issue_attachment")


async def test_an_attachment_by_hand_keeps_its_rule_out_of_a_posting(user, rules, issue, post, database):
    await user.post(rules, json={})
    execution = await add_execution(database)
    await post(execution, {"name": "boots"})
    result = (await result_ids(database, execution))["boots"]
    await attach(database, await add_issue(database), result)
    assert await attach_count(database) == 2
