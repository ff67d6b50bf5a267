"""Says which writes of a batch may be made side by side, and which must wait for others.

Writes that touch the same attempt, contact, number or person make a *lane* and keep their order in
it; nothing that a write of one lane changes is looked at in another. Where more than that matters,
such as a campaign that is stopped, the batch is cut into *turns* that are made one after the other.
Facts are in no lane: they are appended once everything else is settled, in the order of the batch.
"""

from collections.abc import Iterable, Sequence

from vyzov.dialer import writes as w

ABOUT_ALL = (w.SetCampaignState, w.SetEmergencyStop)
"""What every reservation looks at."""

ABOUT_A_PERSON = (w.SetWish, w.SetDevice)

Lane = Sequence[w.Write]


def turns_of(batch: Iterable[w.Write]) -> list[list[w.Write]]:
    """Returns the batch in turns, facts left out.

    An attempt that ends frees a contact and a number that its write does not name, so a reservation
    behind it waits for a turn of its own."""
    turns: list[list[w.Write]] = [[]]
    ended = False
    for write in batch:
        if isinstance(write, w.AppendFact):
            continue
        if isinstance(write, ABOUT_ALL):
            turns.append([write])
            turns.append([])
            ended = False
            continue
        if ended and isinstance(write, w.Reserve):
            turns.append([])
            ended = False
        ended = ended or isinstance(write, w.FinishAttempt)
        turns[-1].append(write)
    return [turn for turn in turns if turn]


def lanes_of(turn: Sequence[w.Write]) -> list[Lane]:
    """Returns the lanes of a turn in the order of their first writes."""
    # Of each write the first one it shares a lane with, as far as is known; see `_first`.
    firsts: list[int] = []
    seen: dict[tuple[str, str], int] = {}
    for place, write in enumerate(turn):
        firsts.append(place)
        for one in _touched(write):
            met = _first(firsts, seen.setdefault(one, place))
            own = _first(firsts, place)
            firsts[max(met, own)] = min(met, own)
    lanes: dict[int, list[w.Write]] = {}
    for place, write in enumerate(turn):
        lanes.setdefault(_first(firsts, place), []).append(write)
    return list(lanes.values())


def _first(firsts: list[int], place: int) -> int:
    while firsts[place] != place:
        firsts[place] = firsts[firsts[place]]
        place = firsts[place]
    return place


def _touched(write: w.Write) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    attempt = w.attempt_of(write)
    if attempt is not None:
        found.append(("attempt", attempt))
    contact: str | None = getattr(write, "contact", None)
    if contact is not None:
        found.append(("contact", contact))
    number: str | None = getattr(write, "number_ref", None)
    if number is not None:
        found.append(("number", number))
    if isinstance(write, ABOUT_A_PERSON):
        found.append(("person", write.agent))
    return found
