"""Users, teams, rules of review, applications, notifications."""

from typing import LiteralString

from touchstone.imports.test_observer.model import Check, Step

TIMES: LiteralString = "created_at::timestamptz, updated_at::timestamptz"

NAME_TOO_LONG = Check("its name is too long", "octet_length(name) > 2600")

# whoever is there twice, in different spellings of one address, is the one with the lower id
KEPT_USERS: LiteralString = """
    (select id as user_id, min(id) over (partition by lower(email)) as kept from app_user) as kept_user
"""

PEOPLE = (
    Step(
        table="app_user",
        columns="key bigint, email text, name text, handle text, is_admin boolean, kept bigint, created timestamptz, "
        "updated timestamptz",
        select=f"email, name, launchpad_handle, is_admin, kept, {TIMES}",
        source=f"app_user join {KEPT_USERS} on kept_user.user_id = app_user.id",
        checks=(
            Check(
                "another user has the same address in other letters; teams and reviews go to the one with the lower id",
                "key <> kept",
            ),
            Check("its address or name is too long", "octet_length(email) > 2600 or octet_length(name) > 2600"),
        ),
        insert="""
            insert into app_user (id, email, name, launchpad_handle, is_admin, created_at, updated_at)
            overriding system value
            select key, email, name, handle, is_admin, created, updated from incoming order by key
            on conflict do nothing
        """,
        target="app_user",
        collision="ours has a user of this address already",
    ),
    Step(
        table="team",
        columns="key bigint, name text, permissions text[], created timestamptz, updated timestamptz",
        select=f"name, permissions::text[], {TIMES}",
        source="team",
        checks=(NAME_TOO_LONG,),
        insert="""
            insert into team (id, name, permissions, created_at, updated_at) overriding system value
            select key, name, permissions, created, updated from incoming order by key on conflict do nothing
        """,
        target="team",
        collision="ours has a team of this name already",
    ),
    Step(
        table="team_users_association",
        key="team_id",
        columns="key bigint, user_id integer",
        select="kept",
        source=f"team_users_association join {KEPT_USERS} using (user_id)",
        checks=(
            Check(
                "its team or user was not taken",
                "not exists (select from team where id = key) or not exists (select from app_user where id = user_id)",
            ),
        ),
        insert="""
            insert into team_member (team_id, user_id) select key, user_id from incoming order by key, user_id
            on conflict do nothing
        """,
        target="team_member",
        keeps_ids=False,
        collision="the user is a member under another spelling of the address",
    ),
    Step(
        table="artefact_matching_rule",
        columns="key bigint, family text, name text, stage text, track text, branch text, store text, series text, "
        "os text, release text, owner text, permissions text[], created timestamptz, updated timestamptz",
        select="family::text, name, stage, track, branch, store, series, os, release, owner, "
        f"grant_permissions::text[], {TIMES}",
        source="artefact_matching_rule",
        checks=(
            Check(
                "its texts are too long together",
                "octet_length(name || stage || track || branch || store || series || os || release || owner) > 2000",
            ),
        ),
        insert="""
            insert into artefact_matching_rule (id, family, name, stage, track, branch, store, series, os, release,
                owner, grant_permissions, created_at, updated_at) overriding system value
            select key, family, name, stage, track, branch, store, series, os, release, owner, permissions, created,
                updated
            from incoming order by key on conflict do nothing
        """,
        target="artefact_matching_rule",
    ),
    Step(
        table="artefact_matching_rule_team_association",
        key="artefact_matching_rule_id",
        columns="key bigint, team_id integer",
        select="team_id",
        source="artefact_matching_rule_team_association",
        checks=(
            Check(
                "its rule or team was not taken",
                "not exists (select from artefact_matching_rule where id = key) or "
                "not exists (select from team where id = team_id)",
            ),
        ),
        insert="""
            insert into artefact_matching_rule_team (rule_id, team_id) select key, team_id from incoming
            order by key, team_id on conflict do nothing
        """,
        target="artefact_matching_rule_team",
        keeps_ids=False,
    ),
    Step(
        table="application",
        columns="key bigint, name text, permissions text[], digest bytea, masked text, created timestamptz, "
        "updated timestamptz",
        # the key itself stays where it is
        select="name, permissions::text[], sha256(convert_to(api_key, 'UTF8')), left(api_key, 6) || '…' || "
        f"right(api_key, 4), {TIMES}",
        source="application",
        checks=(NAME_TOO_LONG,),
        insert="""
            insert into application (id, name, permissions, created_at, updated_at) overriding system value
            select key, name, permissions, created, updated from incoming order by key on conflict do nothing
        """,
        then=(
            """
            insert into api_key (application_id, digest, masked, created_at)
            select key, digest, masked, created from incoming
            where exists (select from application where id = key) order by key on conflict do nothing
            """,
        ),
        target="application",
        collision="ours has an application of this name already",
    ),
    Step(
        table="notification",
        columns="key bigint, user_id integer, kind text, target_url text, created timestamptz, dismissed timestamptz",
        select="kept, notification_type::text, target_url, created_at::timestamptz, dismissed_at::timestamptz",
        source=f"notification join {KEPT_USERS} using (user_id)",
        checks=(Check("its user was not taken", "not exists (select from app_user where id = user_id)"),),
        insert="""
            insert into notification (id, user_id, notification_type, target_url, created_at, dismissed_at)
            overriding system value
            select key, user_id, kind, target_url, created, dismissed from incoming order by key on conflict do nothing
        """,
        target="notification",
    ),
)
