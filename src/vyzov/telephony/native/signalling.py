"""The SIP socket: carries datagrams between the network and the user agent, and its one timer.

Events are handled before the datagrams they come with leave, so that a dialog is in the journal
before the ACK that makes it real is on the wire. What a SIP event means for a leg is decided in
`legs`.
"""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable

from vyzov.sip.events import Hop, SipEvent
from vyzov.sip.user_agent import UserAgent

log = logging.getLogger("vyzov.engine.sip")

Address = tuple[str, int]

READ_BATCH = 64
RECEIVE_BUFFER_BYTES = 1 << 20


class Signalling:
    """One UDP socket and the user agent behind it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bind: Address,
        *,
        advertised_host: str,
        secret: bytes,
        port_before: int = 0,
        realm: str = "",
    ) -> None:
        """Binds at once; call `begin` to take events.

        For port 0 the port of the earlier run is tried first, then the system chooses."""
        self._loop = loop
        self._socket = _bound(bind, port_before)
        port: int = self._socket.getsockname()[1]
        self.address: Address = (bind[0], port)
        self.agent = UserAgent(
            local=self.address,
            secret=secret,
            new_token=lambda: secrets.token_hex(8),
            advertised=(advertised_host, port),
            realm=realm,
        )
        self._handle: Callable[[SipEvent], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pumping = False
        self._closed = False

    def begin(self, handle: Callable[[SipEvent], None]) -> None:
        """Gives every event to `handle` from now on."""
        self._handle = handle
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def pump(self) -> None:
        """Handles what happened, then sends what is due; call it after every verb to the agent."""
        if self._pumping or self._closed or self._handle is None:
            return
        self._pumping = True
        try:
            while True:
                events = self.agent.events()
                for event in events:
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
        """Closes the socket."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            if self._timer is not None:
                self._timer.cancel()

    def _send(self, data: bytes, target: Hop) -> None:
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
            try:
                self.agent.receive(data, Hop(*source), time.monotonic())
            except Exception:
                log.exception("a datagram of %d bytes from %s:%d failed", len(data), *source)
            # Each datagram is carried through before the next is read, so that an answer's
            # journal line and ACK never wait for a burst behind it.
            self.pump()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.agent.next_deadline()
        if due is not None:
            self._timer = self._loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        try:
            self.agent.handle_deadline(time.monotonic())
        except Exception:
            log.exception("a SIP timer failed")
        self.pump()


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
