"""Key figures' sums in tables, kept up with the facts: the sums are the fold, contact by contact.

A roll-up takes the facts behind each stream's mark, finds the contacts and agents they are about,
and folds those twice: with the facts up to the old marks and with those up to the new ones. The
difference is added. So a late branch, told hours after its time, corrects exactly what it changes,
and nothing has to be remembered but the marks. Whoever moves a mark first wins; the other's work
is dropped, so any number of processes may roll at once.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from vyzov.core.facts import FactKind
from vyzov.core.kpi.agents import agent_cells, is_of_agent
from vyzov.core.kpi.cells import Cells, Placed, Reach, Source
from vyzov.core.kpi.measures import contact_cells, loaded_cells
from vyzov.dialer.kpi_store import ROLL_FACTS
from vyzov.storage import tables as t
from vyzov.storage.kpi_source import SqlSums
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_kpi import kpi_mark, kpi_sum
from vyzov.storage.values import fact_of

Marks = dict[tuple[str, int], int]

CONTACTS_PER_QUERY = 400
SUMS_PER_WRITE = 500


class _Overtaken(Exception):
    """Another process moved a mark first."""


@dataclass(frozen=True, slots=True)
class _News:
    """Facts that are in no sum yet, with the marks before and after them."""

    facts: tuple[Placed, ...]
    old: Marks
    new: Marks


class KeyFigures(OfficeBase):
    """The part of `dialer.kpi_store.KpiStore` that is speed."""

    def kpi_sums(self, organisation: str, reach: Reach) -> Source:
        """Returns the rolled-up sums, as formulas read them."""
        return SqlSums(self._reading, organisation, reach)

    def list_of_contacts(self, organisation: str, contacts: Collection[str]) -> Mapping[str, str]:
        """Maps contacts to the list they came from, erased ones too."""
        found: dict[str, str] = {}
        ids, contact = sorted(contacts), t.contact.c
        with self._reading() as connection:
            for start in range(0, len(ids), CONTACTS_PER_QUERY):
                rows = connection.execute(
                    sa.select(contact.id, contact.list_id).where(
                        contact.organisation_id == organisation,
                        contact.id.in_(ids[start : start + CONTACTS_PER_QUERY]),
                    )
                )
                found.update((row.id, row.list_id) for row in rows)
        return found

    def roll_up(self, organisation: str, limit: int = ROLL_FACTS) -> int:
        """Takes facts that are new into the sums; returns how many, 0 where none are left."""
        with self._reading() as connection:
            news = _news(connection, organisation, limit)
            if not news.facts:
                return 0
            difference = _difference(connection, organisation, news)
        try:
            with self._writing() as connection:
                _move_marks(connection, organisation, news)
                _add(connection, organisation, difference)
        except _Overtaken:
            pass  # What was to be counted is counted; the next turn begins where that one ended.
        return len(news.facts)

    def drop_sums(self, organisation: str) -> None:
        """Empties the sums; `roll_up` makes them anew."""
        with self._writing() as connection:
            for table in (kpi_sum, kpi_mark):
                connection.execute(table.delete().where(table.c.organisation_id == organisation))

    def last_states(self, organisation: str) -> tuple[Placed, ...]:
        """Returns the last fact `agent_state` in the sums of each agent."""
        found: list[Placed] = []
        with self._reading() as connection:
            marks = _marks(connection, organisation)
            people = connection.execute(
                sa.select(t.user_account.c.id).where(
                    t.user_account.c.organisation_id == organisation
                )
            ).scalars()
            for agent in people.all():
                rows = connection.execute(
                    _states(organisation, agent)
                    .order_by(t.fact.c.at.desc(), t.fact.c.epoch.desc(), t.fact.c.place.desc())
                    .limit(1)
                )
                row = rows.mappings().first()
                placed = None if row is None else _placed(row)
                if placed is not None and _is_within(placed, marks):
                    found.append(placed)
        return tuple(found)


# ---- what is new ---------------------------------------------------------------------------------


def _marks(connection: sa.Connection, organisation: str) -> Marks:
    rows = connection.execute(sa.select(kpi_mark).where(kpi_mark.c.organisation_id == organisation))
    return {(row.floor_id, row.epoch): row.place for row in rows}


def _news(connection: sa.Connection, organisation: str, limit: int) -> _News:
    """Reads facts behind the marks, older epochs first, in the order of their places."""
    old = _marks(connection, organisation)
    heads = connection.execute(
        sa.select(t.fact_head)
        .where(t.fact_head.c.organisation_id == organisation, t.fact_head.c.place > 0)
        .order_by(t.fact_head.c.floor_id, t.fact_head.c.epoch)
    ).all()
    found: list[Placed] = []
    new = dict(old)
    for head in heads:
        stream = (str(head.floor_id), int(head.epoch))
        if head.place <= old.get(stream, 0) or len(found) >= limit:
            continue
        rows = connection.execute(
            sa.select(t.fact)
            .where(
                t.fact.c.organisation_id == organisation,
                t.fact.c.floor_id == stream[0],
                t.fact.c.epoch == stream[1],
                t.fact.c.place > old.get(stream, 0),
                t.fact.c.place <= head.place,
            )
            .order_by(t.fact.c.place)
            .limit(limit - len(found))
        )
        for row in rows.mappings():
            placed = _placed(row)
            new[stream] = placed.place
            found.append(placed)
    return _News(tuple(found), old, new)


def _placed(row: Mapping[Any, Any]) -> Placed:
    return Placed(fact_of(row), row["floor_id"], row["epoch"], row["place"])


def _is_within(placed: Placed, marks: Mapping[tuple[str, int], int]) -> bool:
    return 0 < placed.place <= marks.get((placed.floor, placed.epoch), 0)


# ---- what it changes -----------------------------------------------------------------------------


def _difference(connection: sa.Connection, organisation: str, news: _News) -> Cells:
    """Folds whoever the news are about, before and after."""
    cells = Cells()
    contacts: set[str] = set()
    agents: dict[str, list[Placed]] = {}
    for placed in news.facts:
        fact = placed.fact
        if is_of_agent(fact):
            agents.setdefault(fact.agent or "", []).append(placed)
        elif fact.kind is FactKind.CONTACTS_LOADED:
            cells.join(loaded_cells(fact))
        elif fact.contact is not None:
            contacts.add(fact.contact)
    for found in _of_contacts(connection, organisation, sorted(contacts)):
        cells.join(contact_cells(_up_to(found, news.new)))
        cells.join(contact_cells(_up_to(found, news.old)), -1)
    for agent, fresh in agents.items():
        found = _of_agent(connection, organisation, agent, fresh)
        cells.join(agent_cells(_up_to(found, news.new)))
        cells.join(agent_cells(_up_to(found, news.old)), -1)
    return cells


def _up_to(facts: Iterable[Placed], marks: Marks) -> list[Placed]:
    return [placed for placed in facts if _is_within(placed, marks)]


def _of_contacts(
    connection: sa.Connection, organisation: str, contacts: list[str]
) -> Iterator[list[Placed]]:
    """Yields all facts of each contact in each of its campaigns."""
    for first in range(0, len(contacts), CONTACTS_PER_QUERY):
        wanted = contacts[first : first + CONTACTS_PER_QUERY]
        rows = connection.execute(
            sa.select(t.fact).where(
                t.fact.c.organisation_id == organisation, t.fact.c.contact_id.in_(wanted)
            )
        )
        units: dict[tuple[str, str], list[Placed]] = {}
        for row in rows.mappings():
            unit = (str(row["campaign_id"] or ""), str(row["contact_id"]))
            units.setdefault(unit, []).append(_placed(row))
        yield from units.values()


def _states(organisation: str, agent: str) -> sa.Select[Any]:
    return sa.select(t.fact).where(
        t.fact.c.organisation_id == organisation,
        t.fact.c.agent_id == agent,
        t.fact.c.kind == FactKind.AGENT_STATE.value,
        t.fact.c.place > 0,
    )


def _is_counted() -> sa.ColumnElement[bool]:
    return sa.and_(
        kpi_mark.c.organisation_id == t.fact.c.organisation_id,
        kpi_mark.c.floor_id == t.fact.c.floor_id,
        kpi_mark.c.epoch == t.fact.c.epoch,
        kpi_mark.c.place >= t.fact.c.place,
    )


def _of_agent(
    connection: sa.Connection, organisation: str, agent: str, fresh: list[Placed]
) -> list[Placed]:
    """Reads as many of an agent's states as the new ones can touch.

    As a rule they follow the last counted one, and all before that is the same in both folds. Told
    late, or after UTC was set back, they may touch any."""
    latest = connection.execute(
        _states(organisation, agent)
        .join(kpi_mark, _is_counted())
        .order_by(t.fact.c.at.desc(), t.fact.c.epoch.desc(), t.fact.c.place.desc())
        .limit(1)
    )
    row = latest.mappings().first()
    known = _states(organisation, agent)
    if row is not None and _all_follow(connection, known, _placed(row), fresh):
        known = known.where(t.fact.c.at >= row["at"])
    return [_placed(row) for row in connection.execute(known).mappings()]


def _all_follow(
    connection: sa.Connection, known: sa.Select[Any], last: Placed, fresh: list[Placed]
) -> bool:
    """True where the latest counted state by UTC is the last by place too, and all new ones follow."""
    if any(one.fact.at < last.fact.at for one in fresh):
        return False
    fact = t.fact.c
    behind = sa.and_(
        fact.floor_id == last.floor,
        sa.or_(fact.epoch > last.epoch, sa.and_(fact.epoch == last.epoch, fact.place > last.place)),
    )
    newer = [
        sa.and_(fact.floor_id == floor, fact.epoch > epoch)
        for floor, epoch in {(one.floor, one.epoch) for one in fresh}
    ]
    overtaken = known.join(kpi_mark, _is_counted()).where(sa.or_(behind, *newer)).limit(1)
    return connection.execute(overtaken).first() is None and all(
        one.floor != last.floor or one.epoch >= last.epoch for one in fresh
    )


# ---- writing it down -----------------------------------------------------------------------------


def _move_marks(connection: sa.Connection, organisation: str, news: _News) -> None:
    now = _marks(connection, organisation)
    for stream, place in news.new.items():
        before = news.old.get(stream)
        if now.get(stream) != before:
            raise _Overtaken
        if place == before:
            continue
        floor, epoch = stream
        if before is None:
            first = {"organisation": organisation, "floor": floor, "epoch": epoch, "place": place}
            if connection.execute(_FIRST_MARK, first).rowcount != 1:
                raise _Overtaken
            continue
        moved = connection.execute(
            kpi_mark.update()
            .where(
                kpi_mark.c.organisation_id == organisation,
                kpi_mark.c.floor_id == floor,
                kpi_mark.c.epoch == epoch,
                kpi_mark.c.place == before,
            )
            .values(place=place)
        )
        if moved.rowcount != 1:
            raise _Overtaken


_FIRST_MARK = sa.text(
    "INSERT INTO kpi_mark (organisation_id, floor_id, epoch, place)"
    " VALUES (:organisation, :floor, :epoch, :place) ON CONFLICT DO NOTHING"
)
_ADD = sa.text(
    "INSERT INTO kpi_sum (organisation_id, campaign_id, agent_id, half_hour, measure, amount)"
    " VALUES (:organisation, :campaign, :agent, :half_hour, :measure, :amount)"
    " ON CONFLICT (organisation_id, half_hour, campaign_id, agent_id, measure)"
    " DO UPDATE SET amount = kpi_sum.amount + excluded.amount"
)


def _add(connection: sa.Connection, organisation: str, cells: Cells) -> None:
    rows = [
        {
            "organisation": organisation, "campaign": campaign, "agent": agent,
            "half_hour": half_hour, "measure": measure, "amount": amount,
        }
        for (campaign, agent, half_hour, measure), amount in sorted(cells.sums.items())
    ]  # fmt: skip
    for first in range(0, len(rows), SUMS_PER_WRITE):
        connection.execute(_ADD, rows[first : first + SUMS_PER_WRITE])
