"""Header field values as they come: odd hosts, quotes, opaque URIs, no surprises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.sip.fields import (
    NameAddr,
    Uri,
    Via,
    addresses,
    bounded_int,
    host_port,
    quote,
    split_outside_quotes,
    unquote,
)


@pytest.mark.parametrize("host", ["sbc_1", "sbc1", "SBC-2.example", "10.0.0.1", "xn--e1a.example"])
def test_hosts_the_grammar_refuses_are_read(host: str) -> None:
    uri = Uri.parse(f"sip:x@{host}:5062;transport=UDP;lr")
    assert (uri.user, uri.host, uri.port, uri.loose) == ("x", host, 5062, True)


def test_a_router_without_lr_is_strict() -> None:
    assert not Uri.parse("sip:127.0.0.1").loose
    assert Uri.parse("sip:127.0.0.1;LR=on").loose


def test_an_ipv6_host_is_read_without_its_brackets() -> None:
    uri = Uri.parse("sip:x@[2001:db8::1]:5062")
    assert (uri.host, uri.port) == ("2001:db8::1", 5062)
    assert Uri.parse("sip:[2001:db8::1]").port is None
    assert host_port(uri.host, uri.port) == "[2001:db8::1]:5062"
    assert host_port("127.0.0.1") == "127.0.0.1"


def test_a_user_part_may_hold_semicolons_and_a_password() -> None:
    uri = Uri.parse("sips:+7000;phone-context=x?y:pw@127.0.0.1?Subject=z")
    assert (uri.user, uri.host) == ("+7000;phone-context=x?y", "127.0.0.1")
    assert Uri.parse("sip:127.0.0.1?Subject=z").host == "127.0.0.1"


def test_other_schemes_are_opaque_but_tel_names_a_number() -> None:
    assert Uri.parse("urn:service:sos").host == ""
    assert Uri.parse("tel:+70005550101").user == "+70005550101"


@pytest.mark.parametrize(
    "text", ["", "sip", ":x", "sip:", "sip:x@", "sip:a b@h", "sip:<h>", "sip:h:0", "sip:h:x",
             "sip:[::1", "sip:h:65536", "sip:\x07@h", "sip:h:６"],
)  # fmt: skip
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Uri.parse(text)


def test_a_name_in_quotes_may_hold_anything() -> None:
    address = NameAddr.parse(r'"a \"b\" <x>; , \\ c" <sip:u@h;p=1>;tag=t;x')
    assert address.display == r'a "b" <x>; , \ c'
    assert (address.uri, address.tag, address.user) == ("sip:u@h;p=1", "t", "u")


def test_parameters_without_brackets_belong_to_the_header() -> None:
    address = NameAddr.parse("sip:u@h;tag=t")
    assert (address.uri, address.tag, address.display) == ("sip:u@h", "t", "")


def test_an_address_that_cannot_be_split_has_no_user() -> None:
    assert NameAddr.parse("<nonsense>").user == ""
    assert NameAddr.parse("<nonsense>").tag == ""


@pytest.mark.parametrize("text", ["", "<>", "a b", '"x" <sip:a b>'])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        NameAddr.parse(text)


def test_unusable_addresses_of_a_list_are_left_out() -> None:
    found = addresses(['*, "a, b" <sip:1@h>, <>', "", "sip:2@h"])
    assert [one.user for one in found] == ["1", "2"]


def test_a_via_may_hold_spaces_and_odd_hosts() -> None:
    via = Via.parse("SIP / 2.0 / udp sbc_1 : 5070 ; Branch = z9 ; rport , SIP/2.0/UDP next")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "sbc_1", 5070, "z9")
    assert via.params["rport"] == ""
    bare = Via.parse("SIP/2.0/UDP 127.0.0.1")
    assert (bare.branch, bare.port) == ("", None)


@pytest.mark.parametrize("text", ["", "SIP/2.0/UDP", "SIP/2.0/UDP :5060", "HTTP/2.0/UDP h", "h"])
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Via.parse(text)


def test_quoting_is_undone_exactly() -> None:
    for text in ("", "plain", 'a"b', "back\\slash", '\\"'):
        assert unquote(quote(text)) == text
    assert unquote('"') == '"'
    assert unquote("bare") == "bare"


def test_a_quote_that_never_closes_swallows_the_rest_and_no_more() -> None:
    assert split_outside_quotes('a,"b,c', ",") == ["a", '"b,c']
    assert split_outside_quotes("a,<b,c", ",") == ["a", "<b,c"]


@pytest.mark.parametrize("text", ["", "-1", "+1", "1_0", "٣", "256", "9" * 30, "1.0"])
def test_only_plain_decimal_numbers_within_the_bound_are_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        bounded_int(text, 255)


def test_the_first_of_two_parameters_of_one_name_counts() -> None:
    assert NameAddr.parse("<sip:h>;tag=a;TAG=b;=c").tag == "a"


@given(st.text(alphabet='a,;"<>\\ \n', max_size=30))
def test_a_list_is_taken_apart_outside_quotes_and_brackets_only(text: str) -> None:
    for separator in ",;":
        parts: list[str] = []
        start = 0
        quoted = bracketed = escaped = False
        for index, char in enumerate(text):  # The rule, sign by sign.
            if escaped:
                escaped = False
            elif quoted:
                escaped = char == "\\"
                quoted = char != '"'
            elif char == '"':
                quoted = True
            elif bracketed:
                bracketed = char != ">"
            elif char == "<":
                bracketed = True
            elif char == separator:
                parts.append(text[start:index].strip())
                start = index + 1
        parts.append(text[start:].strip())
        assert split_outside_quotes(text, separator) == parts
