"""What an S3 client may raise, in our own words: no name, address or credential of the other side gets out."""

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from touchstone.errors import Failure, Unavailable

_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "403", "401"}


@contextmanager
def answering() -> Generator[None]:
    """Raises Unavailable for whatever goes wrong between us and the store. Our own mistakes pass as they are."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:
        if (reason := _reason(error)) is None:
            raise
        raise unavailable(reason) from None  # the chain would carry request headers into a log


def unavailable(reason: str) -> Unavailable:
    return Unavailable(system="s3", reason=reason)


def code_of(error: BaseException) -> str:
    """The store's own word for the error, such as `NoSuchKey`; for an answer without a body its status."""
    return str(_detail(error, "Error").get("Code", ""))


def status_of(error: BaseException) -> int:
    return int(_detail(error, "ResponseMetadata").get("HTTPStatusCode", 0))


def client_error() -> Any:
    """The class of an answer that says no. Looked up when asked, because importing it takes a while."""
    return importlib.import_module("botocore.exceptions").ClientError


def _detail(error: BaseException, part: str) -> dict[str, Any]:
    return getattr(error, "response", {}).get(part, {})


def _reason(error: Exception) -> str | None:
    """None for what is not the store's doing."""
    known = importlib.import_module("botocore.exceptions")
    if isinstance(error, known.ClientError):
        return _refusal(error)
    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        return "no credentials are configured for it"
    if isinstance(error, known.ConnectTimeoutError | known.ReadTimeoutError | TimeoutError):
        return "it does not answer in time"
    if isinstance(error, known.SSLError):
        return "its certificate is not accepted"
    if isinstance(error, known.EndpointConnectionError | known.ProxyConnectionError):
        return "there is no connection to it"
    if isinstance(error, known.ParamValidationError):
        return "the name of its bucket is not valid"
    broken = importlib.import_module("aiohttp").ClientError
    if isinstance(error, known.BotoCoreError | broken | ConnectionError):
        return "the connection to it broke"
    return None


def _refusal(error: Exception) -> str:
    code = code_of(error)
    if code in _REFUSED:
        return f"it refuses our credentials ({code})"
    if code == "NoSuchBucket":
        return "its bucket does not exist"
    return f"it answered {status_of(error)} {code}".rstrip()
