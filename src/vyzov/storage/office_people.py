"""Reasons of pauses and teams, as rows."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.people_records import (
    REASONS_MOST,
    TEAMS_MOST,
    NewReason,
    PauseReason,
    Team,
)
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_people import pause_reason, team


class People(OfficeBase):
    """The topic of `dialer.people_records.PeopleStore`."""

    def pause_reasons(self, organisation: str) -> tuple[PauseReason, ...]:
        """Returns all reasons in their order, those out of use last."""
        with self._reading() as connection:
            return _reasons(connection, organisation)

    def create_pause_reason(self, organisation: str, new: NewReason) -> PauseReason:
        """Adds a reason behind the others."""
        reason_id = self._new_id()
        with self._writing() as connection:
            there = _reasons(connection, organisation)
            if len(there) >= REASONS_MOST:
                raise InvalidRequest(
                    f"There are {len(there)} reasons already.", "Give one of them another name."
                )
            connection.execute(
                pause_reason.insert().values(
                    id=reason_id,
                    organisation_id=organisation,
                    position=max((one.position for one in there), default=0) + 1,
                    created_at=self._now_text(),
                    **_columns(new),
                )
            )
            return _one(_reasons(connection, organisation), reason_id)

    def change_pause_reason(
        self, organisation: str, reason_id: str, change: NewReason, *, in_use: bool
    ) -> PauseReason | None:
        """Changes a reason, or takes it out of use or into it again."""
        with self._writing() as connection:
            found = [one for one in _reasons(connection, organisation) if one.id == reason_id]
            if not found:
                return None
            values = _columns(change)
            if found[0].in_use is not in_use:
                values["ended_at"] = None if in_use else self._now_text()
            connection.execute(
                pause_reason.update()
                .where(
                    pause_reason.c.organisation_id == organisation, pause_reason.c.id == reason_id
                )
                .values(**values)
            )
            return _one(_reasons(connection, organisation), reason_id)

    def order_pause_reasons(self, organisation: str, ids: Sequence[str]) -> None:
        """Puts reasons into an order; those that are not named stand behind."""
        with self._writing() as connection:
            there = [one.id for one in _reasons(connection, organisation)]
            named = [one for one in dict.fromkeys(ids) if one in there]
            for place, one in enumerate([*named, *(x for x in there if x not in named)], 1):
                connection.execute(
                    pause_reason.update()
                    .where(pause_reason.c.organisation_id == organisation, pause_reason.c.id == one)
                    .values(position=place)
                )

    def pause_free_text(self, organisation: str) -> bool:
        """Tells whether a pause may carry words that are no reason of the list."""
        column = t.organisation.c
        with self._reading() as connection:
            found = connection.execute(
                sa.select(column.pause_free_text).where(column.id == organisation)
            ).scalar()
        return bool(found)

    def set_pause_free_text(self, organisation: str, *, allowed: bool) -> None:
        """Says whether a pause may carry words of one's own."""
        with self._writing() as connection:
            connection.execute(
                t.organisation.update()
                .where(t.organisation.c.id == organisation)
                .values(pause_free_text=int(allowed))
            )

    def teams(self, organisation: str) -> tuple[Team, ...]:
        """Returns all teams, by name."""
        with self._reading() as connection:
            return _teams(connection, organisation)

    def create_team(self, organisation: str, name: str) -> Team:
        """Makes a team; a name there is already raises `InvalidRequest`."""
        team_id = self._new_id()
        with self._writing() as connection:
            there = _teams(connection, organisation)
            _require_free(there, name, team_id)
            if len(there) >= TEAMS_MOST:
                raise InvalidRequest(f"There are {len(there)} teams already.", "Remove one first.")
            connection.execute(
                team.insert().values(
                    id=team_id, organisation_id=organisation, name=name.strip(),
                    created_at=self._now_text(),
                )
            )  # fmt: skip
        return Team(team_id, name.strip(), ())

    def rename_team(self, organisation: str, team_id: str, name: str) -> Team | None:
        """Renames a team; a name there is already raises `InvalidRequest`."""
        with self._writing() as connection:
            _require_free(_teams(connection, organisation), name, team_id)
            connection.execute(
                team.update().where(*_team(organisation, team_id)).values(name=name.strip())
            )
            return _found(connection, organisation, team_id)

    def delete_team(self, organisation: str, team_id: str) -> bool:
        """Removes a team; its people are in none then."""
        with self._writing() as connection:
            _put(connection, organisation, team_id, ())
            gone = connection.execute(team.delete().where(*_team(organisation, team_id)))
            return gone.rowcount == 1

    def put_in_team(self, organisation: str, team_id: str, people: Sequence[str]) -> Team | None:
        """Makes these people the team: who was in it and is not named is in none then."""
        with self._writing() as connection:
            if _found(connection, organisation, team_id) is None:
                return None
            _put(connection, organisation, team_id, people)
            return _found(connection, organisation, team_id)


def _put(connection: sa.Connection, organisation: str, team_id: str, people: Sequence[str]) -> None:
    account = t.user_account.c
    connection.execute(
        t.user_account.update()
        .where(
            account.organisation_id == organisation,
            account.team_id == team_id,
            account.id.not_in(list(people)),
        )
        .values(team_id="")
    )
    connection.execute(
        t.user_account.update()
        .where(
            account.organisation_id == organisation,
            account.id.in_(list(people)),
            account.team_id != team_id,
        )
        .values(team_id=team_id)
    )


def _team(organisation: str, team_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return team.c.organisation_id == organisation, team.c.id == team_id


def _require_free(there: Sequence[Team], name: str, team_id: str) -> None:
    plain = name.strip().casefold()
    taken = any(one.name.casefold() == plain and one.id != team_id for one in there)
    if taken or not plain:
        raise InvalidRequest.of(
            "The team", [Fault("name", "is taken" if plain else "is empty", "taken")]
        )


def _found(connection: sa.Connection, organisation: str, team_id: str) -> Team | None:
    return next((one for one in _teams(connection, organisation) if one.id == team_id), None)


def _teams(connection: sa.Connection, organisation: str) -> tuple[Team, ...]:
    account = t.user_account.c
    people: dict[str, list[str]] = {}
    rows = connection.execute(
        sa.select(account.id, account.team_id)
        .where(account.organisation_id == organisation, account.team_id != "")
        .order_by(account.name, account.id)
    )
    for row in rows:
        people.setdefault(row.team_id, []).append(row.id)
    found = connection.execute(
        sa.select(team).where(team.c.organisation_id == organisation).order_by(team.c.name)
    )
    return tuple(Team(row.id, row.name, tuple(people.get(row.id, ()))) for row in found)


def _columns(new: NewReason) -> dict[str, Any]:
    return {
        "name_ru": new.name_ru,
        "name_en": new.name_en,
        "paid": int(new.paid),
        "limit_s": new.limit_s,
    }


def _one(reasons: Sequence[PauseReason], reason_id: str) -> PauseReason:
    return next(one for one in reasons if one.id == reason_id)


def _reasons(connection: sa.Connection, organisation: str) -> tuple[PauseReason, ...]:
    column = pause_reason.c
    rows = connection.execute(
        sa.select(pause_reason)
        .where(column.organisation_id == organisation)
        .order_by(column.ended_at.is_not(None), column.position, column.id)
    )
    return tuple(
        PauseReason(
            id=row.id,
            settings=NewReason(row.name_ru, row.name_en, bool(row.paid), row.limit_s),
            position=row.position,
            in_use=row.ended_at is None,
        )
        for row in rows
    )
