"""Rules that say how long what is kept. What no rule is about is kept for ever."""

from enum import StrEnum

from touchstone.errors import Conflict, InvalidValue


class RetentionKind(StrEnum):
    """What a rule is about; those of tests may differ by family and stage."""

    JOBS = "jobs"
    JOB_LOGS = "job_logs"
    TEST_EXECUTIONS = "test_executions"
    TEST_RESULT_LOGS = "test_result_logs"
    RAW_RESULT_FILES = "raw_result_files"
    NOTIFICATIONS = "notifications"
    AUDIT_EVENTS = "audit_events"


OF_TESTS = frozenset({RetentionKind.TEST_EXECUTIONS, RetentionKind.TEST_RESULT_LOGS, RetentionKind.RAW_RESULT_FILES})


class RuleRefused(InvalidValue):
    """{reason}"""


class AuditBroken(Conflict):
    """Nothing is pruned while the audit's chain does not hold: {fault}"""
