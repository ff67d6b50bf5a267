"""Judges who signs in: challenges without memory, and answers checked against stored hashes.

A nonce is the time, a salt and an HMAC of both and the source, so that challenging costs no memory
however many strangers ask, and no two phones of one host share a count. It is good for a few
minutes and only for the host it was given to. An unknown user costs the same work and gets the
same answer as a known one with a wrong password.
Passwords are never needed: a phone's record holds the hash of username, realm and password
(RFC 7616 §3.4.2) for each algorithm it may use.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from vyzov.sip.auth import digest_of_secret, secret_hash, write_challenge
from vyzov.sip.events import Hop
from vyzov.sip.fields import parameters, split_outside_quotes
from vyzov.sip.message import Message

NONCE_LIFE_S = 300.0
NONCE_EARLY_S = 5.0
MAX_COUNTS = 8_192
"""Nonces whose use is remembered against replay; the oldest is forgotten first."""
_COUNT = re.compile(r"[0-9a-fA-F]{8}\Z")
_NONCE = re.compile(r"([0-9a-f]{1,16})-([0-9A-Za-z]{1,64})-[0-9a-f]{32}\Z", re.ASCII)
ALGORITHMS = ("SHA-256", "MD5")
"""What a phone's record may hold, strongest first."""
MAX_UNANSWERED = 1_024
"""Phones that asked and have not answered yet; the oldest is forgotten first."""


class Judgement(StrEnum):
    """What an Authorization header is worth."""

    NONE = "none"
    STALE = "stale"
    WRONG = "wrong"
    RIGHT = "right"


class DigestGate:
    """Challenges for one realm and judges the answers."""

    def __init__(self, realm: str, secret: bytes, new_token: Callable[[], str]) -> None:
        """Derives its key from `secret` and a token of this run.

        Nonces of an earlier run are stale: what was counted then is not known any more."""
        self.realm = realm
        self._new_token = new_token
        run = new_token()
        self._key = hmac.new(secret, f"digest gate {run}".encode(), hashlib.sha256).digest()
        self._counts: dict[str, int] = {}
        self._unanswered: dict[tuple[str, str], float] = {}

    def offer(
        self, request: Message, source: Hop, now: float, algorithms: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Returns which of these algorithms to offer now to a request that proves nothing.

        Phones that know RFC 2617 alone give up at a challenge with an algorithm they never heard
        of, even beside one they know. So who asks again without having answered is offered the
        last one, the weakest, by itself, and the time after that all of them again; who answered
        with one and is stale is offered that one. Nothing of this depends on who exists.
        """
        if len(algorithms) < 2:
            return algorithms
        answer = self._answer(request)
        if answer is not None:
            return (answer.get("algorithm", "MD5").upper(),)
        asked_at = self._unanswered.pop(_asker(request, source), None)
        if asked_at is not None and now - asked_at <= NONCE_LIFE_S:
            return algorithms[-1:]
        while len(self._unanswered) >= MAX_UNANSWERED:
            del self._unanswered[next(iter(self._unanswered))]
        self._unanswered[_asker(request, source)] = now
        return algorithms

    def challenges(
        self, source: Hop, now: float, algorithms: tuple[str, ...], *, stale: bool
    ) -> list[tuple[str, str]]:
        """Returns one WWW-Authenticate header for each algorithm, in the order given."""
        nonce = self._nonce(int(now * 10), self._new_token(), source)
        return [
            ("WWW-Authenticate", write_challenge(self.realm, nonce, name, stale=stale))
            for name in algorithms
        ]

    def judge(
        self,
        request: Message,
        source: Hop,
        now: float,
        find: Callable[[str], Mapping[str, str] | None],
        algorithms: tuple[str, ...],
    ) -> tuple[Judgement, str]:
        """Judges a request; returns the username it claims too.

        `find` returns the hashes of a username by algorithm, None for one it does not know.
        """
        given = self._answer(request)
        if given is None:
            return Judgement.NONE, ""
        self._unanswered.pop(_asker(request, source), None)
        username = given.get("username", "")
        algorithm = given.get("algorithm", "MD5").upper()
        nonce, count_text = given.get("nonce", ""), given.get("nc", "")
        if algorithm not in algorithms or given.get("qop", "").lower() != "auth":
            return Judgement.WRONG, username
        age = self._age(nonce, source, now)
        if age is None or not -NONCE_EARLY_S <= age <= NONCE_LIFE_S:
            return Judgement.STALE, username
        known = (find(username) or {}).get(algorithm)
        # A stranger's answer is computed and compared as a friend's is: time must not tell them
        # apart.
        secret = known or self._dummy(algorithm, username)
        expected = digest_of_secret(
            algorithm,
            secret,
            method=request.method,
            uri=given.get("uri", ""),
            nonce=nonce,
            count=count_text,
            cnonce=given.get("cnonce", ""),
        )
        same = hmac.compare_digest(expected.encode(), given.get("response", "").lower().encode())
        if not same or known is None:
            return Judgement.WRONG, username
        return self._first_use(nonce, count_text), username

    def _answer(self, request: Message) -> dict[str, str] | None:
        for line in request.lines("Authorization"):
            scheme, _, rest = line.strip().partition(" ")
            values = parameters(split_outside_quotes(rest, ","))
            if scheme.lower() == "digest" and values.get("realm") == self.realm:
                return values
        return None

    def _first_use(self, nonce: str, count_text: str) -> Judgement:
        """Counts a right answer; one that was seen before is a replay (RFC 7616 §3.4.5)."""
        if not _COUNT.match(count_text):
            return Judgement.WRONG
        count, last = int(count_text, 16), self._counts.get(nonce, 0)
        if count <= last:
            return Judgement.STALE
        if len(self._counts) >= MAX_COUNTS and not last:
            del self._counts[next(iter(self._counts))]
        self._counts[nonce] = count
        return Judgement.RIGHT

    def _nonce(self, tenths: int, salt: str, source: Hop) -> str:
        proof = hmac.new(self._key, f"{tenths}\0{salt}\0{source.host}".encode(), hashlib.sha256)
        return f"{tenths:x}-{salt}-{proof.hexdigest()[:32]}"

    def _age(self, nonce: str, source: Hop, now: float) -> float | None:
        """Returns the seconds since a nonce of ours was given to this host; None for another's."""
        parts = _NONCE.match(nonce)
        if parts is None:
            return None
        tenths = int(parts[1], 16)
        if not hmac.compare_digest(self._nonce(tenths, parts[2], source), nonce):
            return None
        return now - tenths / 10

    def _dummy(self, algorithm: str, username: str) -> str:
        text = hmac.new(self._key, username.encode(), hashlib.sha256).hexdigest()
        return secret_hash(algorithm, username, self.realm, text)


def _asker(request: Message, source: Hop) -> tuple[str, str]:
    """Tells phones apart before they prove anything: a host, and whom it says it is."""
    return source.host, request.recipient.user[:64]
