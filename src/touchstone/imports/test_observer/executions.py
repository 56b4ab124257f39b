"""Test executions with all that is recorded of them, and requests to run them again."""

from touchstone.imports.test_observer.model import Check, Step
from touchstone.imports.test_observer.people import TIMES

_EXECUTION_GONE = Check(
    "its execution was not taken", "not exists (select from test_execution where id = execution_id)"
)

_LINK_TAKEN = "taken without its ci_link: another execution has it in another spelling"

EXECUTIONS = (
    Step(
        table="test_execution",
        columns="key bigint, build_id integer, environment_id integer, plan_id integer, status text, ci_link text, "
        "c3_link text, resource_url text, checkbox_version text, created timestamptz, updated timestamptz",
        select="artefact_build_id, environment_id, test_plan_id, status::text, ci_link, c3_link, resource_url, "
        f"checkbox_version, {TIMES}",
        source="test_execution",
        checks=(
            Check(
                "its build, environment or test plan was not taken",
                "not exists (select from artefact_build where id = build_id) or "
                "not exists (select from environment where id = environment_id) or "
                "not exists (select from test_plan where id = plan_id)",
            ),
            Check(
                "its status is unknown",
                "status not in ('NOT_STARTED', 'IN_PROGRESS', 'PASSED', 'FAILED', 'NOT_TESTED', 'ENDED_PREMATURELY')",
            ),
            Check(
                _LINK_TAKEN,
                "exists (select from test_execution as other "
                "where ci_link_key(other.ci_link) = ci_link_key(incoming.ci_link))",
                instead="ci_link = null",
            ),
            Check(
                _LINK_TAKEN,
                "key in (select key from (select key, row_number() over (partition by ci_link_key(ci_link) "
                "order by key) as place from incoming where ci_link is not null) as numbered where place > 1)",
                instead="ci_link = null",
            ),
        ),
        insert="""
            insert into test_execution (id, artefact_build_id, environment_id, test_plan_id, status, ci_link, c3_link,
                resource_url, checkbox_version, seen_at, created_at, updated_at) overriding system value
            select key, build_id, environment_id, plan_id, status, ci_link, c3_link, resource_url, checkbox_version,
                updated, created, updated
            from incoming order by key on conflict do nothing
        """,
        target="test_execution",
    ),
    Step(
        table="test_execution_relevant_link",
        columns="key bigint, execution_id integer, label text, url text, created timestamptz",
        select="test_execution_id, label, url, created_at::timestamptz",
        source="test_execution_relevant_link",
        checks=(_EXECUTION_GONE,),
        insert="""
            insert into test_execution_relevant_link (id, test_execution_id, label, url, created_at)
            overriding system value
            select key, execution_id, label, url, created from incoming order by key on conflict do nothing
        """,
        target="test_execution_relevant_link",
        collision="the execution has the same link already",
    ),
    Step(
        table="test_execution_metadata",
        columns="key bigint, category text, value text",
        select="category, value",
        source="test_execution_metadata",
        insert="""
            insert into execution_metadata (id, category, value) overriding system value
            select key, category, value from incoming order by key on conflict do nothing
        """,
        target="execution_metadata",
    ),
    Step(
        table="test_execution_metadata_association_table",
        key="test_execution_id",
        columns="key bigint, metadata_id integer",
        select="test_execution_metadata_id",
        source="test_execution_metadata_association_table",
        checks=(
            Check(
                "its execution or pair was not taken",
                "not exists (select from test_execution where id = key) or "
                "not exists (select from execution_metadata where id = metadata_id)",
            ),
        ),
        insert="""
            insert into test_execution_metadata (test_execution_id, execution_metadata_id)
            select key, metadata_id from incoming on conflict do nothing
        """,
        target="test_execution_metadata",
        keeps_ids=False,
    ),
    Step(
        table="test_execution_rerun_request",
        columns="key bigint, plan_id integer, build_id integer, environment_id integer, priority integer, "
        "created timestamptz",
        select="test_plan_id, artefact_build_id, environment_id, priority, created_at::timestamptz",
        source="test_execution_rerun_request",
        checks=(
            Check(
                "its build, environment or test plan was not taken",
                "not exists (select from artefact_build where id = build_id) or "
                "not exists (select from environment where id = environment_id) or "
                "not exists (select from test_plan where id = plan_id)",
            ),
        ),
        insert="""
            insert into rerun_request (id, test_plan_id, artefact_build_id, environment_id, priority, created_at)
            overriding system value
            select key, plan_id, build_id, environment_id, priority, created from incoming order by key
            on conflict do nothing
        """,
        target="rerun_request",
    ),
    Step(
        table="test_event",
        columns="key bigint, execution_id integer, event_name text, at timestamptz, detail text",
        select='test_execution_id, event_name, "timestamp"::timestamptz, detail',
        source="test_event",
        checks=(_EXECUTION_GONE, Check("its name is too long", "octet_length(event_name) > 2600")),
        insert="""
            insert into test_event (id, test_execution_id, event_name, at, detail) overriding system value
            select key, execution_id, event_name, at, coalesce(detail, '') from incoming order by key
            on conflict do nothing
        """,
        target="test_event",
    ),
    Step(
        table="test_case",
        columns="key bigint, name text, category text, template_id text, created timestamptz",
        select="name, category, template_id, created_at::timestamptz",
        source="test_case",
        checks=(
            Check(
                "its name or template is too long",
                "octet_length(name) > 2600 or octet_length(template_id) > 2600",
            ),
        ),
        insert="""
            insert into test_case (id, name, category, template_id, created_at) overriding system value
            select key, name, category, template_id, created from incoming order by key on conflict do nothing
        """,
        target="test_case",
    ),
    Step(
        table="test_result",
        columns="key bigint, execution_id integer, case_id integer, status text, created timestamptz, comment text, "
        "io_log text",
        select="test_execution_id, test_case_id, status::text, created_at::timestamptz, comment, io_log",
        source="test_result",
        checks=(
            Check(
                "its execution or test case was not taken",
                "not exists (select from test_execution where id = execution_id) or "
                "not exists (select from test_case where id = case_id)",
            ),
            Check("its status is unknown", "status not in ('PASSED', 'FAILED', 'SKIPPED')"),
        ),
        insert="""
            insert into test_result (id, test_execution_id, test_case_id, status, created_at, comment)
            overriding system value
            select key, execution_id, case_id, status, created, coalesce(comment, '') from incoming order by key
            on conflict do nothing
        """,
        then=(
            """
            insert into test_result_log (test_result_id, io_log)
            select key, io_log from incoming where io_log <> '' and exists (select from test_result where id = key)
            order by key on conflict do nothing
            """,
            # results that are new count as a sign of life; these are not
            """
            update test_execution set seen_at = updated_at
            where id in (select execution_id from incoming) and seen_at <> updated_at
            """,
        ),
        target="test_result",
        batch=10_000,
    ),
)
