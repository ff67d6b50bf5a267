"""What the engine itself hears of a leg: keys pressed, and whether a person or a machine answered.

Nothing here touches the sound on its way to the other side. Keys come as telephone events where the
far side sends them, from the sound itself where it does not, or in INFO requests. What a key or a
machine means is decided by the floor.

Sound is heard by its RTP time stamps, not by its arrival (`media.row`).
"""

from collections.abc import Callable

from vyzov.dialer.ports import Classified, LegEvent
from vyzov.dialer.ports import Digit as DigitPressed
from vyzov.media.classify import AnswerClassifier
from vyzov.media.frame import FRAME_MS, Samples, silent_frame
from vyzov.media.g711 import Law
from vyzov.media.row import FrameRow
from vyzov.media.rtp import RtpPacket
from vyzov.media.telephone_event import Digit, DigitReceiver, GoertzelDigits

CLASSIFY_LIMIT_MS = 6000
"""When the classifier settles for `unknown`; a campaign's own, shorter limit is the floor's."""
IN_BAND_DIGIT_MS = 100
"""The duration reported for a key heard as sound, whose length is not measured."""
BEEP_LIMIT_S = 60.0
QUIET_AFTER_S = 0.6
"""How long nothing comes before the time without packets counts as silence."""

EVENTS, SOUND, INFO = "events", "sound", "info"

Post = Callable[[LegEvent], None]


class Listener:
    """Digits and answer class of one leg."""

    def __init__(self, leg: str, post: Post) -> None:
        """Hears telephone events; in-band keys and classification are switched on later."""
        self._leg = leg
        self._post = post
        self._digits = DigitReceiver()
        self._in_band: GoertzelDigits | None = None
        self._classifier: AnswerClassifier | None = None
        self._listens = False
        self._row = FrameRow()
        self._begun = False
        self._last_at = 0.0
        self._heard_ms = 0
        self._answered_at = 0.0
        self._classified = False
        # The way keys come in this call, for some far sides send each key twice; and the last one.
        self._way = self._key = ""

    def answered(self, now: float, law: Law, *, in_band: bool, classify: bool) -> None:
        """Begins to listen to the sound where something asks for it.

        `in_band` is for a far side that sends no telephone events: with both, a key held long
        would be heard as sound at its beginning and told as an event at its end."""
        del law  # Each packet says its own.
        self._answered_at = self._last_at = now
        if in_band and self._in_band is None:
            self._in_band = GoertzelDigits()
        if classify and self._classifier is None:
            self._classifier = AnswerClassifier(CLASSIFY_LIMIT_MS)
        self._listens = self._in_band is not None or self._classifier is not None

    def event(self, packet: RtpPacket, now: float) -> None:
        """Takes a packet of the telephone-event payload type."""
        self._report(self._digits.receive(packet, now), now)

    def told(self, digit: str, duration_ms: int) -> None:
        """Takes a key that came in an INFO request."""
        self._press(INFO, digit, duration_ms)

    def voice(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Takes a packet of sound."""
        if not self._listens:
            return
        self._last_at = now
        if not self._begun:
            self._begun = True
            self._heard_ms = int((now - self._answered_at) * 1000)
        for frame in self._row.put(packet, law):
            self._hear(frame, now)

    def tick(self, now: float) -> None:
        """Ends keys whose last packet was lost, and hears the silence of a line without packets."""
        self._report(self._digits.expire(now), now)
        if not self._listens or now - self._last_at < QUIET_AFTER_S:
            return
        # A far side that sends nothing at all is silent too, and that is a verdict.
        for frame in self._row.flush():
            self._hear(frame, now)
        until_ms = (now - self._answered_at - QUIET_AFTER_S) * 1000
        while self._listens and self._heard_ms < until_ms:
            self._row.pass_frame()
            self._hear(silent_frame(), now)

    def _hear(self, frame: Samples, now: float) -> None:
        if self._in_band is not None:
            key = self._in_band.feed(frame)
            if key is not None:
                self._press(SOUND, key, IN_BAND_DIGIT_MS)
        if self._classifier is not None:
            self._classifier.feed(frame, self._heard_ms)
            self._judge(self._classifier, now)
        self._heard_ms += FRAME_MS

    def _report(self, digit: Digit | None, now: float) -> None:
        while digit is not None:
            self._press(EVENTS, digit.character, digit.duration_ms)
            digit = self._digits.expire(now)

    def _press(self, way: str, digit: str, duration_ms: int) -> None:
        """Reports a key; the first way that brings one is this call's way.

        Sound alone may be mistaken, so it gives way to the far side's own word, which begins by
        repeating what was heard."""
        if self._way == SOUND and way == INFO:
            self._way = INFO
            if digit == self._key:
                return
        self._way = self._way or way
        if way == self._way:
            self._key = digit
            self._post(DigitPressed(self._leg, 0, 0.0, digit, duration_ms))

    def _judge(self, classifier: AnswerClassifier, now: float) -> None:
        verdict = classifier.verdict()
        if verdict is not None and not self._classified:
            self._classified = True
            self._post(
                Classified(
                    self._leg, 0, 0.0, str(verdict.answer_class), verdict.after_ms, verdict.detail
                )
            )
            if verdict.answer_class != "machine" or verdict.detail == "beep":
                self._stop_classifying()
        elif self._classified and classifier.beep_heard:
            # A machine's beep is the moment to leave a message: told once, after the verdict.
            after_ms = int((now - self._answered_at) * 1000)
            self._post(Classified(self._leg, 0, 0.0, "machine", after_ms, "beep"))
            self._stop_classifying()
        elif self._classified and now - self._answered_at > BEEP_LIMIT_S:
            self._stop_classifying()

    def _stop_classifying(self) -> None:
        self._classifier = None
        self._listens = self._in_band is not None
