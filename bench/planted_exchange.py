"""Lives through seeded exchanges of two SIP agents on a bad network: the search below the engine's door.

Started by `verify_planted.py` for a bug planted in `vyzov.sip`, with the sources to be judged on
PYTHONPATH. The network in virtual time and the people at both ends are those of the tests of two
agents; a seed settles what is lost, doubled and overtaken. What is looked at are the words on the wire
and what each end lived: one call for one order (A3), one end for one call, told alike at both (B1),
nobody left ringing or talking alone (D1), and the order of words that RFC 3261 asks for (D3).
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

from sip_net import Network
from sipmessage import Message, Request, Response
from test_sip_two_agents import CALLEE_AT, CALLER_AT, CALLS, Exchange

from vyzov.sip.events import CallAnswered, CallEnded, IncomingCall

QUIET_S = 500.0
"""By then every timer of every call has run out."""


def exchange_of(seed: int) -> Exchange:
    """Plays the calls of a seed to their end and past every timer."""
    dice = Random(f"{seed}/exchange")
    network = Network(
        seed, loss=dice.choice((0.0, 0.1, 0.25)), twice=dice.choice((0.0, 0.2)),
        jitter=dice.choice((0.0, 0.05, 0.6)), delay=dice.choice((0.02, 0.2)),
    )  # fmt: skip
    exchange = Exchange(network)
    for number in range(CALLS):
        network.at(0.4 * number, lambda n=number: exchange.place(n))
    for number in range(0, CALLS, 5):
        # Given up early: before a word has come back, or just as it does.
        when = 0.4 * number + dice.choice((0.01, 0.1, 0.5, 2.0, 2.3))
        network.at(when, lambda n=number: exchange.caller.cancel(f"leg-{n}", network.now))
    network.run(QUIET_S)
    return exchange


def breaches(exchange: Exchange) -> Iterator[str]:
    """Yields each rule that was broken, in words."""
    yield from _ends(exchange)
    yield from _words(exchange, CALLER_AT, CALLEE_AT)
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
    wire = [(source, Message.parse(data)) for _, source, _, data in exchange.network.wire]
    branches: dict[str, set[str]] = {}
    invites: set[tuple[str, str]] = set()
    byes: dict[tuple[str, Any], set[int]] = {}
    acked: set[str] = set()
    accepted: set[str] = set()
    finals: Counter[str] = Counter()
    for source, message in wire:
        call = message.call_id
        if isinstance(message, Response):
            if source == callee and message.cseq.method == "INVITE" and message.code >= 200:
                finals[call] += 1
                if message.code < 300:
                    accepted.add(call)
            continue
        assert isinstance(message, Request)
        branch = message.via[0].parameters["branch"] or ""
        if message.method == "INVITE":
            branches.setdefault(call, set()).add(branch)
            invites.add((call, branch))
        elif message.method == "CANCEL" and (call, branch) not in invites:
            yield f"D3 {call}: a CANCEL of no INVITE"
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
