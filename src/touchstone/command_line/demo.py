"""touchstone demo"""

from pathlib import Path

import click
import msgspec
from rich.console import Console

from touchstone.command_line import exit_codes
from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json
from touchstone.command_line.http_server import free_port
from touchstone.command_line.running import run
from touchstone.command_line.service import running_service
from touchstone.demo.display import display
from touchstone.demo.report import DemoReport, print_report
from touchstone.demo.sample import DIALOGUES, UnfitFile, require_fit
from touchstone.demo.scenario import run_scenario
from touchstone.settings import Settings


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=DIALOGUES)
@as_json
def demo(file: Path, is_json: bool) -> int:
    """Run the whole loop on embedded parts: upload, experiment, two models, comparison.

    FILE is a CSV file with the columns examples and ground_truth; without it, 48 short dialogues that ship with
    Touchstone. The models are the baselines lead-1 and lead-3 (the first sentences), so nothing is downloaded.
    What it makes stays in the data directory for `touchstone serve`; nothing is left running.

    \b
    touchstone demo
    touchstone demo reviews.csv --json
    """
    settings = load_settings()
    try:
        require_fit(file)
        report = run(_demo(_embedded_only(settings), file))
    except UnfitFile as error:
        raise click.BadParameter(str(error), param_hint="FILE") from error
    if is_json:
        print_json(report)
    else:
        print_report(Console(), report, settings.api_url)
    return exit_codes.OK if report.has_succeeded else exit_codes.FAILED


async def _demo(settings: Settings, file: Path) -> DemoReport:
    console = Console(stderr=True)
    console.print("Starting Postgres, the object store, Ray and the service …")
    async with running_service(settings) as service:
        with display(console) as shown:
            steps = run_scenario(settings.api_url, file, service.settings.store_folder, shown)
            return await service.while_running(steps)


def _embedded_only(settings: Settings) -> Settings:
    """A demo writes nothing into configured databases, buckets and clusters."""
    unset = dict.fromkeys(
        ("database_url", "database_owner_url", "s3_bucket", "s3_endpoint_url", "store_dir", "ray_url", "ray_token")
    )
    return msgspec.structs.replace(
        settings,
        **unset,
        host="127.0.0.1",
        port=free_port(),
        public_url=None,
        allowed_hosts=(),
        log_level="error",
        log_format="text",
    )
