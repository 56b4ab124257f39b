"""S3 without a server: what is imported, what is told of a failure, and how an upload in parts ends."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from touchstone.adapters import s3_multipart
from touchstone.adapters.s3_client import S3Account
from touchstone.adapters.s3_failures import answering
from touchstone.errors import Invalid, Unavailable


def test_the_library_is_imported_only_when_a_store_is_used() -> None:
    program = (
        "import sys; from touchstone.adapters.s3_store import S3Store;"
        "S3Store('b', endpoint_url=None, region='r', access_key_id='a', secret_access_key='s');"
        "sys.exit(bool({'botocore', 'boto3', 'aioboto3', 'aiohttp'} & {name.split('.')[0] for name in sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_account_does_not_show_its_keys() -> None:
    account = S3Account("here", "http://s3.test", "the-key-id", "the-secret")
    assert "the-" not in repr(account)


def refusal(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "host 10.0.0.9"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetObject")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (refusal("SignatureDoesNotMatch", 403), "it refuses our credentials (SignatureDoesNotMatch)"),
        (refusal("NoSuchBucket", 404), "its bucket does not exist"),
        (refusal("SlowDown", 503), "it answered 503 SlowDown"),
        (EndpointConnectionError(endpoint_url="http://10.0.0.9"), "there is no connection to it"),
        (ReadTimeoutError(endpoint_url="http://10.0.0.9"), "it does not answer in time"),
        (ConnectionResetError("10.0.0.9"), "the connection to it broke"),
    ],
)
def test_a_failure_is_told_without_names_and_addresses(error: Exception, reason: str) -> None:
    with pytest.raises(Unavailable) as caught, answering():
        raise error
    assert str(caught.value) == f"Upstream error with s3: {reason}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("error", [KeyError("ours"), Invalid(), FileNotFoundError("ours")])
def test_our_own_mistakes_are_not_blamed_on_the_store(error: Exception) -> None:
    with pytest.raises(type(error)), answering():
        raise error


class RecordingClient:
    def __init__(self, fail_at: int | None = None) -> None:
        self.parts: dict[int, bytes] = {}
        self.calls: list[str] = []
        self.fail_at = fail_at
        self.completed: Any = None

    async def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        self.calls.append("begin")
        return {"UploadId": "u"}

    async def upload_part(self, *, PartNumber: int, Body: bytes, **_: Any) -> dict[str, str]:
        if PartNumber == self.fail_at:
            raise refusal("SlowDown", 503)
        self.parts[PartNumber] = Body
        return {"ETag": f"e{PartNumber}"}

    async def complete_multipart_upload(self, *, MultipartUpload: Any, **_: Any) -> None:
        self.calls.append("complete")
        self.completed = MultipartUpload["Parts"]

    async def abort_multipart_upload(self, **_: Any) -> None:
        self.calls.append("abort")


async def test_parts_are_put_together_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_multipart, "SMALLEST_PART", 10)
    body = bytes(range(95))
    (tmp_path / "f").write_bytes(body)
    client = RecordingClient()
    await s3_multipart.upload(client, {"Bucket": "b", "Key": "k"}, tmp_path / "f", content_type="x/y")
    assert client.calls == ["begin", "complete"]
    assert [part["PartNumber"] for part in client.completed] == list(range(1, 11))
    assert b"".join(client.parts[number] for number in range(1, 11)) == body


async def test_an_upload_that_fails_leaves_no_parts_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_multipart, "SMALLEST_PART", 10)
    (tmp_path / "f").write_bytes(bytes(95))
    client = RecordingClient(fail_at=4)
    with pytest.raises(ClientError):
        await s3_multipart.upload(client, {"Bucket": "b", "Key": "k"}, tmp_path / "f", content_type="x/y")
    assert client.calls == ["begin", "abort"]
