"""A small centre for the tests of the floor: the real store in memory under a simulated world."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from vyzov.core.agent import Work, state_of
from vyzov.core.campaign import CampaignState
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.dialer.office_records import (
    ImportedRow,
    ImportPhone,
    NewUser,
    Role,
    RowVerdict,
    TrunkSettings,
)
from vyzov.dialer.room import LiveAgent, LiveCall, LiveCampaign
from vyzov.dialer.screens import abandonment
from vyzov.simulation.agents import OFFER
from vyzov.simulation.faults import NO_FAULTS, Faults
from vyzov.simulation.people import Callee, CalleeKind, Plan, callee_for
from vyzov.simulation.world import Reply, World
from vyzov.simulation.world_process import Delays
from vyzov.simulation.world_time import SeededDice, Timeline
from vyzov.storage.connections import engine_of, open_connection
from vyzov.storage.migrate import migrate_engine
from vyzov.storage.office import SqlOffice
from vyzov.storage.sqlite import SqliteStore

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SALT = "5a" * 32
CALLER_ID = "+70005559999"
QUICK = Faults(restart_s=(0.2, 0.3))

FLOW: dict[str, Any] = {
    "start": "offer",
    "on_machine": "hang_up",
    "steps": {
        "offer": {
            "do": "announce",
            "prompt": "offer",
            "keys": {"1": "operator", "2": "later", "9": "stop"},
            "wait_s": 5,
            "repeats": 0,
            "on_silence": "bye",
        },
        "operator": {"do": "connect", "prompt": "please_wait", "wait_s": 12},
        "later": {"do": "callback", "after_s": 40, "prompt": "will_call_back"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}

SETTINGS: dict[str, Any] = {
    "purpose": "service",
    "caller_id": CALLER_ID,
    "lines_max": 20,
    "calls_per_second": 8,
    "ring_timeout_s": 16,
    "window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
    "redial": {
        "attempts_max": 2,
        "rules": {
            "no_answer": {"after_s": 25},
            "busy": {"after_s": 15},
            "congestion": {"after_s": 20},
            "cancelled_by_us": {"after_s": 20},
            "abandoned": {"after_s": 40},
        },
    },
    "connect_limit_s": 2,
    "wrap_up_s": 12,
    "agent_return_limit_s": 8,
}


def number(place: int) -> str:
    """A number kept for fiction."""
    return f"+7000555{place:04d}"


def plan(kind: CalleeKind = CalleeKind.ANSWERS_AND_SPEAKS, **changes: Any) -> Plan:
    """A callee as a test wants it: rings two seconds, stays until the other side hangs up."""
    usual = Callee("+70005550101", kind, 4).plan(1)
    talks = {"talk_s": 1000.0, "leaves_first": False, "post_dial_s": 0.3}
    rings = {"ring_s": 2.0} if usual.answers else {}
    return replace(usual, **(talks | rings | changes))


class WorldClock:
    """The office's clock in a world."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def monotonic(self) -> float:
        return self._timeline.now

    def utc(self) -> datetime:
        return self._timeline.utc


@dataclass
class Centre:
    """A world with people, a trunk, lists and campaigns, and short words for what tests do."""

    world: World
    office: SqlOffice
    connection: sqlite3.Connection
    organisation: str
    plans: dict[str, Callable[[int], Plan]]
    trunk: str = ""
    rows: int = 0

    # ---- setting up

    def operator(self, name: str = "ann") -> str:
        return self.office.create_user(
            self.organisation, NewUser(name, name.title(), Role.OPERATOR, "x")
        ).id

    def campaign(
        self, count: int = 1, *, agents: tuple[str, ...] = (), mode: str = "progressive",
        phones: tuple[tuple[str, ...], ...] | None = None, **changes: Any,
    ) -> str:  # fmt: skip
        """A draft with a list of `count` people of its own, or of the phones given."""
        if phones is None:
            first = self.rows
            phones = tuple((number(first + n),) for n in range(count))
        self.rows += len(phones)
        listed = self.office.import_list(
            self.organisation, name="List", file_name="clients.csv", file_sha256="00",
            rows=[row(number + 2, *given) for number, given in enumerate(phones)],
        )  # fmt: skip
        settings = SETTINGS | {"mode": mode, "agents": list(agents), "trunks": [self.trunk]}
        if mode == "agentless":
            settings["flow"] = FLOW
        made = self.office.create_campaign(
            self.organisation, name="Renewal", settings=settings | changes, list_id=listed.id
        )
        return made.id

    def lives(self, number: str, *attempts: Plan) -> None:
        """Says what calls to a number meet, the last plan again and again."""
        self.plans[number] = lambda count: attempts[min(count, len(attempts)) - 1]

    def everybody(self, *attempts: Plan) -> None:
        """Says what calls to any other number meet."""
        self.plans[""] = lambda count: attempts[min(count, len(attempts)) - 1]

    def open(self, *campaigns: str) -> None:
        """Starts the floor and the campaigns."""
        self.world.start()
        self.world.run(1.0)
        for campaign in campaigns:
            self.world.send("office.start_campaign", "boss", campaign=campaign)
            if not self.until(lambda campaign=campaign: self.is_running(campaign), 1.0):
                # The floor was killed with the ask in its hands: a person asks again.
                assert self.until(lambda: self.world.is_up)
                assert self.start_campaign(campaign).ok

    # ---- what people do

    def start_campaign(self, campaign: str) -> Reply:
        return self.world.ask("office.start_campaign", "boss", campaign=campaign)

    def ready(self, user: str, tab: str = "") -> None:
        """Signs an agent in, with a phone that works."""
        tab = tab or f"{user}-tab"
        assert self.world.ask("desk.attach", user, tab).ok
        assert self.world.ask("desk.offer", user, tab, sdp=OFFER).ok
        assert self.world.ask("desk.ready", user, tab).ok
        assert self.until(lambda: self.agent_state(user) != "no_device", 2.0)

    def finish_talk(self, user: str, result: str = "refused") -> None:
        """Ends the talk in hand and gives its result."""
        attempt = self.found(user).agent.call
        assert self.desk("result", user, attempt=attempt, result=result).ok
        assert self.until(lambda: self.agent_state(user) != "talking", 5.0)

    def lose_device(self, user: str, reason: str = "ice") -> None:
        """The agent's browser is gone, for the engine too."""
        for device in list(self.world.engine.devices.values()):
            if device.agent == user:
                self.world.engine.lose_device(device.leg, reason)
        self.world.run(0.01)

    def desk(self, verb: str, user: str, **args: object) -> Reply:
        return self.world.ask(f"desk.{verb}", user, f"{user}-tab", **args)

    def until(self, is_so: Callable[[], bool], limit_s: float = 30.0) -> bool:
        """Lets time pass until something is so; False where it did not come in time."""
        return is_so() or self.world.run(limit_s, is_so)

    # ---- what breaks

    def begin(self, mode: str = "progressive", **changes: object) -> tuple[str, str]:
        """A running campaign of one for Ann, who is ready unless a robot is to speak first."""
        ann = self.operator()
        campaign = self.campaign(agents=(ann,), mode=mode, **changes)
        self.open(campaign)
        if mode == "progressive":
            self.ready(ann)
        return ann, campaign

    def reach(self, state: str, limit_s: float = 30.0) -> None:
        """Lets time pass until a call is in this state."""
        assert self.until(lambda: state in self.call_states(), limit_s)

    def kill_floor(self) -> None:
        """Kills the floor and waits until another life of it works."""
        life = self.world.lives
        self.world.kill_floor()
        assert self.until(lambda: self.world.lives > life and self.world.is_up, 15.0)

    def break_link(self, span_s: float) -> None:
        assert self.world.process is not None
        self.world.process.break_link(span_s)

    def come_back(self, user: str) -> None:
        """The web process makes the agent's window known to the new floor."""
        assert self.world.ask("desk.attach", user, f"{user}-tab").ok

    # ---- how things stand

    @property
    def room(self) -> Any:
        assert self.world.process is not None
        return self.world.process.floor.room

    def found(self, user: str) -> LiveAgent:
        return self.room.agents[user]

    def agent_state(self, user: str) -> str:
        return state_of(self.found(user).agent).value

    def calls(self) -> list[LiveCall]:
        return list(self.room.calls.values())

    def call_states(self) -> list[str]:
        return [live.call.state.value for live in self.calls()]

    def live_campaign(self, campaign: str) -> LiveCampaign:
        return self.room.campaigns[campaign]

    def is_running(self, campaign: str) -> bool:
        found = self.room.campaigns.get(campaign)
        return found is not None and found.state is CampaignState.RUNNING

    def are_completed(self, *campaigns: str) -> bool:
        """True where the floor says so of all; a floor that is down says nothing."""
        states = [self.room.campaigns[one].state for one in campaigns if one in self.room.campaigns]
        return states == [CampaignState.COMPLETED] * len(campaigns)

    def talking(self, user: str) -> bool:
        return self.agent_state(user) == "talking"

    def facts(self, kind: FactKind) -> list[Fact]:
        return [fact for fact in self.world.watch.facts if fact.kind is kind]

    def outcomes(self) -> list[str]:
        return [str(fact.data["outcome"]) for fact in self.facts(FactKind.FINAL)]

    def rows_of(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.execute(sql, values).fetchall()]

    def shown_abandoned(self, campaign: str) -> tuple[int, int]:
        """The abandoned share as the screens show it."""
        shown = abandonment(self.live_campaign(campaign))
        return shown["numerator"], shown["denominator"]

    def entries(self, campaign: str) -> list[dict[str, Any]]:
        return self.rows_of(
            "SELECT * FROM campaign_contact WHERE campaign_id = ? ORDER BY position", campaign
        )

    def attempts(self) -> list[dict[str, Any]]:
        return self.rows_of("SELECT * FROM attempt ORDER BY reserved_at, id")

    def settle(self, limit_s: float = 200.0) -> None:
        """Stops dialling, lets every call end, and demands that no rule was broken."""
        world = self.world
        world.stop_faults()
        assert self.until(lambda: world.is_up)
        for campaign in list(self.room.campaigns.values()):
            if campaign.state is CampaignState.RUNNING:
                assert world.ask("office.pause_campaign", "boss", campaign=campaign.record.id).ok
        for user, found in list(self.room.agents.items()):
            if found.agent.work is Work.TALKING:
                world.ask("desk.hangup", user, "settling")
        assert world.drain(limit_s), world.watch.open_attempts
        # A recording whose end nobody tells is waited for before its leg is forgotten.
        world.run(40.0, lambda: all(leg.attempt is None for leg in world.engine.book.values()))
        world.run(1.0)
        assert world.process is not None
        world.watch.settle(world.process.floor)
        assert world.watch.breaches == []


def row(number: int, *phones: str) -> ImportedRow:
    return ImportedRow(
        row=number,
        verdict=RowVerdict.OK,
        raw=phones,
        name=f"Client {number}",
        language="ru",
        phones=tuple(ImportPhone(phone, "RU", ("Europe/Moscow",)) for phone in phones),
    )


@pytest.fixture(scope="session")
def empty_database() -> Iterator[sqlite3.Connection]:
    """A migrated database with an organisation and a floor, to be copied."""
    connection = open_connection(":memory:")
    migrate_engine(engine_of(connection))
    at = to_text(NOON)
    engine = engine_of(connection)
    with engine.begin() as writing:
        for table, values in (
            ("organisation", {"id": "org", "name": "Vega", "number_salt": SALT, "created_at": at}),
            ("principal", {"id": "own", "organisation_id": "org", "name": "Vega"}),
            ("floor", {"id": "floor", "organisation_id": "org", "name": "f", "created_at": at}),
        ):
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            writing.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
    yield connection
    connection.close()


Build = Callable[..., Centre]


@pytest.fixture
def build(empty_database: sqlite3.Connection) -> Iterator[Build]:
    """Makes centres: `build(seed=1, faults=Faults(...))`."""
    made: list[sqlite3.Connection] = []

    def make(seed: int = 0, faults: Faults = NO_FAULTS, delays: Delays | None = None) -> Centre:
        connection = open_connection(":memory:")
        empty_database.backup(connection)
        made.append(connection)
        timeline = Timeline(NOON)
        dice = SeededDice(timeline, f"{seed}/office")
        office = SqlOffice(
            ":memory:", clock=WorldClock(timeline), randomness=dice, connection=connection
        )
        plans: dict[str, Callable[[int], Plan]] = {}

        def plan_of(number: str, count: int) -> Plan:
            chosen = plans.get(number) or plans.get("")
            if chosen is not None:
                return chosen(count)
            return callee_for(number, seed).plan(count)

        world = World(
            open_store=lambda: SqliteStore(":memory:", randomness=dice, connection=connection),
            floor="floor", begin=NOON, seed=seed, plan_of=plan_of, faults=faults,
            timeline=timeline, delays=delays,
        )  # fmt: skip
        centre = Centre(world, office, connection, "org", plans)
        centre.trunk = office.create_trunk(
            "org", TrunkSettings(name="Carrier", host="127.0.0.1", port=5060, calls_per_second=20)
        ).id
        return centre

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def centre(build: Build) -> Centre:
    return build()
