"""Whatever is asked of an agent, its messages are its own: no text writes more than its value.

Every argument of `invite` is filled with what breaks lines, quotes, URIs and headers. Either it is
refused and nothing leaves, or exactly the message meant is on the wire, byte for byte in its place.
"""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from sip_net import ANSWER, NUMBER, OFFER, PEER, agent, incoming, reply, sent

from vyzov.sip.auth import write_challenge
from vyzov.sip.events import Hop
from vyzov.sip.message import parse
from vyzov.sip.user_agent import Account

NASTY = st.text(
    st.one_of(
        st.sampled_from('\r\n\t\0 "<>@;:,\\%#?&=+*[]()/'),
        st.sampled_from("0123456789abcXYZ-._"),
        st.sampled_from("\x0b\x0c\x1c\x1d\x1e\x7f\x85\xa0\u2028\u2029\ufeffёЖ大\ud800"),
        st.characters(),
    ),
    max_size=24,
)
GOOD_NUMBER = st.from_regex(r"\A\+?[0-9*#]{1,15}\Z")
REQUEST_LINE = re.compile(rb"INVITE sip:(?:%23|[+0-9*])+@[0-9A-Za-z.:\[\]-]+ SIP/2\.0")
OURS = {
    "via", "max-forwards", "from", "to", "call-id", "cseq", "contact", "allow", "supported",
    "user-agent", "content-type", "content-length",
}  # fmt: skip


def heads(data: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """The start line and the header lines, split as a hostile reader would: at any line end."""
    head, _, _ = data.partition(b"\r\n\r\n")
    first, *lines = re.split(rb"\r\n|\r|\n", head)
    pairs = [line.partition(b":") for line in lines]
    return first, [(name.decode().strip(), value.decode().strip()) for name, _, value in pairs]


PLAIN = {
    "to": NUMBER, "caller_id": "+70005550102", "caller_name": "", "name": "X-Note", "value": "v",
    "host": PEER.host, "domain": "",
}  # fmt: skip


def invited(given: dict[str, str]) -> bool:
    """Places a call with these texts and judges what leaves; False where nothing may."""
    user_agent = agent()
    to, name, value = given["to"], given["name"], given["value"]
    try:
        user_agent.invite(
            "leg", target=Hop(given["host"], PEER.port), to=to, caller_id=given["caller_id"],
            sdp=OFFER, account=Account(), now=0.0, caller_name=given["caller_name"],
            headers=[(name, value)], caller_domain=given["domain"],
        )  # fmt: skip
    except ValueError:
        assert user_agent.messages_to_send() == []
        assert user_agent.next_deadline() is None
        return False
    ((data, target),) = user_agent.messages_to_send()
    assert target.host == given["host"]
    first, headers = heads(data)
    assert REQUEST_LINE.fullmatch(first), first
    assert f"sip:{to.replace('#', '%23')}@".encode() in first
    names = [one.lower() for one, _ in headers]
    assert [one for one in names if one not in OURS] == [name.lower()]
    assert len(set(names)) == len(names)
    message = parse(data)
    assert message.header(name) == value.strip()
    assert message.sender.display == given["caller_name"]
    assert message.sender.user == given["caller_id"]
    assert message.recipient.uri == message.uri
    assert message.body == OFFER
    return True


@settings(max_examples=600, deadline=None)
@given(which=st.sampled_from(sorted(PLAIN)), text=NASTY)
def test_an_invite_is_written_whole_or_not_at_all(which: str, text: str) -> None:
    done = invited(PLAIN | {which: text})
    if which in ("caller_name", "value"):
        # Free texts are kept from nothing but line breaks and other control signs.
        assert done == text.isprintable()


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(PLAIN, NASTY)))
def test_several_nasty_texts_at_once_do_no_more_than_one(given: dict[str, str]) -> None:
    invited(given)


def test_good_texts_do_reach_the_wire() -> None:
    assert invited(PLAIN)
    assert invited(PLAIN | {"to": "*100#", "caller_name": 'Отдел "А" <x>; \\', "value": "a;b,c"})
    assert invited(PLAIN | {"host": "2001:db8::1", "domain": "carrier.example"})


@settings(max_examples=200, deadline=None)
@given(username=NASTY, password=NASTY, realm=NASTY, nonce=NASTY, opaque=NASTY)
def test_an_account_and_a_challenge_stay_within_their_header(
    username: str, password: str, realm: str, nonce: str, opaque: str
) -> None:
    user_agent = agent()
    try:
        account = Account(username, password, allow_md5=True)
    except ValueError:
        assert not (username.isprintable() and password.isprintable())
        return
    user_agent.invite(
        "leg", target=PEER, to=NUMBER, caller_id="+1", sdp=OFFER, account=account, now=0.0
    )
    (invite,) = sent(user_agent)
    plain = [
        text.translate(dict.fromkeys(map(ord, '\r\n"\0\\'))) for text in (realm, nonce, opaque)
    ]
    safe_realm, safe_nonce, safe_opaque = (
        "".join(c for c in text if c.isprintable()) for text in plain
    )
    challenge = write_challenge(safe_realm, safe_nonce) + f', opaque="{safe_opaque}"'
    try:
        answer = reply(invite, 401, headers=["WWW-Authenticate: " + challenge])
    except UnicodeEncodeError:
        return
    user_agent.receive(answer, PEER, 0.1)
    for data, _ in user_agent.messages_to_send():
        first, headers = heads(data)
        assert first.startswith((b"ACK sip:", b"INVITE sip:"))
        names = [name.lower() for name, _ in headers]
        assert set(names) <= OURS | {"authorization"}
        assert names.count("authorization") <= 1
        parse(data)


@settings(max_examples=150, deadline=None)
@given(reason=NASTY)
def test_a_reason_for_hanging_up_stays_within_its_header(reason: str) -> None:
    user_agent = agent()
    user_agent.invite(
        "leg", target=PEER, to=NUMBER, caller_id="+1", sdp=OFFER, account=Account(), now=0.0
    )
    (invite,) = sent(user_agent)
    user_agent.receive(reply(invite, 200, body=ANSWER), PEER, 0.1)
    user_agent.messages_to_send()
    user_agent.bye("leg", 0.2, reason)
    ((data, _),) = user_agent.messages_to_send()
    first, headers = heads(data)
    assert first.startswith(b"BYE sip:")
    names = [name.lower() for name, _ in headers]
    assert set(names) <= OURS | {"reason"}
    assert len(names) == len(set(names))


@settings(max_examples=150, deadline=None)
@given(user=NASTY, tag=NASTY, name=NASTY)
def test_what_a_stranger_says_of_itself_comes_back_in_its_own_line(
    user: str, tag: str, name: str
) -> None:
    user_agent = agent()
    data = incoming("OPTIONS").replace(b"+70005550102", user.encode("utf-8", "replace"))
    data = data.replace(b"tag=them", b"tag=" + tag.encode("utf-8", "replace"))
    data = data.replace(b"From: ", b'From: "' + name.encode("utf-8", "replace") + b'" ')
    user_agent.receive(data, PEER, 0.0)
    for answer, _ in user_agent.messages_to_send():
        head = answer.partition(b"\r\n\r\n")[0]
        lines = head.split(b"\r\n")
        assert not re.search(rb"[\r\n]", b"".join(lines))
        assert lines[0].startswith(b"SIP/2.0 ")
        known = (b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Allow", b"Accept", b"Server",
                 b"Supported", b"Unsupported", b"Content-Length", b"Allow-Events")  # fmt: skip
        assert all(line.split(b":")[0] in known for line in lines[1:]), lines
