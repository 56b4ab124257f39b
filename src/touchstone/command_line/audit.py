"""touchstone audit verify, prune"""

import click

from touchstone.adapters.vault import Vault
from touchstone.command_line import exit_codes
from touchstone.command_line.backup import shared_parts
from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json, say
from touchstone.command_line.parts import running_parts
from touchstone.command_line.running import run
from touchstone.command_line.schema_version import owner_url, service_url
from touchstone.database.executor import Database
from touchstone.domains.audit_events.model import Verification
from touchstone.domains.audit_events.pruning import sign_cut
from touchstone.domains.audit_events.service import AuditChain
from touchstone.domains.retention_rules.pruning import prune_audit
from touchstone.settings import Settings


@click.group()
def audit() -> None:
    """The record of who changed what."""


@audit.command()
@click.option("--head", metavar="NUMBER:DIGEST", help="A head that an earlier verification or the worker's log told.")
@as_json
def verify(head: str | None, is_json: bool) -> int:
    """Walk the chain of sealed events; status 1 names the first row that was changed or taken away.

    A worker seals within a second; the events that still wait are counted, and no more can be said of them. Whoever
    has the keys of this service could forge a whole chain: keep the head that is told, and give it next time.
    """
    found = run(_verify(load_settings(), head))
    if is_json:
        print_json(found)
    else:
        _tell(found)
    return exit_codes.FAILED if found.fault else exit_codes.OK


async def _verify(settings: Settings, remembered: str | None) -> Verification:
    async with running_parts(settings, with_ray=False) as complete:
        database = Database(service_url(complete), size=1)
        await database.open()
        try:
            return await AuditChain(database, vault_of(complete)).verify(remembered)
        finally:
            await database.close()


@audit.command()
@click.option("--older-than", "days", type=click.IntRange(1, 36_500), help="Days; else as the rule of retention says.")
@click.option("--accept-cut", is_flag=True, help="Sign an earlier cut anew, whoever made it; for when its key is lost.")
@as_json
def prune(days: int | None, accept_cut: bool, is_json: bool) -> None:
    """Delete sealed events that are older; the chain goes on from where it is cut, and shows later changes as before.

    Needs TOUCHSTONE_DATABASE_OWNER_URL: the role that serves can add to the audit and take nothing away. Without
    --older-than the rule of retention for audit_events counts; without one nothing happens. A chain that does not
    hold is left as it is.
    """
    pruned = run(_prune(load_settings(), days, accept_cut))
    if is_json:
        print_json({"pruned": pruned})
    else:
        click.echo(f"{pruned} events pruned")


async def _prune(settings: Settings, days: int | None, accept_cut: bool) -> int:
    async with shared_parts(settings) as complete:
        database = Database(owner_url(complete), size=1)
        await database.open()
        try:
            if accept_cut:
                await sign_cut(database, vault_of(complete))
            return await prune_audit(database, vault_of(complete), days)
        finally:
            await database.close()


def vault_of(settings: Settings) -> Vault:
    return Vault([key.reveal() for key in settings.secret_keys])


def _tell(found: Verification) -> None:
    if found.pruned:
        click.echo(f"The chain begins behind link {found.pruned}: what was before has been pruned")
    click.echo(f"{found.sealed} events are as they were sealed, {found.waiting} wait for their seal")
    if found.head:
        click.echo(f"head {found.head}")
    if found.fault:
        say(f"Failed: {found.fault}")
