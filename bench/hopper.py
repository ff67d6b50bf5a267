"""`./run bench hopper`: what the next contact costs, however long and however closed the queue is.

On each database, of few and of many contacts, the floor's own store reads who is next, `eligibility`
judges, and the product reserves and ends attempts, while none, half or 99 of a hundred contacts of
the queue cannot be called at this hour (those who can stand at its very end). A second pair of
databases is equal but for a million attempts made in one of them. The databases of a pair are asked
in turn, call by call and in an order drawn by lot, so that whatever else the machine does falls on both
alike. Worked out by `check_hopper.py` from DIR. `--originates` measures a whole floor instead: see
`hopper_floor`.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from hopper_churn import churn
from hopper_floor import originates
from hopper_town import NOON, WINDOWS, Dice, Town, build, sizes
from postgres_server import NoPostgres, Server, start_postgres
from processes import judged

from vyzov.core.campaign import CampaignState, DialMode, Purpose
from vyzov.core.contact import EntryState
from vyzov.core.eligibility import Allowed, Candidate, Rules, verdict
from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.storage.database import open_floor_store
from vyzov.storage.migrate import migrate

STORES = ("sqlite", "postgresql")
CHURNED_CONTACTS = 2
"""Contacts for each attempt of the database that is churned: enough of them stay fresh."""
REFILL = 60
FENCE = 1
AT_ONCE = 10
NEXT_EACH = 8
"""How often a turn asks who is next: of some hundred samples the 99th is chance."""
DONE = object()
FEW_OPEN, FEW_OPEN_SHARE = 99, 8
"""Where few contacts can be called, attempts are made in one turn of so many, or they would run out."""
COLUMNS = ("store", "pair", "contacts", "churned", "closed", "what", "ms", "cpu_ms")
NOT_LOOKED_AT = 77
Result = TypeVar("Result")


@dataclass(slots=True)
class Line:
    """One database under measurement and its samples."""

    store: str
    pair: str
    town: Town
    churned: int
    floor: FloorStore
    dice: Dice = field(default_factory=Dice)
    turns: int = 0
    samples: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])

    def timed(self, closed: int, what: str, work: Callable[[], Result], of: int = 1) -> Result:
        """Does work and notes what it took, for each of `of` things it did."""
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        result = work()
        cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
        self.samples.append(
            (self.store, self.pair, self.town.contacts, self.churned, closed, what,
             f"{wall / 1e6 / of:.5f}", f"{cpu / 1e6 / of:.5f}")
        )  # fmt: skip
        return result

    def turn(self, closed: int) -> Generator[None]:
        """Asks for the next contact, reads ahead, judges, and makes some attempts; between all of
        these another database has its turn."""
        town, hours = self.town, self.town.hours(closed)
        rules = Rules(
            emergency_stop=False, campaign_state=CampaignState.RUNNING, attempts_max=3,
            destinations=("+7",), window=hours.window, purpose=Purpose.SERVICE,
            mode=DialMode.AGENTLESS,
        )  # fmt: skip
        nobody: frozenset[str] = frozenset()
        due = self.floor.due
        for _ in range(NEXT_EACH):
            first = self.timed(closed, "next", lambda: due(town.campaign, NOON, 1, nobody, hours))
            yield
        read = self.timed(closed, "refill", lambda: due(town.campaign, NOON, REFILL, nobody, hours))
        yield
        assert len(read) == REFILL, "the queue has contacts to call"
        assert read[0] == first[0], "who is next does not depend on how many are read"
        for one in read:
            said = self.timed(
                closed, "verdict", lambda one=one: verdict(_candidate(one), rules, NOON)
            )
            assert isinstance(said, Allowed), (said, one.zones)
        self.timed(closed, "next_hour", lambda: self.floor.next_due(town.campaign, NOON, hours))
        yield
        self.timed(closed, "counts", lambda: self.floor.counts(town.campaign, NOON, hours))
        self.turns += 1
        if closed < FEW_OPEN or self.turns % FEW_OPEN_SHARE == 0:
            yield
            yield from self._attempts(closed, read[:AT_ONCE])

    def _attempts(self, closed: int, called: list[DueContact]) -> Generator[None]:
        attempts = {one.contact: self.dice.new_id() for one in called}
        begin = [write for one in called for write in self._begin(one, attempts[one.contact])]
        result = self.timed(closed, "reserve", lambda: self.floor.commit(tuple(begin)), AT_ONCE)
        yield
        assert not result.refused, result.refused
        end = [write for one in called for write in self._end(one, attempts[one.contact])]
        self.timed(closed, "finish", lambda: self.floor.commit(tuple(end)), AT_ONCE)

    def _begin(self, due: DueContact, attempt: str) -> tuple[w.Write, ...]:
        return (
            w.Reserve(
                attempt=attempt, campaign=due.campaign, contact=due.contact, phone=due.phone,
                number_ref=due.number_ref, number=due.attempts_made + 1, fence=FENCE,
                floor=self.town.floor, lease_until=NOON + timedelta(seconds=30),
                campaign_version=1, rule_version="2026-11", verdict={"allowed": True},
                trunk="trunk", caller_id="+70005559999", call_id=f"{attempt}@vyzov", at=NOON,
            ),
            w.SetEntry(due.campaign, due.contact, "in_call", None, due.attempts_made + 1,
                       attempt=attempt),
            self._fact(FactKind.ATTEMPT_RESERVED, due, attempt),
        )  # fmt: skip

    def _end(self, due: DueContact, attempt: str) -> tuple[w.Write, ...]:
        later = NOON + timedelta(hours=2)
        return (
            w.FinishAttempt(attempt, "final", "no_answer", NOON, ended_at=NOON),
            w.SetEntry(due.campaign, due.contact, "due", later, due.attempts_made + 1,
                       last_outcome="no_answer"),
            self._fact(FactKind.FINAL, due, attempt),
        )  # fmt: skip

    def _fact(self, kind: FactKind, due: DueContact, attempt: str) -> w.AppendFact:
        return w.AppendFact(
            Fact(kind=kind, at=NOON, clock_id="bench", monotonic_ns=0, campaign=due.campaign,
                 contact=due.contact, attempt=attempt, dedupe=f"{attempt}:{kind}")
        )  # fmt: skip


def _candidate(due: DueContact) -> Candidate:
    return Candidate(
        contact=due.contact, state=EntryState(due.state), number=due.e164, zones=due.zones,
        attempts_made=due.attempts_made, next_due=due.next_due, suppressed=due.stop_listed,
        number_live=due.number_live, consent=due.consent,
    )  # fmt: skip


# ---- the databases -------------------------------------------------------------------------------


@dataclass(slots=True)
class Place:
    """Where the databases of one store are made: below `folder`, or on `server`."""

    store: str
    folder: Path
    server: Server | None

    def address(self, name: str) -> str | Path:
        """Returns the address of a new database."""
        if self.server is None:
            return self.folder / f"{name}.db"
        return self.server.create(name)

    def copy(self, town: Town, name: str) -> Town:
        """Returns an equal database."""
        if self.server is None:
            path = self.folder / f"{name}.db"
            shutil.copyfile(town.address, path)
        else:
            path = self.server.create(name, str(town.address).rpartition("/")[2].split("?")[0])
        return Town(path, town.organisation, town.floor, town.campaign, town.contacts)


@contextmanager
def place_of(store: str, folder: Path) -> Generator[Place]:
    """A place for databases, gone when it is left."""
    with ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f"hopper-{store}-", dir=folder))
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        server = None
        if store == "postgresql":
            server = start_postgres(work)
            stack.callback(server.remove)
        yield Place(store, work, server)


def measure(
    place: Place, options: argparse.Namespace
) -> tuple[list[Line], list[dict[str, object]]]:
    """Makes the databases, takes turns on them by lot and returns the samples and the sizes."""
    lines: list[Line] = []
    told: list[dict[str, object]] = []

    def add(pair: str, town: Town, churned: int) -> None:
        told.append({
            "store": place.store, "pair": pair, "contacts": town.contacts, "churned": churned,
            **sizes(town.address),
        })  # fmt: skip
        floor = open_floor_store(town.address, randomness=Dice())
        assert floor.take_lease(town.floor, "bench", NOON, timedelta(days=1)) == FENCE
        lines.append(Line(place.store, pair, town, churned, floor))

    for contacts in options.contacts:
        add("size", _town(place, contacts, options.keep), 0)
    if options.attempts:
        say(f"{place.store}: making {options.attempts:,} attempts")
        fresh = build(place.address("fresh"), options.attempts * CHURNED_CONTACTS)
        worn = place.copy(fresh, "worn")
        churn(worn, options.attempts)
        add("churn", fresh, 0)
        add("churn", worn, options.attempts)
    lots = random.Random(options.seed)
    pairs = sorted({line.pair for line in lines})
    turns = [(pair, closed) for pair in pairs for closed in WINDOWS] * options.rounds
    lots.shuffle(turns)
    say(f"{place.store}: {len(turns):,} turns of {len(lines)} databases")
    for number, (pair, closed) in enumerate(turns):
        _alternate([line.turn(closed) for line in lines if line.pair == pair], lots)
        if number == options.warm * len(pairs) * len(WINDOWS):
            for one in lines:
                one.samples.clear()
    for line in lines:
        line.floor.close()
    return lines, told


def _alternate(turns: list[Generator[None]], lots: random.Random) -> None:
    """Lets databases do their turns step by step, in another order at each step."""
    while turns:
        lots.shuffle(turns)
        for turn in tuple(turns):
            if next(turn, DONE) is DONE:
                turns.remove(turn)


def _town(place: Place, contacts: int, keep: Path | None) -> Town:
    """Makes a database, or takes the one that was made and kept before (SQLite)."""
    kept = keep / f"{contacts}.json" if keep is not None and place.server is None else None
    if kept is not None and kept.is_file():
        town = Town(**json.loads(kept.read_text(encoding="utf-8")))
        migrate(town.address)
        say(f"{place.store}: taking {contacts:,} contacts from {kept}")
        return town
    say(f"{place.store}: making {contacts:,} contacts")
    if kept is None:
        return build(place.address(f"of_{contacts}"), contacts)
    kept.parent.mkdir(parents=True, exist_ok=True)
    town = build(str(kept.with_suffix(".db")), contacts)
    kept.write_text(json.dumps(asdict(town)), encoding="utf-8")
    return town


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Runs the bench; returns 0 where every goal is reached."""
    parser = argparse.ArgumentParser(prog="./run bench hopper", description=__doc__)
    parser.add_argument("--store", choices=(*STORES, "both"), default="both")
    parser.add_argument(
        "--contacts", default="100000,10000000", help="sizes of the queue, by commas"
    )
    parser.add_argument("--attempts", type=int, default=1_000_000, help="0 leaves wear out")
    parser.add_argument("--rounds", type=int, default=400, help="turns on each database and share")
    parser.add_argument("--warm", type=int, default=20, help="turns of these not counted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--work", type=Path, help="where databases are made and removed: needs 25 GB"
    )
    parser.add_argument(
        "--keep", type=Path, help="keep databases of SQLite here, and use them again"
    )
    parser.add_argument("--originates", action="store_true", help="measure a whole floor instead")
    parser.add_argument("--rate", type=int, default=200, help="originates a second to be sustained")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="folder for samples and sizes")
    options = parser.parse_args()
    options.contacts = [int(part) for part in str(options.contacts).split(",")]
    out = options.out or Path(tempfile.mkdtemp(prefix="hopper-out-"))
    out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    # Servers and databases go with the run, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stores = STORES if options.store == "both" else (options.store,)
    for left in ("samples.csv", "sizes.json", "originates.json"):
        (out / left).unlink(missing_ok=True)
    told: list[dict[str, object]] = []
    try:
        for store in stores:
            with place_of(store, options.work or Path(tempfile.gettempdir())) as place:
                if options.originates:
                    server_cpu = place.server.cpu_s if place.server else float
                    told.append(
                        asyncio.run(originates(store, place.address("floor"), options, server_cpu))
                    )
                    (out / "originates.json").write_text(json.dumps(told, indent=1))
                    continue
                lines, seen = measure(place, options)
                told += seen
                (out / "sizes.json").write_text(json.dumps(told, indent=1))
                _write(out / "samples.csv", lines)
    except NoPostgres as missing:
        print(f"hopper: {missing}", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else NOT_LOOKED_AT
    return judged("check_hopper.py", out, begun, options.seed)


def _write(path: Path, lines: list[Line]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        for line in lines:
            writer.writerows(line.samples)


if __name__ == "__main__":
    sys.exit(main())
