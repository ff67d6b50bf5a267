"""`./run verify soak`: an hour of a whole centre's work; memory, descriptors and lateness are watched.

A centre with program operators calls a made-up town through the network in a box: new calls come as
fast as the trunk's limit lets them (`--rate`), some dozens live at once, those with operators are
recorded. Every ten seconds the memory and open descriptors of engine, floor and web are written down
with the engine's own pulse. After a sixth of the time and at the end the campaigns pause until no
call lives: what is open then must be the same. `check_soak.py` judges; the last line is one JSON object.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from processes import judged, vyzov_parts
from verify_crash import Ledger

from vyzov.cli.demo import Centre, open_centre

SAMPLE_S = 10.0
CONTACTS_MAX = 10_000
QUIET_S = 120.0
STILL_S = 90.0
PAGE_KB = 4


def held(pid: int) -> dict[str, float]:
    """Resident memory in MB, open descriptors and processor seconds of a process."""
    folder = Path(f"/proc/{pid}")
    stat = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return {
        "memory_mb": int((folder / "statm").read_text(encoding="ascii").split()[1]) * PAGE_KB / 1e3,
        "descriptors": sum(1 for _ in (folder / "fd").iterdir()),
        "cpu_s": (int(stat[11]) + int(stat[12])) / 100,
    }


def sample(centre: Centre, ledger: Ledger, phase: str) -> dict[str, Any]:
    """What the processes hold now, and how many calls live."""
    serve = next(process for name, process in centre.processes if name == "vyzov")
    ledger.read()
    found: dict[str, Any] = {
        "t": time.monotonic(), "phase": phase, "invites": ledger.invites,
        "ringing": len(ledger.ringing), "talking": len(ledger.talking), "processes": {},
    }  # fmt: skip
    for name, pid in vyzov_parts(serve.pid).items():
        with contextlib.suppress(OSError):
            found["processes"][name] = {"pid": pid, **held(pid)}
    with contextlib.suppress(OSError, ValueError):
        pulse = centre.out / "data" / "run" / "engine.pulse.json"
        found["pulse"] = json.loads(pulse.read_text(encoding="utf-8"))
    return found


def watch(
    centre: Centre, ledger: Ledger, file: Any, phase: str, seconds: float, every_s: float = SAMPLE_S
) -> None:  # fmt: skip
    """Writes a sample every so often for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(every_s, max(0.1, end - time.monotonic())))
        gone = centre.died()
        if gone:
            raise RuntimeError(f"{gone} ended in mid-run; read {centre.out / gone}.log")
        one = sample(centre, ledger, phase)
        file.write(json.dumps(one) + "\n")
        file.flush()


def fall_quiet(centre: Centre, ledger: Ledger, file: Any, phase: str) -> None:
    """Waits until no call lives, then looks for a while, closely: people with bad lines lose their
    browsers and come back all the time, and what is open then is told by the emptiest moment."""
    end = time.monotonic() + QUIET_S
    while time.monotonic() < end:
        ledger.read()
        if not ledger.ringing and not ledger.talking:
            break
        time.sleep(1.0)
    watch(centre, ledger, file, phase, STILL_S, every_s=1.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=2.5, help="new calls a second, at most")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-soak-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    centre = Centre(out, options.seed, 0)
    contacts = min(CONTACTS_MAX, int(options.minutes * 60 * options.rate) + 200)
    try:
        manager, campaigns = open_centre(centre, contacts, headless=True, say=print)
        for trunk in manager.get("/trunks")["items"]:
            manager.patch(f"/trunks/{trunk['id']}", calls_per_second=options.rate)
        ledger = Ledger(out / "ledger.jsonl")
        with (out / "samples.jsonl").open("w", encoding="utf-8") as file:
            watch(centre, ledger, file, "work", options.minutes * 10)
            for campaign in campaigns:
                manager.post(f"/campaigns/{campaign['id']}/pause")
            fall_quiet(centre, ledger, file, "first_quiet")
            for campaign in campaigns:
                manager.post(f"/campaigns/{campaign['id']}/start")
            watch(centre, ledger, file, "work", options.minutes * 50)
            for campaign in campaigns:
                manager.post(f"/campaigns/{campaign['id']}/finish")
            fall_quiet(centre, ledger, file, "last_quiet")
    finally:
        centre.stop()
    return judged("check_soak.py", out, begun, options.seed)


if __name__ == "__main__":
    sys.exit(main())
