"""The API as it is described: all routes, nothing connected."""

import tempfile
from pathlib import Path

from litestar import Litestar

from touchstone.app import build_api
from touchstone.assembly import assemble
from touchstone.domains.health.service import HealthService
from touchstone.environment_file import new_secret_key
from touchstone.http.logging import FailureLog
from touchstone.http.metrics import Metrics
from touchstone.setting_values import Secret
from touchstone.settings import Settings


def described_api() -> Litestar:
    settings = Settings(
        database_url=Secret("postgresql://nobody@localhost/none"),
        store_dir=Path(tempfile.gettempdir()) / "touchstone-described",
        secret_keys=(Secret(new_secret_key()),),
        url_signing_keys=(Secret(new_secret_key()),),
    )
    return build_api(assemble(settings), HealthService({}), Metrics(), FailureLog())
