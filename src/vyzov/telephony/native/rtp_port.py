"""The sockets of one call's sound: RTP and RTCP, plain or SRTP, from one far side only.

A `Line` is a way in and out for sound: `RtpPort` here towards a carrier, others towards browsers.
It sends frames the engine made (`play`) and passes on another line's packets as they come
(`relay`). Whose packets are taken is decided in `media.source_lock` and `media.rtp`, how a stream
stays continuous in `media.stream`, what is sent when in `sources` and `bridge`.
"""

import logging
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vyzov.media import rtcp, rtp
from vyzov.media.admission import Admission
from vyzov.media.frame import FRAME_SAMPLES
from vyzov.media.g711 import Law, transcode
from vyzov.media.rtcp import RtcpSession
from vyzov.media.rtp import RtpPacket, RtpReceiver, RtpSender
from vyzov.media.source_lock import SourceLock
from vyzov.media.srtp import Opener, Sealer
from vyzov.media.stream import OutStream
from vyzov.media.telephone_event import DigitSender
from vyzov.telephony.native.port_pairs import Address, Pair

log = logging.getLogger("vyzov.engine.rtp")

Hear = Callable[[RtpPacket, float], None]
Sent = Callable[[bytes, int | None, float], None]
"""Takes a payload that was sent, the time stamp it went under if any, and the moment."""

SOUND_TYPES = frozenset({0, 8, 13})
"""PCMU, PCMA and comfort noise: what an agreement on G.711 lets a far side send (RFC 3551 §6)."""


def random_sender(payload_type: int) -> RtpSender:
    """Returns a stream with unguessable numbers (RFC 3550 §5.1), too low to wrap early."""
    dice = os.urandom(8)
    return RtpSender(
        int.from_bytes(dice[:4], "big"),
        int.from_bytes(dice[4:6], "big") & 0x7FFF,
        int.from_bytes(dice[4:], "big") & 0x7FFFFFFF,
        payload_type,
    )


class Line(Protocol):
    """A way in and out for sound in 20 ms packets of one G.711 law."""

    law: Law
    last_sent: float
    receiver: RtpReceiver
    on_hear: Hear | None
    on_sent: Sent | None

    def play(self, payload: bytes, now: float) -> None:
        """Sends a frame of this line's own law made by the engine."""
        ...

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes on a packet of another line at once, in this line's law."""
        ...

    def stats(self) -> dict[str, float]:
        """Returns counters under the names of `Ended.stats`."""
        ...

    def close(self) -> None:
        """Gives the line up; later calls send nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Keys:
    """SRTP of one direction: a suite by its name in SDP, and master key with salt."""

    suite: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an exchange of session descriptions agreed about a leg's sound.

    `hosts` are those its packets may come from beside that of `remote`; `patient` is False where
    `remote` cannot be where they come from (a private address told to a public one). `rtcp` is where
    reports go, None for nowhere; `keys` are ours and the far side's."""

    remote: Address
    law: Law
    event_type: int | None = None
    hosts: frozenset[str] = frozenset()
    patient: bool = True
    packet_samples: int = FRAME_SAMPLES
    rtcp: Address | None = None
    keys: tuple[Keys, Keys] | None = None


class RtpPort:
    """The RTP of one trunk leg: a socket, a far address agreed by SDP, and counters."""

    def __init__(self, pair: Pair) -> None:
        """Listens at once; `on_hear` gets every accepted packet and its arrival.

        A pair without a second socket has its reports travel beside the sound (RFC 5761), or not
        at all."""
        self._pair = pair
        self._socket = pair.sound
        self._rtcp_socket = pair.reports
        self.port = pair.port
        self.law = Law.PCMA
        self.event_type: int | None = None
        self.last_sent = 0.0
        self.receiver = RtpReceiver()
        self._admission = Admission(self.receiver)
        self.on_hear: Hear | None = None
        self.on_sent: Sent | None = None
        self.out = OutStream(random_sender(Law.PCMA.payload_type))
        self.lock = SourceLock()
        self.reports = RtcpSession(
            time.monotonic(), epoch_s=time.time() - time.monotonic(),
            dice=random.random, cname=os.urandom(8).hex(),
        )  # fmt: skip
        self.foreign = 0
        self.noise = 0
        """Datagrams from the far side that are no sound anybody agreed on."""
        self.hushed = False
        """Whether the far side holds us and takes no sound; reports go on."""
        self.send_faults = 0
        self._rtcp_target: Address | None = None
        self._terms: Terms | None = None
        self._muxed = False
        self._payload_types = SOUND_TYPES
        self._sealer: Sealer | None = None
        self._opener: Opener | None = None
        self._closed = False
        pair.taken_by(self)

    def agree(self, terms: Terms, now: float) -> None:
        """Takes what the SDP exchange agreed; `source_lock` tells whose packets are taken then."""
        before, self._terms = self._terms, terms
        self._muxed = terms.rtcp == terms.remote
        self.lock.agree(terms.remote, terms.hosts, now, patient=terms.patient)
        self.law, self.event_type = terms.law, terms.event_type
        self._payload_types = SOUND_TYPES | ({terms.event_type} if terms.event_type else set())
        self.out.sender.payload_type = terms.law.payload_type
        self._transmit_all(self.out.want(terms.packet_samples), now)
        if before is None or before.rtcp != terms.rtcp:
            self._rtcp_target = terms.rtcp
        if before is None or before.keys != terms.keys:
            self._take_keys(terms.keys, before, now)

    def _take_keys(self, keys: tuple[Keys, Keys] | None, before: Terms | None, now: float) -> None:
        if keys is None:
            self._sealer = self._opener = None
            return
        ours, theirs = keys
        former = None if before is None else before.keys
        if former is None or former[0] != ours:
            self._sealer = Sealer(ours.suite, ours.key)
        if self._opener is None:
            self._opener = Opener(theirs.suite, theirs.key)
        elif former is None or former[1] != theirs:
            self._opener.rekey(theirs.suite, theirs.key, now)

    @property
    def has_remote(self) -> bool:
        """Whether an address to send to is agreed."""
        return self.lock.target is not None

    def play(self, payload: bytes, now: float) -> None:
        """Sends a frame of our own; before an address is agreed and on hold nothing leaves."""
        if self.lock.target is None or self._closed or self.hushed:
            return
        self._transmit_all(self.out.own(payload, now), now)
        if self.on_sent is not None:
            self.on_sent(payload, self.out.sent_timestamp, now)

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes another line's packet on at once, changing the law by table where it differs."""
        if self.lock.target is None or self._closed or self.hushed:
            return
        payload = packet.payload if law is self.law else transcode(packet.payload, law, self.law)
        for datagram in self.out.passed_on(packet, payload, now):
            self._transmit(datagram, now)
        timestamp = self.out.sent_timestamp
        if self.on_sent is not None and timestamp is not None:
            self.on_sent(payload, timestamp, now)

    def play_event(self, digits: DigitSender, now: float) -> bool:
        """Sends the packet of a digit due on this tick; returns False in the pauses."""
        datagrams = self.out.event(digits, now)
        self._transmit_all(datagrams, now)
        return bool(datagrams)

    def tick(self, now: float) -> None:
        """Sends a report where one is due; call it every frame of an answered leg."""
        if now >= self.reports.next_at:
            self._send_report(self.reports.report(self.out.sender, self.receiver, now))

    def stats(self) -> dict[str, float]:
        """Returns packets sent, received and lost, jitter, strangers, and what the far side tells."""
        receiver = self.receiver
        told = {
            "rtp_sent": float(self.out.sender.packets),
            "rtp_received": float(receiver.received),
            "rtp_lost": float(max(0, receiver.lost)),
            "rtp_duplicates": float(receiver.duplicates),
            "rtp_reordered": float(receiver.reordered),
            "jitter_ms": round(receiver.jitter_ms, 2),
            "rtp_foreign": float(self.foreign + receiver.strangers),
            "rtp_noise": float(self.noise),
        }
        if self._opener is not None:
            told["srtp_refused"] = float(self._opener.refused)
        return told | self.reports.stats()

    def close(self) -> None:
        """Says goodbye and gives the sockets back."""
        if self._closed:
            return
        if self.out.sender.packets:
            now = time.monotonic()
            self._send_report(self.reports.goodbye(self.out.sender, self.receiver, now))
        self._closed = True
        self._pair.give_back()

    # ---- what leaves

    def _transmit_all(self, datagrams: Sequence[bytes], now: float) -> None:
        for datagram in datagrams:
            self._transmit(datagram, now)

    def _transmit(self, datagram: bytes, now: float) -> None:
        """Sends a ready datagram; a full socket buffer loses it, as the network would."""
        if self._sealer is not None:
            sealed = self._sealer.seal(datagram)
            if sealed is None:
                self.send_faults += 1
                return
            datagram = sealed
        self.last_sent = now
        try:
            self._socket.sendto(datagram, self.lock.target)  # type: ignore[arg-type]
        except OSError:
            self.send_faults += 1

    def _send_report(self, data: bytes) -> None:
        target, sock = self._rtcp_target, self._rtcp_socket
        if self._muxed:
            target, sock = self.lock.target, self._socket
        if target is None or sock is None or self._closed:
            return
        if self._sealer is not None:
            data = self._sealer.seal_rtcp(data)
        try:
            sock.sendto(data, target)
        except OSError:
            self.send_faults += 1

    # ---- what arrives

    def sound_arrived(self, data: bytes, source: Address) -> None:
        """Takes a datagram of the socket for sound."""
        try:
            self._arrived(data, source, time.monotonic())
        except Exception:
            log.exception("a packet of %d bytes on RTP port %d failed", len(data), self.port)

    def _arrived(self, data: bytes, source: Address, now: float) -> None:
        lock = self.lock
        known = source == lock.source
        if not known and not lock.may_come(source, now):
            self._turn_away(now)
            return
        if self._muxed and rtcp.is_rtcp(data):
            self._report_arrived(data, source, now)
            return
        opener = self._opener
        if opener is not None:
            opened = opener.open(data, now)
            if opened is None:
                return
            data = opened
        packet = rtp.parse(data)
        if packet is None or packet.payload_type not in self._payload_types:
            self.noise += 1
            return
        if not known and not lock.admits(source, packet.ssrc, now, proven=opener is not None):
            self._turn_away(now)
            return
        receiver, hear = self.receiver, self.on_hear
        if packet.ssrc == receiver.ssrc or opener is not None:
            # Nearly every packet; and one that opened under the far side's keys is the far side's.
            if receiver.receive(packet, now, trusted=opener is not None) and hear is not None:
                hear(packet, now)
            return
        for one, at in self._admission.take(packet, now):
            if hear is not None:
                hear(one, at)

    def _turn_away(self, now: float) -> None:
        self.foreign += 1
        self._admission.contest(now)

    def report_arrived(self, data: bytes, source: Address) -> None:
        """Takes a datagram of the socket for reports."""
        try:
            self._report_arrived(data, source, time.monotonic())
        except Exception:
            log.exception("a report of %d bytes beside RTP port %d failed", len(data), self.port)

    def _report_arrived(self, data: bytes, source: Address, now: float) -> None:
        target = self.lock.target
        if target is None or source[0] != target[0]:
            self.foreign += 1
            return
        if self._opener is not None:
            opened = self._opener.open_rtcp(data)
            if opened is None:
                return
            data = opened
        # Only the source now heard is believed; from elsewhere than agreed (address translation) no
        # other at all.
        known = source in (self._rtcp_target, target)
        only_from = self.receiver.ssrc
        if only_from is None and not known:
            only_from = 0
        found = self.reports.receive(data, self.out.sender.ssrc, now, only_from=only_from)
        if found is not None and not known:
            self._rtcp_target = source
