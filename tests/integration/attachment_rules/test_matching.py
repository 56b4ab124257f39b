"""Which results a rule takes: at their posting, in a trial on the past, and when it is applied to the past."""

import pytest
from tests.people import as_user
from tests.recording import add_execution, add_issue, add_rule, attach, attached_to, result_ids

from touchstone.domains.shapes.issues import TestResultStatus

ISSUES = "/api/v1/issues"

EXECUTION = {
    "name": "core",
    "version": "7",
    "stage": "beta",
    "track": "24",
    "environment": "laptop",
    "plan": "smoke",
    "metadata": {"colour": ["red", "blue"], "size": ["xl"]},
}
RESULT = {"name": "boots", "template_id": "t", "comment": "Kernel panic 17", "io_log": "first\noops: 42\nlast"}

# what a rule asks for, and whether it takes RESULT of EXECUTION
CASES = {
    "nothing is asked": ({}, True),
    "family": ({"families": ["deb", "snap"]}, True),
    "another family": ({"families": ["deb"]}, False),
    "artefact": ({"artefacts": ["core"]}, True),
    "another artefact": ({"artefacts": ["Core"]}, False),
    "version": ({"artefact_versions": ["6", "7"]}, True),
    "another version": ({"artefact_versions": ["6"]}, False),
    "stage": ({"artefact_stages": ["beta"]}, True),
    "another stage": ({"artefact_stages": ["edge"]}, False),
    "track": ({"artefact_tracks": ["24"]}, True),
    "another track": ({"artefact_tracks": ["latest"]}, False),
    "environment": ({"environment_names": ["laptop"]}, True),
    "another environment": ({"environment_names": ["lap"]}, False),
    "test plan": ({"test_plans": ["smoke"]}, True),
    "another test plan": ({"test_plans": ["full"]}, False),
    "test case": ({"test_case_names": ["boots", "audio"]}, True),
    "another test case": ({"test_case_names": ["audio"]}, False),
    "template": ({"template_ids": ["t"]}, True),
    "another template": ({"template_ids": ["u"]}, False),
    "test case and another template": ({"test_case_names": ["boots"], "template_ids": ["u"]}, False),
    "status": ({"test_result_statuses": ["SKIPPED", "FAILED"]}, True),
    "another status": ({"test_result_statuses": ["PASSED"]}, False),
    "metadata": ({"execution_metadata": {"colour": ["red", "green"], "size": ["xl"]}}, True),
    "another value": ({"execution_metadata": {"colour": ["green"], "size": ["xl"]}}, False),
    "another category": ({"execution_metadata": {"shape": ["red"]}}, False),
    "comment": ({"comment_pattern": r"panic \d+$"}, True),
    "comment in capitals": ({"comment_pattern": "(?i)KERNEL"}, True),
    "another comment": ({"comment_pattern": "kernel"}, False),
    "log": ({"io_log_pattern": r"oops: [0-9]{2}"}, True),
    "another log": ({"io_log_pattern": "oops: [a-z]"}, False),
    "both texts": ({"comment_pattern": "panic", "io_log_pattern": "oops"}, True),
    "only one of both texts": ({"comment_pattern": "panic", "io_log_pattern": "panic"}, False),
    "all of it": (
        {
            "families": ["snap"],
            "artefacts": ["core"],
            "artefact_versions": ["7"],
            "artefact_stages": ["beta"],
            "artefact_tracks": ["24"],
            "environment_names": ["laptop"],
            "test_plans": ["smoke"],
            "test_case_names": ["boots"],
            "template_ids": ["t"],
            "test_result_statuses": ["FAILED"],
            "execution_metadata": {"colour": ["blue"]},
            "comment_pattern": "panic",
            "io_log_pattern": "oops",
        },
        True,
    ),
}


@pytest.fixture
async def issue(database):
    return await add_issue(database)


@pytest.fixture
def rules(issue):
    return f"{ISSUES}/{issue}/attachment-rules"


@pytest.mark.parametrize("case", CASES)
async def test_a_posting_a_trial_and_an_application_agree(user, rules, issue, post, database, case):
    asked, is_taken = CASES[case]
    execution = await add_execution(database, **EXECUTION)
    await post(execution, RESULT)
    trial = (await user.post(rules, json=asked, params={"dry_run": "true"})).json()
    assert (trial["matched"], len(trial["sample"])) == (int(is_taken), int(is_taken))

    rule = (await user.post(rules, json=asked)).json()["id"]
    assert await attached_to(database, execution) == []
    applied = await user.post(f"{rules}/{rule}/apply")
    assert applied.json() == {"attached": int(is_taken), "days": 30}
    expected = [["boots", issue, rule, None]] if is_taken else []
    assert await attached_to(database, execution) == expected

    await post(execution, RESULT)
    assert await attached_to(database, execution) == expected


@pytest.mark.parametrize("columns", [{"is_enabled": False}, {"expires_at": "2020-01-01"}])
async def test_a_rule_that_is_off_or_expired_attaches_nothing_new(post, database, issue, columns):
    for more in {}, {"comment_pattern": "panic"}:
        await add_rule(database, issue, **columns, **more)
    execution = await add_execution(database)
    await post(execution, RESULT)
    assert await attached_to(database, execution) == []


async def test_of_each_issue_the_first_rule_counts(post, database, issue):
    rules = [await add_rule(database, issue, test_case_names=["boots"]) for _ in range(2)]
    other = await add_issue(database)
    with_pattern = [await add_rule(database, other, comment_pattern="panic") for _ in range(2)]
    execution = await add_execution(database)
    await post(execution, RESULT)
    attached = [(one[1], one[2]) for one in await attached_to(database, execution)]
    assert attached == [(issue, rules[0]), (other, with_pattern[0])]


async def test_a_trial_saves_nothing(user, rules, post, database):
    await post(await add_execution(database), RESULT)
    assert (await user.post(rules, json={}, params={"dry_run": "1"})).status_code == 200
    for table in "attachment_rule", "issue_attachment":
        assert await database.fetch_value(f"select count(*) from {table}") == 0


async def test_a_trial_tells_what_it_would_have_taken_and_what_people_had_tied_elsewhere(
    user, rules, issue, post, database
):
    execution = await add_execution(database, **EXECUTION)
    await post(
        execution, RESULT, RESULT | {"name": "audio"}, RESULT | {"name": "video", "status": TestResultStatus.PASSED}
    )
    ids = await result_ids(database, execution)
    by_people, by_rule = await add_issue(database), await add_issue(database)
    await attach(database, by_people, ids["boots"])
    await attach(database, by_rule, ids["boots"], by=None)
    await attach(database, issue, ids["audio"])
    trial = (await user.post(f"{rules}?dry_run=true&days=7", json={"test_result_statuses": ["FAILED"]})).json()
    assert (trial["matched"], trial["days"]) == (2, 7)
    newest = trial["sample"][0]
    assert [one["test_case"] for one in trial["sample"]] == ["audio", "boots"]
    assert newest | {"artefact_id": 0, "created_at": ""} == {
        "test_result_id": ids["audio"],
        "test_execution_id": execution,
        "artefact_id": 0,
        "artefact": "core",
        "version": "7",
        "environment": "laptop",
        "test_plan": "smoke",
        "test_case": "audio",
        "status": "FAILED",
        "comment": "Kernel panic 17",
        "created_at": "",
    }
    [elsewhere] = trial["attached_elsewhere"]
    assert (elsewhere["issue"]["id"], elsewhere["count"]) == (by_people, 1)
    assert elsewhere["test_result_ids"] == [ids["boots"]]


async def test_the_past_is_so_many_days(user, rules, post, database):
    execution = await add_execution(database)
    await post(execution, RESULT)
    await database.execute("update test_result set created_at = now() - interval '10 days'")
    assert (await user.post(f"{rules}?dry_run=true&days=9", json={})).json()["matched"] == 0
    assert (await user.post(f"{rules}?dry_run=true&days=11", json={})).json()["matched"] == 1
    assert (await user.post(f"{rules}?dry_run=true&days=366", json={})).status_code == 422


async def test_a_trial_is_for_who_may_see_tests(client, database, rules):
    somebody = await as_user(client, database, "change_attachment_rule")
    assert (await somebody.post(f"{rules}?dry_run=true", json={})).status_code == 403
    assert (await somebody.post(rules, json={})).status_code == 200


async def test_an_application_leaves_what_is_attached_as_it_is(user, rules, issue, post, database):
    execution = await add_execution(database)
    await post(execution, RESULT, RESULT | {"name": "audio"})
    await attach(database, issue, (await result_ids(database, execution))["boots"])
    rule = (await user.post(rules, json={})).json()["id"]
    assert (await user.post(f"{rules}/{rule}/apply")).json()["attached"] == 1
    assert (await user.post(f"{rules}/{rule}/apply")).json()["attached"] == 0
    by_whom = [(name, by) for name, _, _, by in await attached_to(database, execution)]
    assert by_whom == [("boots", "user:1"), ("audio", None)]


@pytest.mark.parametrize(
    "pattern",
    [r"^(a|a)*b$", r"^(a*)*b$", r"(x+x+)+y", r"(.*a){20}c", r"[ab]*a[ab]{200}c", r"(a?){300}a{300}b", r"(\w+\s?)*:"],
)
async def test_a_pattern_that_ruins_other_engines_is_refused_or_found_in_no_time(user, rules, post, database, pattern):
    answer = await user.post(rules, json={"io_log_pattern": pattern})
    assert answer.status_code in (200, 422)
    execution = await add_execution(database)
    text = "ab" * 10_000 + "x" * 10_000
    await post(execution, *({"name": f"test {number}", "io_log": text} for number in range(20)))
    if answer.status_code == 200:
        assert [one[0] for one in await attached_to(database, execution)] == []
