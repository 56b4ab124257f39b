"""Rules as they are shown by themselves, with what they have done."""

import datetime as dt
from typing import LiteralString

from touchstone.domains.shapes.issues import RULE_JSON, MinimalIssueTestResultAttachmentRuleResponse


class AttachmentRuleResponse(MinimalIssueTestResultAttachmentRuleResponse, kw_only=True):
    """Patterns are Postgres' advanced regular expressions, found anywhere in the text.

    `owner` reads `user:{id}` or `application:{id}`. `hits` are the attachments that the rule has made by itself and
    that are there still, `last_hit_at` is the newest of them.
    """

    test_plans: list[str]
    comment_pattern: str | None
    io_log_pattern: str | None
    expires_at: dt.datetime | None
    owner: str | None
    hits: int
    last_hit_at: dt.datetime | None


# `rule` is a row of attachment_rule; the statement begins with SHOWN
RULE_DETAILS_JSON: LiteralString = (
    "("
    + RULE_JSON
    + """::jsonb || (
    select jsonb_build_object('test_plans', rule.test_plans, 'comment_pattern', rule.comment_pattern,
        'io_log_pattern', rule.io_log_pattern, 'expires_at', wire_time(rule.expires_at), 'owner', rule.owner,
        'hits', count(*), 'last_hit_at', wire_time(max(attachment.created_at)))
    from issue_attachment as attachment
    where attachment.attachment_rule_id = rule.id and attachment.attached_by is null
))
"""
)
