"""`./run verify pacing`: the same centre in virtual time and, with real SIP and RTP, in real time.

One scenario file says who is called, how long they ring and talk, who works and how long they write.
It runs `--simulated` times on `Floor.step` in virtual time and `--runs` times, `--minutes` each, as
real processes: the network in a box, Vyzov, program operators. `check_pacing.py` folds the facts of
both the same way; every figure of every box run must lie within the 99 % prediction interval that the
simulated runs give. And what a simulated floor was told is fed to the dialer's own floor by
`vyzov replay`, as are the records that the floors of the box runs wrote of themselves: each must decide
the same, to the digest. The last line is one JSON object; a run that was broken off goes on in `--out`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pacing_box import hurried, live_through

from vyzov import __version__
from vyzov.core.facts import to_json
from vyzov.simulation.recording import Recorder
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import Scenario
from vyzov.simulation.scenario_file import read_scenario

HERE = Path(__file__).resolve().parent
SCENARIO = HERE.parent / "examples" / "scenarios" / "box.toml"
JUDGE = HERE / "check_pacing.py"
APART_S = 4.0
"""Box runs side by side begin one after the other, so that no two look for free ports at once."""
AFTER_S = 10.0
BOX_SEEDS = 1_000_000


def options_of() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run verify pacing", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of each run, real or made up")
    parser.add_argument("--hurry", type=float, default=1.0, help="divides people's times in both")
    parser.add_argument("--simulated", type=int, default=200, help="runs in virtual time")
    parser.add_argument("--runs", type=int, default=3, help="runs at the box, in real time")
    parser.add_argument("--side-by-side", type=int, default=1, help="box runs at the same time")
    parser.add_argument("--only", choices=("box", "simulated", "replay", "judge"))
    parser.add_argument("--scenario", type=Path, default=SCENARIO)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    return parser.parse_args()


def main() -> int:
    asked = options_of()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    begun = time.monotonic()
    out: Path = (asked.out or Path(tempfile.mkdtemp(prefix="vyzov-pacing-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    if asked.place:
        folder = out / f"box-{asked.place}"
        live_through(asked.scenario.resolve(), folder, BOX_SEEDS + asked.seed + asked.place,
                     asked.minutes, asked.hurry)  # fmt: skip
        return 0
    settled = {
        "minutes": asked.minutes, "hurry": asked.hurry, "scenario": asked.scenario.name,
        "seed": asked.seed,
    }  # fmt: skip
    same_as_before(out / "run.json", settled)
    say = nothing if asked.json else print
    if asked.only in (None, "simulated"):
        simulate(asked, out, say)
    if asked.only in (None, "box"):
        run_boxes(asked, out)
    if asked.only == "simulated":
        return 0
    replays = [] if asked.only in ("box", "judge") else replayed(asked, out)
    if asked.only == "replay":
        return told_of_replays(replays)
    return verdict(asked, out, begun, replays)


def nothing(_words: str) -> None:
    return


def same_as_before(file: Path, settled: dict[str, object]) -> None:
    """Refuses to go on in a folder whose runs were of something else."""
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) != settled:
        raise SystemExit(f"{file} is of another run: name another folder with --out.")
    file.write_text(json.dumps(settled) + "\n", encoding="utf-8")


# ---- virtual time


def made_up(file: Path, minutes: float, hurry: float) -> Scenario:
    """The scenario as long as a box run, nobody looking on: what is judged are its facts."""
    scenario = hurried(read_scenario(file), hurry)
    span_s = scenario.campaigns[0].begins_s + 60.0 * minutes + AFTER_S
    return replace(
        scenario, span_s=span_s, ends_when_done=False, settles=False, watched=False,
        shows_screens=False, in_memory=True,
    )  # fmt: skip


def simulate(asked: argparse.Namespace, out: Path, say: Callable[[str], None]) -> None:
    """Runs what is missing of the simulated runs and has the judge fold the facts of each."""
    scenario = made_up(asked.scenario, asked.minutes, asked.hurry)
    told = out / "simulated.jsonl"
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    done = {json.loads(line)["seed"] for line in lines}
    facts = out / "facts-simulated.jsonl"
    for seed in range(asked.seed, asked.seed + asked.simulated):
        if seed in done:
            continue
        outcome = run_scenario(scenario, seed)
        with facts.open("w", encoding="utf-8") as file:
            for number, fact in enumerate(outcome.facts, 1):
                file.write(json.dumps({"seq": number, **to_json(fact)}) + "\n")
        folded = subprocess.run(
            [sys.executable, "-I", str(JUDGE), "figures", str(facts), str(asked.minutes)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        with told.open("a", encoding="utf-8") as file:
            line = {"seed": seed, "digest": outcome.digest, "figures": json.loads(folded.stdout)}
            file.write(json.dumps(line) + "\n")
        say(f"simulated seed {seed}: {folded.stdout.strip()}")


# ---- real time


def run_boxes(asked: argparse.Namespace, out: Path) -> None:
    """Runs what is missing of the box runs, each a process with its own centre."""
    waiting = [
        place
        for place in range(1, asked.runs + 1)
        if not (out / f"box-{place}" / "facts.jsonl").exists()
    ]
    running: list[tuple[int, subprocess.Popen[bytes]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < max(1, asked.side_by_side):
                time.sleep(APART_S if running else 0.0)
                place = waiting.pop(0)
                running.append((place, start_box(asked, out, place)))
            place, process = running.pop(0)
            if process.wait() != 0:
                raise SystemExit(f"box run {place} failed; read {out / f'box-{place}.log'}")
    finally:
        for _, process in running:
            if process.poll() is None:
                process.terminate()


def start_box(asked: argparse.Namespace, out: Path, place: int) -> "subprocess.Popen[bytes]":
    with (out / f"box-{place}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "--place", str(place),
             "--minutes", str(asked.minutes), "--seed", str(asked.seed), "--out", str(out),
             "--scenario", str(asked.scenario.resolve()), "--hurry", str(asked.hurry)],
            stdout=log, stderr=log, env=os.environ,
        )  # fmt: skip


# ---- the same events, the same decisions


def replayed(asked: argparse.Namespace, out: Path) -> list[dict[str, object]]:
    """Feeds what floors were told to a floor once more, each in a process of its own."""
    life = out / "floor-simulated.jsonl"
    recorder = Recorder(lambda _number: life.open("w", encoding="ascii"), __version__)
    run_scenario(made_up(asked.scenario, asked.minutes, asked.hurry), asked.seed, recorder=recorder)
    lives = sorted(out.glob("box-*/data/replay/floor-*.jsonl"))
    return [
        again(life, "simulated"), *(again(one, one.relative_to(out).parts[0]) for one in lives)
    ]  # fmt: skip


def again(life: Path, whose: str) -> dict[str, object]:
    """Runs a recorded life again; `alike` where every decision is the one that was made."""
    with life.open(encoding="utf-8") as file:
        lines = file.read().splitlines()
    last = json.loads(lines[-1])
    done = subprocess.run(
        [sys.executable, "-m", "vyzov", "replay", str(life), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout or "{}")
    alike = bool(told.get("ok")) and told["digest"] == last.get("digest")
    placed = sum(line.count('"Originate"') for line in lines)
    return {
        "whose": whose, "alike": alike, "steps": told.get("steps"), "placed": placed,
        "decisions": told.get("decisions"), "digest": told.get("digest"), "was": last.get("digest"),
        "first_difference": told.get("first_difference"),
    }  # fmt: skip


def told_of_replays(replays: list[dict[str, object]]) -> int:
    ok = all(one["alike"] and one["placed"] for one in replays)
    print(json.dumps({"verify": "pacing", "ok": ok, "replays": replays}))
    return 0 if ok else 1


# ---- the verdict


def verdict(
    asked: argparse.Namespace, out: Path, begun: float, replays: list[dict[str, object]]
) -> int:
    done = subprocess.run(
        [sys.executable, "-I", str(JUDGE), "judge", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        print(done.stderr, file=sys.stderr)
        return 1
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if not asked.json:
        for line in table(found):
            print(line)
    found["ok"] = found["ok"] and all(one["alike"] and one["placed"] for one in replays)
    found |= {
        "verify": "pacing", "replays": replays, "scenario": asked.scenario.name, "seed": asked.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }  # fmt: skip
    print(json.dumps(found))
    return 0 if found["ok"] else 1


def table(found: dict[str, Any]) -> list[str]:
    """The figures as people read them: the interval, and each box run, `!` where it is outside."""
    lines = [f"{'':<14}{'mean':>10}{'low':>10}{'high':>10}   the box"]
    for row in found["figures"]:
        box = "".join(
            f"{'-' if one['value'] is None else format(one['value'], '.4g'):>10}"
            f"{' ' if one['inside'] else '!'}"
            for one in row["box"]
        )
        lines.append(
            f"{row['figure']:<14}{row['simulated_mean']:>10.4g}{row['low']:>10.4g}"
            f"{row['high']:>10.4g}   {box}"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
