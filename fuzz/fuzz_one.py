"""Fuzzes one target under coverage guidance, in a process of its own; called by `verify fuzz`.

    python fuzz/fuzz_one.py TARGET --runs N --seed S --new DIR --notes FILE [--corpus DIR]

New inputs go to DIR, what failed is kept there as crash-*, and FILE gets one JSON object with the
slowest input and the memory at the first fifth of the runs and at their end.
"""

import argparse
import gc
import json
import os
import random
import sys
import time
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
HANG_S = 5
SLOW_S = 1.0
MEMORY_MOST_MB = 1500
PAGE = os.sysconf("SC_PAGE_SIZE")

sys.path.insert(0, str(HERE.parent / "src"))
with atheris.instrument_imports(include=["vyzov", "sipmessage"]):
    from targets import TARGETS, Target
    from text_targets import mutate_json


class Slow(AssertionError):
    """An input took too long: somebody could keep the engine busy with it."""


class Watch:
    """Runs a target and notes what libFuzzer does not: the slowest input, and memory over time."""

    def __init__(self, target: Target, runs: int, notes: Path) -> None:
        self._target = target
        self._marks = {max(1, runs // 5): "rss_first_mb", runs: "rss_last_mb"}
        self._notes = notes
        self._count = 0
        self._told: dict[str, float] = {"slowest_s": 0.0}

    def __call__(self, data: bytes) -> None:
        """Runs the target once. Time is the processor's: a busy machine is no finding."""
        begun = time.thread_time()
        self._target.run(data)
        took = time.thread_time() - begun
        if took > self._told["slowest_s"]:
            self._told["slowest_s"] = round(took, 4)
        if took > SLOW_S:
            raise Slow(f"{took:.2f} s for {len(data)} bytes")
        self._count += 1
        if (name := self._marks.get(self._count)) is not None:
            gc.collect()
            self._told[name] = round(rss_mb(), 1)
            self._notes.write_text(json.dumps(self._told), encoding="utf-8")


def rss_mb() -> float:
    """Memory of this process in megabytes."""
    words = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(words[1]) * PAGE / 1e6


def quoted(word: bytes) -> str:
    """A word as a dictionary of libFuzzer wants it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def by_structure(data: bytes, most: int, seed: int) -> bytes:
    """Changes a JSON text as JSON every other time, and as bytes like any input else."""
    if seed % 2:
        changed = mutate_json(data, random.Random(seed))
        if changed is not None and len(changed) <= most:
            return changed
    return bytes(atheris.Mutate(data, most))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--new", type=Path, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    target = TARGETS[options.target]
    seeds = options.new.parent / f"{target.name}-seeds"
    for folder in (options.new, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (seeds / f"seed-{number:02d}").write_bytes(seed)
    words = options.new.parent / f"{target.name}.dict"
    words.write_text("".join(f"{quoted(word)}\n" for word in target.tokens), encoding="ascii")
    folders = [options.new, seeds, *([options.corpus] if options.corpus else [])]
    flags = [
        f"-runs={options.runs}",
        f"-seed={options.seed}",
        f"-max_len={target.longest}",
        f"-timeout={HANG_S}",
        f"-rss_limit_mb={MEMORY_MOST_MB}",
        f"-artifact_prefix={options.new}/",
        *([f"-dict={words}"] if target.tokens else []),
        "-print_final_stats=1",
        "-use_value_profile=0",
    ]
    more = {"custom_mutator": by_structure} if target.json else {}
    watch = Watch(target, options.runs, options.notes)
    atheris.Setup([sys.argv[0], *flags, *map(str, folders)], watch, **more)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
