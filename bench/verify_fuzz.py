"""`./run verify fuzz`: throws mutated bytes at every parser, guided by what they make it do.

Each target of `fuzz/targets.py` runs in a process of its own, `--jobs` of them at a time. A crash, a
hang, a slow input or growing memory is a finding; its input is kept in DIR and the exit is 1.
The judgement rests on what libFuzzer counted and on the process's own memory.

    ./run verify fuzz --runs 2000000            before a release
    ./run verify fuzz --runs 100000             as CI does
    ./run verify fuzz --target sip_message --runs 500000 --keep
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
CORPUS = FUZZ / "corpus"
RELEASE_RUNS = 2_000_000
GROWTH_MOST_MB = 60.0
"""The memory a target may gain after its first fifth: libFuzzer keeps new inputs there too."""
RUNS_LEAST = 1000
INPUT_MOST = 2048
BYTES_PER_TARGET = 28_000
MISSING = 77
BAD = ("crash-", "timeout-", "oom-", "leak-", "slow-unit-")
_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+)\s+ft: (\d+).*?exec/s: (\d+)", re.DOTALL)
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


def have_atheris() -> bool:
    try:
        import atheris  # noqa: F401
    except ImportError:
        return False
    return True


def fuzz(name: str, runs: int, seed: int, out: Path) -> dict[str, Any]:
    """Fuzzes one target and returns what came of it."""
    new, notes = out / name, out / f"{name}.json"
    begun = time.monotonic()
    corpus = CORPUS / name
    command = [
        sys.executable, str(FUZZ / "fuzz_one.py"), name, "--runs", str(runs), "--seed", str(seed),
        "--new", str(new), "--notes", str(notes),
        *(["--corpus", str(corpus)] if corpus.is_dir() else []),
    ]  # fmt: skip
    log = out / f"{name}.log"
    with log.open("wb") as sink:
        done = subprocess.run(command, stdout=sink, stderr=sink, check=False)
    text = log.read_text(encoding="utf-8", errors="replace")
    told: dict[str, Any] = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    found = _DONE.search(text)
    covered = _COVERED.findall(text)
    failed = sorted(path.name for path in new.glob("*") if path.name.startswith(BAD))
    growth = told.get("rss_last_mb", 0.0) - told.get("rss_first_mb", 0.0)
    result: dict[str, Any] = {
        "target": name,
        "runs": int(found[1]) if found else 0,
        "edges": int(found[2]) if found else (int(covered[-1][0]) if covered else 0),
        "per_s": int(found[4]) if found else 0,
        "findings": failed,
        "slowest_ms": round(1000 * told.get("slowest_s", 0.0), 1),
        "memory_mb": told.get("rss_last_mb", 0.0),
        "growth_mb": round(growth, 1),
        "seconds": round(time.monotonic() - begun, 1),
    }
    result["ok"] = (
        done.returncode == 0
        and not failed
        and result["runs"] >= runs
        and "rss_last_mb" in told
        and growth <= GROWTH_MOST_MB
    )
    if not result["ok"]:
        result["log"] = str(log)
    return result


def arcs(run: Callable[[bytes], None], data: bytes) -> set[tuple[str, int, int]]:
    """The steps from line to line that an input makes within the product."""
    found: set[tuple[str, int, int]] = set()
    last: dict[int, int] = {}

    def trace(frame: FrameType, event: str, _arg: object) -> Any:
        name = frame.f_code.co_filename
        if "vyzov" not in name:
            return None
        if event == "line":
            found.add((name, last.get(id(frame), 0), frame.f_lineno))
        last[id(frame)] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        run(data)
    finally:
        sys.settrace(None)
    return found


def keep(name: str, run: Callable[[bytes], None], seeds: list[bytes], out: Path) -> int:
    """Puts into the repository's corpus, smallest first, what no smaller input and no seed does.

    Returns the bytes kept."""
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    inputs = {
        path.read_bytes()
        for folder in (corpus, out / name)
        for path in folder.iterdir()
        if path.stat().st_size <= INPUT_MOST and not path.name.startswith(BAD)
    }
    for path in corpus.iterdir():
        path.unlink()
    known = set[tuple[str, int, int]]().union(*(arcs(run, seed) for seed in seeds))
    kept = 0
    for data in sorted(inputs, key=lambda one: (len(one), one)):
        new = arcs(run, data) - known
        if new and kept + len(data) <= BYTES_PER_TARGET:
            known |= new
            kept += len(data)
            (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RELEASE_RUNS, help="runs of each parser")
    parser.add_argument("--target", action="append", help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", action="store_true", help="renew the corpus of the repository")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not have_atheris():
        print(
            "verify fuzz: atheris is not installed; it runs on Linux x86-64, Python 3.11 to 3.13",
            file=sys.stderr,
        )
        return 1 if os.environ.get("CI") else MISSING
    sys.path[:0] = [str(FUZZ), str(ROOT / "src")]
    from targets import TARGETS

    from vyzov import __version__

    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-fuzz-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    names = options.target or list(TARGETS)
    begun = time.monotonic()

    def one(name: str) -> dict[str, Any]:
        runs = max(RUNS_LEAST, int(options.runs * TARGETS[name].share))
        result = fuzz(name, runs, options.seed, out)
        if not options.json:
            print(
                f"{name:12} {'ok' if result['ok'] else 'FAILED':6} {result['runs']:>9} runs "
                f"{result['edges']:>5} edges {result['per_s']:>6}/s slowest "
                f"{result['slowest_ms']} ms, memory {result['growth_mb']:+} MB "
                f"{' '.join(result['findings'])} {result.get('log', '')}",
                flush=True,
            )
        return result

    with ThreadPoolExecutor(options.jobs) as pool:
        # The slowest first, so that none is left to run alone at the end.
        results = list(pool.map(one, sorted(names, key=lambda name: TARGETS[name].share)))
    if options.keep:
        for name in names:
            target = TARGETS[name]
            kept = keep(name, target.run, target.seeds(), out)
            print(f"{name:12} {kept} bytes kept", file=sys.stderr)
    ok = all(result["ok"] for result in results)
    report = {
        "name": "verify fuzz", "ok": ok, "targets": results,
        "figures": {
            "runs": sum(result["runs"] for result in results),
            "findings": sum(len(result["findings"]) for result in results),
            "slowest_ms": max(result["slowest_ms"] for result in results),
        },
        "goals": {"findings": 0, "growth_mb_most": GROWTH_MOST_MB},
        "seed": options.seed, "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
