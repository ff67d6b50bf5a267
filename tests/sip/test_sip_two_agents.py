"""Two agents over a bad network in virtual time: whatever is lost, doubled or overtaken.

The network's record, not the agents, is asked what was sent.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from sip_net import ANSWER, CALLER, NUMBER, OFFER, Network
from sipmessage import Message, Request, Response

from vyzov.sip.events import (
    CallAnswered,
    CallCancelled,
    CallEnded,
    CallProgress,
    CallRejected,
    DialogConfirmed,
    IncomingCall,
    LegEvent,
)
from vyzov.sip.user_agent import Account, Address, Hop, UserAgent

CALLER_AT: Address = ("127.0.0.1", 5060)
CALLEE_AT: Address = ("127.0.0.1", 5070)
CALLS = 24
KINDS = ("answers", "busy", "never answers", "hangs up", "challenges", "slow to answer")


@dataclass
class Story:
    """What happened to one leg, in order."""

    names: list[str] = field(default_factory=list)
    sides: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)


class Exchange:
    """A caller and a callee whose people behave by a seed."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.caller = network.add(CALLER_AT)
        self.callee = network.add(CALLEE_AT, accept_calls=True)
        self.kind_of: dict[str, str] = {}
        network.on_event[CALLEE_AT] = self.callee_hears
        network.on_event[CALLER_AT] = self.caller_hears

    def place(self, number: int) -> None:
        """Places call `number`; its last two digits choose the person."""
        leg = f"leg-{number}"
        self.caller.invite(
            leg,
            target=Hop(*CALLEE_AT),
            to=f"+700055501{number:02d}",
            caller_id=CALLER,
            sdp=OFFER,
            account=Account("vyzov", "secret", "box"),
            now=self.network.now,
        )
        ring_time_out = 6.0 + self.network.dice.random()
        self.later(ring_time_out, lambda: self.caller.cancel(leg, self.network.now))

    def later(self, seconds: float, act: object) -> None:
        self.network.at(self.network.now + seconds, act)  # type: ignore[arg-type]

    def caller_hears(self, event: LegEvent) -> None:
        if isinstance(event, CallAnswered):
            self.later(5.0, lambda: self.caller.bye(event.leg, self.network.now, "done"))

    def callee_hears(self, event: LegEvent) -> None:
        leg = event.leg
        if isinstance(event, DialogConfirmed) and self.kind_of[leg] == "hangs up":
            self.later(1.0, lambda: self.callee.bye(leg, self.network.now))
        if not isinstance(event, IncomingCall):
            return
        kind = KINDS[int(event.to_user[-2:]) % len(KINDS)]
        self.kind_of[leg] = kind
        if kind == "challenges" and not event.authorization:
            self.callee.challenge(leg, code=407, realm="box", now=self.network.now)
            return
        self.later(0.3, lambda: self.respond(leg, 180))
        if kind == "busy":
            self.later(1.0, lambda: self.respond(leg, 486))
        elif kind == "slow to answer":
            # About when the caller gives up, so that answers and CANCELs cross.
            self.later(6.4 + 0.4 * self.network.dice.random(), lambda: self.respond(leg, 200))
        elif kind != "never answers":
            self.later(2.0, lambda: self.respond(leg, 200))

    def respond(self, leg: str, code: int) -> None:
        sdp = ANSWER if code == 200 else None
        self.callee.respond(leg, code, sdp=sdp, now=self.network.now)

    def stories(self, address: Address) -> dict[str, Story]:
        found: dict[str, Story] = {}
        for event in self.network.heard[address]:
            if isinstance(event, (CallAnswered, CallRejected, CallEnded, CallCancelled)):
                story = found.setdefault(event.leg, Story())
                story.names.append(type(event).__name__)
                if isinstance(event, CallEnded):
                    story.sides.append(event.side)
                if isinstance(event, CallRejected):
                    story.codes.append(event.code)
        return found


def play(seed: int, **faults: float) -> Exchange:
    """Runs all calls to their end and past every timer."""
    network = Network(seed, **faults)
    exchange = Exchange(network)
    for number in range(CALLS):
        network.at(0.4 * number, lambda n=number: exchange.place(n))
    network.run(120.0)
    return exchange


def wire(exchange: Exchange, source: Address) -> list[Request | Response]:
    return [Message.parse(d) for _, s, _, d in exchange.network.wire if s == source]


def assert_nothing_is_left(user_agent: UserAgent) -> None:
    layer = user_agent._endpoint.layer
    assert not layer._clients
    assert not layer._servers
    assert not user_agent._dialogs


FAULTS = [
    {},
    {"loss": 0.05, "twice": 0.05, "jitter": 0.01},
    {"loss": 0.2, "twice": 0.2, "jitter": 0.4},
    {"twice": 1.0, "jitter": 1.0},
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("faults", FAULTS, ids=["clean", "fair", "bad", "echo"])
def test_every_call_ends_exactly_once_whatever_the_network_does(
    seed: int, faults: dict[str, float]
) -> None:
    exchange = play(seed, **faults)
    stories = exchange.stories(CALLER_AT)
    assert len(stories) == CALLS
    for leg, story in stories.items():
        assert story.names in (["CallRejected"], ["CallAnswered", "CallEnded"]), (leg, story)
    for leg, story in exchange.stories(CALLEE_AT).items():
        assert story.names in (["CallCancelled"], ["CallEnded"]), (leg, story)
    exchange.network.run(500.0)
    assert_nothing_is_left(exchange.caller)
    assert_nothing_is_left(exchange.callee)
    assert exchange.caller.next_deadline() is None
    assert exchange.callee.next_deadline() is None


@pytest.mark.parametrize("seed", range(6))
def test_what_the_caller_says_is_what_the_callee_lived(seed: int) -> None:
    exchange = play(seed, loss=0.1, twice=0.1, jitter=0.05)
    answered = {
        event.call_id
        for event in exchange.network.heard[CALLER_AT]
        if isinstance(event, CallAnswered)
    }
    call_ids = {
        event.leg: event.call_id
        for event in exchange.network.heard[CALLEE_AT]
        if isinstance(event, IncomingCall)
    }
    # An ACK may be lost and the BYE behind it arrive, so the end is asked, not the confirmation.
    lived = {
        call_ids[event.leg]
        for event in exchange.network.heard[CALLEE_AT]
        if isinstance(event, CallEnded)
    }
    assert lived == answered
    assert len(answered) >= CALLS // len(KINDS)


def test_on_a_clean_network_each_person_behaves_as_planned() -> None:
    exchange = play(1)
    outcomes = Counter[tuple[str, str]]()
    for leg, story in exchange.stories(CALLER_AT).items():
        kind = KINDS[int(leg.removeprefix("leg-")) % len(KINDS)]
        last = story.sides[-1] if story.sides else str(story.codes[-1])
        outcomes[(kind, last)] += 1
    each = CALLS // len(KINDS)
    assert outcomes[("answers", "us")] == outcomes[("challenges", "us")] == each
    assert outcomes[("busy", "486")] == outcomes[("never answers", "487")] == each
    assert outcomes[("hangs up", "far")] == each


def test_on_a_clean_network_every_message_is_sent_once() -> None:
    exchange = play(2)
    ours = Counter(m.method for m in wire(exchange, CALLER_AT) if isinstance(m, Request))
    challenged = CALLS // len(KINDS)
    assert ours["INVITE"] == CALLS + challenged
    # One ACK for each final response: the challenges' too.
    assert ours["ACK"] == CALLS + challenged
    finals = [m for m in wire(exchange, CALLEE_AT) if isinstance(m, Response) and m.code >= 200]
    assert sum(m.cseq.method == "INVITE" for m in finals) == CALLS + challenged


@pytest.mark.parametrize("seed", range(4))
def test_no_challenge_is_answered_twice_and_no_call_is_placed_twice(seed: int) -> None:
    exchange = play(seed, loss=0.2, twice=0.3, jitter=0.3)
    branches: dict[str, set[str]] = {}
    for message in wire(exchange, CALLER_AT):
        if isinstance(message, Request) and message.method == "INVITE":
            branch = message.via[0].parameters["branch"] or ""
            branches.setdefault(message.call_id, set()).add(branch)
    assert len(branches) == CALLS
    assert all(len(found) <= 2 for found in branches.values())


@pytest.mark.parametrize("seed", range(4))
def test_each_cancel_wears_the_branch_of_its_invite_and_follows_a_provisional(seed: int) -> None:
    exchange = play(seed, loss=0.1, twice=0.1, jitter=0.2)
    invites: set[tuple[str, str]] = set()
    cancels = 0
    for message in wire(exchange, CALLER_AT):
        if isinstance(message, Request):
            name = (message.call_id, message.via[0].parameters["branch"] or "")
            if message.method == "INVITE":
                invites.add(name)
            elif message.method == "CANCEL":
                cancels += 1
                assert name in invites
    assert cancels >= CALLS // len(KINDS)


@pytest.mark.parametrize("seed", range(4))
def test_every_final_response_that_arrives_is_acknowledged(seed: int) -> None:
    exchange = play(seed, twice=0.3, jitter=0.1)
    finals: Counter[tuple[str, int]] = Counter()
    acks: Counter[tuple[str, int]] = Counter()
    for message in wire(exchange, CALLEE_AT):
        if (
            isinstance(message, Response)
            and message.code >= 200
            and message.cseq.method == "INVITE"
        ):
            finals[(message.call_id, message.cseq.sequence)] += 1
    for message in wire(exchange, CALLER_AT):
        if isinstance(message, Request) and message.method == "ACK":
            acks[(message.call_id, message.cseq.sequence)] += 1
    # Nothing is lost here, so each final response sent arrives at least once.
    assert finals
    assert all(acks[name] >= count for name, count in finals.items())


@pytest.mark.parametrize("seed", range(4))
def test_an_agent_killed_and_reborn_leaves_nobody_ringing_and_nobody_in_silence(seed: int) -> None:
    network = Network(seed, loss=0.1, jitter=0.05)
    exchange = Exchange(network)
    for number in range(CALLS):
        network.at(0.4 * number, lambda n=number: exchange.place(n))
    network.run(6.0)
    heard = network.heard[CALLER_AT]
    over = {event.leg for event in heard if isinstance(event, (CallRejected, CallEnded))}
    started = [number for number in range(CALLS) if 0.4 * number <= 6.0]
    dialogs = {f"leg-{n}": exchange.caller.dialog_state(f"leg-{n}") for n in started}
    network._agenda = [item for item in network._agenda if item[0] <= network.now + 0.2]
    reborn = network.add(CALLER_AT)
    exchange.caller = reborn
    network.run(8.0)
    for number in started:
        leg = f"leg-{number}"
        if leg not in over:
            reborn.reap(
                leg,
                target=Hop(*CALLEE_AT),
                to=f"+700055501{number:02d}",
                caller_id=CALLER,
                dialog=dialogs[leg],
                now=network.now,
            )
    network.run(18.0)
    alive = {event.leg for event in network.heard[CALLEE_AT] if isinstance(event, IncomingCall)}
    for leg in alive:
        call = exchange.callee._legs[leg]
        assert call.over
        assert call.established is None or call.established.ended
    # Each reaped leg is reported once, and none is answered again.
    names = Counter(
        e.leg for e in network.heard[CALLER_AT] if isinstance(e, (CallRejected, CallEnded))
    )
    assert all(count == 1 for count in names.values())
    assert not any(
        isinstance(event, (CallAnswered, CallProgress)) for event in network.heard[CALLER_AT]
    )


def test_the_same_seed_gives_the_same_wire() -> None:
    runs = [play(5, loss=0.2, twice=0.2, jitter=0.3).network.wire for _ in range(2)]
    assert runs[0] == runs[1]
    assert NUMBER not in runs[0][0][3].decode()
