"""What an owner may change in a call that lives: its session, holds, a transfer asked for.

A part of the user agent's face; the work is done by the session of the leg.
"""

from vyzov.sip.callee import ReceivedCall
from vyzov.sip.caller import OutgoingCall
from vyzov.sip.session import Session

Leg = OutgoingCall | ReceivedCall


class InCall:
    """The verbs of a call in progress, by leg; unknown and ended legs change nothing."""

    _legs: dict[str, Leg]

    def reoffer(self, leg: str, sdp: bytes, now: float) -> bool:
        """Offers another session to the far side; with b"" asks it for an offer.

        `SessionChanged` or `OfferRefused` tells what came of it; glare and busy far sides are
        tried again. An offer waits while another is under way, and a newer one replaces it.
        False where the leg has no session that can be changed now. Raises ValueError where
        `sdp` is no session with sound in it.
        """
        session = self._session(leg)
        if session is not None:
            session.reoffer(sdp or None, now)
        return session is not None

    def hold(self, leg: str, now: float) -> bool:
        """Puts the far side on hold; False also where we have described no session of ours."""
        session = self._session(leg)
        if session is None or not session.negotiation.local:
            return False
        session.hold(now)
        return True

    def unhold(self, leg: str, now: float) -> bool:
        """Takes the far side back from hold; False as with `hold`."""
        session = self._session(leg)
        if session is None or not session.negotiation.local:
            return False
        session.unhold(now)
        return True

    def answer_transfer(self, leg: str, now: float, *, accept: bool) -> None:
        """Accepts or declines what `TransferRequested` asked for; nothing is dialled by it."""
        call = self._legs.get(leg)
        if call is not None and call.established is not None:
            call.established.answer_transfer(now, accept=accept)

    def notify_transfer(self, leg: str, code: int, phrase: str, now: float) -> None:
        """Tells the far side how far an accepted transfer has come, by a status of the new call.

        Raises ValueError for a code that is no status.
        """
        call = self._legs.get(leg)
        if call is not None and call.established is not None:
            call.established.notify_transfer(code, phrase, now)

    def _session(self, leg: str) -> Session | None:
        call = self._legs.get(leg)
        return None if call is None else call.session
