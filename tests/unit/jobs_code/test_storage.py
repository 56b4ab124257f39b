from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import boto3
import msgspec
import pytest
from moto import mock_aws

from touchstone_jobs import storage, wire
from touchstone_jobs.attempt import Attempt, Finished, run_attempt
from touchstone_jobs.redaction import Redactor


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A URI that ends with a slash, in each kind of store."""
    if request.param == "folder":
        yield f"file://{quote(str(tmp_path))}/sto%20re/"
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    storage._bucket_store.cache_clear()
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="jobs")
        yield "s3://jobs/some/"
    storage._bucket_store.cache_clear()


def test_what_is_put_can_be_got(place: str, tmp_path: Path) -> None:
    storage.put(place + "a/b.json", b"one")
    storage.put(place + "a/b.json", b"two")
    assert storage.get(place + "a/b.json") == b"two"

    (tmp_path / "local").write_bytes(b"x" * 3_000_000)
    storage.put_file(place + "big", tmp_path / "local")
    storage.get_file(place + "big", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "local").read_bytes()


@pytest.mark.parametrize("place", ["bucket"], indirect=True)
@pytest.mark.parametrize("by_file", [False, True])
def test_a_bucket_that_refuses_fails_the_attempt(place: str, tmp_path: Path, by_file: bool) -> None:
    nowhere = "s3://no-such-bucket/results.json"
    (tmp_path / "results.json").write_bytes(b"{}")

    def save(_: Attempt) -> Finished:
        if by_file:
            storage.put_file(nowhere, tmp_path / "results.json")
        else:
            storage.put(nowhere, b"{}")
        return Finished()

    source = wire.DatasetSource(id="d", name="d.csv", folder_uri=place + "d/")
    places = {"work_uri": place + "work/", "attempt_uri": place + "attempt/", "results_uri": nowhere}
    config = wire.JobConfig(job_id="j", attempt=1, kind="inference", name="a job", dataset=source, **places)

    assert run_attempt(config, save, Redactor()) is False
    outcome = msgspec.json.decode(storage.get(place + "attempt/outcome.json"), type=wire.Outcome)
    assert outcome.failure is not None
    assert outcome.failure.code == "storage_unavailable"


def test_what_is_not_there_is_missing(place: str, tmp_path: Path) -> None:
    assert not storage.exists(place + "nothing")
    with pytest.raises(storage.ObjectMissing, match="nothing"):
        storage.get(place + "nothing")
    with pytest.raises(storage.ObjectMissing):
        storage.get_file(place + "nothing", tmp_path / "back")
    assert list(storage.list_objects(place + "no/such/")) == []


def test_a_listing_is_in_order_and_holds_whole_objects_only(place: str) -> None:
    for name in ("part/2", "part/1", "part/deep/3", "party"):
        storage.put(place + name, b"")

    assert list(storage.list_objects(place + "part/")) == [place + f"part/{name}" for name in ("1", "2", "deep/3")]
    assert storage.exists(place + "party")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    uri = f"file://{quote(str(tmp_path))}/a"
    storage.put(uri, b"before")
    with pytest.raises(TypeError):
        storage.put(uri, "no bytes")  # type: ignore[arg-type]

    assert storage.get(uri) == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["with space", "per%cent", "quo'te", "ünï🐊", "ha#sh", "quest?ion"])
def test_any_name_works_in_a_file_uri(tmp_path: Path, name: str) -> None:
    storage.put(f"file://{quote(str(tmp_path))}/{quote(name)}", b"x")

    assert (tmp_path / name).read_bytes() == b"x"


def test_other_schemes_are_refused() -> None:
    with pytest.raises(ValueError, match="gopher"):
        storage.get("gopher://host/key")
