"""A desk phone by hand: writes REGISTERs with their digests, independently of our own digest code."""

import hashlib
import itertools
import re
from collections.abc import Sequence

from sip_net import Sent, agent, sent

from vyzov.sip.events import Hop, SipEvent
from vyzov.sip.registrar import Phone
from vyzov.sip.user_agent import UserAgent

REALM = "vyzov"
AT = Hop("127.0.0.1", 5071)
_serial = itertools.count(1)


def hashed(algorithm: str, text: str) -> str:
    name = {"SHA-256": "sha256", "MD5": "md5"}[algorithm]
    return hashlib.new(name, text.encode()).hexdigest()


def record(
    username: str = "desk1",
    password: str = "secret",
    *,
    phone: str = "",
    algorithms: Sequence[str] = ("SHA-256",),
    contacts_max: int = 1,
) -> Phone:
    """Makes a phone's record."""
    ha1 = {name: hashed(name, f"{username}:{REALM}:{password}") for name in algorithms}
    return Phone(phone or f"phone-{username}", username, ha1, contacts_max)


def registrar(*phones: Phone) -> UserAgent:
    """Makes an agent where these phones may sign in."""
    made = agent(realm=REALM)
    assert made.registrar is not None
    for phone in phones:
        made.registrar.set(phone, 0.0)
    return made


class DeskPhone:
    """One phone and the registrar it speaks to."""

    def __init__(
        self,
        registrar: UserAgent,
        username: str = "desk1",
        password: str = "secret",
        source: Hop = AT,
    ) -> None:
        self.registrar = registrar
        self.username, self.password, self.source = username, password, source
        self.call_id = f"phone-{next(_serial)}"
        self.cseq = 0
        self.uses = 0
        self.now = 0.0
        self.contact = f"<sip:{username}@{source.host}:{source.port}>"

    def write(self, *headers: str, contact: str | None = None, expires: str = "120") -> bytes:
        """Writes the next REGISTER."""
        self.cseq += 1
        transport = self.source.transport.upper()
        lines = [
            "REGISTER sip:127.0.0.1:5060 SIP/2.0",
            f"Via: SIP/2.0/{transport} 127.0.0.1:5071;rport;branch=z9hG4bKdesk{next(_serial)}",
            "Max-Forwards: 70",
            f"From: <sip:{self.username}@127.0.0.1>;tag=desk",
            f"To: <sip:{self.username}@127.0.0.1>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} REGISTER",
            "User-Agent: Desk 1.0",
        ]
        if contact is None:
            contact = self.contact
        if contact:
            lines.append(f"Contact: {contact}")
        if expires:
            lines.append(f"Expires: {expires}")
        lines += [*headers, "Content-Length: 0"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def says(self, data: bytes) -> Sent:
        """Sends a request; returns the one answer."""
        self.registrar.receive(data, self.source, self.now)
        (answer,) = sent(self.registrar)
        return answer

    def proof(self, challenge: str, algorithm: str = "SHA-256", **changed: str) -> str:
        """Writes the Authorization that answers a challenge."""
        nonce = re.search(r'nonce="([^"]+)"', challenge)
        assert nonce is not None
        self.uses += 1
        given = {
            "username": self.username,
            "realm": REALM,
            "nonce": nonce[1],
            "uri": "sip:127.0.0.1:5060",
            "algorithm": algorithm,
            "qop": "auth",
            "nc": f"{self.uses:08x}",
            "cnonce": "c0ffee",
        } | changed
        name = algorithm if algorithm in ("SHA-256", "MD5") else "MD5"
        first = hashed(name, f"{given['username']}:{given['realm']}:{self.password}")
        second = hashed(name, f"REGISTER:{given['uri']}")
        middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
        given.setdefault("response", hashed(name, f"{first}:{middle}:{second}"))
        quoted = ", ".join(
            f"{key}={value}" if key in ("nc", "qop", "algorithm") else f'{key}="{value}"'
            for key, value in given.items()
        )
        return f"Authorization: Digest {quoted}"

    def challenge(self) -> str:
        """Asks without proof; returns the strongest challenge."""
        answer = self.says(self.write())
        assert answer.line == "401"
        self.uses = 0
        return answer.all("WWW-Authenticate")[0]

    def signs_in(self, *headers: str, contact: str | None = None, expires: str = "120") -> Sent:
        """Registers in two steps; returns the answer to the second."""
        proof = self.proof(self.challenge())
        return self.says(self.write(proof, *headers, contact=contact, expires=expires))

    def events(self) -> list[SipEvent]:
        return self.registrar.events()

    def bound(self) -> list[tuple[str, Hop]]:
        """Returns the URIs and ways this phone can be rung by."""
        assert self.registrar.registrar is not None
        bindings = self.registrar.registrar.bindings(f"phone-{self.username}")
        return [(one.uri, one.hop) for one in bindings]
