"""What an owner may do with a call that comes in: answer it, challenge it, judge its proof.

A part of the user agent's face; the work is done by the call of the leg.
"""

from vyzov.sip.callee import Nonces, ReceivedCall
from vyzov.sip.endpoint import Headers
from vyzov.sip.in_call import Leg


class Answering:
    """The verbs of incoming calls, by leg; other legs are left alone."""

    _legs: dict[str, Leg]
    _nonces: Nonces

    def respond(
        self,
        leg: str,
        code: int,
        phrase: str = "",
        *,
        sdp: bytes | None = None,
        headers: Headers = (),
        now: float,
        reliable: bool = False,
        session_expires_s: int = 0,
    ) -> None:
        """Answers an incoming call; nothing happens after its final response or CANCEL.

        A `reliable` provisional response is resent until its PRACK where the caller can send one
        (RFC 3262). `session_expires_s` asks for a session timer in a 2xx.
        """
        call = self._legs.get(leg)
        if isinstance(call, ReceivedCall):
            call.respond(
                code,
                now,
                phrase=phrase,
                sdp=sdp,
                headers=headers,
                reliable=reliable,
                session_expires_s=session_expires_s,
            )

    def challenge(
        self, leg: str, *, code: int, realm: str, algorithm: str = "SHA-256", now: float
    ) -> None:
        """Rejects an incoming call with a digest challenge (401 or 407; see `ALGORITHMS`).

        The caller's answer arrives as a new `IncomingCall` for `check_credentials` to judge.
        """
        call = self._legs.get(leg)
        if isinstance(call, ReceivedCall):
            call.challenge(code, realm, algorithm, self._nonces, now)

    def check_credentials(self, leg: str, *, username: str, password: str) -> bool:
        """Tells whether the INVITE of `leg` answers a challenge of ours with this password."""
        call = self._legs.get(leg)
        return isinstance(call, ReceivedCall) and call.authorised(username, password, self._nonces)
