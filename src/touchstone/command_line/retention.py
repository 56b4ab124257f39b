"""touchstone retention preview"""

import click

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json
from touchstone.command_line.open_database import open_database
from touchstone.command_line.running import run
from touchstone.domains.retention_rules.schemas import RetentionPreview, RetentionPreviews
from touchstone.domains.retention_rules.service import RetentionRuleService
from touchstone.settings import Settings


@click.group()
def retention() -> None:
    """How long what is kept; the rules are at /api/v1/retention-rules."""


@retention.command()
@as_json
def preview(is_json: bool) -> None:
    """Say what would go now by the rules that hold; nothing is changed."""
    items = run(_preview(load_settings()))
    if is_json:
        print_json(RetentionPreviews(items=items))
        return
    for item in items:
        click.echo(_line(item))


async def _preview(settings: Settings) -> list[RetentionPreview]:
    async with open_database(settings) as database:
        return await RetentionRuleService(database).preview()


def _line(item: RetentionPreview) -> str:
    if item.is_kept:
        return f"{item.kind}: kept for ever"
    count = f"{item.count}{' or more' if item.is_more else ''}"
    size = "" if item.bytes is None else f", {item.bytes} bytes"
    oldest = "" if item.oldest is None else f", since {item.oldest:%Y-%m-%d}, such as {', '.join(item.sample[:3])}"
    return f"{item.kind}: {count}{size}{oldest}"
