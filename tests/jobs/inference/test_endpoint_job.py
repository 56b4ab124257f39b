import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiohttp import web
from tests.jobs.attempts import DIALOGUES, Workplace, inference
from tests.jobs.endpoints import Body, FakeEndpoint, completion, refusal, serving, summarise

from touchstone_jobs import wire

SECRET = "sk-very-secret-key"


def examples(count: int) -> dict[str, list[str | None]]:
    return {"examples": [f"text number {row} is not long" for row in range(count)]}


def test_an_endpoint_is_asked_with_prompt_and_settings(workplace: Workplace) -> None:
    generation = wire.GenerationSettings(max_new_tokens=77, temperature=0.1)
    with serving() as endpoint:
        settings = inference(
            "openai", "gpt-x", base_url=endpoint.base_url, system_prompt="Be brief.", generation=generation
        )
        status, printed = workplace.run(
            workplace.config("inference", workplace.dataset({"examples": DIALOGUES}), inference=settings)
        )

    assert status == 0, printed
    assert len(endpoint.bodies) == 3
    body = endpoint.bodies[0]
    assert body["model"] == "gpt-x"
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["max_tokens"], body["temperature"], body["top_p"]) == (77, 0.1, 0.5)
    results = workplace.results()
    assert results["artifacts"]["predictions"] == [" ".join(text.split()[:3]) for text in DIALOGUES]
    assert results["metrics"]["avg_total_tokens"] == 14
    assert results["artifacts"]["inference_metrics"][0] == {
        "prompt_tokens": 10,
        "total_tokens": 14,
        "completion_tokens": 4,
        "reasoning_tokens": 0,
        "answer_tokens": 4,
    }
    assert workplace.outcome().metrics["avg_prompt_tokens"] == 10


def test_reasoning_is_told_apart_from_the_answer(workplace: Workplace) -> None:
    async def think(_: FakeEndpoint, body: Body) -> web.Response:
        if "number 0" in body["messages"][-1]["content"]:
            return completion("<think>one two three</think>the answer")
        usage = {"prompt_tokens": 1, "completion_tokens": 9, "total_tokens": 10}
        usage_told = {**usage, "completion_tokens_details": {"reasoning_tokens": 6}}
        return completion("the answer", usage=usage_told, reasoning_content="hm")

    with serving(think) as endpoint:
        settings = inference("ollama", "r1", base_url=endpoint.base_url)
        config = workplace.config("inference", workplace.dataset(examples(2)), inference=settings)
        status, printed = workplace.run(config)

    assert status == 0, printed
    artifacts = workplace.results()["artifacts"]
    assert artifacts["predictions"] == ["the answer", "the answer"]
    assert artifacts["reasoning"] == ["one two three", "hm"]
    assert [counts["reasoning_tokens"] for counts in artifacts["inference_metrics"]] == [4, 6]
    assert artifacts["inference_metrics"][1]["answer_tokens"] == 3


def test_refusals_and_failures_that_pass_are_tried_again(workplace: Workplace) -> None:
    async def limited(endpoint: FakeEndpoint, body: Body) -> web.Response:
        if endpoint.in_flight > 4:
            return refusal(429, "slow down")
        if len(endpoint.bodies) == 3:
            return refusal(503, "for a moment")
        await asyncio.sleep(0.02)
        return await summarise(endpoint, body)

    with serving(limited) as endpoint:
        settings = inference("mistral", "small", base_url=endpoint.base_url, concurrency=16)
        status, printed = workplace.run(
            workplace.config("inference", workplace.dataset(examples(40)), inference=settings)
        )

    assert status == 0, printed
    assert all(workplace.results()["artifacts"]["predictions"])
    assert len(endpoint.bodies) > 40


def test_a_parameter_the_model_refuses_is_left_out(workplace: Workplace) -> None:
    async def picky(endpoint: FakeEndpoint, body: Body) -> web.Response:
        if "max_tokens" in body:
            return refusal(400, "use max_completion_tokens", code="unsupported_parameter", param="max_tokens")
        if "temperature" in body:
            return refusal(400, "no temperature", code="unsupported_value", param="temperature")
        return await summarise(endpoint, body)

    with serving(picky) as endpoint:
        settings = inference("openai", "o9", base_url=endpoint.base_url, concurrency=1)
        status, printed = workplace.run(
            workplace.config("inference", workplace.dataset(examples(4)), inference=settings)
        )

    assert status == 0, printed
    assert len(endpoint.bodies) == 4 + 2
    assert endpoint.bodies[-1]["max_completion_tokens"] == 1024


async def _refuse_number_one(endpoint: FakeEndpoint, body: Body) -> web.Response:
    if "number 1 " in body["messages"][-1]["content"]:
        return refusal(400, "this text is not allowed")
    return await summarise(endpoint, body)


def test_a_failed_sample_fails_the_job_and_a_retry_asks_for_that_one_only(workplace: Workplace) -> None:
    dataset = workplace.dataset(examples(6))
    with serving(_refuse_number_one) as endpoint:
        settings = inference("openai", "m", base_url=endpoint.base_url)
        status, _ = workplace.run(workplace.config("inference", dataset, inference=settings))
        assert status != 0
        outcome = workplace.outcome()
        assert outcome.failure is not None
        assert outcome.failure.code == "too_many_failed_samples"
        assert "Row 1" in outcome.failure.message
        assert "this text is not allowed" in outcome.failure.message
        assert (outcome.progress.done, outcome.progress.failed) == (5, 1)

        endpoint.reply = summarise
        endpoint.bodies.clear()
        status, printed = workplace.run(workplace.config("inference", dataset, attempt=2, inference=settings))

    assert status == 0, printed
    assert [body["messages"][-1]["content"] for body in endpoint.bodies] == ["text number 1 is not long"]
    assert workplace.results()["artifacts"]["predictions"] == ["text number " + str(row) for row in range(6)]


def test_failed_samples_within_the_allowance_are_recorded(workplace: Workplace) -> None:
    with serving(_refuse_number_one) as endpoint:
        settings = inference("openai", "m", base_url=endpoint.base_url, max_failed_samples=1)
        status, printed = workplace.run(
            workplace.config("inference", workplace.dataset(examples(3)), inference=settings)
        )

    assert status == 0, printed
    artifacts = workplace.results()["artifacts"]
    assert artifacts["predictions"][1] is None
    assert "not allowed" in artifacts["errors"][1]
    assert workplace.outcome().progress.failed == 1


def test_a_refused_key_ends_the_job_at_once_without_showing_it(workplace: Workplace) -> None:
    async def unauthorised(endpoint: FakeEndpoint, _: Body) -> web.Response:
        return refusal(401, f"bad key {(endpoint.keys[-1] or '').removeprefix('Bearer ')}")

    with serving(unauthorised) as endpoint, handing_out(SECRET, token="t1") as ticket:
        settings = inference("openai", "m", base_url=endpoint.base_url, concurrency=2)
        config = workplace.config("inference", workplace.dataset(examples(50)), inference=settings, ticket=ticket)
        status, printed = workplace.run(config)

    assert status != 0
    assert endpoint.keys[0] == f"Bearer {SECRET}"
    assert len(endpoint.bodies) <= 2
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "provider_refused"
    assert "<REDACTED>" in failure.message
    assert SECRET not in printed
    assert all(SECRET.encode() not in path.read_bytes() for path in workplace.root.rglob("*") if path.is_file())


def test_a_ticket_that_is_not_honoured_fails_the_job(workplace: Workplace) -> None:
    with handing_out(SECRET, token="right") as ticket:
        ticket.token = "wrong"
        config = workplace.config("inference", workplace.dataset(examples(1)), inference=inference(), ticket=ticket)
        status, _ = workplace.run(config)

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "secret_refused"


@pytest.mark.parametrize("base_url", [None, "ftp://somewhere"])
def test_a_provider_without_a_usable_address_is_refused(workplace: Workplace, base_url: str | None) -> None:
    settings = inference("my_own", "m", base_url=base_url)
    status, _ = workplace.run(workplace.config("inference", workplace.dataset(examples(1)), inference=settings))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code in ("missing_base_url", "bad_base_url")


@contextmanager
def handing_out(secret: str, token: str) -> Iterator[wire.Ticket]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            honoured = self.headers["Authorization"] == f"Bearer {token}"
            body = json.dumps({"value": secret} if honoured else {"detail": "no"}).encode()
            self.send_response(200 if honoured else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield wire.Ticket(url=f"http://127.0.0.1:{server.server_port}/tickets", token=token)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
