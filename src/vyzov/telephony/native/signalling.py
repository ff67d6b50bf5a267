"""The SIP sockets: carry messages between the network and the user agent, and its one timer.

UDP is here, connections are in `sip_sockets`; whatever carries them, all messages pass the same
door (`may`). Events are handled before the messages they come with leave, so that a dialog is in
the journal before the ACK that makes it real is on the wire. What a SIP event means for a leg is
decided in `legs`.
"""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vyzov.sip.events import Hop, MessageIgnored, SipEvent, Transport
from vyzov.sip.guard import Limits
from vyzov.sip.stream import Fault
from vyzov.sip.user_agent import UserAgent
from vyzov.telephony.native.protection import RESPONSE, SipDoor
from vyzov.telephony.native.sip_sockets import SipSockets, StreamLimits
from vyzov.telephony.native.tape import Tape
from vyzov.telephony.native.tls import TlsContexts, TlsFiles

log = logging.getLogger("vyzov.engine.sip")

Address = tuple[str, int]

READ_BATCH = 64
RECEIVE_BUFFER_BYTES = 1 << 20
NO_PORT = -1


@dataclass(frozen=True, slots=True)
class Listening:
    """Where SIP is listened for beside UDP, and what peers are told of us.

    `tcp_port` 0 is the number of the UDP port, `tls_port` 0 the one after it; `NO_PORT` listens
    nowhere. Nothing is listened for over TLS without a certificate. `product` is the name in
    User-Agent and Server, "" sends neither.
    """

    tcp_port: int = 0
    tls_port: int = 0
    tls: TlsFiles = field(default_factory=TlsFiles)
    limits: StreamLimits = field(default_factory=StreamLimits)
    guard: Limits = field(default_factory=Limits)
    product: str = "Vyzov"


class Signalling:
    """The SIP sockets of an engine and the user agent behind them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bind: Address,
        *,
        advertised_host: str,
        secret: bytes,
        port_before: int = 0,
        realm: str = "",
        listening: Listening | None = None,
    ) -> None:
        """Binds at once; call `begin` to take events.

        For port 0 the port of the earlier run is tried first, then the system chooses. Raises
        `NoTls` where the certificate cannot be used, OSError where a port is taken."""
        listening = listening or Listening()
        tls = TlsContexts(listening.tls)
        if listening.tls.certificate is not None:
            tls.server()
        self._loop = loop
        self._socket = _bound(bind, port_before)
        port: int = self._socket.getsockname()[1]
        self.address: Address = (bind[0], port)
        try:
            self._bound = _bound_streams(bind, port, listening)
        except OSError:
            self._socket.close()
            raise
        self.ports = {kind: one.getsockname()[1] for kind, one in self._bound.items()}
        self.streams = SipSockets(loop, self, tls=tls, local_host=bind[0], limits=listening.limits)
        self.agent = UserAgent(
            local=self.address,
            ports=self.ports,
            user_agent=listening.product,
            large_by_tcp=True,
            secret=secret,
            new_token=lambda: secrets.token_hex(8),
            advertised=(advertised_host, port),
            realm=realm,
        )
        self._handle: Callable[[SipEvent], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._pumping = False
        self._closed = False
        self._ignored = 0
        self.tape: Tape | None = None
        """Where every message is written down, if anywhere."""
        self.door = SipDoor(loop, listening.guard, lambda: self.streams.refused)

    def begin(self, handle: Callable[[SipEvent], None]) -> None:
        """Gives every event to `handle` from now on."""
        self._handle = handle
        self._loop.add_reader(self._socket.fileno(), self._readable)
        for transport, bound in self._bound.items():
            self.streams.listen(transport, bound)

    def pump(self) -> None:
        """Handles what happened, then sends what is due; call it after every verb to the agent."""
        if self._pumping or self._closed or self._handle is None:
            return
        self._pumping = True
        try:
            while True:
                events = self.agent.events()
                for event in events:
                    self._ignored += isinstance(event, MessageIgnored)
                    self.door.heard(event)
                    self._handle(event)
                messages = self.agent.messages_to_send()
                for data, target in messages:
                    self._send(data, target)
                if not events and not messages:
                    break
        finally:
            self._pumping = False
        self._arm()

    def close(self) -> None:
        """Closes every socket."""
        if not self._closed:
            self._closed = True
            self.door.close()
            self.streams.close()
            if self.tape is not None:
                self.tape.close()
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            if self._timer is not None:
                self._timer.cancel()

    # ---- the door

    def may(self, source: Hop, size: int) -> bool:
        """Tells whether a source is heard: each message passes here, each new connection as 0."""
        return self.door.may(source, size)

    def knows(self, source: Hop) -> bool:
        """Tells whether a source is one we deal with."""
        return self.door.knows(source)

    def arrived(self, data: bytes, source: Hop) -> None:
        """Carries one message through, so that an answer's journal line waits for no burst."""
        if self.tape is not None:
            self.tape.message(data, place_of(source), sent=False)
        ignored = self._ignored
        try:
            self.agent.receive(data, source, time.monotonic())
        except Exception:
            log.exception("a message of %d bytes from %s failed", len(data), source)
        self.pump()
        if data.startswith(RESPONSE) and self._ignored == ignored:
            self.door.answered(source)

    def unframed(self, fault: Fault, source: Hop) -> None:
        """Answers a connection whose bytes are no messages."""
        self.agent.receive_fault(fault, source, time.monotonic())
        self.pump()

    def lost(self, hop: Hop, reason: str, *, stood: bool) -> None:
        """Tells the agent that a connection is gone."""
        self.agent.connection_lost(hop, time.monotonic(), reason, stood=stood)
        self.pump()

    def _send(self, data: bytes, target: Hop) -> None:
        if self.tape is not None:
            self.tape.message(data, place_of(target), sent=True)
        self.door.sent(data, target)
        if target.transport is not Transport.UDP:
            self.streams.send(data, target)
            return
        try:
            self._socket.sendto(data, target.address)
        except OSError as error:
            # Lost as on the wire: the agent's own timers repeat it.
            log.warning("%d bytes to %s could not be sent: %s", len(data), target, error)

    def _readable(self) -> None:
        for _ in range(READ_BATCH):
            if self._closed:
                return
            try:
                data, source = self._socket.recvfrom(65_535)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                # The ICMP answer to an earlier datagram; the agent's timers tell the leg.
                continue
            hop = Hop(*source)
            if self.may(hop, len(data)):
                self.arrived(data, hop)

    def _arm(self) -> None:
        due = self.agent.next_deadline()
        if self._timer is not None:
            # Woken too early it finds nothing to do: cheaper than to move it with every message.
            if due is not None and self._timer_due <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer_due = due
            self._timer = self._loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        try:
            self.agent.handle_deadline(time.monotonic())
        except Exception:
            log.exception("a SIP timer failed")
        self.pump()


def place_of(hop: Hop) -> str:
    """Names the other end for a person: `udp:192.0.2.1:5060`."""
    return f"{hop.transport}:{hop.host}:{hop.port}"


def _bound(bind: Address, port_before: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    host, port = bind
    for wanted in (port_before, 0) if port == 0 and port_before else (port,):
        try:
            made.bind((host, wanted))
        except OSError:
            if wanted != port_before or port != 0:
                made.close()
                raise
            log.warning("SIP port %d of the last run is taken; its calls may not be found", wanted)
        else:
            break
    return made


def _bound_streams(
    bind: Address, udp_port: int, listening: Listening
) -> dict[Transport, socket.socket]:
    """Binds the listeners that are wanted; beside a port the system chose, it chooses again."""
    host, port = bind
    wanted = {Transport.TCP: listening.tcp_port or udp_port}
    if listening.tls.certificate is not None:
        wanted[Transport.TLS] = listening.tls_port or (udp_port + 1 if port else 0)
    bound: dict[Transport, socket.socket] = {}
    for transport, number in wanted.items():
        if number == NO_PORT:
            continue
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound[transport] = made
        try:
            made.bind((host, number))
        except OSError as error:
            if port == 0 and number == udp_port:
                made.bind((host, 0))
                continue
            for one in bound.values():
                one.close()
            raise OSError(
                error.errno,
                f"SIP over {transport.upper()} cannot listen on {host}:{number} "
                f"({error.strerror}): free the port or set sip_{transport}_port",
            ) from error
    return bound
