"""Two agents joined by byte streams that are cut anywhere, in virtual time."""

import random
from collections import Counter

import pytest
from sip_net import ANSWER, CALLER, NOBODY, NUMBER, OFFER, agent

from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallRejected,
    Hop,
    IncomingCall,
    LegEvent,
    Transport,
)
from vyzov.sip.stream import Framer
from vyzov.sip.user_agent import UserAgent

CALLS = 40


class Wire:
    """One direction of a connection: what is written arrives in pieces of any size."""

    def __init__(self, receiver: UserAgent, source: Hop, dice: random.Random) -> None:
        self._receiver = receiver
        self._source = source
        self._dice = dice
        self._framer = Framer(accepted=bool(source.flow))
        self._bytes = b""

    def write(self, data: bytes) -> None:
        self._bytes += data

    def carry(self, now: float) -> bool:
        """Carries some of the bytes; tells whether there were any."""
        if not self._bytes:
            return False
        size = self._dice.choice((1, 7, 100, 1_500, 20_000))
        piece, self._bytes = self._bytes[:size], self._bytes[size:]
        for message in self._framer.feed(piece):
            self._receiver.receive(message, self._source, now)
        return True


@pytest.mark.parametrize("seed", range(5))
def test_calls_over_a_stream_are_answered_refused_and_ended_without_one_repetition(
    seed: int,
) -> None:
    dice = random.Random(seed)
    caller, callee = agent(("127.0.0.1", 5060)), agent(("127.0.0.1", 5070), accept_calls=True)
    there = Hop("127.0.0.1", 5070, Transport.TCP)
    here = Hop("127.0.0.1", 40_000, Transport.TCP, flow=1)
    wires = {caller: Wire(callee, here, dice), callee: Wire(caller, there, dice)}
    heard: dict[UserAgent, list[LegEvent]] = {caller: [], callee: []}
    sent: Counter[bytes] = Counter()
    for number in range(CALLS):
        caller.invite(
            f"leg-{number}", target=there, to=NUMBER, caller_id=CALLER, sdp=OFFER,
            account=NOBODY, now=0.0,
        )  # fmt: skip
    now, busy = 0.0, True
    while busy:
        now += 0.001
        busy = False
        for one, wire in wires.items():
            for data, _ in one.messages_to_send():
                sent[data] += 1
                wire.write(data)
            busy |= wire.carry(now)
            for event in one.events():
                heard[one].append(event)
                act(one, event, dice, now)
                busy = True
    assert set(sent.values()) == {1}, "a stream loses nothing, so nothing is said twice"
    ended = Counter(type(event) for event in heard[caller])
    assert ended[CallAnswered] + ended[CallRejected] == CALLS
    assert ended[CallEnded] == ended[CallAnswered] > 0
    assert ended[CallRejected] > 0
    incoming = [event for event in heard[callee] if isinstance(event, IncomingCall)]
    assert len({event.call_id for event in incoming}) == len(incoming) == CALLS
    # Whoever was answered was acknowledged: no 2xx is waiting to be sent again.
    callee.handle_deadline(now + 5.0)
    assert callee.messages_to_send() == []


def act(one: UserAgent, event: LegEvent, dice: random.Random, now: float) -> None:
    """Answers or refuses what comes in, and hangs up what was answered."""
    if isinstance(event, IncomingCall):
        one.respond(event.leg, 180, now=now)
        if dice.random() < 0.5:
            one.respond(event.leg, 200, sdp=ANSWER, now=now)
        else:
            one.respond(event.leg, 486, now=now)
    elif isinstance(event, CallAnswered):
        one.bye(event.leg, now)
