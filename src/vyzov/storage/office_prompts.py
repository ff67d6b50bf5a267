"""An organisation's own prompts as the office sees them: kept, replaced, removed where unused.

The file is written last within the transaction of its row: without the row it is nobody's, and a row
whose transaction fails after that leaves the new sound under the old row until it is saved again.
"""

import hashlib
from typing import Any

import sqlalchemy as sa

from vyzov.core.campaign import CampaignState
from vyzov.core.errors import Fault, InvalidRequest, StoreFault
from vyzov.core.instants import from_text
from vyzov.dialer.prompt_records import (
    PROMPTS_MOST,
    NewPromptFile,
    PromptOrigin,
    PromptRecord,
)
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.prompt_files import PromptFiles
from vyzov.storage.tables_prompts import prompt
from vyzov.storage.values import json_object

OVER = (CampaignState.COMPLETED.value, CampaignState.ARCHIVED.value)
NAMED_MOST = 5


class Prompts(OfficeBase):
    """The topic of `dialer.prompt_records.PromptStore`."""

    _files: PromptFiles | None = None

    def keep_prompts(self, files: PromptFiles) -> None:
        """Says where the sound of prompts is kept; without it none can be saved or removed."""
        self._files = files

    def prompts(self, organisation: str) -> tuple[PromptRecord, ...]:
        """Returns all prompts by name, then language."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(prompt)
                .where(prompt.c.organisation_id == organisation)
                .order_by(prompt.c.name, prompt.c.language)
            )
            return tuple(_record(row) for row in rows)

    def prompt(self, organisation: str, prompt_id: str) -> PromptRecord | None:
        """Returns a prompt by id."""
        with self._reading() as connection:
            return _read(connection, organisation, prompt_id)

    def save_prompt(
        self, organisation: str, new: NewPromptFile, *, by: str, replace: bool
    ) -> PromptRecord:
        """Keeps a prompt, file and row."""
        files = self._kept()
        with self._writing() as connection:
            known = connection.execute(
                sa.select(prompt.c.id).where(
                    prompt.c.organisation_id == organisation,
                    prompt.c.name == new.name,
                    prompt.c.language == new.language,
                )
            ).scalar()
            values = _columns(new) | {"changed_by": by, "changed_at": self._now_text()}
            if known is None:
                self._must_have_room(connection, organisation)
                known = self._new_id()
                connection.execute(
                    prompt.insert().values(id=known, organisation_id=organisation, **values)
                )
            elif replace:
                connection.execute(
                    prompt.update().where(*_one(organisation, known)).values(**values)
                )
            else:
                raise InvalidRequest.of(
                    "The prompt", [Fault("name", "is there in this language already", "taken")]
                )
            made = _read(connection, organisation, known)
            try:
                files.put(organisation, new.language, new.name, new.wav)
            except OSError as fault:
                raise _no_disk(fault) from fault
        assert made is not None, "a prompt just written is there"
        return made

    def delete_prompt(self, organisation: str, prompt_id: str) -> PromptRecord | None:
        """Removes a prompt, file and row, unless a campaign plays it."""
        files = self._kept()
        with self._writing() as connection:
            was = _read(connection, organisation, prompt_id)
            if was is None:
                return None
            playing = _campaigns_that_play(connection, organisation, was.name)
            if playing:
                named = ", ".join(playing[:NAMED_MOST])
                raise InvalidRequest.of(
                    "The prompt",
                    [Fault("name", f"is played by {named}", "prompt_played", {"by": named})],
                )
            connection.execute(prompt.delete().where(*_one(organisation, prompt_id)))
            try:
                files.remove(organisation, was.language, was.name)
            except OSError as fault:
                raise _no_disk(fault) from fault
        return was

    def _kept(self) -> PromptFiles:
        if self._files is None:
            raise StoreFault("This store knows no folder of prompts.", "Open it with one.")
        return self._files

    def _must_have_room(self, connection: sa.Connection, organisation: str) -> None:
        there = connection.execute(
            sa.select(sa.func.count()).where(prompt.c.organisation_id == organisation)
        ).scalar_one()
        if there >= PROMPTS_MOST:
            raise InvalidRequest(f"There are {there} prompts already.", "Remove one of them first.")


def _campaigns_that_play(connection: sa.Connection, organisation: str, name: str) -> list[str]:
    """Names the campaigns that are not over and say this prompt, in whatever language."""
    versions, one = t.campaign_version.c, t.campaign.c
    rows = connection.execute(
        sa.select(one.name, versions.settings)
        .join(
            t.campaign_version,
            sa.and_(
                versions.organisation_id == one.organisation_id,
                versions.campaign_id == one.id,
                versions.valid_to.is_(None),
            ),
        )
        .where(one.organisation_id == organisation, one.state.not_in(OVER))
        .order_by(one.name)
    )
    return [row.name for row in rows if name in _played(json_object(row.settings))]


def _played(settings: dict[str, Any]) -> set[str]:
    flow = settings.get("flow") or {}
    steps = flow.get("steps") or {}
    machine = flow.get("on_machine")
    left = machine.get("leave") if isinstance(machine, dict) else None
    said = {step.get("prompt") for step in steps.values()}
    names = said | {left, settings.get("safe_harbour_prompt", "safe_harbour")}
    return {name for name in names if isinstance(name, str)}


def _no_disk(fault: OSError) -> StoreFault:
    return StoreFault(
        f"The prompt's file was not written: {fault}.",
        "See that the disk has room and the data folder is Vyzov's.",
    )


def _one(organisation: str, prompt_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (prompt.c.organisation_id == organisation, prompt.c.id == prompt_id)


def _columns(new: NewPromptFile) -> dict[str, object]:
    return {
        "name": new.name,
        "language": new.language,
        "origin": new.origin.value,
        "file_name": new.file_name,
        "ms": new.ms,
        "level_tenths": round(new.level_dbm0 * 10),
        "given_tenths": round(new.given_dbm0 * 10),
        "bytes": len(new.wav),
        "sha256": hashlib.sha256(new.wav).hexdigest(),
    }


def _read(connection: sa.Connection, organisation: str, prompt_id: str) -> PromptRecord | None:
    row = connection.execute(sa.select(prompt).where(*_one(organisation, prompt_id))).first()
    return None if row is None else _record(row)


def _record(row: sa.Row[Any]) -> PromptRecord:
    return PromptRecord(
        id=row.id,
        name=row.name,
        language=row.language,
        origin=PromptOrigin(row.origin),
        file_name=row.file_name,
        ms=row.ms,
        level_dbm0=row.level_tenths / 10,
        given_dbm0=row.given_tenths / 10,
        bytes=row.bytes,
        sha256=row.sha256,
        by=row.changed_by,
        at=from_text(row.changed_at),
    )
