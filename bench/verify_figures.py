"""`./run verify figures`: every key figure worked out again by a script that imports nothing of Vyzov.

Simulated runs live with faults, prices that change and shifts; what the product says is read from its
own roll-up, for the whole house, each campaign and each agent. Real runs are short demos with a
network in a box; there it is what `vyzov report kpis` prints. `check_figures.py` has the raw material
alone: facts, prices, and the far side's ledger. The last line is JSON.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from vyzov.core.kpi.book import OwnRule, Prices, Shift, TrunkPrice
from vyzov.core.kpi.book_file import book_to_json, report_json
from vyzov.core.kpi.cells import HALF_HOUR_MS, Reach, half_hour_of, moment_of, ms_of
from vyzov.dialer import ports
from vyzov.simulation.engine_parts import Witness
from vyzov.simulation.faults import Faults
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.run import run_on
from vyzov.simulation.scenario import Crew, People, Scenario, ScenarioCampaign, ScenarioTrunk
from vyzov.simulation.stage import FLOOR, ORGANISATION, Stage, build

HERE = Path(__file__).resolve().parent
LIMIT_S = 2.0
MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
PEOPLE = {
    CalleeKind.ANSWERS_AND_SPEAKS: 30, CalleeKind.BUSY: 5, CalleeKind.NEVER_ANSWERS: 10,
    CalleeKind.HANGS_UP_MID_SENTENCE: 5, CalleeKind.VOICEMAIL: 8, CalleeKind.UNALLOCATED: 2,
}  # fmt: skip


class Ledger:
    """What the far side saw of each call, written down between the engine and its watch."""

    def __init__(self, stage: Stage) -> None:
        self._watch = stage.world.watch
        self._world = stage.world
        self._judged = stage.campaigns["plain"]
        self.calls: dict[str, dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watch, name)

    def invited(self, order: ports.Originate) -> None:
        self.calls[order.leg] = {
            "rec": "call", "call_id": f"{order.attempt}@world", "attempt": order.attempt,
            "answered_at": None, "joined_at": None, "ended_at": None, "ended_by": "",
            "crossed": False, "limit_s": LIMIT_S, "unknown": False,
        }  # fmt: skip
        self._watch.invited(order)

    def answered(self, leg: str) -> None:
        call = self._world.engine.calls.get(leg)
        self.calls[leg]["answered_at"] = self._world.timeline.now
        self.calls[leg]["crossed"] = bool(call and call.closing)
        self._watch.answered(leg)

    def bridged(self, leg: str, device: str, agent: str) -> None:
        if self.calls[leg]["joined_at"] is None:
            self.calls[leg]["joined_at"] = self._world.timeline.now
        self._watch.bridged(leg, device, agent)

    def over(self, leg: str) -> None:
        record = self._world.engine.book.get(leg)
        last = record.log[-1] if record and record.log else None
        self.calls[leg]["ended_at"] = self._world.timeline.now
        self.calls[leg]["ended_by"] = last.side if isinstance(last, ports.Ended) else ""
        self._watch.over(leg)

    def lines(self, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The calls of the campaign whose answers nobody classified, and whose end is known."""
        campaign = {
            row["attempt"]: row["campaign"] for row in facts if row["kind"] == "attempt_reserved"
        }
        resolved = {row["attempt"] for row in facts if row["kind"] == "resolved"}
        unknown = {
            row["attempt"]
            for row in facts
            if row["kind"] == "final"
            and row["data"]["outcome"] == "unknown"
            and row["attempt"] not in resolved
        }
        return [
            {**call, "unknown": call["attempt"] in unknown}
            for call in self.calls.values()
            if campaign.get(call["attempt"]) == self._judged and call["ended_at"] is not None
        ]


# ---- simulated runs


def faults_of(dice: random.Random) -> Faults:
    """Three of ten kinds in each run; a tenth of the runs is without."""
    every = {
        "floor_killed_every_s": 240.0, "floor_frozen_every_s": 500.0, "engine_killed_every_s": 600.0,
        "link_broken_every_s": 200.0, "store_away_every_s": 200.0, "store_slow_every_s": 200.0,
        "browser_gone_every_s": 200.0, "trunk_flapped_every_s": 300.0,
        "clock_stepped_every_s": 400.0, "second_tab_every_s": 300.0,
    }  # fmt: skip
    if dice.random() < 0.1:
        return Faults()
    chosen = {name: every[name] for name in dice.sample(sorted(every), 3)}
    return Faults(**chosen, doubled=0.05, reordered=0.02, late=0.1)


def scenario_of(seed: int) -> Scenario:
    dice = random.Random(f"{seed}/figures")
    redial = {"attempts_max": 3, "rules": {"no_answer": {"after_s": 120}, "busy": {"after_s": 60}}}
    common = {"redial": redial, "connect_limit_s": LIMIT_S, "calls_per_second": 5}
    return Scenario(
        name=f"figures {seed}",
        begin=MORNING + timedelta(minutes=dice.randrange(60)),
        span_s=dice.choice((600.0, 900.0, 1500.0)),
        crews=(Crew("near", 3), Crew("far", 2)),
        trunks=(ScenarioTrunk("first"), ScenarioTrunk("second", carries_max=6)),
        campaigns=(
            ScenarioCampaign("plain", 50, {**common, "classify": "none", "mode": "power"},
                             People(kinds=PEOPLE)),
            ScenarioCampaign("heard", 50, {**common, "mode": "power"} if seed % 2 else common,
                             People(human_as_machine=0.1, machine_as_human=0.1)),
        ),
        faults=faults_of(dice),
        seed=seed,
        ends_when_done=False,
    )  # fmt: skip


def price(stage: Stage, scenario: Scenario, seed: int) -> None:
    """Gives the house prices that change in the middle, and some of its people shifts."""
    dice = random.Random(f"{seed}/prices")
    agents = [user for users in stage.crews.values() for user in users]
    trunks = {
        trunk: TrunkPrice(dice.randrange(90), dice.randrange(400), step, dice.randrange(9_000))
        for trunk, step in zip(stage.trunks.values(), dice.sample((1, 6, 60), 2), strict=True)
    }
    for begins in (scenario.begin - timedelta(hours=1), scenario.begin + timedelta(minutes=30)):
        prices = Prices(
            labour_per_hour=dice.randrange(90_000), labour_of={agents[0]: dice.randrange(99_000)},
            trunks=trunks, per_contact=dice.randrange(500), other_per_day=dice.randrange(10**6),
            revenue={"agreed": dice.randrange(10**6), "refused": dice.randrange(99)},
            revenue_of={stage.campaigns["heard"]: {"agreed": dice.randrange(10**6)}},
            own_rule=OwnRule(dice.random() < 0.5, dice.random() < 0.5),
        )  # fmt: skip
        stage.office.add_prices(ORGANISATION, prices, begins, "manager")
    shifts = [
        Shift(user, scenario.begin + timedelta(minutes=dice.choice((-30, 0, 40))),
              scenario.begin + timedelta(hours=dice.randint(2, 9)),
              dice.randrange(3_000), dice.randrange(5_000))
        for user in agents[: dice.randint(0, 4)]
    ]  # fmt: skip
    stage.office.add_shifts(ORGANISATION, shifts)


def simulate(seed: int, folder: Path) -> dict[str, int]:
    """Lets one run live and leaves its raw material and what the product says of it."""
    scenario = scenario_of(seed)
    stage = build(scenario, seed)
    try:
        price(stage, scenario, seed)
        ledger = Ledger(stage)
        stage.world.engine.watched_by(cast("Witness", ledger))
        outcome = run_on(stage, scenario, seed)
        folder.mkdir(parents=True)
        facts = facts_of(stage)
        write(folder / "facts.jsonl", facts)
        if not scenario.faults.clock_stepped_every_s:
            # Where UTC is set while somebody waits, the far side's clock tells another wait.
            write(folder / "ledger.jsonl", ledger.lines(facts))
        while stage.office.roll_up(ORGANISATION, 997):
            pass
        since, until = span_of(facts)
        book = stage.office.price_book(ORGANISATION, moment_of(until))
        (folder / "book.json").write_text(json.dumps(book_to_json(book)), encoding="utf-8")
        agents = [user for users in stage.crews.values() for user in users]
        whom = [Reach(), *(Reach(one) for one in stage.campaigns.values())]
        whom += [Reach(agent=one) for one in agents[:2]]
        whom += [Reach(stage.campaigns["heard"], agents[0])]
        said = [
            report_json(stage.office.kpi_sums(ORGANISATION, reach), reach, book, *span)
            for reach in whom
            for span in ((since, until), (since + HALF_HOUR_MS, until))
        ]
        (folder / "kpis.json").write_text(json.dumps(said), encoding="utf-8")
        return {kind.value: count for kind, count in outcome.faults.items() if count}
    finally:
        stage.close()


def facts_of(stage: Stage) -> list[dict[str, Any]]:
    """The facts as `vyzov facts` writes them, read from the database in memory."""
    found = []
    for row in stage.connection.execute("SELECT * FROM fact ORDER BY seq"):
        told = {name: row[name] for name in ("kind", "at", "clock_id", "monotonic_ns", "dedupe")}
        told |= {"floor": row["floor_id"], "epoch": row["epoch"], "place": row["place"]}
        told |= {name: row[f"{name}_id"] for name in ("campaign", "contact", "attempt", "agent")}
        found.append({**told, "data": json.loads(row["data"])})
    assert any(one["floor"] == FLOOR for one in found)
    return found


def span_of(facts: list[dict[str, Any]]) -> tuple[int, int]:
    from vyzov.core.instants import from_text

    moments = [ms_of(from_text(one["at"])) for one in facts]
    return half_hour_of(min(moments)), half_hour_of(max(moments)) + HALF_HOUR_MS


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


# ---- real runs


def real(number: int, folder: Path, contacts: int) -> str:
    """Runs a short demo and lets the product's command say its figures; "" where it went well."""
    command = [
        sys.executable, "-m", "vyzov", "demo", "--headless", "--contacts", str(contacts),
        "--seed", str(100 + number), "--out", str(folder), "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if not (folder / "facts.jsonl").exists() or not (folder / "ledger.jsonl").exists():
        return f"the demo left no facts: {done.stdout[-300:]} {done.stderr[-300:]}"
    prices = Prices(labour_per_hour=60_000, per_contact=150, revenue={"agreed": 120_000})
    text = json.dumps({"versions": [{"valid_from": "2020-01-01T00:00:00Z",
                                     "prices": prices.to_json()}]})  # fmt: skip
    (folder / "book.json").write_text(text, encoding="utf-8")
    facts = [json.loads(line) for line in (folder / "facts.jsonl").read_text().splitlines()]
    whom: list[list[str]] = [[]]
    whom += [["--campaign", one] for one in sorted({f["campaign"] for f in facts if f["campaign"]})]
    whom += [["--agent", one] for one in sorted({f["agent"] for f in facts if f["agent"]})]
    said = []
    for options in whom:
        asked = [sys.executable, "-m", "vyzov", "report", "kpis", "--json", *options]
        asked += ["--facts", str(folder / "facts.jsonl"), "--prices", str(folder / "book.json")]
        told = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=120)
        if told.returncode:
            return told.stderr[-500:]
        said.append(json.loads(told.stdout))
    (folder / "kpis.json").write_text(json.dumps(said), encoding="utf-8")
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulated", type=int, default=200)
    parser.add_argument("--real", type=int, default=20)
    parser.add_argument("--contacts", type=int, default=30, help="of each real run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.out or Path(scratch)) / "figures"
        faults: Counter[str] = Counter()
        for seed in range(asked.seed, asked.seed + asked.simulated):
            faults.update(simulate(seed, folder / f"simulated-{seed}"))
            if not asked.json:
                print(f"simulated {seed}", flush=True)
        failed = [
            f"real run {number}: {problem}"
            for number in range(asked.real)
            if (problem := real(number, folder / f"real-{number}", asked.contacts))
        ]
        judge = [sys.executable, str(HERE / "check_figures.py"), str(folder)]
        done = subprocess.run(judge, capture_output=True, text=True, check=False)
        if not done.stdout:
            print(done.stderr, file=sys.stderr)
            return 1
        told = json.loads(done.stdout)
    wanted = asked.simulated + asked.real
    ok = told["ok"] and not failed and told["runs"] == wanted
    print(
        json.dumps(
            {
                "name": "figures", "ok": ok, "simulated": asked.simulated, "real": asked.real,
                "runs_compared": told["runs"], **told["figures"], "faults": dict(faults),
                "differences": told["differences"], "failed": failed,
                "seconds": round(time.monotonic() - began, 1),
            },
            ensure_ascii=False,
        )
    )  # fmt: skip
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
