"""One hour of a scenario in real time: real processes, real SIP and RTP, program operators.

Starts the network in a box with the scenario's people, Vyzov and as many program operators as the
scenario's crew has, does what a manager would by the public API, lets the time pass and leaves the
three books in a folder. Says nothing of what came of it: `check_pacing.py` does.
"""

import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from processes import cpu_s, machine_s, vyzov_parts

from vyzov.app import load_settings
from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import numbers_of, write_list
from vyzov.simulation.scenario import Scenario
from vyzov.simulation.scenario_file import read_scenario
from vyzov.simulation.stage import DEFAULT_SETTINGS
from vyzov.storage.export import export_facts

SIGN_IN_LIMIT_S = 120.0
LOOK_S = 10.0
AFTER_S = 10.0
HURRIED_SETTINGS = ("ring_timeout_s", "wrap_up_s")
"""What of a campaign's settings is a length of time that people take."""
SETTLES_S = 5.0


def hurried(scenario: Scenario, hurry: float) -> Scenario:
    """The scenario with every length of time that it names so many times shorter."""
    (campaign,) = scenario.campaigns
    settings = {
        name: value / hurry if name in HURRIED_SETTINGS else value
        for name, value in campaign.settings.items()
    }
    if hurry > 1.0:
        settings["allow_short_ring"] = True
    crews = tuple(
        replace(
            crew, talk=crew.talk and crew.talk.hurried(hurry),
            wrap_up=crew.wrap_up and crew.wrap_up.hurried(hurry),
        )
        for crew in scenario.crews
    )  # fmt: skip
    campaigns = (replace(campaign, settings=settings),)
    return replace(scenario, crews=crews, campaigns=campaigns, hurry=hurry)


def live_through(file: Path, folder: Path, seed: int, minutes: float, hurry: float) -> None:
    """Lets a centre work for so many minutes; raises RuntimeError where a part of it ended."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = hurried(read_scenario(file), hurry)
    centre = Centre(folder, seed, free_port(0))
    numbers = numbers_of(scenario.campaigns[0].contacts)
    try:
        manager, trunk = open_empty(centre, numbers, hurry=hurry, box=("--scenario", str(file)))
        campaign = prepared(centre, manager, scenario, trunk, numbers)
        call_operators(centre, file, scenario.crews[0].count, hurry)
        time.sleep(SETTLES_S)
        manager.post(f"/campaigns/{campaign}/start")
        watch(centre, folder / "load.jsonl", 60.0 * minutes + AFTER_S)
        manager.post(f"/campaigns/{campaign}/pause")
    finally:
        centre.stop()
    export_facts(load_settings(folder / "data").database, folder / "facts.jsonl")


def prepared(
    centre: Centre, manager: Manager, scenario: Scenario, trunk: str, numbers: list[str]
) -> str:
    """Makes the scenario's operators, list and campaign and gives the trunk its limits."""
    limits = scenario.trunks[0]
    manager.patch(
        f"/trunks/{trunk}", lines_max=limits.lines_max, calls_per_second=limits.calls_per_second
    )
    agents = [
        str(
            manager.post(
                "/users", login=f"op{place}", name=f"Оператор {place}", role="operator",
                language="ru", password=centre.password,
            )["id"]
        )
        for place in range(1, scenario.crews[0].count + 1)
    ]  # fmt: skip
    file = centre.out / "clients.csv"
    write_list(file, numbers, "ru", centre.seed)
    listed = manager.upload(file, scenario.name)
    wanted = scenario.campaigns[0]
    settings: dict[str, Any] = {
        **DEFAULT_SETTINGS, **wanted.settings, "agents": agents, "trunks": [trunk],
    }  # fmt: skip
    made = manager.post(
        "/campaigns", name=wanted.name, purpose=settings["purpose"], mode=settings["mode"],
        list=listed["id"], principal=None, settings=settings,
    )  # fmt: skip
    return str(made["id"])


def call_operators(centre: Centre, file: Path, count: int, hurry: float) -> None:
    """Starts program operators and waits until all of them ask for calls."""
    diary = centre.out / "operators.jsonl"
    centre.start(
        "operators", "operators", "--url", centre.url, "--password", centre.password,
        "--seed", str(centre.seed), "--login", "op1", "--count", str(count), "--out", str(diary),
        "--scenario", str(file), "--hurry", str(hurry),
    )  # fmt: skip
    end = time.monotonic() + SIGN_IN_LIMIT_S
    while time.monotonic() < end:
        time.sleep(0.5)
        refuse_death(centre)
        if diary.exists() and diary.read_text(encoding="utf-8").count('"rec": "ready"') >= count:
            return
    raise RuntimeError(f"not all operators are at their desks; read {centre.out / 'operators.log'}")


def refuse_death(centre: Centre) -> None:
    gone = centre.died()
    if gone:
        raise RuntimeError(f"{gone} ended in mid-run; read {centre.out / gone}.log")


def watch(centre: Centre, told: Path, seconds: float) -> None:
    """Lets the time pass, and writes down what each process and the machine work."""
    end = time.monotonic() + seconds
    with told.open("w", encoding="utf-8") as file:
        while time.monotonic() < end:
            time.sleep(max(0.1, min(LOOK_S, end - time.monotonic())))
            refuse_death(centre)
            pids = {name: process.pid for name, process in centre.processes}
            pids |= vyzov_parts(pids["vyzov"])
            spent: dict[str, float] = {}
            for name, pid in pids.items():
                with suppress(OSError):
                    spent[name] = round(cpu_s(pid), 2)
            line = {"t": time.monotonic(), "machine_s": round(machine_s(), 2), "cpu_s": spent}
            file.write(json.dumps(line) + "\n")
            file.flush()
