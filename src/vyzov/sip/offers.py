"""Who has offered what in one dialog (RFC 3264): one offer at a time, versions that only grow.

A value of the dialog, without messages or timers: `session` decides when an offer is sent, and
`sdp` what two descriptions agree on.
"""

from vyzov.sip import sdp
from vyzov.sip.sdp import Direction


class Negotiation:
    """The session both sides describe, and an offer of ours that waits for its answer.

    `local` and `remote` are what holds; `proposed` is what we have offered, None where nothing
    waits. A refused offer leaves everything as it was (RFC 3261 §14.1).
    """

    def __init__(
        self,
        local: bytes = b"",
        remote: bytes | None = None,
        wanted: Direction | None = Direction.SENDRECV,
    ) -> None:
        self.local = local
        self.remote = remote
        self.proposed: bytes | None = None
        # Most calls never change: what only a change needs is read when the first one comes.
        self._asked = self._asked_before = wanted
        self._highest: int | None = None

    @classmethod
    def begun(cls, offered: bytes) -> "Negotiation":
        """Makes the state of a dialog whose INVITE carries `offered` and waits for the answer."""
        begun = cls(offered, wanted=None)
        begun.proposed = offered or None
        return begun

    @property
    def direction(self) -> Direction:
        """Which ways sound may flow, from our side; `inactive` where nothing is agreed."""
        try:
            return sdp.agree(self.local, self.remote or b"").direction
        except ValueError:
            return Direction.INACTIVE

    @property
    def waiting(self) -> bool:
        """Tells that an offer of ours waits for its answer."""
        return self.proposed is not None

    @property
    def _wanted(self) -> Direction:
        """Which ways sound should flow by our own wish."""
        if self._asked is None:
            self._asked = _direction(self.local)
        return self._asked

    @property
    def _version(self) -> int:
        """The highest version of our session that has been said."""
        if self._highest is None:
            self._highest = _version(self.local)
        return self._highest

    # ---- our offers --------------------------------------------------------------------------

    def propose(self, text: bytes) -> bytes:
        """Makes `text` our offer under our session's id: unchanged text keeps its version.

        Raises ValueError where it cannot be read.
        """
        wanted = _direction(text)
        offered = sdp.parse(text)
        if self.local:
            mine = sdp.parse(self.local)
            text = sdp.with_origin(text, mine.session_id, mine.version)
            if text != self.local:
                self._highest = self._version + 1
                text = sdp.with_origin(text, mine.session_id, self._highest)
        else:
            self._highest = offered.version
        self._asked_before, self._asked = self._wanted, wanted
        self.proposed = text
        return text

    def held(self) -> bytes:
        """Returns our session on hold: we may send music where the far side takes it.

        A side that is held itself holds back with `inactive` (RFC 3264 §8.4).
        """
        music = not _held(self.remote or b"")
        return sdp.with_direction(self.local, Direction.SENDONLY if music else Direction.INACTIVE)

    def resumed(self) -> bytes:
        """Returns our session with sound both ways."""
        return sdp.with_direction(self.local, Direction.SENDRECV)

    def full(self) -> bytes:
        """Returns what we would offer now: our session in the direction we want."""
        return sdp.with_direction(self.local, self._wanted) if self.local else b""

    def accept(self, remote: bytes | None) -> None:
        """Takes the answer to our offer; one without a session leaves the far side as it was."""
        if self.proposed is not None:
            self.local, self.proposed = self.proposed, None
        self.remote = remote or self.remote

    def withdraw(self) -> None:
        """Takes back an offer that was refused."""
        if self.proposed is not None:
            self.proposed = None
            self._asked = self._asked_before

    # ---- their offers ------------------------------------------------------------------------

    def answer(self, offered: bytes) -> bytes:
        """Answers an offer of the far side; raises ValueError where it cannot be taken: 488."""
        answered = sdp.renewed(self.local, offered, wanted=self._wanted, version=self._version)
        self._highest = max(self._version, _version(answered))
        self.local, self.remote = answered, offered
        return answered


def _version(text: bytes) -> int:
    try:
        return sdp.parse(text).version
    except ValueError:
        return 0


def _held(text: bytes) -> bool:
    """Tells a description of the far side that holds us; one that cannot be read holds nobody."""
    try:
        stream = sdp.current(sdp.parse(text))
    except ValueError:
        return False
    return stream is not None and stream.held


def _direction(text: bytes) -> Direction:
    """Returns what a description of ours wants of the far side: a hold wants no sound."""
    try:
        stream = sdp.current(sdp.parse(text))
    except ValueError:
        stream = None
    return stream.direction if stream is not None else Direction.SENDRECV
