"""Lets a scenario live: shifts, breaks and campaigns by its plan, then the figures of what came of it.

The same scenario and seed give the same digest on every machine: over each fact in committed order,
each attempt as the network saw it and how every contact was left.
"""

import contextlib
import gc
import hashlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from json.encoder import encode_basestring_ascii as _quoted

from vyzov.core.agent import Work
from vyzov.core.campaign import CampaignState
from vyzov.core.facts import Fact
from vyzov.core.instants import to_text
from vyzov.simulation.agents import Habits
from vyzov.simulation.figures import folded
from vyzov.simulation.meddler import SimulatedManager
from vyzov.simulation.recording import Recorder
from vyzov.simulation.scenario import Crew, Figures, Outcome, Scenario, Shift
from vyzov.simulation.stage import Stage, build
from vyzov.simulation.story import told
from vyzov.simulation.world import World
from vyzov.storage.values import written_as

ARRIVALS_S = 0.05
"""Operators of a crew come one after another, that many seconds apart."""

START_AGAIN_S = 0.5
SETTLE_LIMIT_S = 240.0
FORGET_LIMIT_S = 60.0
ASKS_MAX = 3

Progress = Callable[[float], None]
"""Called with the share of the span that has passed, 0..1."""


def run_scenario(
    scenario: Scenario, seed: int | None = None, *, progress: Progress | None = None,
    recorder: Recorder | None = None,
) -> Outcome:  # fmt: skip
    """Runs a scenario, with another seed than its own where one is given, written down where asked."""
    chosen = scenario.seed if seed is None else seed
    with _collected_before():
        stage = build(scenario, chosen)
        if recorder is not None:
            stage.world.floor_of = recorder.floor
        try:
            return run_on(stage, scenario, chosen, progress)
        finally:
            stage.close()
            if recorder is not None:
                recorder.close()


@contextmanager
def _collected_before() -> Generator[None]:
    """Has Python look for circles before a run, not in it: it makes next to none, and keeps a day's
    story, which would be gone through again and again. What is left of it counts as old."""
    collects = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def run_on(
    stage: Stage, scenario: Scenario, seed: int, progress: Progress | None = None
) -> Outcome:
    """Runs a scenario on its stage, which stays open: whoever built it may look into its database."""
    world = stage.world
    world.start()
    world.run(1.0)
    begun = world.timeline.now
    for crew in scenario.crews:
        for place, user in enumerate(stage.crews[crew.name]):
            _employ(world, crew, user, begun + place * ARRIVALS_S, scenario.span_s)
    for campaign in scenario.campaigns:
        key = stage.campaigns[campaign.name]
        world.timeline.after(campaign.begins_s, _Starter(world, key).start)
    manager = SimulatedManager(
        world, scenario.management, stage,
        campaigns=tuple(stage.campaigns.values()), numbers=stage.numbers,
    )  # fmt: skip
    manager.begin()
    done = _Completion(world, tuple(stage.campaigns.values()))
    until = begun + scenario.span_s
    last_start_s = max(campaign.begins_s for campaign in scenario.campaigns)
    step_s = max(1.0, scenario.span_s / 100)
    while world.timeline.now < until:
        world.run(min(step_s, until - world.timeline.now))
        if progress is not None:
            progress(min(1.0, (world.timeline.now - begun) / scenario.span_s))
        if scenario.ends_when_done and world.timeline.now - begun > last_start_s and done.reached():
            break
    manager.leave()
    lasted_s = world.timeline.now - begun
    if scenario.settles:
        settle(world)
        if scenario.watched:
            for rule, what in world.watch.books.compare(stage.connection):
                world.watch.notes.breach(rule, what)
    return _outcome(scenario, seed, stage, lasted_s)


# ---- the plan of the day


def _employ(world: World, crew: Crew, user: str, begun: float, span_s: float) -> None:
    agent = world.hire(user, _habits(crew))
    for shift in crew.shifts or (Shift(0.0, span_s),):
        world.timeline.at(begun + shift.begins_s, agent.arrive)
        world.timeline.at(begun + shift.ends_s, agent.leave)
        for since_s, until_s in shift.breaks:
            world.timeline.at(
                begun + since_s,
                lambda span_s=until_s - since_s: agent.take_break(span_s),
            )


def _habits(crew: Crew) -> Habits:
    habits = crew.habits
    if crew.talk is not None:
        # Nobody waits longer for the callee to end it than the longest talk lasts.
        habits = replace(habits, talk_s=crew.talk, patience_s=crew.talk.most_s)
    if crew.wrap_up is not None:
        habits = replace(habits, wrap_s=crew.wrap_up)
    return habits


class _Starter:
    """A manager who starts a campaign, and asks again where the floor was away."""

    def __init__(self, world: World, campaign: str) -> None:
        self._world = world
        self._campaign = campaign

    def start(self) -> None:
        world = self._world
        process = world.process
        if process is not None and process.open:
            found = process.floor.room.campaigns.get(self._campaign)
            if found is not None and found.state not in (CampaignState.DRAFT, CampaignState.READY):
                return
        world.send("office.start_campaign", "boss", campaign=self._campaign)
        world.timeline.after(START_AGAIN_S, self.start)


class _Completion:
    """Whether every campaign of a world has come to its end."""

    def __init__(self, world: World, campaigns: tuple[str, ...]) -> None:
        self._world = world
        self._campaigns = campaigns

    def reached(self) -> bool:
        process = self._world.process
        if process is None:
            return False
        found = process.floor.room.campaigns
        return all(
            one in found and found[one].state is CampaignState.COMPLETED for one in self._campaigns
        )


def settle(world: World) -> None:
    """Stops dialling, lets every call end, and looks whether all that must be true then is so."""
    world.stop_faults()
    world.run(60.0, lambda: world.is_up)
    process = world.process
    if process is None or not world.is_up:
        world.watch.breach("A0 the floor never came back")
        return
    for campaign in list(process.floor.room.campaigns.values()):
        if campaign.state is CampaignState.RUNNING:
            _ask(world, "office.pause_campaign", "boss", campaign=campaign.record.id)
    for agent in world.agents.values():
        if agent.present:
            agent.leave()
    for user, found in list(process.floor.room.agents.items()):
        if found.agent.work is Work.TALKING:
            _ask(world, "desk.hangup", user, "settling")
    world.drain(SETTLE_LIMIT_S)
    engine = world.engine
    world.run(
        FORGET_LIMIT_S, lambda: all(leg.attempt is None for leg in engine.book.values())
    )  # fmt: skip
    world.run(1.0)
    world.watch.settle(world.process.floor if world.process is not None else None)


def _ask(world: World, do: str, user: str, connection: str = "", **args: object) -> None:
    """Asks as people do: again, where the floor died with the ask in its hands."""
    for _ in range(ASKS_MAX):
        world.run(60.0, lambda: world.is_up)
        with contextlib.suppress(TimeoutError):
            world.ask(do, user, connection, **args)
            return
    world.watch.breach(f"A0 nobody answered {do}")


# ---- what came of it


def _outcome(scenario: Scenario, seed: int, stage: Stage, lasted_s: float) -> Outcome:
    world, until = stage.world, stage.world.timeline.utc
    facts = tuple(world.watch.facts)
    left = stage.left()
    campaigns: dict[str, Figures] = {}
    for campaign in scenario.campaigns:
        key = stage.campaigns[campaign.name]
        mine = [fact for fact in facts if fact.campaign == key]
        closed = sum(1 for one, _, state in left if one == key and state == "closed")
        campaigns[campaign.name] = folded(mine, campaign.contacts, closed, until)
    whole = folded(
        facts,
        sum(campaign.contacts for campaign in scenario.campaigns),
        sum(1 for _, _, state in left if state == "closed"),
        until,
    )
    return Outcome(
        scenario=scenario.name, seed=seed, digest=_digest(stage, left), lasted_s=lasted_s,
        figures=whole, campaigns=campaigns, faults=dict(world.happened),
        checks=dict(world.watch.checks), crash_points=dict(world.crash_points),
        breaches=tuple(world.watch.breaches), trace=told(world), facts=facts,
    )  # fmt: skip


def _digest(stage: Stage, left: list[tuple[str, str, str]]) -> str:
    digest = hashlib.sha256()
    for fact in stage.world.watch.facts:
        digest.update(line_of(fact).encode())
    for order in stage.world.watch.originates:
        digest.update(f"{order.attempt} {order.to} {order.trunk}\n".encode())
    for entry in left:
        digest.update(" ".join(entry).encode())
    return digest.hexdigest()


_JSON = written_as(json.JSONEncoder(sort_keys=True))


def line_of(fact: Fact) -> str:
    """Returns a fact as JSON with sorted keys: what the library makes of `facts.to_json`, in less time.

    Of a day there are two hundred thousand."""
    return (
        f'{{"agent": {_or_null(fact.agent)}, "at": "{to_text(fact.at)}",'
        f' "attempt": {_or_null(fact.attempt)}, "campaign": {_or_null(fact.campaign)},'
        f' "clock_id": {_quoted(fact.clock_id)}, "contact": {_or_null(fact.contact)},'
        f' "data": {_JSON(fact.data)}, "dedupe": {_quoted(fact.dedupe)},'
        f' "kind": "{fact.kind}", "monotonic_ns": {fact.monotonic_ns},'
        f' "version": {fact.version}}}'
    )


def _or_null(text: str | None) -> str:
    return "null" if text is None else _quoted(text)
