"""touchstone seed"""

import click
import httpx
import msgspec

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json
from touchstone.command_line.http_server import free_port
from touchstone.command_line.running import run
from touchstone.command_line.service import running_service
from touchstone.demo.client import TIMEOUT, Client
from touchstone.demo.sample import DIALOGUES
from touchstone.errors import Unavailable
from touchstone.settings import Settings


class NoService(Unavailable):
    """No service answers at {url}."""


class Seeded(msgspec.Struct):
    """None where the sample was there before."""

    dataset_id: str
    experiment_id: str | None


@click.command()
@click.option("--url", help="The service to fill; else the one of the settings, started for the purpose if need be.")
@as_json
def seed(url: str | None, is_json: bool) -> None:
    """Put the sample dataset and an experiment on it into a service, once.

    \b
    touchstone seed
    touchstone seed --url https://touchstone.example.org
    """
    settings = load_settings()
    seeded = run(_seed(url, settings))
    if is_json:
        print_json(seeded)
    elif seeded.experiment_id is None:
        click.echo(f"The sample is already there: dataset {seeded.dataset_id}")
    else:
        click.echo(f"Made dataset {seeded.dataset_id} and experiment {seeded.experiment_id}")


async def _seed(url: str | None, settings: Settings) -> Seeded:
    if await _answers(url or settings.api_url):
        return await _fill(url or settings.api_url)
    if url is not None:
        raise NoService(url=url)
    own = msgspec.structs.replace(
        settings, host="127.0.0.1", port=free_port(), public_url=None, log_level="error", log_format="text"
    )
    async with running_service(own, with_worker=False) as service:
        return await service.while_running(_fill(own.api_url))


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient(timeout=5) as http:
        try:
            return (await http.get(f"{url}/health/live")).is_success
        except httpx.TransportError:
            return False


async def _fill(url: str) -> Seeded:
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT) as http:
        client = Client(http)
        for dataset in await client.datasets():
            if dataset.filename == DIALOGUES.name:
                return Seeded(dataset.id, None)
        dataset = await client.upload(DIALOGUES)
        return Seeded(dataset.id, (await client.create_experiment("Sample: short dialogues", dataset)).id)
