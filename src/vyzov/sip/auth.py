"""Digest authentication: answers challenges with a trunk's account and checks what we asked for.

RFC 3261 §22, RFC 7616, RFC 8760: SHA-512-256, SHA-256 and MD5 with their session variants,
`qop=auth`, `auth-int` or none. MD5 is answered only where the account allows it, a foreign realm
never, and no request is proved twice to one realm unless its nonce had grown stale: neither a
loop nor a leak of the trunk's digest can be provoked from outside. What was refused, and why, is
kept in words.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from vyzov.sip.fields import parameters, quote, split_outside_quotes
from vyzov.sip.message import Message

# Strongest first: of several challenges of one realm the first of these is answered (RFC 8760
# §2.4).
_HASHES = {
    "sha-512-256": "sha512_256",
    "sha-512-256-sess": "sha512_256",
    "sha-256": "sha256",
    "sha-256-sess": "sha256",
    "md5": "md5",
    "md5-sess": "md5",
}
_STRENGTH = list(_HASHES)
ALGORITHMS = ("SHA-512-256", "SHA-256", "MD5")
MAX_CHALLENGES = 8
"""Challenges one request may answer, and challenges read of one response."""
MAX_NONCES_COUNTED = 32
_CHALLENGES = ((401, "WWW-Authenticate"), (407, "Proxy-Authenticate"))
# A new challenge on the same line begins with its scheme, a space and a parameter.
_NEW_CHALLENGE = re.compile(r"[A-Za-z0-9-]{1,32}[ \t]+[A-Za-z0-9_-]{1,32}[ \t]*=", re.ASCII)


class Qop(StrEnum):
    """What a digest protects: the request line, the body as well, or (old) neither said."""

    NONE = ""
    AUTH = "auth"
    AUTH_INT = "auth-int"


@dataclass(frozen=True, slots=True)
class Account:
    """What a trunk knows us by; with `realm`, challenges of any other realm are refused.

    MD5 is broken enough that a challenge offering nothing better is refused without `allow_md5`.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    realm: str = ""
    allow_md5: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a text that would write more than its own value."""
        for what in ("username", "password", "realm"):
            if not str(getattr(self, what)).isprintable():
                raise ValueError(f"the account's {what} holds control signs: remove them")


NO_ACCOUNT = Account()


@dataclass(frozen=True, slots=True)
class Challenge:
    """One digest challenge as received; `algorithm` is in lower case, `proxy` tells 407 from 401.

    `qop` is the best protection we can give of those it offers.
    """

    realm: str
    nonce: str
    algorithm: str
    opaque: str | None
    qop: Qop
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
        if not qops:
            qop = Qop.NONE
        elif Qop.AUTH in qops:
            # Preferred to auth-int: border elements rewrite bodies on their way.
            qop = Qop.AUTH
        elif Qop.AUTH_INT in qops:
            qop = Qop.AUTH_INT
        else:
            return None
        return cls(
            realm=values.get("realm", ""),
            nonce=values["nonce"],
            algorithm=algorithm,
            opaque=values.get("opaque"),
            qop=qop,
            stale=values.get("stale", "").lower() == "true",
            proxy=proxy,
        )


def split_challenges(lines: Iterable[str]) -> list[str]:
    """Takes apart lines that hold several challenges (RFC 7235 §4.1), at most `MAX_CHALLENGES`."""
    found: list[str] = []
    for line in lines:
        begun = False
        for part in split_outside_quotes(line, ","):
            if begun and not _NEW_CHALLENGE.match(part):
                found[-1] += ", " + part
            else:
                found.append(part)
                begun = True
    return found[:MAX_CHALLENGES]


@dataclass(slots=True)
class Round:
    """What one request has been asked for already."""

    asked: set[tuple[bool, str]] = field(default_factory=set[tuple[bool, str]])
    nonces: set[str] = field(default_factory=set[str])
    taken: int = 0


class Credentials:
    """One call's answers to challenges: which were taken, and the headers that answer them.

    `refusal` says in words why the last challenge was left unanswered, "" where it was answered.
    """

    def __init__(self, account: Account, new_token: Callable[[], str]) -> None:
        self.refusal = ""
        self._account = account
        self._new_token = new_token
        # What the next request proves, by (proxy, realm), in the order first asked.
        self._answered: dict[tuple[bool, str], Challenge] = {}
        # A nonce counts its uses over the whole call, whoever repeats it (RFC 7616 §3.4).
        self._uses: dict[str, int] = {}
        self._round = Round()

    @property
    def proved(self) -> tuple[str, str] | None:
        """Returns (realm, algorithm) of the first challenge taken, None before any was."""
        for challenge in self._answered.values():
            return challenge.realm, _written(challenge.algorithm)
        return None

    def begin(self) -> Round:
        """Starts another request of the call: each realm may ask once more, with a fresh nonce.

        Who has several requests under way gives `take_response` the round of each.
        """
        self._round = Round()
        return self._round

    def take_response(self, response: Message, of: Round | None = None) -> bool:
        """Takes the challenges of a 401 or 407 response; False for every other response.

        A forking proxy puts those of both kinds into one response (RFC 3261 §16.7).
        """
        self._round = of or self._round
        if response.code not in (401, 407):
            return False
        self.refusal = "the far side asks for proof but brings no challenge to answer"
        taken = [
            self.take(code, response.lines(name))
            for code, name in _CHALLENGES
            if response.lines(name)
        ]
        if any(taken):
            self.refusal = ""
        return any(taken)

    def take(self, code: int, challenges: Iterable[str]) -> bool:
        """Takes the strongest answerable challenge of each realm; False means: give up.

        A second challenge of the same realm to the same request is taken only if it says
        `stale=true` and brings a nonce not seen before: anything else means that the password
        is wrong.
        """
        proxy = code == 407
        texts = split_challenges(challenges)
        parsed = [c for text in texts if (c := Challenge.parse(text, proxy=proxy))]
        if not self._account.username:
            self.refusal = "the far side asks for a user name and password, this call has none"
            return False
        if not parsed:
            self.refusal = "the far side asks for a proof that this agent cannot give: " + (
                "; ".join(_shown(text) for text in texts)
            )
            return False
        usable = [c for c in parsed if not self._objection(c)]
        if not usable:
            self.refusal = self._objection(min(parsed, key=_rank))
            return False
        for realm in dict.fromkeys(challenge.realm for challenge in usable):
            best = min((c for c in usable if c.realm == realm), key=_rank)
            self._answered[(proxy, realm)] = best
            self._round.asked.add((proxy, realm))
            self._round.nonces.add(best.nonce)
            self._round.taken += 1
        while len(self._answered) > MAX_CHALLENGES:
            # A far side with a new realm every time must not make every request longer.
            del self._answered[next(iter(self._answered))]
        return True

    def headers(self, method: str, uri: str, body: bytes = b"") -> list[tuple[str, str]]:
        """Returns the Authorization headers for one request; each call counts as one use."""
        found: list[tuple[str, str]] = []
        for challenge in self._answered.values():
            uses = self._uses.pop(challenge.nonce, 0) + 1
            self._uses[challenge.nonce] = uses
            if len(self._uses) > MAX_NONCES_COUNTED:
                del self._uses[next(iter(self._uses))]
            name = "Proxy-Authorization" if challenge.proxy else "Authorization"
            found.append((name, self._answer(challenge, method, uri, body, uses)))
        return found

    def _objection(self, challenge: Challenge) -> str:
        """Says why a challenge may not be answered, "" where it may."""
        account = self._account
        if account.realm and challenge.realm != account.realm:
            return (
                f"the challenge comes from the realm {_shown(challenge.realm)}; "
                f"this account is for {_shown(account.realm)} only"
            )
        if challenge.algorithm.startswith("md5") and not account.allow_md5:
            return (
                "the carrier offers only MD5, which is weak: ask it for SHA-256, "
                "or allow MD5 for this trunk"
            )
        asked = (challenge.proxy, challenge.realm) in self._round.asked
        if self._round.taken >= MAX_CHALLENGES or (
            asked and (not challenge.stale or challenge.nonce in self._round.nonces)
        ):
            return "the far side refused the user name or the password"
        return ""

    def _answer(self, challenge: Challenge, method: str, uri: str, body: bytes, uses: int) -> str:
        count = f"{uses:08x}"
        cnonce = self._new_token()
        account = self._account
        response = digest_response(
            challenge.algorithm,
            account.username,
            challenge.realm,
            account.password,
            method=method,
            uri=uri,
            nonce=challenge.nonce,
            count=count if challenge.qop else "",
            cnonce=cnonce,
            qop=challenge.qop,
            body=body,
        )
        parts = [
            f"username={quote(account.username)}",
            f"realm={quote(challenge.realm)}",
            f"nonce={quote(challenge.nonce)}",
            f"uri={quote(uri)}",
            f'response="{response}"',
            f"algorithm={_written(challenge.algorithm)}",
        ]
        if challenge.opaque is not None:
            parts.append(f"opaque={quote(challenge.opaque)}")
        if challenge.qop or challenge.algorithm.endswith("-sess"):
            parts.append(f"cnonce={quote(cnonce)}")
        if challenge.qop:
            parts += [f"qop={challenge.qop}", f"nc={count}"]
        return "Digest " + ", ".join(parts)


def _rank(challenge: Challenge) -> int:
    return _STRENGTH.index(challenge.algorithm)


def _shown(text: str) -> str:
    """Shows a text from outside: short, and with nothing that could act on a screen."""
    return ascii(text[:80]) if not text.isprintable() else f"'{text[:80]}'"


def _written(algorithm: str) -> str:
    """Writes an algorithm as the registry does: `SHA-256-sess`, `MD5`."""
    return algorithm.upper().replace("-SESS", "-sess")


def secret_hash(algorithm: str, username: str, realm: str, password: str) -> str:
    """Computes what may be stored instead of a password: H(user:realm:password), RFC 7616 §3.4.2.

    It serves both an algorithm and its session variant. Raises KeyError for an unknown one.
    """
    return _hashed(algorithm, f"{username}:{realm}:{password}".encode())


def _hashed(algorithm: str, data: bytes) -> str:
    return hashlib.new(_HASHES[algorithm.lower()], data, usedforsecurity=False).hexdigest()


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
    qop: str = Qop.AUTH,
    body: bytes = b"",
) -> str:
    """Computes the response of RFC 7616 §3.4.1; an empty `count` means there is no qop.

    Raises KeyError for an algorithm other than those of `ALGORITHMS` and their session variants.
    """
    return digest_of_secret(
        algorithm,
        secret_hash(algorithm, username, realm, password),
        method=method,
        uri=uri,
        nonce=nonce,
        count=count,
        cnonce=cnonce,
        qop=qop,
        body=body,
    )


def digest_of_secret(
    algorithm: str,
    secret: str,
    *,
    method: str,
    uri: str,
    nonce: str,
    count: str,
    cnonce: str,
    qop: str = Qop.AUTH,
    body: bytes = b"",
) -> str:
    """Computes the response from a stored `secret_hash`; otherwise as `digest_response`."""
    algorithm = algorithm.lower()
    first = secret
    if algorithm.endswith("-sess"):
        first = _hashed(algorithm, f"{first}:{nonce}:{cnonce}".encode())
    second = f"{method}:{uri}"
    if count and qop == Qop.AUTH_INT:
        second += ":" + _hashed(algorithm, body)
    last = _hashed(algorithm, second.encode())
    if count:
        return _hashed(algorithm, f"{first}:{nonce}:{count}:{cnonce}:{qop}:{last}".encode())
    return _hashed(algorithm, f"{first}:{nonce}:{last}".encode())


def write_challenge(
    realm: str, nonce: str, algorithm: str = "SHA-256", *, stale: bool = False
) -> str:
    """Writes a challenge with `qop=auth`; raises ValueError for an algorithm we cannot check."""
    if algorithm.upper() not in ALGORITHMS:
        raise ValueError(f"algorithm {algorithm!r}: choose one of {', '.join(ALGORITHMS)}")
    text = f"Digest realm={quote(realm)}, nonce={quote(nonce)}"
    text += f', algorithm={algorithm.upper()}, qop="auth"'
    return text + ", stale=true" if stale else text


def check(
    authorization: str, *, method: str, username: str, password: str, challenge: Challenge
) -> bool:
    """Tells whether an Authorization value answers `challenge` for this user and password."""
    secret = secret_hash(challenge.algorithm, username, challenge.realm, password)
    return check_secret(
        authorization, method=method, username=username, secret=secret, challenge=challenge
    )


def check_secret(
    authorization: str, *, method: str, username: str, secret: str, challenge: Challenge
) -> bool:
    """Tells whether an Authorization value answers `challenge` for this user and stored secret.

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
        and given.get("qop", "").lower() == challenge.qop
    )
    expected = digest_of_secret(
        challenge.algorithm,
        secret,
        method=method,
        uri=given.get("uri", ""),
        nonce=challenge.nonce,
        count=given.get("nc", "") if challenge.qop else "",
        cnonce=given.get("cnonce", ""),
        qop=challenge.qop,
    )
    # Both are done whatever the parts say, so that the time taken names no part. A non-ASCII
    # response would raise in compare_digest; as bytes it is merely wrong.
    answer = given.get("response", "").lower().encode()
    return hmac.compare_digest(expected.encode(), answer) and same
