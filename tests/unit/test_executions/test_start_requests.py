"""Requests that start a test, as they are decoded."""

from typing import Any

import pytest

from touchstone.domains.families.model import FAMILIES
from touchstone.domains.test_executions.schemas import TestExecutionsPatchRequest
from touchstone.domains.test_executions.start_requests import REQUESTS, StartRequest, StartTest
from touchstone.domains.test_executions.starting import given_start
from touchstone.http.decoding import InvalidRequest, decode

COMMON = {"name": "core", "version": "1", "arch": "amd64", "environment": "laptop", "test_plan": "smoke"}
SNAP = {**COMMON, "family": "snap", "revision": "3", "track": "latest", "store": "ubuntu", "execution_stage": "beta"}
DEB = {**COMMON, "family": "deb", "series": "noble", "repo": "main"}


def decoded(body: dict[str, Any]) -> StartTest:
    return decode(StartRequest, body)


def faults(body: dict[str, Any]) -> list[tuple[str, list[str | int], str]]:
    with pytest.raises(InvalidRequest) as caught:
        decoded(body)
    return [(item["type"], item["loc"], item["msg"]) for item in caught.value.errors]


def test_every_family_has_a_request() -> None:
    assert [cls.__name__ for cls in REQUESTS.values()] == [
        f"Start{name.capitalize()}TestExecutionRequest" for name in FAMILIES
    ]


def test_what_is_not_given_has_its_default() -> None:
    request = decoded({**SNAP, "agent_id": "ignored"})
    assert (request.initial_status, request.relevant_links, request.needs_assignment) == ("IN_PROGRESS", [], False)
    assert (request.ci_link, getattr(request, "branch")) == (None, "")  # noqa: B009 -- made of the family


def test_the_family_must_be_said() -> None:
    ((kind, loc, _),) = faults(COMMON)
    assert (kind, loc) == ("union_tag_not_found", ["body"])


def test_an_unknown_family_is_told_the_known_ones() -> None:
    ((kind, loc, words),) = faults({**COMMON, "family": "rock"})
    assert (kind, loc) == ("union_tag_invalid", ["body"])
    assert words.endswith("'snap', 'deb', 'charm', 'image', 'solution', 'model'")


@pytest.mark.parametrize("field", ["name", "version", "arch", "environment", "test_plan", "revision", "store", "track"])
def test_what_a_family_asks_for_must_be_there(field: str) -> None:
    body = {name: value for name, value in SNAP.items() if name != field}
    assert faults(body) == [("missing", ["body", "snap", field], "Field required")]


@pytest.mark.parametrize("version", ["", "null"])
def test_a_version_that_runners_send_for_want_of_one_is_refused(version: str) -> None:
    ((kind, loc, words),) = faults({**SNAP, "version": version})
    assert (kind, loc) == ("value_error", ["body", "snap", "version"])
    assert words.startswith("Value error, ")


@pytest.mark.parametrize("status", ["COMPLETED", "passed", None])
def test_only_a_real_status_starts(status: str | None) -> None:
    ((kind, loc, _),) = faults({**SNAP, "initial_status": status})
    assert (kind, loc) == ("enum", ["body", "snap", "initial_status"])


def test_a_stage_must_be_one_of_the_family() -> None:
    ((kind, loc, _),) = faults({**SNAP, "execution_stage": "proposed"})
    assert (kind, loc) == ("enum", ["body", "snap", "execution_stage"])


def test_a_deb_comes_from_a_source_or_is_at_a_stage() -> None:
    neither = "Value error, Received no source or execution_stage"
    both = "Value error, Received both source and execution_stage"
    assert faults(DEB) == [("value_error", ["body", "deb"], neither)]
    assert faults({**DEB, "execution_stage": ""}) == [("value_error", ["body", "deb"], neither)]
    said_twice = {**DEB, "source": "ppa", "execution_stage": "proposed"}
    assert faults(said_twice) == [("value_error", ["body", "deb"], both)]
    assert given_start(decoded({**DEB, "source": "ppa"})).source == "ppa"
    assert given_start(decoded({**DEB, "execution_stage": "updates"})).stage == "updates"


def test_an_image_needs_no_more_than_its_digest() -> None:
    given = given_start(
        decoded({"family": "image", "sha256": "ab", "environment": "laptop", "test_plan": "smoke", "name": None})
    )
    assert (given.sha256, given.name, given.architecture, given.revision) == ("ab", "", None, None)


def test_links_are_web_addresses() -> None:
    ((kind, loc, words),) = faults({**SNAP, "relevant_links": [{"label": "a", "url": "log"}]})
    assert (kind, loc) == ("url_parsing", ["body", "snap", "relevant_links", 0, "url"])
    assert words == "Input should be a valid URL, relative URL without a base"
    ((kind, _, _),) = faults({**SNAP, "relevant_links": [{"label": "a", "url": "ftp://h"}]})
    assert kind == "url_scheme"


def test_a_change_knows_what_the_results_say() -> None:
    assert decode(TestExecutionsPatchRequest, {"status": "COMPLETED"}).status == "COMPLETED"


def test_metadata_has_words_of_a_bounded_length() -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode(TestExecutionsPatchRequest, {"execution_metadata": {"": ["x"], "a": [""], "b": ["c" * 201]}})
    assert [item["type"] for item in caught.value.errors] == ["string_too_short", "string_too_short", "string_too_long"]
