"""A whole floor in real time for `bench hopper --originates`: the product's floor, runtime and store
against the simulated engine, which rings callees that do not exist and speaks the port's verbs and
events.

All of it runs in this process; what the engine takes of the processor is timed and told apart, so
that the rest is the floor's: its decisions, its store's thread, its screens' states. What a database
server takes beside it is told too, and how long this process was ready and had no core: where that is
much, the machine was measured and not the floor.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any, cast

from hopper_town import Dice, Town, build

from vyzov.dialer.floor import Floor
from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.office_records import TrunkSettings
from vyzov.dialer.ports import EngineLost, Event, Json, Originate, Verb
from vyzov.dialer.runtime import Runtime, SystemClock, SystemDice
from vyzov.dialer.writes import Batch, CommitResult, Reserve
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.engine_parts import Witness
from vyzov.simulation.people import Callee, CalleeKind, Plan, callee_for
from vyzov.simulation.world_time import Timeline
from vyzov.storage.database import open_floor_store
from vyzov.storage.office import SqlOffice

CONTACTS = 100_000
LINES_MAX = 6_000
WARM_S = 10.0
BEAT_S = 0.004
VERDICT_LASTS_S = 1.0
"""An originate says until when it may leave: so long after its verdict."""
MIX = {
    CalleeKind.BUSY: 30, CalleeKind.UNALLOCATED: 15, CalleeKind.UNREACHABLE: 10,
    CalleeKind.REJECTS: 15, CalleeKind.NEVER_ANSWERS: 10, CalleeKind.PRESSES_NOTHING: 20,
}  # fmt: skip
FLOW: dict[str, Any] = {
    "start": "offer",
    "on_machine": "hang_up",
    "steps": {
        "offer": {
            "do": "announce", "prompt": "offer", "keys": {"9": "stop"}, "wait_s": 2, "repeats": 0,
            "on_silence": "bye",
        },
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}  # fmt: skip


class EngineHere:
    """The simulated engine behind the runtime's door, driven by the machine's clock."""

    def __init__(self, floor: str, hear: Callable[[Event], None]) -> None:
        self._floor = floor
        self._hear = hear
        self._begun = time.monotonic()
        self._timeline = Timeline(SystemClock().utc())
        self._timeline.now = self._begun
        self._engine = SimulatedEngine(self._timeline, _plan_of, cast("Witness", self), Random(1))
        self.cpu_s = 0.0
        self.late_ms: list[float] = []
        self.sent: list[float] = []
        self.ends: Counter[str] = Counter()

    # ---- the floor's side

    def connect(self, fence: int) -> None:
        self._timed(lambda: self._engine.connect(self, self._floor, fence))

    def send(self, verb: Verb) -> None:
        now = time.monotonic()
        if isinstance(verb, Originate):
            self.sent.append(now - self._begun)
            self.late_ms.append((now - verb.not_after + VERDICT_LASTS_S) * 1000)
        self._timed(lambda: self._engine.carry_out(verb, self._floor))

    async def live(self) -> None:
        """Lets happen what is due, again and again."""
        while True:
            self._timed(lambda: self._timeline.run_until(time.monotonic()))
            await asyncio.sleep(BEAT_S)

    def _timed(self, act: Callable[[], object]) -> None:
        begun = time.thread_time()
        act()
        self.cpu_s += time.thread_time() - begun

    # ---- the engine's side: its link and its witness

    def hear(self, event: Event) -> None:
        self.ends[type(event).__name__] += 1
        self._hear(event)

    def closed(self) -> None:
        self._hear(EngineLost(time.monotonic()))

    def breach(self, what: str) -> None:
        raise AssertionError(what)

    def nothing(self, *_: object) -> None:
        """Of what else a witness may see nothing is counted here."""

    invited = answered = over = silent = bridged = device_up = recorded = recording_lost = nothing


def _plan_of(number: str, attempt: int) -> Plan:
    kind = Random(number).choices(list(MIX), list(MIX.values()))[0]
    return Callee(number, kind, callee_for(number, 1).seed).plan(attempt, hurry=0.4)


class Screens:
    """Takes what the web process would: the last state of each topic."""

    def __init__(self) -> None:
        self.topics: dict[str, Json] = {}
        self.replies: dict[int, tuple[bool, Json]] = {}

    def tell(self, topic: str, state: Json) -> None:
        self.topics[topic] = state

    def say(self, connection: str, message: Json) -> None:
        pass

    def reply(self, ask: int, ok: bool, body: Json) -> None:  # noqa: FBT001
        self.replies[ask] = ok, body


class Commits:
    """A store that notes how large its commits are and how long they take."""

    def __init__(self, store: FloorStore) -> None:
        self._store = store
        self.reserves: list[int] = []
        self.writes: list[int] = []
        self.ms: list[float] = []
        self.refused: Counter[str] = Counter()
        self.cpu_s = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, batch: Batch) -> CommitResult:
        begun = time.perf_counter()
        result = self._store.commit(batch)
        self.ms.append((time.perf_counter() - begun) * 1000)
        self.writes.append(len(batch))
        count = sum(1 for write in batch if isinstance(write, Reserve))
        if count:
            self.reserves.append(count)
        self.refused.update(str(why) for why in result.refused.values())
        return result


def _town(address: str | Path, rate: int, contacts: int) -> Town:
    """A campaign that rings everybody at any hour, through one trunk that carries it."""
    settings: dict[str, Any] = {
        "purpose": "service", "mode": "agentless", "caller_id": "+70005559999", "trunks": [],
        "lines_max": LINES_MAX, "calls_per_second": rate, "ring_timeout_s": 5,
        "allow_short_ring": True, "recording": False, "flow": FLOW,
        "window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
    }  # fmt: skip
    town = build(address, contacts, settings)
    office = SqlOffice(address, clock=SystemClock(), randomness=Dice())
    trunk = office.create_trunk(
        town.organisation,
        TrunkSettings(name="Carrier", host="127.0.0.1", port=5060, calls_per_second=10_000,
                      lines_max=LINES_MAX),
    )  # fmt: skip
    office.change_campaign(
        town.organisation, town.campaign, settings={**settings, "trunks": [trunk.id]}
    )
    office.close()
    return town


async def originates(
    store: str, address: str | Path, options: argparse.Namespace, server_cpu: Callable[[], float]
) -> dict[str, object]:
    """Lets a floor dial for so many seconds and returns what it did, and at what cost."""
    contacts = max(CONTACTS, int(options.rate * (options.seconds + 4 * WARM_S)))
    town = _town(address, options.rate, contacts)
    commits = Commits(open_floor_store(address, randomness=SystemDice()))
    floor = Floor(
        town.floor, dice=SystemDice(), call_id_of=lambda attempt: f"{attempt}@vyzov", recordings="",
    )  # fmt: skip
    died: list[str] = []
    runtime = Runtime(floor, commits, floor_id=town.floor, holder="bench", on_died=died.append)  # type: ignore[arg-type]
    runtime.screens = Screens()
    assert await runtime.open(), "nobody else holds the floor"
    engine = EngineHere(town.floor, runtime.post_event)
    runtime.engine = engine
    engine.connect(runtime.fence)
    tasks = [asyncio.create_task(runtime.run()), asyncio.create_task(engine.live())]
    await _pass(tasks, WARM_S)
    marks = len(engine.sent), len(commits.ms), len(commits.reserves)
    cpu, engine_cpu, begun = time.process_time(), engine.cpu_s, time.monotonic()
    server, waited = server_cpu(), _waited_s()
    await _pass(tasks, options.seconds)
    span = time.monotonic() - begun
    cpu, engine_cpu = time.process_time() - cpu, engine.cpu_s - engine_cpu
    server, waited = server_cpu() - server, _waited_s() - waited
    seen = engine.sent[marks[0] :]
    late, ms = engine.late_ms[marks[0] :], commits.ms[marks[1] :]
    reserves = commits.reserves[marks[2] :]
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, ExceptionGroup):
            await task
    runtime.close()
    return {
        "store": store, "contacts": contacts, "rate": options.rate, "seconds": round(span, 2),
        "originates": len(seen), "originates_per_s": round(len(seen) / span, 1),
        "slowest_10_s": round(_slowest(seen, span) / 10, 1),
        "refused_by_engine": engine.ends["Refused"], "refused_by_store": dict(commits.refused),
        "floor_cores": round((cpu - engine_cpu) / span, 3),
        "engine_cores": round(engine_cpu / span, 3),
        "server_cores": round(server / span, 3),
        "waited_for_a_core": round(waited / span, 3),
        "floor_ms_per_call": round((cpu - engine_cpu) * 1000 / max(1, len(seen)), 3),
        "server_ms_per_call": round(server * 1000 / max(1, len(seen)), 3),
        "verdict_to_send_ms": _spread(late), "commit_ms": _spread(ms),
        "commits_per_s": round(len(ms) / span, 1),
        "reserves_per_commit": _spread([float(count) for count in reserves]),
        "lines": len(floor.room.calls), "died": died,
    }  # fmt: skip


def _waited_s() -> float:
    """Seconds that the threads of this process were ready to run and others did."""
    tasks = Path("/proc/self/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9


async def _pass(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    """Lets time pass; raises what ended a task that should live."""
    ended, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in ended:
        task.result()
    assert not ended, "the floor and the engine live on"


def _slowest(sent: list[float], span: float) -> int:
    """The fewest originates of any whole ten seconds, second by second."""
    first = sent[0] if sent else 0.0
    per_second = Counter(int(at - first) for at in sent)
    seconds = [per_second[second] for second in range(int(span))]
    return min((sum(seconds[at : at + 10]) for at in range(len(seconds) - 9)), default=0)


def _spread(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"count": len(values)}
    cuts = quantiles(values, n=100)
    return {
        "count": len(values), "p50": round(cuts[49], 3), "p99": round(cuts[98], 3),
        "worst": round(max(values), 3),
    }  # fmt: skip
