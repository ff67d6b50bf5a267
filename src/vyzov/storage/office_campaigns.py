"""Campaigns, the versions of their settings, how far they are, and who could be called now."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.office_records import (
    ANY_PURPOSE,
    CampaignProgress,
    CampaignRecord,
    Waterfall,
)
from vyzov.dialer.ports import Json
from vyzov.storage import tables as t
from vyzov.storage.entering import enter_list, leave_campaign
from vyzov.storage.lookahead import STATES
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_hopper import campaign_tally, outcome_tally
from vyzov.storage.values import json_object, json_text, time_or_none, words_of


class Campaigns(OfficeBase):
    """The topic of `dialer.office_store.CampaignStore`, without trunks."""

    def campaigns(
        self, organisation: str, principal_id: str | None = None
    ) -> tuple[CampaignRecord, ...]:
        """Returns campaigns, newest first; of one principal only where one is given."""
        which = [t.campaign.c.organisation_id == organisation]
        if principal_id is not None:
            which.append(t.campaign.c.principal_id == principal_id)
        with self._reading() as connection:
            rows = connection.execute(
                _with_settings()
                .where(*which)
                .order_by(t.campaign.c.created_at.desc(), t.campaign.c.id.desc())
            )
            return tuple(_campaign(row) for row in rows)

    def campaign(self, organisation: str, campaign_id: str) -> CampaignRecord | None:
        """Returns a campaign by id with the settings now valid."""
        with self._reading() as connection:
            return _read(connection, organisation, campaign_id)

    def create_campaign(
        self,
        organisation: str,
        *,
        name: str,
        settings: Json,
        principal_id: str | None = None,
        list_id: str | None = None,
        floor_id: str | None = None,
    ) -> CampaignRecord:
        """Creates a draft with version 1 of its settings, and an entry for each contact."""
        campaign_id, now = self._new_id(), self._now_text()
        with self._writing() as connection:
            if list_id is not None:
                _require_list(connection, organisation, list_id)
            connection.execute(
                t.campaign.insert().values(
                    id=campaign_id,
                    organisation_id=organisation,
                    principal_id=principal_id or _first(connection, t.principal, organisation),
                    name=name,
                    purpose=str(settings["purpose"]),
                    mode=str(settings["mode"]),
                    state="draft",
                    list_id=list_id,
                    floor_id=floor_id or _first(connection, t.floor, organisation),
                    created_at=now,
                )
            )
            _add_version(connection, organisation, campaign_id, 1, settings, now)
            if list_id is not None:
                loaded = enter_list(connection, organisation, campaign_id, list_id)
                self._tell_loaded(connection, organisation, campaign_id, loaded)
            self._tell_settings(connection, organisation, campaign_id, 1, settings)
            made = _read(connection, organisation, campaign_id)
        assert made is not None, "a campaign just written is there"
        return made

    def change_campaign(
        self,
        organisation: str,
        campaign_id: str,
        *,
        if_version: int | None = None,
        name: str | None = None,
        settings: Json | None = None,
        list_id: str | None = None,
    ) -> CampaignRecord | None:
        """Changes a campaign; new settings make a new version valid from now."""
        with self._writing() as connection:
            now = _read(connection, organisation, campaign_id)
            if now is None:
                return None
            if if_version is not None and if_version != now.version:
                raise InvalidRequest(
                    f"Campaign '{now.name}' is at version {now.version}, not {if_version}.",
                    "Somebody changed it meanwhile: read it again and repeat the change.",
                    [Fault("version", f"it is {now.version} by now")],
                )
            if name is not None:
                _set(connection, organisation, campaign_id, name=name)
            if list_id is not None and list_id != now.list_id:
                loaded, gone = _change_list(connection, organisation, now, list_id)
                self._tell_loaded(connection, organisation, now.id, loaded, gone)
            if settings is not None and settings != now.settings:
                self._change_settings(connection, organisation, now, settings)
            return _read(connection, organisation, campaign_id)

    def set_campaign_state(self, organisation: str, campaign_id: str, state: str) -> None:
        """Writes the state while no floor is there to do it."""
        with self._writing() as connection:
            _set(connection, organisation, campaign_id, state=state)
            self._tell(
                connection,
                organisation,
                FactKind.CAMPAIGN_STATE,
                f"campaign_state:{self._new_id()}",
                {"state": state},
                campaign=campaign_id,
            )

    def campaign_settings(self, organisation: str, campaign_id: str, version: int) -> Json | None:
        """Returns the settings as they stood in a version."""
        with self._reading() as connection:
            text = connection.execute(
                sa.select(t.campaign_version.c.settings).where(
                    t.campaign_version.c.organisation_id == organisation,
                    t.campaign_version.c.campaign_id == campaign_id,
                    t.campaign_version.c.version == version,
                )
            ).scalar()
        return None if text is None else json_object(text)

    def used_results(
        self, organisation: str, campaign_id: str, codes: Collection[str]
    ) -> frozenset[str]:
        """Returns those of these results that were ever given to a call of the campaign."""
        said, attempt = t.disposition.c, t.attempt.c
        with self._reading() as connection:
            found = connection.execute(
                sa.select(said.result)
                .distinct()
                .join_from(
                    t.disposition,
                    t.attempt,
                    sa.and_(
                        attempt.organisation_id == said.organisation_id,
                        attempt.id == said.attempt_id,
                    ),
                )
                .where(
                    attempt.organisation_id == organisation,
                    attempt.campaign_id == campaign_id,
                    said.result.in_(sorted(codes)),
                )
            )
            return frozenset(row.result for row in found)

    def campaign_progress(self, organisation: str, campaign_id: str) -> CampaignProgress | None:
        """Returns the counts that are kept of a campaign, and of its attempts by outcome."""
        entry, ends, kept = t.campaign_contact.c, outcome_tally.c, campaign_tally.c
        with self._reading() as connection:
            if _read(connection, organisation, campaign_id) is None:
                return None
            tally = (
                connection.execute(
                    sa.select(campaign_tally).where(
                        kept.organisation_id == organisation, kept.campaign_id == campaign_id
                    )
                )
                .mappings()
                .first()
            )
            count: Callable[[str], int] = (lambda _: 0) if tally is None else tally.__getitem__
            by_outcome = connection.execute(
                sa.select(ends.outcome, ends.attempts)
                .where(
                    ends.organisation_id == organisation,
                    ends.campaign_id == campaign_id,
                    ends.attempts > 0,
                )
                .order_by(ends.outcome)
            ).all()
            next_due = connection.execute(
                sa.select(sa.func.min(entry.next_due_at)).where(
                    entry.organisation_id == organisation,
                    entry.campaign_id == campaign_id,
                    entry.state.in_(("due", "callback")),
                )
            ).scalar()
        return CampaignProgress(
            total=sum(count(state) for state in STATES),
            fresh=count("fresh"),
            due=count("due"),
            in_call=count("in_call"),
            callback=count("callback"),
            closed=count("closed"),
            attempts=count("attempts"),
            answered=count("answered"),
            outcomes={row.outcome: row.attempts for row in by_outcome},
            next_due_at=time_or_none(next_due),
        )

    def waterfall(
        self,
        organisation: str,
        campaign_id: str,
        now: datetime,
        open_in: Callable[[tuple[str, ...]], bool],
        *,
        needs_consent: bool = False,
    ) -> Waterfall | None:
        """Counts each contact by the first gate that holds it back."""
        with self._reading() as connection:
            if _read(connection, organisation, campaign_id) is None:
                return None
            rows = connection.execute(_gates(organisation, campaign_id, to_text(now))).all()
        counts: dict[str, int] = {}
        for row in rows:
            gate = _first_gate(row, open_in, needs_consent=needs_consent)
            counts[gate] = counts.get(gate, 0) + row.contacts
        return Waterfall(
            total=sum(counts.values()),
            no_phone=counts.get("no_phone", 0),
            stop_listed=counts.get("stop_listed", 0),
            closed=counts.get("closed", 0),
            in_call=counts.get("in_call", 0),
            not_due=counts.get("not_due", 0),
            outside_hours=counts.get("outside_hours", 0),
            no_consent=counts.get("no_consent", 0),
            callable=counts.get("callable", 0),
        )

    def _change_settings(
        self, connection: sa.Connection, organisation: str, now: CampaignRecord, settings: Json
    ) -> None:
        version, at = now.version + 1, self._now_text()
        versions = t.campaign_version
        connection.execute(
            versions.update()
            .where(
                versions.c.organisation_id == organisation,
                versions.c.campaign_id == now.id,
                versions.c.version == now.version,
            )
            .values(valid_to=at)
        )
        _add_version(connection, organisation, now.id, version, settings, at)
        mode, purpose = str(settings["mode"]), str(settings["purpose"])
        _set(connection, organisation, now.id, mode=mode, purpose=purpose)
        self._tell_settings(connection, organisation, now.id, version, settings)

    def _tell_settings(
        self,
        connection: sa.Connection,
        organisation: str,
        campaign_id: str,
        version: int,
        settings: Json,
    ) -> None:
        self._tell(
            connection,
            organisation,
            FactKind.SETTINGS_CHANGED,
            f"{campaign_id}:settings:{version}",
            {"version": version, "mode": settings["mode"], "purpose": settings["purpose"]},
            campaign=campaign_id,
        )

    def _tell_loaded(
        self, connection: sa.Connection, organisation: str, campaign: str, more: int, gone: int = 0
    ) -> None:
        dedupe, data = f"{campaign}:loaded:{self._new_id()}", {"contacts": more, "gone": gone}
        self._tell(
            connection, organisation, FactKind.CONTACTS_LOADED, dedupe, data, campaign=campaign
        )


def _with_settings() -> sa.Select[Any]:
    versions = t.campaign_version.c
    return sa.select(
        t.campaign, versions.version, versions.settings, versions.valid_from
    ).join_from(
        t.campaign,
        t.campaign_version,
        sa.and_(
            versions.organisation_id == t.campaign.c.organisation_id,
            versions.campaign_id == t.campaign.c.id,
            versions.valid_to.is_(None),
        ),
    )


def _read(connection: sa.Connection, organisation: str, campaign_id: str) -> CampaignRecord | None:
    row = connection.execute(
        _with_settings().where(
            t.campaign.c.organisation_id == organisation, t.campaign.c.id == campaign_id
        )
    ).first()
    return None if row is None else _campaign(row)


def _set(
    connection: sa.Connection, organisation: str, campaign_id: str, **values: str | None
) -> None:
    connection.execute(
        t.campaign.update()
        .where(t.campaign.c.organisation_id == organisation, t.campaign.c.id == campaign_id)
        .values(**values)
    )


def _first(connection: sa.Connection, table: sa.Table, organisation: str) -> str:
    found = connection.execute(
        sa.select(table.c.id)
        .where(table.c.organisation_id == organisation)
        .order_by(table.c.id)
        .limit(1)
    ).scalar()
    if found is None:
        raise InvalidRequest(
            f"The organisation has no {table.name} yet.", f"Create a {table.name} first."
        )
    return str(found)


def _add_version(
    connection: sa.Connection,
    organisation: str,
    campaign_id: str,
    version: int,
    settings: Json,
    at: str,
) -> None:
    connection.execute(
        t.campaign_version.insert().values(
            organisation_id=organisation,
            campaign_id=campaign_id,
            version=version,
            settings=json_text(settings),
            valid_from=at,
        )
    )


def _change_list(
    connection: sa.Connection, organisation: str, campaign: CampaignRecord, list_id: str
) -> tuple[int, int]:
    _require_list(connection, organisation, list_id)
    called = connection.execute(
        sa.select(t.attempt.c.id)
        .where(t.attempt.c.organisation_id == organisation, t.attempt.c.campaign_id == campaign.id)
        .limit(1)
    ).first()
    if called is not None:
        raise InvalidRequest(
            f"Campaign '{campaign.name}' has called people of its list already.",
            "Make another campaign for another list.",
            [Fault("list", "it cannot change once somebody was called", "called")],
        )
    gone = leave_campaign(connection, organisation, campaign.id)
    _set(connection, organisation, campaign.id, list_id=list_id)
    entered = enter_list(connection, organisation, campaign.id, list_id)
    leads = connection.execute(
        sa.select(t.campaign.c.lead_list_id).where(
            t.campaign.c.organisation_id == organisation, t.campaign.c.id == campaign.id
        )
    ).scalar()
    if leads and leads != list_id:  # They came to the campaign, whatever list it calls.
        entered += enter_list(connection, organisation, campaign.id, leads)
    return entered, gone


def _require_list(connection: sa.Connection, organisation: str, list_id: str) -> None:
    lists = t.contact_list.c
    ready = connection.execute(
        sa.select(lists.id).where(
            lists.organisation_id == organisation,
            lists.id == list_id,
            lists.completed_at.is_not(None),
            lists.undone_at.is_(None),
        )
    ).first()
    if ready is None:
        raise InvalidRequest.of(
            "The campaign",
            [Fault("list", "there is no such list, or its import was undone", "gone")],
        )


def _gates(organisation: str, campaign_id: str, now: str) -> sa.Executable:
    """Groups the contacts of a campaign by all that holds them back."""
    entry, phone, stop = t.campaign_contact.c, t.contact_phone.c, t.stop_list.c
    counted = t.contact_phone.alias("counted")
    phones = (
        sa.select(sa.func.count())
        .select_from(counted)
        .where(
            counted.c.organisation_id == entry.organisation_id,
            counted.c.contact_id == entry.contact_id,
        )
        .correlate(t.campaign_contact)
        .scalar_subquery()
    )
    stopped = (
        sa.exists()
        .where(
            stop.organisation_id == phone.organisation_id,
            stop.number_ref == phone.number_ref,
            sa.or_(stop.valid_to.is_(None), stop.valid_to > now),
        )
        .correlate(t.contact_phone)
        .label("stopped")
    )
    due = sa.or_(entry.next_due_at.is_(None), entry.next_due_at <= now).label("due")
    agreed = _agreed(now).label("agreed")
    return (
        sa.select(
            entry.state, phone.zones, stopped, due, agreed, sa.func.count().label("contacts")
        )
        .select_from(t.campaign_contact)
        .outerjoin(
            t.contact_phone,
            sa.and_(
                phone.organisation_id == entry.organisation_id,
                phone.contact_id == entry.contact_id,
                phone.position == entry.phone_position % sa.func.nullif(phones, 0),
            ),
        )
        .where(entry.organisation_id == organisation, entry.campaign_id == campaign_id)
        .group_by(
            entry.state, phone.zones, sa.text("stopped"), sa.text("due"), sa.text("agreed")
        )
    )  # fmt: skip


def _agreed(now: str) -> sa.Exists:
    """The contact of an entry has a consent that covers its campaign's purpose."""
    entry, consent, campaign = t.campaign_contact.c, t.consent.c, t.campaign.c
    return (
        sa.exists()
        .where(
            consent.organisation_id == entry.organisation_id,
            consent.contact_id == entry.contact_id,
            consent.channel == "phone",
            campaign.organisation_id == entry.organisation_id,
            campaign.id == entry.campaign_id,
            consent.purpose.in_((ANY_PURPOSE, campaign.purpose)),
            consent.given_at <= now,
            sa.or_(consent.revoked_at.is_(None), consent.revoked_at > now),
        )
        .correlate(t.campaign_contact)
    )


def _first_gate(
    row: sa.Row[Any], open_in: Callable[[tuple[str, ...]], bool], *, needs_consent: bool
) -> str:
    if row.zones is None:
        return "no_phone"
    if row.stopped:
        return "stop_listed"
    if row.state in {"closed", "in_call"}:
        return str(row.state)
    if not row.due:
        return "not_due"
    if not open_in(words_of(row.zones)):
        return "outside_hours"
    return "no_consent" if needs_consent and not row.agreed else "callable"


def _campaign(row: sa.Row[Any]) -> CampaignRecord:
    return CampaignRecord(
        id=row.id,
        principal_id=row.principal_id,
        name=row.name,
        purpose=row.purpose,
        mode=row.mode,
        state=row.state,
        list_id=row.list_id,
        floor_id=row.floor_id,
        created_at=from_text(row.created_at),
        version=row.version,
        settings=json_object(row.settings),
        version_from=from_text(row.valid_from),
    )
