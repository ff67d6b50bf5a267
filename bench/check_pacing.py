"""Judges `verify pacing`: do hours at the network in a box lie within what simulated hours predict?

`figures FACTS MINUTES` folds one run's facts into the figures below, the same way for both kinds of
run. `judge FOLDER` lays each box run beside the simulated ones: every figure must lie within the
prediction interval, and the network's own ledger must tell of the same calls. Imports nothing of
Vyzov. The last line is one JSON object.
"""

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
COVERAGE = 0.99
BUSY = ("previewing", "dialing", "talking", "hold", "wrap_up")
STAFFED = (*BUSY, "ready", "reserved", "no_device")
IDLE = ("ready", "reserved")
IN_CALL = ("talking", "hold")
KINDS = ("dialing", "ringing", "answered", "bridged", "abandoned", "agent_state")
"""The facts that figures are made of: a floor writes them all, by one clock."""
PERCENTILES = (10, 50, 90)
FIGURES = (
    "calls", "answers", "occupancy", "abandonment",
    *(f"ring_p{one}_s" for one in PERCENTILES), *(f"idle_p{one}_s" for one in PERCENTILES),
)  # fmt: skip
COUNTS = ("calls", "answers")
"""Told with their interval, and no part of the verdict, which is of shares and times."""

RING_APART_S = 0.25
"""The product and the network may differ by so much in when somebody picked up."""


def lines_of(path: Path) -> Iterator[Json]:
    """Yields the objects of a file of JSON lines; a last one cut short is left out."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n") and line.strip():
                yield json.loads(line)


def percentile(values: list[float], percent: float) -> float:
    """Returns a percentile, linear between neighbours; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def figures(facts: list[Json], minutes: float) -> Json:
    """Returns the figures of a run's first so many minutes from its first call on."""
    facts = [fact for fact in facts if fact["kind"] in KINDS]
    clocks = {fact["clock_id"] for fact in facts}
    if len(clocks) != 1:
        raise ValueError(f"The facts are of {len(clocks)} lives of a floor, and no time spans two.")
    begin = min(moment(fact) for fact in facts if fact["kind"] == "dialing")
    end = begin + 60.0 * minutes
    within = [fact for fact in facts if begin <= moment(fact) < end]
    rings, answers = ring_times(facts, within)
    left = {fact["attempt"] for fact in within if fact["kind"] == "abandoned"} | {
        fact["attempt"]
        for fact in within
        if fact["kind"] == "bridged" and fact["data"].get("within_limit") is False
    }
    occupancy, idle = desks(facts, begin, end)
    found: Json = {
        "calls": sum(1 for fact in within if fact["kind"] == "dialing"),
        "answers": answers,
        "occupancy": occupancy,
        "abandonment": len(left) / answers if answers else math.nan,
    }
    for percent in PERCENTILES:
        found[f"ring_p{percent}_s"] = percentile(rings, percent)
        found[f"idle_p{percent}_s"] = percentile(idle, percent)
    rounded: Json = {
        name: None if math.isnan(value := found[name]) else round(value, 5) for name in FIGURES
    }
    return rounded | {"abandoned": len(left), "idles": len(idle), "last_s": last_of(facts, begin)}


def moment(fact: Json) -> float:
    """When a fact was, in seconds of its floor's own clock."""
    return fact["monotonic_ns"] / 1e9


def last_of(facts: list[Json], begin: float) -> float:
    """How many seconds after the first call the last one was placed."""
    return round(max(moment(fact) for fact in facts if fact["kind"] == "dialing") - begin, 1)


def ring_times(facts: list[Json], within: list[Json]) -> tuple[list[float], int]:
    """Returns how long each answered call rang, and how many were answered."""
    rang: dict[str, float] = {}
    for fact in facts:
        if fact["kind"] == "ringing":
            rang.setdefault(fact["attempt"], moment(fact))
    answered = [fact for fact in within if fact["kind"] == "answered"]
    spans = [moment(fact) - rang[fact["attempt"]] for fact in answered if fact["attempt"] in rang]
    return spans, len(answered)


def desks(facts: list[Json], begin: float, end: float) -> tuple[float, list[float]]:
    """Returns the occupancy of all operators, and how long each waited between two calls."""
    stories: dict[str, list[tuple[float, str]]] = {}
    for fact in facts:
        if fact["kind"] == "agent_state":
            story = stories.setdefault(fact["agent"], [])
            story.append((moment(fact), str(fact["data"]["state"])))
    busy = staffed = 0.0
    idle: list[float] = []
    for story in stories.values():
        following = [at for at, _ in story[1:]] + [math.inf]
        for (since, state), until in zip(story, following, strict=True):
            span = max(0.0, min(until, end) - max(since, begin))
            busy += span if state in BUSY else 0.0
            staffed += span if state in STAFFED else 0.0
        idle += waits(story, begin, end)
    return (busy / staffed if staffed else math.nan), idle


def waits(story: list[tuple[float, str]], begin: float, end: float) -> list[float]:
    """Returns one operator's waits from the end of a call to the next one, both in the time."""
    found: list[float] = []
    free_since: float | None = None
    worked = False
    for at, state in story:
        if state in IN_CALL:
            if worked and free_since is not None and begin <= free_since and at < end:
                found.append(at - free_since)
            free_since, worked = None, True
        elif state in IDLE:
            free_since = at if free_since is None else free_since
        else:
            free_since = None
    return found


# ---- the network's own book ----------------------------------------------------------------------


def beside_ledger(folder: Path, facts: list[Json], minutes: float) -> Json:
    """Compares the product's facts with what the network saw; all but the counts must be 0.

    Operators are in trouble when the centre is shut down: what comes after the time is left out."""
    calls: dict[str, Json] = {}
    second = 0
    for line in lines_of(folder / "ledger.jsonl"):
        if line["rec"] == "call":
            calls[line["call_id"]] = line
        second += line["rec"] == "second_call"
    ids = {f["attempt"]: f["data"]["call_id"] for f in facts if f["kind"] == "dialing"}
    answered = {f["attempt"]: moment(f) for f in facts if f["kind"] == "answered"}
    rang = {f["attempt"]: moment(f) for f in facts if f["kind"] == "ringing"}
    picked_up = {key for key, call in calls.items() if call["answered_at"] is not None}
    apart = 0
    for attempt, at in answered.items():
        call = calls.get(ids[attempt])
        if call is not None and call["answered_at"] is not None and attempt in rang:
            seen = call["answered_at"] - call["rung_at"]
            apart += abs(seen - (at - rang[attempt])) > RING_APART_S
    end = min(moment(f) for f in facts if f["kind"] == "dialing") + 60.0 * minutes
    diary = [one["rec"] for one in lines_of(folder / "operators.jsonl") if one["t"] < end]
    return {
        "calls_on_the_wire": len(calls),
        "not_in_facts": len(calls.keys() - set(ids.values())),
        "not_on_the_wire": len(set(ids.values()) - calls.keys()),
        "answers_of_one_side": len(picked_up ^ {ids[one] for one in answered}),
        "rings_apart": apart,
        "second_calls": second,
        "operators_in_trouble": sum(1 for rec in diary if rec in ("trouble", "drop")),
    }


# ---- the verdict ---------------------------------------------------------------------------------


def interval(values: list[float]) -> tuple[float, float, float]:
    """Returns the prediction interval of one more value, and what share of such values it holds.

    Of n + 1 values that are alike each is as likely the k-th as any other: the next one lies between
    the k-th smallest and the k-th largest of n in (n + 1 - 2k) of n + 1 cases, whatever the law."""
    ordered = sorted(values)
    count = len(ordered)
    rank = max(1, int((count + 1) * (1.0 - COVERAGE) / 2))
    held = (count + 1 - 2 * rank) / (count + 1)
    return ordered[rank - 1], ordered[-rank], held


def judged(simulated: list[Json], boxes: list[Json]) -> tuple[list[Json], list[str]]:
    """Returns a row for each figure, and the judged figures of box runs that lie outside."""
    rows: list[Json] = []
    outside: list[str] = []
    for name in FIGURES:
        values = [float(run[name]) for run in simulated if run[name] is not None]
        if len(values) < len(simulated):
            outside.append(f"{name}: nothing came of it in {len(simulated) - len(values)} runs")
            continue
        low, high, held = interval(values)
        row: Json = {
            "figure": name, "judged": name not in COUNTS,
            "low": low, "high": high, "coverage": round(held, 4),
            "simulated_mean": round(sum(values) / len(values), 5),
            "simulated_percentiles": {
                str(one): round(percentile(values, one), 5) for one in (0.5, 5, 50, 95, 99.5)
            },
            "box": [],
        }  # fmt: skip
        for number, run in enumerate(boxes, 1):
            found = run[name]
            inside = found is not None and low <= found <= high
            below = 0 if found is None else sum(value < found for value in values)
            above = round(below / len(values), 3)
            row["box"].append({"value": found, "inside": inside, "above_share": above})
            if not inside and name not in COUNTS:
                outside.append(f"{name} of box run {number}")
        rows.append(row)
    return rows, outside


def judge(folder: Path) -> Json:
    """Returns the verdict over a folder; docs/formats.md says what it holds."""
    asked = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    simulated = [line["figures"] for line in lines_of(folder / "simulated.jsonl")]
    boxes: list[Json] = []
    books: list[Json] = []
    for place in sorted(path for path in folder.glob("box-*") if path.is_dir()):
        facts = list(lines_of(place / "facts.jsonl"))
        boxes.append(figures(facts, asked["minutes"]))
        books.append(beside_ledger(place, facts, asked["minutes"]))
    short = [
        f"box run {number} placed its last call after {run['last_s']} s"
        for number, run in enumerate(boxes, 1)
        if run["last_s"] < 60.0 * asked["minutes"] - 30.0
    ]
    wrong = [
        f"{name} of box run {number}: {count}"
        for number, book in enumerate(books, 1)
        for name, count in book.items()
        if name != "calls_on_the_wire" and count
    ]
    rows, outside = judged(simulated, boxes) if simulated and boxes else ([], [])
    return {
        "ok": bool(rows) and not outside and not wrong and not short,
        "minutes": asked["minutes"], "hurry": asked["hurry"],
        "simulated": len(simulated), "box_runs": len(boxes),
        "figures": rows, "outside": outside, "books": books, "wrong": wrong + short,
        "by_chance": round((1 - COVERAGE) * (len(FIGURES) - len(COUNTS)) * len(boxes), 2),
    }  # fmt: skip


def main() -> int:
    if len(sys.argv) == 4 and sys.argv[1] == "figures":
        facts = list(lines_of(Path(sys.argv[2])))
        print(json.dumps(figures(facts, float(sys.argv[3]))))
        return 0
    if len(sys.argv) == 3 and sys.argv[1] == "judge":
        told = judge(Path(sys.argv[2]))
        print(json.dumps(told))
        return 0 if told["ok"] else 1
    print("check_pacing.py figures FACTS MINUTES | judge FOLDER", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
