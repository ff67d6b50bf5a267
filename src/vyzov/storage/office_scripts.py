"""Scripts as the office keeps them: versions, where calls are in them, and what was answered."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import InvalidRequest
from vyzov.core.instants import from_text, to_text
from vyzov.core.script import Answer, QuestionKind, Script, Walk, shown_answer
from vyzov.core.script_report import AnswerTally
from vyzov.dialer.office_records import AttemptRecord, Page
from vyzov.dialer.ports import Json
from vyzov.dialer.scripts import (
    SCRIPTS_MOST,
    Answered,
    AnswerQuery,
    AnswerRecord,
    AnswerTotals,
    SavedWalk,
    ScriptRecord,
    ScriptVersion,
)
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_scripts import script, script_answer, script_version, script_walk
from vyzov.storage.values import (
    json_object,
    json_text,
    texts_of,
    time_or_none,
    words_of,
    words_text,
)

Key = tuple[str, int]


class Scripts(OfficeBase):
    """The topic of `dialer.scripts.ScriptStore`."""

    def scripts(self, organisation: str, *, archived: bool = False) -> tuple[ScriptRecord, ...]:
        """Returns scripts at their latest versions, by name."""
        away = script.c.archived_at.is_not(None) if archived else script.c.archived_at.is_(None)
        with self._reading() as connection:
            rows = connection.execute(
                _scripts(organisation, None).where(away).order_by(script.c.name, script.c.id)
            )
            return tuple(_script(row) for row in rows)

    def script(
        self, organisation: str, script_id: str, version: int | None = None
    ) -> ScriptRecord | None:
        """Returns a script at a version, the latest where none is named."""
        with self._reading() as connection:
            return _read(connection, organisation, script_id, version)

    def script_versions(self, organisation: str, script_id: str) -> tuple[ScriptVersion, ...]:
        """Returns all versions, latest first."""
        kept = script_version.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(script_version)
                .where(kept.organisation_id == organisation, kept.script_id == script_id)
                .order_by(kept.version.desc())
            )
            return tuple(
                ScriptVersion(
                    row.version, from_text(row.saved_at), row.saved_by, len(json.loads(row.steps))
                )
                for row in rows
            )

    def create_script(
        self, organisation: str, name: str, steps: Sequence[Json], by: str
    ) -> ScriptRecord:
        """Makes a script with version 1; more than `SCRIPTS_MOST` raise `InvalidRequest`."""
        script_id, now = self._new_id(), self._now_text()
        with self._writing() as connection:
            there = connection.execute(
                sa.select(sa.func.count()).where(script.c.organisation_id == organisation)
            ).scalar_one()
            if there >= SCRIPTS_MOST:
                raise InvalidRequest(
                    f"There are {there} scripts already.", "Change one that nobody needs."
                )
            connection.execute(
                script.insert().values(
                    id=script_id, organisation_id=organisation, name=name, version=1,
                    created_at=now, changed_at=now,
                )
            )  # fmt: skip
            _add_version(connection, organisation, script_id, 1, steps, now, by)
            made = _read(connection, organisation, script_id, None)
        assert made is not None, "a script just written is there"
        return made

    def save_script(
        self, organisation: str, script_id: str, *, if_version: int, name: str,
        steps: Sequence[Json], by: str,
    ) -> ScriptRecord | None:  # fmt: skip
        """Keeps a script's name, and its steps as a new version where they differ."""
        now = self._now_text()
        with self._writing() as connection:
            before = _read(connection, organisation, script_id, None)
            if before is None or before.version != if_version:
                return None
            version = before.version
            if list(before.steps) != list(steps):
                version += 1
                _add_version(connection, organisation, script_id, version, steps, now, by)
            connection.execute(
                script.update()
                .where(*_one(organisation, script_id))
                .values(name=name, version=version, changed_at=now)
            )
            return _read(connection, organisation, script_id, None)

    def archive_script(
        self, organisation: str, script_id: str, *, archived: bool
    ) -> ScriptRecord | None:
        """Puts a script away, or takes it back; campaigns that use it go on."""
        at = self._now_text() if archived else None
        with self._writing() as connection:
            connection.execute(
                script.update().where(*_one(organisation, script_id)).values(archived_at=at)
            )
            return _read(connection, organisation, script_id, None)

    def field_titles(self, organisation: str) -> tuple[str, ...]:
        """Returns the titles of the fields that lists of the organisation brought."""
        lists = t.contact_list.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(lists.reading)
                .where(lists.organisation_id == organisation, lists.completed_at.is_not(None))
                .distinct()
            )
            readings = [json_object(row.reading) for row in rows]
        columns = [one.get("columns", {}) for one in readings]
        return tuple(
            sorted({name for one in columns for name, use in one.items() if use == "field"})
        )

    # ---- walks ----------------------------------------------------------------------------------

    def saved_walk(self, organisation: str, attempt_id: str) -> SavedWalk | None:
        """Returns where a call is in its script, None where nobody has moved in it yet."""
        with self._reading() as connection:
            row = connection.execute(
                sa.select(script_walk).where(*_of_attempt(script_walk, organisation, attempt_id))
            ).first()
            if row is None:
                return None
            said = connection.execute(
                sa.select(script_answer).where(
                    *_of_attempt(script_answer, organisation, attempt_id)
                )
            )
            answers = {one.step_id: _answer(one.kind, one.value) for one in said}
        walk = Walk(row.at_step, words_of(row.path), row.aside, answers)
        return SavedWalk(walk, row.turn, row.last_move)

    def save_walk(
        self, organisation: str, attempt: AttemptRecord, saved: SavedWalk, *, agent: str,
        answered: Answered | None,
    ) -> bool:  # fmt: skip
        """Keeps a walk with the answer given in this move; False where somebody was quicker."""
        # What callers say is no decision of the office: the log of changes has nothing of it.
        with self._writing(audited=False) as connection:
            if not self._keep_walk(connection, organisation, attempt.id, saved):
                return False
            if answered is not None and not _is_erased(
                connection, organisation, attempt.contact_id
            ):
                self._keep_answer(connection, organisation, attempt, agent, answered)
                if answered.field:
                    _fill_field(connection, organisation, attempt.contact_id, answered)
        return True

    def _keep_walk(
        self, connection: sa.Connection, organisation: str, attempt_id: str, saved: SavedWalk
    ) -> bool:
        which = _of_attempt(script_walk, organisation, attempt_id)
        turn = connection.execute(sa.select(script_walk.c.turn).where(*which)).scalar()
        if (turn or 0) != saved.turn - 1:
            return False
        values = {
            "turn": saved.turn,
            "at_step": saved.walk.at,
            "path": words_text(saved.walk.path),
            "aside": saved.walk.aside,
            "last_move": saved.last_move,
            "changed_at": self._now_text(),
        }
        if turn is None:
            key = {"organisation_id": organisation, "attempt_id": attempt_id}
            connection.execute(script_walk.insert().values({**key, **values}))
        else:
            connection.execute(script_walk.update().where(*which).values(values))
        return True

    def _keep_answer(
        self, connection: sa.Connection, organisation: str, attempt: AttemptRecord, agent: str,
        answered: Answered,
    ) -> None:  # fmt: skip
        which = _of_attempt(script_answer, organisation, attempt.id)
        connection.execute(
            script_answer.delete().where(*which, script_answer.c.step_id == answered.step)
        )
        connection.execute(
            script_answer.insert().values(
                organisation_id=organisation,
                attempt_id=attempt.id,
                step_id=answered.step,
                campaign_id=attempt.campaign_id,
                campaign_version=attempt.campaign_version,
                contact_id=attempt.contact_id,
                agent_id=agent,
                kind=answered.kind.value,
                value=_value(answered.answer),
                at=self._now_text(),
            )
        )

    # ---- the report -----------------------------------------------------------------------------

    def answer_totals(self, organisation: str, query: AnswerQuery) -> AnswerTotals:
        """Counts answers by what they were; free text is counted whole."""
        said = script_answer.c
        # What was said in words of their own is nobody's business in a sum.
        value = sa.case((said.kind == QuestionKind.TEXT.value, ""), else_=said.value)
        parts = (said.campaign_id, said.campaign_version, said.step_id, said.kind)
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(*parts, value.label("said"), sa.func.count().label("calls"))
                .select_from(_with_attempts())
                .where(*_which(organisation, query))
                .group_by(*parts, value)
            ).all()
            keys = {(row.campaign_id, row.campaign_version) for row in rows}
            scripts = {key: _steps_of(connection, organisation, key) for key in keys}
        tallies = tuple(
            AnswerTally(
                row.campaign_id, row.campaign_version, row.step_id, QuestionKind(row.kind),
                _keys(row.kind, row.said), row.calls,
            )
            for row in rows
        )  # fmt: skip
        return AnswerTotals(tallies, scripts)

    def answers(
        self, organisation: str, query: AnswerQuery, *, cursor: str | None = None, limit: int = 50
    ) -> Page[AnswerRecord]:
        """Returns answers, of the latest attempts first (ids grow with time)."""
        said = script_answer.c
        which = _which(organisation, query)
        if cursor is not None:
            attempt_id, _, step_id = cursor.partition(" ")
            before = sa.and_(said.attempt_id == attempt_id, said.step_id > step_id)
            which.append(sa.or_(said.attempt_id < attempt_id, before))
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(script_answer)
                .select_from(_with_attempts())
                .where(*which)
                .order_by(said.attempt_id.desc(), said.step_id)
                .limit(limit + 1)
            ).all()
        items = tuple(_record(row) for row in rows[:limit])
        more = len(rows) > limit
        return Page(items, f"{items[-1].attempt_id} {items[-1].step}" if more else None)


def _one(organisation: str, script_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return script.c.organisation_id == organisation, script.c.id == script_id


def _of_attempt(
    table: sa.Table, organisation: str, attempt_id: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.organisation_id == organisation, table.c.attempt_id == attempt_id


def _scripts(organisation: str, version: int | None) -> sa.Select[Any]:
    kept = script_version.c
    wanted = script.c.version if version is None else sa.literal(version)
    joined = sa.and_(
        kept.organisation_id == script.c.organisation_id,
        kept.script_id == script.c.id,
        kept.version == wanted,
    )
    columns = (kept.version.label("of"), kept.steps, kept.saved_at, kept.saved_by)
    return (
        sa.select(script, *columns)
        .join_from(script, script_version, joined)
        .where(script.c.organisation_id == organisation)
    )


def _read(
    connection: sa.Connection, organisation: str, script_id: str, version: int | None
) -> ScriptRecord | None:
    row = connection.execute(
        _scripts(organisation, version).where(script.c.id == script_id)
    ).first()
    return None if row is None else _script(row)


def _script(row: sa.Row[Any]) -> ScriptRecord:
    return ScriptRecord(
        id=row.id,
        name=row.name,
        version=row.of,
        latest=row.version,
        steps=tuple(json.loads(row.steps)),
        created_at=from_text(row.created_at),
        saved_at=from_text(row.saved_at),
        saved_by=row.saved_by,
        archived_at=time_or_none(row.archived_at),
    )


def _add_version(
    connection: sa.Connection, organisation: str, script_id: str, version: int,
    steps: Sequence[Json], now: str, by: str,
) -> None:  # fmt: skip
    connection.execute(
        script_version.insert().values(
            organisation_id=organisation, script_id=script_id, version=version,
            steps=json_text(list(steps)), saved_at=now, saved_by=by,
        )
    )  # fmt: skip


def _value(answer: Answer) -> str:
    return answer if isinstance(answer, str) else words_text(answer)


def _answer(kind: str, value: str) -> Answer:
    return words_of(value) if kind == QuestionKind.SEVERAL.value else value


def _keys(kind: str, value: str) -> tuple[str, ...]:
    if kind == QuestionKind.SEVERAL.value:
        return words_of(value)
    return (value,) if value else ()


def _fill_field(
    connection: sa.Connection, organisation: str, contact_id: str, answered: Answered
) -> None:
    """Writes an answer to the contact's card."""
    person = t.contact_person.c
    which = (person.organisation_id == organisation, person.contact_id == contact_id)
    row = connection.execute(sa.select(person.fields).where(*which).with_for_update()).first()
    if row is not None:
        fields = texts_of(row.fields) | {answered.field: shown_answer(answered.answer)}
        connection.execute(t.contact_person.update().where(*which).values(fields=json_text(fields)))


def _is_erased(connection: sa.Connection, organisation: str, contact_id: str) -> bool:
    """True for a person who was erased while they talk: what they say is not kept."""
    contact = t.contact.c
    at = connection.execute(
        sa.select(contact.erased_at).where(
            contact.organisation_id == organisation, contact.id == contact_id
        )
    ).scalar()
    return at is not None


def _with_attempts() -> sa.Join:
    said, attempt = script_answer.c, t.attempt.c
    same = sa.and_(attempt.organisation_id == said.organisation_id, attempt.id == said.attempt_id)
    return script_answer.join(t.attempt, same)


def _which(organisation: str, query: AnswerQuery) -> list[sa.ColumnElement[bool]]:
    said, begun = script_answer.c, t.attempt.c.reserved_at
    which: list[sa.ColumnElement[bool]] = [
        said.organisation_id == organisation,
        begun >= to_text(query.since),
        begun < to_text(query.until),
    ]
    if query.campaign_id is not None:
        which.append(said.campaign_id == query.campaign_id)
    if query.principal_id is not None:
        campaign = t.campaign.c
        theirs = sa.select(campaign.id).where(
            campaign.organisation_id == organisation,
            campaign.principal_id == query.principal_id,
        )
        which.append(said.campaign_id.in_(theirs))
    if query.step is not None:
        which.append(said.step_id == query.step)
    if query.value is not None:
        among = sa.and_(
            said.kind == QuestionKind.SEVERAL.value,
            said.value.contains(json_text(query.value), autoescape=True),
        )
        which.append(sa.or_(said.value == query.value, among))
    return which


def _steps_of(connection: sa.Connection, organisation: str, key: Key) -> Script:
    kept = t.campaign_version.c
    settings = connection.execute(
        sa.select(kept.settings).where(
            kept.organisation_id == organisation,
            kept.campaign_id == key[0],
            kept.version == key[1],
        )
    ).scalar()
    return CampaignSettings.from_json(json_object(settings)).script if settings else ()


def _record(row: sa.Row[Any]) -> AnswerRecord:
    return AnswerRecord(
        attempt_id=row.attempt_id,
        campaign_id=row.campaign_id,
        campaign_version=row.campaign_version,
        contact_id=row.contact_id,
        agent_id=row.agent_id,
        step=row.step_id,
        kind=QuestionKind(row.kind),
        answer=_answer(row.kind, row.value),
        at=from_text(row.at),
    )


def forget_answers_of(connection: sa.Connection, organisation: str, contact_id: str) -> None:
    """Removes what a person said, for good."""
    said = script_answer.c
    connection.execute(
        script_answer.delete().where(
            said.organisation_id == organisation, said.contact_id == contact_id
        )
    )


def words_said(connection: sa.Connection, organisation: str, contact_id: str) -> list[str]:
    """Returns what a person said in words of their own."""
    said = script_answer.c
    rows = connection.execute(
        sa.select(said.value).where(
            said.organisation_id == organisation,
            said.contact_id == contact_id,
            said.kind == QuestionKind.TEXT.value,
        )
    )
    return [row.value for row in rows]
