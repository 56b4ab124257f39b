"""`touchstone users` and `touchstone applications`, beside a running service and alone."""

import json
from pathlib import Path

import httpx
from tests.end_to_end.command import answers, started, touchstone

from touchstone.command_line import exit_codes
from touchstone.command_line.http_server import free_port


def test_the_first_administrator_and_keys_are_made_without_a_service(open_folder: Path) -> None:
    added = touchstone("users", "add", "ada@example.test", "--name", "Ada", "--json", folder=open_folder)
    again = touchstone("users", "add", "ADA@example.test", "--admin", folder=open_folder)
    listed = touchstone("users", "list", "--json", folder=open_folder)
    unknown = touchstone("users", "promote", "bob@example.test", folder=open_folder)
    wrong = touchstone("users", "add", "nobody", folder=open_folder)
    ada = {"id": 1, "email": "ada@example.test", "name": "Ada", "launchpad_handle": None, "is_admin": False}
    assert json.loads(added.stdout) == {"user": ada, "is_new": True}
    assert again.stdout == "1  ada@example.test  Ada  administrator (was there)\n"
    assert json.loads(listed.stdout) == {"users": [ada | {"is_admin": True}]}
    assert (unknown.returncode, wrong.returncode) == (exit_codes.FAILED, exit_codes.USAGE)
    assert unknown.stderr.endswith("Failed: There is no user with the e-mail address bob@example.test\n")


def test_commands_beside_a_service_count_there_at_once(open_folder: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1/users"

    def status(key: str) -> int:
        return httpx.get(
            url, headers={"Authorization": f"Bearer {key.strip()}"}, timeout=10, trust_env=False
        ).status_code

    with started("serve", "--no-worker", "--port", str(port), folder=open_folder) as running:
        running.wait_until(lambda: answers(f"http://127.0.0.1:{port}"))
        old = touchstone("applications", "add", "ci", "--permission", "view_user", folder=open_folder).stdout
        assert (len(old), status(old)) == (47, 200)
        new = touchstone("applications", "rotate", "ci", "--grace-seconds", "3600", folder=open_folder).stdout
        assert (status(old), status(new)) == (200, 200)
        last = json.loads(touchstone("applications", "rotate", "ci", "--json", folder=open_folder).stdout)["api_key"]
        running.wait_until(lambda: status(old) == 403 and status(new) == 403)
        assert status(last) == 200
        (shown,) = json.loads(touchstone("applications", "list", "--json", folder=open_folder).stdout)["applications"]
    assert (shown["name"], shown["permissions"], shown["api_key"][:6]) == ("ci", ["view_user"], last[:6])
    assert last not in json.dumps(shown)


def test_what_cannot_be_is_refused(open_folder: Path) -> None:
    touchstone("applications", "add", "ci", folder=open_folder)
    twice = touchstone("applications", "add", "ci", folder=open_folder)
    unknown = touchstone("applications", "rotate", "other", folder=open_folder)
    word = touchstone("applications", "add", "b", "--permission", "fly", folder=open_folder)
    assert (twice.returncode, unknown.returncode) == (exit_codes.FAILED, exit_codes.FAILED)
    assert twice.stderr.endswith("Failed: Application with name 'ci' already exists\n")
    assert word.returncode == exit_codes.USAGE


def test_a_configured_database_that_does_not_answer_is_unavailable(open_folder: Path) -> None:
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    listed = touchstone("users", "list", folder=open_folder, database_url=away)
    assert listed.returncode == exit_codes.UNAVAILABLE
