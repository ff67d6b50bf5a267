"""How soon a change acts: from the answer of the API to what the network sees, a thousand changes.

Vyzov and the network in a box run as their own processes and three campaigns call all the while. One
has its caller ID changed: the change acts when the last INVITE with an older number has come, and one
with the new number has to come. One is paused and started: a pause acts when its last INVITE has come,
a start when the next one comes. People of the third, a few places before their turn, are put on the
stop-list: an entry acts when nobody calls them any more. All moments are the box's own, from raw
datagrams.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vyzov import __version__
from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import numbers_of, settings_of, write_list

LIMIT_S = 1.0
LOST_AFTER_S = 8.0
"""A change that did not act within this is counted as one that took so long."""
WATCH_S = 1.3
"""How long a pause, or a number put on the stop-list, is looked at after the answer."""
LINES, CALLS_PER_S, HURRY = 40, 3, 3.0
AHEAD = 6
"""How many places before their turn people are stopped."""
KINDS = ("setting", "pause", "start", "stop")


@dataclass(frozen=True, slots=True)
class Call:
    """The first INVITE of a call, as the box took it down."""

    t: float
    to: str
    caller: str


class Book(threading.Thread):
    """Reads the box's ledger as it grows; calls in the order they came."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path, self._offset = path, 0
        self._seen: set[str] = set()
        self.calls: list[Call] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.read()

    def read(self) -> None:
        """Takes in what was written since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                if b'"INVITE"' in line and b'"dir": "in"' in line:
                    self._take(json.loads(line))

    def _take(self, record: dict[str, Any]) -> None:
        if record.get("method") == "INVITE" and record["call_id"] not in self._seen:
            # Again with a password, because it was lost, or within the call: still one call.
            self._seen.add(record["call_id"])
            self.calls.append(Call(record["t"], record["to"], record["from"]))

    def until(self, fits: Callable[[Call], bool], begin: int, wait_s: float) -> Call | None:
        """Waits for a call from place `begin` on that fits."""
        end = time.monotonic() + wait_s
        while True:
            found = next((call for call in self.calls[begin:] if fits(call)), None)
            if found is not None or time.monotonic() > end:
                return found
            time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was answered at `answered`; `acted_s` after that it acted."""

    kind: str
    asked: float
    answered: float
    acted_s: float
    what: str = ""
    next_s: float = 0.0
    """How long after the answer the next call with the new setting came."""


@dataclass
class Lane:
    """A campaign of its own, whose people nobody else calls."""

    manager: Manager
    campaign: str
    numbers: list[str]
    book: Book
    own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.own = frozenset(self.numbers)


def lanes(centre: Centre, each: int) -> tuple[list[Lane], Book]:
    """Starts everything and three campaigns that call all the while."""
    numbers = numbers_of(3 * each)
    first, trunk = open_empty(centre, numbers, hurry=HURRY)
    first.patch(f"/trunks/{trunk}", lines_max=4 * LINES, calls_per_second=5 * CALLS_PER_S)
    book = Book(centre.out / "ledger.jsonl")
    made: list[Lane] = []
    for place, name in enumerate(("Setting", "Pause", "Stop")):
        manager = Manager(centre)
        manager.post("/session", login="admin", password=centre.password)
        own = numbers[place * each : (place + 1) * each]
        file = centre.out / f"{name}.csv"
        write_list(file, own, "ru", centre.seed)
        settings = settings_of("agentless", trunk, [], quick=False)
        settings |= {"lines_max": LINES, "calls_per_second": CALLS_PER_S}
        campaign = manager.post(
            "/campaigns", name=name, purpose="service", mode="agentless", principal=None,
            settings=settings, list=manager.upload(file, name)["id"],
        )  # fmt: skip
        manager.post(f"/campaigns/{campaign['id']}/start")
        made.append(Lane(manager, str(campaign["id"]), own, book))
    book.start()
    for lane in made:
        if book.until(lambda call, own=lane.own: call.to in own, 0, 60.0) is None:
            raise RuntimeError("A campaign placed no call within 60 s.")
    return made, book


def change_setting(lane: Lane, count: int) -> list[Change]:
    """Gives the campaign another caller ID each time."""
    done: list[Change] = []
    path = f"/campaigns/{lane.campaign}"
    for place in range(count):
        caller = f"+7000556{place:04d}"
        asked = time.monotonic()
        lane.manager.patch(path, settings={"caller_id": caller})
        answered, begin = time.monotonic(), len(lane.book.calls)
        first = lane.book.until(
            lambda call, new=caller: call.to in lane.own and call.caller == new,
            max(0, begin - 50),
            LOST_AFTER_S,
        )
        following = LOST_AFTER_S if first is None else max(0.0, first.t - answered)
        done.append(Change("setting", asked, answered, 0.0, caller, following))
    return done


def pause_and_start(lane: Lane, pairs: int) -> list[Change]:
    """Pauses the campaign, looks whether anybody is still called, and starts it."""
    done: list[Change] = []
    for _ in range(pairs):
        asked = time.monotonic()
        lane.manager.post(f"/campaigns/{lane.campaign}/pause")
        answered = time.monotonic()
        time.sleep(WATCH_S)
        last = max((call.t for call in lane.book.calls if call.to in lane.own), default=0.0)
        done.append(Change("pause", asked, answered, max(0.0, last - answered)))
        asked, begin = time.monotonic(), len(lane.book.calls)
        lane.manager.post(f"/campaigns/{lane.campaign}/start")
        answered = time.monotonic()
        first = lane.book.until(lambda call: call.to in lane.own, begin, LOST_AFTER_S)
        acted = LOST_AFTER_S if first is None else max(0.0, first.t - answered)
        done.append(Change("start", asked, answered, acted))
        time.sleep(0.5)
    return done


def stop_numbers(lane: Lane, count: int, every_s: float) -> list[Change]:
    """Puts people on the stop-list shortly before their turn; judged when all is over."""
    done: list[Change] = []
    place = {number: index for index, number in enumerate(lane.numbers)}
    last = -1
    for _ in range(count):
        reached = max(
            (place[call.to] for call in lane.book.calls[-300:] if call.to in lane.own), default=0
        )
        last = max(last + 1, reached + AHEAD)
        if last >= len(lane.numbers):
            raise RuntimeError("The list of those who are stopped was too short.")
        asked = time.monotonic()
        lane.manager.post("/stop-list", number=lane.numbers[last], reason="asked")
        done.append(Change("stop", asked, time.monotonic(), 0.0, lane.numbers[last]))
        time.sleep(every_s)
    return done


def judged_stops(lane: Lane, stops: Sequence[Change]) -> tuple[list[Change], int]:
    """Says when each entry acted, and how many of these people were to be called at once: somebody
    who comes after them in the list was, within the time a change has."""
    calls: dict[str, list[float]] = {}
    for call in lane.book.calls:
        calls.setdefault(call.to, []).append(call.t)
    place = {number: index for index, number in enumerate(lane.numbers)}
    done: list[Change] = []
    to_be_called = 0
    for one in stops:
        late = [t - one.answered for t in calls.get(one.what, []) if t > one.answered]
        done.append(Change(one.kind, one.asked, one.answered, max(late, default=0.0), one.what))
        behind = lane.numbers[place[one.what] + 1 : place[one.what] + 1 + AHEAD]
        to_be_called += any(
            one.answered < t < one.answered + LOST_AFTER_S
            for number in behind
            for t in calls.get(number, [])
        )
    return done, to_be_called


def judged_settings(lane: Lane, changes: Sequence[Change]) -> list[Change]:
    """Says when each change acted: when the last call with an older caller ID came."""
    order = {change.what: place for place, change in enumerate(changes)}
    done: list[Change] = []
    for place, one in enumerate(changes):
        older = [
            call.t - one.answered
            for call in lane.book.calls
            if call.to in lane.own and call.t > one.answered and order.get(call.caller, -1) < place
        ]
        acted = LOST_AFTER_S if one.next_s >= LOST_AFTER_S else max(older, default=0.0)
        done.append(replace(one, acted_s=acted))
    return done


def at(values: Sequence[float], share: float) -> float | None:
    """Gives a quantile; None where there is nothing."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else None


def judge(changes: Sequence[Change], to_be_called: int) -> dict[str, Any]:
    """Says what came of it."""
    by_kind = {kind: [one.acted_s for one in changes if one.kind == kind] for kind in KINDS}
    acted = [one.acted_s for one in changes]
    following = [one.next_s for one in changes if one.kind == "setting"]
    p99 = at(acted, 0.99)
    stops = len(by_kind["stop"])
    ok = (
        p99 is not None
        and p99 < LIMIT_S
        and all((at(took, 0.99) or 0.0) < LIMIT_S for took in by_kind.values())
        and to_be_called * 2 >= stops
    )
    return {
        "ok": ok,
        "limit_s": LIMIT_S,
        "changes": len(changes),
        "acted_s": {"p50": at(acted, 0.5), "p99": p99, "max": at(acted, 1.0)},
        "kinds": {
            kind: {"changes": len(took), "p50_s": at(took, 0.5), "p99_s": at(took, 0.99),
                   "max_s": at(took, 1.0)}
            for kind, took in by_kind.items()
        },
        "next_call_with_the_setting_s": {"p50": at(following, 0.5), "p99": at(following, 0.99)},
        "stops_before_their_turn": to_be_called,
        "answer_s": {
            "p50": at([one.answered - one.asked for one in changes], 0.5),
            "p99": at([one.answered - one.asked for one in changes], 0.99),
        },
    }  # fmt: skip


def measure(made: list[Lane], book: Book, changes: int) -> dict[str, Any]:
    """Makes the changes of all three kinds at the same time."""
    settings, pauses, stops = made
    third = changes // 3
    with ThreadPoolExecutor(3) as pool:
        told = pool.submit(change_setting, settings, changes - third - third // 2 * 2)
        paused = pool.submit(pause_and_start, pauses, third // 2)
        stopped = pool.submit(stop_numbers, stops, third, 0.8)
        one, two, three = told.result(), paused.result(), stopped.result()
    time.sleep(WATCH_S)
    book.over.set()
    book.join()
    book.read()
    stopped_done, to_be_called = judged_stops(stops, three)
    done = [*judged_settings(settings, one), *two, *stopped_done]
    return judge(done, to_be_called) | {"made": [asdict(change) for change in done]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--contacts", type=int, default=3_300, help="of each of three campaigns")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-settings-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    centre = Centre(out, options.seed, free_port(0))
    try:
        made, book = lanes(centre, options.contacts)
        told = measure(made, book, options.changes)
        told |= {"calls": len(book.calls)}
        for lane in made:
            lane.manager.post(f"/campaigns/{lane.campaign}/finish")
    finally:
        centre.stop()
    told |= {
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }
    (out / "settings.json").write_text(json.dumps(told), encoding="utf-8")
    del told["made"]
    print(json.dumps(told, ensure_ascii=False))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
