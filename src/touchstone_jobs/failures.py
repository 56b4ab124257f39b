"""Why an attempt fails, in words for its owner."""

from touchstone_jobs.wire import FailureReason


class JobFailure(Exception):
    """`code` is a word a program may switch on; the message is a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code, message)  # both, or a failure would not survive the way back from a task

    def __str__(self) -> str:
        return self.message

    @property
    def reason(self) -> FailureReason:
        return FailureReason(code=self.code, message=self.message)


def superseded(attempt: int, later: int) -> JobFailure:
    """A later attempt of the same job has begun: this one must leave the results alone."""
    return JobFailure("superseded", f"Attempt {later} has taken over from attempt {attempt}.")


def missing_package(code: str, purpose: str, missing: str, requirement: str) -> JobFailure:
    """`requirement` is what pip installs what is missing with."""
    return JobFailure(
        code, f"{purpose} lacks a package on the cluster ({missing}): run `pip install {requirement}` on its nodes."
    )
