"""Reads a scenario from TOML: `docs/reference/scenarios.md` is its reference.

All that is wrong with a file is said at once: where, what, and what would be right. What the values
mean is `scenario`'s word; what a campaign's settings may be, the campaign's own.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields
from vyzov.simulation.agents import Habits
from vyzov.simulation.faults import Faults
from vyzov.simulation.management import Management
from vyzov.simulation.people import DEFAULT_MIX, CalleeKind
from vyzov.simulation.scenario import (
    Crew,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
    Shape,
    Shift,
    Spread,
)
from vyzov.simulation.stage import DEFAULT_SETTINGS

FILE_BYTES_MAX = 1_000_000
SPAN_MAX_S = 7 * 86_400.0
CONTACTS_MAX = 200_000
OPERATORS_MAX = 500
SECONDS_MAX = 86_400.0
RATES = ("answer_lost", "lost", "doubled", "reordered", "late", "very_late", "recording_lost")
"""Faults that are shares of what could break; the others are seconds."""


def read_scenario(path: Path) -> Scenario:
    """Reads a scenario file; raises `InvalidRequest` that names the file and every wrong place."""
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            raise InvalidRequest(
                f"{path} is larger than {FILE_BYTES_MAX} bytes.", "A scenario is a short text file."
            )
        source = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be read: {error.strerror}.", "Name a scenario file, as in examples/."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"{path} is not TOML: {error}.", "Mend that line; docs/reference/scenarios.md helps."
        ) from error
    return scenario_of(source, str(path), path.stem)


def scenario_of(source: Mapping[str, Any], subject: str, name: str = "scenario") -> Scenario:
    """Returns the scenario of a TOML document, or raises `InvalidRequest` naming its faults."""
    faults: list[Fault] = []
    top = Fields(source, "", faults)
    zone = _zone(top, "zone", "UTC")
    begin = _begin(top, zone)
    span_s = 60.0 * top.number("span_min", 480.0, least=1, most=SPAN_MAX_S / 60)
    people = {name: _people(top.inner("people").inner(name)) for name in _tables(top, "people")}
    crews = tuple(_crew(row, begin, zone) for row in top.rows("crews"))
    trunks = tuple(_trunk(row) for row in top.rows("trunks")) or (ScenarioTrunk("carrier"),)
    known = _Known(people, {crew.name for crew in crews}, {trunk.name for trunk in trunks})
    campaigns = tuple(_campaign(row, known) for row in top.rows("campaigns"))
    made = Scenario(
        name=top.text("name", name, longest=80),
        span_s=span_s,
        crews=crews,
        trunks=trunks,
        campaigns=campaigns,
        begin=begin,
        faults=_faults(top.inner("faults")),
        management=_management(top.inner("manager")),
        seed=top.whole("seed", 1, least=0, most=2**31),
        ends_when_done=top.flag("ends_when_done", default=True),
        in_memory=top.flag("in_memory", default=False),
    )
    if not campaigns:
        top.fault("campaigns", "must hold at least one [[campaigns]]", "one_needed")
    for what, named in (
        ("crews", [crew.name for crew in crews]),
        ("trunks", [trunk.name for trunk in trunks]),
        ("campaigns", [campaign.name for campaign in campaigns]),
    ):
        if len(set(named)) != len(named):
            top.fault(what, "has two entries of one name", "twice")
    top.settle(subject)
    return made


class _Known:
    """The names a campaign may refer to."""

    def __init__(self, people: Mapping[str, People], crews: set[str], trunks: set[str]) -> None:
        self.people = people
        self.crews = crews
        self.trunks = trunks


def _tables(fields: Fields, name: str) -> list[str]:
    found = fields.get(name)
    return list(found) if isinstance(found, Mapping) else []  # pyright: ignore[reportUnknownArgumentType]


# ---- when ----------------------------------------------------------------------------------------


def _zone(fields: Fields, name: str, usual: str) -> ZoneInfo:
    named = fields.text(name, usual)
    try:
        return ZoneInfo(named)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields.fault(name, f"must be a time zone such as Europe/Moscow, not '{named}'")
        return ZoneInfo("UTC")


def _begin(top: Fields, zone: ZoneInfo) -> datetime:
    usual = datetime(2026, 11, 23, 9, 0, tzinfo=zone)
    found = top.get("begin")
    if found is None:
        return usual.astimezone(UTC)
    if not isinstance(found, datetime):
        top.fault("begin", "must be a date and time such as 2026-11-23T09:00:00, without quotes")
        return usual.astimezone(UTC)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _clock_after_begin(
    fields: Fields, name: str, begin: datetime, zone: ZoneInfo, not_before_s: float = 0.0
) -> float:
    """Reads `HH:MM` of the scenario's zone as seconds from the beginning: the next such moment."""
    value = fields.get(name)
    try:
        hour, minute = str(value).split(":")
        clock = time(int(hour), int(minute))
    except ValueError:
        fields.fault(name, f"must be a time such as 09:00, not '{value}'", "clock")
        return not_before_s
    local = begin.astimezone(zone)
    moment = datetime.combine(local.date(), clock, tzinfo=zone)
    earliest = begin + timedelta(seconds=not_before_s)
    while moment.astimezone(UTC) < earliest:
        moment = datetime.combine(moment.date() + timedelta(days=1), clock, tzinfo=zone)
    return (moment.astimezone(UTC) - begin).total_seconds()


def _spread(fields: Fields, name: str) -> Spread | None:
    """Reads a span of time: a plain number of seconds, or how it is spread."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return Spread(Shape.FIXED, fields.number(name, 0.0, least=0, most=SECONDS_MAX))
    inner = fields.inner(name)
    shape = inner.choice("shape", Shape)
    usual = Spread(shape)
    typical_s = inner.number("typical_s", 0.0, least=0, most=SECONDS_MAX)
    read = Spread(
        shape,
        typical_s=typical_s,
        sigma=inner.number("sigma", 0.5, least=0.01, most=3),
        least_s=inner.number("least_s", usual.least_s, least=0, most=SECONDS_MAX),
        most_s=inner.number("most_s", usual.most_s, least=0, most=SECONDS_MAX),
        samples_s=() if shape is not Shape.MEASURED else _numbers(inner, "samples_s", pair=False),
    )
    if shape in (Shape.EXPONENTIAL, Shape.LOGNORMAL) and typical_s <= 0:
        inner.fault("typical_s", f"must be more than 0 for a spread that is {shape.value}")
    if shape is Shape.UNIFORM and inner.source.get("most_s") is None:
        inner.fault("most_s", "must be there for an even spread", "needed")
    if read.most_s < read.least_s:
        inner.fault("most_s", "must not be less than least_s", "order")
    inner.close()
    return read


# ---- people --------------------------------------------------------------------------------------


def _people(fields: Fields) -> People:
    kinds = fields.inner("kinds")
    mix = {
        kind: kinds.number(kind.value, 0.0, least=0, most=1_000_000)
        for kind in CalleeKind
        if kind.value in kinds.source
    }
    for name in kinds.source:
        if name not in mix:
            kinds.fault(name, f"is no kind of callee; there are: {', '.join(CalleeKind)}", "choice")
    if kinds.source and not any(mix.values()):
        fields.fault("kinds", "must give at least one kind a share above 0")
    leaves_first = fields.number("leaves_first", -1.0, least=0, most=1)
    read = People(
        kinds=mix if any(mix.values()) else DEFAULT_MIX,
        home_by_hour=_hours(fields.inner("home_by_hour")),
        post_dial=_spread(fields, "post_dial"),
        ring=_spread(fields, "ring"),
        talk=_spread(fields, "talk"),
        leaves_first=None if leaves_first < 0 else leaves_first,
        machine_as_human=fields.number("machine_as_human", 0.0, least=0, most=1),
        human_as_machine=fields.number("human_as_machine", 0.0, least=0, most=1),
        anew_each_call=fields.flag("anew_each_call", default=False),
    )
    fields.close()
    return read


def _hours(fields: Fields) -> dict[int, float]:
    """Reads `{ "9-12" = 0.3, "18" = 0.6 }`: hours from the first up to, not with, the second."""
    found: dict[int, float] = {}
    for name in fields.source:
        share = fields.number(name, 1.0, least=0, most=1)
        first, _, last = name.partition("-")
        try:
            begins, ends = int(first), int(last) if last else int(first) + 1
        except ValueError:
            begins = ends = -1
        if not 0 <= begins < ends <= 24:
            fields.fault(name, 'must be an hour such as "9" or hours such as "9-12"')
            continue
        found |= dict.fromkeys(range(begins, ends), share)
    return found


def _crew(fields: Fields, begin: datetime, zone: ZoneInfo) -> Crew:
    usual = Habits()
    habits = replace(
        usual,
        leaves_result=fields.number("leaves_result", 0.0, least=0, most=1),
        undoes=fields.number("undoes", 0.0, least=0, most=1),
        result_in_call=fields.number("result_in_call", usual.result_in_call, least=0, most=1),
        pause_every_s=fields.number("pause_every_s", 0.0, least=0, most=SECONDS_MAX),
        device_lost_every_s=fields.number("device_lost_every_s", 0.0, least=0, most=SECONDS_MAX),
        reload_every_s=fields.number("reload_every_s", 0.0, least=0, most=SECONDS_MAX),
        promises=fields.flag("promises", default=True),
    )
    read = Crew(
        name=fields.text("name", longest=80),
        count=fields.whole("count", 1, least=1, most=OPERATORS_MAX),
        shifts=tuple(_shift(row, begin, zone) for row in fields.rows("shifts")),
        habits=habits,
        talk=_spread(fields, "talk"),
        wrap_up=_spread(fields, "wrap_up"),
    )
    fields.close()
    return read


def _shift(fields: Fields, begin: datetime, zone: ZoneInfo) -> Shift:
    begins_s = _clock_after_begin(fields, "from", begin, zone)
    ends_s = _clock_after_begin(fields, "to", begin, zone, begins_s)
    breaks: list[tuple[float, float]] = []
    for row in fields.rows("breaks"):
        since_s = _clock_after_begin(row, "from", begin, zone, begins_s)
        until_s = _clock_after_begin(row, "to", begin, zone, since_s)
        row.close()
        if until_s > ends_s:
            row.fault("to", "must lie within its shift")
        breaks.append((since_s, until_s))
    fields.close()
    return Shift(begins_s, ends_s, tuple(breaks))


# ---- trunks, campaigns, faults -------------------------------------------------------------------


def _trunk(fields: Fields) -> ScenarioTrunk:
    usual = ScenarioTrunk("")
    read = ScenarioTrunk(
        name=fields.text("name", longest=80),
        lines_max=fields.whole("lines_max", usual.lines_max, least=1, most=10_000),
        calls_per_second=fields.number(
            "calls_per_second", usual.calls_per_second, least=0.1, most=1000
        ),
        carries_max=fields.whole("carries_max", 0, least=0, most=10_000),
    )
    fields.close()
    return read


def _campaign(fields: Fields, known: _Known) -> ScenarioCampaign:
    people = fields.text("people", "")
    if people and people not in known.people:
        named = ", ".join(sorted(known.people)) or "none"
        fields.fault("people", f"must name a table [people.NAME]; there are: {named}", "choice")
    read = ScenarioCampaign(
        name=fields.text("name", longest=80),
        contacts=fields.whole("contacts", 1000, least=1, most=CONTACTS_MAX),
        settings=_settings(fields),
        people=known.people.get(people, People()),
        crews=_named(fields, "crews", known.crews),
        trunks=_named(fields, "trunks", known.trunks),
        begins_s=60.0 * fields.number("begins_min", 0.0, least=0, most=SPAN_MAX_S / 60),
        phones_each=fields.whole("phones_each", 1, least=1, most=5),
        zones=_zones(fields),
        stop_listed=fields.number("stop_listed", 0.0, least=0, most=1),
    )
    fields.close()
    return read


def _named(fields: Fields, name: str, known: set[str]) -> tuple[str, ...]:
    found = fields.texts(name)
    for one in found:
        if one not in known:
            there = ", ".join(sorted(known)) or "none"
            fields.fault(name, f"must not name '{one}', which is not there; there are: {there}")
    return found


def _zones(fields: Fields) -> Mapping[str, float]:
    zones = fields.inner("zones")
    shares: dict[str, float] = {}
    for name in zones.source:
        shares[name] = zones.number(name, 1.0, least=0.001, most=1_000_000)
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zones.fault(name, "must be a time zone such as Europe/Moscow")
    return shares or {"Europe/Moscow": 1.0}


def _settings(fields: Fields) -> Mapping[str, Any]:
    """A campaign's settings, checked as the API checks them; who and which trunks stand elsewhere."""
    inner = fields.inner("settings")
    for name in ("agents", "trunks"):
        if name in inner.source:
            inner.fault(name, f"must not be here: name {name} of the scenario in the campaign")
    given = {key: value for key, value in inner.source.items() if key not in ("agents", "trunks")}
    try:
        CampaignSettings.from_json({**DEFAULT_SETTINGS, **given, "trunks": ["one"]})
    except InvalidRequest as error:
        for fault in error.faults:
            inner.fault(fault.field, fault.problem)
    return given


def _faults(fields: Fields) -> Faults:
    usual, changes = Faults(), dict[str, Any]()
    for one in fields_of(Faults):
        before = getattr(usual, one.name)
        if isinstance(before, float):
            most = 1.0 if one.name in RATES else SECONDS_MAX
            changes[one.name] = fields.number(one.name, before, least=0, most=most)
        elif one.name in fields.source:
            changes[one.name] = _numbers(fields, one.name, pair=one.name != "clock_steps_s")
    fields.close()
    return replace(usual, **changes)


def _management(fields: Fields) -> Management:
    usual, changes = Management(), dict[str, Any]()
    for one in fields_of(Management):
        before = getattr(usual, one.name)
        if isinstance(before, float):
            changes[one.name] = fields.number(one.name, before, least=0, most=SECONDS_MAX)
        elif one.name in fields.source:
            changes[one.name] = _numbers(fields, one.name, pair=True)
    fields.close()
    return replace(usual, **changes)


def _numbers(fields: Fields, name: str, *, pair: bool) -> tuple[float, ...]:
    found = fields.items(name)
    numbers = [
        float(one) for one in found if isinstance(one, int | float) and not isinstance(one, bool)
    ]
    if len(numbers) != len(found) or not numbers:
        fields.fault(name, "must be a list of numbers of seconds", "list")
        return (0.0, 0.0)
    if pair and (len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1]):
        fields.fault(name, "must be two numbers of seconds: the least and the most", "order")
        return (0.0, 0.0)
    return tuple(numbers)
