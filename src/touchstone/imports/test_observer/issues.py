"""Known issues, the rules and the attachments that tie them to results, and what people reported."""

from touchstone.imports.test_observer.model import Check, Step
from touchstone.imports.test_observer.people import TIMES

# what counts as attached by a person, whoever that was
ATTACHED_BY = "import:test-observer"

ISSUES = (
    Step(
        table="issue",
        columns="key bigint, source text, project text, issue_key text, title text, status text, labels text[], "
        "synced timestamptz, reruns boolean, created timestamptz, updated timestamptz",
        select="lower(source::text), project, key, title, lower(status::text), labels::text[], "
        f"last_synced_at::timestamptz, auto_rerun_enabled, {TIMES}",
        source="issue",
        checks=(
            Check(
                "its tracker or status is unknown",
                "source not in ('jira', 'github', 'launchpad') or status not in ('unknown', 'open', 'closed')",
            ),
        ),
        insert="""
            insert into issue (id, source, project, key, title, status, labels, auto_rerun_enabled, created_at,
                updated_at, status_changed_at, last_synced_at) overriding system value
            select key, source, project, issue_key, title, status, labels, reruns, created, updated, updated, synced
            from incoming order by key on conflict do nothing
        """,
        target="issue",
    ),
    Step(
        table="issue_test_result_attachment_rule",
        columns="key bigint, issue_id integer, enabled boolean, families text[], artefacts text[], "
        "artefact_versions text[], artefact_stages text[], artefact_tracks text[], environment_names text[], "
        "test_case_names text[], template_ids text[], statuses text[], created timestamptz, updated timestamptz",
        select="issue_id, enabled, families::text[], artefacts::text[], artefact_versions::text[], "
        "artefact_stages::text[], artefact_tracks::text[], environment_names::text[], test_case_names::text[], "
        f"template_ids::text[], test_result_statuses::text[], {TIMES}",
        source="issue_test_result_attachment_rule",
        checks=(Check("its issue was not taken", "not exists (select from issue where id = issue_id)"),),
        insert="""
            insert into attachment_rule (id, issue_id, is_enabled, families, artefacts, artefact_versions,
                artefact_stages, artefact_tracks, environment_names, test_case_names, template_ids,
                test_result_statuses, created_at, updated_at) overriding system value
            select key, issue_id, enabled, coalesce(families, '{}'), coalesce(artefacts, '{}'),
                coalesce(artefact_versions, '{}'), coalesce(artefact_stages, '{}'), coalesce(artefact_tracks, '{}'),
                coalesce(environment_names, '{}'), coalesce(test_case_names, '{}'), coalesce(template_ids, '{}'),
                coalesce(statuses, '{}'), created, updated
            from incoming order by key on conflict do nothing
        """,
        target="attachment_rule",
    ),
    Step(
        table="issue_test_result_attachment_rule_execution_metadata",
        columns="key bigint, rule_id integer, category text, value text",
        select="attachment_rule_id, category, value",
        source="issue_test_result_attachment_rule_execution_metadata",
        checks=(Check("its rule was not taken", "not exists (select from attachment_rule where id = rule_id)"),),
        insert="""
            insert into attachment_rule_metadata (attachment_rule_id, category, value)
            select rule_id, category, value from incoming order by key on conflict do nothing
        """,
        target="attachment_rule_metadata",
        keeps_ids=False,
    ),
    Step(
        table="issue_test_result_attachment",
        columns="key bigint, issue_id integer, result_id bigint, rule_id integer, created timestamptz",
        select="issue_id, test_result_id, attachment_rule_id, created_at::timestamptz",
        source="issue_test_result_attachment",
        checks=(
            Check(
                "its issue or result was not taken",
                "not exists (select from issue where id = issue_id) or "
                "not exists (select from test_result where id = result_id)",
            ),
        ),
        insert=f"""
            insert into issue_attachment (issue_id, test_result_id, attachment_rule_id, attached_by, created_at)
            select issue_id, result_id, (select id from attachment_rule where id = rule_id),
                case when rule_id is null then '{ATTACHED_BY}' end, created
            from incoming order by key on conflict do nothing
        """,
        target="issue_attachment",
        keeps_ids=False,
    ),
    Step(
        table="test_case_issue",
        columns="key bigint, template_id text, case_name text, url text, description text, created timestamptz, "
        "updated timestamptz",
        select=f"template_id, case_name, url, description, {TIMES}",
        source="test_case_issue",
        checks=(Check("its texts are too long", "octet_length(template_id) > 2600 or octet_length(case_name) > 2600"),),
        insert="""
            insert into test_case_reported_issue (id, template_id, case_name, url, description, created_at, updated_at)
            overriding system value
            select key, template_id, case_name, url, description, created, updated from incoming order by key
            on conflict do nothing
        """,
        target="test_case_reported_issue",
    ),
    Step(
        table="environment_issue",
        columns="key bigint, environment_name text, url text, description text, is_confirmed boolean, "
        "created timestamptz, updated timestamptz",
        select=f"environment_name, url, description, is_confirmed, {TIMES}",
        source="environment_issue",
        insert="""
            insert into environment_reported_issue (id, environment_name, url, description, is_confirmed, created_at,
                updated_at) overriding system value
            select key, environment_name, url, description, is_confirmed, created, updated from incoming order by key
            on conflict do nothing
        """,
        target="environment_reported_issue",
    ),
)
