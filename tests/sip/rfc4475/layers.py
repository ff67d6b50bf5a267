"""Sections 3.2 to 3.4: well-formed requests that ask for what no agent has, or come from before."""

from rfc4475.good import REGISTRAR
from rfc4475.situations import CALL, OFFER, SDP, Sender, Situation, join, plain


def cookie_alone(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, via=f"Via: SIP/2.0/UDP {sender.place};branch=z9hG4bK")


def nothing_required_there(sender: Sender) -> bytes:
    return join(
        "INVITE sip:desk@127.0.0.1 SIP/2.0", "CSeq: 193942 INVITE", sender.via(), OFFER, body=SDP
    )


def unknown_scheme(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, uri="nobodyKnowsThisScheme:totallyopaque")


def scheme_of_another_protocol(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, uri="soap.beep://192.0.2.103:3002")


def unknown_schemes_in_headers(sender: Sender) -> bytes:
    return plain(
        "REGISTER",
        sender,
        to="To: isbn:2983792873",
        from_="From: <http://www.far.example>;tag=3234233",
        contact="Contact: <name:John_Smith>",
    )


def demands_nobody_knows(sender: Sender) -> bytes:
    return plain(
        "OPTIONS",
        sender,
        "Require: nothingHasThis, nothingHasThisEither",
        "Proxy-Require: noProxyHasThis, norHasAnyThis",
    )


def unknown_kind_of_body(sender: Sender) -> bytes:
    return plain("INVITE", sender, "Content-Type: application/unknownformat", body=b"<audio/>")


def unknown_way_to_sign_in(sender: Sender) -> bytes:
    return plain("REGISTER", sender, "Authorization: NoOneKnowsThis opaque-data=here")


def several_of_what_is_single(sender: Sender) -> bytes:
    return plain(
        "INVITE",
        sender,
        f"Call-ID: second{sender.serial}@hall.example",
        "CSeq: 59 INVITE",
        "From: <sip:other@far.example>;tag=other",
        "To: <sip:other@hall.example>",
        "Max-Forwards: 5",
        OFFER,
        body=SDP,
    )


def two_sizes(sender: Sender) -> bytes:
    return plain(
        "OPTIONS", sender, "Content-Length: 13", "Content-Length: 5",
        body=b"There's no way to know how many octets are supposed to be here.\r\n", size=False,
    )  # fmt: skip


def no_hops_left(sender: Sender) -> bytes:
    return plain("OPTIONS", sender).replace(b"Max-Forwards: 70", b"Max-Forwards: 0")


def contact_header_parameter(sender: Sender) -> bytes:
    return plain("REGISTER", sender, contact="Contact: sip:+12025550143@192.0.2.30;unknownparam")


def contact_uri_parameter(sender: Sender) -> bytes:
    contact = "Contact: <sip:+12025550143@192.0.2.30;unknownparam>"
    return plain("REGISTER", sender, contact=contact)


def contact_with_headers(sender: Sender) -> bytes:
    contact = "Contact: <sip:user@192.0.2.30?Route=%3Csip:hop.example%3E>"
    return plain("REGISTER", sender, contact=contact)


def accepts_nothing_of_ours(sender: Sender) -> bytes:
    return plain("INVITE", sender, "Accept: text/nobodyKnowsThis", contact=_CONTACT)


_CONTACT = "Contact: <sip:them@192.0.2.30>"


def from_before_branches(sender: Sender) -> bytes:
    return join(
        "INVITE sip:desk@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP {sender.place}",
        "From: <sip:old@far.example>",
        "To: <sip:desk@hall.example>",
        f"Call-ID: {sender.serial}0ha0isndaksdj@192.0.2.30",
        "CSeq: 1 INVITE",
        OFFER,
        body=SDP,
    )


LAYERS = (
    Situation("badbranch", "3.2.1", "a branch that is the cookie alone", (200,), cookie_alone),
    Situation("insuf", "3.3.1", "nearly nothing of what is required", (400,),
              nothing_required_there),
    Situation("unkscm", "3.3.2", "a Request-URI nobody can read", (416,), unknown_scheme),
    Situation("novelsc", "3.3.3", "a Request-URI of another protocol", (416,),
              scheme_of_another_protocol),
    Situation("unksm2", "3.3.4", "unknown schemes in headers", (*REGISTRAR, 400, 404, 416),
              unknown_schemes_in_headers),
    Situation("bext01", "3.3.5", "demands nobody knows", (420,), demands_nobody_knows),
    Situation("invut", "3.3.6", "a body of an unknown kind", (415,), unknown_kind_of_body),
    Situation("regaut01", "3.3.7", "an unknown way to sign in", REGISTRAR,
              unknown_way_to_sign_in),
    Situation("multi01", "3.3.8", "several of what there is one of", (400,),
              several_of_what_is_single),
    Situation("mcl01", "3.3.9", "two sizes", (400,), two_sizes),
    Situation("zeromf", "3.3.11", "no hops left: the end of the way answers all the same",
              (200,), no_hops_left),
    Situation("cparam01", "3.3.12", "an unknown parameter of a contact", REGISTRAR,
              contact_header_parameter),
    Situation("cparam02", "3.3.13", "an unknown parameter of a contact's address", REGISTRAR,
              contact_uri_parameter),
    Situation("regescrt", "3.3.14", "a contact that brings headers, in brackets", REGISTRAR,
              contact_with_headers),
    Situation("sdp01", "3.3.15", "an offer is asked for in a form nobody writes", (406,),
              accepts_nothing_of_ours),
    Situation("inv2543", "3.4.1", "an INVITE from before branches", (CALL,),
              from_before_branches),
)  # fmt: skip
