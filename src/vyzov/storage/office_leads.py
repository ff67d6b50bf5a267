"""Writes people who come one by one: a contact, its row, its place in the campaign, all or nothing.

They stand in a list of their own, one for each campaign, so that a card, a report and the erasure
lead to where they came from, as they do for rows of files.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.changing import replace
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.dialer.leads import Lead, LeadResult
from vyzov.dialer.office_records import ImportedRow, RowVerdict
from vyzov.storage import tables as t
from vyzov.storage.entering import bucket_of_zones, settle
from vyzov.storage.list_writing import Import, write_rows
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.office_lists import salt_of
from vyzov.storage.tally import Tally
from vyzov.storage.values import number_reference, time_or_none, words_text

OVER = frozenset({"completing", "completed", "failed", "archived"})
FILE_NAME = "API"


@dataclass(frozen=True, slots=True)
class _Known:
    """Somebody who is in the campaign already, and where they came from."""

    contact_id: str
    state: str
    row: int
    list_name: str


class Leads(OfficeBase):
    """The topic of `dialer.leads.LeadStore`."""

    def add_lead(
        self, organisation: str, campaign_id: str, lead: Lead, row: ImportedRow
    ) -> LeadResult | None:
        """Writes a contact and its place in the campaign in one transaction."""
        # A lead is a fact of its campaign, and they come by the thousand.
        with self._writing(audited=False) as connection:
            campaign = _campaign(connection, organisation, campaign_id)
            if campaign is None:
                return None
            if campaign.state in OVER:
                raise InvalidRequest(
                    f"The campaign '{campaign.name}' is over and calls nobody any more.",
                    "Send leads to a campaign that runs, or start another one.",
                )
            work = self._list_of(connection, organisation, campaign)
            known = _known(connection, work, campaign_id, row)
            if known is None:
                result = self._new(connection, work, campaign_id, lead, row)
            else:
                result = self._again(connection, work, campaign_id, lead, row, known)
            connection.execute(
                t.contact_list.update()
                .where(*_one(t.contact_list, organisation, work.list_id))
                .values(
                    rows_total=t.contact_list.c.rows_total + work.rows,
                    rows_ok=t.contact_list.c.rows_ok + work.accepted,
                    contacts=t.contact_list.c.contacts + work.contacts,
                )
            )
        return result

    def _list_of(
        self, connection: sa.Connection, organisation: str, campaign: sa.Row[Any]
    ) -> Import:
        """Returns the list a campaign's leads stand in, made with the first of them."""
        lists = t.contact_list.c
        now, list_id = self._now_text(), campaign.lead_list_id
        standing = connection.execute(
            sa.select(lists.id).where(
                *_one(t.contact_list, organisation, list_id), lists.undone_at.is_(None)
            )
        ).first()
        if standing is None:
            list_id = self._new_id()
            connection.execute(
                t.contact_list.insert().values(
                    id=list_id, organisation_id=organisation, name=campaign.name,
                    file_name=FILE_NAME, file_sha256="", rows_total=0, rows_ok=0, contacts=0,
                    created_at=now, completed_at=now,
                )
            )  # fmt: skip
            connection.execute(
                t.campaign.update()
                .where(*_one(t.campaign, organisation, campaign.id))
                .values(lead_list_id=list_id, list_id=campaign.list_id or list_id)
            )
        salt = salt_of(connection, organisation)
        return Import(organisation, list_id, FILE_NAME, salt, now, self._new_id)

    def _new(
        self, connection: sa.Connection, work: Import, campaign: str, lead: Lead, row: ImportedRow
    ) -> LeadResult:
        written = replace(row, row=_next_row(connection, work))
        write_rows(connection, work, [written])
        contact = connection.execute(
            sa.select(t.contact.c.id).where(
                t.contact.c.organisation_id == work.organisation,
                t.contact.c.list_id == work.list_id,
                t.contact.c.row == written.row,
            )
        ).scalar_one()
        hour = lead.hour(self._now())
        connection.execute(
            t.campaign_contact.insert().values(
                organisation_id=work.organisation, campaign_id=campaign, contact_id=contact,
                position=written.row, state="due", next_due_at=to_text(hour), attempts_made=0,
                phone_position=0, zone_bucket=bucket_of_zones(
                    connection, work.organisation, words_text(written.phones[0].zones)
                ),
            )
        )  # fmt: skip
        tally = Tally()
        tally.counted(campaign, "due")
        settle(connection, work.organisation, tally)
        self._tell(
            connection, work.organisation, FactKind.CONTACTS_LOADED, f"{campaign}:lead:{contact}",
            {"contacts": 1, "gone": 0, "lead": contact}, campaign=campaign,
        )  # fmt: skip
        return LeadResult(written, contact, "due", hour, work.list_id)

    def _again(
        self,
        connection: sa.Connection,
        work: Import,
        campaign: str,
        lead: Lead,
        row: ImportedRow,
        known: _Known,
    ) -> LeadResult:
        """Somebody who is in the campaign already: whoever waits is brought forward."""
        hour = lead.hour(self._now())
        waits = lead.moves_known and known.state in ("fresh", "due")
        if waits:
            waits = _bring_forward(connection, work.organisation, campaign, known, hour)
        verdict = RowVerdict.MERGED if waits else RowVerdict.DUPLICATE
        written = replace(
            row,
            row=_next_row(connection, work),
            verdict=verdict,
            reason="contact_updated" if waits else "known_already",
            args={"list": known.list_name, "row": str(known.row)},
            contact=known.contact_id,
            phones=_others(connection, work, known.contact_id, row) if waits else (),
        )
        write_rows(connection, work, [written])
        state, due = _place(connection, work.organisation, campaign, known.contact_id)
        return LeadResult(written, known.contact_id, state, due, work.list_id)


def _one(table: sa.Table, organisation: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.organisation_id == organisation, table.c.id == key


def _campaign(connection: sa.Connection, organisation: str, campaign_id: str) -> sa.Row[Any] | None:
    # Two leads of one campaign take turns: each needs a row of the list of its own.
    return connection.execute(
        sa.select(t.campaign)
        .where(*_one(t.campaign, organisation, campaign_id))
        .with_for_update(key_share=True)
    ).first()


def _next_row(connection: sa.Connection, work: Import) -> int:
    row = t.import_row.c
    last = connection.execute(
        sa.select(sa.func.max(row.row)).where(
            row.organisation_id == work.organisation, row.list_id == work.list_id
        )
    ).scalar()
    return int(last or 0) + 1


def _known(
    connection: sa.Connection, work: Import, campaign: str, row: ImportedRow
) -> _Known | None:
    """Returns who in the campaign has one of the numbers, the one who came first."""
    phone, entry, contact = t.contact_phone.c, t.campaign_contact.c, t.contact.c
    numbers = [number_reference(work.salt, one.e164) for one in row.phones]
    found = connection.execute(
        sa.select(
            entry.contact_id, entry.state, contact.row, t.contact_list.c.name.label("list_name")
        )
        .select_from(t.contact_phone)
        .join(
            t.campaign_contact,
            sa.and_(
                entry.organisation_id == phone.organisation_id,
                entry.contact_id == phone.contact_id,
                entry.campaign_id == campaign,
            ),
        )
        .join(
            t.contact,
            sa.and_(
                contact.organisation_id == entry.organisation_id, contact.id == entry.contact_id
            ),
        )
        .join(
            t.contact_list,
            sa.and_(
                t.contact_list.c.organisation_id == contact.organisation_id,
                t.contact_list.c.id == contact.list_id,
            ),
        )
        .where(phone.organisation_id == work.organisation, phone.number_ref.in_(numbers))
        .order_by(entry.contact_id)
        .limit(1)
    ).first()
    if found is None:
        return None
    return _Known(found.contact_id, found.state, found.row, found.list_name)  # fmt: skip


def _others(
    connection: sa.Connection, work: Import, contact: str, row: ImportedRow
) -> tuple[Any, ...]:
    """Returns the numbers of a lead that the contact does not have yet."""
    phone = t.contact_phone.c
    had = {
        one.e164
        for one in connection.execute(
            sa.select(phone.e164).where(
                phone.organisation_id == work.organisation, phone.contact_id == contact
            )
        )
    }
    return tuple(one for one in row.phones if one.e164 not in had)


def _bring_forward(
    connection: sa.Connection, organisation: str, campaign: str, known: _Known, hour: datetime
) -> bool:
    """Makes a contact who waits due at this hour; False where the floor was quicker."""
    entry = t.campaign_contact.c
    moved = connection.execute(
        t.campaign_contact.update()
        .where(
            entry.organisation_id == organisation,
            entry.campaign_id == campaign,
            entry.contact_id == known.contact_id,
            entry.state == known.state,
        )
        .values(state_before=entry.state, state="due", next_due_at=to_text(hour))
    ).rowcount
    tally = Tally()
    if moved:
        tally.moved(campaign, known.state, "due")
    settle(connection, organisation, tally)
    return bool(moved)


def _place(
    connection: sa.Connection, organisation: str, campaign: str, contact: str
) -> tuple[str, datetime | None]:
    entry = t.campaign_contact.c
    row = connection.execute(
        sa.select(entry.state, entry.next_due_at).where(
            entry.organisation_id == organisation,
            entry.campaign_id == campaign,
            entry.contact_id == contact,
        )
    ).one()
    return row.state, time_or_none(row.next_due_at)
