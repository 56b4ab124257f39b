"""The words of what may be done. The contract's stand first, in its order; ours follow in the same naming."""

from collections.abc import Iterable
from enum import StrEnum

from touchstone.errors import Forbidden
from touchstone.http.caller import Caller


class Permission(StrEnum):
    VIEW_USER = "view_user"
    CHANGE_USER = "change_user"
    VIEW_TEAM = "view_team"
    CHANGE_TEAM = "change_team"
    ADD_APPLICATION = "add_application"
    CHANGE_APPLICATION = "change_application"
    VIEW_APPLICATION = "view_application"
    VIEW_PERMISSION = "view_permission"
    VIEW_ISSUE = "view_issue"
    CHANGE_ISSUE = "change_issue"
    CHANGE_ISSUE_ATTACHMENT = "change_issue_attachment"
    CHANGE_ISSUE_ATTACHMENT_BULK = "change_issue_attachment_bulk"
    CHANGE_ATTACHMENT_RULE = "change_attachment_rule"
    CHANGE_AUTO_RERUN = "change_auto_rerun"
    VIEW_TEST = "view_test"
    CHANGE_TEST = "change_test"
    VIEW_RERUN = "view_rerun"
    CHANGE_RERUN = "change_rerun"
    CHANGE_RERUN_BULK = "change_rerun_bulk"
    VIEW_ARTEFACT = "view_artefact"
    CHANGE_ARTEFACT = "change_artefact"
    VIEW_ENVIRONMENT_REVIEW = "view_environment_review"
    CHANGE_ENVIRONMENT_REVIEW = "change_environment_review"
    VIEW_REPORT = "view_report"
    VIEW_TEST_CASE_REPORTED_ISSUE = "view_test_case_reported_issue"
    CHANGE_TEST_CASE_REPORTED_ISSUE = "change_test_case_reported_issue"
    VIEW_ENVIRONMENT_REPORTED_ISSUE = "view_environment_reported_issue"
    CHANGE_ENVIRONMENT_REPORTED_ISSUE = "change_environment_reported_issue"
    VIEW_NOTIFICATION = "view_notification"
    CHANGE_NOTIFICATION = "change_notification"
    VIEW_SENTRY_DEBUG = "view_sentry_debug"

    VIEW_DATASET = "view_dataset"
    CHANGE_DATASET = "change_dataset"
    VIEW_JOB = "view_job"
    CHANGE_JOB = "change_job"
    VIEW_EXPERIMENT = "view_experiment"
    CHANGE_EXPERIMENT = "change_experiment"
    VIEW_WORKFLOW = "view_workflow"
    CHANGE_WORKFLOW = "change_workflow"
    VIEW_SECRET = "view_secret"  # noqa: S105
    CHANGE_SECRET = "change_secret"  # noqa: S105
    VIEW_GATE = "view_gate"
    CHANGE_GATE = "change_gate"

    VIEW_AUDIT_EVENT = "view_audit_event"
    VIEW_WEBHOOK = "view_webhook"
    CHANGE_WEBHOOK = "change_webhook"
    VIEW_PERIODIC_WORK = "view_periodic_work"
    CHANGE_PERIODIC_WORK = "change_periodic_work"
    VIEW_RETENTION_RULE = "view_retention_rule"
    CHANGE_RETENTION_RULE = "change_retention_rule"
    ERASE_USER = "erase_user"


PERMISSIONS: tuple[str, ...] = tuple(word.value for word in Permission)
CONTRACT_PERMISSIONS = PERMISSIONS[: PERMISSIONS.index(Permission.VIEW_SENTRY_DEBUG) + 1]
EVALUATION_PERMISSIONS = PERMISSIONS[
    PERMISSIONS.index(Permission.VIEW_DATASET) : PERMISSIONS.index(Permission.CHANGE_GATE) + 1
]


def permissions_shown(caller: Caller, named: Iterable[str] | None = None) -> tuple[str, ...]:
    return caller.words_shown(PERMISSIONS, CONTRACT_PERMISSIONS, named or ())


def replaced(before: list[str], given: Iterable[str], shown: tuple[str, ...]) -> list[str]:
    """What a list becomes when somebody who was shown only some of its words replaces it.

    The words that he could not see stay, unless he takes everything away.
    """
    listed = [str(word) for word in given]
    return listed + [word for word in before if word not in shown and word not in listed] if listed else []


class PermissionNotHeld(Forbidden):
    """You cannot give what you do not hold: {words}"""


class OwnTeam(Forbidden):
    """You are a member of this team: only an administrator can change its rights"""
