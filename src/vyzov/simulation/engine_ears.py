"""The ears of callees: what each hears now, and when that makes them act.

A callee is asked at each change of the sound and at the moments the conversation names itself, not
all the time: a day of a hundred talks is a few moments for each.
"""

from typing import Protocol

from vyzov.dialer import ports
from vyzov.simulation import conversation as talk
from vyzov.simulation.engine_parts import (
    LISTEN_LEAST_S,
    MUTED_TOLD_S,
    SILENCE_TOLD_S,
    SimCall,
    SimDevice,
    Witness,
)
from vyzov.simulation.world_time import Timeline


class Lines(Protocol):
    """What of the engine an ear touches."""

    calls: dict[str, SimCall]
    devices: dict[str, SimDevice]

    def post(self, event: ports.LegEvent) -> None: ...
    def end(self, call: SimCall, side: str, cause: str) -> None: ...


class Ears:
    """The ears of all callees who have picked up."""

    def __init__(self, timeline: Timeline, lines: Lines, witness: Witness) -> None:
        self._timeline = timeline
        self._lines = lines
        self.witness = witness

    def open(self, call: SimCall) -> None:
        """A callee has picked up."""
        call.hears = self._heard(call)
        self._listen_at(call, self._timeline.now)

    def notice(self, call: SimCall) -> None:
        """What a callee hears may have changed."""
        heard = self._heard(call)
        if call.answered_at is None or heard == call.hears:
            return
        now = self._timeline.now
        call.conversation.hears_on(now - call.answered_at, call.hears)
        if call.hears != talk.SILENCE:
            call.heard_at = now
        call.hears = heard
        self._listen_at(call, now)

    def _heard(self, call: SimCall) -> str:
        if call.device is not None:
            if call.held:
                return talk.SOUND
            return talk.OPERATOR if self._is_spoken_to(call, call.device) else talk.SILENCE
        if call.play is not None:
            return call.play[1]
        return talk.SOUND if call.comfort else talk.SILENCE

    def _is_spoken_to(self, call: SimCall, agent: str) -> bool:
        """True where somebody whom the callee is meant to hear has their microphone open."""
        for leg in (agent, *call.guests):
            device = self._lines.devices.get(leg)
            muted = device is not None and device.muted
            meant = not call.guests or (call.leg, leg) in call.pairs
            if meant and not muted:
                return True
        return False

    def _is_muted(self, call: SimCall) -> bool:
        """True where an operator is on the line who has closed their microphone."""
        device = self._lines.devices.get(call.device or "")
        return device is not None and device.muted

    def _listen_at(self, call: SimCall, moment: float) -> None:
        if call.ear is not None:
            call.ear.call_off()
        call.ear = self._timeline.at(moment, lambda: self._listen(call))

    def _listen(self, call: SimCall) -> None:
        if self._lines.calls.get(call.leg) is not call:
            return
        now = self._timeline.now
        assert call.answered_at is not None, "only those who picked up listen"
        if call.hears != talk.SILENCE:
            call.heard_at = now
        else:
            self.witness.silent(call.leg, now - call.heard_at, muted=self._is_muted(call))
        since = now - call.answered_at
        for act in call.conversation.step(since, call.hears):
            if isinstance(act, talk.Press):
                call.informed = True
                self._lines.post(ports.Digit(call.leg, 0, 0.0, act.key, 120))
            else:
                self._lines.end(call, "far", "bye")
                return
        following = call.conversation.next_at(since, call.hears)
        moments = [] if following is None else [call.answered_at + following]
        if call.hears == talk.SILENCE:
            told_at = call.heard_at + (MUTED_TOLD_S if self._is_muted(call) else SILENCE_TOLD_S)
            if now < told_at:
                moments.append(told_at)
        if moments:
            self._listen_at(call, max(min(moments), now + LISTEN_LEAST_S))
