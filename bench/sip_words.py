"""SIP as an attacker writes and reads it: no more than needed, and nothing of the product's own."""

import hashlib
import re


def request(
    method: str,
    place: str,
    number: int,
    user: str,
    headers: tuple[str, ...] = (),
    body: bytes = b"",
    *,
    transport: str = "UDP",
) -> bytes:
    """A good request to a user of `hall.example`; `place` hears the answer, `number` is new."""
    lines = [
        f"{method} sip:{user}@hall.example SIP/2.0",
        f"Via: SIP/2.0/{transport} {place};branch=z9hG4bK{place.replace(':', 'x')}x{number}",
        "Max-Forwards: 70",
        f"From: <sip:{user}@hall.example>;tag=t{number}",
        f"To: <sip:{user}@hall.example>",
        f"Call-ID: {place}-{number}",
        f"CSeq: {number} {method}",
        f"Contact: <sip:{user}@{place}>",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status_of(answer: bytes) -> int:
    """The status of a response, 0 for anything else."""
    found = re.match(rb"SIP/2\.0 (\d{3})", answer)
    return int(found[1]) if found else 0


def field_of(answer: bytes, name: str) -> str:
    """The first line of a header, "" where there is none."""
    found = re.search(rf"\r\n{name}: ([^\r]*)".encode(), answer, re.IGNORECASE)
    return found[1].decode("utf-8", "replace") if found else ""


def shape_of(answer: bytes, user: str, place: str) -> str:
    """A hash of an answer without what differs between any two: names, nonces, tags, numbers."""
    text = answer.decode("utf-8", "replace")
    text = re.sub(r"(?m)^(Via|Call-ID|CSeq): [^\r]*", r"\1", text)
    text = text.replace(place, "PLACE").replace(f"sip:{user}@", "sip:USER@")
    text = re.sub(r'nonce="[^"]*"', "NONCE", text)
    text = re.sub(r"tag=[\w-]+", "TAG", text)
    return hashlib.sha256(f"{len(answer) > 0} {text}".encode()).hexdigest()[:12]


def digest_answer(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """The answer to a digest challenge of SHA-256 or MD5 with qop=auth (RFC 7616)."""
    found = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    name = "md5" if found.get("algorithm", "MD5").upper() == "MD5" else "sha256"

    def hashed(text: str) -> str:
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce = found.get("realm", ""), found.get("nonce", "")
    first, second = hashed(f"{user}:{realm}:{password}"), hashed(f"{method}:{uri}")
    response = hashed(f"{first}:{nonce}:00000001:c:auth:{second}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'response="{response}", algorithm={found.get("algorithm", "MD5")}, cnonce="c", '
        "qop=auth, nc=00000001"
    )
