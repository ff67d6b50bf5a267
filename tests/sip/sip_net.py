"""What the tests of `vyzov.sip` stand on: a scripted peer, and a network in virtual time.

Everything an agent sends is read back by `sipmessage` itself, so that our reader never judges
our writer.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sipmessage import Message, Request, Response

from vyzov.sip import sdp
from vyzov.sip.events import CallRejected, IncomingCall, LegEvent
from vyzov.sip.user_agent import Account, Address, Hop, UserAgent

US: Address = ("127.0.0.1", 5060)
PEER = Hop("127.0.0.1", 5070)
NUMBER = "+70005550101"
CALLER = "+70005550102"
OFFER = sdp.offer(address="127.0.0.1", port=4000, session_id=7)
ANSWER = sdp.answer(sdp.parse(OFFER), address="127.0.0.1", port=5000, session_id=9)
NOBODY = Account()


def tokens(prefix: str) -> Callable[[], str]:
    """Returns a token source that never repeats and is the same in every run."""
    count = itertools.count(1)
    return lambda: f"{prefix}{next(count):06x}"


def agent(address: Address = US, **options: object) -> UserAgent:
    """Makes an agent with a fixed secret and tokens of its own."""
    return UserAgent(
        local=address,
        secret=b"secret",
        new_token=tokens(f"t{address[1]}"),
        **options,  # type: ignore[arg-type]
    )


@dataclass
class Sent:
    """One datagram an agent sent, as `sipmessage` reads it."""

    data: bytes
    target: Hop
    message: Request | Response = field(init=False)

    def __post_init__(self) -> None:
        self.message = Message.parse(self.data)

    @property
    def line(self) -> str:
        """The method of a request, the status of a response."""
        if isinstance(self.message, Request):
            return self.message.method
        return str(self.message.code)

    @property
    def uri(self) -> str:
        return self.data.split(b" ", 2)[1].decode()

    def __getitem__(self, name: str) -> str:
        return self.message.headers[name]

    def all(self, name: str) -> list[str]:
        return self.message.headers.getlist(name)

    @property
    def branch(self) -> str:
        return self.message.via[0].parameters["branch"] or ""

    @property
    def body(self) -> bytes:
        return self.message.body


def sent(user_agent: UserAgent) -> list[Sent]:
    """Drains and reads everything an agent wants sent."""
    return [Sent(data, target) for data, target in user_agent.messages_to_send()]


def lines(user_agent: UserAgent) -> list[str]:
    """Drains what an agent wants sent and names each datagram."""
    return [one.line for one in sent(user_agent)]


def reply(
    request: Sent,
    code: int,
    phrase: str = "Whatever",
    *,
    tag: str = "callee",
    contact: str = "sip:them@127.0.0.1:5070",
    headers: Sequence[str] = (),
    body: bytes = b"",
) -> bytes:
    """Writes a peer's response to a request of ours, by hand."""
    out = [f"SIP/2.0 {code} {phrase}"]
    out += [f"Via: {via}" for via in request.all("Via")]
    to = request["To"]
    if tag and "tag=" not in to and code > 100:
        to += f";tag={tag}"
    out += [f"From: {request['From']}", f"To: {to}"]
    out += [f"Call-ID: {request['Call-ID']}", f"CSeq: {request['CSeq']}"]
    if contact and 100 < code < 300:
        out.append(f"Contact: <{contact}>")
    out += headers
    if body:
        out.append("Content-Type: application/sdp")
    out.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(out) + "\r\n\r\n").encode() + body


_branches = itertools.count(1)


def in_dialog(
    method: str,
    invite: Sent,
    cseq: int,
    *,
    tag: str = "callee",
    branch: str = "",
    headers: Sequence[str] = (),
    body: bytes = b"",
) -> bytes:
    """Writes a request of the callee in the dialog our INVITE opened."""
    out = [
        f"{method} sip:vyzov@127.0.0.1:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch={branch or f'z9hG4bKpeer{next(_branches)}'}",
        "Max-Forwards: 70",
        f"From: {invite['To']};tag={tag}",
        f"To: {invite['From']}",
        f"Call-ID: {invite['Call-ID']}",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:them@127.0.0.1:5070>",
        *headers,
    ]
    if body:
        out.append("Content-Type: application/sdp")
    out.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(out) + "\r\n\r\n").encode() + body


def incoming(
    method: str = "INVITE",
    *,
    cseq: int = 1,
    branch: str = "z9hG4bKin",
    call_id: str = "from-outside",
    to: str = f"<sip:{NUMBER}@127.0.0.1:5060>",
    via: str = "SIP/2.0/UDP 127.0.0.1:5070;rport",
    sender: str = f"<sip:{CALLER}@127.0.0.1>;tag=caller",
    headers: Sequence[str] = (),
    body: bytes = b"",
) -> bytes:
    """Writes a request from a peer that calls us."""
    out = [
        f"{method} sip:{NUMBER}@127.0.0.1:5060 SIP/2.0",
        f"Via: {via};branch={branch}",
        "Max-Forwards: 70",
        f"From: {sender}",
        f"To: {to}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:them@127.0.0.1:5070>",
        *headers,
    ]
    if body and not any(header.startswith("Content-Type") for header in headers):
        out.append("Content-Type: application/sdp")
    out.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(out) + "\r\n\r\n").encode() + body


@dataclass
class Call:
    """An agent with one call placed, and the peer's side of it by hand."""

    user_agent: UserAgent
    invite: Sent
    now: float = 0.0

    def answers(self, code: int, phrase: str = "Whatever", **options: object) -> list[Sent]:
        """The peer answers the INVITE; returns what the agent sends to that."""
        data = reply(self.invite, code, phrase, **options)  # type: ignore[arg-type]
        return self.hears(data)

    def hears(self, data: bytes) -> list[Sent]:
        """The agent receives a datagram; returns what it sends to that."""
        self.user_agent.receive(data, PEER, self.now)
        return sent(self.user_agent)

    def asks(self, method: str, cseq: int, **options: object) -> list[Sent]:
        """The peer sends a request in the dialog; returns what the agent sends to that."""
        return self.hears(in_dialog(method, self.invite, cseq, **options))  # type: ignore[arg-type]

    def waits(self, until: float) -> list[tuple[float, Sent]]:
        """Lets timers run up to a moment; returns what was sent and when."""
        found: list[tuple[float, Sent]] = []
        while (due := self.user_agent.next_deadline()) is not None and due <= until:
            self.user_agent.handle_deadline(due)
            found += [(due, one) for one in sent(self.user_agent)]
        self.now = until
        return found

    def events(self) -> list[LegEvent]:
        return list(self.user_agent.events())

    def named(self) -> list[str]:
        """Drains the events and names each."""
        return [type(event).__name__ for event in self.events()]


def place(account: Account = NOBODY, leg: str = "leg-1", **options: object) -> Call:
    """Places a call and catches its INVITE."""
    caller = agent()
    caller.invite(
        leg,
        target=PEER,
        to=NUMBER,
        caller_id=CALLER,
        sdp=OFFER,
        account=account,
        now=0.0,
        **options,  # type: ignore[arg-type]
    )
    (invite,) = sent(caller)
    return Call(caller, invite)


def talk(**options: object) -> Call:
    """Places a call, lets the peer answer, and drops what that said."""
    call = place()
    call.answers(200, body=ANSWER, **options)
    call.events()
    return call


def rejected(call: Call) -> CallRejected:
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    return event


class Callee:
    """An agent that is called by hand."""

    def __init__(self, **options: object) -> None:
        self.user_agent: UserAgent = agent(accept_calls=True, **options)
        self.now = 0.0

    def hears(self, data: bytes, source: Hop = PEER) -> list[str]:
        self.user_agent.receive(data, source, self.now)
        return lines(self.user_agent)

    def rings(self, **options: object) -> str:
        """Receives an INVITE and returns its leg."""
        data = incoming(body=OFFER, **options)  # type: ignore[arg-type]
        assert self.hears(data) == ["100"]
        (event,) = self.user_agent.events()
        assert isinstance(event, IncomingCall)
        return event.leg

    def responds(self, leg: str, code: int, **options: object) -> list[str]:
        self.user_agent.respond(leg, code, now=self.now, **options)  # type: ignore[arg-type]
        return lines(self.user_agent)

    def waits(self, until: float) -> list[tuple[float, str]]:
        found: list[tuple[float, str]] = []
        while (due := self.user_agent.next_deadline()) is not None and due <= until:
            self.user_agent.handle_deadline(due)
            found += [(due, line) for line in lines(self.user_agent)]
        self.now = until
        return found

    def named(self) -> list[str]:
        return [type(event).__name__ for event in self.user_agent.events()]

    def talks(self) -> tuple[str, str]:
        """Answers a call that is acknowledged; returns its leg and our tag."""
        leg = self.rings()
        self.user_agent.respond(leg, 200, sdp=ANSWER, now=self.now)
        (answer,) = sent(self.user_agent)
        tag = answer.message.to_address.parameters["tag"] or ""
        assert self.hears(after(tag, "ACK", 1)) == []
        self.user_agent.events()
        return leg, tag


def after(
    tag: str, method: str, cseq: int, branch: str = "z9hG4bKafter", **options: object
) -> bytes:
    """Writes a request of the caller in the dialog."""
    to = f"<sip:{NUMBER}@127.0.0.1:5060>;tag={tag}"
    return incoming(method, cseq=cseq, branch=branch, to=to, **options)  # type: ignore[arg-type]


class Network:
    """Agents joined by a lossy network in virtual time; the same seed gives the same run.

    `loss`, `twice` are shares of datagrams lost and doubled; each travels `delay` seconds and
    up to `jitter` more, so that they overtake each other.
    """

    def __init__(
        self,
        seed: int,
        *,
        loss: float = 0,
        twice: float = 0,
        delay: float = 0.02,
        jitter: float = 0,
    ) -> None:
        self.now = 0.0
        self.agents: dict[Address, UserAgent] = {}
        self.wire: list[tuple[float, Address, Address, bytes]] = []
        self.heard: dict[Address, list[LegEvent]] = {}
        self.on_event: dict[Address, Callable[[LegEvent], None]] = {}
        self.dice = random.Random(seed)
        self._loss, self._twice, self._delay, self._jitter = loss, twice, delay, jitter
        self._serial = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []

    def add(self, address: Address, **options: object) -> UserAgent:
        self.agents[address] = agent(address, **options)
        self.heard[address] = []
        return self.agents[address]

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Puts something on the agenda."""
        heapq.heappush(self._agenda, (when, next(self._serial), act))

    def run(self, until: float) -> None:
        """Runs everything up to a moment."""
        while True:
            self._settle()
            due = [d for a in self.agents.values() if (d := a.next_deadline()) is not None]
            if self._agenda:
                due.append(self._agenda[0][0])
            if not due or min(due) > until:
                break
            self.now = max(self.now, min(due))
            while self._agenda and self._agenda[0][0] <= self.now:
                _, _, act = heapq.heappop(self._agenda)
                act()
            for user_agent in self.agents.values():
                user_agent.handle_deadline(self.now)
        self.now = until

    def _settle(self) -> None:
        busy = True
        while busy:
            busy = False
            for address, user_agent in self.agents.items():
                for event in user_agent.events():
                    busy = True
                    self.heard[address].append(event)
                    if address in self.on_event:
                        self.on_event[address](event)
                for data, target in user_agent.messages_to_send():
                    self.wire.append((self.now, address, target.address, data))
                    self._carry(data, address, target.address)

    def _carry(self, data: bytes, source: Address, target: Address) -> None:
        copies = 0 if self.dice.random() < self._loss else 1
        copies += self.dice.random() < self._twice
        for _ in range(copies):
            when = self.now + self._delay + self.dice.random() * self._jitter
            receiver = self.agents.get(target)
            if receiver is not None:
                self.at(when, lambda r=receiver: r.receive(data, Hop(*source), self.now))
