"""`./run verify sipp`: every SIPp scenario of ours on the wire, in fair and in bad weather.

Each call has a SIPp of its own as its carrier; all of them run over one engine, `--parallel` at
once. Bad weather is a seeded proxy before every carrier. A sample runs through the whole product,
database and operators included. Judged by `check_sipp.py`, which imports nothing of Vyzov.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from processes import HERE, judged

sys.path.insert(0, str(HERE.parent / "tests" / "telephony"))

from engine_lab import Lab
from sipp_floor import SAMPLE, FloorRun
from sipp_scenarios import Case, cases
from sipp_set import SippMissing, SippSet, program

from vyzov.pstn.chaos import Weather

SHARES = (0.0, 0.05, 0.2)
FLOOR_SHARES = (0.0, 0.05)
DELAY_S = 0.03
MISSING = 77
"""Nothing was verified because a part of the machine is missing: no success."""


def weather_of(share: float) -> Weather | None:
    """Loss, duplication and reordering of the same share each; none for 0."""
    return Weather(share, share, share, DELAY_S) if share else None


def folder(out: Path, what: str, share: float) -> Path:
    path = out / f"{what}-{share:g}"
    path.mkdir(parents=True, exist_ok=True)
    return path


async def engine_run(options: argparse.Namespace, chosen: list[Case], share: float) -> None:
    out = folder(options.out, "engine", share)
    async with Lab(out) as lab:
        weather = weather_of(share)
        one = SippSet(lab, out, parallel=options.parallel, weather=weather, seed=options.seed)
        await one.run(chosen)


async def floor_run(options: argparse.Namespace, chosen: list[Case], share: float) -> None:
    out = folder(options.out, "floor", share)
    sample = [case for case in chosen if case.name in SAMPLE]
    if sample:
        await FloorRun(out, weather=weather_of(share), seed=options.seed).run(sample)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--loss", type=float, help="only this share of loss, duplication and reordering, 0 to 0.5"
    )
    parser.add_argument("--parallel", type=int, default=20, help="calls at once")
    parser.add_argument("--only", help="only the cases whose names begin so")
    parser.add_argument("--no-floor", action="store_true", help="leave the whole product out")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    if options.loss is not None and not 0 <= options.loss <= 0.5:
        parser.error("--loss is a share from 0 to 0.5")
    try:
        program()
    except SippMissing as missing:
        print(f"verify sipp: {missing}", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else MISSING
    chosen = [case for case in cases() if case.name.startswith(options.only or "")]
    if not chosen:
        parser.error(f"no case begins with {options.only!r}")
    begun = time.monotonic()
    options.out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-sipp-"))).resolve()
    if any(options.out.glob("*/run.json")):
        parser.error(f"{options.out} holds an earlier run; name another folder")
    logging.basicConfig(level=logging.ERROR)
    for share in SHARES if options.loss is None else (options.loss,):
        uvloop.run(engine_run(options, chosen, share))
        if not options.no_floor and (options.loss is not None or share in FLOOR_SHARES):
            uvloop.run(floor_run(options, chosen, share))
    return judged("check_sipp.py", options.out, begun, options.seed)


if __name__ == "__main__":
    sys.exit(main())
