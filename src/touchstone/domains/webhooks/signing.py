"""Standard Webhooks (https://www.standardwebhooks.com, specification 1.0): secrets, and the headers of a message.

The signature is `v1,` and the base64 of HMAC-SHA256, with the secret's decoded bytes as key, over
`{webhook-id}.{webhook-timestamp}.{body}`. While a secret is replaced there are several, separated by spaces. A receiver
refuses a message whose timestamp (unix seconds) is more than TOLERANCE_SECONDS away from its own clock.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 the beginning of every secret
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(secret_values: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """With the signatures of all secrets, the newest first."""
    return {
        "content-type": "application/json",
        "user-agent": "Touchstone-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(one, message_id, timestamp, body) for one in secret_values),
    }
