"""`./run verify chain`: edits a file of facts in thousands of ways; each must be found and named.

A store of the product is filled by its own adapters (two floors that changed hands, facts told late,
an office), exported and anchored. Each edit changes the file in one random way and `prove` looks
through it; every now and then the command `vyzov facts verify` does so as well, in a folder with no
database. `check_chain.py`, which imports nothing of Vyzov, recomputes the chain from the description
of the format and says of each edit whether the right entry was named. The last line is JSON.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vyzov.core.chain import next_hash
from vyzov.core.chain_proof import Finding, prove, read_anchors
from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage.anchors import anchor_line, heads
from vyzov.storage.database import open_floor_store
from vyzov.storage.export import export_facts
from vyzov.storage.first_run import first_run
from vyzov.storage.office import SqlOffice

HERE = Path(__file__).resolve().parent
SPAN = timedelta(seconds=6)
FACTS = 200
COMMAND_EVERY = 500
KINDS = list(FactKind)


def filled(database: Path, seed: int) -> None:
    """Makes a database in which a floor changed hands four times and its office worked."""
    dice, ids = random.Random(seed), SystemDice()
    made = first_run(
        database, clock=SystemClock(), randomness=ids, number_salt="5a" * 32,
        organisation="Ромашка", login="admin", name="Admin", password_hash="$argon2id$",
    )  # fmt: skip
    assert made is not None
    office = SqlOffice(database, clock=SystemClock(), randomness=ids)
    now = datetime.now(UTC)
    stores = []
    for epoch in range(1, 5):
        store = open_floor_store(database, randomness=ids)
        assert store.take_lease(made.floor, f"holder {epoch}", now, SPAN) == epoch
        stores.append(store)
        for _ in range(FACTS // 20):
            # Every fifth batch is told by a holder of before.
            teller = dice.choice(stores) if dice.random() < 0.2 else store
            batch = tuple(w.AppendFact(_fact(dice, now)) for _ in range(dice.randint(1, 8)))
            teller.commit(batch)
            if dice.random() < 0.3:
                number = f"+7000555{dice.randint(0, 9999):04d}"
                office.add_stop(made.organisation, number, reason="asked", source="manual")
        store.release_lease(made.floor, f"holder {epoch}", now)
        now += SPAN
    for store in stores:
        store.close()
    office.close()


def _fact(dice: random.Random, now: datetime) -> Fact:
    return Fact(
        kind=dice.choice(KINDS), at=now + timedelta(microseconds=dice.randrange(10**6)),
        clock_id="boot:1", monotonic_ns=dice.randrange(2**60), dedupe=f"{dice.random()}",
        campaign=dice.choice([None, "campaign"]), contact=f"contact {dice.randrange(99)}",
        attempt=f"attempt {dice.randrange(99)}", agent=dice.choice([None, "agent"]),
        data={"code": dice.randrange(700), "ring_s": dice.random(), "why": "занято", "q850": None},
    )  # fmt: skip


# ---- the edits: each returns the new lines, and in words what was done


class Edits:
    """Draws one edit after another. Lines of the original count from 0 in what is told."""

    def __init__(self, lines: list[str], seed: int) -> None:
        self.lines = lines
        self.dice = random.Random(seed)
        self.ways: dict[str, Callable[[], tuple[list[str], dict[str, Any]]]] = {
            "change": self.change, "delete": self.delete, "double": self.double,
            "forge": self.forge, "forge_fitting": self.forge_fitting, "move": self.move,
            "swap": self.swap, "truncate": self.truncate, "cut_line": self.cut_line,
            "rehash": self.rehash,
        }  # fmt: skip

    def draw(self) -> tuple[list[str], dict[str, Any]]:
        way = self.dice.choice(list(self.ways))
        lines, told = self.ways[way]()
        return lines, {"edit": way, **told}

    def change(self) -> tuple[list[str], dict[str, Any]]:
        at = self._any()
        line = json.loads(self.lines[at])
        inside = line["data"] if self.dice.random() < 0.2 and line["data"] else line
        name = self.dice.choice(list(inside))
        inside[name] = self._other(inside[name])
        return self._with(at, line), {"line": at, "field": name}

    def delete(self) -> tuple[list[str], dict[str, Any]]:
        at = self._any()
        return self.lines[:at] + self.lines[at + 1 :], {"line": at}

    def double(self) -> tuple[list[str], dict[str, Any]]:
        at, to = self._any(), self.dice.randint(0, len(self.lines))
        return [*self.lines[:to], self.lines[at], *self.lines[to:]], {"line": at, "to": to}

    def forge(self) -> tuple[list[str], dict[str, Any]]:
        """A new line with a hash of its own choosing, at the place of the one it stands before."""
        to = self._any()
        line = json.loads(self.lines[to])
        line["data"] = {"code": self.dice.randrange(10**9)}
        line["hash"] = self.dice.randbytes(32).hex()
        return [*self.lines[:to], _text(line), *self.lines[to:]], {"to": to}

    def forge_fitting(self) -> tuple[list[str], dict[str, Any]]:
        """A new line with the very hash it must have there; what follows does not stand on it."""
        to, before = self._standing_on_one()
        line = json.loads(self.lines[to])
        line["data"] = {"code": self.dice.randrange(10**9)}
        line["hash"] = next_hash(before, line)
        return [*self.lines[:to], _text(line), *self.lines[to:]], {"to": to}

    def move(self) -> tuple[list[str], dict[str, Any]]:
        at, to = self.dice.sample(range(len(self.lines)), 2)
        lines = [line for index, line in enumerate(self.lines) if index != at]
        lines.insert(to, self.lines[at])
        return lines, {"line": at, "to": to}

    def swap(self) -> tuple[list[str], dict[str, Any]]:
        at, to = self.dice.sample(range(len(self.lines)), 2)
        lines = list(self.lines)
        lines[at], lines[to] = lines[to], lines[at]
        return lines, {"line": at, "to": to}

    def truncate(self) -> tuple[list[str], dict[str, Any]]:
        left = self.dice.randrange(len(self.lines))
        return self.lines[:left], {"left": left}

    def cut_line(self) -> tuple[list[str], dict[str, Any]]:
        left = self._any()
        part = self.lines[left][: self.dice.randint(1, len(self.lines[left]) - 2)]
        return [*self.lines[:left], part], {"left": left}

    def rehash(self) -> tuple[list[str], dict[str, Any]]:
        """A changed line whose own hash was made anew, by somebody who knows how."""
        at, before = self._standing_on_one()
        line = json.loads(self.lines[at])
        line["agent"] = "somebody else"
        line["hash"] = next_hash(before, line)
        return self._with(at, line), {"line": at}

    def _any(self) -> int:
        return self.dice.randrange(len(self.lines))

    def _with(self, at: int, line: dict[str, Any]) -> list[str]:
        return [*self.lines[:at], _text(line), *self.lines[at + 1 :]]

    def _standing_on_one(self) -> tuple[int, str]:
        while True:
            at = self._any()
            line = json.loads(self.lines[at])
            for other in map(json.loads, self.lines[:at]):
                same = all(other[n] == line[n] for n in ("organisation", "floor", "epoch"))
                if same and other["place"] == line["place"] - 1:
                    return at, other["hash"]

    def _other(self, value: object) -> object:
        if isinstance(value, bool) or value is None:
            return "x"
        if isinstance(value, int):
            return value + self.dice.choice([-1, 1, 7, 1000])
        if isinstance(value, float):
            return value + 0.5
        if isinstance(value, str):
            at = self.dice.randrange(len(value)) if value else 0
            return value[:at] + ("y" if value[at : at + 1] != "y" else "z") + value[at + 1 :]
        return [value]


def _text(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


# ---- the run


def by_command(lines: list[str], anchors: Path, folder: Path) -> dict[str, Any]:
    """What `vyzov facts verify FILE --anchor FILE --json` says of a file."""
    file = folder / "edited.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "vyzov", "facts", "verify", str(file), "--anchor", str(anchors),
         "--json", "--data", str(folder / "nothing")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    return {"exit": done.returncode, "first_bad": told["first_bad"]}


def _told(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    stream = asdict(finding.stream) if finding.stream else dict.fromkeys(
        ("organisation", "floor", "epoch")
    )  # fmt: skip
    return {
        "why": finding.why.value, "line": finding.line, "seq": finding.seq, **stream,
        "place": finding.place,
    }  # fmt: skip


def run(count: int, seed: int, out: Path) -> None:
    """Leaves facts.jsonl, anchors.jsonl and edits.jsonl in `out`."""
    database = out / "vyzov.db"
    filled(database, seed)
    begun = time.perf_counter()
    export_facts(database, out / "facts.jsonl")
    anchors = out / "anchors.jsonl"
    anchors.write_text(anchor_line(heads(database), datetime.now(UTC)), encoding="utf-8")
    lines = (out / "facts.jsonl").read_text("utf-8").splitlines(keepends=True)
    known = read_anchors(anchors.read_text("utf-8").splitlines())
    whole = prove(lines, known)
    edits, empty = Edits(lines, seed), out / "elsewhere"
    empty.mkdir()
    with (out / "edits.jsonl").open("w", encoding="utf-8") as book:
        told = {"edit": "none", "found": _told(whole.finding), "late": whole.late}
        told["command"] = by_command(lines, anchors, empty)
        book.write(json.dumps(told) + "\n")
        for number in range(count):
            edited, what = edits.draw()
            while edited == lines:
                edited, what = edits.draw()
            what["found"] = _told(prove(edited, known).finding)
            if number % COMMAND_EVERY == 0:
                what["command"] = by_command(edited, anchors, empty)
            book.write(json.dumps(what) + "\n")
    print(f"{count} edits of {len(lines)} facts in {time.perf_counter() - begun:.1f} s")


def main() -> int:
    """Edits, proves, has it judged."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=10_000, help="edits")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--out", type=Path, help="where the evidence is left")
    asked.add_argument("--json", action="store_true", help="the last line is JSON (always)")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="vyzov-chain-") as folder:
        out = given.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        run(given.count, given.seed, out)
        judge = [sys.executable, str(HERE / "check_chain.py"), str(out)]
        return subprocess.run(judge, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
