"""Notices a talk in which one side hears nothing, and says which, from packets and reports.

A far side that sends neither sound nor reports cannot be heard; one that says it sends, and nothing
comes, is blocked on the way. That it does not hear us only its own reports can tell. Silence
suppression is no fault: whoever reports that it sends nothing is merely quiet. What follows from it
is decided by people.
"""

from enum import StrEnum
from typing import Final

from vyzov.media.rtcp import RtcpSession
from vyzov.media.rtp import RtpReceiver

QUIET_S: Final = 4.0
"""How long nothing may come before it is noticed."""
_PACKETS_LEAST: Final = 50
"""Packets sent between two reports from which a far side that heard none is deaf."""


class Unheard(StrEnum):
    """Who is not heard by the other."""

    NOBODY = ""
    FAR = "far"
    US = "us"
    BOTH = "both"


class SoundWatch:
    """Watches one answered leg; `look` is asked now and then."""

    def __init__(self, now: float) -> None:
        """Begin at the answer, in monotonic seconds."""
        self.unheard = Unheard.NOBODY
        self._heard_at = now
        self._received = 0
        self._claimed: int | None = None
        self._blocked = False
        self._deaf = False
        self._reported_at: float | None = None
        self._highest: int | None = None
        self._sent_before = 0

    @property
    def quiet_since(self) -> float:
        """When the far side was last heard, or the answer."""
        return self._heard_at

    def look(
        self, now: float, receiver: RtpReceiver, reports: RtcpSession, sent: int, *, expects: bool
    ) -> Unheard:
        """Return who is not heard; `sent` packets left so far, `expects` that the far side sends."""
        if receiver.received != self._received or not expects:
            self._received, self._heard_at = receiver.received, now
            self._blocked = False
        if reports.last_at is not None and reports.last_at != self._reported_at:
            self._reported_at = reports.last_at
            self._take_report(reports, sent)
        quiet = now - self._heard_at >= QUIET_S
        reports_too = self._reported_at is None or now - self._reported_at >= 2 * QUIET_S
        far = quiet and (reports_too or self._blocked)
        self.unheard = {
            (False, False): Unheard.NOBODY,
            (True, False): Unheard.FAR,
            (False, True): Unheard.US,
            (True, True): Unheard.BOTH,
        }[far, self._deaf]
        return self.unheard

    def _take_report(self, reports: RtcpSession, sent: int) -> None:
        found = reports.last
        assert found is not None
        if found.sent_packets is not None:
            self._take_claim(found.sent_packets, reports.last_at or 0.0)
        if sent - self._sent_before < _PACKETS_LEAST:
            return
        self._sent_before = sent
        highest = None if found.heard is None else found.heard.highest_sequence
        self._deaf = highest is None or highest == self._highest
        self._highest = highest

    def _take_claim(self, packets: int, at: float) -> None:
        """Take what the far side says it sent so far."""
        claimed = self._claimed
        if claimed is not None and 0 < packets - claimed < _PACKETS_LEAST:
            return
        self._claimed = packets
        # It sends, it says, and since its last report nothing of that came.
        grown = claimed is not None and packets > claimed
        self._blocked = grown and self._heard_at < at - QUIET_S
