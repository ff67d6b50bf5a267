"""Runs a proof as several parts at once, each a centre of its own: one alone waits most of its time.

A part is the same script with its share of the turns, a seed and a folder of its own; what it prints
stands in that folder's `run.log`. One judge looks at all folders. What such proofs have in common
stands here too: what they can be asked for, the store they run on, their verdict.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from postgres_server import NoPostgres, Server, start_postgres

from vyzov import __version__

MISSING = 77
"""The exit code of a proof for which something is not installed."""

APART_S = 4.0
"""Parts begin one after the other, so that no two look for free ports at once."""
PARTS_MAX = 8


@dataclass(frozen=True, slots=True)
class Part:
    """Which of how many parts, counted from 0."""

    place: int
    parts: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads `PLACE/PARTS`; raises ValueError for anything else."""
        place, _, parts = text.partition("/")
        return cls(int(place), int(parts))


def parser_of(doc: str, count: int, counted: str) -> argparse.ArgumentParser:
    """Makes the parser of what every such proof can be asked for; `counted` says what a turn is."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--count", type=int, default=count, help=counted)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shards", type=int, default=1, help="centres side by side")
    parser.add_argument("--part", type=Part.read, default=Part(0, 1), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser


def proved(
    options: argparse.Namespace, script: Path, words: list[str],
    carry_out: Callable[[Path, Server | None], dict[str, Any]], told: str,
) -> list[Path] | int:  # fmt: skip
    """Carries a proof out, in parts if several are asked for, and returns the folders to judge.

    `carry_out` runs one centre in a folder; what it tells is left there under the name `told`. Where
    there is no PostgreSQL, an exit code is returned in place of folders."""
    name = script.stem.removeprefix("verify_")
    out = (options.out or Path(tempfile.mkdtemp(prefix=f"vyzov-{name}-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    try:
        if options.shards > 1:
            words = ["--store", options.store, *words]
            return run_parts(script, out, options.shards, options.count, options.seed, words)
        found = on_store(options.store, out, carry_out)
    except NoPostgres as error:
        print(error, file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else MISSING
    (out / told).write_text(json.dumps(found), encoding="utf-8")
    return [out]


def on_store(
    store: str, out: Path, carry_out: Callable[[Path, Server | None], dict[str, Any]]
) -> dict[str, Any]:
    """Carries out on one kind of store; raises `NoPostgres` where there is none."""
    server = start_postgres(out / "postgres") if store == "postgresql" else None
    try:
        return carry_out(out, server)
    finally:
        if server is not None:
            server.remove()


def verdict(
    options: argparse.Namespace, judge: Path, folders: list[Path], begun: float
) -> dict[str, Any] | None:
    """Has the judge say its verdict over all folders; None where it came to none."""
    done = subprocess.run(
        [sys.executable, "-I", str(judge), *map(str, folders)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        print(done.stderr, file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found | {
        "seed": options.seed,
        "store": options.store,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }


def shares(count: int, parts: int) -> list[int]:
    """Divides the turns as evenly as whole numbers go."""
    return [count // parts + (place < count % parts) for place in range(parts)]


def run_parts(
    script: Path, out: Path, parts: int, count: int, seed: int, words: list[str]
) -> list[Path]:
    """Runs all parts to their end and returns their folders; a part that fails before it leaves
    anything to judge raises RuntimeError with the name of its log."""
    if not 1 <= parts <= min(PARTS_MAX, count):
        raise ValueError(f"Name 1 to {min(PARTS_MAX, count)} parts side by side, not {parts}.")
    folders = [out / f"part-{place + 1}" for place in range(parts)]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for place, (folder, share) in enumerate(zip(folders, shares(count, parts), strict=True)):
            time.sleep(APART_S if running else 0.0)
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "run.log").open("wb") as log:
                running.append(
                    subprocess.Popen(
                        [sys.executable, str(script), *words, "--count", str(share),
                         "--seed", str(seed + place), "--part", f"{place}/{parts}",
                         "--out", str(folder)],
                        stdout=log, stderr=log,
                    )
                )  # fmt: skip
        for process in running:
            process.wait()
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
    for folder in folders:
        if not (folder / "facts.jsonl").exists():
            raise RuntimeError(f"{folder.name} left nothing to judge; read {folder / 'run.log'}")
    return folders
