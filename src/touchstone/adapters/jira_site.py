"""A Jira that we have access to: where its interface is, in which version, and how its words are read."""

import base64
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from touchstone.adapters.remote_service import Authorize, RemoteService, anonymous, bearer

CLOUD_API = "https://api.atlassian.com/ex/jira"
LONGEST_SUMMARY = 255
_ADDRESS = re.compile(r"(https?://[^\s<>\"]+)")


class JiraSite(msgspec.Struct, frozen=True):
    """`site` as in issue references; version 3 is the cloud's, 2 that of a server or data center."""

    site: str
    api_url: str
    version: Literal[2, 3]
    service: RemoteService

    def document(self, text: str) -> object:
        """Long text as this version takes it: plain, or in the Atlassian Document Format.

        https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
        """
        if self.version == 2:
            return text
        paragraphs = [{"type": "paragraph", "content": _inline(line)} for line in text.splitlines()]
        return {"type": "doc", "version": 1, "content": paragraphs}


class CreatedIssue(msgspec.Struct, frozen=True):
    """`key` with its project in front."""

    key: str

    @property
    def number(self) -> str:
        return self.key.rpartition("-")[2]


class _Search(msgspec.Struct, frozen=True):
    issues: list[CreatedIssue]


def cloud_api(cloud_id: str) -> str:
    return f"{CLOUD_API}/{cloud_id}/rest/api/3"


def basic(email: str, api_token: str) -> Authorize:
    credentials = base64.b64encode(f"{email}:{api_token}".encode()).decode()

    async def authorize() -> Mapping[str, str]:
        return {"authorization": f"Basic {credentials}"}

    return authorize


def cloud_site(site: str, cloud_id: str, email: str, api_token: str, *, timeout_seconds: float = 30.0) -> JiraSite:
    service = RemoteService(site, timeout_seconds=timeout_seconds, authorize=basic(email, api_token))
    return JiraSite(site, cloud_api(cloud_id), 3, service)


def server_site(site: str, token: str | None, *, timeout_seconds: float = 30.0) -> JiraSite:
    """With a personal access token, or as the anonymous are served."""
    authorize = bearer(token) if token else anonymous
    service = RemoteService(site, timeout_seconds=timeout_seconds, authorize=authorize)
    return JiraSite(site, f"https://{site}/rest/api/2", 2, service)


async def find_labelled(jira: JiraSite, project: str, label: str) -> CreatedIssue | None:
    """The oldest issue of the project with this label. The cloud's index may lag behind by some seconds."""
    query = f'project = "{project}" and labels = "{label}" order by created asc'
    path = "search/jql" if jira.version == 3 else "search"
    params = {"jql": query, "fields": "summary", "maxResults": "1"}
    answer = await jira.service.get(f"{jira.api_url}/{path}", params=params)
    found = jira.service.accepted(answer, _Search).issues
    return found[0] if found else None


def summary(text: str) -> str:
    """One line, as Jira wants it."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SUMMARY else f"{line[: LONGEST_SUMMARY - 1]}…"


def _inline(line: str) -> list[dict[str, Any]]:
    parts = [part for part in _ADDRESS.split(line) if part]
    return [{"type": "text", "text": part, **_marks(part)} for part in parts]


def _marks(part: str) -> dict[str, Any]:
    is_address = _ADDRESS.fullmatch(part) is not None
    return {"marks": [{"type": "link", "attrs": {"href": part}}]} if is_address else {}
