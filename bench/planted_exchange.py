"""Lives through seeded exchanges of two SIP agents on a bad network: the search below the engine's door.

Started by `verify_planted.py` for a bug planted in `vyzov.sip`, with the sources to be judged on
PYTHONPATH. The agents and the people at both ends are those of the tests of two agents, with some
that those do not have: callees who hang up before the ACK of their answer has come, callers who give
up twice or talk on, and a network that holds everything back for a while and then delivers it. A seed
settles what is lost, doubled, overtaken and held. What is looked at are the words on the wire and what
each end lived: one call for one order (A3), one end for one call, told alike at both (B1), nobody left
ringing or talking alone (D1), and the order of words that RFC 3261 asks for (D3).
One line of JSON a seed; it ends at the first breach, at an error, or with the last seed.
"""

import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "sip"))

from sip_net import CALLER, OFFER, Network
from sipmessage import Message, Request, Response
from test_sip_two_agents import CALLEE_AT, CALLER_AT, CALLS, KINDS, Exchange

from vyzov.sip.events import CallAnswered, CallEnded, IncomingCall, LegEvent
from vyzov.sip.user_agent import Account, Hop

QUIET_S = 500.0
"""By then every timer of every call has run out."""

T1 = 0.5
REMEMBERED_S = 31.0
"""A little less than the 32 s for which an agent has to know what was answered (RFC 3261 §13.2.2.4)."""

HELD_S = (2.0, 12.0)
LAGS = 0.03
LAGS_S = (2.5, 4.5)
"""A copy that lags is still known to whoever took the first: T4 after an ACK is the shortest memory."""

TALKS_S = (5.0, 5.0, 40.0)
HASTY = "hangs up"
"""The kind of callee who, in these exchanges, mostly does not wait for the ACK."""


class HoldingNetwork(Network):
    """A network that now and then holds everything back, and notes what it delivers."""

    def __init__(self, seed: int, holds: list[tuple[float, float]], **faults: float) -> None:
        super().__init__(seed, **faults)
        self._holds = holds
        self.delivered: list[tuple[float, Any, Any, bytes]] = []

    def _carry(self, data: bytes, source: Any, target: Any) -> None:
        copies = 0 if self.dice.random() < self._loss else 1
        copies += self.dice.random() < self._twice
        held_s = max(
            (end - self.now for begin, end in self._holds if begin <= self.now), default=0.0
        )
        for _ in range(copies):
            travels_s = self._delay + self.dice.random() * self._jitter + max(0.0, held_s)
            self.at(self.now + travels_s, lambda: self._deliver(data, source, target))
        if self._twice and self.dice.random() < LAGS:
            lags_s = self.dice.uniform(*LAGS_S)
            self.at(self.now + lags_s, lambda: self._deliver(data, source, target))

    def _deliver(self, data: bytes, source: Any, target: Any) -> None:
        self.delivered.append((self.now, source, target, data))
        self.agents[target].receive(data, Hop(*source), self.now)


class HardExchange(Exchange):
    """Two agents and people who do not wait for each other."""

    def __init__(self, network: Network, dice: Random) -> None:
        super().__init__(network)
        self._people = dice
        self._answered: set[str] = set()
        self._given_up: set[str] = set()

    def place(self, number: int) -> None:
        leg = f"leg-{number}"
        self.caller.invite(
            leg, target=Hop(*CALLEE_AT), to=f"+700055501{number:02d}", caller_id=CALLER, sdp=OFFER,
            account=Account("vyzov", "secret", "box"), now=self.network.now,
        )  # fmt: skip
        self.later(6.0 + self.network.dice.random(), lambda: self.give_up(leg))

    def give_up(self, leg: str) -> None:
        """Cancels a call; whoever gave it up does not talk to who answers all the same."""
        if leg not in self._answered:
            self._given_up.add(leg)
            self.caller.cancel(leg, self.network.now)

    def caller_hears(self, event: LegEvent) -> None:
        if not isinstance(event, CallAnswered):
            return
        self._answered.add(event.leg)
        if event.leg not in self._given_up:
            talk_s = self._people.choice(TALKS_S)
            self.later(talk_s, lambda: self.caller.bye(event.leg, self.network.now, "done"))

    def respond(self, leg: str, code: int) -> None:
        super().respond(leg, code)
        if code == 200 and self.kind_of[leg] == HASTY and self._people.random() < 0.7:
            why = self._people.choice(("", "Q.850;cause=16"))
            after_s = self._people.choice((0.0, 0.01, 0.1))
            self.later(after_s, lambda: self.callee.bye(leg, self.network.now, why))


def exchange_of(seed: int) -> HardExchange:
    """Plays the calls of a seed to their end and past every timer."""
    dice = Random(f"{seed}/exchange")
    network = HoldingNetwork(
        seed, list(_holds(dice)), loss=dice.choice((0.0, 0.1, 0.25)),
        twice=dice.choice((0.0, 0.2)), jitter=dice.choice((0.0, 0.05, 0.6)),
        delay=dice.choice((0.02, 0.2)),
    )  # fmt: skip
    exchange = HardExchange(network, dice)
    for number in range(CALLS):
        network.at(0.4 * number, lambda n=number: exchange.place(n))
    for number in range(CALLS):
        # Given up early, before a word has come back or just as it does; some press twice.
        if number % 5 and KINDS[number % len(KINDS)] != "challenges":
            continue
        when = 0.4 * number + dice.choice((0.01, 0.1, 0.5, 2.0, 2.05, 2.1, 2.3, 2.5))
        for again in (0.0, 0.05) if dice.random() < 0.3 else (0.0,):
            network.at(when + again, lambda n=number: exchange.give_up(f"leg-{n}"))
    network.run(QUIET_S)
    return exchange


def _holds(dice: Random) -> Iterator[tuple[float, float]]:
    if dice.random() < 0.5:
        return
    for _ in range(2):
        begin = dice.uniform(0.0, 60.0)
        yield begin, begin + dice.uniform(*HELD_S)


def breaches(exchange: Exchange) -> Iterator[str]:
    """Yields each rule that was broken, in words."""
    yield from _ends(exchange)
    yield from _words(exchange, CALLER_AT, CALLEE_AT)
    yield from _replies(exchange)
    for name, agent in (("caller", exchange.caller), ("callee", exchange.callee)):
        if agent.next_deadline() is not None:
            yield f"D1 the {name} still waits for something"


def _ends(exchange: Exchange) -> Iterator[str]:
    ours, theirs = exchange.stories(CALLER_AT), exchange.stories(CALLEE_AT)
    for number in range(CALLS):
        names = ours[f"leg-{number}"].names if f"leg-{number}" in ours else []
        if names not in (["CallRejected"], ["CallAnswered", "CallEnded"]):
            yield f"B1 leg-{number} lived {names}"
    for leg, story in theirs.items():
        if story.names not in (["CallCancelled"], ["CallEnded"]):
            yield f"B1 {leg} of the callee lived {story.names}"
    heard = exchange.network.heard
    answered = {event.call_id for event in heard[CALLER_AT] if isinstance(event, CallAnswered)}
    calls = {
        event.leg: event.call_id for event in heard[CALLEE_AT] if isinstance(event, IncomingCall)
    }
    lived = {calls[event.leg] for event in heard[CALLEE_AT] if isinstance(event, CallEnded)}
    for call in sorted(lived ^ answered):
        where = "the callee" if call in lived else "the caller"
        yield f"D1 {call} was a talk for {where} alone"


def _words(exchange: Exchange, caller: Any, callee: Any) -> Iterator[str]:
    wire = [(at, source, Message.parse(data)) for at, source, _, data in exchange.network.wire]
    branches: dict[str, set[str]] = {}
    invites: set[tuple[str, str]] = set()
    byes: dict[tuple[str, Any], set[int]] = {}
    acked: set[str] = set()
    accepted: set[str] = set()
    cancelled: dict[str, float] = {}
    for at, source, message in wire:
        call = message.call_id
        if isinstance(message, Response):
            if source == callee and message.cseq.method == "INVITE" and 200 <= message.code < 300:
                accepted.add(call)
            continue
        assert isinstance(message, Request)
        branch = message.via[0].parameters["branch"] or ""
        if message.method == "INVITE":
            branches.setdefault(call, set()).add(branch)
            invites.add((call, branch))
        elif message.method == "CANCEL":
            if (call, branch) not in invites:
                yield f"D3 {call}: a CANCEL of no INVITE"
            if at - cancelled.get(branch, -1.0) < T1 * 0.99:
                yield f"D3 {call} was cancelled twice"
            cancelled[branch] = at
        elif message.method == "ACK" and call in accepted:
            acked.add(call)
        elif message.method == "BYE":
            byes.setdefault((call, source), set()).add(message.cseq.sequence)
            if source == caller and call not in acked:
                yield f"D3 {call}: BYE before ACK"
    for call, found in branches.items():
        if len(found) > 2:
            yield f"A3 {call}: {len(found)} INVITEs, one of them may answer a challenge"
    for (call, _), numbers in byes.items():
        if len(numbers) > 1:
            yield f"D3 {call} was hung up {len(numbers)} times"


def _replies(exchange: Exchange) -> Iterator[str]:
    """What came in, and what each end made of it."""
    network = exchange.network
    assert isinstance(network, HoldingNetwork), "only this network notes what it delivers"
    said = [(at, source, Message.parse(data)) for at, source, _, data in network.wire]
    acks = {
        (at, message.call_id) for at, source, message in said
        if isinstance(message, Request) and message.method == "ACK" and source == CALLER_AT
    }  # fmt: skip
    first: dict[str, float] = {}
    acked_at: dict[str, float] = {}
    for at, source, target, data in network.delivered:
        message = Message.parse(data)
        call = message.call_id
        if isinstance(message, Response) and message.cseq.method == "INVITE":
            if target != CALLER_AT or not 200 <= message.code < 300:
                continue
            begun = first.setdefault(call, at)
            if at - begun < REMEMBERED_S and (at, call) not in acks:
                yield f"D3 a 200 of {call} was not acknowledged"
        elif isinstance(message, Request) and message.method == "ACK" and source == CALLER_AT:
            acked_at.setdefault(call, at)
    for at, source, message in said:
        call = message.call_id
        if isinstance(message, Response):
            if message.cseq.method == "BYE" and message.code == 481:
                yield f"D3 a BYE of {call} found nobody"
        elif message.method == "BYE" and source == CALLEE_AT:
            answered = _answered_at(said, call)
            unheard = at < acked_at.get(call, QUIET_S) and at < answered + REMEMBERED_S
            if unheard:
                yield f"D3 the callee hung {call} up before its ACK"
    rung = Counter(
        (event.call_id, Message.parse(event.raw).cseq.sequence)
        for event in network.heard[CALLEE_AT]
        if isinstance(event, IncomingCall)
    )
    for (call, _), times in rung.items():
        if times > 1:
            yield f"A3 one INVITE of {call} rang {times} times"


def _answered_at(said: Any, call: str) -> float:
    """When the callee first said 200 to a call."""
    return next(
        (
            at for at, source, message in said
            if source == CALLEE_AT and isinstance(message, Response) and message.call_id == call
            and message.cseq.method == "INVITE" and 200 <= message.code < 300
        ),
        0.0,
    )  # fmt: skip


def main() -> int:
    first, last = int(sys.argv[1]), int(sys.argv[2])
    keep_on = "--all" in sys.argv
    broken = False
    for seed in range(first, last + 1):
        begun = time.monotonic()
        told: dict[str, Any] = {"seed": seed}
        try:
            exchange = exchange_of(seed)
            found = sorted(set(breaches(exchange)))
            told["checks"] = len(exchange.network.wire)
        except Exception as error:  # noqa: BLE001 - an error of the product is a bug found
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = [f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"]
        told |= {"breaches": found[:20], "seconds": round(time.monotonic() - begun, 2)}
        print(json.dumps(told), flush=True)
        broken = broken or bool(found)
        if broken and not keep_on:
            return 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
