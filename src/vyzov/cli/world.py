"""`vyzov pstn` and `vyzov operators`: the made-up network and the program operators.

Both can be those of a scenario file: its people behind the numbers, its crew at the desks. What a box
or a program cannot do as the file says is refused rather than left out.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from vyzov.cli.precedence import come_first
from vyzov.cli.supervisor import watch_parent
from vyzov.core.errors import InvalidRequest
from vyzov.pstn.box import BoxSettings, run_box
from vyzov.pstn.operators import OperatorSettings, run_operators
from vyzov.simulation.agents import Habits
from vyzov.simulation.scenario_file import read_scenario


def run_pstn(settings: BoxSettings) -> None:
    """Runs the box until a signal."""
    _run(run_box(settings))


def run_program_operators(settings: OperatorSettings) -> None:
    """Runs program operators until a signal."""
    _run(run_operators(settings))


def box_settings(
    host: str, port: int, seed: int, ledger: Path, numbers: Path | None, *,
    listen_anywhere: bool, hurry: float, bad_network: float, scenario: Path | None, as_json: bool,
) -> BoxSettings:  # fmt: skip
    """Returns how the box is started; raises `InvalidRequest` for a scenario it cannot play."""
    settings = BoxSettings(
        ledger=ledger, port=port, host=host, seed=seed, numbers=numbers,
        listen_anywhere=listen_anywhere, hurry=hurry, bad_network=bad_network, json=as_json,
    )  # fmt: skip
    return settings if scenario is None else with_people(settings, scenario)


def with_people(settings: BoxSettings, scenario: Path) -> BoxSettings:
    """Lets the people of a scenario's only campaign live at all numbers of the box."""
    campaigns = read_scenario(scenario).campaigns
    if len(campaigns) != 1 or len(campaigns[0].zones) != 1:
        raise InvalidRequest(
            f"{scenario} has several campaigns or time zones, and a box has people of one kind.",
            "Name a scenario with one campaign in one zone.",
        )
    (zone,) = campaigns[0].zones
    return replace(settings, people=campaigns[0].people, zone=zone)


def with_crew(settings: OperatorSettings, scenario: Path) -> OperatorSettings:
    """Lets program operators work as the first crew of a scenario; how many is said elsewhere."""
    crews = read_scenario(scenario).crews
    if not crews:
        raise InvalidRequest(f"{scenario} has no operators.", "Give it a table [[crews]].")
    crew = crews[0]
    plain = replace(
        Habits(), result_in_call=0.0, leaves_result=0.0, undoes=0.0, pause_every_s=0.0,
        promises=False,
    )  # fmt: skip
    if crew.habits != plain or crew.shifts:
        raise InvalidRequest(
            f"Operators of {scenario} do what program operators cannot.",
            "Give the crew `result_in_call = 0` and `promises = false`, no shifts, and nothing that "
            "is left out, undone, paused or lost.",
        )
    if crew.talk is not None:
        settings = replace(settings, talk=crew.talk, patience_s=crew.talk.most_s)
    if crew.wrap_up is not None:
        settings = replace(settings, wrap_up=crew.wrap_up)
    return replace(settings, callback_share=0.0)


def _run(work: Coroutine[Any, Any, None]) -> None:
    logging.getLogger("aioice").setLevel(logging.ERROR)
    come_first("world")

    async def run() -> None:
        task = asyncio.ensure_future(work)
        watch_parent(lambda: (task.cancel(), None)[1])
        try:
            await task
        except asyncio.CancelledError:
            return

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
