"""Requests against a sample application: what handlers receive, and what is answered when they receive nothing."""

from typing import Annotated

import httpx
import msgspec
import pytest
from litestar import Litestar, get
from litestar.params import QueryParameter

from touchstone.http import signature
from touchstone.http.errors import exception_handlers

DATASET = "6d173bc0-9210-485f-87f9-25abeb5a1839"


def job(**changes: object) -> dict[str, object]:
    config = {"job_type": "inference", "model": "m", "provider": "hf", **changes.pop("job_config", {})}
    return {"name": "inf one", "dataset": DATASET, "job_config": config, **changes}


async def faults_of(response: httpx.Response) -> list[dict[str, object]]:
    assert response.status_code == 422, response.text
    return response.json()["detail"]


async def test_a_body_is_decoded_into_the_handlers_struct(client: httpx.AsyncClient) -> None:
    response = await client.post("/jobs/inference/", json=job(max_samples=2))
    assert response.status_code == 201
    assert response.json()["job_config"]["task_definition"] == {"task": "summarization"}


async def test_the_other_spelling_of_a_path_works_too(client: httpx.AsyncClient) -> None:
    assert (await client.post("/jobs/inference", json=job())).status_code == 201


async def test_numbers_and_truth_values_may_be_written_as_text(client: httpx.AsyncClient) -> None:
    body = job(max_samples="10", job_config={"use_fast": "no", "generation_config": {"temperature": "0.25"}})
    answered = (await client.post("/jobs/inference/", json=body)).json()
    assert answered["max_samples"] == 10
    assert answered["job_config"]["use_fast"] is False
    assert answered["job_config"]["generation_config"]["temperature"] == 0.25


async def test_unknown_fields_are_ignored(client: httpx.AsyncClient) -> None:
    assert (await client.post("/jobs/inference/", json=job(id=5, nonsense=None))).status_code == 201


async def test_a_json_body_without_a_content_type_is_taken(client: httpx.AsyncClient) -> None:
    response = await client.post("/jobs/inference/", content=msgspec.json.encode(job()))
    assert "content-type" not in response.request.headers
    assert response.status_code == 201


async def test_a_body_of_another_content_type_is_shown_as_the_text_it_is(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "text/plain"}
    assert await faults_of(await client.post("/jobs/inference/", content='{"name": 1}', headers=headers)) == [
        {
            "type": "model_attributes_type",
            "loc": ["body"],
            "msg": "Input should be a valid dictionary or object to extract fields from",
            "input": '{"name": 1}',
        }
    ]


@pytest.mark.parametrize("content", [b"", b"null", b" null "])
async def test_an_absent_body_is_missing(client: httpx.AsyncClient, content: bytes) -> None:
    assert await faults_of(await client.post("/jobs/inference/", content=content)) == [
        {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}
    ]


async def test_an_absent_body_is_the_default_where_there_is_one(client: httpx.AsyncClient) -> None:
    assert (await client.post("/notes/")).json() == {"note": None}


async def test_malformed_json_says_where(client: httpx.AsyncClient) -> None:
    assert await faults_of(await client.post("/jobs/inference/", content=b'{"name": }')) == [
        {
            "type": "json_invalid",
            "loc": ["body", 9],
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": "Expecting value"},
        }
    ]


async def test_malformed_json_is_refused_before_the_guard_speaks(client: httpx.AsyncClient) -> None:
    assert (await faults_of(await client.post("/guarded/", content=b"{")))[0]["type"] == "json_invalid"


async def test_the_guard_speaks_before_the_body_is_validated(client: httpx.AsyncClient) -> None:
    assert (await client.post("/guarded/", json={})).status_code == 403


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"x":' * 100_000, b'{"name": "\xff"}', b'{"name": NaN}'])
async def test_hostile_json_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    assert (await faults_of(await client.post("/jobs/inference/", content=content)))[0]["type"] == "json_invalid"


async def test_deep_json_of_any_kind_is_refused(client: httpx.AsyncClient) -> None:
    content = b'{"a":' * 100 + b"1" + b"}" * 100
    assert (await faults_of(await client.post("/notes/", content=content)))[0]["type"] == "value_error"


async def test_all_faults_are_named_in_the_order_path_query_body(client: httpx.AsyncClient) -> None:
    faults = await faults_of(await client.get("/jobs/?limit=x&skip=1.5"))
    assert [fault["loc"] for fault in faults] == [["query", "skip"], ["query", "limit"]]
    faults = await faults_of(await client.delete("/jobs/abc?force=xyz"))
    assert [(fault["type"], fault["loc"]) for fault in faults] == [
        ("uuid_parsing", ["path", "job_id"]),
        ("bool_parsing", ["query", "force"]),
    ]


async def test_query_values_are_converted_and_repeated_ones_listed(client: httpx.AsyncClient) -> None:
    answered = (await client.get("/jobs/?job_types=a&job_types=b&skip=%2010&limit=1&limit=5&unknown=1")).json()
    assert answered == {"total": 17, "items": []}


async def test_a_parameters_bounds_hold(client: httpx.AsyncClient) -> None:
    assert (await faults_of(await client.get("/jobs/?limit=5001")))[0]["ctx"] == {"le": 5000}


async def test_handlers_get_path_values_converted_and_dependencies_as_they_are(client: httpx.AsyncClient) -> None:
    answered = (await client.get(f"/jobs/{DATASET}", headers={"x-trace": "7"})).json()
    assert answered == {"id": DATASET, "is_uuid": True, "clock": "noon", "trace": 7}


async def test_faults_in_headers_are_named_so(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/jobs/{DATASET}", headers={"x-trace": "no"})
    assert (await faults_of(response))[0]["loc"] == ["header", "x-trace"]


async def test_a_form_is_decoded_into_the_handlers_struct(client: httpx.AsyncClient) -> None:
    response = await client.post("/datasets/", data={"format": "job"}, files={"dataset": ("d.csv", b"examples\na\n")})
    assert response.json() == {"filename": "d.csv", "size": 11, "format": "job"}


async def test_missing_parts_of_a_form_show_no_input(client: httpx.AsyncClient) -> None:
    faults = await faults_of(await client.post("/datasets/", files={"other": ("d.csv", b"x")}))
    assert faults == [
        {"type": "missing", "loc": ["body", "dataset"], "msg": "Field required", "input": None},
        {"type": "missing", "loc": ["body", "format"], "msg": "Field required", "input": None},
    ]


async def test_no_form_at_all_is_a_form_without_parts(client: httpx.AsyncClient) -> None:
    assert len(await faults_of(await client.post("/datasets/", json={"format": "job"}))) == 2


async def test_text_where_a_file_belongs_is_a_fault(client: httpx.AsyncClient) -> None:
    files = {"dataset": (None, "examples\na\n"), "format": (None, "experiment")}
    assert await faults_of(await client.post("/datasets/", files=files)) == [
        {
            "type": "value_error",
            "loc": ["body", "dataset"],
            "msg": "Value error, Expected UploadFile, received: <class 'str'>",
            "input": "examples\na\n",
            "ctx": {"error": {}},
        },
        {
            "type": "enum",
            "loc": ["body", "format"],
            "msg": "Input should be 'job'",
            "input": "experiment",
            "ctx": {"expected": "'job'"},
        },
    ]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"value": "sk-1"}, {"value": "<REDACTED>"}),
        ({"value": "", "description": "d"}, "<REDACTED>"),
        ({"value": ["sk-1"], "description": "d"}, "<REDACTED>"),
        ({"vlaue": "sk-1", "description": "d"}, {"vlaue": "<REDACTED>", "description": "d"}),
        (["sk-1"], "<REDACTED>"),
    ],
)
async def test_secrets_are_not_sent_back(client: httpx.AsyncClient, sent: object, shown: object) -> None:
    response = await client.put("/secrets/a", json=sent)
    assert [fault["input"] for fault in await faults_of(response)] == [shown]
    assert "sk-1" not in response.text


async def test_a_secret_in_a_text_body_is_not_sent_back(client: httpx.AsyncClient) -> None:
    response = await client.put("/secrets/a", content="sk-1", headers={"content-type": "text/plain"})
    assert response.status_code == 422
    assert "sk-1" not in response.text


async def test_faults_show_the_whole_input_only_up_to_a_bound(client: httpx.AsyncClient) -> None:
    response = await client.post("/jobs/inference/", json={"filler": "x" * 100_000})
    assert [fault["loc"][-1] for fault in await faults_of(response)] == ["name", "dataset", "job_config"]
    assert len(response.content) < 100_000


@get("/bounded")
async def bounded(size: Annotated[int | None, QueryParameter(ge=1, le=5)] = None) -> int | None:
    return size


async def test_a_bound_on_a_value_that_may_be_absent_holds_when_it_is_there() -> None:
    app = Litestar([bounded], exception_handlers=exception_handlers)
    signature.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://touchstone.test") as client:
        assert (await client.get("/bounded")).text == "null"
        assert (await client.get("/bounded?size=5")).text == "5"
        assert (await faults_of(await client.get("/bounded?size=6")))[0]["ctx"] == {"le": 5}
