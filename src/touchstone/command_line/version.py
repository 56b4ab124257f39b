"""touchstone version"""

import importlib.metadata
import platform

import click

from touchstone.command_line.console import as_json, print_json


@click.command()
@as_json
def version(is_json: bool) -> None:
    """Print the version of Touchstone."""
    found = importlib.metadata.version("touchstone")
    if is_json:
        print_json({"version": found, "python": platform.python_version()})
    else:
        click.echo(found)
