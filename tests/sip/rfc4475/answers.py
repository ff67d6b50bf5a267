"""The five responses among the forty-nine: each is heard by an agent whose INVITE is under way."""

from rfc4475.situations import Answered, Invited, join


def response(
    status: str, invited: Invited, *more: str, cseq: str = "", via: str = "", tag: str = "far"
) -> bytes:
    return join(
        status,
        via or f"Via: {invited.via}",
        f"From: {invited.sender}",
        f"To: {invited.recipient};tag={tag}",
        f"Call-ID: {invited.call_id}",
        cseq or f"CSeq: {invited.cseq} INVITE",
        *more,
    )


def odd_phrase(invited: Invited) -> bytes:
    status = "SIP/2.0 200 = 2**3 * 5**2 и ещё сто девяносто две причины"
    return response(status, invited, "Contact: <sip:far@127.0.0.1:5070>")


def no_phrase(invited: Invited) -> bytes:
    return response("SIP/2.0 183 ", invited)


def numbers_too_big(invited: Invited) -> bytes:
    return response(
        "SIP/2.0 503 Service Unavailable",
        invited,
        "Retry-After: 949302838503028349304023988",
        'Warning: 1812 overture "In Progress"',
        cseq="CSeq: 9292394834772304023312 INVITE",
    )


def code_too_big(invited: Invited) -> bytes:
    return response("SIP/2.0 4294967301 better not break the receiver", invited)


def broadcast_behind(invited: Invited) -> bytes:
    via = f"Via: {invited.via}\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23"
    return response("SIP/2.0 200 OK", invited, "Contact: <sip:far@127.0.0.1:5070>", via=via)


ANSWERS = (
    Answered("unreason", "3.1.1.12", "a phrase of any signs", True, odd_phrase),
    Answered("noreason", "3.1.1.13", "no phrase at all", True, no_phrase),
    Answered("scalarlg", "3.1.2.5", "numbers beyond their range", False, numbers_too_big),
    Answered("bigcode", "3.1.2.19", "a status beyond all classes", False, code_too_big),
    Answered("bcast", "3.3.10", "a response meant for another hop", False, broadcast_behind),
)
