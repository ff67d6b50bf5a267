"""Digest authentication: answers challenges with a trunk's account and checks what we asked for.

RFC 3261 §22, RFC 7616, RFC 8760: MD5 and SHA-256 with their session variants, `qop=auth` or
none. A challenge of a foreign realm is never answered, and no challenge is answered twice, so
neither a loop nor a leak of the trunk's digest can be provoked from outside.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vyzov.sip.fields import parameters, quote, split_outside_quotes
from vyzov.sip.message import Message

# Strongest first: where several challenges arrive, the first of these is answered (RFC 8760 §2.4).
_HASHES = {"sha-256": "sha256", "sha-256-sess": "sha256", "md5": "md5", "md5-sess": "md5"}
ALGORITHMS = ("SHA-256", "MD5")
MAX_CHALLENGES = 8
_CHALLENGES = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}


@dataclass(frozen=True, slots=True)
class Account:
    """What a trunk knows us by; with `realm`, challenges of any other realm are refused."""

    username: str = ""
    password: str = field(default="", repr=False)
    realm: str = ""


NO_ACCOUNT = Account()


@dataclass(frozen=True, slots=True)
class Challenge:
    """One digest challenge as received; `algorithm` is in lower case, `proxy` tells 407 from 401.

    `auth_qop` tells that `qop=auth` is offered.
    """

    realm: str
    nonce: str
    algorithm: str
    opaque: str | None
    auth_qop: bool
    stale: bool
    proxy: bool

    @classmethod
    def parse(cls, text: str, *, proxy: bool) -> "Challenge | None":
        """Reads one challenge; None where it is none this agent can answer."""
        scheme, _, rest = text.strip().partition(" ")
        values = parameters(split_outside_quotes(rest, ","))
        algorithm = values.get("algorithm", "MD5").lower()
        qops = [word.strip().lower() for word in values.get("qop", "").split(",") if word.strip()]
        if scheme.lower() != "digest" or algorithm not in _HASHES or "nonce" not in values:
            return None
        if qops and "auth" not in qops:
            return None  # auth-int alone: nobody in the field asks for it.
        return cls(
            realm=values.get("realm", ""),
            nonce=values["nonce"],
            algorithm=algorithm,
            opaque=values.get("opaque"),
            auth_qop=bool(qops),
            stale=values.get("stale", "").lower() == "true",
            proxy=proxy,
        )


@dataclass(slots=True)
class _Answered:
    challenge: Challenge
    uses: int = 0


class Credentials:
    """One call's answers to challenges: which were taken, and the headers that answer them."""

    def __init__(self, account: Account, new_token: Callable[[], str]) -> None:
        self._account = account
        self._new_token = new_token
        self._answered: dict[tuple[bool, str], _Answered] = {}
        self._nonces: set[str] = set()

    def take_response(self, response: Message) -> bool:
        """Takes the challenge of a 401 or 407 response; False for every other response."""
        name = _CHALLENGES.get(response.code)
        return name is not None and self.take(response.code, response.lines(name))

    def take(self, code: int, challenges: Iterable[str]) -> bool:
        """Takes the strongest answerable challenge of a 401 or 407; False means: give up.

        A second challenge of the same realm is taken only if it says `stale=true` and brings a
        nonce not seen before (RFC 7616 §3.4): anything else means the password is wrong.
        """
        if not self._account.username:
            return False
        proxy = code == 407
        parsed = [Challenge.parse(text, proxy=proxy) for text in challenges]
        usable = [challenge for challenge in parsed if challenge and self._may_answer(challenge)]
        if not usable:
            return False
        order = list(_HASHES)
        best = min(usable, key=lambda challenge: order.index(challenge.algorithm))
        self._answered[(proxy, best.realm)] = _Answered(best)
        self._nonces.add(best.nonce)
        return True

    def headers(self, method: str, uri: str) -> list[tuple[str, str]]:
        """Returns the Authorization headers for one request; each call counts as one use."""
        found: list[tuple[str, str]] = []
        for answered in self._answered.values():
            answered.uses += 1
            challenge = answered.challenge
            name = "Proxy-Authorization" if challenge.proxy else "Authorization"
            found.append((name, self._answer(challenge, method, uri, answered.uses)))
        return found

    def _may_answer(self, challenge: Challenge) -> bool:
        if self._account.realm and challenge.realm != self._account.realm:
            return False
        if challenge.nonce in self._nonces or len(self._nonces) >= MAX_CHALLENGES:
            return False
        earlier = (challenge.proxy, challenge.realm) in self._answered
        return challenge.stale or not earlier

    def _answer(self, challenge: Challenge, method: str, uri: str, uses: int) -> str:
        count = f"{uses:08x}"
        cnonce = self._new_token()
        response = digest_response(
            challenge.algorithm,
            self._account.username,
            challenge.realm,
            self._account.password,
            method=method,
            uri=uri,
            nonce=challenge.nonce,
            count=count if challenge.auth_qop else "",
            cnonce=cnonce,
        )
        parts = [
            f"username={quote(self._account.username)}",
            f"realm={quote(challenge.realm)}",
            f"nonce={quote(challenge.nonce)}",
            f"uri={quote(uri)}",
            f'response="{response}"',
            f"algorithm={_written(challenge.algorithm)}",
        ]
        if challenge.opaque is not None:
            parts.append(f"opaque={quote(challenge.opaque)}")
        if challenge.auth_qop or challenge.algorithm.endswith("-sess"):
            parts.append(f"cnonce={quote(cnonce)}")
        if challenge.auth_qop:
            parts += ["qop=auth", f"nc={count}"]
        return "Digest " + ", ".join(parts)


def _written(algorithm: str) -> str:
    """Writes an algorithm as the registry does: `SHA-256-sess`, `MD5`."""
    return algorithm.upper().replace("-SESS", "-sess")


def digest_response(
    algorithm: str,
    username: str,
    realm: str,
    password: str,
    *,
    method: str,
    uri: str,
    nonce: str,
    count: str,
    cnonce: str,
) -> str:
    """Computes the response of RFC 7616 §3.4.1; an empty `count` means there is no qop.

    Raises KeyError for an algorithm other than MD5, SHA-256 and their session variants.
    """
    algorithm = algorithm.lower()
    name = _HASHES[algorithm]

    def hashed(text: str) -> str:
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    first = hashed(f"{username}:{realm}:{password}")
    if algorithm.endswith("-sess"):
        first = hashed(f"{first}:{nonce}:{cnonce}")
    second = hashed(f"{method}:{uri}")
    if count:
        return hashed(f"{first}:{nonce}:{count}:{cnonce}:auth:{second}")
    return hashed(f"{first}:{nonce}:{second}")


def write_challenge(realm: str, nonce: str, algorithm: str = "MD5", *, stale: bool = False) -> str:
    """Writes a challenge with `qop=auth`; raises ValueError for an algorithm we cannot check."""
    if algorithm.upper() not in ALGORITHMS:
        raise ValueError(f"algorithm {algorithm!r}: choose one of {', '.join(ALGORITHMS)}")
    text = f"Digest realm={quote(realm)}, nonce={quote(nonce)}"
    text += f', algorithm={algorithm.upper()}, qop="auth"'
    return text + ", stale=true" if stale else text


def check(
    authorization: str, *, method: str, username: str, password: str, challenge: Challenge
) -> bool:
    """Tells whether an Authorization value answers `challenge` for this user and password.

    The algorithm is the challenge's, so a caller cannot choose a weaker one.
    """
    scheme, _, rest = authorization.strip().partition(" ")
    given = parameters(split_outside_quotes(rest, ","))
    same = (
        scheme.lower() == "digest"
        and given.get("username") == username
        and given.get("realm") == challenge.realm
        and given.get("nonce") == challenge.nonce
        and given.get("algorithm", "MD5").lower() == challenge.algorithm
        and (given.get("qop", "").lower() == "auth") == challenge.auth_qop
    )
    if not same:
        return False
    expected = digest_response(
        challenge.algorithm,
        username,
        challenge.realm,
        password,
        method=method,
        uri=given.get("uri", ""),
        nonce=challenge.nonce,
        count=given.get("nc", "") if challenge.auth_qop else "",
        cnonce=given.get("cnonce", ""),
    )
    # A non-ASCII response would raise in compare_digest; as bytes it is merely wrong.
    return hmac.compare_digest(expected.encode(), given.get("response", "").lower().encode())
