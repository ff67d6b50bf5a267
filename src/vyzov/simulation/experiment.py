"""Runs a scenario for several seeds within a limit of real time, and keeps what came of each.

A run that the limit overtakes is thrown away whole: half a day says nothing about a day.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from vyzov.simulation.recording import Recorder
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import Outcome, Scenario


class TimeOver(Exception):
    """The limit of real time came in the middle of a run."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """The runs that came to their end, in order of their seeds, and those the limit took."""

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    missed: tuple[int, ...]
    seconds: float


class Progress(Protocol):
    """Told how far the runs have come: the run's place from 0, how many there are, its share 0..1."""

    def __call__(self, place: int, runs: int, share: float) -> None: ...


def run_seeds(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    limit_s: float,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    done: Callable[[Outcome], None] | None = None,
    recorder_of: Callable[[int], Recorder | None] = lambda _seed: None,
) -> Experiment:
    """Runs a scenario once for each seed; `done` is given each outcome as it comes.

    `limit_s` is of the real clock and covers all runs together."""
    begun = clock()
    finished: list[Outcome] = []
    for place, seed in enumerate(seeds):

        def told(share: float, place: int = place) -> None:
            if progress is not None:
                progress(place, len(seeds), share)
            if clock() - begun > limit_s:
                raise TimeOver

        try:
            outcome = run_scenario(scenario, seed, progress=told, recorder=recorder_of(seed))
        except TimeOver:
            break
        finished.append(outcome)
        if done is not None:
            done(outcome)
    return Experiment(
        scenario, tuple(finished), tuple(seeds[len(finished) :]), clock() - begun
    )  # fmt: skip
