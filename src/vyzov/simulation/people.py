"""People and machines of a made-up town: who lives at a number and what each does when called.

Decides kinds and plans from a seed alone: the same number, seed and attempt give the same plan on
every machine. What an answered person does while listening is `conversation`; who carries sound and
signalling is the caller's business (`vyzov.pstn` on a wire, a simulation in virtual time).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from random import Random

from vyzov.core.changing import replace
from vyzov.core.making import quickly_made

VOICE_FREQUENCIES: tuple[int, ...] = tuple(range(300, 600, 20))
"""Every callee speaks in one steady tone of these (Hz): whoever hears it knows who spoke."""

LEAST_OF_EACH_KIND = 5


class CalleeKind(StrEnum):
    """Who answers, or does not, at a number."""

    ANSWERS_AND_SPEAKS = "answers_and_speaks"
    PRESSES_1 = "presses_1"
    PRESSES_2 = "presses_2"
    PRESSES_9 = "presses_9"
    PRESSES_NOTHING = "presses_nothing"
    SILENT = "silent"
    HANGS_UP_MID_SENTENCE = "hangs_up_mid_sentence"
    BUSY = "busy"
    REJECTS = "rejects"
    NEVER_ANSWERS = "never_answers"
    VOICEMAIL = "voicemail"
    ANNOUNCEMENT = "announcement"
    UNALLOCATED = "unallocated"
    CHALLENGE_401 = "challenge_401"
    CHALLENGE_407 = "challenge_407"
    UNREACHABLE = "unreachable"
    CONGESTED = "congested"


ALL_KINDS = tuple(CalleeKind)
Mix = Mapping[CalleeKind, float]

DEFAULT_MIX: Mix = {
    CalleeKind.ANSWERS_AND_SPEAKS: 20,
    CalleeKind.PRESSES_1: 12,
    CalleeKind.PRESSES_2: 6,
    CalleeKind.PRESSES_9: 5,
    CalleeKind.PRESSES_NOTHING: 4,
    CalleeKind.SILENT: 3,
    CalleeKind.HANGS_UP_MID_SENTENCE: 4,
    CalleeKind.BUSY: 8,
    CalleeKind.REJECTS: 4,
    CalleeKind.NEVER_ANSWERS: 9,
    CalleeKind.VOICEMAIL: 7,
    CalleeKind.ANNOUNCEMENT: 4,
    CalleeKind.UNALLOCATED: 4,
    CalleeKind.CHALLENGE_401: 3,
    CalleeKind.CHALLENGE_407: 3,
    CalleeKind.UNREACHABLE: 4,
    CalleeKind.CONGESTED: 3,
}
"""Shares of a cold list, with the odd kinds thick enough to be met in a short run."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A final answer other than 200: status, phrase, and a Reason header ("" for none)."""

    code: int
    phrase: str
    reason: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Plan:
    """What one attempt will meet; spans in seconds, all counted from the event they follow.

    `acts_as` differs from the callee's kind where a busy or absent person has come home meanwhile.
    `ring_s` is None where it rings for ever. Answered unless it has an
    `ending` or rings for ever. `heard_as` (human, machine) is what a classifier mistakes it for.
    """

    kind: CalleeKind
    acts_as: CalleeKind
    attempt: int
    voice_hz: int
    post_dial_s: float
    ring_s: float | None
    ending: Ending | None = None
    challenge: int = 0
    early_media_s: float = 0.0
    greeting_after_s: float = 0.4
    greeting_s: float = 0.8
    key: str = ""
    press_after_s: float = 0.0
    talk_s: float = 0.0
    leaves_first: bool = False
    hang_up_after_s: float = 0.0
    patience_s: float = 30.0
    heard_as: str = ""

    @property
    def rings(self) -> bool:
        """True where a 180 is sent."""
        return self.ring_s is None or self.ring_s > 0.0

    @property
    def answers(self) -> bool:
        """True where this attempt ends in a 200, given time."""
        return self.ending is None and self.ring_s is not None


@dataclass(frozen=True, slots=True)
class Callee:
    """One inhabitant: fixed through all attempts by number and seed."""

    number: str
    kind: CalleeKind
    seed: int

    @property
    def voice_hz(self) -> int:
        """The tone this callee speaks in (Hz)."""
        # No dice: making some costs ten times as much, and every plan has a voice.
        drawn = sha256(self._source("voice").encode()).digest()
        return VOICE_FREQUENCIES[int.from_bytes(drawn[:8], "big") % len(VOICE_FREQUENCIES)]

    @property
    def home_from_attempt(self) -> int | None:
        """The attempt (2 or 3) from which a busy or absent person answers, None for never."""
        if self.kind not in (CalleeKind.BUSY, CalleeKind.NEVER_ANSWERS):
            return None
        return sown(self._source("home")).choice((2, 2, 3, None))

    def plan(self, attempt: int, hurry: float = 1.0, dice: Random | None = None) -> Plan:
        """Lays out what the given attempt (1, 2, ...) meets; `hurry` shortens rings and talks.

        `dice` are sown anew and thrown, where a caller has some: see `sown`."""
        if attempt < 1:
            raise ValueError(f"attempt {attempt} of {self.number}: attempts count from 1")
        acts_as = self._acts_as(attempt)
        dice = sown(self._source(f"attempt {attempt}"), dice)
        plan = Plan(
            kind=self.kind,
            acts_as=acts_as,
            attempt=attempt,
            voice_hz=self.voice_hz,
            post_dial_s=dice.uniform(0.15, 0.9),
            ring_s=_natural_ring(dice),
            greeting_after_s=dice.uniform(0.25, 0.7),
            greeting_s=dice.uniform(0.5, 1.1),
            press_after_s=dice.uniform(1.5, 4.0),
            talk_s=min(18.0, dice.lognormvariate(math.log(7.0), 0.45)),
            leaves_first=dice.random() < 0.5,
            hang_up_after_s=dice.uniform(0.9, 2.6),
            patience_s=dice.uniform(30.0, 45.0),
        )
        return hurried(_shape(plan, dice), hurry)

    def _acts_as(self, attempt: int) -> CalleeKind:
        home = self.home_from_attempt if attempt > 1 else None
        if home is not None and attempt >= home:
            return CalleeKind.ANSWERS_AND_SPEAKS
        if self.kind is CalleeKind.PRESSES_2 and attempt > 1:
            return CalleeKind.PRESSES_1  # they asked to be called back, and now want to talk
        return self.kind

    def _source(self, purpose: str) -> str:
        return f"{self.seed}/{self.number}/{purpose}"


def hurried(plan: Plan, hurry: float) -> Plan:
    """Returns a plan whose rings and talk are that many times shorter."""
    if hurry == 1.0:
        return plan
    return replace(
        plan,
        post_dial_s=plan.post_dial_s / hurry,
        ring_s=None if plan.ring_s is None else plan.ring_s / hurry,
        talk_s=plan.talk_s / hurry,
    )


def _natural_ring(dice: Random) -> float:
    return min(11.0, max(1.2, dice.lognormvariate(math.log(3.6), 0.5)))


def _shape(plan: Plan, dice: Random) -> Plan:
    """Bends an ordinary answered person into what `plan.acts_as` says."""
    match plan.acts_as:
        case CalleeKind.ANSWERS_AND_SPEAKS:
            # A person who hears a machine offer listens it out a little longer, then wants a human.
            return replace(plan, key="1", press_after_s=plan.press_after_s + 1.0)
        case CalleeKind.PRESSES_1 | CalleeKind.PRESSES_2 | CalleeKind.PRESSES_9:
            return replace(plan, key=plan.acts_as.value[-1])
        case CalleeKind.CHALLENGE_401 | CalleeKind.CHALLENGE_407:
            return replace(plan, key="1", challenge=int(plan.acts_as.value[-3:]))
        case CalleeKind.PRESSES_NOTHING | CalleeKind.HANGS_UP_MID_SENTENCE:
            return plan
        case CalleeKind.SILENT:
            return replace(plan, greeting_s=0.0, patience_s=dice.uniform(20.0, 30.0))
        case CalleeKind.VOICEMAIL:
            greeting = dice.uniform(3.6, 5.2)
            return replace(plan, greeting_after_s=0.15, greeting_s=greeting, patience_s=40.0)
        case _:
            return _shape_unanswered(plan, dice)


def _shape_unanswered(plan: Plan, dice: Random) -> Plan:
    match plan.acts_as:
        case CalleeKind.BUSY:
            return replace(plan, ring_s=0.0, ending=Ending(486, "Busy Here", "Q.850;cause=17"))
        case CalleeKind.REJECTS:
            ending = dice.choice((Ending(603, "Decline"), Ending(486, "Busy Here")))
            return replace(plan, ring_s=dice.uniform(1.2, 4.5), ending=ending)
        case CalleeKind.NEVER_ANSWERS:
            return replace(plan, ring_s=None)
        case CalleeKind.ANNOUNCEMENT:
            gone = Ending(404, "Not Found", 'Q.850;cause=1;text="Unallocated number"')
            away = Ending(480, "Temporarily Unavailable", 'Q.850;cause=20;text="Subscriber absent"')
            early = dice.uniform(1.5, 3.0)
            ending = dice.choice((gone, away))
            return replace(plan, ring_s=0.0, ending=ending, early_media_s=early)
        case CalleeKind.UNALLOCATED:
            gone = Ending(404, "Not Found", 'Q.850;cause=1;text="Unallocated number"')
            return replace(plan, ring_s=0.0, ending=gone)
        case CalleeKind.UNREACHABLE:
            away = Ending(480, "Temporarily Unavailable", 'Q.850;cause=20;text="Subscriber absent"')
            return replace(plan, ring_s=0.0, ending=away)
        case _:
            full = Ending(503, "Service Unavailable", 'Q.850;cause=34;text="No circuit available"')
            return replace(plan, ring_s=0.0, ending=full)


def sown(source: str, dice: Random | None = None) -> Random:
    """Returns dice that fall as this source says: `dice` themselves, sown anew, where some are given.

    Random numbers are the same either way; Python sows new dice twice."""
    if dice is None:
        return Random(source)
    dice.seed(source)
    return dice


def callee_for(
    number: str, seed: int, mix: Mix = DEFAULT_MIX, dice: Random | None = None
) -> Callee:
    """Settles who lives at a number nobody listed, by number and seed alone; `dice` as `sown` has it."""
    dice = sown(f"{seed}/{number}/kind", dice)
    kinds = _kinds_of(mix)
    kind = dice.choices(kinds, weights=[mix[kind] for kind in kinds])[0]
    return Callee(number, kind, seed)


def town(numbers: Iterable[str], seed: int, mix: Mix = DEFAULT_MIX) -> dict[str, Callee]:
    """Settles a whole list so that each kind of the mix is met often enough.

    Of 200 numbers every kind lives at five at least, whatever the seed; the rest follows the
    mix. The order of the list does not matter.
    """
    homes = sorted(set(numbers))
    deck = [kind for kind, count in _shares(len(homes), mix).items() for _ in range(count)]
    Random(f"{seed}/town").shuffle(deck)
    return {number: Callee(number, kind, seed) for number, kind in zip(homes, deck, strict=True)}


def _shares(homes: int, mix: Mix) -> dict[CalleeKind, int]:
    """Divides `homes` among the kinds: a floor for each, the rest by largest remainder."""
    kinds = _kinds_of(mix)
    floor = min(LEAST_OF_EACH_KIND, homes // len(kinds))
    left = homes - floor * len(kinds)
    total = sum(mix[kind] for kind in kinds)
    wanted = {kind: left * mix[kind] / total for kind in kinds}
    shares = {kind: floor + int(wanted[kind]) for kind in kinds}
    by_remainder: Sequence[CalleeKind] = sorted(
        kinds, key=lambda kind: (int(wanted[kind]) - wanted[kind], kind)
    )
    for kind in by_remainder[: homes - sum(shares.values())]:
        shares[kind] += 1
    return shares


def _kinds_of(mix: Mix) -> list[CalleeKind]:
    kinds = [kind for kind in ALL_KINDS if mix.get(kind, 0.0) > 0.0]
    if not kinds:
        raise ValueError("the mix of callees is empty: give at least one kind a share above 0")
    return kinds
