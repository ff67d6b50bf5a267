"""The four transaction machines of RFC 3261 §17 with the corrections of RFC 6026.

A transaction resends what the network may have lost, absorbs what it repeated, and tells its
user each thing once. It knows nothing of calls. Over a reliable transport nothing is resent but
the 2xx (RFC 3261 §13.3.1.4), and nothing repeated has to be absorbed (timers D, I, J, K).

client INVITE:  calling -> proceeding -> completed (3xx-6xx, ACKed here) -> terminated
                                      -> accepted (2xx, each passed up: the user ACKs) -> ...
client other:   calling -> proceeding -> completed -> terminated
server INVITE:  proceeding -> completed (3xx-6xx) -> confirmed (ACK) -> terminated
                           -> accepted (2xx, resent until `acknowledged`) -> terminated
server other:   calling -> proceeding -> completed -> terminated
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from vyzov.sip.events import Hop
from vyzov.sip.fields import Via, default_port
from vyzov.sip.message import Message, encode_request, spent
from vyzov.sip.schedule import Schedule, Timers

T1 = 0.5
T2 = 4.0
T4 = 5.0
GIVE_UP = 64 * T1
"""Timers B, F, H, L and M, and over UDP D and J as well: 32 s."""

Send = Callable[[bytes, Hop], None]
Encode = Callable[["Request", Hop], bytes]
"""Writes a request as it leaves for a hop: under the Via of that transport."""
OnResponse = Callable[[Message | None, float], None]
"""Told each response with its time; None means that none came in time."""


def response_target(via: Via, source: Hop) -> Hop:
    """Says where responses go (RFC 3261 §18.2.2, RFC 3581 §4).

    Over UDP to the source, to its port only with rport. Over a connection back through it, and
    where it is gone by a new one to the sent-by port. A Via's `maddr` is never followed: it would
    let anybody have us send to anybody.
    """
    stays = not source.flow if source.transport.reliable else "rport" in via.params
    if stays:
        return source
    return source._replace(port=via.port or default_port(source.transport))


def unheard(_response: Message | None, _now: float) -> None:
    """Takes the responses to a request whose outcome changes nothing."""


def next_resend(due: float, interval: float, now: float) -> float:
    """Gives when to repeat again what was due at `due` and left at `now`, in seconds.

    Counted from when it was due: were lateness added up, the last INVITE of the seven would fall
    behind timer B (RFC 3261 §17.1.1.2). Two never follow each other within T1, though.
    """
    return max(due + interval, now + T1)


def ended() -> None:
    """Stands for who was told of the end of a transaction already."""


class State(StrEnum):
    """Where a transaction stands."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Request:
    """A request of ours before it is bytes; its Via is written when it leaves, for its hop."""

    method: str
    uri: str
    branch: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def encode(self, sent_by: str) -> bytes:
        """Writes the request; `sent_by` is transport and place, as in `UDP 192.0.2.1:5060`.

        Raises ValueError where a header would break out of its line.
        """
        via = ("Via", f"SIP/2.0/{sent_by};rport;branch={self.branch}")
        return encode_request(self.method, self.uri, (via, *self.headers), self.body)

    def acknowledging(self, response: Message) -> "Request":
        """Builds the ACK of a non-2xx: the INVITE's Via, the response's To (RFC 3261 §17.1.1.3)."""
        to = response.header("To")
        return self._beside("ACK", to)

    def cancelling(self) -> "Request":
        """Builds the CANCEL of this INVITE: same Via, To without a tag (RFC 3261 §9.1)."""
        return self._beside("CANCEL", None)

    def _beside(self, method: str, to: str | None) -> "Request":
        kept = ("max-forwards", "from", "to", "call-id", "cseq", "route", "user-agent")
        headers: list[tuple[str, str]] = []
        for name, value in self.headers:
            if name.lower() in kept:
                if name == "CSeq":
                    value = value.partition(" ")[0] + " " + method
                elif name == "To" and to is not None:
                    value = to
                headers.append((name, value))
        return replace(self, method=method, headers=tuple(headers), body=b"")


class ClientTransaction:
    """A request of ours and its responses. Both kinds differ only in their timers and ACK.

    `on_end` is told when nothing more of it is to be found; from then on it holds nobody, so that
    it and its user are not kept alive by each other. `instead` is the hop that was asked
    for where the request was sent by another way; it is taken where that way does not exist.
    `data` is the request as it leaves for `target`.
    """

    def __init__(
        self,
        request: Request,
        target: Hop,
        encode: Encode,
        send: Send,
        schedule: Schedule,
        on: OnResponse,
        on_end: Callable[[], None],
        instead: Hop | None = None,
        *,
        data: bytes,
    ) -> None:
        self.failure = ""
        """Why the transport gave the request up, "" while it has not."""
        self.request = request
        self._encode = encode
        self.target = target
        self.state = State.CALLING
        self._invite = request.method == "INVITE"
        self._send = send
        self._on = on
        self._on_end = on_end
        self._timers = Timers(schedule, self._on_timer)
        self._data = data
        self._interval = T1
        self._due = 0.0
        self._ack = b""
        self._instead = instead
        self._sent_again = False

    @property
    def proceeding(self) -> bool:
        """Tells that a provisional response came and no final one yet."""
        return self.state is State.PROCEEDING

    @property
    def unfinished(self) -> bool:
        """Tells that no final response came yet."""
        return self.state in (State.CALLING, State.PROCEEDING)

    def start(self, now: float) -> None:
        """Sends the request and arms timers A and B, or E and F; A and E over UDP only."""
        self._send(self._data, self.target)
        if not self.target.transport.reliable:
            self._resend_at(now + self._interval)
        self._timers.set("give_up", now + GIVE_UP)

    def receive(self, response: Message, now: float) -> None:
        """Takes a response that matched this transaction."""
        if self._invite:
            self._receive_to_invite(response, now)
        elif self.state in (State.CALLING, State.PROCEEDING):
            on = self._on
            if response.code < 200:
                self.state = State.PROCEEDING
                if not self.target.transport.reliable:
                    # It is still resent after a provisional response, but slowly (Timer E).
                    self._interval = T2
                    self._resend_at(now + T2)
            elif self.target.transport.reliable:
                self.terminate()  # Timer K is zero.
            else:
                self.state = State.COMPLETED
                self._timers.stop()
                self._timers.set("gone", now + T4)
            on(response, now)

    def transport_failed(self, reason: str, now: float, *, stood: bool) -> None:
        """Takes that the connection is gone; `stood` is False where it could not be made at all.

        What was never sent goes the way that was asked for, where another was tried first. What
        a broken connection may have swallowed is sent once more by a new one: with the same
        branch it cannot count twice, and a lost BYE leaves a call standing. An INVITE that had
        its provisional response is not lost, so it ends like everything else (RFC 3261 §17.1.4);
        `failure` says why.
        """
        if self.state not in (State.CALLING, State.PROCEEDING):
            return
        waits = self.state is State.CALLING or not self._invite
        if not stood and self._instead is not None:
            self.target, self._instead = self._instead, None
            self._data = self._encode(self.request, self.target)
            self.start(now)
        elif stood and waits and not self._sent_again:
            self._sent_again = True
            self._send(self._data, self.target)
        else:
            self.failure = reason
            self._tell_the_end(now)

    def terminate(self) -> None:
        """Ends the transaction at once; later responses are strays."""
        if self.state is not State.TERMINATED:
            self.state = State.TERMINATED
            self._timers.end()
            on_end, self._on_end, self._on = self._on_end, ended, unheard
            on_end()

    def _tell_the_end(self, now: float) -> None:
        on = self._on
        self.terminate()
        on(None, now)

    def _receive_to_invite(self, response: Message, now: float) -> None:
        if response.code < 200:
            if self.state in (State.CALLING, State.PROCEEDING):
                self.state = State.PROCEEDING
                self._timers.stop()
                self._on(response, now)
        elif response.code < 300:
            # Every 2xx goes up, also those of other forks and those after a rejection: somebody
            # has picked up, and only the user can acknowledge and release them.
            if self.state is not State.ACCEPTED:
                self._timers.stop()
                self._timers.set("gone", now + GIVE_UP)
                self.state = State.ACCEPTED
            self._on(response, now)
        elif self.state in (State.CALLING, State.PROCEEDING):
            self.state = State.COMPLETED
            self._timers.stop()
            # Timer D is zero over a connection, where nothing is repeated; but a 2xx of another
            # fork may still come, and it must find somebody who releases it.
            self._timers.set("gone", now + GIVE_UP)
            self._ack = self._encode(self.request.acknowledging(response), self.target)
            self._send(self._ack, self.target)
            self._on(response, now)
        elif self._ack:
            self._send(self._ack, self.target)

    def _resend_at(self, due: float) -> None:
        self._due = due
        self._timers.set("resend", due)

    def _on_timer(self, name: str, now: float) -> None:
        if name == "resend":
            self._send(self._data, self.target)
            self._interval *= 2  # Timer A doubles without a cap, Timer E up to T2.
            if not self._invite:
                self._interval = min(self._interval, T2)
            self._resend_at(next_resend(self._due, self._interval, now))
        elif name == "give_up":
            self._tell_the_end(now)
        else:
            self.terminate()


class ServerTransaction:
    """A request of a peer and our responses. `on_unacknowledged(now)` reports a lost ACK."""

    def __init__(
        self,
        request: Message,
        source: Hop,
        send: Send,
        schedule: Schedule,
        on_end: Callable[[], None],
    ) -> None:
        self.request = request
        self.source = source
        self.target = response_target(request.via, source)
        self.state = State.CALLING
        self.on_unacknowledged: Callable[[float], None] | None = None
        self._invite = request.method == "INVITE"
        self._send = send
        self._on_end = on_end
        self._timers = Timers(schedule, self._on_timer)
        self._last = b""
        self._interval = T1
        self._due = 0.0

    @property
    def answered(self) -> bool:
        """Tells that a final response has left."""
        return self.state not in (State.CALLING, State.PROCEEDING)

    def respond(self, code: int, data: bytes, now: float) -> None:
        """Sends a response; one after the final response is dropped, the first holds."""
        if self.answered:
            return
        self._last = data
        self._send(data, self.target)
        if code < 200:
            self.state = State.PROCEEDING
            return
        if code >= 300 or not self._invite:
            # Kept for half a minute against repetitions, by the thousand in a flood.
            self.request = spent(self.request)
        if not self._invite:
            self.state = State.COMPLETED
            if self.target.transport.reliable:
                self._end()  # Timer J is zero.
            else:
                self._timers.set("give_up", now + GIVE_UP)
            return
        self._timers.set("give_up", now + GIVE_UP)
        self.state = State.ACCEPTED if code < 300 else State.COMPLETED
        if code < 300 or not self.target.transport.reliable:
            # A 2xx is repeated over every transport: a proxy behind this one may use UDP.
            self._resend_at(now + self._interval)

    def transport_failed(self) -> None:
        """Stops resending towards a connection that cannot be made (again)."""
        self._timers.stop("resend")

    def receive_again(self) -> None:
        """Takes a retransmission of the request: the last response is repeated (Timer J's span).

        In `accepted` it is absorbed: the 2xx is on its own timer (RFC 6026 §7.1).
        """
        if self._last and self.state in (State.PROCEEDING, State.COMPLETED):
            self._send(self._last, self.target)

    def acknowledged(self, now: float) -> None:
        """Takes the ACK: to a rejection it came here by branch, to a 2xx by its dialog."""
        if self.state is State.COMPLETED:
            self.state = State.CONFIRMED
            self._timers.stop()
            if self.target.transport.reliable:
                self._end()  # Timer I is zero.
            else:
                self._timers.set("gone", now + T4)
        elif self.state is State.ACCEPTED:
            # Timer L goes on: retransmitted INVITEs are still absorbed.
            self._timers.stop("resend")
            self.on_unacknowledged = None

    def _on_timer(self, name: str, now: float) -> None:
        if name == "resend":
            self._send(self._last, self.target)
            self._interval = min(2 * self._interval, T2)
            self._resend_at(next_resend(self._due, self._interval, now))
            return
        unacknowledged = self.on_unacknowledged
        self._end()
        if name == "give_up" and unacknowledged is not None:
            unacknowledged(now)

    def _resend_at(self, due: float) -> None:
        self._due = due
        self._timers.set("resend", due)

    def _end(self) -> None:
        self.state = State.TERMINATED
        self._timers.end()
        self.on_unacknowledged = None
        on_end, self._on_end = self._on_end, ended
        on_end()
