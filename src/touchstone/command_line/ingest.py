"""touchstone ingest"""

import contextlib
import os
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec

from touchstone.command_line.console import as_json, print_json, say
from touchstone.command_line.ingest_calls import PREFIX, TIMEOUT, ExecutionCalls, Posted
from touchstone.errors import Conflict, Failure

PASSED, FAILED, NO_VERDICT = 0, 1, 2
VERDICTS = {"PASSED": PASSED, "FAILED": FAILED}
API_KEY = "TOUCHSTONE_API_KEY"
MOST_NAMED = 20

MEDIA_TYPES = {
    "junit": "application/xml",
    "tap": "text/x-tap",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}
FORMATS = {".xml": "junit", ".tap": "tap", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}

# what a family asks for beyond name, version and architecture, by the option that says it
OF_FAMILIES = (
    ("stage", "execution_stage"),
    *((name, name) for name in ("track", "store", "branch", "series", "repo", "source")),
    *((name, name) for name in ("sha256", "os", "release", "owner", "image_url", "revision")),
)


class CiLinkOfAnother(Conflict):
    """The CI link {link} belongs to test execution {id}, which is of something else; say another --ci-link"""


class FormatUnknown(Conflict):
    """{file}: say the --format, its name does not tell it"""


class FileUnreadable(Conflict):
    """{file}: {reason}"""


class Report(msgspec.Struct):
    """`status` is that of the execution, the counts those of this call."""

    test_execution: int
    status: str
    url: str
    passed: int
    failed: int
    skipped: int


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--family", required=True, help="snap, deb, charm, image, solution or model.")
@click.option("--name", help="Of the artefact that was tested.")
@click.option("--version", help="Of the artefact that was tested.")
@click.option("--arch", help="What it was built for, such as amd64.")
@click.option("--environment", required=True, help="Where the tests ran.")
@click.option("--test-plan", required=True, help="What was run.")
@click.option("--stage", help="edge, beta, candidate, stable; proposed, updates; pending, current.")
@click.option("--revision", type=int)
@click.option("--track")
@click.option("--store")
@click.option("--branch")
@click.option("--series")
@click.option("--repo")
@click.option("--source")
@click.option("--sha256")
@click.option("--os")
@click.option("--release")
@click.option("--owner")
@click.option("--image-url")
@click.option("--ci-link", help="What the execution is known by: again the same, again the same execution.")
@click.option("--metadata", multiple=True, metavar="CATEGORY=VALUE", help="Of the execution; may be repeated.")
@click.option("--needs-assignment", is_flag=True, help="Reviewers are wanted.")
@click.option("--format", "form", type=click.Choice(list(MEDIA_TYPES)), help="Of the files; else by their names.")
@click.option(
    "--url", envvar="TOUCHSTONE_INGEST_URL", show_envvar=True, default="http://127.0.0.1:8000", show_default=True
)
@as_json
def ingest(files: tuple[Path, ...], form: str | None, url: str, is_json: bool, **given: Any) -> int:
    """Report what a CI job has tested: start a test execution, post FILES, end it.

    FILES are JUnit XML, TAP, or results as JSON or NDJSON. The API key comes from TOUCHSTONE_API_KEY. Without
    --ci-link it is CI_JOB_URL or BUILD_URL, or the address of the GitHub workflow run; without those each call makes
    an execution of its own.

    Exit status: 0 the execution passed, 1 it failed, 2 there is no verdict because something went wrong.

    \b
    touchstone ingest junit.xml --family snap --name core --version 1.2 --arch amd64 \\
        --stage edge --track latest --store ubuntu --revision 7 --environment laptop --test-plan smoke
    """
    try:
        report = _ingest(files, form, url, given)
    except Failure as error:
        say(f"Failed: {error}")
        return NO_VERDICT
    if is_json:
        print_json(report)
    return VERDICTS.get(report.status, NO_VERDICT)


def _ingest(files: Sequence[Path], form: str | None, url: str, given: Mapping[str, Any]) -> Report:
    bodies = [(_read(file), MEDIA_TYPES[form or _format_of(file)]) for file in files]
    metadata = _metadata(given["metadata"])
    key = os.environ.get(API_KEY, "").strip()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=TIMEOUT) as http:
        calls = ExecutionCalls(http)
        execution = _start(calls, _wanted(given))
        place = f"{url.rstrip('/')}{PREFIX}/{execution}"
        say(f"Test execution {execution}: {place}/test-results")
        try:
            if metadata:  # before the results, whose rules look at it
                calls.describe(execution, metadata)
            posted = [result for body, media_type in bodies for result in calls.post(execution, body, media_type)]
            return _told(posted, calls.finish(execution).status, execution, place)
        except Failure:
            with contextlib.suppress(Failure):
                calls.give_up(execution)
            raise


def _start(calls: ExecutionCalls, wanted: Mapping[str, Any]) -> int:
    started = calls.start(wanted)
    if started.conflict:
        raise CiLinkOfAnother(link=wanted["ci_link"], id=started.id)
    return started.id


def _wanted(given: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {name: given[name] for name in ("family", "name", "version", "arch", "environment", "test_plan")}
    wanted |= {field: given[option] for option, field in OF_FAMILIES}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    link = given["ci_link"] or ci_link(os.environ, wanted)
    return {**wanted, "ci_link": link, "needs_assignment": given["needs_assignment"]}


def ci_link(environ: Mapping[str, str], wanted: Mapping[str, Any]) -> str:
    """Of the CI job that this is part of, or one that nobody else has.

    A job may report several executions, so what they are of stands behind the `#`.
    """
    link = environ.get("CI_JOB_URL") or environ.get("BUILD_URL") or _github_run(environ)
    if not link:
        return uuid.uuid4().urn
    known = msgspec.json.encode(sorted(wanted.items()))
    return f"{link.partition('#')[0]}#{uuid.uuid5(uuid.NAMESPACE_URL, known.decode())}"


def _github_run(environ: Mapping[str, str]) -> str | None:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name) for name in names)
    if not (server and repository and run):
        return None
    return f"{server}/{repository}/actions/runs/{run}/attempts/{environ.get('GITHUB_RUN_ATTEMPT', '1')}"


def _format_of(file: Path) -> str:
    if (form := FORMATS.get(file.suffix.lower())) is None:
        raise FormatUnknown(file=file)
    return form


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from error


def _metadata(written: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in written:
        category, sign, value = one.partition("=")
        if not (category and sign and value):
            raise click.BadParameter(f"{one} is not CATEGORY=VALUE", param_hint="--metadata")
        found.setdefault(category, []).append(value)
    return found


def _told(posted: Sequence[Posted], status: str, execution: int, place: str) -> Report:
    counted = [result for result in posted if result.outcome != "superseded"]
    failed = [result.name for result in counted if result.status == "FAILED"]
    counts = Counter(result.status for result in counted)
    for name in failed[:MOST_NAMED]:
        say(f"failed: {name}")
    if len(failed) > MOST_NAMED:
        say(f"and {len(failed) - MOST_NAMED} more")
    say(f"{status}: {counts['PASSED']} passed, {len(failed)} failed, {counts['SKIPPED']} skipped")
    return Report(execution, status, place, counts["PASSED"], len(failed), counts["SKIPPED"])
