"""`touchstone backup` and `restore` of embedded parts, whether or not a service runs on them."""

import json
import shutil
from pathlib import Path

from tests.end_to_end.command import answers, started, touchstone

from touchstone.command_line import exit_codes
from touchstone.command_line.http_server import free_port


def test_a_running_service_is_backed_up_and_comes_back_in_another_folder(open_folder: Path) -> None:
    old, new, backup = open_folder / "old", open_folder / "new", open_folder / "backup"
    for folder in (old, new):
        folder.mkdir(mode=0o711)
    port = free_port()
    with started("serve", "--no-worker", "--port", str(port), folder=old) as running:
        running.wait_until(lambda: answers(f"http://127.0.0.1:{port}"))
        key = touchstone("applications", "add", "ci", folder=old).stdout
        made = touchstone("backup", str(backup), "--with-keys", "--json", folder=old)
        again = touchstone("backup", str(backup), folder=old)
        held = touchstone("restore", str(backup), folder=old)
    assert key
    assert made.returncode == exit_codes.OK, made.stderr
    assert json.loads(made.stdout)["database"]["tables"]["application"]["rows"] == 1
    assert (again.returncode, held.returncode) == (exit_codes.FAILED, exit_codes.FAILED)
    strange = touchstone("restore", str(backup), folder=new)
    assert strange.returncode == exit_codes.FAILED
    assert "keys.env into .env" in strange.stderr
    shutil.copy(backup / "keys.env", new / ".env")
    restored = touchstone("restore", str(backup), folder=new)
    assert restored.returncode == exit_codes.OK, restored.stderr
    assert "Restored" in restored.stdout
    listed = touchstone("applications", "list", "--json", folder=new)
    assert [one["name"] for one in json.loads(listed.stdout)["applications"]] == ["ci"]
