"""The parsers of `vyzov.sip`: one message, a whole agent, a stream, a challenge, a description."""

import itertools

from vyzov.sip import sdp
from vyzov.sip.auth import (
    Account,
    Challenge,
    Credentials,
    secret_hash,
    split_challenges,
    write_challenge,
)
from vyzov.sip.description import parse as parse_description
from vyzov.sip.digest_gate import ALGORITHMS, DigestGate
from vyzov.sip.events import Hop
from vyzov.sip.fields import NameAddr, Uri, Via, addresses
from vyzov.sip.message import (
    KeepAlive,
    Malformed,
    Message,
    encode_request,
    encode_response,
    parse,
)
from vyzov.sip.refusal import disorder, refusal
from vyzov.sip.stream import Framer
from vyzov.sip.user_agent import UserAgent

HOP = Hop("127.0.0.1", 5070)
US = ("127.0.0.1", 5060)
NUMBER, CALLER = "+70005550101", "+70005550102"
REALM = "carrier"
OFFER = sdp.offer(address="127.0.0.1", port=4000, session_id=7)
ANSWER = sdp.answer(parse_description(OFFER), address="127.0.0.1", port=5000, session_id=9)
BETWEEN = b"\n--\n"
SENDS_PER_MESSAGE = 8
"""Messages one received message may cause at once: a small number, or we could be used to flood."""
BYTES_MORE = 4096
"""How much longer than what came an answer may be."""


# ---- one message -----------------------------------------------------------------------------------


def message(data: bytes) -> None:
    """Reading, every accessor, writing again, and refusing."""
    try:
        found = parse(data)
    except (Malformed, KeepAlive):
        check_refusal(data, 400)
        return
    read_all(found)
    if found.is_request and (fault := disorder(found)):
        assert fault[0] in (400, 416)
        check_refusal(data, fault[0])
    kept = [
        (name, value)
        for name in found.headers.keys()  # noqa: SIM118 - it is no mapping
        for value in found.lines(name)
        if name.lower() != "content-length"
    ]
    try:
        if found.is_request:
            again = parse(encode_request(found.method, found.uri, kept, found.body))
        else:
            written = encode_response(found.code, found.phrase, kept, found.body, found.encoding)
            again = parse(written)
    except Malformed as error:
        # Only the bounds of one message may be in the way: they are counted in other units.
        assert "header line" in str(error) or "datagram" in str(error), error
        return
    for name in ("method", "uri", "code", "call_id", "cseq", "cseq_method", "body", "via"):
        assert getattr(again, name) == getattr(found, name), name


def read_all(found: Message) -> None:
    """Reads whatever the product reads of a message; only declared errors may come of it."""
    assert found.is_request == bool(found.method)
    assert 0 <= found.cseq < 2**32
    assert isinstance(found.uri_user, str)
    for name in ("Via", "Contact", "Route", "Record-Route", "Reason", "Require", "Subject"):
        found.header(name)
        for value in found.values(name):
            assert value
        assert len(found.lines(name)) <= 200
    for address in addresses(found.lines("Contact")):
        assert isinstance(address.tag, str)
        assert isinstance(address.user, str)
    for reader in (Uri.parse, NameAddr.parse, Via.parse):
        try:
            reader(found.uri or found.header("To"))
        except ValueError:
            continue
    session = found.sdp()
    assert session is None or len(session) <= len(found.raw)


def check_refusal(data: bytes, code: int) -> None:
    """A refusal is one well-formed head, hardly longer than what is refused."""
    answer = refusal(data, HOP, secret=b"secret", product="Vyzov", code=code)
    if answer is None:
        return
    written, target = answer
    head, end, body = written.partition(b"\r\n\r\n")
    assert end
    assert not body
    assert head.startswith(b"SIP/2.0 ")
    assert all(b":" in line for line in head.split(b"\r\n")[1:])
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert target.host == HOP.host
    assert 0 < target.port <= 65_535
    # A folded or compact header grows when it is written plainly, by its name at most.
    assert len(written) <= 2 * len(data) + BYTES_MORE


# ---- a whole agent ---------------------------------------------------------------------------------


def new_agent() -> UserAgent:
    """An agent that accepts calls, with names that are the same in every run."""
    count = itertools.count(1)
    return UserAgent(
        local=US,
        secret=b"secret",
        new_token=lambda: f"t{next(count):06x}",
        accept_calls=True,
        realm=REALM,
    )


def agent_in_talk() -> tuple[UserAgent, list[bytes]]:
    """An agent with calls that talk, ring, were given up and are left over; and their INVITEs."""
    user_agent = new_agent()
    account = Account("vyzov", "secret", REALM)
    invites: list[bytes] = []
    for leg in ("talks", "rings", "cancelled"):
        user_agent.invite(
            leg, target=HOP, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=account, now=0.0
        )
        invites += [data for data, _ in user_agent.messages_to_send()]
    user_agent.receive(reply(invites[0], 200, body=ANSWER), HOP, 0.0)
    user_agent.receive(reply(invites[1], 180), HOP, 0.0)
    user_agent.receive(reply(invites[2], 180), HOP, 0.0)
    user_agent.cancel("cancelled", 0.0)
    user_agent.reap("dead", target=HOP, to=NUMBER, caller_id=CALLER, dialog=None, now=0.0)
    user_agent.messages_to_send()
    user_agent.events()
    return user_agent, invites


def agent(data: bytes) -> None:
    """A row of messages with time between them; what is kept and sent stays bounded."""
    user_agent, _ = agent_in_talk()
    now = 0.0
    for part in data.split(BETWEEN)[:24]:
        head, text = part[:1] or b"\x00", part[1:]
        now += (head[0] & 0x1F) * 0.4
        fire(user_agent, now)
        user_agent.messages_to_send()
        verb = head[0] >> 5
        if verb == 5:
            user_agent.cancel("rings", now)
        elif verb == 6:
            user_agent.bye("talks", now)
        elif verb == 7:
            user_agent.connection_lost(HOP, now)
        user_agent.receive(text, HOP, now)
        sent = user_agent.messages_to_send()
        assert len(sent) <= SENDS_PER_MESSAGE, len(sent)
        for written, target in sent:
            assert target.host
            assert 0 < target.port <= 65_535
            assert len(written) <= 2 * len(data) + BYTES_MORE
        for event in user_agent.events():
            assert len(repr(event)) <= 16 * len(data) + BYTES_MORE
    # Left alone, everything comes to an end.
    fire(user_agent, now + 4000.0)
    user_agent.messages_to_send()
    user_agent.events()
    user_agent.receive(request("OPTIONS", branch="last"), HOP, now + 4000.0)
    assert b"SIP/2.0 200 OK" in user_agent.messages_to_send()[-1][0]


def fire(user_agent: UserAgent, until: float) -> None:
    """Lets time pass; a timer that never ends is a finding."""
    for _ in range(2000):
        due = user_agent.next_deadline()
        if due is None or due > until:
            return
        user_agent.handle_deadline(due)
    raise AssertionError(f"2000 timers within {until} s: one of them never ends")


# ---- a stream --------------------------------------------------------------------------------------


def stream(data: bytes) -> None:
    """However a stream is cut into reads, the same messages come of it."""
    whole, dripped = Framer(accepted=True), Framer(accepted=True)
    messages = whole.feed(data)
    step = 1 + (data[0] % 23 if data else 0)
    pieces: list[bytes] = []
    for begin in range(0, len(data), step):
        pieces += dripped.feed(data[begin : begin + step])
    plain = [one for one in messages if one.strip(b"\r\n")]
    assert plain == [one for one in pieces if one.strip(b"\r\n")]
    assert (whole.fault is None) == (dripped.fault is None)
    assert sum(map(len, messages)) <= len(data) + 8 * len(messages)
    for one in plain:
        assert b"\r\n\r\n" in one


# ---- challenges and their answers ------------------------------------------------------------------


GATE = DigestGate(REALM, b"secret", lambda: "token")
KNOWN = {"phone": {name: secret_hash(name, "phone", REALM, "password") for name in ALGORITHMS}}


def digest(data: bytes) -> None:
    """Challenges as a caller, answers as a registrar; no stranger is ever let in."""
    lines = data.decode("latin-1").split("\n")[:8]
    Challenge.parse(lines[0], proxy=False)
    assert len(split_challenges(lines)) <= 8
    credentials = Credentials(Account("vyzov", "secret", REALM), lambda: "cnonce")
    credentials.take(401, lines)
    credentials.take(407, lines)
    for _, value in credentials.headers("INVITE", "sip:x@h", b"body"):
        assert value.startswith("Digest ")
        assert "secret" not in value
        assert 'realm="carrier"' in value
    try:
        found = parse(request("REGISTER", [("Authorization", line) for line in lines if line]))
    except ValueError:
        # A line break in a value cannot be written, and not everything written can be read.
        return
    judgement, _ = GATE.judge(found, HOP, 100.1, KNOWN.get, ALGORITHMS)
    assert judgement != "right", data


# ---- descriptions ----------------------------------------------------------------------------------


def description(data: bytes) -> None:
    """Reading, answering and agreeing; what is written can be read again."""
    text = OFFER + data[1:] if data[:1] == b"+" else data
    try:
        session = parse_description(text)
    except ValueError:
        return
    assert len(session.media) <= 64
    for work in (answer_to, agreed_with, renewed_by):
        try:
            work(session, text)
        except ValueError:
            continue


def answer_to(session: sdp.Session, _text: bytes) -> None:
    written = sdp.answer(session, address="127.0.0.1", port=4000, session_id=1)
    again = parse_description(written)
    assert len(again.media) == len(session.media)
    assert again.audio is not None
    assert again.audio.port == 4000


def agreed_with(_session: sdp.Session, text: bytes) -> None:
    agreement = sdp.agree(OFFER, text)
    assert 0 < agreement.port <= 65_535
    assert 10 <= agreement.ptime <= 200


def renewed_by(_session: sdp.Session, text: bytes) -> None:
    written = sdp.renewed(ANSWER, text)
    assert parse_description(written).audio is not None


# ---- what they begin with ----------------------------------------------------------------------------


def request(
    method: str,
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    *,
    branch: str = "in",
    to: str = "<sip:+70005550101@127.0.0.1:5060>",
    sender: str = "<sip:+70005550102@127.0.0.1:5070>;tag=them",
    call_id: str = "incoming-1",
    cseq: int = 1,
) -> bytes:
    """A good request from the far side."""
    every = [
        ("Via", f"SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bK{branch}"),
        ("Max-Forwards", "70"),
        ("From", sender),
        ("To", to),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
        ("Contact", "<sip:them@127.0.0.1:5070>"),
        *(headers or []),
    ]
    if body:
        every.append(("Content-Type", "application/sdp"))
    return encode_request(method, "sip:+70005550101@127.0.0.1:5060", every, body)


def reply(
    invite: bytes, code: int, headers: list[tuple[str, str]] | None = None, body: bytes = b""
) -> bytes:
    """A good response of the far side to one of our INVITEs."""
    asked = parse(invite)
    every = [
        ("Via", asked.header("Via")),
        ("From", asked.header("From")),
        ("To", asked.header("To") + ";tag=far"),
        ("Call-ID", asked.call_id),
        ("CSeq", f"{asked.cseq} INVITE"),
        ("Contact", "<sip:far@127.0.0.1:5070>"),
        *(headers or []),
    ]
    if body:
        every.append(("Content-Type", "application/sdp"))
    return encode_response(code, "Phrase", every, body)


def within(invite: bytes, method: str, cseq: int, body: bytes = b"") -> bytes:
    """A request of the far side within the call of one of our INVITEs."""
    asked = parse(invite)
    return request(
        method,
        body=body,
        branch=f"d{method}{cseq}",
        to=asked.header("From"),
        sender=asked.header("To") + ";tag=far",
        call_id=asked.call_id,
        cseq=cseq,
    )


def message_seeds() -> list[bytes]:
    _, invites = agent_in_talk()
    challenge = write_challenge("carrier", "n1", "SHA-256")
    headers = [
        ("WWW-Authenticate", challenge), ("Reason", "Q.850;cause=16"), ("Retry-After", "5"),
        ("Require", "100rel"), ("RSeq", "1"), ("Record-Route", "<sip:127.0.0.1;lr>"),
        ("Warning", '399 h "words"'), ("Session-Expires", "90;refresher=uas"),
    ]  # fmt: skip
    found = [*invites, *(request(method) for method in ("OPTIONS", "ACK", "CANCEL", "REGISTER"))]
    found += [request("INVITE", body=OFFER), request("INFO", body=b"Signal=5\r\nDuration=160")]
    found += [reply(invites[0], code, headers, ANSWER) for code in (100, 183, 200, 302, 401, 486)]
    return found


def agent_seeds() -> list[bytes]:
    _, invites = agent_in_talk()
    talking, ringing, given_up = invites
    challenge = ("WWW-Authenticate", write_challenge("carrier", "n1", "SHA-256"))
    reliable = [("Require", "100rel"), ("RSeq", "1")]
    rows = [
        [reply(ringing, 183, reliable, ANSWER), reply(ringing, 200, body=ANSWER)],
        [reply(ringing, 401, [challenge]), reply(ringing, 401, [challenge])],
        [reply(ringing, 302, [("Contact", "<sip:x@127.0.0.9>")])],
        [reply(given_up, 200, body=ANSWER), reply(given_up, 487)],
        [within(talking, "INVITE", 2, OFFER), within(talking, "ACK", 2), within(talking, "BYE", 3)],
        [within(talking, "UPDATE", 2, OFFER), within(talking, "INFO", 3), within(talking, "REFER", 4)],
        [request("INVITE", body=OFFER), request("CANCEL"), request("ACK")],
        [request("REGISTER"), request("OPTIONS"), b"\r\n\r\n"],
        [request("INVITE", body=OFFER), request("INVITE", body=OFFER, branch="other")],
    ]  # fmt: skip
    return [BETWEEN.join(b"\x02" + one for one in row) for row in rows]


def stream_seeds() -> list[bytes]:
    return [b"".join(message_seeds()[:3]), b"\r\n\r\n" + message_seeds()[0], b"\r\n\r\n\r\n"]


def digest_seeds() -> list[bytes]:
    every = [value for _, value in GATE.challenges(HOP, 100.0, ALGORITHMS, stale=True)]
    nonce = every[0].partition('nonce="')[2].partition('"')[0]
    answer = (
        f'Digest username="phone", realm="carrier", nonce="{nonce}", uri="sip:h", '
        f'response="{"0" * 64}", algorithm=SHA-256, cnonce="c", qop=auth, nc=00000001'
    )
    other = 'Digest realm="a,b\\"c", nonce=n, qop="auth,auth-int", algorithm=MD5-sess, stale=TRUE'
    return ["\n".join(every).encode(), answer.encode(), other.encode()]


def description_seeds() -> list[bytes]:
    crypto = (
        b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        b"m=audio 4002 RTP/SAVP 8 101\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
        b"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\na=rtpmap:8 PCMA/8000\r\n"
        b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:30\r\na=sendonly\r\n"
        b"m=video 0 RTP/AVP 34\r\na=rtcp:4003 IN IP4 127.0.0.1\r\n"
    )
    return [OFFER, ANSWER, crypto, b"+a=sendonly\r\na=ptime:30\r\n"]
