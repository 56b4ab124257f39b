"""What can be said of migrations without a database."""

import re

from tests.unit.architecture.source import MIGRATIONS

FILES = sorted(MIGRATIONS.iterdir())
FORWARD = [file.name for file in FILES if not file.name.endswith(".rollback.sql")]


def test_names_are_a_number_and_a_word() -> None:
    assert [file.name for file in FILES if not re.fullmatch(r"\d{4}\.[a-z0-9_]+(\.rollback)?\.sql", file.name)] == []


def test_numbers_follow_each_other_without_a_gap() -> None:
    assert [int(name[:4]) for name in FORWARD] == list(range(1, len(FORWARD) + 1))


def test_every_migration_has_a_rollback() -> None:
    rollbacks = {file.name for file in FILES if file.name.endswith(".rollback.sql")}
    assert rollbacks == {name.replace(".sql", ".rollback.sql") for name in FORWARD}


def test_the_first_line_says_what_and_why() -> None:
    first_lines = {file.name: file.read_text("utf-8").partition("\n")[0] for file in FILES}
    assert {name: line for name, line in first_lines.items() if not re.match(r"-- \S.{10,}", line)} == {}


def test_checks_have_names_that_say_what_they_refuse() -> None:
    nameless = [
        f"{name}: {before.strip()[-60:]} check"
        for name in FORWARD
        for before in re.split(r"\bcheck\s*\(", (MIGRATIONS / name).read_text("utf-8"))[:-1]
        if not re.search(r"\bconstraint\s+\w+\s*$", before)
    ]
    assert nameless == []


def test_every_foreign_key_says_what_deleting_does() -> None:
    silent = [
        f"{name}: {clause}"
        for name in FORWARD
        for clause in re.findall(r"references[^,\n]*", (MIGRATIONS / name).read_text("utf-8"))
        if "on delete" not in clause
    ]
    assert silent == []
