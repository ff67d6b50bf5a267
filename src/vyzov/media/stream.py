"""One outgoing RTP stream kept continuous whatever feeds it: own frames, or another leg's packets.

The far side sees one source whose numbers never jump back. Packets that are passed on keep their loss
and order visible, so that only the far side's jitter buffer has to work. Where the far side wants
packets of another length than those that come, the sound is cut anew by its time stamps. When
something is sent, and where to, is decided by the owner.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vyzov.media.frame import FRAME_SAMPLES, SAMPLE_RATE
from vyzov.media.g711 import SILENCE, Law, law_of
from vyzov.media.rtp import RtpPacket, RtpSender, build
from vyzov.media.telephone_event import DigitSender

FRAME_S: Final = FRAME_SAMPLES / SAMPLE_RATE
PAUSE_S: Final = 0.12
"""A gap between own frames that the media clock does not make up for: it starts anew."""
SHORTEST_PTIME_MS: Final = 10
LONGEST_PTIME_MS: Final = 100
_HEADER: Final = struct.Struct("!BBHII")
_RELAY_JUMP: Final = 1000
"""Sequence numbers the far stream may be ahead of ours before it counts as another stream."""
_LATE: Final = 64
_LONGEST_SKIP: Final = 1 << 24
_CELLS_HELD: Final = 2
"""Packets being filled at once; an older one goes with what it has."""
_REACH: Final = 32
"""Packets a late piece of sound may be behind the newest and still be sent."""
_STAMPS: Final = 1 << 32


def packet_samples(ptime_ms: int | None, maxptime_ms: int | None = None) -> int:
    """Return the samples a packet should hold for a far side that asked for these milliseconds."""
    wanted = 20 if ptime_ms is None else ptime_ms
    if maxptime_ms is not None:
        wanted = min(wanted, maxptime_ms)
    return min(max(wanted, SHORTEST_PTIME_MS), LONGEST_PTIME_MS) * SAMPLE_RATE // 1000


class OutStream:
    """Keeps one outgoing stream continuous over changes between own frames and relayed ones."""

    def __init__(self, sender: RtpSender) -> None:
        """Continue the numbers of `sender`, in packets of 20 ms."""
        self.sender = sender
        self.sent_timestamp: int | None = None
        """Time stamp of the sound last given to the stream, None where it was left out."""
        self._size = FRAME_SAMPLES
        self._packer: _Packer | None = None
        # What numbers the sound that comes: the stream itself, or its shadow before the packer.
        self._numbers = sender
        self._anchor: tuple[int, int, int, int] | None = None
        self._paced_to = 0.0

    def want(self, samples: int) -> Sequence[bytes]:
        """Send packets of so many samples from now on; return what was held of the old length."""
        rest = self._unpack() if samples != self._size else ()
        self._size = samples
        return rest

    def own(self, payload: bytes, now: float) -> Sequence[bytes]:
        """Return the datagrams of a frame of our own."""
        self._anchor = None
        self._pace(now)
        if self._packer is None and len(payload) == self._size:
            sender = self.sender
            self.sent_timestamp = sender.timestamp
            return (sender.packet(payload, samples=len(payload)),)
        self._pack()
        numbers = self._numbers
        sequence, timestamp = numbers.sequence, numbers.timestamp
        numbers.packet(payload, samples=len(payload))
        return self._packed(sequence, timestamp, payload, marker=False)

    def event(self, digits: DigitSender, now: float) -> Sequence[bytes]:
        """Return the packet of a digit due on this tick; nothing in the pauses."""
        self._anchor = None
        self._pace(now)
        rest = self._unpack()
        datagram = digits.next_packet(self.sender)
        return rest if datagram is None else (*rest, datagram)

    def passed_on(self, packet: RtpPacket, payload: bytes, now: float) -> Sequence[bytes]:
        """Return the datagrams of a relayed packet.

        The far stream's numbers are shifted by a constant that is chosen anew when its source
        changes, so lost and reordered packets stay visible to the far side's jitter buffer.
        """
        if self._packer is None and len(payload) != self._size:
            self._pack()
        numbers = self._numbers
        anchor = self._anchor
        marker = packet.marker
        if anchor is not None and anchor[0] == packet.ssrc:
            ahead = (packet.sequence + anchor[1] - numbers.sequence) & 0xFFFF
            if ahead >= 0x10000 - _LATE:
                sequence = (numbers.sequence + ahead) & 0xFFFF
                if (sequence - anchor[3]) & 0xFFFF >= 0x8000:
                    # Something else was heard in its place, under its number.
                    self.sent_timestamp = None
                    return ()
                timestamp = (packet.timestamp + anchor[2]) & 0xFFFFFFFF
                return self._late(sequence, timestamp, payload)
            if ahead < _RELAY_JUMP:
                numbers.sequence = (numbers.sequence + ahead) & 0xFFFF
                numbers.timestamp = (packet.timestamp + anchor[2]) & 0xFFFFFFFF
            else:
                anchor = None
        else:
            anchor = None
        if anchor is None:
            self._join(packet, now)
            marker = True
        self._paced_to = now
        sequence, timestamp = numbers.sequence, numbers.timestamp
        numbers.sequence = (sequence + 1) & 0xFFFF
        numbers.timestamp = (timestamp + len(payload)) & 0xFFFFFFFF
        self.sent_timestamp = timestamp
        if self._packer is not None:
            return self._packed(sequence, timestamp, payload, marker=marker)
        numbers.packets += 1
        numbers.octets += len(payload)
        second = numbers.payload_type | 0x80 if marker else numbers.payload_type
        return (_HEADER.pack(0x80, second, sequence, timestamp, numbers.ssrc) + payload,)

    def _join(self, packet: RtpPacket, now: float) -> None:
        """Let another stream's numbers follow upon ours."""
        numbers = self._numbers
        if self._paced_to:
            # Time went by since our last frame; the stream's clock must have gone with it.
            gap = int((now - self._paced_to) * SAMPLE_RATE) - FRAME_SAMPLES
            numbers.skip(min(max(0, gap), _LONGEST_SKIP))
        self._anchor = (
            packet.ssrc,
            (numbers.sequence - packet.sequence) & 0xFFFF,
            (numbers.timestamp - packet.timestamp) & 0xFFFFFFFF,
            numbers.sequence,
        )

    def _late(self, sequence: int, timestamp: int, payload: bytes) -> Sequence[bytes]:
        self.sent_timestamp = timestamp
        if self._packer is not None:
            return self._packed(sequence, timestamp, payload, marker=False)
        sender = self.sender
        sender.packets += 1
        sender.octets += len(payload)
        return (build(sender.payload_type, sequence, timestamp, sender.ssrc, payload),)

    def _pace(self, now: float) -> None:
        """Keep the stream's clock with the wall's over a pause too long to be made up for."""
        gap = now - self._paced_to
        if self._paced_to == 0 or gap > PAUSE_S:
            if self._paced_to:
                self._numbers.skip(int((gap - FRAME_S) * SAMPLE_RATE))
            self._paced_to = now
        else:
            # Frames that were late are sent together: each stands for its own 20 ms.
            self._paced_to += FRAME_S

    def _packed(
        self, sequence: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> Sequence[bytes]:
        assert self._packer is not None
        self.sent_timestamp = timestamp
        return self._packer.put(sequence, timestamp, payload, marker=marker)

    def _pack(self) -> None:
        """Begin to cut packets anew."""
        if self._packer is None:
            sender = self.sender
            self._numbers = RtpSender(
                sender.ssrc, sender.sequence, sender.timestamp, sender.payload_type
            )
            self._packer = _Packer(sender, self._size)

    def _unpack(self) -> Sequence[bytes]:
        """Give up cutting packets anew; return what was held."""
        packer, self._packer = self._packer, None
        if packer is None:
            return ()
        rest = packer.flush()
        shadow, self._numbers = self._numbers, self.sender
        # An anchor holds sequence numbers of the shadow: the next packet finds its place anew.
        self._anchor = None
        self.sender.timestamp = shadow.timestamp
        return rest


@dataclass(slots=True)
class _Cell:
    """A packet being filled: its bytes, silence where none came, and how many of them came."""

    sound: bytearray
    came: int = 0
    end: int = 0


class _Packer:
    """Cuts numbered sound into packets of one size by its time stamps.

    Cell n of a stretch of sound is its n-th packet: its number follows from its time, so that a
    loss before is a loss behind, and a reordered packet still finds its cell while that is open.
    """

    def __init__(self, sender: RtpSender, size: int) -> None:
        self._sender = sender
        self._size = size
        self._base: int | None = None
        self._first_sequence = 0
        self._sequence = self._timestamp = 0
        self._newest = -1
        self._cells: dict[int, _Cell] = {}
        self._sealed: set[int] = set()
        self._marker = False

    def put(
        self, sequence: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> Sequence[bytes]:
        """Take a packet by the numbers it would have had; return the packets it completes."""
        sent: list[bytes] = []
        if self._base is not None and self._pauses(sequence, timestamp):
            sent += self.flush()
        if self._base is None:
            self._base, self._newest = timestamp, -1
            self._first_sequence = self._sender.sequence
            self._sealed.clear()
            newer = True
        else:
            newer = (sequence - self._sequence) & 0xFFFF < 0x8000
        if newer:
            self._sequence = sequence
            self._timestamp = (timestamp + len(payload)) % _STAMPS
        self._marker = self._marker or marker
        at = _signed(timestamp - self._base)
        while payload:
            number, offset = divmod(at, self._size)
            piece = payload[: self._size - offset]
            payload, at = payload[len(piece) :], at + len(piece)
            if number >= 0 and number > self._newest - _REACH and number not in self._sealed:
                sent += self._fill(number, offset, piece)
        return sent

    def flush(self) -> Sequence[bytes]:
        """Return what is held, cut short where it ends, and begin anew with what comes next."""
        sent = [
            self._seal(number, self._cells[number].end if number == self._newest else self._size)
            for number in sorted(self._cells)
        ]
        self._sender.sequence = (self._first_sequence + self._newest + 1) & 0xFFFF
        self._base = None
        return sent

    def _pauses(self, sequence: int, timestamp: int) -> bool:
        """Tell a pause of the sender, or a new clock, from a loss: numbers go on, time does not."""
        step = _signed(timestamp - self._timestamp)
        follows = (sequence - self._sequence) & 0xFFFF == 1
        return (follows and step != 0) or abs(step) > _LONGEST_SKIP

    def _fill(self, number: int, offset: int, piece: bytes) -> list[bytes]:
        self._newest = max(self._newest, number)
        cell = self._cells.get(number)
        if cell is None:
            law = law_of(self._sender.payload_type) or Law.PCMA
            cell = self._cells[number] = _Cell(bytearray(SILENCE[law][:1] * self._size))
        cell.sound[offset : offset + len(piece)] = piece
        cell.came += len(piece)
        cell.end = max(cell.end, offset + len(piece))
        return [
            self._seal(one, self._size)
            for one in sorted(self._cells)
            if self._cells[one].came >= self._size or one <= self._newest - _CELLS_HELD
        ]

    def _seal(self, number: int, end: int) -> bytes:
        assert self._base is not None
        sound = bytes(self._cells.pop(number).sound[:end])
        self._sealed.add(number)
        if len(self._sealed) > 2 * _REACH:
            self._sealed = {one for one in self._sealed if one > self._newest - _REACH}
        sender = self._sender
        sender.packets += 1
        sender.octets += len(sound)
        marker, self._marker = self._marker, False
        return build(
            sender.payload_type,
            (self._first_sequence + number) & 0xFFFF,
            (self._base + number * self._size) % _STAMPS,
            sender.ssrc,
            sound,
            marker=marker,
        )


def _signed(step: int) -> int:
    """Return a difference of time stamps as the nearest number, forward or back."""
    return (step + _STAMPS // 2) % _STAMPS - _STAMPS // 2
