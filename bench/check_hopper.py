"""Works out the figures of `bench hopper` from what DIR holds; imports nothing of Vyzov.

`samples.csv`: what each call of the store took. The next contact must not cost more because the queue
is long (p50 and p99, of the longest queue against the shortest) or because many attempts were made
(of the worn database against its fresh twin), with any share of the queue closed. `originates.json`:
a whole floor must sustain the rate asked for in any ten seconds, and send nothing too late.

By the clock a p99 is soon that of whatever else the machine does. SQLite works in the thread that asks,
so there the p99 of processor time may stand for it; the p50 by the clock is asked for in any case.
"""

import csv
import json
import math
import sys
from collections import defaultdict
from pathlib import Path

SIZE_RATIO_MAX = 1.5
WEAR_RATIO_MAX = 3.0
RATE_SHARE_MIN = 0.97
WORN_JUDGED = ("next", "refill", "reserve")

IN_THE_THREAD = "sqlite"

Cell = tuple[str, str, int, int, int, str]
"""Store, pair, contacts, attempts made before, hundredths closed, what was asked."""
Samples = dict[Cell, list[tuple[float, float]]]
"""Milliseconds by the clock and of processor time."""


def percentile(values: list[float], share: float) -> float:
    """The smallest value that is not exceeded by this share of all (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def clock(values: list[tuple[float, float]]) -> list[float]:
    return [value[0] for value in values]


def cpu(values: list[tuple[float, float]]) -> list[float]:
    return [value[1] for value in values]


def read(path: Path) -> Samples:
    cells: Samples = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["store"], row["pair"], int(row["contacts"]), int(row["churned"]),
                   int(row["closed"]), row["what"])  # fmt: skip
            cells[key].append((float(row["ms"]), float(row["cpu_ms"])))
    return cells


def figures(cells: Samples) -> list[dict[str, object]]:
    return [
        {
            "store": store, "pair": pair, "contacts": contacts, "attempts_before": churned,
            "closed": closed, "what": what, "samples": len(values),
            "p50_ms": round(percentile(clock(values), 0.5), 4),
            "p99_ms": round(percentile(clock(values), 0.99), 4),
            "worst_ms": round(max(clock(values)), 4),
            "p50_cpu_ms": round(percentile(cpu(values), 0.5), 4),
            "p99_cpu_ms": round(percentile(cpu(values), 0.99), 4),
        }
        for (store, pair, contacts, churned, closed, what), values in sorted(cells.items())
    ]  # fmt: skip


def ratios(cells: Samples) -> list[dict[str, object]]:
    """Every comparison that was promised, with its limit."""
    found: list[dict[str, object]] = []
    sizes = sorted({cell[2] for cell in cells if cell[1] == "size"})
    for cell in sorted(cells):
        store, pair, contacts, churned, closed, what = cell
        if pair == "size" and contacts == sizes[-1] and len(sizes) > 1:
            base: Cell = (store, pair, sizes[0], 0, closed, what)
            judged, limit, name = what == "next", SIZE_RATIO_MAX, "size"
        elif pair == "churn" and churned:
            base = (store, pair, contacts, 0, closed, what)
            judged, limit, name = what in WORN_JUDGED, WEAR_RATIO_MAX, "wear"
        else:
            continue
        if base not in cells:
            continue
        many, few = cells[cell], cells[base]
        p50 = percentile(clock(many), 0.5) / percentile(clock(few), 0.5)
        p99 = percentile(clock(many), 0.99) / percentile(clock(few), 0.99)
        p99_cpu = percentile(cpu(many), 0.99) / percentile(cpu(few), 0.99)
        best = min(p99, p99_cpu) if store == IN_THE_THREAD else p99
        found.append({
            "store": store, "by": name, "closed": closed, "what": what,
            "p50_ratio": round(p50, 2), "p99_ratio": round(p99, 2),
            "p99_cpu_ratio": round(p99_cpu, 2),
            "limit": limit if judged else None,
            "ok": not judged or (p50 <= limit and best <= limit),
        })  # fmt: skip
    return found


def judged(told: dict[str, object]) -> bool:
    """True where a floor sustained its rate and the engine took every originate in time."""
    rate, slowest = float(str(told["rate"])), float(str(told["slowest_10_s"]))
    return slowest >= RATE_SHARE_MIN * rate and not told["refused_by_engine"] and not told["died"]


def main() -> int:
    folder = Path(sys.argv[1])
    result: dict[str, object] = {"bench": "hopper"}
    checks: list[bool] = []
    if (folder / "samples.csv").is_file():
        cells = read(folder / "samples.csv")
        compared = ratios(cells)
        result |= {
            "sizes": json.loads((folder / "sizes.json").read_text(encoding="utf-8")),
            "figures": figures(cells), "ratios": compared,
        }  # fmt: skip
        checks += [bool(one["ok"]) for one in compared]
    if (folder / "originates.json").is_file():
        floors = json.loads((folder / "originates.json").read_text(encoding="utf-8"))
        result["originates"] = [{**told, "ok": judged(told)} for told in floors]
        checks += [judged(told) for told in floors]
    result["ok"] = bool(checks) and all(checks)
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
