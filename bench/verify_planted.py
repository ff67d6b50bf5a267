"""`./run verify planted`: bugs planted on purpose, each of which the simulation must find.

Each patch in `planted/` is laid over a copy of the sources, which then live through hard days
(`planted_days.py`), one seed after another, until a rule is broken; the seeds needed are printed. A bug
of the SIP layer, which those days do not run, lives through exchanges of two agents on a bad network
instead (`planted_exchange.py`). The sources as they are live through the same and break no rule, else
the search proves nothing. With
`--unit` the tests a patch says it survives are run on it too. Nothing touches this tree.

`planted/not_found` holds bugs that survive those tests and that no day has shown so far: what the
simulation has yet to learn. They are tried with `--patch` and counted nowhere.

The last line is one JSON object; exit 0 only where every bug was found and the clean sources broke
no rule.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from planting import LETTERS, BadPatch, Patch, copy_of, plant, read_patch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PATCHES = HERE / "planted"
DAYS = "planted_days.py"
EXCHANGES = "planted_exchange.py"
SEEDS = 500
PATCHES_LEAST = 30
EXCHANGES_LEAST = 50
"""Exchanges take a fraction of a second: more of them are lived through than any bug needs."""

STUCK_S = 300.0
"""A day that takes so long is a day in which time stands still: found as well."""


def search_of(patch: Patch) -> str:
    """Names the search that runs the code a patch changes."""
    below = all(name.startswith("src/vyzov/sip/") for name in patch.files)
    return EXCHANGES if below else DAYS


def days(sources: Path, last: int, search: str, *, keep_on: bool = False) -> dict[str, Any]:
    """Lives through seeds 1 to `last`; returns the first breach, and how many seeds it took."""
    command = [sys.executable, str(HERE / search), "1", str(last)]
    environment = os.environ | {"PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"}
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, *(["--all"] if keep_on else [])], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    told: list[dict[str, Any]] = []
    broken: dict[str, Any] | None = None
    watch = _Watchdog(process)
    for line in process.stdout:
        watch.feed()
        told.append(json.loads(line))
        if told[-1]["breaches"] and broken is None:
            broken = told[-1]
    watch.end()
    process.wait()
    error = process.stderr.read()
    found = broken["breaches"] if broken else []
    if watch.bit:
        found = [f"a day took longer than {STUCK_S:g} s"]
    elif process.returncode not in (0, 1) or not told:
        # What does not even start is found, by the first day there is.
        found = found or [error.strip().splitlines()[-1] if error.strip() else "it died"]
    return {
        "seeds": broken["seed"] if broken else len(told) + (1 if found else 0),
        "found": bool(found), "by": found[:3], "seconds": round(time.monotonic() - begun, 1),
        "checks": sum(one.get("checks", 0) for one in told),
    }  # fmt: skip


class _Watchdog:
    """Ends a process that has said nothing for too long."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        import threading

        self._process = process
        self._fed = threading.Event()
        self._over = threading.Event()
        self.bit = False
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def feed(self) -> None:
        self._fed.set()

    def end(self) -> None:
        self._over.set()
        self._fed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            if not self._fed.wait(STUCK_S):
                self.bit = True
                self._process.kill()
                return
            self._fed.clear()


def unit(sources: Path, tests: list[str]) -> dict[str, Any]:
    """Runs the tests a patch says it survives; `-name` leaves a file out."""
    paths = [one for one in tests if not one.startswith("-")]
    without = [f"--ignore={one[1:]}" for one in tests if one.startswith("-")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--timeout=600", *paths,
         *without],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return {"survives": done.returncode == 0, "killed_by": failed[:1]}


def judge(path: Path, seeds: int, *, with_unit: bool) -> dict[str, Any]:
    """Tries one patch."""
    told: dict[str, Any] = {"patch": path.stem}
    try:
        patch = read_patch(path)
        told |= {"breaks": patch.breaks, "what": patch.head.get("What", "")}
        with tempfile.TemporaryDirectory(prefix="planted-") as folder:
            sources = copy_of(ROOT / "src", Path(folder))
            plant(patch, Path(folder))
            if with_unit and patch.survives:
                told |= unit(sources, patch.survives)
            told["search"] = search_of(patch).removesuffix(".py")
            told |= days(sources, seeds, search_of(patch))
    except BadPatch as error:
        told |= {"found": False, "error": str(error)}
    told["named"] = _named(told)
    return told


def _named(told: dict[str, Any]) -> bool:
    """True where a breach of the very rule was seen that the patch says it breaks."""
    wanted = LETTERS.findall(str(told.get("breaks", "")))
    return any(mark in one for one in told.get("by", []) for mark in wanted)


def chosen(arguments: argparse.Namespace) -> list[Path]:
    if arguments.patch:
        return [Path(one) for one in arguments.patch]
    every = sorted(PATCHES.glob("*.patch"))
    if arguments.only:
        return [one for one in every if any(word in one.stem for word in arguments.only)]
    return every


def complete(paths: list[Path]) -> str:
    """Says what is wrong with the collection itself, "" where nothing is."""
    patches: list[Patch] = [read_patch(path) for path in paths]
    without = [one.name for one in patches if not (one.breaks and one.survives)]
    if without:
        return f"these say neither what they break nor what they survive: {', '.join(without)}"
    if len(patches) < PATCHES_LEAST:
        return f"there are {len(patches)} planted bugs, at least {PATCHES_LEAST} are promised"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="verify planted")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="days at most for each bug")
    parser.add_argument("--patch", action="append", help="try this patch from outside instead")
    parser.add_argument("--only", action="append", help="only patches with this in their name")
    parser.add_argument("--unit", action="store_true", help="run the tests they survive as well")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="folder for one JSON line a patch")
    parser.add_argument("--json", action="store_true", help="only the last line, as JSON")
    arguments = parser.parse_args()
    begun, paths = time.monotonic(), chosen(arguments)
    whole = not (arguments.patch or arguments.only)
    wrong = complete(paths) if whole else ""
    rows: list[dict[str, Any]] = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        asked = [
            pool.submit(judge, path, arguments.seeds, with_unit=arguments.unit) for path in paths
        ]
        for one in asked:
            rows.append(one.result())
            if not arguments.json:
                print(_line(rows[-1]), flush=True)
    needed = _deepest(rows, DAYS)
    clean = days(ROOT / "src", needed, DAYS)
    exchanges = days(ROOT / "src", max(_deepest(rows, EXCHANGES), EXCHANGES_LEAST), EXCHANGES)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)
        (arguments.out / "planted.jsonl").write_text(lines, encoding="utf-8")
    missed = [one["patch"] for one in rows if not one.get("found")]
    dead = [one["patch"] for one in rows if one.get("survives") is False]
    told = {
        "ok": not (missed or dead or wrong or clean["found"] or exchanges["found"]) and bool(rows),
        "planted": len(rows), "found": len(rows) - len(missed), "missed": missed,
        "found_by_their_own_rule": sum(bool(one["named"]) for one in rows),
        "killed_by_unit_tests": dead, "seeds_needed": {one["patch"]: one.get("seeds") for one in rows},
        "seeds_most": max(needed, _deepest(rows, EXCHANGES)), "clean": clean,
        "clean_exchanges": exchanges, "wrong": wrong, "seconds": round(time.monotonic() - begun, 1),
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False))
    return 0 if told["ok"] else 1


def _deepest(rows: list[dict[str, Any]], search: str) -> int:
    """How many seeds of a search the bug took that took most: the clean sources live through as many."""
    of_it = (one for one in rows if one.get("found") and f"{one.get('search')}.py" == search)
    return max((one["seeds"] for one in of_it), default=1)


def _line(told: dict[str, Any]) -> str:
    if told.get("error"):
        return f"BAD    {told['error']}"
    seen = f"seed {told['seeds']}: {told['by'][0]}" if told["found"] else "not found"
    unit_words = "" if told.get("survives", True) else f" (killed by {told['killed_by']})"
    return f"{'found ' if told['found'] else 'MISSED'} {told['patch']:<34} {seen[:110]}{unit_words}"


if __name__ == "__main__":
    sys.exit(main())
