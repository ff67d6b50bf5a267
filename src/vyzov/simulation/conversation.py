"""What an answered person or machine does, decided only by what it hears.

Pure: the time since the answer and the present sound go in, acts come out. Nothing of the product's
intentions is known here; a prompt is known by its own tone, an operator by theirs. Carrying the
sound is left to the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from vyzov.simulation.people import CalleeKind, Plan

NO_PACKETS = "no_packets"
SILENCE = "silence"
SOUND = "sound"
OPERATOR = "operator"
OFFER = "offer"

BEEP_S = 0.4
REPLY_AFTER_S = 0.35
WORD_S = 0.9
PAUSE_S = 0.9
HELLO_AGAIN_S = 3.0
PRESS_AGAIN_S = 3.0
LISTENS_ON_S = 12.0
LONGEST_TALK_OVER_S = 25.0


class Line(StrEnum):
    """What the callee sends down the line at one moment."""

    QUIET = "quiet"
    VOICE = "voice"
    BEEP = "beep"


@dataclass(frozen=True, slots=True)
class Press:
    """Presses a key of the telephone."""

    key: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Puts the receiver down, and why (for the ledger)."""

    why: str


Act = Press | HangUp

_TALKERS = frozenset(
    {
        CalleeKind.ANSWERS_AND_SPEAKS,
        CalleeKind.PRESSES_1,
        CalleeKind.PRESSES_2,
        CalleeKind.PRESSES_9,
        CalleeKind.PRESSES_NOTHING,
        CalleeKind.CHALLENGE_401,
        CalleeKind.CHALLENGE_407,
    }
)


class Conversation:
    """One answered call from the callee's side.

    `step(at, heard)` is called in order, about every 20 ms; `at` is seconds since the answer and
    `heard` is a prompt's name, or one of the words above. `line(at)` tells what is being sent.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._over = False
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._pressed_at: float | None = None
        self._pressed = 0
        self._last_sound = 0.0
        self._hello_at = 0.0
        greeting_from = plan.greeting_after_s
        self._voice: list[tuple[float, float]] = []
        if plan.greeting_s > 0.0:
            self._voice.append((greeting_from, greeting_from + plan.greeting_s))
            self._hello_at = greeting_from + plan.greeting_s

    def step(self, at: float, heard: str) -> tuple[Act, ...]:
        """Takes what is heard at this moment, returns what the callee does now."""
        if self._over:
            return ()
        self._first.setdefault(heard, at)
        self._last[heard] = at
        if heard not in (NO_PACKETS, SILENCE):
            self._last_sound = at
        acts = tuple(self._decide(at, heard))
        if any(isinstance(act, HangUp) for act in acts):
            self._over = True
        return acts

    def hears_on(self, at: float, heard: str) -> None:
        """Notes that a sound lasted until this moment, without anything being decided."""
        self._last[heard] = at
        if heard not in (NO_PACKETS, SILENCE):
            self._last_sound = at

    def next_at(self, at: float, heard: str) -> float | None:
        """Returns when the callee may act next if the sound stays as it is; None for never."""
        if self._over:
            return None
        later = [when for when in self._turns(heard) if when > at]
        return min(later, default=None)

    def _turns(self, heard: str) -> Iterable[float]:
        """The moments at which `_decide` can come to something else than now."""
        plan, kind = self._plan, self._plan.acts_as
        quiet = heard in (NO_PACKETS, SILENCE)
        if kind in (CalleeKind.SILENT, CalleeKind.VOICEMAIL):
            yield plan.patience_s
        elif kind is CalleeKind.HANGS_UP_MID_SENTENCE:
            spoken = [at for what, at in self._first.items() if what not in (NO_PACKETS, SILENCE)]
            begun = min(spoken) if spoken else self._hello_at + HELLO_AGAIN_S
            yield begun + plan.hang_up_after_s
        elif OPERATOR in self._first:
            yield self._first[OPERATOR] + plan.talk_s
            yield self._first[OPERATOR] + plan.talk_s + LONGEST_TALK_OVER_S
            if quiet:
                yield self._last_sound + LISTENS_ON_S + plan.hang_up_after_s + 5.0
        else:
            yield plan.patience_s + 30.0
            if quiet:
                yield self._last_sound + LISTENS_ON_S
                yield self._hello_at + HELLO_AGAIN_S
            if OFFER in self._first and self._pressed_at is None:
                yield self._first[OFFER] + plan.press_after_s
            elif self._pressed_at is not None:
                yield self._pressed_at + PRESS_AGAIN_S

    def line(self, at: float) -> Line:
        """Tells what the callee sends at this moment."""
        if any(start <= at < end for start, end in self._voice):
            return Line.VOICE
        if self._plan.acts_as is CalleeKind.VOICEMAIL:
            beep_from = self._hello_at + 0.25
            return Line.BEEP if beep_from <= at < beep_from + BEEP_S else Line.QUIET
        if self._plan.acts_as in _TALKERS and self._talks(at):
            word = (at - self._replies_from()) % (WORD_S + PAUSE_S)
            return Line.VOICE if word < WORD_S else Line.QUIET
        return Line.QUIET

    def _talks(self, at: float) -> bool:
        """A person talks from a moment after the operator was heard, while they are there."""
        if OPERATOR not in self._first or at < self._replies_from():
            return False
        return at - self._last[OPERATOR] < 2.0

    def _replies_from(self) -> float:
        """Nobody answers before they have said hello to the end and drawn breath."""
        return max(self._first[OPERATOR] + REPLY_AFTER_S, self._hello_at + PAUSE_S)

    def _decide(self, at: float, heard: str) -> Iterable[Act]:
        kind = self._plan.acts_as
        if kind in (CalleeKind.SILENT, CalleeKind.VOICEMAIL):
            if at >= self._plan.patience_s:
                yield HangUp("machine_is_full" if kind is CalleeKind.VOICEMAIL else "had_enough")
        elif kind is CalleeKind.HANGS_UP_MID_SENTENCE:
            yield from self._leave_in_mid_sentence(at)
        elif OPERATOR in self._first:
            yield from self._with_operator(at)
        else:
            yield from self._with_machine(at, heard)

    def _leave_in_mid_sentence(self, at: float) -> Iterable[Act]:
        """Somebody speaks to them, and they put the receiver down before the sentence ends."""
        spoken = [since for what, since in self._first.items() if what not in (NO_PACKETS, SILENCE)]
        if spoken and at >= min(spoken) + self._plan.hang_up_after_s:
            yield HangUp("mid_sentence")
        elif not spoken and at >= self._hello_at + HELLO_AGAIN_S + self._plan.hang_up_after_s:
            yield HangUp("nobody_spoke")

    def _with_operator(self, at: float) -> Iterable[Act]:
        since = at - self._first[OPERATOR]
        if self._plan.leaves_first and since >= self._plan.talk_s:
            yield HangUp("talk_over")
        elif since >= self._plan.talk_s + LONGEST_TALK_OVER_S:
            yield HangUp("operator_stays_on")
        elif at - self._last_sound >= LISTENS_ON_S + self._plan.hang_up_after_s + 5.0:
            yield HangUp("operator_gone")

    def _with_machine(self, at: float, heard: str) -> Iterable[Act]:
        self._greet_again(at, heard)
        if self._wants_to_press(at, heard):
            self._pressed += 1
            self._pressed_at = at
            yield Press(self._plan.key)
        elif at - self._last_sound >= LISTENS_ON_S:
            yield HangUp("silence_on_the_line")
        elif at >= self._plan.patience_s + 30.0:
            yield HangUp("had_enough")

    def _greet_again(self, at: float, heard: str) -> None:
        """Says hello once more to a line that stays dead, as people do."""
        quiet = heard in (NO_PACKETS, SILENCE) and self._last_sound == 0.0
        if quiet and self._plan.acts_as in _TALKERS and at >= self._hello_at + HELLO_AGAIN_S:
            self._hello_at = at + self._plan.greeting_s
            self._voice.append((at, self._hello_at))

    def _wants_to_press(self, at: float, heard: str) -> bool:
        """Presses while the offer plays or after it; once more if the offer goes on regardless."""
        if not self._plan.key or OFFER not in self._first:
            return False
        if self._pressed_at is None:
            return at >= self._first[OFFER] + self._plan.press_after_s
        return self._pressed == 1 and heard == OFFER and at >= self._pressed_at + PRESS_AGAIN_S
