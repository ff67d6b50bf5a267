"""Enters the contacts of a list into a campaign, each in the bucket of its first number, and takes
them out again; the campaign's tally goes along.
"""

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa

from vyzov.core.lookahead import UNSORTED
from vyzov.storage import tables as t
from vyzov.storage.buckets import bucket_of
from vyzov.storage.office_asks import asks_on
from vyzov.storage.queries import queries
from vyzov.storage.session import Ask, run_steps
from vyzov.storage.tables_hopper import campaign_tally, zone_bucket
from vyzov.storage.tally import Tally

COLUMNS = (
    "organisation_id", "campaign_id", "contact_id", "position", "state", "attempts_made",
    "phone_position", "zone_bucket",
)  # fmt: skip


def enter_list(connection: sa.Connection, organisation: str, campaign_id: str, list_id: str) -> int:
    """Enters all contacts of a list as fresh ones; returns how many."""
    _name_buckets(connection, organisation, list_id)
    phone, bucket = t.contact_phone.c, zone_bucket.c
    source = (
        sa.select(
            sa.literal(organisation),
            sa.literal(campaign_id),
            t.contact.c.id,
            t.contact.c.row,
            sa.literal("fresh"),
            sa.literal(0),
            sa.literal(0),
            sa.func.coalesce(bucket.id, UNSORTED),
        )
        .select_from(_first_phones())
        .outerjoin(
            zone_bucket,
            sa.and_(bucket.organisation_id == phone.organisation_id, bucket.zones == phone.zones),
        )
        .where(*_of_list(organisation, list_id))
    )
    entered = connection.execute(
        t.campaign_contact.insert().from_select(list(COLUMNS), source)
    ).rowcount
    tally = Tally()
    tally.counted(campaign_id, "fresh", entered)
    settle(connection, organisation, tally)
    return entered


def leave_campaign(connection: sa.Connection, organisation: str, campaign_id: str) -> int:
    """Takes all contacts out of a campaign that has called nobody; returns how many."""
    gone = 0
    for table in (campaign_tally, t.campaign_contact):
        gone = connection.execute(
            table.delete().where(
                table.c.organisation_id == organisation, table.c.campaign_id == campaign_id
            )
        ).rowcount
    return gone


def leave_campaigns(connection: sa.Connection, organisation: str, list_id: str) -> None:
    """Takes the contacts of a list out of all campaigns."""
    entry = t.campaign_contact.c
    contacts = sa.select(t.contact.c.id).where(
        t.contact.c.organisation_id == organisation, t.contact.c.list_id == list_id
    )
    which = sa.and_(entry.organisation_id == organisation, entry.contact_id.in_(contacts))
    gone = connection.execute(
        t.campaign_contact.delete().where(which).returning(entry.campaign_id, entry.state)
    )
    tally = Tally()
    for (campaign, state), count in Counter((row.campaign_id, row.state) for row in gone).items():
        tally.counted(campaign, state, -count)
    settle(connection, organisation, tally)


def bucket_of_zones(connection: sa.Connection, organisation: str, zones: str) -> int:
    """Returns the bucket of a set of zones as it is stored, named where it was not yet."""

    def ask(name: str, values: Mapping[str, object]) -> Ask:
        return Ask("hopper", name, {**values, "organisation": organisation})

    return run_steps(asks_on(connection), bucket_of(ask, zones))


def settle(connection: sa.Connection, organisation: str, tally: Tally) -> None:
    """Writes a tally in the transaction of what it counted."""

    def run(name: str, values: Mapping[str, object]) -> object:
        return connection.execute(sa.text(queries("hopper")[name]), dict(values))

    tally.settle(organisation, run)


def _of_list(organisation: str, list_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    contact = t.contact.c
    return (
        contact.organisation_id == organisation,
        contact.list_id == list_id,
        contact.erased_at.is_(None),
    )


def _first_phones() -> sa.Join:
    phone = t.contact_phone.c
    return t.contact.outerjoin(
        t.contact_phone,
        sa.and_(
            phone.organisation_id == t.contact.c.organisation_id,
            phone.contact_id == t.contact.c.id,
            phone.position == 0,
        ),
    )


def _name_buckets(connection: sa.Connection, organisation: str, list_id: str) -> None:
    found = connection.execute(
        sa.select(t.contact_phone.c.zones)
        .select_from(_first_phones())
        .where(*_of_list(organisation, list_id), t.contact_phone.c.zones.is_not(None))
        .distinct()
    )

    for zones in sorted(row.zones for row in found):
        bucket_of_zones(connection, organisation, zones)
