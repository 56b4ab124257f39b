"""touchstone openapi"""

import tempfile
from pathlib import Path

import click
import msgspec

from touchstone.app import TAGS, build_api
from touchstone.assembly import assemble
from touchstone.command_line import exit_codes
from touchstone.command_line.console import say
from touchstone.domains.health.service import HealthService
from touchstone.environment_file import new_secret_key
from touchstone.http.logging import FailureLog
from touchstone.http.metrics import Metrics
from touchstone.http.openapi import as_json, document
from touchstone.setting_values import Secret
from touchstone.settings import Settings


@click.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of printing.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; fail (1) when the --output file is stale.")
def openapi(output: Path | None, is_check: bool) -> int:
    """Print the OpenAPI document of the API. Needs no database and no setting.

    \b
    touchstone openapi --output openapi.json
    touchstone openapi --output openapi.json --check
    """
    document = openapi_document()
    if output is None:
        click.echo(document, nl=False)
    elif is_check:
        if not output.exists() or output.read_bytes() != document:
            say(f"{output} is stale: run `just openapi`")
            return exit_codes.FAILED
    else:
        output.write_bytes(document)
    return exit_codes.OK


def openapi_document() -> bytes:
    """The same bytes for the same code: settings and the environment take no part, and nothing is connected."""
    settings = Settings(
        database_url=Secret("postgresql://nobody@localhost/none"),
        store_dir=Path(tempfile.gettempdir()) / "touchstone-openapi",
        secret_keys=(Secret(new_secret_key()),),
        url_signing_keys=(Secret(new_secret_key()),),
    )
    parts = assemble(settings)
    health = HealthService({}, deployment_type=settings.deployment_type)
    described = document(build_api(parts, health, Metrics(), FailureLog()), TAGS)
    return msgspec.json.format(as_json(described), indent=2) + b"\n"
