"""Builders shared by the tests of the core: only what matters to a test is said in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vyzov.core import call_events as ev
from vyzov.core.call import Call, CallPlan, CallState, start, step
from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.facts import Fact, FactKind
from vyzov.core.flow import Flow

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

FLOW: dict[str, Any] = {
    "start": "offer",
    "on_machine": "hang_up",
    "steps": {
        "offer": {
            "do": "announce",
            "prompt": "offer",
            "keys": {"1": "operator", "2": "later", "9": "stop"},
            "wait_s": 6,
            "repeats": 1,
            "on_silence": "bye",
        },
        "operator": {"do": "connect", "prompt": "please_wait", "wait_s": 10},
        "later": {"do": "callback", "after_s": 120, "prompt": "will_call_back"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}

PROGRESSIVE: dict[str, Any] = {
    "mode": "progressive",
    "purpose": "service",
    "caller_id": "+70005550101",
    "trunks": ["first"],
}

AGENTLESS: dict[str, Any] = PROGRESSIVE | {"mode": "agentless", "flow": FLOW}


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def settings(**changes: Any) -> CampaignSettings:
    return CampaignSettings.from_json(PROGRESSIVE | changes)


def flow(**changes: Any) -> Flow:
    return Flow.from_json(FLOW | changes)


def fact(kind: FactKind, at_s: float = 0.0, **changes: Any) -> Fact:
    made = Fact(
        kind=kind,
        at=after(at_s),
        clock_id="boot-1",
        monotonic_ns=int(at_s * 1e9),
        dedupe=f"{changes.get('attempt')}:{changes.get('agent')}:{kind.value}:{at_s}",
    )
    return replace(made, **changes)


class Ride:
    """One call being driven: `at` moves the clock, `commands` are those of the last event."""

    def __init__(self, plan: CallPlan | None = None, mode: DialMode = DialMode.PROGRESSIVE) -> None:
        self.call: Call = start("call-1", mode, plan or CallPlan(), T0)
        self.commands: tuple[ev.Command, ...] = ()
        self.all: list[ev.Command] = []

    def feed(self, at_s: float, *events: ev.Event) -> "Ride":
        for event in events:
            self.call, self.commands = step(self.call, event, after(at_s))
            self.all += self.commands
        return self

    def ring(self) -> "Ride":
        return self.feed(0, ev.Reserved(), ev.Dialing("id@here"), ev.Ringing())

    def answer(self, at_s: float = 5.0) -> "Ride":
        return self.ring().feed(at_s, ev.Answered("PCMA"))

    def talk(self, agent: str = "ann") -> "Ride":
        return self.answer().feed(5.1, ev.AgentFound(agent), ev.BridgeJoined(agent))

    @property
    def state(self) -> CallState:
        return self.call.state

    def sent(self, kind: type) -> list[Any]:
        return [command for command in self.all if isinstance(command, kind)]

    def told(self, kind: FactKind) -> list[ev.Record]:
        return [record for record in self.sent(ev.Record) if record.kind is kind]

    @property
    def finish(self) -> tuple[str, str] | None:
        found = self.sent(ev.Finish)
        assert len(found) <= 1, "a call finishes once"
        return (found[0].outcome.value, found[0].detail) if found else None
