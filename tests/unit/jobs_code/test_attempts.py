"""An attempt's frame: its secret, its words, its imports."""

import io
import logging
import subprocess
import sys
import urllib.error
from typing import Any

import pytest

from touchstone_jobs import ticket
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.redaction import MASK, Redactor, log_to_stdout
from touchstone_jobs.wire import Ticket

TICKET = Ticket(url="http://service/tickets/1", token="t0ken")


def no_pause(_: float) -> None: ...


def test_a_secret_is_masked_wherever_it_turns_up(capsys: pytest.CaptureFixture[str]) -> None:
    redactor = Redactor()
    log_to_stdout(redactor)
    redactor.hide("sk-secret")
    try:
        raise ValueError("bad key sk-secret")
    except ValueError:
        logging.getLogger("touchstone_jobs.test").exception("with sk-secret")
    logging.getLogger().handlers.clear()

    printed = capsys.readouterr().out
    assert "sk-secret" not in printed
    assert printed.count(MASK) >= 2


def test_an_empty_secret_masks_nothing() -> None:
    redactor = Redactor()
    redactor.hide("")
    assert redactor.clean("as it is") == "as it is"


def test_a_service_that_is_away_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [ConnectionRefusedError(), _error(503), "the secret"]

    def redeem(_: Ticket) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(ticket, "_redeem", redeem)
    assert ticket.fetch_secret(TICKET, pause=no_pause) == "the secret"


@pytest.mark.parametrize(
    ("error", "code"), [(403, "secret_refused"), (404, "secret_refused"), (500, "secret_unreachable")]
)
def test_a_secret_that_is_not_handed_out_fails_the_job_without_naming_the_token(
    monkeypatch: pytest.MonkeyPatch, error: int, code: str
) -> None:
    def redeem(_: Ticket) -> str:
        raise _error(error)

    monkeypatch.setattr(ticket, "_redeem", redeem)
    with pytest.raises(JobFailure) as failure:
        ticket.fetch_secret(TICKET, pause=no_pause)
    assert failure.value.code == code
    assert TICKET.token not in str(failure.value)


def test_a_ticket_leads_nowhere_but_to_http() -> None:
    with pytest.raises(JobFailure, match="http"):
        ticket.fetch_secret(Ticket(url="file:///etc/passwd", token="t"), pause=no_pause)


def _error(status: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("http://service", status, "no", {}, io.BytesIO())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "module", ["touchstone_jobs.__main__", "touchstone_jobs.dataset_files", "touchstone_jobs.wire"]
)
def test_importing_the_frame_loads_nothing_heavy(module: str) -> None:
    heavy = ("pyarrow", "ray", "nltk", "torch", "aiohttp", "boto3", "rouge_score", "numpy")
    script = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"
