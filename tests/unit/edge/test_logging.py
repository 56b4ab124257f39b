import json
import logging
import sys
import traceback
from typing import Any

import httpx
import pytest
import structlog

from touchstone.http.logging import AnswerCutOffError, FailureLog, configure_logging, server_log_config


@pytest.fixture(autouse=True)
def restore_logging():
    root = logging.getLogger()
    level = root.level
    yield
    structlog.reset_defaults()
    root.handlers = [handler for handler in root.handlers if handler.get_name() != "touchstone"]
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_every_request_is_one_line_of_json(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    await client.get("/v1/things/7?signature=hush", headers={"x-request-id": "r-1", "authorization": "Bearer hush"})
    (line,) = lines(capsys)
    assert line.pop("duration_ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "touchstone.access",
        "request_id": "r-1",
        "method": "GET",
        "route": "/api/v1/things/{thing_id}",
        "path": "/api/v1/things/7",
        "status": 200,
    }


async def test_probes_are_told_of_at_debug_only(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    await client.get("/health/live")
    await client.get("/metrics")
    assert lines(capsys) == []
    configure_logging("debug", json=True)
    await client.get("/health/live")
    assert [line["path"] for line in lines(capsys)] == ["/health/live"]


async def test_a_crash_is_told_once_with_its_traceback(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    await client.get("/v1/crash", headers={"x-request-id": "r-2"})
    fault, access = lines(capsys)
    assert (fault["event"], fault["level"], fault["request_id"]) == ("request failed", "error", "r-2")
    assert "RuntimeError: the secret sauce" in fault["exception"]
    assert access["status"] == 500


async def test_a_crash_in_mid_answer_is_told_once(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    await client.get("/v1/crash-later")
    fault, access = lines(capsys)
    assert "RuntimeError: too late" in fault["exception"]
    assert access["status"] == 200


async def test_another_system_that_fails_is_a_warning(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    assert (await client.get("/v1/down")).status_code == 503
    warning, _ = lines(capsys)
    assert (warning["level"], warning["failure"]) == ("warning", "Upstream error with Ray: no answer")
    assert "exception" not in warning


async def test_a_refusal_is_no_fault(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    await client.get("/v1/nothing")
    await client.put("/v1/things")
    assert [line["event"] for line in lines(capsys)] == ["request", "request"]


async def test_faults_are_reported_and_refusals_are_not(client_of):
    reported: list[BaseException] = []
    async with client_of(failures=FailureLog(reported.append)) as client:
        for path in ("/v1/crash", "/v1/crash-later", "/v1/down", "/v1/nothing"):
            await client.get(path)
    assert [str(error) for error in reported] == ["the secret sauce", "Exception caught after response started"]


def test_lines_of_other_libraries_have_the_same_shape(capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    logging.getLogger("_granian").info("Listening at: %s", "http://127.0.0.1:8000")
    logging.getLogger("botocore").warning("slow")
    logging.getLogger("httpx").info("GET https://store/key?X-Amz-Signature=hush")
    granian, botocore = lines(capsys)
    assert (granian["event"], granian["logger"]) == ("Listening at: http://127.0.0.1:8000", "_granian")
    assert (botocore["event"], botocore["level"]) == ("slow", "warning")


def test_the_server_does_not_tell_again_what_has_been_told(capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    try:
        raise AnswerCutOffError
    except AnswerCutOffError:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=True)
        logging.getLogger("_granian").error(f"Application callable raised an exception\n{traceback.format_exc()}")
    logging.getLogger("_granian").error("Application callable raised an exception\nValueError")
    assert [line["event"][-10:] for line in lines(capsys)] == ["ValueError"]


def test_one_fault_that_passes_two_places_is_told_once(capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    fault = RuntimeError("once")
    FailureLog().fault(fault, None)
    FailureLog().fault(fault, None)
    assert len(lines(capsys)) == 1


def test_configuring_twice_writes_no_line_twice(capsys: pytest.CaptureFixture[str]):
    configure_logging("info", json=True)
    configure_logging("info", json=True)
    logging.getLogger("other").warning("once")
    structlog.get_logger("ours").info("once")
    assert len(lines(capsys)) == 2


@pytest.mark.parametrize("name", ["password", "api_key", "Authorization", "ray_token", "sentry_dsn", "secret"])
def test_secret_names_lose_their_values(capsys: pytest.CaptureFixture[str], name: str):
    configure_logging("info", json=True)
    structlog.get_logger().info("set up", **{name: "hush", "total_tokens": 5})
    (line,) = lines(capsys)
    assert line[name] == "<redacted>"
    assert line["total_tokens"] == 5


def test_tracebacks_show_no_local_variables(capsys: pytest.CaptureFixture[str]):
    for as_json in (True, False):
        configure_logging("info", json=as_json)
        try:
            hidden = "hunter2"
            raise RuntimeError(len(hidden))
        except RuntimeError:
            structlog.get_logger().error("failed", exc_info=True)
        written = capsys.readouterr().err
        assert "RuntimeError: 7" in written
        assert "hidden =" not in written.replace('hidden = "hunter2"', "") or as_json
        assert "hidden: " not in written


def test_a_terminal_gets_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging()
    structlog.get_logger("demo").info("hello", job="7")
    written = capsys.readouterr().err
    assert "hello" in written
    assert not written.startswith("{")


def test_levels_hold_back_lines(capsys: pytest.CaptureFixture[str]):
    configure_logging("warning", json=True)
    structlog.get_logger().info("not this")
    structlog.get_logger().warning("this")
    assert [line["event"] for line in lines(capsys)] == ["this"]


def test_the_servers_config_hands_its_lines_to_ours():
    loggers = server_log_config("info")["loggers"]
    assert loggers["_granian"]["propagate"]
    assert not loggers["granian.access"]["propagate"]
