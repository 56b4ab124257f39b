"""The .env: made once, read, compared with its template."""

import stat
import threading
from pathlib import Path

import pytest

from touchstone import environment_file
from touchstone.settings import Settings, SettingsError, variable_name, variables

TEMPLATE = Path(__file__).parents[3] / ".env.template"


def test_the_committed_template_is_what_the_settings_say() -> None:
    assert TEMPLATE.read_text("utf-8") == environment_file.render_template(), (
        "run `touchstone settings --template > .env.template`"
    )


def test_the_template_names_every_variable_once() -> None:
    template = environment_file.render_template()
    for field in variables():
        assert template.count(f"\n{variable_name(field)}=\n") == 1


def test_a_new_file_holds_fresh_keys_and_defaults_otherwise(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for file in (first, second):
        assert environment_file.create(file, environment_file.render_template())
    settings = Settings.from_environment({}, environment_file.read(first))
    others = Settings.from_environment({}, environment_file.read(second))
    assert len(settings.secret_keys) == len(settings.url_signing_keys) == 1
    assert settings.secret_keys != others.secret_keys
    assert settings.port == Settings().port


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    environment_file.create(tmp_path / ".env", environment_file.render_template())
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOUCHSTONE_PORT=1\n")
    assert not environment_file.create(tmp_path / ".env", environment_file.render_template())
    assert (tmp_path / ".env").read_text() == "TOUCHSTONE_PORT=1\n"
    assert list(tmp_path.iterdir()) == [tmp_path / ".env"]


def test_of_many_that_start_at_once_one_makes_the_file(tmp_path: Path) -> None:
    made: list[bool] = []
    threads = [
        threading.Thread(target=lambda: made.append(environment_file.create(tmp_path / ".env", "X=\n")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


def test_a_template_without_the_keys_gets_them(tmp_path: Path) -> None:
    environment_file.create(tmp_path / ".env", "OTHER=1\n")
    pairs = environment_file.read(tmp_path / ".env")
    assert pairs.keys() == {"OTHER", "TOUCHSTONE_SECRET_KEYS", "TOUCHSTONE_URL_SIGNING_KEYS"}


def test_reading_knows_quotes_comments_and_export(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\n\nA=plain # why\nexport B='quo ted'\nC=\"# no comment\"\nD=\nE=a#b\n  F = spaced \n"
    )
    assert environment_file.read(tmp_path / ".env") == {
        "A": "plain",
        "B": "quo ted",
        "C": "# no comment",
        "D": "",
        "E": "a#b",
        "F": "spaced",
    }


def test_a_line_that_is_none_is_named_by_its_number_not_its_content(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nhunter2\n")
    with pytest.raises(SettingsError) as caught:
        environment_file.read(tmp_path / ".env")
    assert "Line 2" in caught.value.problems[0]
    assert "hunter2" not in caught.value.problems[0]


def test_names_that_the_template_has_gained_are_found() -> None:
    content = "A=1\n#B=\n# export C=3\nexport D=4\n"
    assert environment_file.missing_names(content, "A=\nB=\nC=\nD=\nE=\n# F=\n") == ["E", "F"]
