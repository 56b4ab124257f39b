"""The words of what may be done. The contract's stand first, in its order; ours follow in the same naming."""

CONTRACT_PERMISSIONS = (
    "view_user",
    "change_user",
    "view_team",
    "change_team",
    "add_application",
    "change_application",
    "view_application",
    "view_permission",
    "view_issue",
    "change_issue",
    "change_issue_attachment",
    "change_issue_attachment_bulk",
    "change_attachment_rule",
    "change_auto_rerun",
    "view_test",
    "change_test",
    "view_rerun",
    "change_rerun",
    "change_rerun_bulk",
    "view_artefact",
    "change_artefact",
    "view_environment_review",
    "change_environment_review",
    "view_report",
    "view_test_case_reported_issue",
    "change_test_case_reported_issue",
    "view_environment_reported_issue",
    "change_environment_reported_issue",
    "view_notification",
    "change_notification",
    "view_sentry_debug",
)
EVALUATION_PERMISSIONS = (
    "view_dataset",
    "change_dataset",
    "view_job",
    "change_job",
    "view_experiment",
    "change_experiment",
    "view_workflow",
    "change_workflow",
    "view_secret",
    "change_secret",
    "view_gate",
    "change_gate",
)
OPERATING_PERMISSIONS = ("view_audit_event", "view_webhook", "change_webhook")
PERMISSIONS = CONTRACT_PERMISSIONS + EVALUATION_PERMISSIONS + OPERATING_PERMISSIONS


def known_to_the_contract(permissions: "list[str] | tuple[str, ...]") -> list[str]:
    """Clients made from the contract break on words that it does not have."""
    return [permission for permission in permissions if permission in CONTRACT_PERMISSIONS]
