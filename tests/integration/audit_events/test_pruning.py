"""Old events go, and what stays shows every later change as before."""

import asyncio
import json
import os
import sys

import pytest
from tests.integration.audit_events.recording import record

from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database
from touchstone.domains.audit_events import pruning
from touchstone.domains.audit_events.service import AuditChain
from touchstone.domains.retention_rules.model import AuditBroken, RetentionKind
from touchstone.domains.retention_rules.pruning import prune_audit
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.schemas import RetentionRule
from touchstone.environment_file import new_secret_key


@pytest.fixture
async def owners(postgres):
    """What a command of the owner stands on."""
    database = Database(postgres.owner_url, size=1)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def vault(parts) -> Vault:
    return parts.vault


async def sealed(database, chain, owner, old=3, young=2):
    """So many events from long ago, then as many from today."""
    await owner.execute("alter table audit_event alter at set default now() - interval '100 days'")
    await record(database, old)
    await owner.execute("alter table audit_event alter at set default clock_timestamp()")
    await record(database, young)
    while await chain.turn():
        pass


async def test_old_events_go_and_the_chain_holds_from_there(database, chain, owner, owners, vault, monkeypatch):
    monkeypatch.setattr(pruning, "PRUNED_AT_ONCE", 2)
    await sealed(database, chain, owner)
    head = (await chain.verify()).head
    assert await prune_audit(owners, vault, 30) == 3
    assert await prune_audit(owners, vault, 30) == 0
    while await chain.turn():
        pass
    found = await chain.verify(head)
    assert (found.pruned, found.sealed, found.waiting, found.fault) == (3, 4, 0, None)
    actions = await database.fetch_value("select array_agg(action order by id) from audit_event")
    assert actions == ["change_team"] * 2 + ["prune_audit_events"] * 2


async def test_the_rule_says_how_long_where_nothing_else_does(database, chain, owner, owners, vault):
    await sealed(database, chain, owner)
    assert await prune_audit(owners, vault, None) == 0
    rule = RetentionRule(kind=RetentionKind.AUDIT_EVENTS, kept_days=90)
    await RetentionRuleRepository(database).replace_all([rule])
    assert await prune_audit(owners, vault, None) == 3


async def test_the_last_link_stays_and_what_is_not_sealed(database, chain, owner, owners, vault):
    await sealed(database, chain, owner, old=3, young=0)
    await record(database)
    assert await prune_audit(owners, vault, 30) == 2
    assert (await chain.verify()).fault is None


async def test_a_later_change_shows_after_a_cut(database, chain, owner, owners, vault):
    await sealed(database, chain, owner)
    await prune_audit(owners, vault, 30)
    event = await database.fetch_value("select event_id from audit_seal where number = 4")
    await owner.execute("update audit_event set actor = 'user:9' where id = $1", event)
    assert f"event {event}, link 4" in str((await chain.verify()).fault)
    with pytest.raises(AuditBroken):
        await prune_audit(owners, vault, 1)


async def test_a_cut_that_somebody_else_makes_is_found(database, chain, owner, owners):
    await sealed(database, chain, owner)
    stranger = Vault([new_secret_key()])
    async with owner.transaction():
        seals = await owner.fetchrow("select number, digest from audit_seal where number = 2")
        signature = stranger.signature(f"cut 2:{seals['digest'].hex()}")
        await owner.execute("insert into audit_cut (number, digest, signature) values (2, $1, $2)", seals[1], signature)
    assert (await chain.verify()).fault == "the cut at link 2 is not signed by a key of ours"


async def test_where_the_key_is_lost_the_owner_signs_the_cut_anew(database, chain, owner, owners, vault):
    await sealed(database, chain, owner)
    await prune_audit(owners, vault, 30)
    new = Vault([new_secret_key()])
    chain = AuditChain(database, new)
    with pytest.raises(AuditBroken):
        await prune_audit(owners, new, 30)
    await pruning.sign_cut(owners, new)
    while await chain.turn():
        pass
    assert (await chain.verify()).fault is None


async def test_a_head_that_was_remembered_from_before_the_cut_is_said_to_be_gone(database, chain, owner, owners, vault):
    await sealed(database, chain, owner)
    await prune_audit(owners, vault, 30)
    assert "link 1, which is remembered, was pruned" in str((await chain.verify(f"1:{'0' * 64}")).fault)


async def test_the_command_prunes_as_the_owner(database, chain, owner, settings, tmp_path):
    await sealed(database, chain, owner)
    given = settings.to_environment()
    keep = (
        "TOUCHSTONE_DATABASE_URL",
        "TOUCHSTONE_DATABASE_OWNER_URL",
        "TOUCHSTONE_SECRET_KEYS",
        "TOUCHSTONE_URL_SIGNING_KEYS",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "touchstone", "audit", "prune", "--older-than", "30", "--json"),
        cwd=tmp_path,
        env={**os.environ, **{name: given[name] for name in keep}},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, json.loads(out)) == (0, {"pruned": 3}), err.decode()
