"""SRTP of one direction (RFC 3711, RFC 7714): packets sealed, or opened if they are what they claim.

What does not open (a wrong tag, a replay, noise) is counted and gone; nothing else follows from it,
so nobody can end a call with bad packets. How keys are agreed is left to signalling.
"""

from typing import Final

from pylibsrtp import Error, Policy, Session

PROFILES: Final = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
}
"""Suites by the names of RFC 4568 and RFC 7714, in the order they are offered."""
KEY_BYTES: Final = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AEAD_AES_256_GCM": 44,
    "AEAD_AES_128_GCM": 28,
}
"""Bytes of master key and salt of each suite."""
WINDOW: Final = 512
"""Packets behind the newest one that are still told from a replay: ten seconds of sound."""
_LONGEST: Final = 1300
_FORMER_S: Final = 2.0
"""How long packets under the keys before a change are still taken: they may be under way."""


def _session(suite: str, key: bytes, ssrc_type: int) -> Session:
    if suite not in PROFILES:
        raise ValueError(f"suite {suite!r} is not among {', '.join(PROFILES)}: offer one of these")
    policy = Policy(key=key, ssrc_type=ssrc_type, srtp_profile=PROFILES[suite])
    policy.window_size = WINDOW
    return Session(policy)


class Sealer:
    """Seals what one side sends."""

    def __init__(self, suite: str, key: bytes) -> None:
        """Take a suite of `PROFILES` and its master key with salt; ValueError for another."""
        self._session = _session(suite, key, Policy.SSRC_ANY_OUTBOUND)
        self.faults = 0

    def seal(self, packet: bytes) -> bytes | None:
        """Return an RTP packet sealed, None where it cannot be (a number used before)."""
        try:
            return self._session.protect(packet)
        except (Error, ValueError):
            self.faults += 1
            return None

    def seal_rtcp(self, packet: bytes) -> bytes:
        """Return an RTCP packet sealed."""
        return self._session.protect_rtcp(packet)


class Opener:
    """Opens what one side receives."""

    def __init__(self, suite: str, key: bytes) -> None:
        """Take a suite of `PROFILES` and its master key with salt; ValueError for another."""
        self._session = _session(suite, key, Policy.SSRC_ANY_INBOUND)
        self._former: tuple[Session, float] | None = None
        self.refused = 0
        """Packets that did not open: a wrong tag, a replay, or no SRTP at all."""

    def rekey(self, suite: str, key: bytes, now: float) -> None:
        """Take new keys, those before them only for what is still under way."""
        self._former = (self._session, now + _FORMER_S)
        self._session = _session(suite, key, Policy.SSRC_ANY_INBOUND)

    def open(self, packet: bytes, now: float) -> bytes | None:
        """Return the RTP packet inside, None where it is not the far side's or came before."""
        if len(packet) > _LONGEST:
            self.refused += 1
            return None
        try:
            return self._session.unprotect(packet)
        except Error:
            former = self._former
            if former is not None and now < former[1]:
                return self._opened_by(former[0], packet)
            self.refused += 1
            return None

    def open_rtcp(self, packet: bytes) -> bytes | None:
        """Return the RTCP packet inside, None where it is not the far side's."""
        try:
            return self._session.unprotect_rtcp(packet[:_LONGEST])
        except Error:
            self.refused += 1
            return None

    def _opened_by(self, former: Session, packet: bytes) -> bytes | None:
        try:
            return former.unprotect(packet)
        except Error:
            self.refused += 1
            return None
