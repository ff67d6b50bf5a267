"""`vyzov whatif`: reads a campaign's history from the database and estimates what a change brings.

The database is only read. Progress goes to standard error; `--json` prints what the screen shows.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import typer

from vyzov.app import Settings
from vyzov.cli.simulate import TITLES, Bar, figure_text
from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import InvalidRequest
from vyzov.core.instants import to_text
from vyzov.dialer.office_records import CampaignRecord, FactQuery
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.simulation.estimate import SHARES
from vyzov.simulation.history import History, learn
from vyzov.simulation.scenario import ScenarioTrunk
from vyzov.simulation.whatif import Change, Comparison, Present, compare
from vyzov.storage.office import open_office

CONTACTS_LOOKED_AT = 200
"""Of so many contacts the time zones are looked at, to find the one most of them live in."""


def whatif(
    settings: Settings, campaign: str, *, operators: int | None, changes: Mapping[str, Any],
    days: int, seeds: int, limit_s: float, as_json: bool,
) -> int:  # fmt: skip
    """Prints the estimate; raises `InvalidRequest` where there is nothing to stand on."""
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    organisation = _organisation(office, settings, campaign)
    record = _campaign(office, organisation, campaign)
    zone = _zone(office, organisation, record)
    until = datetime.now(UTC)
    history = _history(office, organisation, record, until - timedelta(days=days), until, zone)
    present = _present(office, organisation, record, zone)
    bar = Bar(shown=sys.stderr.isatty() and not as_json)
    found = compare(
        history, present, Change(operators, changes),
        seeds=range(1, seeds + 1), limit_s=limit_s, progress=bar.tell,
    )  # fmt: skip
    bar.clear()
    told = told_of(record, history, found, changes)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(told)))
    return 0


def read_change(words: list[str]) -> dict[str, Any]:
    """Reads `NAME=VALUE` words; a value that is no JSON is a text."""
    changes: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise InvalidRequest(
                f"'{word}' names no setting and value.",
                "Write --set NAME=VALUE, as --set mode=power.",
            )
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value
    return changes


# ---- what is read --------------------------------------------------------------------------------


def _organisation(office: OfficeStore, settings: Settings, campaign: str) -> str:
    """The organisation whose campaign has that id, else the first: a page asks by id, and nobody may
    be told another organisation's campaigns."""
    found = office.organisations()
    if not found:
        raise InvalidRequest(
            f"There is no Vyzov in {settings.data}.", "Name its folder with --data."
        )
    owners = (one.id for one in found if campaign and office.campaign(one.id, campaign))
    return next(owners, found[0].id)


def _campaign(office: OfficeStore, organisation: str, named: str) -> CampaignRecord:
    known = office.campaigns(organisation)
    fitting = [one for one in known if not named or named in (one.id, one.name)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(f"'{one.name}'" for one in known) or "none"
    what = f"There is no campaign '{named}'." if named and not fitting else "Which campaign?"
    raise InvalidRequest(what, f"Name one with --campaign, by name or id; there are: {names}.")


def _zone(office: OfficeStore, organisation: str, record: CampaignRecord) -> str:
    """The zone in which most of a campaign's people live; UTC where nobody's is known."""
    page = office.contacts(organisation, list_id=record.list_id, limit=CONTACTS_LOOKED_AT)
    zones = Counter(phone.zones[0] for card in page.items for phone in card.phones if phone.zones)
    return zones.most_common(1)[0][0] if zones else "UTC"


def _history(
    office: OfficeStore, organisation: str, record: CampaignRecord, since: datetime,
    until: datetime, zone: str,
) -> History:  # fmt: skip
    calls = office.report_facts(
        organisation, FactQuery(campaign_id=record.id, since=since, until=until)
    )
    states = office.report_facts(
        organisation, FactQuery(kinds=("agent_state",), since=since, until=until)
    )
    operators = CampaignSettings.from_json(record.settings).agents
    facts = [*(fact for fact in calls if fact.kind.value != "agent_state"), *states]
    return learn(facts, operators=operators, clock=ZoneInfo(zone), until=until)


def _present(office: OfficeStore, organisation: str, record: CampaignRecord, zone: str) -> Present:
    progress = office.campaign_progress(organisation, record.id)
    left = progress.total - progress.closed if progress is not None else 0
    total = progress.total if progress is not None else 0
    wanted = CampaignSettings.from_json(record.settings).trunks
    trunks = {one.id: one.settings for one in office.trunks(organisation)}
    return Present(
        name=record.name, settings=record.settings, contacts_left=left or total, zone=zone,
        trunks=tuple(
            ScenarioTrunk(f"trunk {place}", trunks[key].lines_max, trunks[key].calls_per_second)
            for place, key in enumerate(wanted, start=1)
            if key in trunks
        ),
    )  # fmt: skip


# ---- what is told --------------------------------------------------------------------------------


def told_of(
    record: CampaignRecord, history: History, found: Comparison, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the estimate as JSON (docs/formats.md, `whatif.json`)."""
    return {
        "is": "estimate",
        "campaign": {"id": record.id, "name": record.name, "mode": record.mode},
        "stands_on": {
            "calls": history.calls,
            "talks": len(history.talks_s),
            "from": to_text(history.first) if history.first else None,
            "to": to_text(history.last) if history.last else None,
        },
        "lived": {
            "begin": to_text(found.begin), "span_s": found.span_s, "contacts": found.contacts,
            "runs": found.runs, "seconds": round(found.seconds, 1),
        },
        "change": {
            "operators": {"now": found.operators[0], "then": found.operators[1]},
            "settings": dict(changes),
        },
        "now": {name: one.to_json() for name, one in found.now.items()},
        "then": {name: one.to_json() for name, one in found.then.items()},
        "difference": {name: one.to_json() for name, one in found.difference.items()},
    }  # fmt: skip


def _lines(told: Mapping[str, Any]) -> list[str]:
    stands, lived, change = told["stands_on"], told["lived"], told["change"]
    crews = change["operators"]
    settings = "".join(f", {name} = {json.dumps(v)}" for name, v in change["settings"].items())
    lines = [
        f"ESTIMATE for '{told['campaign']['name']}': {crews['now']} operators -> {crews['then']}"
        f"{settings}",
        f"It stands on {stands['calls']:,} calls and {stands['talks']:,} talks from "
        f"{stands['from'][:10]} to {stands['to'][:10]}: the past may not come again.",
        f"{lived['span_s'] / 3600:g} h from {lived['begin'][:16]} UTC, {lived['contacts']:,} "
        f"contacts, {lived['runs']} runs each; in brackets: 95 % interval of the mean",
        f"  {'':<32}{'now':>11} {'':<21}{'then':>11}",
    ]
    for name, now in told["now"].items():
        then = told["then"].get(name)
        if then is None:
            continue
        left, right = (_with_interval(name, one) for one in (now, then))
        mark = _mark(told["difference"].get(name))
        lines.append(f"  {TITLES[name]:<32}{left}{right} {mark}".rstrip())
    lines.append("* the difference is not by chance: its own interval leaves out zero")
    return lines


def _with_interval(name: str, one: Mapping[str, Any]) -> str:
    if one["low"] is None:
        return f"{figure_text(name, one['mean']):>11} {'':<21}"
    low, high = (figure_text(name, one[end]) for end in ("low", "high"))
    if name in SHARES:
        low = low.removesuffix(" %")
    return f"{figure_text(name, one['mean']):>11} {f'({low} to {high})':<21}"


def _mark(gap: Mapping[str, Any] | None) -> str:
    if gap is None or gap["low"] is None or gap["high"] is None:
        return ""
    return "*" if gap["low"] > 0 or gap["high"] < 0 else ""
