"""May this contact be called now: one question, asked gate by gate, at the instant of dialling.

Gates stand in a fixed order, from the stop that covers everything to the finest rule; the first
that stops the call gives the answer. `verdict` is obeyed by the dialer, `explain` asks the same
gates for people. A gate that lacks what it needs to know stops the call. Reasons are ids; screens
word them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vyzov.core.callback import Promise
from vyzov.core.campaign import CampaignSettings, CampaignState, DialMode, Purpose, may_dial
from vyzov.core.contact import EntryState
from vyzov.core.fields import Json
from vyzov.core.instants import to_text
from vyzov.core.making import quickly_made
from vyzov.core.numbers import is_e164, prefix_of
from vyzov.core.window import CallWindow, next_open, zones_of

RULE_VERSION = "2026-11-22"
"""Stamped on every attempt; grows with every change of a gate."""


class Gate(StrEnum):
    """The gates, in the order in which they are asked."""

    EMERGENCY_STOP = "emergency_stop"
    CAMPAIGN_RUNNING = "campaign_running"
    CONTACT_STATE = "contact_state"
    ATTEMPTS_MAX = "attempts_max"
    NOT_DUE = "not_due"
    SUPPRESSED = "suppressed"
    NUMBER_LIVE = "number_live"
    DESTINATION = "destination"
    WINDOW = "window"
    PURPOSE_MODE = "purpose_mode"


@quickly_made
@dataclass(frozen=True, slots=True)
class Candidate:
    """What must be known of a contact: its entry, and the number that would be called.

    `zones` are the IANA names of all zones the number may be in; `consent` says that a valid
    consent to robot calls for the campaign's purpose is on record.
    """

    contact: str
    state: EntryState
    number: str
    zones: tuple[str, ...]
    attempts_made: int = 0
    next_due: datetime | None = None
    promise: Promise | None = None
    closed_reason: str = ""
    suppressed: bool = False
    number_live: bool = False
    consent: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Rules:
    """What is permitted to a campaign at this moment."""

    emergency_stop: bool
    campaign_state: CampaignState
    attempts_max: int
    destinations: tuple[str, ...]
    window: CallWindow
    purpose: Purpose
    mode: DialMode
    version: str = RULE_VERSION

    @classmethod
    def of(
        cls, settings: CampaignSettings, state: CampaignState, *, emergency_stop: bool
    ) -> "Rules":
        """Returns the rules of a campaign in this state."""
        return cls(
            emergency_stop=emergency_stop,
            campaign_state=state,
            attempts_max=settings.redial.attempts_max,
            destinations=settings.destinations,
            window=settings.window,
            purpose=settings.purpose,
            mode=settings.mode,
        )


@dataclass(frozen=True, slots=True)
class Allowed:
    """The call may be placed at this instant."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The call may not be placed; `until` is when that gate opens, None if not by itself."""

    gate: Gate
    reason: str
    until: datetime | None = None


Verdict = Allowed | Refused


class Asked(StrEnum):
    """What a gate said."""

    PASSED = "passed"
    STOPPED = "stopped"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class GateLine:
    """One line of an explanation."""

    gate: Gate
    asked: Asked
    reason: str = ""
    until: datetime | None = None


def verdict(candidate: Candidate, rules: Rules, now: datetime) -> Verdict:
    """Decides whether the candidate may be called at `now`."""
    for gate in Gate:
        refused = _GATES[gate](candidate, rules, now)
        if refused:
            return refused
    return Allowed()


def explain(candidate: Candidate, rules: Rules, now: datetime) -> tuple[GateLine, ...]:
    """Returns a line for every gate; those behind the one that stopped the call were not asked."""
    lines: list[GateLine] = []
    refused: Refused | None = None
    for gate in Gate:
        if refused:
            lines.append(GateLine(gate, Asked.NOT_ASKED))
        elif refused := _GATES[gate](candidate, rules, now):
            lines.append(GateLine(gate, Asked.STOPPED, refused.reason, refused.until))
        else:
            lines.append(GateLine(gate, Asked.PASSED))
    return tuple(lines)


def verdict_to_json(said: Verdict) -> dict[str, Json]:
    """Returns the verdict as it is kept beside an attempt."""
    if isinstance(said, Allowed):
        return {"allowed": True}
    return {
        "allowed": False,
        "gate": said.gate.value,
        "reason": said.reason,
        "until": to_text(said.until) if said.until else None,
    }


# ---- the gates -----------------------------------------------------------------------------------


def _emergency_stop(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del candidate, now
    return Refused(Gate.EMERGENCY_STOP, "emergency_stop") if rules.emergency_stop else None


def _campaign_running(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del candidate, now
    if may_dial(rules.campaign_state):
        return None
    return Refused(Gate.CAMPAIGN_RUNNING, f"campaign_{rules.campaign_state.value}")


def _contact_state(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del rules, now
    if candidate.state is EntryState.IN_CALL:
        return Refused(Gate.CONTACT_STATE, "in_call")
    if candidate.state is EntryState.CLOSED:
        return Refused(Gate.CONTACT_STATE, f"closed_{candidate.closed_reason}")
    return None


def _attempts_max(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del now
    # A promised call is made even when the attempts are used up: it was asked for.
    if candidate.promise or candidate.attempts_made < rules.attempts_max:
        return None
    return Refused(Gate.ATTEMPTS_MAX, "attempts_max")


def _not_due(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del rules
    if candidate.next_due is None or candidate.next_due <= now:
        return None
    reason = "callback_later" if candidate.promise else "redial_later"
    return Refused(Gate.NOT_DUE, reason, candidate.next_due)


def _suppressed(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del rules, now
    return Refused(Gate.SUPPRESSED, "stop_list") if candidate.suppressed else None


def _number_live(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del rules, now
    return Refused(Gate.NUMBER_LIVE, "number_in_a_call") if candidate.number_live else None


def _destination(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del now
    if not is_e164(candidate.number):
        return Refused(Gate.DESTINATION, "not_e164")
    if prefix_of(candidate.number, rules.destinations) is None:
        return Refused(Gate.DESTINATION, "country_not_allowed")
    return None


def _window(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    zones = zones_of(candidate.zones)
    if zones is None:
        return Refused(Gate.WINDOW, "zone_unknown")
    opens = next_open(rules.window, zones, now)
    if opens == now:
        return None
    return Refused(Gate.WINDOW, "outside_hours" if opens else "no_common_hours", opens)


_CONSENT_NEEDED = frozenset({
    (Purpose.ADVERTISING, DialMode.AGENTLESS),
    (Purpose.POLITICAL, DialMode.AGENTLESS),
})  # fmt: skip
"""A robot may advertise only to those who agreed to it (ePrivacy 13; US prior express consent)."""


def needs_consent(purpose: Purpose, mode: DialMode) -> bool:
    """Tells whether calls of this purpose may be placed in this mode to those alone who agreed."""
    return (purpose, mode) in _CONSENT_NEEDED


def _purpose_mode(candidate: Candidate, rules: Rules, now: datetime) -> Refused | None:
    del now
    if candidate.consent or not needs_consent(rules.purpose, rules.mode):
        return None
    return Refused(Gate.PURPOSE_MODE, "no_consent_to_robot_calls")


_GATES: dict[Gate, Callable[[Candidate, Rules, datetime], Refused | None]] = {
    Gate.EMERGENCY_STOP: _emergency_stop,
    Gate.CAMPAIGN_RUNNING: _campaign_running,
    Gate.CONTACT_STATE: _contact_state,
    Gate.ATTEMPTS_MAX: _attempts_max,
    Gate.NOT_DUE: _not_due,
    Gate.SUPPRESSED: _suppressed,
    Gate.NUMBER_LIVE: _number_live,
    Gate.DESTINATION: _destination,
    Gate.WINDOW: _window,
    Gate.PURPOSE_MODE: _purpose_mode,
}
