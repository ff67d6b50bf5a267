"""What an engine tells after all of calls whose end was booked as unknown.

Such a call is kept aside, free of its line and its contact, until the engine or another run of it
says what became of it; then the attempt gets its real end, and a person who answered and heard nobody
is counted. The contact stays where the unknown end put it: whoever may have been reached is not
called again by itself. What follows from an event is `core.call_closing`'s word.
"""

from datetime import datetime

from vyzov.core.facts import FactKind
from vyzov.core.outcome import AttemptState, Outcome
from vyzov.dialer import ports
from vyzov.dialer.entries import count_answer, was_late
from vyzov.dialer.live_call import LiveCall
from vyzov.dialer.room import Room
from vyzov.dialer.scene import Scene
from vyzov.dialer.writes import FinishAttempt

KEPT_MAX = 2_000
"""Calls kept aside; of more than that, the oldest stay unknown for a person to see."""

LAST_WORDS = (ports.Ended, ports.Failed, ports.Refused)
"""Events after which a leg is over."""


def keep_aside(room: Room, live: LiveCall) -> None:
    """Keeps a call that nobody could tell the end of."""
    room.unknown[live.call.id] = live
    while len(room.unknown) > KEPT_MAX:
        room.unknown.pop(next(iter(room.unknown)))


def follow(scene: Scene, live: LiveCall, event: ports.LegEvent) -> None:
    """Hangs up what still rings after such an event, and lets go of what is over."""
    leg = live.call.id
    if isinstance(event, ports.Dialing | ports.Ringing):
        scene.out.verb(ports.Hangup(leg, "unknown"))
    elif isinstance(event, LAST_WORDS):
        scene.room.unknown.pop(leg, None)
        scene.room.unsaved.add(leg)
        scene.out.when_saved.append(ports.Forget(leg))


def resolve(scene: Scene, live: LiveCall, outcome: Outcome, detail: str, at: datetime) -> None:
    """Writes what became of the attempt after all, and counts a person who answered."""
    call = live.call
    scene.out.write(
        FinishAttempt(
            call.id, AttemptState.FINAL, outcome.value, at, detail=detail or None,
            sip_code=call.code or None, q850=call.q850, answered_at=call.answered_at,
            bridged_at=call.bridged_at, ended_at=call.ended_at,
            agent=live.agent or call.talked_with,
        )
    )  # fmt: skip
    scene.call_fact(
        live, FactKind.RESOLVED, "resolved", at,
        {"outcome": outcome.value, "detail": detail, "number": live.number,
         "code": call.code, "q850": call.q850},
    )  # fmt: skip
    if outcome is Outcome.ANSWERED_HUMAN:
        count_answer(scene, live, at, abandoned=was_late(call))
