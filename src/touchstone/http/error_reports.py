"""Faults reported to Sentry, when a DSN is set; needs the extra `sentry`."""

from collections.abc import Callable

from touchstone.http.tracing import MissingExtraError

Report = Callable[[BaseException], object]


def start_error_reports(dsn: str, version: str, environment: str) -> Report:
    """A function that reports one exception: no bodies, no headers, no local variables, no personal data.

    Raises MissingExtraError without the extra `sentry`.
    """
    try:
        import sentry_sdk
    except ImportError as error:
        raise MissingExtraError(
            "Error reports (TOUCHSTONE_SENTRY_DSN) need an extra that is missing: pip install 'touchstone[sentry]'"
        ) from error
    sentry_sdk.init(
        dsn=dsn,
        release=f"touchstone@{version}",
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        default_integrations=False,
        auto_enabling_integrations=False,
    )
    return sentry_sdk.capture_exception
