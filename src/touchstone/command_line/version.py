"""touchstone version"""

import platform

import click

from touchstone.command_line.console import as_json, print_json
from touchstone.domains.health.service import installed_version


@click.command()
@as_json
def version(is_json: bool) -> None:
    """Print the version of Touchstone."""
    found = installed_version()
    if is_json:
        print_json({"version": found, "python": platform.python_version()})
    else:
        click.echo(found)
