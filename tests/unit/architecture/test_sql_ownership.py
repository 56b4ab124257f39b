"""One noun writes a table; any repository may read it; SQL stands nowhere else."""

import ast
import re

from tests.unit.architecture.source import MIGRATIONS, files, is_repository, nodes, noun_of, texts

WRITTEN_BY = {
    "applications": {"application"},
    "artefact_matching_rules": {"artefact_matching_rule", "artefact_matching_rule_team"},
    "artefacts": {"artefact", "artefact_build", "artefact_bundled_build", "artefact_decision", "artefact_reviewer"},
    "attachment_rules": {"attachment_rule", "attachment_rule_metadata"},
    "audit_events": {"audit_cut", "audit_event", "audit_head", "audit_seal"},
    "auth": {"api_key", "seen_assertion", "sign_on", "user_session"},
    "belonging": set(),
    "builds": set(),
    "datasets": {"dataset", "unfinished_dataset"},
    "environment_reviews": {"environment_review", "environment_review_reviewer"},
    "environments": {"environment"},
    "execution_metadata": {"execution_metadata", "test_execution_metadata"},
    "experiments": {"experiment"},
    "idempotent_requests": {"idempotent_request"},
    "issue_orders": {"issue_order"},
    "issues": {"issue", "issue_attachment", "tracker_pause"},
    "jobs": {"job", "job_event", "job_log"},
    "limits": {"rate_allowance"},
    "notifications": {"notification"},
    "outbox": {"outbox"},
    "periodic_work": {"periodic_run", "periodic_work"},
    "reported_issues": {"environment_reported_issue", "test_case_reported_issue"},
    "reports": set(),
    "reruns": {"automatic_rerun", "rerun_request"},
    "retention_rules": {"retention_rule"},
    "review_cards": {"review_card"},
    "secrets": {"secret"},
    "stored_objects": {"object_walk", "orphaned_object"},
    "teams": {"team", "team_member"},
    "test_cases": {"test_case"},
    "test_executions": {"test_event", "test_execution", "test_execution_relevant_link"},
    "test_plans": {"test_plan"},
    "test_results": {"raw_result_file", "test_result", "test_result_log"},
    "users": {"app_user"},
    "webhooks": {"webhook", "webhook_attempt", "webhook_delivery", "webhook_secret"},
    "workflows": {"workflow"},
}

# not about rows of one noun: the packages that open connections, the roles and databases of an embedded server, and
# whole databases that are brought over
OTHER_SQL = (
    "touchstone/database/",
    "touchstone/embedded/postgres.py",
    "touchstone/embedded/roles.py",
    "touchstone/imports/",
)

KEPT_BY_TRIGGERS = ["list_total"]
WRITTEN_BY_IMPORTS = ["import_leftover", "import_progress"]
STATEMENT = re.compile(
    r"^\s*(select\s.+\sfrom\s|select\s+\w+\(|with\s+\w+\s+as\s*\(|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|truncate\s|(create|alter|drop)\s+(table|index|function|trigger|role|database|schema)\s"
    r"|(grant|revoke)\s.+\son\s|listen\s|notify\s)",
    re.IGNORECASE | re.DOTALL,
)
WRITE = re.compile(r"\b(?:insert\s+into|delete\s+from|update(?=\s+\w+\s+set\s)|truncate(?:\s+table)?)\s+(\w+)", re.I)
EXECUTOR_METHODS = {"fetch_all", "fetch_one", "fetch_value", "fetch_json", "execute"}


def written_tables(sql: str) -> set[str]:
    return {name.lower() for name in WRITE.findall(sql)}


def test_no_repository_writes_a_table_of_another_noun() -> None:
    strangers = [
        f"{path}:{line} writes {table}"
        for path in files()
        if is_repository(path)
        for text, line in texts(path)
        for table in written_tables(text) - WRITTEN_BY.get(noun_of(path) or "", set())
    ]
    assert strangers == []


def test_every_table_has_one_noun_that_writes_it() -> None:
    made = re.findall(
        r"^create (?:unlogged )?table (\w+)", "".join(f.read_text() for f in MIGRATIONS.glob("*.sql")), re.MULTILINE
    )
    assert sorted(made) == sorted(
        [*KEPT_BY_TRIGGERS, *WRITTEN_BY_IMPORTS, *(table for tables in WRITTEN_BY.values() for table in tables)]
    )


def test_the_map_names_what_the_repositories_write() -> None:
    found: dict[str, set[str]] = {}
    for path in files():
        if is_repository(path):
            written = {table for text, _ in texts(path) for table in written_tables(text)}
            found.setdefault(noun_of(path) or path, set()).update(written)
    assert found == WRITTEN_BY


def test_sql_stands_in_repositories_only() -> None:
    elsewhere = [
        f"{path}:{line} {text.split()[:4]}"
        for path in files()
        if not is_repository(path) and not path.startswith(OTHER_SQL)
        for text, line in texts(path)
        if STATEMENT.match(text)
    ]
    assert elsewhere == []


def test_only_repositories_give_statements_to_an_executor() -> None:
    callers = [
        f"{path}:{node.lineno}"
        for path in files()
        if not is_repository(path) and not path.startswith(OTHER_SQL)
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EXECUTOR_METHODS
    ]
    assert callers == []


def test_sql_is_never_put_together_from_values() -> None:
    built = [
        f"{path}:{node.lineno}"
        for path in files()
        if is_repository(path)
        for node in nodes(path)
        if isinstance(node, ast.JoinedStr | ast.Mod)
        or (isinstance(node, ast.Attribute) and node.attr in {"format", "replace", "join"})
    ]
    assert built == []


def test_no_statement_asks_for_every_column() -> None:
    stars = [
        f"{path}:{line}"
        for path in files()
        if is_repository(path)
        for text, line in texts(path)
        if re.search(r"\bselect\s+(\w+\.)?\*", text, re.IGNORECASE)
    ]
    assert stars == []
