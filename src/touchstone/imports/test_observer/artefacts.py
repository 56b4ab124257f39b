"""Artefacts, builds, environments, reviews."""

from touchstone.imports.test_observer.model import Check, Step
from touchstone.imports.test_observer.people import KEPT_USERS, TIMES

_BUNDLE = """
    (select encode(sha256(convert_to(coalesce(string_agg(artefact_build_id::text, ',' order by artefact_build_id), ''),
        'UTF8')), 'hex')
     from artefact_bundled_builds_association as bundled where bundled.artefact_id = artefact.id)
"""

ARTEFACTS = (
    Step(
        table="artefact",
        columns="key bigint, family text, name text, version text, stage text, status text, archived boolean, "
        "comment text, bug_link text, jira_issue text, due_date date, store text, track text, series text, repo text, "
        "branch text, source text, os text, release text, sha256 text, owner text, image_url text, bundle text, "
        "created timestamptz, updated timestamptz",
        select="family::text, name, version, stage, status::text, archived, comment, bug_link, jira_issue, due_date, "
        "store, track, series, repo, branch, source, os, release, sha256, owner, image_url, "
        f"case when family::text = 'solution' then coalesce(bundled_builds_hash, {_BUNDLE}) end, {TIMES}",
        source="artefact",
        checks=(
            Check("its family is unknown", "family not in ('snap', 'deb', 'charm', 'image', 'solution')"),
            Check(
                "its texts are too long together",
                "octet_length(name || version || track || branch || store || series || repo || source || sha256 || "
                "stage) > 2600",
            ),
        ),
        insert="""
            insert into artefact (id, family, name, version, stage, status, is_archived, comment, bug_link, jira_issue,
                due_date, store, track, series, repo, branch, source, os, release, sha256, owner, image_url,
                bundle_digest, created_at, updated_at) overriding system value
            select key, family, name, version, stage, status, archived, comment, bug_link, jira_issue, due_date, store,
                track, series, repo, branch, source, os, release, sha256, owner, image_url, bundle, created, updated
            from incoming order by key on conflict do nothing
        """,
        target="artefact",
        collision="ours has the same artefact already",
    ),
    Step(
        table="artefact_build",
        columns="key bigint, artefact_id integer, architecture text, revision integer, created timestamptz",
        select="artefact_id, architecture, revision, created_at::timestamptz",
        source="artefact_build",
        checks=(Check("its artefact was not taken", "not exists (select from artefact where id = artefact_id)"),),
        insert="""
            insert into artefact_build (id, artefact_id, architecture, revision, created_at) overriding system value
            select key, artefact_id, architecture, revision, created from incoming order by key on conflict do nothing
        """,
        target="artefact_build",
    ),
    Step(
        table="artefact_bundled_builds_association",
        key="artefact_id",
        columns="key bigint, build_id integer",
        select="artefact_build_id",
        source="artefact_bundled_builds_association",
        checks=(
            Check(
                "its artefact or build was not taken",
                "not exists (select from artefact where id = key) or "
                "not exists (select from artefact_build where id = build_id)",
            ),
        ),
        insert="""
            insert into artefact_bundled_build (artefact_id, artefact_build_id, place)
            select key, build_id, row_number() over (partition by key order by build_id) from incoming
            on conflict do nothing
        """,
        target="artefact_bundled_build",
        keeps_ids=False,
    ),
    Step(
        table="artefact_reviewers_association",
        key="artefact_id",
        columns="key bigint, user_id integer",
        select="kept",
        source=f"artefact_reviewers_association join {KEPT_USERS} using (user_id)",
        checks=(
            Check(
                "its artefact or user was not taken",
                "not exists (select from artefact where id = key) or "
                "not exists (select from app_user where id = user_id)",
            ),
        ),
        insert="""
            insert into artefact_reviewer (artefact_id, user_id) select key, user_id from incoming
            order by key, user_id on conflict do nothing
        """,
        target="artefact_reviewer",
        keeps_ids=False,
        collision="the user reviews it under another spelling of the address",
    ),
    Step(
        table="environment",
        columns="key bigint, name text, architecture text, created timestamptz",
        select="name, architecture, created_at::timestamptz",
        source="environment",
        insert="""
            insert into environment (id, name, architecture, created_at) overriding system value
            select key, name, architecture, created from incoming order by key on conflict do nothing
        """,
        target="environment",
    ),
    Step(
        table="test_plan",
        columns="key bigint, name text, created timestamptz",
        select="name, created_at::timestamptz",
        source="test_plan",
        insert="""
            insert into test_plan (id, name, created_at) overriding system value
            select key, name, created from incoming order by key on conflict do nothing
        """,
        target="test_plan",
    ),
    Step(
        table="artefact_build_environment_review",
        columns="key bigint, build_id integer, environment_id integer, decision text[], comment text, "
        "created timestamptz, updated timestamptz",
        select=f"artefact_build_id, environment_id, review_decision::text[], review_comment, {TIMES}",
        source="artefact_build_environment_review",
        checks=(
            Check(
                "its build or environment was not taken",
                "not exists (select from artefact_build where id = build_id) or "
                "not exists (select from environment where id = environment_id)",
            ),
            Check(
                "its decision is unknown",
                "not decision <@ array['REJECTED', 'APPROVED_INCONSISTENT_TEST', 'APPROVED_UNSTABLE_PHYSICAL_INFRA', "
                "'APPROVED_CUSTOMER_PREREQUISITE_FAIL', 'APPROVED_FAULTY_HARDWARE', 'APPROVED_ALL_TESTS_PASS']",
            ),
        ),
        insert="""
            insert into environment_review (id, artefact_build_id, environment_id, review_decision, review_comment,
                created_at, updated_at) overriding system value
            select key, build_id, environment_id, decision, comment, created, updated from incoming order by key
            on conflict do nothing
        """,
        target="environment_review",
    ),
    Step(
        table="environment_review_reviewers_association",
        key="environment_review_id",
        columns="key bigint, user_id integer",
        select="kept",
        source=f"environment_review_reviewers_association join {KEPT_USERS} using (user_id)",
        checks=(
            Check(
                "its review or user was not taken",
                "not exists (select from environment_review where id = key) or "
                "not exists (select from app_user where id = user_id)",
            ),
        ),
        insert="""
            insert into environment_review_reviewer (environment_review_id, user_id) select key, user_id from incoming
            order by key, user_id on conflict do nothing
        """,
        target="environment_review_reviewer",
        keeps_ids=False,
        collision="the user reviews it under another spelling of the address",
    ),
)
