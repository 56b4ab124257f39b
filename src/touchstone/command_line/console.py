"""What a command says: news for people on standard error, results for people or scripts on standard output."""

import click
import msgspec


def say(message: str) -> None:
    click.echo(message, err=True)


def print_json(answer: object) -> None:
    click.echo(msgspec.json.encode(answer))


as_json = click.option("--json", "is_json", is_flag=True, help="Print one JSON object instead of text.")
