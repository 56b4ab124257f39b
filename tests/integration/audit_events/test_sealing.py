"""The chain over the events: complete whoever writes at the same time, and broken by whoever changes it later."""

import asyncio
import hashlib

import asyncpg
import pytest
from tests.integration.audit_events.recording import record

from touchstone.adapters.vault import Vault
from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.audit_events.service import AuditChain
from touchstone.environment_file import new_secret_key


async def test_what_is_committed_is_sealed_and_what_waits_is_counted(chain: AuditChain, database: Database) -> None:
    await record(database, 3)
    assert await chain.turn() == 3
    assert await chain.turn() == 0
    await record(database, 2)
    found = await chain.verify()
    assert (found.sealed, found.waiting, found.fault) == (3, 2, None)


async def test_an_empty_chain_holds(chain: AuditChain) -> None:
    found = await chain.verify()
    assert (found.sealed, found.waiting, found.head, found.fault) == (0, 0, None, None)


async def test_the_chain_can_be_recomputed_from_what_is_written_of_it(chain: AuditChain, database: Database) -> None:
    """As the docstrings have it: netstrings of ten columns, SHA-256 over the digest before and them."""
    await record(database, 2)
    await chain.turn()
    rows = await database.fetch_value(
        """
        select json_agg(json_build_array(e.id::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            e.transaction_id::text, e.actor, e.credential, e.request_id, e.action, e.subject,
            e.before::text, e.after::text, encode(s.digest, 'hex')) order by s.number)
        from audit_seal s join audit_event e on e.id = s.event_id
        """
    )
    digest = bytes(32)
    for *columns, sealed in rows:
        written = b"".join(b"-," if one is None else b"%d:%s," % (len(one.encode()), one.encode()) for one in columns)
        digest = hashlib.sha256(digest + written).digest()
        assert digest.hex() == sealed


async def test_an_event_that_commits_late_is_sealed_all_the_same(
    chain: AuditChain, database: Database, parts: Assembly
) -> None:
    async with database.transaction() as early:
        await record(early, subject="team:early")  # the lower id, the later commit
        await record(parts.database, subject="team:late")
        assert await chain.turn() == 1
        assert await chain.turn() == 0
    assert await chain.turn() == 1
    found = await chain.verify()
    assert (found.sealed, found.waiting, found.fault) == (2, 0, None)


async def test_an_event_of_a_long_transaction_does_not_hold_up_the_others(
    chain: AuditChain, database: Database, parts: Assembly
) -> None:
    async with database.transaction() as long:
        await record(long)
        for _ in range(3):
            await record(parts.database)
            assert await chain.turn() == 1


async def test_an_event_that_is_rolled_back_leaves_no_gap(chain: AuditChain, database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as transaction:
            await record(transaction, 2)
            raise ZeroDivisionError
    await record(database)
    await chain.turn()
    found = await chain.verify()
    assert (found.sealed, found.waiting, found.fault) == (1, 0, None)


async def test_many_writers_and_sealers_at_once_make_one_complete_chain(parts: Assembly, database: Database) -> None:
    done = asyncio.Event()

    async def write(number: int) -> None:
        for turn in range(10):
            async with parts.database.transaction() as transaction:
                await record(transaction, 2, subject=f"team:{number}")
                await asyncio.sleep(0.001 * ((number + turn) % 4))

    async def seal() -> None:
        sealer = parts.audit_chain()
        while not done.is_set():
            await sealer.turn()
            await asyncio.sleep(0)

    sealers = [asyncio.create_task(seal()) for _ in range(2)]
    await asyncio.gather(*(write(number) for number in range(6)))
    done.set()
    await asyncio.gather(*sealers)
    while await parts.audit_chain().turn():
        pass
    found = await parts.audit_chain().verify()
    assert (found.sealed, found.waiting, found.fault) == (120, 0, None)
    numbers = await database.fetch_value("select array_agg(number order by number) from audit_seal")
    assert numbers == list(range(1, 121))


async def test_a_backlog_is_sealed_batch_by_batch(
    chain: AuditChain, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchstone.domains.audit_events.service.SEALED_AT_ONCE", 2)
    monkeypatch.setattr("touchstone.domains.audit_events.service.VERIFIED_AT_ONCE", 2)
    async with database.transaction() as transaction:
        await record(transaction, 3)  # one transaction, two batches
    await record(database, 2)
    assert [await chain.turn() for _ in range(4)] == [2, 2, 1, 0]
    found = await chain.verify()
    assert (found.sealed, found.waiting, found.fault) == (5, 0, None)


async def test_a_database_that_was_moved_to_another_server_is_sealed_on(
    chain: AuditChain, database: Database, owner: asyncpg.Connection
) -> None:
    """There the numbers of transactions begin anew, below those that are noted."""
    await record(database, 2)
    await chain.turn()
    await record(database)
    await owner.execute(
        "update audit_event set transaction_id = '900000000000' where id = (select max(id) from audit_event)"
    )
    await owner.execute("update audit_head set sealed_before = '800000000000'")
    await record(database)
    sealed = 0
    while count := await chain.turn():
        sealed += count
    assert sealed == 2
    found = await chain.verify()
    assert (found.sealed, found.waiting, found.fault) == (4, 0, None)


TAMPERINGS = {
    "an edit": (
        "update audit_event set after = '{}' where id = (select id from third)",
        "{event}, link 3, is not what",
    ),
    "another time": (
        "update audit_event set at = at - interval '1 s' where id = (select id from third)",
        "{event}, link 3",
    ),
    "another actor": ("update audit_event set actor = 'user:9' where id = (select id from third)", "{event}, link 3"),
    "a text moved": (
        "update audit_event set credential = '', request_id = credential where id = (select id from third)",
        "{event}, link 3",
    ),
    "a cut in the middle": (
        "delete from audit_seal where number = 3; delete from audit_event where id = (select id from third)",
        "link 3 is gone; the next is 4",
    ),
    "a cut that is closed": (
        """
        delete from audit_seal where number = 3; delete from audit_event where id = (select id from third);
        update audit_seal set number = -number where number > 3;
        update audit_seal set number = -number - 1 where number < 0
        """,
        "link 3, is not what was sealed",
    ),
    "an event without its seal": (
        "set local session_replication_role = replica; delete from audit_event where id = (select id from third)",
        "{event}, link 3, is gone",
    ),
    "a cut at the end": (
        "delete from audit_seal where number = 5; delete from audit_event where id = (select max(id) from audit_event)",
        "link 5 is gone: the chain ends at link 4, its head says 5",
    ),
    "everything cut": ("delete from audit_seal; delete from audit_event", "link 1 is gone: the chain ends at link 0"),
    "a cut with the head": (
        "delete from audit_seal where number = 5; delete from audit_event where id = (select max(id) from audit_event);"
        "update audit_head set number = 4, digest = (select digest from audit_seal where number = 4)",
        "link 4, is not signed by a key of ours",
    ),
    "the head taken away": ("delete from audit_head", "the head of the chain is gone, 5 links are there"),
    "another digest": ("update audit_seal set digest = sha256('x') where number = 3", "{event}, link 3, is not what"),
}


@pytest.mark.parametrize("deed", TAMPERINGS)
async def test_whoever_changes_the_record_in_sql_is_found_out(
    chain: AuditChain, database: Database, owner: asyncpg.Connection, deed: str
) -> None:
    await record(database, 5)
    await chain.turn()
    event = await database.fetch_value("select event_id from audit_seal where number = 3")
    sql, words = TAMPERINGS[deed]
    third = "create temporary table third on commit drop as select event_id as id from audit_seal where number = 3"
    async with owner.transaction():
        await owner.execute(f"{third}; {sql}")
    found = await chain.verify()
    assert found.fault is not None
    assert words.format(event=f"event {event}") in found.fault


async def test_a_chain_that_is_forged_anew_from_an_edit_on_is_found_by_its_head(
    chain: AuditChain, database: Database, owner: asyncpg.Connection
) -> None:
    await record(database, 3)
    await chain.turn()
    await owner.execute("update audit_event set after = '{}'")
    await owner.execute("delete from audit_seal")
    head = await owner.fetchrow("select * from audit_head")
    forger = AuditChain(database, Vault([new_secret_key()]))
    await owner.execute("update audit_head set number = 0, digest = $1, sealed_before = '0'", bytes(32))
    await forger.turn()
    assert (await forger.verify()).fault is None
    assert "is not signed by a key of ours" in str((await chain.verify()).fault)
    await owner.execute("update audit_head set digest = $1, signature = $2", head["digest"], head["signature"])
    assert "is not what the head of the chain says" in str((await chain.verify()).fault)


async def test_an_event_put_in_behind_the_chain_is_found(
    chain: AuditChain, database: Database, owner: asyncpg.Connection
) -> None:
    await record(database)
    await chain.turn()
    await record(database)  # lets the chain pass the transaction of the first
    await chain.turn()
    number = await owner.fetchval(
        """
        insert into audit_event (transaction_id, actor, credential, action, subject)
        values ('1', 'user:1', 'none', 'change_team', 'team:1') returning id
        """
    )
    assert await chain.turn() == 0
    assert (await chain.verify()).fault == f"event {number} was put in behind the chain"


async def test_a_head_that_was_kept_elsewhere_is_held_against_the_chain(chain: AuditChain, database: Database) -> None:
    await record(database, 2)
    await chain.turn()
    head = (await chain.verify()).head
    assert head is not None
    await record(database, 2)
    await chain.turn()
    assert (await chain.verify(head)).fault is None
    assert (await chain.verify(f"2:{'0' * 64}")).fault == "link 2 is not the one that is remembered"
    assert "the chain ends at link 4" in str((await chain.verify(f"9:{'0' * 64}")).fault)
    assert (await chain.verify("nonsense")).fault is not None


async def test_keys_that_are_rotated_leave_the_chain_whole(
    chain: AuditChain, database: Database, parts: Assembly
) -> None:
    await record(database)
    await chain.turn()
    old = [key.reveal() for key in parts.settings.secret_keys]
    rotated = AuditChain(database, Vault([new_secret_key(), *old]))
    assert (await rotated.verify()).fault is None
    await record(database)
    await rotated.turn()
    assert (await rotated.verify()).fault is None


@pytest.mark.parametrize(
    "deed",
    [
        "update audit_event set actor = 'user:9'",
        "delete from audit_event",
        "truncate audit_event cascade",
        "update audit_seal set digest = '\\x00'",
        "delete from audit_seal",
        "truncate audit_seal",
        "truncate audit_head",
        "alter table audit_event alter actor drop not null",
        "drop table audit_event cascade",
        "insert into audit_cut (number, digest, signature) values (3, '', '')",
    ],
)
async def test_the_serving_role_only_adds(database: Database, chain: AuditChain, deed: str) -> None:
    await record(database)
    await chain.turn()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(deed)
