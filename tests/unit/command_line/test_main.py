"""Statuses and help of the command line."""

import base64
import json
import sys

import pytest

from touchstone.command_line import exit_codes, main
from touchstone.domains.health.service import installed_version
from touchstone.errors import Conflict, Unavailable
from touchstone.settings import SettingsError


class Silence(Unavailable):
    """Nobody answers."""


class Refusal(Conflict):
    """It is taken."""


def test_help_names_every_command_and_the_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run_command(["--help"]) == exit_codes.OK
    told = capsys.readouterr().out
    for command in main.COMMANDS:
        assert f"\n  {command} " in told
    assert "130 interrupted" in " ".join(told.split())


@pytest.mark.parametrize("command", main.COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run_command([command, "--help"]) == exit_codes.OK
    assert f"Usage: touchstone {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["serve", "--port", "high"], ["serve", "--port", "70000"], ["rollback", "0"], []]
)
def test_a_wrong_command_line_is_status_2(arguments: list[str]) -> None:
    assert main.run_command(arguments) == exit_codes.USAGE


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (SettingsError(["A is wrong.", "B is wrong."]), exit_codes.USAGE, "Setting: A is wrong.\nSetting: B is wrong."),
        (Silence(), exit_codes.UNAVAILABLE, "Unavailable: Nobody answers."),
        (Refusal(), exit_codes.FAILED, "Failed: It is taken."),
        (KeyboardInterrupt(), exit_codes.INTERRUPTED, ""),
    ],
)
def test_failures_become_statuses_and_a_sentence(
    error: BaseException,
    status: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main.cli, "invoke", fail)
    assert main.run_command(["version"]) == status
    assert capsys.readouterr().err.strip() == told


def test_a_printed_secret_key_is_one_that_encrypts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run_command(["secret-key"]) == exit_codes.OK
    assert len(base64.urlsafe_b64decode(capsys.readouterr().out.strip())) == 32


def test_the_version_is_there_for_people_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run_command(["version"]) == exit_codes.OK
    plain = capsys.readouterr().out.strip()
    assert main.run_command(["version", "--json"]) == exit_codes.OK
    assert json.loads(capsys.readouterr().out)["version"] == plain == installed_version()


def test_a_command_whose_packages_are_missing_says_so_and_hinders_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in list(sys.modules):
        if module.startswith(("touchstone.embedded", "touchstone.command_line.psql")):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "touchstone.embedded", None)
    assert main.run_command(["psql", "--", "-c", "select 1"]) == exit_codes.UNAVAILABLE
    assert "touchstone[embedded]" in capsys.readouterr().err
    assert main.run_command(["--help"]) == exit_codes.OK
