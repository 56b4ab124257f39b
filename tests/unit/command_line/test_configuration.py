"""What a start reads and makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from touchstone.command_line import configuration, exit_codes, main
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS
from touchstone.environment_file import render_template
from touchstone.settings import Settings, SettingsError

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in Settings().to_environment():
        monkeypatch.delenv(name, raising=False)
    yield


def test_the_first_start_makes_the_env_file_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    settings = configuration.load_settings()
    assert len(settings.secret_keys) == 1
    assert f"Made {Path('.env').absolute()}" in capsys.readouterr().err


def test_the_second_start_reads_the_same_keys_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    first = configuration.load_settings()
    capsys.readouterr()
    assert configuration.load_settings() == first
    assert capsys.readouterr().err == ""


def test_every_start_names_what_the_template_has_gained(capsys: pytest.CaptureFixture[str]) -> None:
    configuration.load_settings()
    Path(".env.template").write_text(render_template() + "TOUCHSTONE_NEW=\nTOUCHSTONE_NEWER=\n")
    for _ in range(2):
        capsys.readouterr()
        configuration.load_settings()
        assert "TOUCHSTONE_NEW, TOUCHSTONE_NEWER" in capsys.readouterr().err


def test_the_checkouts_own_template_is_what_a_new_file_comes_from() -> None:
    Path(".env.template").write_text("TOUCHSTONE_PORT=8080\n")
    assert configuration.load_settings().port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOUCHSTONE_DATABASE_URL", "postgresql://a:b@db/x"), ("TOUCHSTONE_DEPLOYMENT_TYPE", "production")],
)
def test_no_keys_are_made_for_a_database_of_others_or_for_production(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings = configuration.load_settings()
    assert not Path(".env").exists()
    with pytest.raises(SettingsError) as caught:
        configuration.require_keys(settings)
    assert all("touchstone secret-key" in problem for problem in caught.value.problems)
    assert len(caught.value.problems) == 2


def test_keys_in_the_environment_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_DEPLOYMENT_TYPE", "production")
    monkeypatch.setenv("TOUCHSTONE_SECRET_KEYS", KEY)
    monkeypatch.setenv("TOUCHSTONE_URL_SIGNING_KEYS", KEY)
    assert configuration.require_keys(configuration.load_settings())


def test_a_setting_that_makes_no_sense_is_status_2_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOUCHSTONE_PORT", "high")
    assert main.run_command(["serve"]) == exit_codes.USAGE
    assert "TOUCHSTONE_PORT is 'high'" in capsys.readouterr().err
    assert not Path(".touchstone").exists()


def test_shown_settings_hide_their_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run_command(["settings"]) == exit_codes.OK
    shown = capsys.readouterr().out
    assert "TOUCHSTONE_SECRET_KEYS=***" in shown
    assert "TOUCHSTONE_PORT=8000" in shown


def told_of_exposure(**changes: Any) -> str:
    said: list[str] = []
    configuration.tell_of_exposure(Settings(**changes), said.append)
    return "".join(said)


def test_nothing_is_said_of_a_service_that_only_this_machine_can_call() -> None:
    assert told_of_exposure() == ""


def test_a_service_that_others_can_call_says_that_it_starts_closed_and_how_to_open_it() -> None:
    told = told_of_exposure(host="0.0.0.0")
    assert "0.0.0.0" in told and "starts closed" in told and "touchstone users add" in told
    assignment = next(word for word in told.split() if word.startswith("TOUCHSTONE_IGNORE_PERMISSIONS="))
    opened = Settings.from_environment(dict([assignment.split("=")]))
    assert opened.ignore_permissions == EVALUATION_PERMISSIONS


def test_a_service_behind_a_proxy_is_one_that_others_can_call() -> None:
    assert "starts closed" in told_of_exposure(trusted_proxies=("127.0.0.1/32",))
    assert "https://touchstone.example.org" in told_of_exposure(public_url="https://touchstone.example.org")


def test_what_everybody_may_do_is_said_aloud() -> None:
    told = told_of_exposure(host="0.0.0.0", ignore_permissions=("view_job", "view_dataset"))
    assert "may: view_job, view_dataset" in told


def test_that_a_strict_service_is_closed_is_said_aloud() -> None:
    told = told_of_exposure(host="0.0.0.0", ignore_permissions=("view_job",), strict_authentication=True)
    assert "closed to everybody without credentials" in told and "view_job" not in told


def test_a_misspelt_variable_is_named_with_what_may_be_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text(render_template() + "TOUCHSTONE_PROT=1\nOTHER=2\n")
    monkeypatch.setenv("TOUCHSTONE_DATABSE_URL", "postgresql://a:hunter2@db/x")
    monkeypatch.setenv("TOUCHSTONE_TEST_MODELS", "1")
    configuration.load_settings()
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "TOUCHSTONE_DATABSE_URL is no setting; is TOUCHSTONE_DATABASE_URL meant?",
        "TOUCHSTONE_PROT is no setting; is TOUCHSTONE_PORT meant?",
    ]
