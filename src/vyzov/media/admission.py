"""Which source of one address is heard: the first, and another only when the first has gone silent.

Whoever can forge the far side's address still does not know its source (SSRC), and whoever sprays
does not keep the pace of a voice. So a newcomer beside the present source, or in the middle of a
spray, is on trial until a few packets of its own have come as fast as time goes; they are held
meanwhile and given out together, so that an honest change of source loses nothing. An intruder who
guesses the moment and keeps the pace of a voice is told from the far side by SRTP alone.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from vyzov.media.frame import SAMPLE_RATE
from vyzov.media.rtp import RtpPacket, RtpReceiver

CONTESTED_S: Final = 2.0
"""How long after a packet that was nobody's a first source is not believed at once."""
TRIAL_PACKETS: Final = 4
"""Packets a newcomer on trial has to show."""
_HELD: Final = 10
_TRIALS_MAX: Final = 1024
_PACE: Final = 0.6
"""Share of the time in its stamps that must really have passed: bursts after a stall are shorter."""
_STAMPS: Final = 1 << 32

Arrival = tuple[RtpPacket, float]


class Admission:
    """Decides for each packet of an admitted address whether, and with what before it, it is heard."""

    def __init__(self, receiver: RtpReceiver) -> None:
        """Count what is heard in `receiver`; start uncontested."""
        self._receiver = receiver
        self._contested_at: float | None = None
        self._trials: dict[int, deque[Arrival]] = {}

    def contest(self, now: float) -> None:
        """Take note of a packet that came from nobody agreed on."""
        if self._receiver.ssrc is None:
            self._contested_at = now

    def take(self, packet: RtpPacket, now: float) -> Sequence[Arrival]:
        """Return what is to be heard now: usually this packet, sometimes none or several."""
        receiver = self._receiver
        at_once = receiver.ssrc is None and (
            self._contested_at is None or now - self._contested_at >= CONTESTED_S
        )
        if packet.ssrc == receiver.ssrc or at_once or receiver.returns(packet.ssrc, now):
            return ((packet, now),) if receiver.receive(packet, now) else ()
        self.contest(now)
        trial = self._trials.get(packet.ssrc)
        if trial is None:
            if len(self._trials) >= _TRIALS_MAX:
                del self._trials[next(iter(self._trials))]
            trial = self._trials[packet.ssrc] = deque(maxlen=_HELD)
        trial.append((packet, now))
        if not _keeps_pace(trial) or not receiver.gives_way(packet.ssrc, now):
            receiver.strangers += 1
            return ()
        self._trials.clear()
        receiver.strangers -= len(trial) - 1
        return [one for one in trial if receiver.receive(*one, trusted=True)]


def _keeps_pace(trial: deque[Arrival]) -> bool:
    """Tell a voice, whose packets come about as fast as they sound, from a spray."""
    if len(trial) < TRIAL_PACKETS:
        return False
    (first, begun), (last, now) = trial[-TRIAL_PACKETS], trial[-1]
    steps = (last.sequence - first.sequence) & 0xFFFF
    passed = (last.timestamp - first.timestamp) % _STAMPS
    if not TRIAL_PACKETS - 2 <= steps <= 2 * TRIAL_PACKETS:
        return False
    return 0 < passed / SAMPLE_RATE * _PACE <= now - begun
