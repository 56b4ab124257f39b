"""What is backed up comes back elsewhere as it was; what is not fit to is refused before anything changes."""

import json
import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.fernet import Fernet
from tests.builders import upload
from tests.conftest import replaced, serving

from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.vault import Vault
from touchstone.backups.keys import KeysMissing
from touchstone.backups.making import NothingToBackUp
from touchstone.backups.manifest import BackupDamaged, FolderNotEmpty, NotABackup
from touchstone.backups.objects import StoreNotEmpty
from touchstone.backups.restoring import BackupTooNew, DatabaseInUse, DatabaseNotEmpty
from touchstone.command_line.backup import back_up, bring_back
from touchstone.command_line.schema import dump_schema
from touchstone.database.contents import TableContents, contents_of
from touchstone.database.executor import Database
from touchstone.database.migrate import known_migrations
from touchstone.domains.audit_events.service import AuditChain
from touchstone.setting_values import Secret
from touchstone.settings import Settings


def owner_url(settings: Settings) -> str:
    assert settings.database_owner_url is not None
    return settings.database_owner_url.reveal()


async def tables_of(settings: Settings) -> dict[str, TableContents]:
    async with contents_of(owner_url(settings)) as contents:
        return {name: await contents.of_table(name) for name in await contents.tables()}


async def objects_of(settings: Settings) -> dict[str, bytes]:
    store = LocalStore(settings.store_folder)
    return {found.key: await store.get(found.key) async for found in store.list("")}


def change_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    written = json.loads(path.read_text())
    path.write_text(json.dumps({**written, **changes}))


async def test_rows_objects_and_schema_come_back_as_they_were(lived_in, elsewhere, folder, postgres):
    made = await back_up(lived_in, folder)
    restored = await bring_back(elsewhere, folder)
    tables, objects = await tables_of(lived_in), await objects_of(lived_in)
    # what migrate notes of its own acts is not the service's
    ours = {name: found for name, found in tables.items() if "yoyo" not in name}
    assert {name: found for name, found in (await tables_of(elsewhere)).items() if "yoyo" not in name} == ours
    assert len([name for name, found in ours.items() if found.rows]) > 10
    assert await objects_of(elsewhere) == objects
    assert (restored.objects, made.objects.count) == (len(objects), len(objects))
    assert made.objects.bytes == sum(map(len, objects.values()))
    assert restored.rows == sum(found.rows for found in tables.values())
    assert restored.keys_lost == []
    pg_dump = postgres.binaries / "pg_dump"
    assert await dump_schema(owner_url(elsewhere), pg_dump) == await dump_schema(owner_url(lived_in), pg_dump)


async def test_a_service_runs_on_what_was_restored(lived_in, elsewhere, folder, client):
    await back_up(lived_in, folder)
    await bring_back(elsewhere, folder)
    lists = ["datasets/", "jobs/", "workflows/", "experiments/"]
    async with serving(elsewhere) as restored:
        for path in lists:
            found, before = [(await one.get(f"/api/v1/{path}")).json()["items"] for one in (restored, client)]
            assert [item["id"] for item in found] == [item["id"] for item in before]
            assert found
        assert await upload(restored)
    database = Database(elsewhere.database_url.reveal())
    await database.open()
    vault = Vault([key.reveal() for key in elsewhere.secret_keys])
    value = await database.fetch_value("select value from secret where name = 'provider'")
    assert vault.decrypt(bytes(value)) == "sk-very-secret"
    found = await AuditChain(database, vault).verify()
    assert (found.fault, found.sealed > 0) == (None, True)
    with pytest.raises(Exception, match="permission denied"):  # the service has what rights it had, and no more
        await database.execute("delete from audit_event")
    await database.close()


async def test_a_backup_is_for_its_owner_alone_and_tells_no_key(lived_in, folder):
    made = await back_up(lived_in, folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / "keys.env").exists()
    written = (folder / "manifest.json").read_text()
    for key in (*lived_in.secret_keys, *lived_in.url_signing_keys):
        assert key.reveal() not in written
    assert msgspec.json.decode(written)["format"] == 1
    assert made.database.migrations == known_migrations()


async def test_keys_are_written_when_that_is_asked_for(lived_in, elsewhere, folder):
    await back_up(lived_in, folder, with_keys=True)
    path = folder / "keys.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
    read = Settings.from_environment(lines)
    assert (read.secret_keys, read.url_signing_keys) == (lived_in.secret_keys, lived_in.url_signing_keys)
    stranger = replaced(elsewhere, secret_keys=(Secret(Fernet.generate_key().decode()),))
    with pytest.raises(KeysMissing, match=r"Put the lines of .*keys\.env into \.env"):
        await bring_back(stranger, folder)


async def test_other_keys_are_refused_unless_their_loss_is_accepted(lived_in, elsewhere, folder):
    await back_up(lived_in, folder)
    new = Secret(Fernet.generate_key().decode())
    stranger = replaced(elsewhere, secret_keys=(new,))
    with pytest.raises(KeysMissing, match="TOUCHSTONE_SECRET_KEYS number 1 of 1"):
        await bring_back(stranger, folder)
    assert await tables_of(elsewhere) == {}
    restored = await bring_back(stranger, folder, accept_lost_keys=True)
    assert restored.keys_lost == ["TOUCHSTONE_SECRET_KEYS"]


async def test_a_new_key_before_the_old_one_is_no_loss(lived_in, elsewhere, folder):
    await back_up(lived_in, folder)
    rotated = (Secret(Fernet.generate_key().decode()), *lived_in.secret_keys)
    assert (await bring_back(replaced(elsewhere, secret_keys=rotated), folder)).keys_lost == []


async def test_what_holds_something_is_replaced_only_by_force(lived_in, elsewhere, folder):
    await back_up(lived_in, folder)
    await bring_back(elsewhere, folder)
    async with serving(elsewhere) as client:
        await upload(client)
    await LocalStore(elsewhere.store_folder).put("of/another", b"stays")
    with pytest.raises(DatabaseNotEmpty):
        await bring_back(elsewhere, folder)
    assert await tables_of(elsewhere) != await tables_of(lived_in)
    await bring_back(elsewhere, folder, force=True)
    for name, found in (await tables_of(lived_in)).items():
        assert "yoyo" in name or (await tables_of(elsewhere))[name] == found
    objects = await objects_of(elsewhere)
    assert objects.items() >= (await objects_of(lived_in)).items()
    assert objects["of/another"] == b"stays"


async def test_a_store_that_holds_something_is_refused(lived_in, elsewhere, folder):
    await back_up(lived_in, folder)
    await LocalStore(elsewhere.store_folder).put("of/another", b"there")
    with pytest.raises(StoreNotEmpty, match="of/another"):
        await bring_back(elsewhere, folder)
    assert await tables_of(elsewhere) == {}


async def test_the_database_alone_may_be_backed_up_and_restored(lived_in, elsewhere, folder):
    made = await back_up(lived_in, folder, with_objects=False)
    assert made.objects is None
    with pytest.raises(NotABackup, match="without objects"):
        await bring_back(elsewhere, folder)
    assert (await bring_back(elsewhere, folder, with_objects=False)).objects == 0
    assert await objects_of(elsewhere) == {}


@pytest.mark.parametrize("file", ["database.dump", "objects.jsonl"])
async def test_a_damaged_backup_is_refused_before_anything_changes(lived_in, elsewhere, folder, file):
    await back_up(lived_in, folder)
    path = folder / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupDamaged, match=file):
        await bring_back(elsewhere, folder)
    assert (await tables_of(elsewhere), await objects_of(elsewhere)) == ({}, {})


async def test_a_damaged_object_ends_the_restore_before_the_database_changes(lived_in, elsewhere, folder):
    await back_up(lived_in, folder)
    path = next(path for path in (folder / "objects").rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(BackupDamaged, match=path.name):
        await bring_back(elsewhere, folder)
    assert await tables_of(elsewhere) == {}


async def test_a_backup_of_a_newer_release_is_refused(lived_in, elsewhere, folder):
    made = await back_up(lived_in, folder, with_objects=False)
    database = msgspec.structs.replace(made.database, migrations=[*made.database.migrations, "9999.later"])
    change_manifest(folder, database=msgspec.to_builtins(database))
    with pytest.raises(BackupTooNew, match=r"9999\.later"):
        await bring_back(elsewhere, folder, with_objects=False)


async def test_a_database_that_a_service_uses_is_not_replaced(lived_in, elsewhere, folder):
    await back_up(lived_in, folder, with_objects=False)
    database = Database(elsewhere.database_url.reveal())
    await database.open()
    await database.check()
    with pytest.raises(DatabaseInUse):
        await bring_back(elsewhere, folder, with_objects=False, force=True)
    await database.close()


async def test_a_backup_goes_into_a_new_folder_of_a_database_that_is_ours(lived_in, elsewhere, folder):
    await back_up(lived_in, folder, with_objects=False)
    with pytest.raises(FolderNotEmpty):
        await back_up(lived_in, folder)
    with pytest.raises(NothingToBackUp):
        await back_up(elsewhere, folder.with_name("another"))
    assert not (folder.with_name("another") / "manifest.json").exists()


@pytest.mark.parametrize("written", [None, "{", "[]", "{}", '{"format": 2}', '{"format": 1}'])
async def test_a_folder_without_a_manifest_that_is_understood_is_no_backup(elsewhere, folder, written):
    folder.mkdir()
    if written is not None:
        (folder / "manifest.json").write_text(written)
    with pytest.raises(NotABackup):
        await bring_back(elsewhere, folder)
