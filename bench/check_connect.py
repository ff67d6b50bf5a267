"""Works out the figures of `bench connect` from DIR/calls.csv; imports nothing of Vyzov.

A call counts where both sides heard each other; one that did not makes the bench fail.
"""

import csv
import json
import math
import sys
from pathlib import Path

P99_MS = 50.0
PHASES = ("idle", "loaded")
WAYS = {"to_operator": "customer_at", "to_carrier": "operator_at"}


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def main() -> int:
    rows = list(csv.DictReader((Path(sys.argv[1]) / "calls.csv").open(encoding="utf-8")))
    figures: dict[str, float] = {"calls": len(rows)}
    deaf = [row for row in rows if row["heard"] != "1"]
    figures["calls_not_heard"] = len(deaf)
    ok = bool(rows) and not deaf
    for phase in PHASES:
        for way, column in WAYS.items():
            spans = [
                (float(row[column]) - float(row["answered_at"])) * 1000
                for row in rows
                if row["phase"] == phase and row["heard"] == "1"
            ]
            if not spans:
                ok = False
                continue
            for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
                figures[f"{phase}_{way}_{name}_ms"] = round(percentile(spans, share), 2)
            ok = ok and figures[f"{phase}_{way}_p99_ms"] <= P99_MS
    print(
        json.dumps({"name": "connect", "ok": ok, "figures": figures, "goals": {"p99_ms": P99_MS}})
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
