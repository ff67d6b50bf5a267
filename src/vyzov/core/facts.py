"""Facts: what happened, once, and is never changed; every report is a fold over them.

A fact carries ids and salted references only. Names, numbers, notes and SIP text live in erasable
tables, so that a person can be forgotten and the chain of facts stays whole. Which table keeps
facts, and in which order they were committed, is the store's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from vyzov.core.errors import Fault
from vyzov.core.fields import Fields, Json
from vyzov.core.instants import from_text, to_text
from vyzov.core.making import quickly_made

FACT_VERSION = 1


class FactKind(StrEnum):
    """The closed list of what can be a fact."""

    ATTEMPT_RESERVED = "attempt_reserved"
    ATTEMPT_REFUSED = "attempt_refused"
    DIALING = "dialing"
    RINGING = "ringing"
    ANSWERED = "answered"
    CLASSIFIED = "classified"
    AGENT_ASKED = "agent_asked"
    BRIDGED = "bridged"
    UNBRIDGED = "unbridged"
    AGENT_AWAY = "agent_away"
    AGENT_BACK = "agent_back"
    GUEST_JOINED = "guest_joined"
    GUEST_LEFT = "guest_left"
    HANDED_OVER = "handed_over"
    ONE_WAY = "one_way"
    DIGIT = "digit"
    FLOW_STEP = "flow_step"
    SAFE_HARBOUR = "safe_harbour"
    ABANDONED = "abandoned"
    ENDED = "ended"
    FAILED = "failed"
    FINAL = "final"
    RESOLVED = "resolved"
    DISPOSED = "disposed"
    DISPOSITION_UNDONE = "disposition_undone"
    CALLBACK_PROMISED = "callback_promised"
    STOP_LISTED = "stop_listed"
    AGENT_SIGNED_IN = "agent_signed_in"
    AGENT_SIGNED_OUT = "agent_signed_out"
    AGENT_STATE = "agent_state"
    CARD_SHOWN = "card_shown"
    CARD_OVER = "card_over"
    DEVICE_UP = "device_up"
    DEVICE_DOWN = "device_down"
    CAMPAIGN_STATE = "campaign_state"
    PACE_RULE = "pace_rule"
    SETTINGS_CHANGED = "settings_changed"
    LIST_IMPORTED = "list_imported"
    CONTACTS_LOADED = "contacts_loaded"
    CONTACT_CLOSED = "contact_closed"
    CONTACT_REOPENED = "contact_reopened"
    CONTACT_ERASED = "contact_erased"
    RECORDING_FINISHED = "recording_finished"
    EMERGENCY_STOP = "emergency_stop"
    EMERGENCY_STOP_LIFTED = "emergency_stop_lifted"
    RESTORED = "restored"
    QUARANTINE_LIFTED = "quarantine_lifted"
    TRUNK_STATE = "trunk_state"
    CLOCK_STEPPED = "clock_stepped"
    CLOCK_TRUSTED = "clock_trusted"
    ALARM_RAISED = "alarm_raised"
    ALARM_CLEARED = "alarm_cleared"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"


@quickly_made
@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened.

    `at` is aware UTC; durations are taken from `monotonic_ns` of facts with one `clock_id` only.
    `dedupe` is unique within the organisation (`{attempt}:answered`): a second fact with the same
    key is the same fact told again.
    """

    kind: FactKind
    at: datetime
    clock_id: str
    monotonic_ns: int
    dedupe: str
    campaign: str | None = None
    contact: str | None = None
    attempt: str | None = None
    agent: str | None = None
    data: Mapping[str, Json] = field(default_factory=dict[str, Json])
    version: int = FACT_VERSION


def to_json(fact: Fact) -> dict[str, Json]:
    """Returns the fact as a JSON object, the line of `facts.jsonl` without its sequence number."""
    return {
        "kind": fact.kind.value,
        "version": fact.version,
        "at": to_text(fact.at),
        "clock_id": fact.clock_id,
        "monotonic_ns": fact.monotonic_ns,
        "campaign": fact.campaign,
        "contact": fact.contact,
        "attempt": fact.attempt,
        "agent": fact.agent,
        "data": fact.data,
        "dedupe": fact.dedupe,
    }


def from_json(source: Mapping[str, Any]) -> Fact:
    """Returns the fact of a JSON object, or raises `InvalidRequest`; what a line of `facts.jsonl`
    says of its place beside it is let through.
    """
    faults: list[Fault] = []
    fields = Fields(source, "", faults)
    fields.read.update(_OF_THE_CHAIN)
    at = fields.text("at")
    kind = fields.choice("kind", FactKind)
    version = fields.whole("version", FACT_VERSION, least=1, most=FACT_VERSION)
    clock_id = fields.text("clock_id", "")
    monotonic_ns = fields.whole("monotonic_ns", 0, least=0, most=2**63 - 1)
    dedupe = fields.text("dedupe")
    data = dict(fields.inner("data").source)
    about = {name: fields.text(name, "") or None for name in _ABOUT}
    fields.settle("A fact")
    return Fact(
        kind=kind,
        at=from_text(at),
        clock_id=clock_id,
        monotonic_ns=monotonic_ns,
        dedupe=dedupe,
        data=data,
        version=version,
        **about,
    )


_OF_THE_CHAIN = ("seq", "organisation", "floor", "epoch", "place", "after", "hash")
_ABOUT = ("campaign", "contact", "attempt", "agent")
