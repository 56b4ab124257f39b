from typing import Any

import pytest

from touchstone.domains.issue_orders.model import LONGEST_TEXT, LONGEST_TITLE, ResultFacts, text_of, title_of
from touchstone.tracker_settings import ISSUE_TEXT, ISSUE_TITLE

PAGE = "http://localhost:30001/snaps/1?testExecutionId=2&testResultId=3"


def facts(**changes: Any) -> ResultFacts:
    given = {
        "artefact_id": 1,
        "execution_id": 2,
        "artefact": "core",
        "version": "16",
        "family": "snap",
        "stage": "beta",
        "environment": "laptop",
        "architecture": "amd64",
        "test_plan": "smoke",
        "test_case": "boots",
        "template_id": "",
        "status": "FAILED",
        "comment": "kernel panic",
        "ci_link": "http://ci.test/1",
    }
    return ResultFacts(**(given | changes))


def test_the_page_of_a_result_is_that_of_its_execution() -> None:
    assert facts().page("http://localhost:30001", 3) == PAGE


def test_the_settings_fill_every_field() -> None:
    written = title_of(ISSUE_TITLE, facts(), PAGE) + text_of(ISSUE_TEXT.replace("\\n", "\n"), facts(), PAGE)
    assert "$" not in written
    assert written.count(PAGE) == 1


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("$test_case\n\tin  ${environment}", "boots in laptop"),
        ("$HOME costs $$5 {x} %s", "$HOME costs $5 {x} %s"),
        ("100 $ and $", "100 $ and $"),
        ("x" * 300, "x" * (LONGEST_TITLE - 1) + "…"),
    ],
)
def test_a_title_is_one_line_and_what_is_no_field_stays(template: str, title: str) -> None:
    assert title_of(template, facts(), PAGE) == title


def test_what_a_result_says_is_no_template() -> None:
    assert title_of("$comment", facts(comment="$version ${x}"), PAGE) == "$version ${x}"


@pytest.mark.parametrize("template", ["Broken", "", "  \n "])
def test_a_text_links_back_whatever_it_says(template: str) -> None:
    assert text_of(template, facts(), PAGE) == f"{template}\n\n{PAGE}".strip()


def test_a_long_text_is_cut_and_still_links_back() -> None:
    text = text_of("$comment", facts(comment="x" * 2 * LONGEST_TEXT), PAGE)
    assert len(text) <= LONGEST_TEXT + len(PAGE) + 2
    assert text.endswith(PAGE)
