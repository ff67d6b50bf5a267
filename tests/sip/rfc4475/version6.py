"""Addresses of the sixth version in SIP, as RFC 5118 describes what is right and what is not."""

from rfc4475.good import REGISTRAR
from rfc4475.situations import CALL, OFFER, SDP, Sender, Situation, plain


def reference(sender: Sender) -> bytes:
    return plain("REGISTER", sender, uri="sip:[2001:db8::10]", contact="Contact: "
                 '"Caller" <sip:caller@[2001:db8::1]>')  # fmt: skip


def no_brackets(sender: Sender) -> bytes:
    return plain("REGISTER", sender, uri="sip:2001:db8::10")


def port_inside(sender: Sender) -> bytes:
    return plain("REGISTER", sender, uri="sip:[2001:db8::10:5070]")


def port_outside(sender: Sender) -> bytes:
    return plain("REGISTER", sender, uri="sip:[2001:db8::10]:5070")


def received_in_brackets(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, via=sender.via(";received=[2001:db8::9:255]"))


def received_without(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, via=sender.via(";received=2001:db8::9:255"))


def in_the_description(sender: Sender) -> bytes:
    body = SDP.replace(b"IN IP4 192.0.2.30", b"IN IP6 2001:db8::20")
    return plain("INVITE", sender, OFFER, body=body)


def both_versions_in_headers(sender: Sender) -> bytes:
    return plain(
        "OPTIONS",
        sender,
        "Via: SIP/2.0/UDP [2001:db8::9]:5060;branch=z9hG4bKsecond;received=2001:db8::9:255",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKthird",
        contact="Contact: <sip:user@[2001:db8::a]>",
    )


def both_versions_in_description(sender: Sender) -> bytes:
    body = SDP.replace(b"c=IN IP4 192.0.2.30", b"c=IN IP6 2001:db8::20")
    body += b"c=IN IP4 192.0.2.30\r\nm=audio 40002 RTP/AVP 8\r\n"
    return plain("INVITE", sender, OFFER, body=body)


def mapped(sender: Sender) -> bytes:
    body = SDP.replace(b"IN IP4 192.0.2.30", b"IN IP6 ::ffff:192.0.2.30")
    contact = "Contact: <sip:user@[::ffff:192.0.2.30]:5060>"
    return plain("INVITE", sender, OFFER, contact=contact, body=body)


def one_colon_too_many(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, to="To: <sip:user@[2001:db8:::192.0.2.1]>")


VERSION6 = (
    Situation("ipv6-good", "4.1", "an address in brackets", REGISTRAR, reference, 5118),
    Situation("ipv6-bad", "4.2", "an address without brackets", (400,), no_brackets, 5118),
    Situation("port-ambiguous", "4.3", "a port within the brackets is part of the address",
              REGISTRAR, port_inside, 5118),
    Situation("port-unambiguous", "4.4", "a port behind the brackets", REGISTRAR, port_outside,
              5118),
    Situation("via-received-brackets", "4.5", "a received parameter in brackets", (200,),
              received_in_brackets, 5118),
    Situation("via-received-plain", "4.5", "a received parameter without", (200,),
              received_without, 5118),
    Situation("ipv6-in-sdp", "4.6", "an address in the description of a session", (CALL,),
              in_the_description, 5118),
    Situation("mult-ip-in-header", "4.7", "hops of both versions", (200,),
              both_versions_in_headers, 5118),
    Situation("mult-ip-in-sdp", "4.8", "lines of both versions in one description", (CALL,),
              both_versions_in_description, 5118),
    Situation("ipv4-mapped", "4.9", "an old address in the new form", (CALL,), mapped, 5118),
    Situation("ipv6-bug", "4.10", "the one colon too many of an old grammar", (200, 400),
              one_colon_too_many, 5118),
)  # fmt: skip
