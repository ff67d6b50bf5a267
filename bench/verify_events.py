"""`./run verify events`: event streams told badly end in the same state as the ordered stream.

Each stream is one call's events, told to a fresh floor once in order and once doubled, out of order,
late (up to ten minutes), missing or among strangers' events; what is missing is fetched by the
floor's own roll calls and snapshots. The attempt's row, the facts by their keys and the contact's
place must be equal. The last line is one JSON object.
"""

import argparse
import json
import sys
import time
from collections import Counter
from random import Random
from typing import Any

from vyzov import __version__
from vyzov.simulation.streams import IN_ORDER, TELLINGS, EndState, recorded, told

EACH = 60
"""How many streams are told of one recorded call."""


def main() -> int:
    """Tells so many streams; 0 only where all ended alike."""
    options = argparse.ArgumentParser(prog="./run verify events", description=__doc__)
    options.add_argument("--count", type=int, default=10_000, help="how many streams")
    options.add_argument("--json", action="store_true", help="nothing but the JSON object")
    asked = options.parse_args()
    began, seed, empty = time.process_time(), 0, 0
    streams: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    unlike: list[dict[str, Any]] = []
    while streams.total() < asked.count:
        seed += 1
        recording = recorded(seed)
        ordered = told(recording, IN_ORDER, Random(0))
        if not ordered.attempt:
            empty += 1
            continue
        outcomes[str(ordered.attempt[2])] += 1
        for place in range(min(EACH, asked.count - streams.total())):
            name = list(TELLINGS)[place % len(TELLINGS)]
            got = told(recording, TELLINGS[name], Random(f"{seed}/{place}"))
            streams[name] += 1
            if got != ordered:
                unlike.append(_unlike(seed, place, name, ordered, got))
        if not asked.json and seed % 20 == 0:
            print(f"{streams.total():,} streams, {len(unlike)} unlike", flush=True)
    good = not unlike
    result = {
        "verify": "events", "version": __version__, "ok": good, "streams": streams.total(),
        "by_kind": dict(streams), "calls": seed - empty, "outcomes": dict(outcomes),
        "unlike": len(unlike), "first_unlike": unlike[:10],
        "bound_95": round(3 / streams.total(), 6) if good else None,
        "cpu_s": round(time.process_time() - began, 1),
    }  # fmt: skip
    print(json.dumps(result))
    return 0 if good else 1


def _unlike(seed: int, place: int, name: str, ordered: EndState, got: EndState) -> dict[str, Any]:
    return {
        "seed": seed, "stream": place, "telling": name,
        "ordered": [str(value) for value in (*ordered.attempt, *ordered.entry)],
        "got": [str(value) for value in (*got.attempt, *got.entry)],
        "facts": sorted(ordered.facts ^ got.facts)[:10],
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
