"""The command `touchstone`: its subcommands, and how their failures become exit statuses."""

import importlib
import sys
from typing import NoReturn

import click

from touchstone.command_line import exit_codes
from touchstone.command_line.console import say
from touchstone.command_line.running import Terminated
from touchstone.errors import Failure, Unavailable
from touchstone.settings import SettingsError

EXAMPLES = """\b
Examples:
  touchstone demo                             the whole loop on embedded parts
  touchstone serve                            API and worker, on whatever is set or embedded
  touchstone serve --no-worker                the API alone, beside any number of `touchstone worker`
  TOUCHSTONE_DATABASE_URL=… touchstone migrate
"""

# module and attribute of each command, imported when it is asked for: `version` needs no web framework
COMMANDS = {
    "serve": ("serve", "serve"),
    "worker": ("serve", "worker"),
    "demo": ("demo", "demo"),
    "seed": ("seed", "seed"),
    "ingest": ("ingest", "ingest"),
    "migrate": ("database", "migrate"),
    "rollback": ("database", "rollback"),
    "psql": ("psql", "psql"),
    "schema": ("schema", "schema"),
    "openapi": ("openapi", "openapi"),
    "users": ("users", "users"),
    "applications": ("applications", "applications"),
    "settings": ("show_settings", "show_settings"),
    "secret-key": ("keys", "secret_key"),
    "audit": ("audit", "audit"),
    "retention": ("retention", "retention"),
    "objects": ("objects", "objects"),
    "import": ("import_test_observer", "import_group"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "version": ("version", "version"),
}


class PackageMissing(Unavailable):
    """{command} needs the package {package}; install touchstone[embedded]."""


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        try:
            return getattr(importlib.import_module(f"touchstone.command_line.{module}"), attribute)
        except ModuleNotFoundError as error:
            return _without(cmd_name, error)


def _without(command: str, error: ModuleNotFoundError) -> click.Command:
    """Stands in for a command of which this installation lacks a package, so that the others go on working."""

    def refuse(**_: object) -> None:
        raise PackageMissing(command=command, package=error.name) from error

    anything = click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)
    lenient = {"ignore_unknown_options": True}
    return click.Command(
        command, lenient, refuse, [anything], help="Not in this installation: it needs touchstone[embedded]."
    )


@click.group(
    cls=Commands,
    epilog=f"{EXAMPLES}\n\n{exit_codes.HELP}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def cli() -> None:
    """Touchstone tells whether a model may go out, and on what evidence.

    Settings come from TOUCHSTONE_… variables and from .env in the current folder; `touchstone settings` shows them.
    What is unset is embedded: a Postgres, an object store and a Ray of its own, under ./.touchstone.
    """


def main() -> NoReturn:
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """The exit status of `touchstone …`; failures are told in a sentence, without a traceback."""
    try:
        return cli.main(arguments, prog_name="touchstone", standalone_mode=False) or exit_codes.OK
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SettingsError as error:
        for problem in error.problems:
            say(f"Setting: {problem}")
        return exit_codes.USAGE
    except Unavailable as error:
        say(f"Unavailable: {error}")
        return exit_codes.UNAVAILABLE
    except Failure as error:
        say(f"Failed: {error}")
        return exit_codes.FAILED
    except (KeyboardInterrupt, click.Abort):
        return exit_codes.INTERRUPTED
    except Terminated:
        return exit_codes.TERMINATED
