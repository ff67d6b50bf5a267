"""Judges what a run of `verify_soak.py` left behind. Imports nothing of Vyzov, reads files only.

`samples.jsonl` holds what the processes held every ten seconds. The first sixth of the work is left
out as warming up; memory then is the median of a sixth, the second against the last. Prints one JSON
object.
"""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

GROWTH_MOST = 0.05
LAG_P99_MOST_MS = 20.0
PROCESSES = ("engine", "floor", "web")


def share_below(bounds: list[float], counts: list[int], share: float) -> float | None:
    """The bound below which this share of all lay, None beyond the last."""
    wanted, reached = share * sum(counts), 0
    for bound, count in zip(bounds, counts, strict=False):
        reached += count
        if reached >= wanted:
            return bound
    return None


def held_by(samples: list[dict[str, Any]], process: str, what: str) -> list[float]:
    return [one["processes"][process][what] for one in samples if process in one["processes"]]


def main() -> int:
    folder = Path(sys.argv[1])
    lines = (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    samples = [json.loads(line) for line in lines]
    work = [one for one in samples if one["phase"] == "work"]
    quiet = {
        phase: [one for one in samples if one["phase"] == phase]
        for phase in ("first_quiet", "last_quiet")
    }
    sixth = max(1, len(work) // 6)
    early, late = work[sixth : 2 * sixth], work[-sixth:]
    begun, over = work[0], work[-1]
    span = over["t"] - begun["t"]
    figures: dict[str, Any] = {
        "minutes": round(span / 60, 1),
        "samples": len(work),
        "calls": over["invites"] - begun["invites"],
        "calls_per_s": round((over["invites"] - begun["invites"]) / span, 2),
        "live_median": median(one["ringing"] + one["talking"] for one in work),
        "live_most": max(one["ringing"] + one["talking"] for one in work),
    }
    wrong = [
        f"calls lived on into {phase}"
        for phase, seen in quiet.items()
        if any(one["ringing"] + one["talking"] for one in seen)
    ]
    for name in PROCESSES:
        if len({one["processes"].get(name, {}).get("pid") for one in work}) != 1:
            wrong.append(f"{name} did not live through the run")
            continue
        before = median(held_by(early, name, "memory_mb"))
        after = median(held_by(late, name, "memory_mb"))
        growth = after / before - 1
        open_first, open_last = (
            (min(seen), max(seen))
            for seen in (held_by(quiet[phase], name, "descriptors") for phase in quiet)
        )
        cpu = over["processes"][name]["cpu_s"] - begun["processes"][name]["cpu_s"]
        figures[name] = {
            "memory_mb": [round(before, 1), round(after, 1)],
            "growth": round(growth, 4),
            "descriptors_quiet": [open_first, open_last],
            "descriptors_most": max(held_by(work, name, "descriptors")),
            "core_share": round(cpu / span, 3),
        }
        if growth > GROWTH_MOST:
            wrong.append(f"{name} grew by {growth:.1%}")
        # People with bad lines come and go: what is open moves with how many of them are away, and
        # what stays open for good raises the emptiest moment and the fullest alike.
        if open_last[0] > open_first[0] and open_last[1] > open_first[1]:
            wrong.append(f"{name} holds {open_last} descriptors, {open_first} before")
    told = over["pulse"]["lag_counts"]
    p99 = share_below(told["up_to_ms"], told["counts"], 0.99)
    figures["lag_p99_ms_below"] = p99
    figures["lag_p999_ms_below"] = share_below(told["up_to_ms"], told["counts"], 0.999)
    figures["lag_beats"] = sum(told["counts"])
    if p99 is None or p99 > LAG_P99_MOST_MS:
        wrong.append(f"lateness p99 is above {LAG_P99_MOST_MS} ms")
    report = {
        "name": "verify soak", "ok": not wrong, "figures": figures, "wrong": wrong,
        "goals": {"growth": GROWTH_MOST, "lag_p99_ms": LAG_P99_MOST_MS, "descriptors": 0},
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
