"""What workers do again and again, by name; schedules and runs are shown at `GET /api/v1/periodic-work`."""

from collections.abc import Awaitable, Callable

from touchstone.assembly import Assembly
from touchstone.domains.artefacts.promoting import KernelDates, Promoting
from touchstone.domains.auth.session_repository import SessionRepository
from touchstone.domains.auth.sign_on_repository import SignOnRepository
from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository
from touchstone.domains.issue_orders.dispatcher import IssueOrderDispatcher
from touchstone.domains.issue_orders.service import PERIODIC_WORK as MAKE_ORDERED_ISSUES
from touchstone.domains.issues.sync_model import SyncTiers
from touchstone.domains.issues.sync_service import PERIODIC_WORK as SYNCHRONISE_ISSUES
from touchstone.domains.issues.synchroniser import IssueSynchroniser
from touchstone.domains.limits.repository import RateAllowanceRepository
from touchstone.domains.outbox.repository import OutboxRepository
from touchstone.domains.periodic_work.model import PeriodicTask
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository
from touchstone.domains.retention_rules.removal import Removal
from touchstone.domains.review_cards.dispatcher import ReviewCardDispatcher
from touchstone.domains.test_executions.service import end_lost
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.repository import WebhookRepository

MINUTE, HOUR = 60.0, 3600.0
# a run that finds more leaves it to the next
BATCHES_A_RUN = 20
BATCH = 1000

RUNS_KEPT_DAYS = 30
SUCCESSES_KEPT = 200
UNREGISTERED_KEPT_DAYS = 90

Work = Callable[[], Awaitable[dict[str, int]]]


def periodic_tasks(parts: Assembly) -> list[PeriodicTask]:
    """All of them; what is not set up is listed as not enabled, so that it is seen."""
    return [
        *_of_people(parts),
        *_of_what_is_told(parts),
        *_of_objects(parts),
        *_of_tests(parts),
        *_of_trackers(parts),
        *_of_publishers(parts),
        *_of_old_things(parts),
        *_of_periodic_work(parts),
    ]


def _of_people(parts: Assembly) -> list[PeriodicTask]:
    sign_ons = SignOnRepository(parts.database)
    delete_sessions = in_batches(SessionRepository(parts.database).delete_expired)
    delete_requests = in_batches(IdempotentRequestRepository(parts.database).delete_expired)
    delete_allowances = in_batches(RateAllowanceRepository(parts.database).delete_unused)
    return [
        PeriodicTask("delete_expired_sessions", MINUTE, delete_sessions),
        PeriodicTask("delete_expired_sign_ons", MINUTE, in_batches(sign_ons.delete_expired)),
        PeriodicTask("delete_seen_assertions", MINUTE, in_batches(sign_ons.delete_seen)),
        PeriodicTask("delete_expired_idempotent_requests", MINUTE, delete_requests),
        PeriodicTask("delete_unused_rate_allowances", MINUTE, delete_allowances),
    ]


def _of_what_is_told(parts: Assembly) -> list[PeriodicTask]:
    deliveries, webhooks = DeliveryRepository(parts.database), WebhookRepository(parts.database)
    kept_days = parts.settings.webhook_log_days
    delete_deliveries = in_batches(lambda at_most: deliveries.delete_old(kept_days, at_most))
    delete_events = in_batches(OutboxRepository(parts.database).delete_handled)
    return [
        PeriodicTask("delete_expired_webhook_secrets", MINUTE, in_batches(webhooks.delete_expired_secrets)),
        PeriodicTask("give_up_expired_deliveries", MINUTE, in_batches(deliveries.give_up_expired)),
        PeriodicTask("delete_old_deliveries", MINUTE, delete_deliveries),
        PeriodicTask("delete_handled_events", MINUTE, delete_events),
    ]


def _of_objects(parts: Assembly) -> list[PeriodicTask]:
    datasets, leftovers = parts.datasets(), parts.job_leftovers()
    job_work_days = parts.settings.job_work_days
    return [
        PeriodicTask("purge_deleted_datasets", MINUTE, datasets.purge_deleted),
        PeriodicTask("purge_abandoned_uploads", MINUTE, datasets.purge_abandoned),
        PeriodicTask("remove_work_of_ended_jobs", 10 * MINUTE, lambda: leftovers.remove_old(job_work_days)),
    ]


def _of_tests(parts: Assembly) -> list[PeriodicTask]:
    seconds = parts.settings.lost_execution_seconds

    async def end_lost_executions() -> dict[str, int]:
        return {"ended": await end_lost(parts.database, seconds)}

    return [PeriodicTask("end_lost_executions", MINUTE, end_lost_executions, enabled=seconds > 0)]


def _of_trackers(parts: Assembly) -> list[PeriodicTask]:
    settings = parts.settings
    tiers = SyncTiers(
        settings.sync_open_interval,
        settings.sync_recent_closed_interval,
        settings.sync_old_closed_interval,
        settings.sync_old_closed_threshold_days,
    )
    issues = IssueSynchroniser(parts.database, parts.outside.trackers, tiers, batch_size=settings.sync_batch_size)
    orders = IssueOrderDispatcher(parts.database, parts.outside.trackers)
    return [
        PeriodicTask(SYNCHRONISE_ISSUES, MINUTE, issues.turn, enabled=settings.enable_issue_sync),
        PeriodicTask(MAKE_ORDERED_ISSUES, MINUTE, orders.turn),
        PeriodicTask("make_review_cards", MINUTE, _review_cards(parts), enabled=parts.outside.cards is not None),
    ]


def _of_publishers(parts: Assembly) -> list[PeriodicTask]:
    settings, outside = parts.settings, parts.outside
    promoting = Promoting(parts.database, outside.snaps, outside.packages)
    kernels = KernelDates(parts.database, outside.kernels)
    return [
        PeriodicTask("promote_artefacts", 10 * MINUTE, promoting.turn, enabled=settings.enable_promotion),
        PeriodicTask("set_kernel_dates", 5 * MINUTE, kernels.turn, enabled=settings.enable_kernel_tracker),
    ]


def _review_cards(parts: Assembly) -> Work:
    async def nothing() -> dict[str, int]:
        return {}

    cards = parts.outside.cards
    return ReviewCardDispatcher(parts.database, cards, parts.settings.frontend).turn if cards else nothing


def _of_old_things(parts: Assembly) -> list[PeriodicTask]:
    sweep, is_removing = parts.orphan_sweep(), parts.settings.remove_orphaned_objects
    return [
        PeriodicTask("remove_what_no_rule_keeps", HOUR, lambda: Removal(parts.database, parts.old_jobs()).run()),
        PeriodicTask("find_orphaned_objects", HOUR, sweep.find),
        PeriodicTask("remove_orphaned_objects", HOUR, sweep.remove, enabled=is_removing),
    ]


def _of_periodic_work(parts: Assembly) -> list[PeriodicTask]:
    works = PeriodicWorkRepository(parts.database)
    delete_runs = in_batches(lambda at_most: works.delete_old_runs(RUNS_KEPT_DAYS, SUCCESSES_KEPT, at_most))
    delete_schedules = in_batches(lambda at_most: works.delete_unregistered(UNREGISTERED_KEPT_DAYS, at_most))
    return [
        PeriodicTask("delete_old_periodic_runs", HOUR, delete_runs),
        PeriodicTask("delete_unregistered_periodic_work", HOUR, delete_schedules),
    ]


def in_batches(delete: Callable[[int], Awaitable[int]]) -> Work:
    """Work that calls `delete` with a batch's size until it touches fewer rows; its runs tell how many that were."""

    async def work() -> dict[str, int]:
        rows = 0
        for _ in range(BATCHES_A_RUN):
            touched = await delete(BATCH)
            rows += touched
            if touched < BATCH:
                break
        return {"rows": rows}

    return work
