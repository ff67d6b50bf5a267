"""Who hears whom in a call that is more than a customer and their operator.

A guest is another operator or a supervisor beside the two, in one of five roles; the role alone says
whom the guest hears and by whom they are heard. Carrying it out is the engine's business; who may be
a guest, in which role, is decided where rights are.
"""

from collections.abc import Mapping
from enum import StrEnum

GUESTS_MAX = 2
"""Guests beside the customer and their operator."""


class GuestRole(StrEnum):
    """What somebody beside a customer and their operator is there for."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    CONSULT = "consult"
    CONFERENCE = "conference"


class Side(StrEnum):
    """The two a call is for."""

    CUSTOMER = "customer"
    AGENT = "agent"


Place = Side | GuestRole

_OF_A_SUPERVISOR = frozenset({GuestRole.LISTEN, GuestRole.WHISPER, GuestRole.BARGE})
_OPEN = frozenset({GuestRole.BARGE, GuestRole.CONFERENCE})
_EVERYBODY = frozenset[Place]({*Side, *GuestRole})

HEARD_BY: Mapping[Place, frozenset[Place]] = {
    Side.CUSTOMER: frozenset({Side.AGENT, *_OF_A_SUPERVISOR, *_OPEN}),
    Side.AGENT: _EVERYBODY,
    GuestRole.LISTEN: frozenset(),
    GuestRole.WHISPER: frozenset({Side.AGENT}),
    GuestRole.BARGE: _EVERYBODY,
    # Who is asked for advice is not heard by the customer, nor the customer by them.
    GuestRole.CONSULT: frozenset({Side.AGENT, *_OF_A_SUPERVISOR}),
    GuestRole.CONFERENCE: _EVERYBODY,
}
"""By whom each is heard. Beside this a customer on hold hears music and is heard by nobody, and a
muted microphone is heard by nobody."""


def hears(
    customer: str, agent: str, guests: Mapping[str, GuestRole]
) -> tuple[tuple[str, str], ...]:
    """Returns the pairs (who hears, who is heard) of a call's legs; nobody hears themselves."""
    places: dict[str, Place] = {customer: Side.CUSTOMER, agent: Side.AGENT, **guests}
    return tuple(
        (listener, speaker)
        for listener, there in places.items()
        for speaker, place in places.items()
        if listener != speaker and there in HEARD_BY[place]
    )


def is_supervising(role: GuestRole) -> bool:
    """True for the roles of a supervisor, False for those of a colleague who was called in."""
    return role in _OF_A_SUPERVISOR
