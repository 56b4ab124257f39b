"""Fetches an attempt's secret with the ticket that lies in its config."""

import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from touchstone_jobs.failures import JobFailure
from touchstone_jobs.wire import Ticket

TRIES = 6
TIMEOUT_SECONDS = 15
_LARGEST_ANSWER = 64 * 1024


def fetch_secret(ticket: Ticket, *, pause: Callable[[float], None] = time.sleep) -> str:
    """Raises JobFailure `secret_refused` when the ticket is not honoured, `secret_unreachable` when nobody answers."""
    for trial in range(TRIES):
        try:
            return _redeem(ticket)
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise JobFailure("secret_refused", f"The service refused this attempt its secret: {error}.") from None
        except (OSError, ValueError):
            pass
        if trial < TRIES - 1:
            pause(random.uniform(0.5, 1.0) * 2**trial)  # noqa: S311  (jitter)
    raise JobFailure("secret_unreachable", f"The service did not hand out the secret in {TRIES} tries.")


def _redeem(ticket: Ticket) -> str:
    if not ticket.url.startswith(("http://", "https://")):
        raise JobFailure("secret_refused", "The ticket's address is no http address.")
    headers = {"Authorization": f"Bearer {ticket.token}", "Accept": "application/json"}
    request = urllib.request.Request(ticket.url, data=b"", headers=headers, method="POST")  # noqa: S310  (see above)
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        value = json.loads(answer.read(_LARGEST_ANSWER))["value"]
    if not isinstance(value, str):
        raise JobFailure("secret_refused", "The service answered the ticket with something other than a text.")
    return value
