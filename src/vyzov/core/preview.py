"""A card before the call: an operator reads who is next, then takes, skips, postpones or stops them.

A card is no attempt and no lock: nothing is dialled and nothing written to the contact before it is
taken, so that a card which is lost, with its operator or with the whole process, has changed nothing.
Whether the contact may be called is `eligibility`'s word, asked when the card is shown, when it is
taken and when it is dialled. A card ends exactly once, and its last commands say how.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core.callback import Promise
from vyzov.core.changing import replace
from vyzov.core.errors import InvalidRequest
from vyzov.core.fields import Fields, Json
from vyzov.core.making import quickly_made

LINE_WAIT = timedelta(seconds=10)
"""How long a taken card waits for a free line before the operator has it again."""

TYPED_WAIT = timedelta(minutes=2)
"""How long the card of a typed number lies there; it is never dialled by itself."""

IGNORED_MAX = 2
"""So many cards in a row run out before the operator counts as away and is given a pause."""

_SECOND = timedelta(seconds=1)


class AtZero(StrEnum):
    """What happens when the time of a card runs out."""

    DIAL = "dial"
    SKIP = "skip"


class SkipReason(StrEnum):
    """Why an operator leaves a contact for later."""

    NOT_NOW = "not_now"
    NOT_MINE = "not_mine"
    WRONG_CARD = "wrong_card"
    OTHER = "other"


class CardState(StrEnum):
    """Whether the card is being read, or waits for a line."""

    SHOWN = "shown"
    TAKEN = "taken"


class CardEnd(StrEnum):
    """How a card ended."""

    DIALLED = "dialled"
    SKIPPED = "skipped"
    RAN_OUT = "ran_out"
    POSTPONED = "postponed"
    STOPPED = "stopped"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class PreviewRules:
    """How a campaign shows its cards: the time to read one, what follows when it is over, how many
    an operator may skip in a day (0 for none), and after how long a skipped contact comes again."""

    countdown: timedelta = timedelta(seconds=30)
    at_zero: AtZero = AtZero.DIAL
    skips_max: int = 10
    skip_wait: timedelta = timedelta(hours=1)

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `read_preview` reads."""
        return {
            "countdown_s": self.countdown.total_seconds(),
            "at_zero": self.at_zero.value,
            "skips_max": self.skips_max,
            "skip_wait_s": self.skip_wait.total_seconds(),
        }


def read_preview(fields: Fields) -> PreviewRules:
    """Reads `{"countdown_s": 30, "at_zero": "dial"}`, noting faults."""
    usual = PreviewRules()
    read = PreviewRules(
        fields.span("countdown_s", usual.countdown, least=5 * _SECOND, most=600 * _SECOND),
        fields.choice("at_zero", AtZero, usual.at_zero),
        fields.whole("skips_max", usual.skips_max, least=0, most=1000),
        fields.span("skip_wait_s", usual.skip_wait, least=60 * _SECOND, most=timedelta(days=30)),
    )
    fields.close()
    return read


@quickly_made
@dataclass(frozen=True, slots=True)
class Card:
    """A contact on an operator's screen until `until`; `position` is the number that is marked of
    `phones`, `skips_left` how many contacts its operator may still skip today. `typed`: the operator
    asked for it by typing a number, so it is no turn of the list's."""

    id: str
    agent: str
    campaign: str
    contact: str
    phones: int
    position: int
    shown_at: datetime
    until: datetime
    skips_left: int
    state: CardState = CardState.SHOWN
    typed: bool = False


def retold(card: Card, by: timedelta) -> Card:
    """Returns the card with its moments as UTC tells them now that it was set forward by `by`."""
    return replace(card, shown_at=card.shown_at + by, until=card.until + by)


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Take:
    """The operator wants the call now, to the number at `position`."""

    position: int


@dataclass(frozen=True, slots=True)
class Skip:
    """The operator leaves the contact for later."""

    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Postpone:
    """The operator promises the call for another hour."""

    promise: Promise


@dataclass(frozen=True, slots=True)
class Stop:
    """The contact is not to be called any more."""


@dataclass(frozen=True, slots=True)
class TimeOver:
    """The card's time is over; `watched` tells whether anybody has the screen open."""

    watched: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """The call of the taken card is being reserved."""

    attempt: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The operator or the permission is gone."""

    why: str


CardEvent = Take | Skip | Postpone | Stop | TimeOver | Placed | Withdraw

# ---- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GoBack:
    """The contact waits in the list again, until `at` where that is given."""

    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromiseCall:
    """The contact is promised a call."""

    promise: Promise


@dataclass(frozen=True, slots=True)
class StopNumber:
    """The marked number goes on the stop-list and the contact is closed."""


@dataclass(frozen=True, slots=True)
class CardOver:
    """Write how the card ended; `word` is the reason, or the attempt it led to."""

    end: CardEnd
    word: str = ""


CardCommand = GoBack | PromiseCall | StopNumber | CardOver

_Moved = tuple[Card | None, tuple[CardCommand, ...]]


def shown(
    card_id: str, agent: str, campaign: str, contact: str, phones: int, position: int,
    skipped: int, rules: PreviewRules, now: datetime, *, typed: bool = False,
) -> Card:  # fmt: skip
    """Returns a new card; `skipped` is how many its operator has skipped today."""
    left = max(0, rules.skips_max - skipped)
    until = now + (TYPED_WAIT if typed else rules.countdown)
    return Card(card_id, agent, campaign, contact, phones, position, now, until, left, typed=typed)


def step(card: Card, event: CardEvent, rules: PreviewRules, now: datetime) -> _Moved:
    """Moves the card; None once it is over. Raises `InvalidRequest` for what cannot be asked of it."""
    match event:
        case Take(position):
            if not 0 <= position < card.phones:
                raise InvalidRequest(
                    "This contact has no such number.", "Choose one of those on the card."
                )
            return replace(
                card, state=CardState.TAKEN, position=position, until=now + LINE_WAIT
            ), ()
        case Skip() if card.typed:
            return None, (GoBack(), CardOver(CardEnd.RETURNED, "laid_down"))
        case Skip(reason):
            if not card.skips_left:
                raise InvalidRequest(
                    "All skips of today are used up.",
                    "Call, postpone the call, or stop the number.",
                )
            return None, (GoBack(now + rules.skip_wait), CardOver(CardEnd.SKIPPED, reason.value))
        case Postpone(promise):
            return None, (PromiseCall(promise), CardOver(CardEnd.POSTPONED))
        case Stop():
            return None, (StopNumber(), CardOver(CardEnd.STOPPED))
        case Placed(attempt):
            return None, (CardOver(CardEnd.DIALLED, attempt),)
        case Withdraw(why):
            return None, (GoBack(), CardOver(CardEnd.RETURNED, why))
        case TimeOver(watched):  # pragma: no branch
            return _time_over(card, rules, now, watched=watched)


def _time_over(card: Card, rules: PreviewRules, now: datetime, *, watched: bool) -> _Moved:
    if now < card.until:
        return card, ()
    if card.state is CardState.TAKEN:
        # No line was free for so long: the operator decides anew, with all the time for it.
        wait = TYPED_WAIT if card.typed else rules.countdown
        return replace(card, state=CardState.SHOWN, until=now + wait), ()
    if card.typed:
        return None, (GoBack(), CardOver(CardEnd.RETURNED, "laid_down"))
    if not watched:
        # Nobody is called for somebody who has closed the window.
        return None, (GoBack(), CardOver(CardEnd.RETURNED, "window_closed"))
    if rules.at_zero is AtZero.DIAL:
        return replace(card, state=CardState.TAKEN, until=now + LINE_WAIT), ()
    return None, (GoBack(now + rules.skip_wait), CardOver(CardEnd.RAN_OUT))
