"""The OpenAPI document, held against the contracts that existing clients were written for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.compatibility.shared import CONTRACTS, SHARED, needs_shared

from touchstone.command_line.openapi import openapi_document

EVALUATION = CONTRACTS / "lumigator.openapi.json"
OBSERVATION = CONTRACTS / "test_observer.openapi.json"


@pytest.fixture(scope="module")
def document() -> bytes:
    return openapi_document()


@pytest.fixture
def served(document: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_bytes(document)
    return path


def test_the_document_is_valid_openapi_3_1(document: bytes) -> None:
    content = msgspec.json.decode(document)
    assert content["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(content).iter_errors()) == []


@needs_shared
def test_a_client_of_the_evaluation_contract_finds_nothing_broken(
    served: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = run_contract_diff(monkeypatch, "--ids", "--words", served, EVALUATION)
    assert (code, breaks(capsys)) == (0, [])


@needs_shared
def test_a_client_of_the_observation_contract_finds_version_and_health(
    served: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = run_contract_diff(monkeypatch, "--only", "version$|health", "--prefix", "/api", served, OBSERVATION)
    assert (code, breaks(capsys)) == (0, [])


def run_contract_diff(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["contract_diff.py", *map(str, arguments)])
    return contract_diff().main()


def contract_diff() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contract_diff", SHARED / "tools" / "contract_diff.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def breaks(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What it prints, less the last line, which counts."""
    return capsys.readouterr().out.splitlines()[:-1]
