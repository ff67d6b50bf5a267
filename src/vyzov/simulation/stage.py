"""Builds the centre of a scenario: a real database in memory, its people, lists and campaigns.

What the office writes is written by the office's own code. Who lives at a number is settled by the
scenario's seed and the number; the hours at which they are home follow their own clock.
"""

import functools
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from vyzov.core.campaign import CampaignSettings
from vyzov.core.instants import to_text
from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.office_records import (
    ImportedRow,
    ImportPhone,
    NewUser,
    Role,
    RowVerdict,
    StopSource,
    TrunkSettings,
)
from vyzov.simulation.oracle import Oracle
from vyzov.simulation.people import hurried
from vyzov.simulation.residents import Residents
from vyzov.simulation.scenario import Crew, Scenario, ScenarioCampaign
from vyzov.simulation.world import World
from vyzov.simulation.world_process import Delays
from vyzov.simulation.world_time import SeededDice, Timeline
from vyzov.storage import tables as t
from vyzov.storage.connections import engine_of, open_connection
from vyzov.storage.memory import MemoryDatabase, MemoryStore
from vyzov.storage.migrate import migrate_engine
from vyzov.storage.office import SqlOffice
from vyzov.storage.sqlite import SqliteStore

ORGANISATION = "org"
FLOOR = "floor"
CALLER_ID = "+70005559999"
NUMBER_SALT = "5a" * 32
PLACES_MAX = 10_000_000
DEFAULT_SETTINGS: Mapping[str, Any] = {
    "mode": "progressive",
    "purpose": "service",
    "caller_id": CALLER_ID,
    "lines_max": 200,
    "calls_per_second": 20,
    "window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
}
"""What a scenario's campaign is where its own settings say nothing."""


@dataclass(slots=True)
class Stage:
    """A world that waits for its first second, and the ids of what stands in it.

    Where its floor works in memory (`kept`), the database is brought up to date before it is shown."""

    world: World
    _office: SqlOffice
    _connection: sqlite3.Connection
    kept: MemoryDatabase | None = None
    crews: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    trunks: dict[str, str] = field(default_factory=dict[str, str])
    campaigns: dict[str, str] = field(default_factory=dict[str, str])
    stopped: set[str] = field(default_factory=set[str])
    numbers: list[str] = field(default_factory=list[str])

    @property
    def office(self) -> SqlOffice:
        """The office, which sees all that the floor has written."""
        self._settle()
        return self._office

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, with all that the floor has written."""
        self._settle()
        return self._connection

    def _settle(self) -> None:
        if self.kept is not None:
            self.kept.write_back()

    def left(self) -> list[tuple[str, str, str]]:
        """Returns how every contact stands: campaign, contact and state."""
        if self.kept is not None:
            return self.kept.rows(ORGANISATION).left()
        rows = self._connection.execute(
            "SELECT campaign_id, contact_id, state FROM campaign_contact"
            " ORDER BY campaign_id, position, contact_id"
        ).fetchall()
        return [(str(row[0]), str(row[1]), str(row[2])) for row in rows]

    def stop_number(self, number: str) -> None:
        """Puts a number on the stop-list, as the office does."""
        stop = self.office.add_stop(
            ORGANISATION, number, reason="asked", source=StopSource.OFFICE.value
        )
        self.world.watch.calling.stop(stop.number_ref)

    def save_settings(self, campaign: str) -> None:
        """Saves a campaign's settings as a new version, one detail changed."""
        found = self.office.campaign(ORGANISATION, campaign)
        assert found is not None, "campaigns of a stage stay"
        wrap_up_s = float(found.settings["wrap_up_s"])
        changed = {**found.settings, "wrap_up_s": wrap_up_s + (1.0 if wrap_up_s < 600.0 else -60.0)}
        self.office.change_campaign(ORGANISATION, campaign, settings=changed)

    def close(self) -> None:
        """Lets the database go."""
        self._connection.close()


class _Clock:
    """The office's clock in a world."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def monotonic(self) -> float:
        return self._timeline.now

    def utc(self) -> datetime:
        return self._timeline.utc


def build(scenario: Scenario, seed: int) -> Stage:
    """Returns the scenario's centre, with everything down and nobody at work."""
    connection = _database(scenario.begin)
    timeline = Timeline(scenario.begin)
    dice = SeededDice(timeline, f"{seed}/office")
    office = SqlOffice(
        ":memory:", clock=_Clock(timeline), randomness=dice, connection=connection
    )  # fmt: skip
    residents = Residents(timeline, seed)
    kept = MemoryDatabase(connection) if scenario.in_memory else None

    def open_store() -> FloorStore:
        if kept is not None:
            return MemoryStore(kept, randomness=dice)
        return SqliteStore(":memory:", randomness=dice, connection=connection)

    world = World(
        open_store=open_store,
        floor=FLOOR, begin=scenario.begin, seed=seed,
        plan_of=lambda number, count: hurried(residents.plan(number, count), scenario.hurry),
        faults=scenario.faults, delays=Delays(), timeline=timeline, watched=scenario.watched,
    )  # fmt: skip
    world.shows_screens = scenario.shows_screens
    world.points = list(reversed(scenario.points))
    oracle = world.watch.calling.oracle = Oracle(timeline)
    stage = Stage(world, office, connection, kept)
    for trunk in scenario.trunks:
        settings = TrunkSettings(
            name=trunk.name, host="127.0.0.1", lines_max=trunk.lines_max,
            calls_per_second=trunk.calls_per_second,
        )  # fmt: skip
        key = stage.trunks[trunk.name] = office.create_trunk(ORGANISATION, settings).id
        world.engine.carrier.carries_max[key] = trunk.carries_max
    for crew in scenario.crews:
        stage.crews[crew.name] = tuple(_people_of(office, crew))
    places = iter(range(PLACES_MAX))
    for campaign in scenario.campaigns:
        homes = _Homes(residents, oracle)
        stage.campaigns[campaign.name] = _campaign(stage, campaign, homes, places, seed)
    for number in sorted(stage.stopped):
        stage.stop_number(number)
    return stage


@dataclass(frozen=True, slots=True)
class _Homes:
    """Where people of a list move in: with them comes the book of when they may be called."""

    residents: Residents
    oracle: Oracle

    def settle(self, number: str, campaign: ScenarioCampaign, zones: tuple[str, ...]) -> None:
        """Lets somebody live at a number, in the last of its possible zones."""
        self.residents.settle(number, campaign.people, zones[-1])
        places = tuple(ZoneInfo(zone) for zone in zones)
        self.oracle.know(number, places, {**DEFAULT_SETTINGS, **campaign.settings})


def _people_of(office: SqlOffice, crew: Crew) -> Iterator[str]:
    for place in range(1, crew.count + 1):
        name = f"{crew.name}-{place}"
        yield office.create_user(ORGANISATION, NewUser(name, name, Role.OPERATOR, "x")).id


def _campaign(
    stage: Stage, campaign: ScenarioCampaign, homes: "_Homes", places: Iterator[int], seed: int
) -> str:
    office = stage.office
    dice = Random(f"{seed}/{campaign.name}/list")
    listed = office.import_list(
        ORGANISATION, name=campaign.name, file_name=f"{campaign.name}.csv", file_sha256="00",
        rows=_rows(stage, campaign, homes, places, dice),
    )  # fmt: skip
    agents = [
        user
        for name, people in stage.crews.items()
        if not campaign.crews or name in campaign.crews
        for user in people
    ]
    trunks = [
        trunk
        for name, trunk in stage.trunks.items()
        if not campaign.trunks or name in campaign.trunks
    ]
    settings = {**DEFAULT_SETTINGS, **campaign.settings, "agents": agents, "trunks": trunks}
    made = office.create_campaign(
        ORGANISATION, name=campaign.name, settings=settings, list_id=listed.id
    )
    policy = CampaignSettings.from_json(settings).redial
    calling = stage.world.watch.calling
    calling.attempts_max[made.id], calling.waits[made.id] = policy.attempts_max, policy.waits
    return made.id


def _rows(
    stage: Stage, campaign: ScenarioCampaign, homes: "_Homes", places: Iterator[int],
    dice: Random,
) -> Iterator[ImportedRow]:  # fmt: skip
    zones, weights = list(campaign.zones), list(accumulate(campaign.zones.values()))
    for row in range(2, campaign.contacts + 2):
        zone = dice.choices(zones, cum_weights=weights)[0] if len(zones) > 1 else zones[0]
        if (place := row - 2) < campaign.shares:
            numbers = [stage.numbers[place]]
        else:
            numbers = [f"+7000{next(places):07d}" for _ in range(campaign.phones_each)]
        beside = campaign.zone_beside if row % 2 else ""
        places_of = (zone, beside) if beside else (zone,)
        for number in numbers:
            homes.settle(number, campaign, places_of)
            if place >= campaign.shares:
                stage.numbers.append(number)
            if campaign.stop_listed and dice.random() < campaign.stop_listed:
                stage.stopped.add(number)
        yield ImportedRow(
            row=row, verdict=RowVerdict.OK, raw=tuple(numbers), name=f"Client {row}",
            language="ru", phones=tuple(ImportPhone(one, "RU", places_of) for one in numbers),
        )  # fmt: skip


@functools.cache
def _empty() -> sqlite3.Connection:
    """A migrated database that copies are made of."""
    connection = open_connection(":memory:")
    migrate_engine(engine_of(connection))
    return connection


def _database(begin: datetime) -> sqlite3.Connection:
    """A database with an organisation and a floor and nothing else."""
    connection = open_connection(":memory:")
    _empty().backup(connection)
    begun = {"organisation_id": ORGANISATION, "created_at": to_text(begin)}
    rows = (
        (t.organisation, {"id": ORGANISATION, "name": "Vega", "number_salt": NUMBER_SALT} | begun),
        (t.principal, {"id": "own", "name": "Vega"} | begun),
        (t.floor, {"id": FLOOR, "name": "Floor"} | begun),
    )
    with engine_of(connection).begin() as writing:
        for table, values in rows:
            known = {name: value for name, value in values.items() if name in table.c}
            writing.execute(table.insert().values(**known))
    return connection
