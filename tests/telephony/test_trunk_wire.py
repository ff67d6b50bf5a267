"""Whatever stands in a trunk's settings and an order: nothing but a number reaches a request line."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.dialer.ports import Originate, SetTrunk
from vyzov.sip.events import Hop
from vyzov.sip.user_agent import Account, UserAgent
from vyzov.telephony.native.trunks import Trunk

TARGET = Hop("192.0.2.10", 5060)
REQUEST_LINE = re.compile(r"INVITE sip:\+?(?:[0-9*]|%23){1,96}@192\.0\.2\.10:5060 SIP/2\.0")
FROM = re.compile(
    r'(?:"(?:[^"\\\r\n]|\\.)*" )?<sip:[A-Za-z0-9+*%._-]{1,200}@[A-Za-z0-9.\-:\[\]]+>;tag=[0-9a-f]+'
)
KNOWN = {
    "via", "max-forwards", "from", "to", "call-id", "cseq", "contact", "allow", "supported",
    "user-agent", "session-expires", "min-se", "p-asserted-identity", "p-preferred-identity",
    "remote-party-id", "diversion", "privacy", "content-type", "content-length", "allow-events",
    "accept",
}  # fmt: skip

TRICKY = st.text(st.sampled_from('0159+*#@<>;:"\\\r\n\t ,=%&?/()[]{}|^`~aZ\x00\x7fЯ'), max_size=20)
WORDS = st.one_of(st.text(max_size=20), TRICKY, st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
TRUNK = st.builds(
    SetTrunk,
    trunk=st.just("t"),
    host=st.one_of(st.just("192.0.2.10"), WORDS),
    port=st.just(5060),
    username=WORDS,
    number_format=st.one_of(st.sampled_from(["e164", "plain", "national:8"]), WORDS),
    prefix=st.one_of(st.just(""), st.sampled_from(["9#", "00", "8*"]), WORDS),
    caller_headers=st.lists(
        st.one_of(st.sampled_from(["from", "pai", "ppi", "rpid", "diversion"]), WORDS), max_size=5
    ).map(tuple),
    from_user=st.one_of(st.just(""), WORDS),
    from_domain=st.one_of(st.just(""), st.just("carrier.test"), WORDS),
)


def sent(told: SetTrunk, to: str, caller_id: str, name: str) -> str | None:
    """The INVITE of a call, or nothing where it is refused."""
    agent = UserAgent(local=("192.0.2.1", 5060), secret=b"x", new_token=iter("abcdefgh").__next__)
    trunk = Trunk(TARGET, Account(), ("PCMA",), told)
    order = Originate("leg", "a", 1, 0.0, "t", to, caller_id, 20.0, caller_name=name)
    try:
        wire = trunk.wire_call(order)
        agent.invite(
            "leg", target=TARGET, to=wire.to, caller_id=wire.caller_id, sdp=b"v=0\r\n",
            account=trunk.account, now=0.0, caller_name=name, headers=wire.headers,
            caller_domain=wire.caller_domain,
        )  # fmt: skip
    except ValueError:
        assert agent.messages_to_send() == []
        return None
    ((data, _),) = agent.messages_to_send()
    return data.decode("utf-8")


@settings(max_examples=500)
@given(TRUNK, WORDS, st.one_of(st.just("anonymous"), WORDS), WORDS)
def test_no_text_of_a_trunk_or_an_order_writes_more_than_its_own_value(
    told: SetTrunk, to: str, caller_id: str, name: str
) -> None:
    text = sent(told, to, caller_id, name)
    if text is None:
        return
    head, _, body = text.partition("\r\n\r\n")
    line, *headers = head.split("\r\n")
    assert REQUEST_LINE.fullmatch(line), line
    assert body == "v=0\r\n"
    names = [header.partition(":")[0].lower() for header in headers]
    assert set(names) <= KNOWN, names
    assert len([name for name in names if name in ("from", "to", "call-id", "cseq")]) == 4
    (sender,) = [one[6:] for one in headers if one.lower().startswith("from: ")]
    assert FROM.fullmatch(sender), sender
    assert all("\r" not in header and "\n" not in header for header in headers)


@given(st.sampled_from(["pai", "ppi", "rpid", "diversion"]), WORDS, WORDS)
def test_headers_of_the_shown_number_hold_one_address_and_no_more(
    kind: str, host: str, caller_id: str
) -> None:
    told = SetTrunk("t", host, 5060, username="me", caller_headers=(kind,))
    text = sent(told, "+70005550101", caller_id, "")
    if text is None or caller_id == "anonymous":
        return
    shown = [one for one in text.split("\r\n") if re.match(r"(P-A|P-P|Rem|Div)", one)]
    assert len(shown) == 1
    assert re.fullmatch(
        r"[A-Za-z-]+: <sip:[A-Za-z0-9+*%._-]{1,200}@[A-Za-z0-9.:\[\]_-]{1,255}>"
        r"(?:;[a-z]+=[a-z]+)*",
        shown[0],
    ), shown


def test_a_plain_call_is_sent() -> None:
    text = sent(SetTrunk("t", "192.0.2.10", 5060), "+70005550101", "+70005550180", "Vega")
    assert text is not None
    assert text.startswith("INVITE sip:+70005550101@192.0.2.10:5060 SIP/2.0\r\n")
