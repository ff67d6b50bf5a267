"""A whole centre with two floors in two floor processes, for proofs that stop and kill them.

The box, Vyzov and its operators are the processes of the demo. Each floor has operators, a campaign of
offers and a campaign for operators of its own; a share of the numbers stands in the lists of both, so
that only the database keeps one person from being called by both at once.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import settings_of, write_list
from vyzov.dialer.floor_places import FloorPlace
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.settings import DATABASE_VARIABLE, load_settings
from vyzov.storage.office import open_office

Json = dict[str, Any]

FLOORS = 2
SECOND = "Second"
OPERATORS = 4
"""On each floor."""
SHARED_EVERY = 3
"""Of the numbers of a list, each such one stands in the other floor's list too, in the same place."""
KINDS = ("engine", "floor", "web")
TONES = (1150, 1550)
RTP_FIRST, RTP_PORTS = 30_000, 1_000
"""Centres side by side have ports for sound of their own, so that none hears another's."""


@dataclass(frozen=True)
class Process:
    """A process of Vyzov: its kind and its number."""

    kind: str
    pid: int


def open_floors(
    centre: Centre, contacts: int, *, database: str = "", place: int = 0
) -> tuple[Manager, list[Json]]:
    """Starts everything, puts people and campaigns on two floors, and starts the campaigns.

    `place` counts the centres that run side by side on this machine, from 0."""
    centre.port = free_port(centre.port)
    data = centre.out / "data"
    data.mkdir(parents=True, exist_ok=True)
    rtp_first = RTP_FIRST + place * RTP_PORTS
    (data / "vyzov.toml").write_text(
        f"floor_processes = {FLOORS}\n"
        f"rtp_first = {rtp_first}\nrtp_last = {rtp_first + RTP_PORTS - 1}\n",
        encoding="utf-8",
    )
    if database:
        os.environ[DATABASE_VARIABLE] = database
    numbers = [f"+7000555{index:04d}" for index in range(min(contacts, 9999))]
    manager, trunk = open_empty(centre, numbers)
    vyzov(data, "floors", "add", SECOND)
    campaigns: list[Json] = []
    for floor, listed in enumerate(lists_of(numbers)):
        crew = [_operator(manager, centre, floor, one) for one in range(OPERATORS)]
        if floor:
            for login, _ in crew:
                vyzov(data, "floors", "put", SECOND, "--person", login)
        people = [user for _, user in crew]
        for mode, part in (("agentless", listed[::2]), ("progressive", listed[1::2])):
            made = _campaign(manager, centre, f"{mode} {floor + 1}", mode, part, trunk, people)
            if floor:
                vyzov(data, "floors", "put", SECOND, "--campaign", str(made["id"]))
            campaigns.append(made)
        operators(centre, floor)
    for campaign in campaigns:
        manager.post(f"/campaigns/{campaign['id']}/start")
    return manager, campaigns


def operators(centre: Centre, floor: int) -> None:
    """Starts the program operators of a floor, who sign in and go to work."""
    centre.start(
        f"operators-{floor + 1}", "operators", "--url", centre.url, "--password", centre.password,
        "--seed", str(centre.seed + floor), "--login", f"op{floor * OPERATORS + 1}",
        "--count", str(OPERATORS), "--tone", str(TONES[floor]),
        "--out", str(centre.out / f"operators-{floor + 1}.jsonl"),
    )  # fmt: skip


def lists_of(numbers: list[str]) -> tuple[list[str], list[str]]:
    """Gives each floor its numbers; the shared ones stand in both lists, in the same rows."""
    shared = [number for place, number in enumerate(numbers) if place % SHARED_EVERY == 0]
    rest = [number for place, number in enumerate(numbers) if place % SHARED_EVERY]
    halves = rest[::2], rest[1::2]
    first, second = (
        [number for pair in zip(shared, half, strict=False) for number in pair] for half in halves
    )
    return first, second


def vyzov(data: Path, *words: str) -> None:
    """Runs a command of Vyzov on the data folder; one that fails is raised in its own words."""
    done = subprocess.run(
        [sys.executable, "-m", "vyzov", *words, "--data", str(data)],
        capture_output=True, text=True, check=False,
        env={key: value for key, value in os.environ.items() if key != "VYZOV_CRASH_DIR"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"vyzov {' '.join(words)}: {done.stderr.strip()}")


def _operator(manager: Manager, centre: Centre, floor: int, one: int) -> tuple[str, str]:
    login = f"op{floor * OPERATORS + one + 1}"
    made = manager.post(
        "/users", login=login, name=f"Оператор {login}", role="operator", language="ru",
        password=centre.password,
    )  # fmt: skip
    return login, str(made["id"])


def _campaign(
    manager: Manager, centre: Centre, name: str, mode: str, numbers: list[str], trunk: str,
    people: list[str],
) -> Json:  # fmt: skip
    file = centre.out / f"{name.replace(' ', '-')}.csv"
    write_list(file, numbers, "ru", centre.seed)
    settings = settings_of(mode, trunk, people, quick=True)
    settings |= {"lines_max": 10, "calls_per_second": 1}
    settings["redial"]["attempts_max"] = 3
    return manager.post(
        "/campaigns", name=name, purpose="service", mode=mode, principal=None, settings=settings,
        list=manager.upload(file, name)["id"],
    )  # fmt: skip


# ---- looking ---------------------------------------------------------------------------------------


def processes_of(centre: Centre) -> list[Process]:
    """Returns the processes under the supervising one, stopped ones too."""
    serve = next(process for name, process in centre.processes if name == "vyzov")
    return sorted(_children(serve.pid), key=lambda one: (one.kind, one.pid))


def _children(parent: int) -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError, ValueError):
            status = (entry / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
            words = (entry / "cmdline").read_bytes().split(b"\0")
            kind = words[3].decode()
            if int(status[1]) == parent and status[0] != "Z" and kind in KINDS:
                yield Process(kind, int(entry.name))


class Leases:
    """Reads who owns which floor, straight from the database."""

    def __init__(self, data: Path) -> None:
        settings = load_settings(data)
        self._office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())

    def floors(self) -> tuple[FloorPlace, ...]:
        """Returns all floors with their leases."""
        return self._office.floor_map().floors

    def owned_by(self, pid: int) -> list[FloorPlace]:
        """Returns the floors whose lease a process holds."""
        return [one for one in self.floors() if owner_of(one) == pid and is_held(one)]


def owner_of(floor: FloorPlace) -> int:
    """Returns the process in a lease, 0 where there is none."""
    pid = floor.holder.partition(":")[0]
    return int(pid) if pid.isdigit() else 0


def is_held(floor: FloorPlace) -> bool:
    """Tells whether a lease lasts."""
    return floor.has_owner(datetime.now(UTC))


def floors_here(manager: Manager) -> dict[str, bool]:
    """Tells for each floor whether the web process is connected to it and it has an engine."""
    state = manager.get("/floor")
    return {
        one["id"]: one["floor"] == "here" and one["engine"] == "up"
        for one in state.get("floors", ())
    }
