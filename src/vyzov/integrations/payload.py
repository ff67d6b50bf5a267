"""What a webhook's receiver reads: one JSON object of a stated version.

Its members are told in docs/formats.md; `PAYLOAD_VERSION` grows when one changes its meaning.
"""

import json

from vyzov.core.instants import to_text
from vyzov.core.webhook import PAYLOAD_VERSION
from vyzov.dialer.ports import Json
from vyzov.dialer.webhooks import Due


def payload_of(due: Due) -> bytes:
    """Returns the body of an event; `person` is there where the webhook asks for it, and null where
    the event is about nobody or about somebody who was erased."""
    data: Json = {
        "campaign": due.campaign,
        "contact": due.contact,
        "attempt": due.attempt,
        "agent": due.agent,
        "person": due.person,
        "details": due.data,
    }
    body: Json = {
        "type": due.event.value,
        "timestamp": to_text(due.at),
        "version": PAYLOAD_VERSION,
        "data": data,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
