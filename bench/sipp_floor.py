"""A sample of the SIPp scenarios through the whole product, for `verify sipp`.

`vyzov serve` with its database, a campaign and a trunk for each scenario, program operators on real
audio legs. What the store says of each attempt is written down as the engine's events are
elsewhere, so that one judge serves both; beside it, what every operator does when all is over.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sipp_scenarios import Case
from sipp_set import Row, Stage

from vyzov import app as home
from vyzov.cli.demo import Centre, Manager, free_port
from vyzov.cli.demo_lists import numbers_of
from vyzov.cli.serve import first_run
from vyzov.pstn.chaos import Weather
from vyzov.storage.export import export_facts

SAMPLE = (
    "answers", "answers_unannounced", "answer_repeated", "hangs_up", "hangs_up_at_once",
    "byes_crossing", "forks_both_answer", "challenges-401", "reliable_several", "holds_sendonly",
    "routes_several", "rings_forever", "cancel_crossed_by_answer", "refuses-486", "absent-q850",
    "announces", "overloaded-seconds", "tcp_answers",
)  # fmt: skip
OPERATORS = 3
HURRY = 20.0
READY_S = 60.0
CALL_LIMIT_S = 100.0
SETTLED_S = 30.0
KINDS = {"dialing": "Dialing", "answered": "Answered", "ended": "Ended", "failed": "Failed"}
CALLER = "+70005550180"


class FloorRun:
    """One run in `out`: `run` places every case's call and writes what came of it."""

    def __init__(self, out: Path, *, weather: Weather | None, seed: int) -> None:
        self._out = out
        self._weather = weather
        self._seed = seed
        self._centre = Centre(out, seed, free_port(0))
        self._slots = asyncio.Semaphore(OPERATORS)
        self._agents: list[str] = []

    async def run(self, cases: Sequence[Case]) -> None:
        """Opens the centre, runs all cases and leaves `run.json` and `events.jsonl`."""
        stage = Stage(self._out)
        campaigns: dict[str, str] = {}
        try:
            manager = await asyncio.to_thread(self._open)
            numbers = numbers_of(len(cases))
            rows = await asyncio.gather(
                *(
                    self._one(manager, stage, case, number, campaigns)
                    for case, number in zip(cases, numbers, strict=True)
                )
            )
            agents = await asyncio.to_thread(self._settled, manager)
        finally:
            stage.close()
            await asyncio.to_thread(self._centre.stop)
        self._write(rows, campaigns, agents)

    # ---- what a manager does

    def _open(self) -> Manager:
        centre, data = self._centre, self._out / "data"
        settings = home.load_settings(data, web_port=centre.port, sip_port=0)
        settings.data.mkdir(parents=True, exist_ok=True)
        home.save_settings(settings)
        first_run(settings, password=centre.password)
        centre.start("vyzov", "serve", "--data", str(data))
        manager = Manager(centre)
        self._wait_ready(manager)
        manager.post("/session", login="admin", password=centre.password)
        for number in range(1, OPERATORS + 1):
            made = manager.post(
                "/users", login=f"op{number}", name=f"Operator {number}", role="operator",
                language="en", password=centre.password,
            )  # fmt: skip
            self._agents.append(str(made["id"]))
        centre.start(
            "operators", "operators", "--url", centre.url, "--password", centre.password,
            "--login", "op1", "--count", str(OPERATORS), "--hurry", str(HURRY),
            "--out", str(self._out / "operators.jsonl"),
        )  # fmt: skip
        return manager

    def _wait_ready(self, manager: Manager) -> None:
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if gone := self._centre.died():
                raise RuntimeError(f"{gone} ended at its start; read {self._out / gone}.log")
            with suppress(Exception):
                if manager.get("/health").get("ok"):
                    return
            time.sleep(0.2)
        raise RuntimeError(f"Vyzov was not ready in {READY_S:.0f} s; read {self._out}/vyzov.log")

    def _campaign(self, manager: Manager, case: Case, number: str, here: tuple[str, int]) -> str:
        extra: dict[str, Any] = dict(case.trunk)
        trunk = manager.post(
            "/trunks", name=case.name, host=here[0], port=here[1], codecs=["PCMA", "PCMU"],
            lines_max=2, calls_per_second=5, active=True, probe_s=0,
            transport="tcp" if case.tcp else "udp", **extra,
        )  # fmt: skip
        file = self._out / f"{case.name}.csv"
        file.write_text(f"Phone,Name,Timezone\n{number},Client,Europe/Moscow\n", encoding="utf-8")
        settings: dict[str, Any] = {
            "mode": "progressive",
            "purpose": "service",
            "caller_id": CALLER,
            "trunks": [str(trunk["id"])],
            "agents": self._agents,
            "lines_max": 2,
            "calls_per_second": 5,
            "ring_timeout_s": 15,
            "window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
            "redial": {"attempts_max": 1},
            "classify": "none",
            "recording": False,
        }
        made = manager.post(
            "/campaigns", name=case.name, purpose="service", mode="progressive",
            list=manager.upload(file, case.name)["id"], principal=None, settings=settings,
        )  # fmt: skip
        campaign = str(made["id"])
        manager.post(f"/campaigns/{campaign}/start")
        return campaign

    async def _one(
        self, manager: Manager, stage: Stage, case: Case, number: str, campaigns: dict[str, str]
    ) -> Row:
        row = Row(case.name, case.name, dict(case.expect), dict(case.place), case.tcp)
        row.expect = _of_a_floor(row.expect)
        seed = self._seed * 1000 + sum(case.name.encode())
        async with (
            self._slots,
            stage.carrier(case, weather=self._weather, seed=seed, patient=True) as carrier,
        ):
            if carrier.process.returncode is not None:
                row.broken = carrier.words()
                return row
            campaign = await asyncio.to_thread(self._campaign, manager, case, number, carrier.here)
            campaigns[campaign] = case.name
            end = time.monotonic() + CALL_LIMIT_S
            while time.monotonic() < end and not row.over:
                progress = await asyncio.to_thread(manager.get, f"/campaigns/{campaign}/progress")
                row.over = progress["closed"] + progress["callback"] >= 1
                await asyncio.sleep(0.3)
            with suppress(TimeoutError):
                row.exit = await asyncio.wait_for(carrier.process.wait(), 25.0)
            # An operator may have promised to call back: nobody would be there.
            await asyncio.to_thread(manager.post, f"/campaigns/{campaign}/finish")
            if carrier.proxy is not None:
                row.chaos = carrier.proxy.counts.to_json()
        return row

    def _settled(self, manager: Manager) -> list[dict[str, str]]:
        """What every operator does once nothing is left to do, or at the end of the patience."""
        end = time.monotonic() + SETTLED_S
        agents: list[dict[str, str]] = []
        while time.monotonic() < end:
            agents = [
                {"name": str(agent["name"]), "state": str(agent["state"])}
                for agent in manager.get("/floor")["agents"]
            ]
            if agents and all(agent["state"] == "ready" for agent in agents):
                break
            time.sleep(0.5)
        return agents

    # ---- what is left

    def _write(
        self, rows: list[Row], campaigns: dict[str, str], agents: list[dict[str, str]]
    ) -> None:
        export_facts(self._out / "data" / "vyzov.db", self._out / "facts.jsonl")
        counts: dict[str, int] = {}
        finals: dict[str, int] = {}
        with (self._out / "events.jsonl").open("w", encoding="utf-8") as file:
            for line in (self._out / "facts.jsonl").read_text(encoding="utf-8").splitlines():
                fact = json.loads(line)
                case = campaigns.get(str(fact["campaign"]))
                if case is None:
                    continue
                finals[case] = finals.get(case, 0) + (fact["kind"] == "final")
                if fact["kind"] in KINDS:
                    counts[case] = counts.get(case, 0) + 1
                    event = {"event": KINDS[fact["kind"]], "leg": case, "seq": counts[case]}
                    file.write(json.dumps(fact["data"] | event) + "\n")
        for row in rows:
            row.living = finals.get(row.name, 0) != 1
        told = {
            "weather": None if self._weather is None else asdict(self._weather),
            "seed": self._seed,
            "cases": [asdict(row) for row in rows],
            "agents": agents,
        }
        (self._out / "run.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def _of_a_floor(expect: dict[str, Any]) -> dict[str, Any]:
    """What a floor keeps of the expectations: a fact holds no phrase and no headers."""
    kept = {name: value for name, value in expect.items() if name != "ringing"}
    facts = ("side", "code", "stage", "q850")
    last = {name: value for name, value in expect.get("last", {}).items() if name in facts}
    return kept | {"last": last}
