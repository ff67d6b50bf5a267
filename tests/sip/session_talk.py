"""What tests of changes in mid-call share: a wish, its answer, the one thing told of it."""

from sip_net import ANSWER, OFFER, Call, Sent, reply
from sip_net import sent as sent_by

HELD = ANSWER.replace(b"sendrecv", b"recvonly")
MOVED = OFFER.replace(b"m=audio 4000", b"m=audio 4444")


def asked(call: Call, verb: str = "hold", *args: object) -> Sent:
    """Wishes for a change and returns the one request that leaves."""
    assert getattr(call.user_agent, verb)("leg-1", *args, call.now)
    (request,) = sent_by(call.user_agent)
    return request


def answered(call: Call, request: Sent, code: int, **options: object) -> list[Sent]:
    return call.hears(reply(request, code, **options))  # type: ignore[arg-type]


def one_event(call: Call) -> object:
    (event,) = call.events()
    return event
