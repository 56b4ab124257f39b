"""The table `issue` against the trackers, and `tracker_pause`.

Writes are guarded by the lease's mark: who has lost it changes nothing.
"""

import datetime as dt
from collections.abc import Iterable
from typing import LiteralString

from touchstone.adapters.issue_tracker import Fetched, IssueReference, Source
from touchstone.database.executor import Executor, constraint
from touchstone.domains.issues.model import IssueNotFound
from touchstone.domains.issues.sync_model import (
    ClaimedIssue,
    IssueCollides,
    Synchronised,
    SyncState,
    SyncTiers,
)
from touchstone.domains.shapes.shown import Shown

# of a row that has `status` and `status_changed_at`; the values of SyncTiers are $1 to $4
INTERVAL: LiteralString = """
    (case when status <> 'closed' then $1::integer when status_changed_at > now() - $4::integer * interval '1 day'
        then $2::integer else $3::integer end) * interval '1 second'
"""
# what people asked for while it was being read comes as they asked; their changes are overwritten the next time
SETTLED: LiteralString = """
    sync_leased_until = null, sync_failures = 0, last_synced_at = now(),
    sync_at = case when issue.sync_at = $7 then now() + given.pause else issue.sync_at end
"""
AT_ONCE: LiteralString = "'epoch'::timestamptz"
# $5 to $10 are as the issue was claimed, $11 to $14 as the tracker has it, $15 is a note to keep
SETTLE: LiteralString = (
    """
    with held as materialized (
        select id, title, status, labels, status_changed_at, updated_at from issue
        where id = $5 and sync_leased_until = $6 for no key update
    ), chosen as (
        select id, title as old_title, status as old_status, labels as old_labels,
            case when title = $9 then $11 else title end as title,
            case when status = $10 then $12 else status end as new_status,
            status_changed_at as old_changed_at, updated_at = $8 as is_untouched
        from held
    ), dated as (
        select id, old_title, old_status, old_labels, title, new_status as status, is_untouched,
            case when new_status = old_status then old_changed_at else now() end as status_changed_at
        from chosen
    ), given as (
        select id, old_title, old_status, old_labels, title, status, status_changed_at, is_untouched, """
    + INTERVAL
    + """ as pause,
            (old_title, old_status, old_labels) is distinct from (title, status, $13::text[]) as is_changed
        from dated
    )
    update issue set title = given.title, status = given.status, labels = $13,
        status_changed_at = given.status_changed_at, sync_error = $15,
        sync_etag = case when given.is_untouched then $14 end,
        updated_at = case when given.is_changed then now() else issue.updated_at end, """
    + SETTLED
    + """
    from given where issue.id = given.id
    returning json_build_object('title', old_title, 'status', old_status, 'labels', old_labels) as before,
        json_build_object('title', issue.title, 'status', issue.status, 'labels', issue.labels) as after
    """
)


class IssueSyncRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def bring_forward(self, tiers: SyncTiers) -> int:
        """What is due sooner than it once was: people have changed its status, or somebody the settings."""
        return await self.executor.execute(
            "update issue set sync_at = last_synced_at + "
            + INTERVAL
            + " where sync_failures = 0 and last_synced_at is not null and sync_at > greatest(now(), last_synced_at + "
            + INTERVAL
            + ")",
            *tiers.values,
        )

    async def claim_due(
        self, trackers: Iterable[tuple[Source, str]], at_most: int, lease_seconds: float
    ) -> list[ClaimedIssue]:
        """Those of these trackers that are not paused; what has waited longest comes first."""
        pairs = sorted(trackers)
        return await self.executor.fetch_all(
            ClaimedIssue,
            """
            with due as (
                select issue.id from issue
                    join unnest($1::text[], $2::text[]) as tracker (source, host)
                        on tracker.source = issue.source and tracker.host = issue.host
                where issue.sync_at <= now() and coalesce(issue.sync_leased_until < now(), true)
                    and not exists (
                        select from tracker_pause
                        where source = issue.source and host = issue.host and until > now()
                    )
                order by issue.sync_at, issue.last_synced_at nulls first, issue.id limit $3
                for update of issue skip locked
            )
            update issue set sync_leased_until = now() + $4::float8 * interval '1 second'
            from due where issue.id = due.id
            returning issue.id, source, host, project, key, title, status, updated_at, sync_at,
                case when updated_at <= last_synced_at then sync_etag end as etag, sync_leased_until as leased_until
            """,
            [source for source, _ in pairs],
            [host for _, host in pairs],
            at_most,
            lease_seconds,
        )

    async def note_unchanged(self, tiers: SyncTiers, issue: ClaimedIssue) -> bool:
        """Whether it was still ours."""
        touched = await self.executor.execute(
            "with given as (select "
            + INTERVAL
            + """ as pause, id from issue where id = $5 and sync_leased_until = $6 for no key update)
            update issue set sync_etag = case when updated_at = $8 then sync_etag end, sync_error = null, """
            + SETTLED
            + "from given where issue.id = given.id",
            *tiers.values,
            issue.id,
            issue.leased_until,
            issue.sync_at,
            issue.updated_at,
        )
        return touched > 0

    async def settle(
        self, tiers: SyncTiers, issue: ClaimedIssue, found: Fetched, note: str | None
    ) -> Synchronised | None:
        """What people have changed since it was claimed stays as they say. None when it was no longer ours."""
        return await self.executor.fetch_one(
            Synchronised,
            SETTLE,
            *tiers.values,
            issue.id,
            issue.leased_until,
            issue.sync_at,
            issue.updated_at,
            issue.title,
            issue.status,
            found.title,
            found.status,
            list(found.labels),
            None if note else found.etag,
            note,
        )

    async def move(self, issue_id: int, to: IssueReference) -> None:
        """Raises IssueCollides."""
        with constraint({"issue_source_host_project_key_key": IssueCollides()}):
            await self.executor.execute(
                "update issue set source = $2, host = $3, project = $4, key = $5, updated_at = now() where id = $1",
                issue_id,
                to.source,
                to.host,
                to.project,
                to.key,
            )

    async def find_id(self, reference: IssueReference) -> int | None:
        return await self.executor.fetch_value(
            "select id from issue where source = $1 and host = $2 and project = $3 and key = $4",
            reference.source,
            reference.host,
            reference.project,
            reference.key,
        )

    async def note_failure(self, issue: ClaimedIssue, error: str, first_seconds: float, most_seconds: float) -> bool:
        """The next attempt comes after a pause that doubles. Whether it was still ours."""
        touched = await self.executor.execute(
            """
            update issue set sync_leased_until = null, sync_failures = sync_failures + 1, sync_error = $3,
                sync_at = now() + least($4::float8 * 2 ^ least(sync_failures, 30), $5::float8) * interval '1 second'
            where id = $1 and sync_leased_until = $2
            """,
            issue.id,
            issue.leased_until,
            error,
            first_seconds,
            most_seconds,
        )
        return touched > 0

    async def release(self, issue: ClaimedIssue) -> None:
        """It stays due."""
        await self.executor.execute(
            "update issue set sync_leased_until = null where id = $1 and sync_leased_until = $2",
            issue.id,
            issue.leased_until,
        )

    async def pause(self, source: Source, host: str, until: dt.datetime, reason: str) -> None:
        await self.executor.execute(
            """
            insert into tracker_pause (source, host, until, reason) values ($1, $2, $3, $4)
            on conflict (source, host) do update set reason = excluded.reason,
                until = greatest(tracker_pause.until, excluded.until)
            """,
            source,
            host,
            until,
            reason,
        )

    async def ask_for(self, issue_id: int) -> None:
        """It comes before everything that is merely due, and a failure's pause is over."""
        await self.executor.execute("update issue set sync_at = " + AT_ONCE + " where id = $1", issue_id)

    async def state(self, shown: Shown, issue_id: int) -> SyncState:
        """Raises IssueNotFound."""
        found = await self.executor.fetch_one(
            SyncState,
            """
            select issue.source, issue.host, sync_at <= now() as is_due,
                coalesce(sync_leased_until > now(), false) as is_running, last_synced_at,
                greatest(sync_at, now()) as next_at, sync_failures as failures, sync_error as error,
                pause.until as paused_until, pause.reason as pause_reason
            from issue left join tracker_pause as pause
                on pause.source = issue.source and pause.host = issue.host and pause.until > now()
            where issue.id = $1 and issue.source = any ($2::text[])
            """,
            issue_id,
            list(shown.sources),
        )
        if found is None:
            raise IssueNotFound
        return found
