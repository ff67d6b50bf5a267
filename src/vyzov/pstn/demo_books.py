"""Reads the three books of a demo run and lays them side by side, one `Pair` for each call.

ledger.jsonl is the network's, facts.jsonl the product's, operators.jsonl the operators'. Joined by
Call-ID and attempt; nothing of the product's code is used, so that a mistake of its shows.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass
class Wire:
    """What the network saw of one Call-ID."""

    call_id: str
    number: str = ""
    invites: list[Json] = field(default_factory=list)
    challenges: int = 0
    finals: list[int] = field(default_factory=list)
    presses: list[Json] = field(default_factory=list)
    call: Json | None = None

    @property
    def branches(self) -> list[str]:
        """Branches of its INVITEs in order; a repeated one is a retransmission."""
        return list(dict.fromkeys(line["branch"] for line in self.invites))

    @property
    def invited_at(self) -> float:
        """UTC seconds of the first INVITE."""
        return seconds(self.invites[0]["utc"])


@dataclass
class Attempt:
    """What the product wrote of one attempt."""

    attempt: str
    contact: str | None = None
    by_kind: dict[str, list[Json]] = field(default_factory=dict)

    def first(self, kind: str) -> Json | None:
        """Returns the first fact of a kind."""
        return next(iter(self.by_kind.get(kind, [])), None)

    def has(self, kind: str) -> bool:
        """Tells whether there is a fact of a kind."""
        return kind in self.by_kind

    @property
    def outcome(self) -> str:
        """The outcome of its `final` fact, or the one an engine told later; "" before either."""
        final = self.first("resolved") or self.first("final")
        return str(final["data"].get("outcome", "")) if final else ""

    @property
    def digits(self) -> list[str]:
        """Keys as the product understood them, in order."""
        return [str(fact["data"].get("digit", "")) for fact in self.by_kind.get("digit", [])]


@dataclass
class Pair:
    """One call, seen from both ends."""

    wire: Wire
    attempt: Attempt


@dataclass
class Books:
    """All of a run; `loose_*` are calls and attempts without their other half."""

    wires: dict[str, Wire]
    attempts: dict[str, Attempt]
    pairs: list[Pair]
    loose_wires: list[Wire]
    loose_attempts: list[tuple[str, str]]
    doubles: list[tuple[str, str]]
    second_calls: list[Json]
    talks: dict[str, list[Json]]
    tones: set[int]
    box_ended: bool
    last_fact: float


def seconds(text: str) -> float:
    """Returns UTC seconds of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def lines_of(path: Path) -> list[Json]:
    """Reads a file of JSON lines; a last line cut short by a kill is left out."""
    found: list[Json] = []
    text = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            found.append(json.loads(line))
        except ValueError:
            if number != len(text):
                raise ValueError(f"{path} line {number} is not JSON: the book is damaged") from None
    return found


def read(folder: Path) -> Books:
    """Reads and joins the books in a folder; missing operators.jsonl means nobody worked."""
    for name in ("ledger.jsonl", "facts.jsonl"):
        if not (folder / name).exists():
            raise FileNotFoundError(f"{folder / name} is missing: nothing can be compared")
    ledger = lines_of(folder / "ledger.jsonl")
    facts = lines_of(folder / "facts.jsonl")
    wires, attempts = _wires(ledger), _attempts(facts)
    pairs, loose, doubles = _join(wires, attempts)
    joined = {pair.wire.call_id for pair in pairs}
    talks: dict[str, list[Json]] = {}
    tones: set[int] = set()
    for line in lines_of(folder / "operators.jsonl"):
        tones.add(int(line["tone_hz"]))
        if line["rec"] == "talk":
            talks.setdefault(line["attempt"], []).append(line)
    return Books(
        wires=wires,
        attempts=attempts,
        pairs=pairs,
        loose_wires=[wire for wire in wires.values() if wire.call_id not in joined],
        loose_attempts=loose,
        doubles=doubles,
        second_calls=[line for line in ledger if line["rec"] == "second_call"],
        talks=talks,
        tones=tones,
        box_ended=any(line["rec"] == "end" for line in ledger),
        last_fact=max((seconds(fact["at"]) for fact in facts), default=0.0),
    )


def _wires(ledger: list[Json]) -> dict[str, Wire]:
    wires: dict[str, Wire] = {}
    for line in ledger:
        call_id = line.get("call_id", "")
        first_invite = (
            line["rec"] == "sip"
            and line["dir"] == "in"
            and line.get("method") == "INVITE"
            and not line["to_tag"]
        )
        if first_invite:
            wire = wires.setdefault(call_id, Wire(call_id, number=line["uri"]))
            wire.invites.append(line)
            continue
        wire = wires.get(call_id)
        if wire is None:
            continue
        if line["rec"] == "sip" and line["dir"] == "out" and line["cseq_method"] == "INVITE":
            _note_response(wire, int(line.get("status", 0)), line)
        elif line["rec"] == "call":
            wire.call = line
        elif line["rec"] == "did" and line["act"] == "press" and line["sent"]:
            wire.presses.append(line)
    return wires


def _note_response(wire: Wire, status: int, line: Json) -> None:
    if status < 200:
        return
    if status in (401, 407):
        # Repeats of a lost challenge carry the same CSeq and are one challenge.
        challenged = {one["cseq"] for one in wire.invites if one.get("challenged")}
        if line["cseq"] not in challenged:
            wire.challenges += 1
            for one in wire.invites:
                one["challenged"] = one.get("challenged") or one["cseq"] == line["cseq"]
    wire.finals.append(status)


def _attempts(facts: list[Json]) -> dict[str, Attempt]:
    attempts: dict[str, Attempt] = {}
    for fact in facts:
        if fact.get("attempt"):
            one = attempts.setdefault(fact["attempt"], Attempt(fact["attempt"]))
            one.contact = one.contact or fact.get("contact")
            one.by_kind.setdefault(fact["kind"], []).append(fact)
    return attempts


def _join(
    wires: dict[str, Wire], attempts: dict[str, Attempt]
) -> tuple[list[Pair], list[tuple[str, str]], list[tuple[str, str]]]:
    pairs: list[Pair] = []
    loose: list[tuple[str, str]] = []
    doubles: list[tuple[str, str]] = []
    taken: set[str] = set()
    for attempt in attempts.values():
        call_ids = {str(f["data"].get("call_id", "")) for f in attempt.by_kind.get("dialing", [])}
        if len(call_ids) > 1:
            doubles.append((attempt.attempt, " ".join(sorted(call_ids))))
        for call_id in call_ids:
            if call_id not in wires:
                loose.append((attempt.attempt, call_id))
            elif call_id in taken:
                doubles.append((attempt.attempt, call_id))
            else:
                taken.add(call_id)
                pairs.append(Pair(wires[call_id], attempt))
    return pairs, loose, doubles
