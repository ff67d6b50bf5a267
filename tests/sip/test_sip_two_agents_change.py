"""Two agents that change their session on a bad network: both always end with the same one.

Holds cross, requests are lost, doubled and overtaken; what each side believes is compared when
the network has come to rest.
"""

import pytest
from sip_net import ANSWER, CALLER, NUMBER, OFFER, Network
from sipmessage import Message, Request

from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallRejected,
    DialogConfirmed,
    Hop,
    IncomingCall,
    LegEvent,
    SessionChanged,
)
from vyzov.sip.offers import Negotiation
from vyzov.sip.user_agent import Account, UserAgent

CALLER_AT = ("127.0.0.1", 5060)
CALLEE_AT = ("127.0.0.1", 5070)
FAULTS = [
    {},
    {"loss": 0.05, "twice": 0.05, "jitter": 0.01},
    {"loss": 0.2, "twice": 0.2, "jitter": 0.4},
    {"twice": 1.0, "jitter": 1.0},
]


class Pair:
    """A call between two agents, each wishing for changes at random moments."""

    def __init__(self, network: Network, *, reliable: bool = False, timer_s: int = 0) -> None:
        self.network = network
        self.caller = network.add(CALLER_AT)
        self.callee = network.add(CALLEE_AT, accept_calls=True)
        self.callee_leg = ""
        self._reliable = reliable
        network.on_event[CALLEE_AT] = self._callee_hears
        self.caller.invite(
            "leg", target=Hop(*CALLEE_AT), to=NUMBER, caller_id=CALLER, sdp=OFFER, account=Account(),
            now=0.0, session_expires_s=timer_s,
        )  # fmt: skip

    def _callee_hears(self, event: LegEvent) -> None:
        if isinstance(event, IncomingCall):
            self.callee_leg = event.leg
            said = ANSWER if self._reliable else None
            self._later(0.2, lambda: self._respond(183, said))
            self._later(1.0, lambda: self._respond(200, ANSWER))

    def _respond(self, code: int, sdp: bytes | None) -> None:
        self.callee.respond(
            self.callee_leg, code, sdp=sdp, now=self.network.now, reliable=self._reliable
        )

    def _later(self, seconds: float, act: object) -> None:
        self.network.at(self.network.now + seconds, act)  # type: ignore[arg-type]

    def wish(self, count: int, until: float, *, since: float = 40.0) -> None:
        """Spreads holds and resumptions of both sides over a span."""
        dice = self.network.dice
        for _ in range(count):
            who = dice.choice([self.caller, self.callee])
            verb = dice.choice(["hold", "unhold"])
            when = since + dice.random() * (until - since)
            self.network.at(when, lambda w=who, v=verb: self._change(w, v))

    def _change(self, who: UserAgent, verb: str) -> None:
        leg = "leg" if who is self.caller else self.callee_leg
        getattr(who, verb)(leg, self.network.now)

    def believed(self, who: UserAgent) -> Negotiation:
        session = who._legs["leg" if who is self.caller else self.callee_leg].session
        assert session is not None
        return session.negotiation

    def heard(self, kind: type[LegEvent]) -> list[LegEvent]:
        found = self.network.heard
        return [e for at in (CALLER_AT, CALLEE_AT) for e in found[at] if isinstance(e, kind)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("faults", FAULTS, ids=["clean", "fair", "bad", "echo"])
def test_both_sides_believe_the_same_session_in_the_end(
    seed: int, faults: dict[str, float]
) -> None:
    network = Network(seed, **faults)
    pair = Pair(network)
    pair.wish(8, 100.0)
    network.run(260.0)
    if pair.heard(CallEnded):
        # A change all of whose repetitions were lost ends the call: then on both sides.
        network.run(400.0)
        assert len(pair.heard(CallEnded)) == 2
        assert faults.get("loss", 0) >= 0.2
        return
    ours, theirs = pair.believed(pair.caller), pair.believed(pair.callee)
    assert not ours.waiting
    assert not theirs.waiting
    assert ours.local == theirs.remote
    assert ours.remote == theirs.local
    assert ours.direction is theirs.direction.opposite
    assert pair.heard(SessionChanged)


@pytest.mark.parametrize("seed", range(6))
def test_crossing_holds_are_settled_without_ending_the_call(seed: int) -> None:
    network = Network(seed, delay=0.05)
    pair = Pair(network)
    for when in (40.0, 60.0, 80.0):
        network.at(when, lambda: pair.caller.hold("leg", network.now))
        network.at(when, lambda: pair.callee.hold(pair.callee_leg, network.now))
        network.at(when + 10, lambda: pair.caller.unhold("leg", network.now))
        network.at(when + 10, lambda: pair.callee.unhold(pair.callee_leg, network.now))
    network.run(120.0)
    assert not pair.heard(CallEnded)
    codes = [
        Message.parse(data).code  # type: ignore[union-attr]
        for _, _, _, data in network.wire
        if data.startswith(b"SIP/2.0 491")
    ]
    assert codes, "nothing ever crossed"
    assert pair.believed(pair.caller).direction == "sendrecv"
    assert pair.believed(pair.callee).direction == "sendrecv"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("faults", FAULTS, ids=["clean", "fair", "bad", "echo"])
def test_a_reliable_ringing_and_its_answer_arrive_or_the_call_is_rejected(
    seed: int, faults: dict[str, float]
) -> None:
    network = Network(seed, **faults)
    pair = Pair(network, reliable=True)
    network.run(100.0)
    answered = pair.heard(CallAnswered)
    rejected = pair.heard(CallRejected)
    assert len(answered) + len(rejected) == 1
    if not faults.get("loss"):
        assert answered
    confirmed = pair.heard(DialogConfirmed)
    assert len(confirmed) <= 1
    if answered and confirmed:
        assert pair.believed(pair.caller).remote == ANSWER
        assert pair.believed(pair.callee).remote == OFFER


@pytest.mark.parametrize("seed", range(4))
def test_refreshes_keep_a_long_call_alive_on_a_fair_network(seed: int) -> None:
    network = Network(seed, loss=0.05, twice=0.05, jitter=0.05)
    pair = Pair(network, timer_s=120)
    network.run(3600.0)
    assert not pair.heard(CallEnded)
    refreshes = {
        message.cseq.sequence
        for _, _, _, data in network.wire
        if isinstance(message := Message.parse(data), Request) and message.method == "UPDATE"
    }
    assert len(refreshes) >= 3600 / 61 - 2


@pytest.mark.parametrize("seed", range(3))
def test_a_far_side_that_dies_is_noticed_by_the_session_timer(seed: int) -> None:
    network = Network(seed)
    pair = Pair(network, timer_s=120)
    network.run(100.0)
    del network.agents[CALLEE_AT]
    network.run(300.0)
    (ended,) = pair.heard(CallEnded)
    assert isinstance(ended, CallEnded)
    assert ended.cause == "session_expired"
    assert ended.at <= 100.0 + 120.0
