"""What `touchstone serve --no-worker` has loaded when it is ready: what it uses, and nothing that comes later."""

import json
import subprocess
import sys

import pytest

BUILD = """
import json, sys, tempfile
from pathlib import Path

import touchstone.command_line.serve
from touchstone.app import create_app
from touchstone.setting_values import Secret
from touchstone.settings import Settings

with tempfile.TemporaryDirectory() as folder:
    create_app(
        Settings(
            database_url=Secret("postgresql://user:password@127.0.0.1:1/database"),
            data_dir=Path(folder),
            ray_url="http://127.0.0.1:1",
            secret_keys=(Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),),
            url_signing_keys=(Secret("a signing key for this test"),),
        )
    )
print(json.dumps(sorted(sys.modules)))
"""
LATER = {
    "a dataset is uploaded": ["pyarrow", "numpy", "pandas"],
    "objects lie in S3": ["aioboto3", "aiobotocore", "boto3", "botocore", "aiohttp"],
    "the database is migrated": ["yoyo", "psycopg"],
    "tracing or error reports are on": ["opentelemetry", "sentry_sdk"],
    "something is embedded": ["touchstone.embedded", "psutil"],
    "a job runs on the cluster": [
        "ray",
        "touchstone_jobs.inference",
        "touchstone_jobs.evaluation",
        "nltk",
        "sacrebleu",
    ],
    "somebody signs in with SAML": ["onelogin", "xmlsec", "lxml"],
    "somebody reads the documentation": ["swagger_ui_bundle", "swagger_ui", "jinja2"],
    "never": ["pydantic", "attrs", "sqlalchemy", "uvicorn"],
}


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    answer = subprocess.run([sys.executable, "-c", BUILD], capture_output=True, text=True, timeout=120, check=True)
    return frozenset(json.loads(answer.stdout))


@pytest.mark.parametrize("when", LATER)
def test_what_is_needed_later_is_imported_later(loaded, when):
    early = [name for name in LATER[when] if name in loaded]
    assert early == []


def test_the_service_itself_is_there(loaded):
    assert {"litestar", "asyncpg", "granian", "touchstone.domains.jobs.controller"} <= loaded
