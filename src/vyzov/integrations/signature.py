"""Signs what is sent the way of Standard Webhooks 1.0, so that a receiver can tell it from a forgery.

https://www.standardwebhooks.com: HMAC-SHA256 over id, timestamp and body, with a secret of 24 to 64
bytes that is written `whsec_` and base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from vyzov.core.webhook import SECRET_PREFIX


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Returns one signature, `v1,` and base64; a secret that is none raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook's secret is not base64") from error
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def headers_of(
    secrets: Iterable[str], message_id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """Returns the three headers; of several secrets each adds its signature."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(one, message_id, timestamp, body) for one in secrets),
    }
