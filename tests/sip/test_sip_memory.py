"""A call that is over leaves nothing: no entry in a table, and no cycle for a collector to find.

Each kind of call is made many times by one agent with the collector off, until its last timer is
gone. What the agent sends is read with plain patterns here, so that nobody else's cycles count.
"""

import gc
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from desk_phone import DeskPhone, record
from sip_net import (
    ANSWER,
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    agent,
    in_dialog,
    incoming,
    reply,
)

from vyzov.sip.auth import Account
from vyzov.sip.events import Hop, IncomingCall, SipEvent, Transport
from vyzov.sip.registration import SignIn
from vyzov.sip.user_agent import UserAgent

CALLS = 20
OVER_TCP = Hop("127.0.0.1", 5070, Transport.TCP)
ACCOUNT = Account("vyzov", "secret")
CHALLENGE = 'Digest realm="carrier", nonce="{}", algorithm=SHA-256, qop="auth"'


@dataclass
class Wire:
    """One message the agent sent, taken apart by patterns alone."""

    data: bytes
    target: Hop

    @property
    def line(self) -> str:
        first, second, _ = self.data.decode().split(" ", 2)
        return second if first == "SIP/2.0" else first

    def all(self, name: str) -> list[str]:
        return re.findall(rf"(?m)^{name}: (.*?)\r$", self.data.decode())

    def __getitem__(self, name: str) -> str:
        return self.all(name)[0]


class World:
    """One agent, and everybody it deals with."""

    def __init__(self) -> None:
        self.agent: UserAgent = agent(
            accept_calls=True, realm="vyzov", accept_transfers=True, large_by_tcp=True
        )
        self.now = 0.0
        self.happened: Counter[str] = Counter()
        self.latest: list[SipEvent] = []

    def out(self) -> list[Wire]:
        """Returns what the agent wants sent, and counts what happened."""
        self.latest = self.agent.events()
        self.happened.update(type(event).__name__ for event in self.latest)
        return [
            Wire(data, target)
            for data, target in self.agent.messages_to_send()
            if data != b"\r\n\r\n"
        ]

    def hears(self, data: bytes, source: Hop = PEER) -> list[Wire]:
        self.agent.receive(data, source, self.now)
        return self.out()

    def answers(self, request: Wire, code: int, **options: object) -> list[Wire]:
        return self.hears(reply(request, code, **options))  # type: ignore[arg-type]

    def places(self, leg: str, target: Hop = PEER, **options: object) -> Wire:
        self.agent.invite(
            leg, target=target, to=NUMBER, caller_id=CALLER, sdp=OFFER, now=self.now,
            **({"account": ACCOUNT} | options),  # type: ignore[arg-type]
        )  # fmt: skip
        (invite,) = self.out()
        return invite

    def talks(self, leg: str, **options: object) -> Wire:
        invite = self.places(leg, **options)
        self.answers(invite, 180)
        assert [one.line for one in self.answers(invite, 200, body=ANSWER)] == ["ACK"]
        return invite

    def rings(self, leg: str, **options: object) -> str:
        """A stranger calls; returns the leg the agent gives the call."""
        self.hears(stranger(leg, "INVITE", 1, body=OFFER, **options))
        (event,) = [event for event in self.latest if isinstance(event, IncomingCall)]
        return event.leg

    def waits(self, seconds: float) -> list[Wire]:
        """Lets time pass."""
        until = self.now + seconds
        found: list[Wire] = []
        while (due := self.agent.next_deadline()) is not None and due <= until:
            self.now = due
            self.agent.handle_deadline(due)
            found += self.out()
        self.now = until
        return found

    def runs_out(self) -> None:
        """Lets time pass until no timer is left."""
        for _ in range(100_000):
            due = self.agent.next_deadline()
            if due is None:
                return
            self.now = max(self.now, due)
            self.agent.handle_deadline(self.now)
            self.out()
        raise AssertionError("the timers of calls that are over never end")

    def left(self) -> dict[str, int]:
        """Returns the tables that still hold something."""
        user_agent, layer = self.agent, self.agent._layer
        every = {
            "legs": user_agent._legs,
            "early": user_agent._early,
            "received": user_agent._received,
            "dialogs": user_agent._dialogs,
            "ghosts": user_agent._ghosts,
            "clients": layer._clients,
            "servers": layer._servers,
            "streams": layer._streams,
            "due": layer.schedule._due,
            "heap": layer.schedule._heap,
            "sign-ins": user_agent.registrations._living,
        }
        return {name: len(table) for name, table in every.items() if table}


_serial = itertools.count(1)


def stranger(leg: str, method: str, cseq: int, tag: str = "", **options: object) -> bytes:
    to = f"<sip:{NUMBER}@127.0.0.1:5060>" + (f";tag={tag}" if tag else "")
    options = {"branch": f"z9hG4bKmemory{next(_serial)}"} | options
    return incoming(method, cseq=cseq, call_id=f"in-{leg}", to=to, **options)  # type: ignore[arg-type]


# ---- the kinds of calls


def answered_and_ended_by_us(world: World, leg: str) -> None:
    world.talks(leg)
    world.agent.bye(leg, world.now)
    (bye,) = world.out()
    world.answers(bye, 200)


def answered_and_ended_by_the_far_side(world: World, leg: str) -> None:
    invite = world.talks(leg)
    assert world.hears(in_dialog("BYE", invite, 1))[0].line == "200"  # type: ignore[arg-type]


def a_bye_that_is_never_answered(world: World, leg: str) -> None:
    world.talks(leg)
    world.agent.bye(leg, world.now)


def rejected(world: World, leg: str) -> None:
    invite = world.places(leg)
    world.answers(invite, 180)
    assert world.answers(invite, 486)[0].line == "ACK"


def cancelled(world: World, leg: str) -> None:
    invite = world.places(leg)
    world.answers(invite, 180)
    world.agent.cancel(leg, world.now)
    (cancel,) = world.out()
    world.answers(cancel, 200)
    world.answers(invite, 487)


def cancelled_without_an_answer(world: World, leg: str) -> None:
    invite = world.places(leg)
    world.answers(invite, 183, body=ANSWER)
    world.agent.cancel(leg, world.now)


def rung_for_ever(world: World, leg: str) -> None:
    world.answers(world.places(leg), 180)


def never_heard_of(world: World, leg: str) -> None:
    world.places(leg)


def challenged(world: World, leg: str) -> None:
    proof = [f"Proxy-Authenticate: {CHALLENGE.format(leg)}"]
    _, invite = world.answers(world.places(leg), 407, headers=proof)
    world.answers(invite, 200, body=ANSWER)
    world.agent.bye(leg, world.now)
    (bye,) = world.out()
    (again,) = world.answers(bye, 407, headers=[f"Proxy-Authenticate: {CHALLENGE.format('b')}"])
    world.answers(again, 200)


def forked(world: World, leg: str) -> None:
    invite = world.places(leg)
    world.answers(invite, 180, tag="a")
    reliable = ["Require: 100rel", "RSeq: 1", "Allow: UPDATE"]
    (prack,) = world.answers(invite, 183, tag="b", headers=reliable, body=ANSWER)
    world.answers(prack, 200)
    world.answers(invite, 180, tag="c")
    world.answers(invite, 200, tag="a", body=ANSWER)
    assert [one.line for one in world.answers(invite, 200, tag="b")] == ["ACK", "BYE"]
    world.agent.bye(leg, world.now)


def an_early_dialog_that_breaks(world: World, leg: str) -> None:
    invite = world.places(leg)
    reliable = ["Require: 100rel", "RSeq: 1"]
    (prack,) = world.answers(invite, 183, headers=reliable, body=ANSWER)
    (cancel,) = world.answers(prack, 481)
    world.answers(cancel, 200)
    world.answers(invite, 487)


def a_connection_that_breaks(world: World, leg: str) -> None:
    invite = world.places(leg, OVER_TCP)
    world.answers(invite, 180)
    world.agent.connection_lost(OVER_TCP, world.now, "gone", stood=True)


def redirected(world: World, leg: str) -> None:
    invite = world.places(leg, redirects="same_host")
    _, again = world.answers(
        invite, 302, contact="", headers=[f"Contact: <sip:{NUMBER}@127.0.0.1:5099>"]
    )
    world.hears(reply(again, 603), again.target)  # type: ignore[arg-type]


def held_and_refreshed(world: World, leg: str) -> None:
    invite = world.places(leg, session_expires_s=90)
    timed = ["Session-Expires: 90;refresher=uac", "Require: timer"]
    world.answers(invite, 200, body=ANSWER, headers=timed)
    world.agent.hold(leg, world.now)
    (change,) = world.out()
    world.answers(change, 491)
    change = next(one for one in world.waits(5.0) if one.line == "INVITE")
    world.answers(change, 200, body=ANSWER, headers=timed)
    assert world.hears(in_dialog("INVITE", invite, 1, body=OFFER))[0].line == "200"  # type: ignore[arg-type]
    world.hears(in_dialog("ACK", invite, 1))  # type: ignore[arg-type]
    world.agent.bye(leg, world.now)


def ended_while_a_change_is_thought_about(world: World, leg: str) -> None:
    world.talks(leg)
    world.agent.hold(leg, world.now)
    (change,) = world.out()
    world.answers(change, 100)
    world.agent.bye(leg, world.now)


def lost_in_silence(world: World, leg: str) -> None:
    timed = ["Session-Expires: 90;refresher=uas", "Require: timer"]
    invite = world.places(leg, session_expires_s=90)
    world.answers(invite, 200, body=ANSWER, headers=timed)


def reaped(world: World, leg: str) -> None:
    world.agent.reap(
        leg, target=PEER, to=NUMBER, caller_id=CALLER, dialog=None, now=world.now
    )  # fmt: skip
    for cancel in world.out():
        world.answers(cancel, 200)


def received_and_ended_by_us(world: World, leg: str) -> None:
    given = world.rings(leg)
    world.agent.respond(given, 200, sdp=ANSWER, now=world.now)
    tag = world.out()[-1]["To"].rpartition("tag=")[2]
    world.hears(stranger(leg, "ACK", 1, tag))
    world.hears(stranger(leg, "REFER", 2, tag, headers=["Refer-To: <sip:100@127.0.0.1>"]))
    world.agent.bye(given, world.now)


def received_and_never_acknowledged(world: World, leg: str) -> None:
    world.agent.respond(world.rings(leg), 200, sdp=ANSWER, now=world.now)


def received_and_rejected(world: World, leg: str) -> None:
    world.agent.respond(world.rings(leg), 486, now=world.now)


def received_and_cancelled(world: World, leg: str) -> None:
    branch = f"z9hG4bKgone{leg}"
    world.rings(leg, branch=branch)
    world.hears(stranger(leg, "CANCEL", 1, branch=branch))


def received_and_never_judged(world: World, leg: str) -> None:
    world.rings(leg)


def received_with_a_provisional_nobody_acknowledges(world: World, leg: str) -> None:
    given = world.rings(leg, headers=["Supported: 100rel"])
    world.agent.respond(given, 183, sdp=ANSWER, now=world.now, reliable=True)


def received_and_challenged(world: World, leg: str) -> None:
    world.agent.challenge(world.rings(leg), code=401, realm="vyzov", now=world.now)


def a_desk_phone(world: World, leg: str) -> None:
    phone = Phone(world, leg)
    phone.signs_in()
    assert world.agent.invite_phone(leg, f"phone-{leg}", sdp=OFFER, now=world.now)
    (invite,) = world.out()
    world.answers(invite, 200, body=ANSWER)
    world.agent.bye(leg, world.now)


class Phone(DeskPhone):
    """A desk phone whose answers are read by patterns."""

    def __init__(self, world: World, leg: str) -> None:
        registrar = world.agent.registrar
        assert registrar is not None
        registrar.set(record(leg), world.now)
        super().__init__(world.agent, leg)
        self.world = world

    def signs_in(self) -> None:  # type: ignore[override]
        (asked,) = self.world.hears(self.write(), self.source)
        proof = self.proof(asked["WWW-Authenticate"])
        assert self.world.hears(self.write(proof), self.source)[0].line == "200"


def options(world: World, leg: str) -> None:
    world.agent.options(PEER, world.now)
    (asked,) = world.out()
    if leg.endswith("1"):
        world.answers(asked, 200)


def signed_in_and_out(world: World, leg: str) -> None:
    world.agent.registrations.start(
        SignIn(leg, PEER, "77001@carrier.example", ACCOUNT, 300), world.now
    )
    (asked,) = world.out()
    proof = [f"WWW-Authenticate: {CHALLENGE.format(leg)}"]
    (asked,) = world.answers(asked, 401, contact="", headers=proof)
    world.answers(asked, 200, contact="", headers=["Expires: 300"])
    world.agent.registrations.stop(leg, world.now)
    (asked,) = world.out()
    if leg.endswith("1"):
        world.answers(asked, 200, contact="")


KINDS: list[Callable[[World, str], None]] = [
    answered_and_ended_by_us,
    answered_and_ended_by_the_far_side,
    a_bye_that_is_never_answered,
    rejected,
    cancelled,
    cancelled_without_an_answer,
    rung_for_ever,
    never_heard_of,
    challenged,
    forked,
    an_early_dialog_that_breaks,
    a_connection_that_breaks,
    redirected,
    held_and_refreshed,
    ended_while_a_change_is_thought_about,
    lost_in_silence,
    reaped,
    received_and_ended_by_us,
    received_and_never_acknowledged,
    received_and_rejected,
    received_and_cancelled,
    received_and_never_judged,
    received_with_a_provisional_nobody_acknowledges,
    received_and_challenged,
    a_desk_phone,
    options,
    signed_in_and_out,
]


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    gc.freeze()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_call_that_is_over_leaves_nothing(kind: Callable[[World, str], None]) -> None:
    world = World()
    for number in range(CALLS):
        kind(world, f"{number:03d}")
        world.out()
    world.runs_out()
    assert world.happened.total() >= CALLS
    for leg in list(world.agent._legs):
        world.agent.forget(leg)
    assert world.left() == {}
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    found = Counter(type(one).__qualname__ for one in gc.garbage)
    assert found.total() < 2 * CALLS, found.most_common(12)


@pytest.mark.usefixtures("no_collector")
def test_what_a_call_left_in_the_heap_of_timers_is_bounded() -> None:
    world = World()
    for number in range(1_500):
        rejected(world, f"{number}")
        world.waits(0.1)
    # A call's ring limit is five minutes; its transactions are gone after half a one.
    assert len(world.agent._layer.schedule._heap) < 1_100
