"""Failures as answers, in the contracts' shape and in RFC 9457's."""

import asyncpg
import httpx
import pytest
from litestar import Litestar, get, post

import touchstone.errors
from touchstone.errors import Failure
from touchstone.http import errors
from touchstone.http.request_ids import set_request_id

JOB = "6d173bc0-9210-485f-87f9-25abeb5a1839"
PROBLEM = {"accept": "application/problem+json"}


async def test_a_failure_is_answered_with_its_kinds_status_and_its_own_words(client: httpx.AsyncClient) -> None:
    response = await client.delete(f"/jobs/{JOB}?force=true")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "detail": f"Job with ID {JOB} not found",
        "title": "Not Found",
        "status": 404,
        "code": "job_not_found",
        "request_id": "",
    }


async def test_a_failure_may_say_when_to_ask_again(client: httpx.AsyncClient) -> None:
    response = await client.delete(f"/jobs/{JOB}")
    assert response.status_code == 409
    assert response.headers["retry-after"] == "3"


async def test_who_accepts_problem_details_gets_them(client: httpx.AsyncClient) -> None:
    response = await client.delete(f"/jobs/{JOB}?force=true", headers=PROBLEM)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": f"Job with ID {JOB} not found",
        "instance": f"/jobs/{JOB}",
        "code": "job_not_found",
        "request_id": "",
    }


async def test_problem_details_point_to_each_fault_in_what_was_sent(client: httpx.AsyncClient) -> None:
    config = {"model": "m", "provider": "hf", "task_definition": {"task": "translation"}, "use_fast": "perhaps"}
    body = {"name": "n", "dataset": JOB, "job_config": config}
    problem = (await client.post("/jobs/inference/", json=body, headers=PROBLEM)).json()
    assert [(one["type"], one["pointer"]) for one in problem["errors"]] == [
        ("missing", "#/job_config/task_definition/source_language"),
        ("missing", "#/job_config/task_definition/target_language"),
        ("bool_parsing", "#/job_config/use_fast"),
    ]
    assert isinstance(problem["detail"], str)


async def test_problem_details_name_the_parameter_at_fault(client: httpx.AsyncClient) -> None:
    problem = (await client.get("/jobs/?limit=x", headers=PROBLEM)).json()
    assert problem["errors"][0] | {"detail": ""} == {
        "detail": "",
        "type": "int_parsing",
        "in": "query",
        "parameter": "limit",
    }


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/problem+json;q=0", "text/html, application/*"]
)
async def test_who_does_not_ask_for_problem_details_does_not_get_them(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.get("/nowhere", headers={"accept": accept})
    assert response.headers["content-type"] == "application/json"


async def test_an_unknown_path_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere")
    assert (response.status_code, response.json()["detail"]) == (404, "Not Found")


async def test_a_wrong_method_is_told_which_are_right(client: httpx.AsyncClient) -> None:
    response = await client.patch(f"/jobs/{JOB}")
    assert (response.status_code, response.json()["detail"]) == (405, "Method Not Allowed")
    assert response.headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize("path", ["/jobs/", "/notes"])
async def test_options_is_no_method_of_a_route(client: httpx.AsyncClient, path: str) -> None:
    response = await client.options(path)
    assert response.status_code == 405
    assert "OPTIONS" not in response.headers["allow"]


async def test_a_bug_says_nothing_of_itself(client: httpx.AsyncClient) -> None:
    response = await client.get("/failures/bug")
    assert response.status_code == 500
    assert response.json()["detail"] == "Internal Server Error"
    assert "secret" not in response.text


async def test_another_system_that_is_away_makes_us_unavailable(client: httpx.AsyncClient) -> None:
    response = await client.get("/failures/upstream")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.json()["detail"] == "Upstream error with ray: no answer"


@get("/wide")
async def wide() -> None:
    raise asyncpg.exceptions.NumericValueOutOfRangeError("value out of int32 range")


@post("/large", request_max_body_size=10)
async def large(body: bytes) -> None:
    """Reads the body."""


async def ask(method: str, path: str, **options: object) -> httpx.Response:
    app = Litestar([wide, large], exception_handlers=errors.exception_handlers)

    async def with_request_id(scope, receive, send) -> None:
        set_request_id(scope, "request-1")
        await app(scope, receive, send)

    transport = httpx.ASGITransport(with_request_id, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://touchstone.test") as client:
        return await client.request(method, path, **options)


async def test_a_value_that_its_column_does_not_take_is_the_clients_fault() -> None:
    response = await ask("GET", "/wide")
    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == "value_error"


async def test_a_body_past_the_bound_is_too_large() -> None:
    response = await ask("POST", "/large", content=b"x" * 11)
    assert (response.status_code, response.json()["code"]) == (413, "request_entity_too_large")


async def test_every_answer_names_the_request() -> None:
    assert (await ask("GET", "/nowhere")).json()["request_id"] == "request-1"


def test_every_kind_of_failure_has_a_status() -> None:
    kinds = [one for one in vars(touchstone.errors).values() if isinstance(one, type) and issubclass(one, Failure)]
    assert [kind for kind in kinds if errors.status_of(kind) == 500] == [Failure]


@pytest.mark.parametrize(
    ("name", "code"), [("JobNotFound", "job_not_found"), ("S3Gone", "s3_gone"), ("HTTPBad", "http_bad")]
)
def test_a_code_is_the_class_name_in_words(name: str, code: str) -> None:
    assert errors.code_of(type(name, (Failure,), {})) == code
