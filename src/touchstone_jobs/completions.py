"""What an OpenAI-compatible endpoint is asked and what it answers."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from touchstone_jobs.failures import JobFailure

DEFAULT_BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "hosted_vllm": "http://localhost:8000/v1",
    "ollama": "http://localhost:11434/v1",
    "llamafile": "http://localhost:8080/v1",
}

LONGEST_WAIT_SECONDS = 120.0
_EXCERPT = 300
_TRANSIENT = {408, 409, 425, 500, 502, 503, 504, 529}
_HOPELESS = {401, 402, 403, 404, 405}


class CallFailed(Exception):
    """One call could not be had; others may. The message is safe to show once it went through the redactor."""


class TokenDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    completion_tokens_details: TokenDetails | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: Usage | None = None


class Completion(msgspec.Struct):
    """`seconds` is the time of the call that succeeded, `reasoning` what the provider itself keeps apart."""

    text: str
    reasoning: str | None
    usage: Usage | None
    seconds: float


class Endpoint(msgspec.Struct, frozen=True):
    """`base_url` is what comes before `/chat/completions`."""

    provider: str
    base_url: str
    model: str
    secret: str | None = None

    @property
    def url(self) -> str:
        return self.base_url.rstrip("/").removesuffix("/chat/completions") + "/chat/completions"


def endpoint_of(provider: str, model: str, base_url: str | None, secret: str | None) -> Endpoint:
    """Raises JobFailure `missing_base_url` for a provider whose address is not known."""
    address = base_url or DEFAULT_BASE_URLS.get(provider)
    if not address:
        known = ", ".join(DEFAULT_BASE_URLS)
        raise JobFailure("missing_base_url", f"The provider {provider} needs a base_url; known without are {known}.")
    if not address.startswith(("http://", "https://")):
        raise JobFailure("bad_base_url", f"The base_url of the provider {provider} is no http address.")
    return Endpoint(provider, address, model, secret)


class Refusal(msgspec.Struct):
    """Anything but a completion. `parameter` is what the endpoint objects to, `retry_after` seconds."""

    status: int
    text: str
    transient: bool = True
    retry_after: float | None = None
    parameter: str | None = None


def completion_from(content: bytes, seconds: float, provider: str) -> Completion | Refusal:
    try:
        completion = msgspec.json.decode(content, type=_Completion)
        message = completion.choices[0].message
    except (msgspec.MsgspecError, IndexError) as error:
        return Refusal(200, f"{provider} gave no chat completion: {error}")
    return Completion(message.content or "", message.reasoning_content, completion.usage, seconds)


def refusal_from(status: int, headers: Any, content: bytes, provider: str) -> Refusal:
    """Raises JobFailure `provider_refused` for what no other call would fare better with."""
    problem = _problem(content)
    text = f"{provider} answered {status}: {content[:_EXCERPT].decode(errors='replace').strip()}"
    if status in _HOPELESS or problem.code == "insufficient_quota":
        raise JobFailure("provider_refused", text)
    return Refusal(
        status,
        text,
        transient=status in _TRANSIENT,
        retry_after=_retry_after(headers),
        parameter=problem.param if status in (400, 422) else None,
    )


class _Problem(msgspec.Struct):
    code: str | int | None = None
    param: str | None = None


class _ProblemBody(msgspec.Struct):
    error: _Problem


def _problem(content: bytes) -> _Problem:
    try:
        return msgspec.json.decode(content, type=_ProblemBody).error
    except msgspec.MsgspecError:
        return _Problem()


def _retry_after(headers: Any) -> float | None:
    """Seconds, from a number of them or from a date; nobody is waited for longer than LONGEST_WAIT_SECONDS."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
