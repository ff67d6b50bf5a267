"""Decides what the outside world is told of, when a delivery is tried again, and when nobody listens.

A fact becomes at most one event; facts that only matter inside (a key, a state of an agent) become none.
Signing, addresses and sending are `integrations`' part, keeping what waits is the store's.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core.contact import CallbackEnd
from vyzov.core.facts import FactKind
from vyzov.core.fields import Json
from vyzov.core.trunk import TrunkHealth

PAYLOAD_VERSION = 1
"""Grows when a member of the payload changes its meaning; new members may come without."""

WAITS_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, *(28_800,) * 3, *(43_200,) * 2)
"""How long a delivery waits after each failure, two days and a third in all."""

JITTER = 0.2
"""Share of a wait by which it may be shorter or longer, so that what failed together is spread."""

ASKED_WAIT_MOST = timedelta(hours=1)
"""The longest a receiver may ask us to wait (Retry-After)."""

SECRET_PREFIX, SECRET_BYTES = "whsec_", 32

REST_FIRST, REST_MOST = timedelta(seconds=1), timedelta(minutes=5)


class HookEvent(StrEnum):
    """The closed list of what a webhook may be told of."""

    ATTEMPT_FINISHED = "attempt.finished"
    ATTEMPT_RESOLVED = "attempt.resolved"
    RESULT_SAVED = "result.saved"
    RESULT_UNDONE = "result.undone"
    CALLBACK_PROMISED = "callback.promised"
    CALLBACK_KEPT = "callback.kept"
    CALLBACK_MISSED = "callback.missed"
    CALLBACK_CANCELLED = "callback.cancelled"
    STOP_LISTED = "stop_list.added"
    STOP_LIFTED = "stop_list.lifted"
    CAMPAIGN_STATE = "campaign.state"
    LEAD_ACCEPTED = "lead.accepted"
    ALERT = "alert"
    TEST = "test"


OF_FACTS: Mapping[FactKind, HookEvent] = {
    FactKind.FINAL: HookEvent.ATTEMPT_FINISHED,
    FactKind.RESOLVED: HookEvent.ATTEMPT_RESOLVED,
    FactKind.DISPOSED: HookEvent.RESULT_SAVED,
    FactKind.DISPOSITION_UNDONE: HookEvent.RESULT_UNDONE,
    FactKind.CALLBACK_PROMISED: HookEvent.CALLBACK_PROMISED,
    FactKind.STOP_LISTED: HookEvent.STOP_LISTED,
    FactKind.CAMPAIGN_STATE: HookEvent.CAMPAIGN_STATE,
    FactKind.EMERGENCY_STOP: HookEvent.ALERT,
    FactKind.EMERGENCY_STOP_LIFTED: HookEvent.ALERT,
    FactKind.TRUNK_STATE: HookEvent.ALERT,
    FactKind.CLOCK_STEPPED: HookEvent.ALERT,
    FactKind.CLOCK_TRUSTED: HookEvent.ALERT,
    FactKind.RESTORED: HookEvent.ALERT,
    FactKind.QUARANTINE_LIFTED: HookEvent.ALERT,
    FactKind.ALARM_RAISED: HookEvent.ALERT,
    FactKind.ALARM_CLEARED: HookEvent.ALERT,
}

OF_PROMISES: Mapping[CallbackEnd, HookEvent] = {
    CallbackEnd.KEPT: HookEvent.CALLBACK_KEPT,
    CallbackEnd.MISSED: HookEvent.CALLBACK_MISSED,
    CallbackEnd.CANCELLED: HookEvent.CALLBACK_CANCELLED,
}

_ALERTS: Mapping[FactKind, tuple[str, bool]] = {
    FactKind.EMERGENCY_STOP: ("emergency_stop", False),
    FactKind.EMERGENCY_STOP_LIFTED: ("emergency_stop", True),
    FactKind.CLOCK_STEPPED: ("clock", False),
    FactKind.CLOCK_TRUSTED: ("clock", True),
    FactKind.RESTORED: ("quarantine", False),
    FactKind.QUARANTINE_LIFTED: ("quarantine", True),
}


def event_of(kind: FactKind, data: Mapping[str, Json]) -> HookEvent | None:
    """Returns the event a fact is told as, None where the outside world is not told."""
    if kind is FactKind.STOP_LISTED and data.get("lifted"):
        return HookEvent.STOP_LIFTED
    if kind is FactKind.CONTACTS_LOADED and data.get("lead"):
        return HookEvent.LEAD_ACCEPTED
    return OF_FACTS.get(kind)


def told_data(kind: FactKind, data: Mapping[str, Json]) -> dict[str, Json]:
    """Returns what an event tells of its fact: the fact's own data, and for an alert what it is
    about and whether it is over."""
    if kind is FactKind.TRUNK_STATE:
        return {"what": "trunk", "over": data.get("state") == TrunkHealth.UP.value, **data}
    if kind in (FactKind.ALARM_RAISED, FactKind.ALARM_CLEARED):
        return {"what": data["kind"], "over": kind is FactKind.ALARM_CLEARED, **data}
    if kind in _ALERTS:
        what, over = _ALERTS[kind]
        return {"what": what, "over": over, **data}
    return dict(data)


def event_id(organisation: str, dedupe: str) -> str:
    """Returns the `webhook-id` of an event: the same however often it is told, also by a database
    that was restored and is told the same again."""
    return "evt_" + hashlib.sha256(f"{organisation}/{dedupe}".encode()).hexdigest()[:32]


def secret_of(random: bytes) -> str:
    """Writes `SECRET_BYTES` random bytes as a secret of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def next_try(tries: int, now: datetime, dice: float, asked: timedelta | None) -> datetime | None:
    """Returns when a delivery that failed for the `tries`th time is tried again, None for never.

    `dice` is 0..1; `asked` is what the receiver asked us to wait, taken as the least."""
    if tries > len(WAITS_S):
        return None
    wait = timedelta(seconds=WAITS_S[tries - 1] * (1 + JITTER * (2 * dice - 1)))
    return now + max(wait, min(asked or wait, ASKED_WAIT_MOST))


def rest_after(failures: int) -> timedelta:
    """Returns how long a receiver is left alone after so many failures in a row."""
    if failures < 1:
        return timedelta(0)
    return min(REST_FIRST * 2 ** min(failures - 1, 10), REST_MOST)


def is_dead(failing_since: datetime | None, now: datetime, patience: timedelta) -> bool:
    """Tells whether a receiver has failed for so long, without one success, that it is let go."""
    return failing_since is not None and now - failing_since >= patience
