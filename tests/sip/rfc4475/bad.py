"""Section 3.1.2: requests that are broken. Answered 400 where there is somebody to answer.

Where the RFC lets a reader be generous, the generous answer stands among the allowed ones; what
this agent says stands first.
"""

from rfc4475.situations import CALL, OFFER, SDP, Sender, Situation, join, plain


def stray_separators(sender: Sender) -> bytes:
    return join(
        "INVITE sip:desk@127.0.0.1 SIP/2.0",
        "To: sip:desk@hall.example;tag=1234;;;;;",
        f"From: sip:them@far.example;tag=from{sender.serial};;,;,,",
        "Max-Forwards: 70",
        f"Call-ID: {sender.call_id}",
        "CSeq: 8 INVITE",
        sender.via(";;,;,,"),
        'Contact: "Joe" <sip:them@192.0.2.30>;;;;',
        'Contact: "" <> ;,"Joe" <sip:them@192.0.2.30>;,,,,;',
        OFFER,
        body=SDP,
    )


def body_shorter_than_said(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, "Content-Length: 9999", body=SDP, size=False)


def negative_size(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, "Content-Length: -999", body=SDP, size=False)


def numbers_too_big(sender: Sender) -> bytes:
    return join(
        "REGISTER sip:127.0.0.1 SIP/2.0",
        sender.via(";ttl=300"),
        "To: <sip:user@hall.example>",
        f"From: <sip:user@hall.example>;tag={sender.serial}",
        f"Call-ID: {sender.call_id}",
        "CSeq: 36893488147419103232 REGISTER",
        "Max-Forwards: 300",
        "Expires: 10000000000000000000",
        "Contact: <sip:user@192.0.2.30:50000000>;expires=280297596632815",
    )


def quote_never_closed(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, to='To: "Mr. J. User <sip:j.user@hall.example>', body=SDP)


def brackets_around_target(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, uri="<sip:desk@127.0.0.1>", body=SDP)


def space_in_target(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, uri="sip:desk@127.0.0.1; lr", body=SDP)


def several_spaces(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, start="INVITE  sip:desk@127.0.0.1  SIP/2.0", body=SDP)


def space_at_the_end(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, start="OPTIONS sip:desk@127.0.0.1 SIP/2.0  ")


def headers_in_target(sender: Sender) -> bytes:
    uri = "sip:desk@127.0.0.1?Route=%3Csip:evil.example%3E"
    return plain("INVITE", sender, OFFER, uri=uri, body=SDP)


def date_of_another_zone(sender: Sender) -> bytes:
    return plain("INVITE", sender, OFFER, "Date: Fri, 01 Jan 2027 16:00:00 EST", body=SDP)


def contact_without_brackets(sender: Sender) -> bytes:
    contact = "Contact: sip:user@hall.example?Route=%3Csip:evil.example%3E"
    return plain("REGISTER", sender, "Expires: 3600", contact=contact)


def spaces_within_brackets(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, to='To: "Watts, T." < sip:t.watts@hall.example >')


def name_with_a_comma(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, from_="From: Bell, Alex <sip:a.bell@far.example>;tag=43")


def another_version(sender: Sender) -> bytes:
    return plain(
        "OPTIONS",
        sender,
        start="OPTIONS sip:desk@127.0.0.1 SIP/7.0",
        via=sender.via().replace("SIP/2.0", "SIP/7.0"),
    )


def cseq_of_another_method(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, cseq="CSeq: 8 INVITE")


def unknown_method_and_another_cseq(sender: Sender) -> bytes:
    return plain("NEWMETHOD", sender, cseq="CSeq: 8 INVITE")


BAD = (
    Situation("badinv01", "3.1.2.1", "separators with nothing between them",
              (400,), stray_separators),
    Situation("clerr", "3.1.2.2", "a body shorter than said", (400,), body_shorter_than_said),
    Situation("ncl", "3.1.2.3", "a negative size", (400,), negative_size),
    Situation("scalar02", "3.1.2.4", "numbers beyond their range", (400,), numbers_too_big),
    Situation("quotbal", "3.1.2.6", "a quoted name that never ends", (400,), quote_never_closed),
    Situation("ltgtruri", "3.1.2.7", "brackets around the Request-URI",
              (400, CALL), brackets_around_target),
    Situation("lwsruri", "3.1.2.8", "a space within the Request-URI", (400,), space_in_target),
    Situation("lwsstart", "3.1.2.9", "several spaces in the request line",
              (CALL, 400), several_spaces),
    Situation("trws", "3.1.2.10", "spaces at the end of the request line",
              (200, 400), space_at_the_end),
    Situation("escruri", "3.1.2.11", "headers hidden in the Request-URI",
              (400,), headers_in_target),
    Situation("baddate", "3.1.2.12", "a date in a zone that is none",
              (CALL, 400), date_of_another_zone),
    Situation("regbadct", "3.1.2.13", "an address that needs brackets and has none",
              (400,), contact_without_brackets),
    Situation("badaspec", "3.1.2.14", "spaces between bracket and address",
              (200, 400), spaces_within_brackets),
    Situation("baddn", "3.1.2.15", "a comma in a name without quotes", (200, 400),
              name_with_a_comma),
    Situation("badvers", "3.1.2.16", "another version of SIP", (505,), another_version),
    Situation("mismatch01", "3.1.2.17", "a CSeq of another method", (400,),
              cseq_of_another_method),
    Situation("mismatch02", "3.1.2.18", "an unknown method with the CSeq of a known one",
              (400, 501), unknown_method_and_another_cseq),
)  # fmt: skip
