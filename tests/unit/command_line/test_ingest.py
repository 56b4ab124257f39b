"""How `touchstone ingest` speaks to the service, and what it makes of the answers."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from touchstone.command_line.ingest import ci_link
from touchstone.command_line.ingest_calls import ATTEMPTS, CallRefused, ExecutionCalls, NoAnswer

Answers = list[httpx.Response | Exception]


def calls_to(answers: Answers, pauses: list[float], seen: list[httpx.Request]) -> ExecutionCalls:
    waiting = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        found = next(waiting)
        if isinstance(found, Exception):
            raise found
        return found

    http = httpx.Client(base_url="http://touchstone.test", transport=httpx.MockTransport(answer))
    return ExecutionCalls(http, pauses.append)


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def test_what_may_pass_is_tried_again_with_the_same_key() -> None:
    pauses: list[float] = []
    seen: list[httpx.Request] = []
    answers: Answers = [
        httpx.ConnectError("no"),
        httpx.Response(503),
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(409, headers={"Retry-After": "1"}),
        ok([{"name": "a", "status": "PASSED", "outcome": "created", "id": 1}]),
    ]
    posted = calls_to(answers, pauses, seen).post(7, b"1..1\nok", "text/x-tap")
    assert [one.name for one in posted] == ["a"]
    assert pauses == [0.5, 1.0, 7.0, 1.0]
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert {request.url.path for request in seen} == {"/api/v1/test-executions/7/test-results"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(403, json={"detail": "Insufficient permissions"}), "403: Insufficient permissions"),
        (httpx.Response(422, json={"detail": [{"msg": "Line 7"}]}), "422: Line 7"),
        (httpx.Response(409, json={"detail": "taken"}), "409: taken"),
        (httpx.Response(404, text="<html>"), "404: <html>"),
        (httpx.Response(200, text="<html>"), "200: "),
    ],
)
def test_what_will_not_pass_is_told_at_once(answer: httpx.Response, told: str) -> None:
    pauses: list[float] = []
    with pytest.raises(CallRefused, match=told):
        calls_to([answer], pauses, []).finish(1)
    assert pauses == []


@pytest.mark.parametrize(
    ("answer", "failure"), [(lambda: httpx.ReadTimeout("slow"), NoAnswer), (lambda: httpx.Response(500), CallRefused)]
)
def test_there_is_an_end_to_trying(answer: Callable[[], Any], failure: type[Exception]) -> None:
    pauses: list[float] = []
    with pytest.raises(failure):
        calls_to([answer() for _ in range(ATTEMPTS)], pauses, []).finish(1)
    assert len(pauses) == ATTEMPTS - 1


GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "5"}


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        ({"CI_JOB_URL": "https://gitlab.com/a/b/-/jobs/3"}, "https://gitlab.com/a/b/-/jobs/3#"),
        ({"BUILD_URL": "https://jenkins.test/job/a/3/"}, "https://jenkins.test/job/a/3/#"),
        (GITHUB | {"GITHUB_RUN_ATTEMPT": "2"}, "https://github.com/a/b/actions/runs/5/attempts/2#"),
        ({}, "urn:uuid:"),
    ],
)
def test_an_execution_is_known_by_its_ci_job(environ: dict[str, str], link: str) -> None:
    assert ci_link(environ, {"name": "a"}).startswith(link)


def test_a_job_that_reports_several_executions_knows_them_apart() -> None:
    links = [ci_link(GITHUB, wanted) for wanted in ({"name": "a"}, {"name": "b"}, {"name": "a"})]
    assert links[0] == links[2] != links[1]
    assert ci_link({}, {"name": "a"}) != ci_link({}, {"name": "a"})
