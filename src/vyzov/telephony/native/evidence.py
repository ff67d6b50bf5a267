"""What a leg's sound proves beside being heard: tones before the answer, and one-way talks after it.

Both are told to the floor as they become certain and change nothing in the engine. What is heard is
named in `media.early`, who is not heard is found in `media.sound_watch`.
"""

from collections.abc import Callable

from vyzov.dialer.ports import LegEvent, OneWay, Ringing
from vyzov.media.early import EarlyEar, Heard
from vyzov.media.g711 import Law
from vyzov.media.row import FrameRow
from vyzov.media.rtp import RtpPacket
from vyzov.media.sound_watch import SoundWatch
from vyzov.telephony.native.rtp_port import RtpPort

LOOK_EVERY_S = 0.5
TOLD_MAX = 40
"""Times a leg's sound is told to come and go; a line that flaps longer tells nothing new."""

Post = Callable[[LegEvent], None]


class Evidence:
    """What one leg's sound proves."""

    def __init__(self, leg: str, port: RtpPort, post: Post) -> None:
        """Listens to early media until `answered`."""
        self._leg = leg
        self._port = port
        self._post = post
        self._row = FrameRow()
        self._ear = EarlyEar()
        self._announced: tuple[int, str] = (183, "")
        self._watch: SoundWatch | None = None
        self._look_at = 0.0
        self._told = 0
        self._foreign = 0
        self.expects = True
        """Whether the far side is to send: not while it holds us."""

    @property
    def heard(self) -> str:
        """What was heard before the answer, "" for nothing."""
        return self._ear.heard.value

    def announced(self, code: int, phrase: str) -> None:
        """Takes the provisional answer that came with sound."""
        self._announced = (code, phrase)

    def early(self, packet: RtpPacket, law: Law) -> None:
        """Takes a packet from before the answer, and tells what became certain by it."""
        before = self._ear.heard
        for frame in self._row.put(packet, law):
            self._ear.feed(frame)
        found = self._ear.heard
        if found is not before and found not in (Heard.NOTHING, Heard.SILENCE):
            code, phrase = self._announced
            self._post(Ringing(self._leg, 0, 0.0, code, phrase, True, found.value))

    def answered(self, now: float) -> None:
        """Begins to watch that sound goes both ways."""
        self._watch = SoundWatch(now)
        self._look_at = now + LOOK_EVERY_S

    def tick(self, now: float) -> None:
        """Looks now and then whether both sides are heard, and tells when that changes."""
        watch = self._watch
        if watch is None or now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        port = self._port
        before = watch.unheard
        found = watch.look(
            now, port.receiver, port.reports, port.out.sender.packets, expects=self.expects
        )
        if found is before or self._told >= TOLD_MAX:
            return
        self._told += 1
        quiet_s = round(now - watch.quiet_since, 1)
        foreign = port.foreign - self._foreign
        self._foreign = port.foreign
        self._post(OneWay(self._leg, 0, 0.0, found.value, quiet_s, foreign))
