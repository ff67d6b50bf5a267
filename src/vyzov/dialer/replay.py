"""A floor's life written down as it goes, and run again: the same inputs give the same decisions.

`RecordedFloor` is a floor whose inputs go to a `Tape` together with what it drew (ids, dice,
Call-IDs) and what it wanted done; `Teller` turns them into lines, folding all decisions into one
rolling SHA-256. `replay` reads the lines, steps a floor of its own and stops at the first step that
decides otherwise. A decision is what is written, ordered, read, answered and when to step again;
what screens are told is no decision. Files and threads are others' part.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from vyzov.core.errors import InvalidRequest
from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor
from vyzov.dialer.ports import Randomness
from vyzov.dialer.replay_form import OPEN, Mask, UnknownForm, decode, encode

FORM = 1
DIGEST_SHOWN = 16
Drawn = str | float
Kind = TypeVar("Kind", str, float)


class Tape(Protocol):
    """Where a floor's steps go; it must return at once and never raise."""

    def took(
        self, item: fx.Input, now: fx.Now, effects: tuple[fx.Effect, ...],
        drawn: tuple[Drawn, ...],
    ) -> None: ...  # fmt: skip


class RecordedFloor(Floor):
    """A floor whose every step goes to a tape."""

    def __init__(
        self, floor_id: str, *, dice: Randomness, call_id_of: Callable[[str], str],
        recordings: str, tape: Tape,
    ) -> None:  # fmt: skip
        """Is a floor like any other to those who step it."""
        self._draws = Draws(dice, call_id_of)
        self._tape = tape
        super().__init__(
            floor_id, dice=self._draws, call_id_of=self._draws.call_id_of, recordings=recordings
        )

    def step(self, item: fx.Input, now: fx.Now) -> list[fx.Effect]:
        """Takes one input in, as a floor does."""
        effects = super().step(item, now)
        self._tape.took(item, now, tuple(effects), self._draws.taken())
        return effects


class Draws:
    """Hands on what the real dice and names give, and keeps it until it is `taken`."""

    def __init__(self, dice: Randomness, call_id_of: Callable[[str], str]) -> None:
        self._dice = dice
        self._call_id_of = call_id_of
        self._drawn: list[Drawn] = []

    def new_id(self) -> str:
        return self._keep(self._dice.new_id())

    def dice(self) -> float:
        return self._keep(self._dice.dice())

    def call_id_of(self, attempt: str) -> str:
        return self._keep(self._call_id_of(attempt))

    def taken(self) -> tuple[Drawn, ...]:
        """Returns what one step drew, in order, and forgets it."""
        drawn = tuple(self._drawn)
        self._drawn.clear()
        return drawn

    def _keep(self, value: Kind) -> Kind:
        self._drawn.append(value)
        return value


class DrawnAgain:
    """Gives a floor once more what it drew; `Strayed` where it asks for something else."""

    def __init__(self) -> None:
        self.left: deque[Drawn] = deque()

    def new_id(self) -> str:
        return str(self._next(str))

    def dice(self) -> float:
        return float(self._next(float))

    def call_id_of(self, _attempt: str) -> str:
        return str(self._next(str))

    def _next(self, kind: type) -> Drawn:
        if not self.left or type(self.left[0]) is not kind:
            raise Strayed("it drew what it had not drawn before")
        return self.left.popleft()


class Strayed(Exception):
    """A floor that is run again does what it did not do."""


class Digest:
    """The rolling SHA-256 of all decisions so far."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def fold(self, effects: Iterable[fx.Effect], mask: Mask) -> str:
        """Takes the decisions of a step in; returns how the digest begins now."""
        for effect in effects:
            form = decision(effect, mask)
            if form is not None:
                text = json.dumps(form, sort_keys=True, separators=(",", ":"))
                self._hash.update(text.encode("ascii") + b"\n")
        return self._hash.hexdigest()[:DIGEST_SHOWN]

    def hex(self) -> str:
        return self._hash.hexdigest()


def decision(effect: fx.Effect, mask: Mask) -> object | None:
    """Returns what of an effect is a decision, as JSON; None for what is none."""
    match effect:
        case fx.Tell() | fx.Say():
            return None
        case fx.Reply(ask, ok, body):
            return {"~": "Reply", "ask": ask, "ok": ok, "code": body.get("code")}
        case _:
            return encode(effect, mask)


def names(effects: Iterable[fx.Effect]) -> list[str]:
    """Names the decisions of a step for people: `Commit(Reserve,SetEntry)`, `Originate`."""
    found: list[str] = []
    for effect in effects:
        match effect:
            case fx.Tell() | fx.Say() | fx.Arm():
                continue
            case fx.Commit(_, writes):
                found.append(f"Commit({','.join(type(write).__name__ for write in writes)})")
            case fx.SendVerb(verb):
                found.append(type(verb).__name__)
            case _:
                found.append(type(effect).__name__)
    return found


class Teller:
    """Turns steps into the lines of a replay file, personal values masked."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._digest = Digest()
        self._clock = ""
        self.steps = 0

    def head(self, floor: str, recordings: str, version: str) -> str:
        """Returns the first line."""
        return _line({"replay": FORM, "floor": floor, "recordings": recordings, "version": version})

    def step(
        self, item: fx.Input, now: fx.Now, effects: Iterable[fx.Effect], drawn: Iterable[Drawn]
    ) -> str:
        """Returns the line of a step; raises `UnknownForm`."""
        effects = tuple(effects)
        line: dict[str, object] = {"utc": now.utc.isoformat(), "mono": now.mono}
        if now.clock != self._clock:
            self._clock = now.clock
            line["clock"] = now.clock
        line["in"] = encode(item, self._mask)
        drawn = list(drawn)
        if drawn:
            line["drawn"] = drawn
        did = names(effects)
        if did:
            line["did"] = did
        line["digest"] = self._digest.fold(effects, self._mask)
        self.steps += 1
        return _line(line)

    def tail(self, why: str) -> str:
        """Returns the last line: how many steps, and the digest of all of them."""
        return _line({"end": why, "steps": self.steps, "digest": self._digest.hex()})


@dataclass(frozen=True, slots=True)
class Difference:
    """The first step that decides otherwise: `was` and `now` name its decisions then and now."""

    step: int
    utc: str
    input: str
    was: tuple[str, ...]
    now: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """A life run again. `ended` is why its file ends, "" where it was cut short by a crash."""

    floor: str
    version: str
    steps: int
    decisions: int
    digest: str
    ended: str
    difference: Difference | None


def replay(lines: Iterable[str]) -> Replayed:
    """Runs a life again; raises `InvalidRequest` for what is no replay file.

    A last line cut short by a crash is left out."""
    source = iter(lines)
    head = _read(next(source, ""), 1)
    if head is None or head.get("replay") != FORM:
        raise InvalidRequest(
            "This is no replay file of this version of Vyzov.",
            "Name a file of the folder `replay` in the data folder.",
        )
    return _Rerun(str(head["floor"]), str(head["recordings"])).run(source, str(head["version"]))


class _Rerun:
    def __init__(self, floor: str, recordings: str) -> None:
        self._draws = DrawnAgain()
        self._id = floor
        self._floor = Floor(
            floor, dice=self._draws, call_id_of=self._draws.call_id_of, recordings=recordings
        )
        self._digest = Digest()
        self._clock = ""
        self._decisions = 0

    def run(self, source: Iterable[str], version: str) -> Replayed:
        steps, ended, difference = 0, "", None
        for number, line in enumerate(source, 2):
            told = _read(line, number)
            if told is None:
                break
            if "end" in told:
                ended = str(told["end"])
                if told["digest"] != self._digest.hex():
                    difference = Difference(steps, "", "", (), (), "the digest at the end differs")
                break
            difference = self._step(told, steps + 1, number)
            if difference is not None:
                break
            steps += 1
        return Replayed(
            self._id, version, steps, self._decisions, self._digest.hex(), ended, difference
        )

    def _step(self, told: dict[str, Any], step: int, number: int) -> Difference | None:
        self._clock = str(told.get("clock", self._clock))
        self._draws.left.extend(cast("list[Drawn]", told.get("drawn", ())))
        effects: list[fx.Effect] = []
        why = ""
        try:
            item = cast("fx.Input", decode(told["in"]))
            now = fx.Now(datetime.fromisoformat(told["utc"]), float(told["mono"]), self._clock)
        except (UnknownForm, TypeError, ValueError, KeyError) as fault:
            raise InvalidRequest(
                f"Line {number} of the replay file cannot be read: {fault!r}.",
                "Run it with the version of Vyzov that wrote it; the first line says which.",
            ) from fault
        try:
            effects = self._floor.step(item, now)
        except Strayed as strayed:
            why = str(strayed)
        except Exception as failure:  # noqa: BLE001 - a step that fails now and did not then differs
            why = f"it fails: {failure!r}"
        did = tuple(names(effects))
        if not why and self._draws.left:
            why = "it did not draw what it had drawn"
        if not why and self._digest.fold(effects, OPEN) != told["digest"]:
            was = tuple(told.get("did", ()))
            why = "it decides otherwise" if did != was else "it decides the same with other values"
        if why:
            return Difference(
                step, str(told["utc"]), type(item).__name__, tuple(told.get("did", ())), did, why
            )
        self._decisions += len(did)
        return None


def _read(line: str, number: int) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError as fault:
        if not line.endswith("\n"):
            return None
        raise InvalidRequest(
            f"Line {number} of the replay file is no JSON.", "The file was altered."
        ) from fault
    return cast("dict[str, Any]", told) if isinstance(told, dict) else None


def _line(told: dict[str, object]) -> str:
    return json.dumps(told, separators=(",", ":")) + "\n"
