"""Sound of a call with more than two in it: each hears the sum of those they are meant to hear.

Two alone pass their packets to each other and never come here (`bridge`). With a third or fourth leg
what each says is kept for its moment and added up anew for every listener 20 ms at a time, so that
nobody hears themselves. Who is meant to hear whom is the floor's word, taken as it is.
"""

from collections.abc import Iterable, Mapping

from vyzov.media.g711 import Law
from vyzov.media.mixer import Voice, mix
from vyzov.media.rtp import RtpPacket
from vyzov.telephony.native.sources import Hearing


class Conference:
    """The legs of one call, each with a voice and ears."""

    def __init__(self) -> None:
        """Nobody is in it; tick it every 20 ms."""
        self._ears: dict[str, Hearing] = {}
        self._voices: dict[str, Voice] = {}
        self._heard: dict[str, tuple[str, ...]] = {}

    def arrange(self, ears: Mapping[str, Hearing], hears: Iterable[tuple[str, str]]) -> None:
        """Takes who is in it, by leg, and the pairs of who hears whom; nobody hears themselves."""
        pairs = [(one, other) for one, other in hears if one != other]
        self._ears = dict(ears)
        self._voices = {leg: self._voices.get(leg) or Voice() for leg in ears}
        self._heard = {leg: tuple(heard for one, heard in pairs if one == leg) for leg in ears}

    def drop(self, leg: str) -> None:
        """Takes one out who went before the others were told."""
        self._ears.pop(leg, None)
        self._voices.pop(leg, None)

    def says(self, leg: str, packet: RtpPacket, law: Law, now: float) -> None:
        """Takes a packet of a leg's voice."""
        voice = self._voices.get(leg)
        if voice is not None:
            voice.put(packet, law, now)

    def tick(self, now: float) -> None:
        """Gives each the next 20 ms of what they hear."""
        said = {leg: voice.frame(now) for leg, voice in self._voices.items()}
        for leg, ears in self._ears.items():
            frames = (said.get(other) for other in self._heard[leg])
            ears.give(mix([frame for frame in frames if frame is not None]), now)
