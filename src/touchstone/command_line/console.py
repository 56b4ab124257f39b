"""What a command says: news for people on standard error, results for people or scripts on standard output."""

import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec
import structlog

from touchstone.settings import Settings

Tell = Callable[[str], None]

as_json = click.option("--json", "is_json", is_flag=True, help="Print one JSON object instead of text.")


def say(message: str) -> None:
    click.echo(message, err=True)


def print_json(answer: object) -> None:
    click.echo(msgspec.json.encode(answer))


def logs_json(settings: Settings) -> bool:
    is_for_machines = settings.log_format == "auto" and not sys.stderr.isatty()
    return is_for_machines or settings.log_format == "json"


def teller(settings: Settings) -> Tell:
    """How a service says things: where its log is JSON they are lines of the log."""
    if not logs_json(settings):
        return say
    log: Any = structlog.get_logger("touchstone")
    return log.info
