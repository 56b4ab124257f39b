"""Cards in Jira for reviews to be done, one for each reviewer, under the issue of what is reviewed."""

import re
from typing import Any

import msgspec

from touchstone.adapters.issue_tracker import NotAccepted, require_marker
from touchstone.adapters.jira_site import CreatedIssue, JiraSite, find_labelled, summary
from touchstone.adapters.remote_service import Answer
from touchstone.errors import Refused

_ISSUE = re.compile(r"(?P<project>[A-Za-z][A-Za-z0-9_]*)-[0-9]+")


class NoJiraIssue(Refused):
    """{text} is not the key of a Jira issue, such as PROJECT-123"""


class ReviewCard(msgspec.Struct, frozen=True):
    """`parent` with its project in front. `marker` is a label that no other card has: of eight letters, digits or
    dashes at least. `handle` is the reviewer as his name is found in Jira.
    """

    parent: str
    title: str
    text: str
    marker: str
    handle: str | None = None

    def __post_init__(self) -> None:
        require_marker(self.marker)


class CreatedCard(msgspec.Struct, frozen=True):
    """`was_there` when an earlier attempt had made it, `is_assigned` not being known then."""

    key: str
    url: str
    was_there: bool
    is_assigned: bool


class _User(msgspec.Struct, frozen=True, rename="camel"):
    """The cloud names an account, a server a user."""

    account_id: str | None = None
    name: str | None = None
    active: bool = True
    account_type: str = "atlassian"


class _Trouble(msgspec.Struct, frozen=True):
    errors: dict[str, str] = {}


class JiraReviewCards:
    def __init__(self, jira: JiraSite) -> None:
        self._jira, self._service = jira, jira.service

    async def close(self) -> None:
        await self._service.close()

    async def ensure(self, card: ReviewCard) -> CreatedCard:
        """Makes the card unless one with its marker is there.

        Raises NoJiraIssue, NotAccepted (the parent is unknown, …), RateLimited, CredentialsRefused, Unavailable.
        """
        match = _ISSUE.fullmatch(card.parent.strip())
        if match is None:
            raise NoJiraIssue(text=card.parent[:100])
        project = match["project"].upper()
        found = await find_labelled(self._jira, project, card.marker)
        if found is not None:
            return self._card(found.key, was_there=True, is_assigned=False)
        return await self._made(self._fields(project, card), await self._assignee(card.handle))

    async def _made(self, fields: dict[str, Any], assignee: dict[str, str] | None) -> CreatedCard:
        """Whoever cannot be assigned in the project leaves the card to nobody."""
        answer = await self._posted({**fields, "assignee": assignee} if assignee else fields)
        if assignee and _dislikes_assignee(answer):
            assignee = None
            answer = await self._posted(fields)
        created = self._service.accepted(answer, CreatedIssue)
        return self._card(created.key, was_there=False, is_assigned=assignee is not None)

    async def _posted(self, fields: dict[str, Any]) -> Answer:
        return await self._service.post(f"{self._jira.api_url}/issue", {"fields": fields})

    def _fields(self, project: str, card: ReviewCard) -> dict[str, Any]:
        return {
            "project": {"key": project},
            "parent": {"key": card.parent.strip().upper()},
            "issuetype": {"name": "Task"},
            "summary": summary(card.title),
            "description": self._jira.document(card.text),
            "labels": [card.marker],
        }

    async def _assignee(self, handle: str | None) -> dict[str, str] | None:
        """The first active person that Jira finds for the handle; None where it finds nobody or may not say."""
        if not handle:
            return None
        name = "query" if self._jira.version == 3 else "username"
        answer = await self._service.get(f"{self._jira.api_url}/user/search", params={name: handle, "maxResults": "10"})
        try:
            users = self._service.accepted(answer, list[_User])
        except NotAccepted:
            return None
        people = (user for user in users if user.active and user.account_type == "atlassian")
        return next((named for named in map(_named, people) if named), None)

    def _card(self, key: str, *, was_there: bool, is_assigned: bool) -> CreatedCard:
        return CreatedCard(key, f"https://{self._jira.site}/browse/{key}", was_there, is_assigned)


def _named(user: _User) -> dict[str, str] | None:
    if user.account_id:
        return {"accountId": user.account_id}
    return {"name": user.name} if user.name else None


def _dislikes_assignee(answer: Answer) -> bool:
    if answer.status != 400:
        return False
    try:
        return "assignee" in msgspec.json.decode(answer.body, type=_Trouble).errors
    except ValueError:
        return False
