"""Reads what a floor needs and turns rows into its plain values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from vyzov.core.campaign import DialMode
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.core.steadiness import Pairing, Past
from vyzov.dialer import floor_store as f
from vyzov.dialer.office_records import Organisation
from vyzov.storage.lookahead import LookAhead
from vyzov.storage.session import Ask, Row, Session
from vyzov.storage.trunk_rows import trunk_of
from vyzov.storage.values import fact_of, json_object, texts_of, time_or_none, words_of

UNDISPOSED_SPAN = timedelta(minutes=10)
UNKNOWN_SPAN = timedelta(hours=1)
ABANDONMENT_SPAN = timedelta(days=30)
MINUTES_FACTS = 50_000
"""More facts than a floor writes in the minute for which a step of UTC counts."""
RULE_FACTS = 1_000
"""The latest words of rules of pace, of all campaigns of a floor: what older ones did is forgotten."""
RECENT_FACTS = 60_000
"""At most so many facts of the past are looked at for estimates: an hour of some 200 operators."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A session inside a transaction and the floor it reads for."""

    session: Session
    organisation: str
    floor: str

    def rows(self, topic: str, name: str, **values: object) -> Sequence[Row]:
        """Returns all rows of a named statement."""
        return self.session.run(
            topic, name, {**values, "organisation": self.organisation, "floor": self.floor}
        ).fetchall()

    def rows_all(self, asked: Sequence[Ask]) -> list[Sequence[Row]]:
        """Returns the rows of several statements, asked at once."""
        named = {"organisation": self.organisation, "floor": self.floor}
        told = self.session.run_all(
            [Ask(one.topic, one.name, {**one.values, **named}) for one in asked]
        )
        return [one.rows for one in told]


def floor_state(reader: Reader, now: datetime, since: datetime | None = None) -> f.FloorState:
    """Reads the whole state of a floor as of `now`, with the recent facts `since` then if asked."""
    owner = reader.rows("floor", "organisation")[0]
    campaigns = tuple(_campaign(row) for row in reader.rows("floor", "campaigns"))
    ahead = since is not None and any(_may_dial_ahead(one) for one in campaigns)
    return f.FloorState(
        floor=reader.floor,
        organisation=Organisation(
            id=owner["id"],
            name=owner["name"],
            emergency_stop_at=time_or_none(owner["emergency_stop_at"]),
            created_at=from_text(owner["created_at"]),
        ),
        campaigns=campaigns,
        trunks=tuple(trunk_of(dict(row)) for row in reader.rows("floor", "trunks")),
        agents=tuple(_agent(row) for row in reader.rows("floor", "agents")),
        open_attempts=tuple(
            _open_attempt(row, due_contact(reader, row["campaign_id"], row["contact_id"], now))
            for row in reader.rows("floor", "open_attempts")
        ),
        undisposed=tuple(
            _undisposed(row, due_contact(reader, row["campaign_id"], row["contact_id"], now))
            for row in reader.rows("floor", "undisposed", since=to_text(now - UNDISPOSED_SPAN))
        ),
        abandonment=_abandonment(reader, now),
        phones=tuple(_desk_phone(row) for row in reader.rows("floor", "phones")),
        restored_from=next(
            (from_text(row["backup_at"]) for row in reader.rows("journal", "standing_quarantine")),
            None,
        ),
        clocks=_clocks(reader),
        unknown=tuple(
            _open_attempt(row, None)
            for row in reader.rows("floor", "unknown", since=to_text(now - UNKNOWN_SPAN))
        ),
        recent=_recent(reader, since) if since is not None and ahead else (),
        ruled=_ruled(reader) if since is not None else (),
        pause_limits={row["id"]: row["limit_s"] for row in reader.rows("floor", "pause_limits")},
    )


def due_contacts(
    reader: Reader, ahead: LookAhead, limit: int, exclude: Collection[str]
) -> list[f.DueContact]:
    """Reads who is next: due call-backs, due redials, fresh ones by row."""
    found: list[f.DueContact] = []
    places = ahead.contacts(exclude, limit)
    # Somebody without a number is passed over, so what is still wanted is asked for again.
    while piece := list(islice(places, limit - len(found))):
        read = _due_contacts(reader, ahead.campaign, piece, ahead.now)
        found += [one for one in read if one is not None]
    return found


def due_contact(reader: Reader, campaign: str, contact: str, now: datetime) -> f.DueContact | None:
    """Reads one contact's place in a campaign; None once it has no number any more."""
    [found] = _due_contacts(reader, campaign, [contact], now)
    return found


def _due_contacts(
    reader: Reader, campaign: str, contacts: Sequence[str], now: datetime
) -> list[f.DueContact | None]:
    """Reads places of contacts in a campaign, as `due_contact` does, in one turn."""
    asked = [
        Ask("due", name, {"campaign": campaign, "contact": contact, "now": to_text(now)})
        for contact in contacts
        for name in ("contact", "phones")
    ]
    answers = iter(reader.rows_all(asked))
    return [
        due_contact_of(rows[0], phones) if rows and phones else None
        for rows, phones in zip(answers, answers, strict=True)
    ]


def due_contact_of(row: Row, phones: Sequence[Row]) -> f.DueContact:
    """Makes a value of the rows `queries/due.sql` gives of a contact and of its phones."""
    turn = phones[row["phone_position"] % len(phones)]
    return f.DueContact(
        contact=row["contact_id"],
        campaign=row["campaign_id"],
        state=row["state"],
        next_due=time_or_none(row["next_due_at"]),
        attempts_made=row["attempts_made"],
        phone_position=row["phone_position"],
        last_outcome=row["last_outcome"],
        callback_agent=row["callback_agent"],
        failover_of=row["failover_of"],
        tried=words_of(row["tried"]),
        phone=turn["id"],
        e164=turn["e164"],
        number_ref=turn["number_ref"],
        country=turn["country"],
        zones=words_of(turn["zones"]),
        stop_listed=bool(turn["stopped"]),
        number_live=bool(turn["live"]),
        consent=bool(row["consent"]),
        name=row["name"] or "",
        fields=texts_of(row["fields"]),
        note=row["note"] or "",
        language=row["language"],
        stage=row["stage"],
        temperature=row["temperature"],
        list_id=row["list_id"],
        file_name=row["file_name"],
        row=row["row"],
        phones=tuple(_phone(phone) for phone in phones),
    )


def past_attempts(reader: Reader, contact: str, limit: int) -> list[f.PastAttempt]:
    """Reads a contact's finished attempts, latest first."""
    rows = reader.rows("floor", "history", contact=contact, limit=limit)
    return [past_attempt_of(row) for row in rows]


def _may_dial_ahead(campaign: f.FloorCampaign) -> bool:
    """True where it does by its settings, or one of its rules may have changed it to."""
    rules = campaign.settings.get("pace_rules") or ()
    modes = [campaign.mode, *(rule.get("mode") for rule in rules)]
    return DialMode.PREDICTIVE in modes


def _campaign(row: Row) -> f.FloorCampaign:
    return f.FloorCampaign(
        id=row["id"],
        principal=row["principal_id"],
        name=row["name"],
        purpose=row["purpose"],
        mode=row["mode"],
        state=row["state"],
        list_id=row["list_id"],
        version=row["version"],
        settings=json_object(row["settings"]),
        takes_leads=bool(row["lead_list_id"]),
    )


def _agent(row: Row) -> f.FloorAgent:
    return f.FloorAgent(
        id=row["id"],
        name=row["name"],
        login=row["login"],
        role=row["role"],
        language=row["language"],
        wish=row["wish"] or "offline",
        wish_reason=row["reason"] or "",
        wish_since=time_or_none(row["since"]),
        device=row["kind"] or "browser",
    )


def _desk_phone(row: Row) -> f.FloorPhone:
    return f.FloorPhone(
        id=row["id"],
        agent=row["user_id"],
        name=row["name"],
        username=row["username"],
        ha1=texts_of(row["ha1"]),
    )


def _phone(row: Row) -> f.DuePhone:
    return f.DuePhone(
        id=row["id"],
        position=row["position"],
        e164=row["e164"],
        number_ref=row["number_ref"],
        country=row["country"],
        zones=words_of(row["zones"]),
    )


def _open_attempt(row: Row, due: f.DueContact | None) -> f.OpenAttempt:
    return f.OpenAttempt(
        id=row["id"],
        campaign=row["campaign_id"],
        contact=row["contact_id"],
        phone=row["phone_id"],
        number_ref=row["number_ref"],
        number=row["number"],
        state=row["state"],
        floor=row["floor_id"],
        fence=row["fence"],
        lease_until=from_text(row["lease_until"]),
        campaign_version=row["campaign_version"],
        rule_version=row["rule_version"],
        verdict=json_object(row["verdict"]),
        trunk=row["trunk_id"],
        caller_id=row["caller_id"],
        call_id=row["call_id"],
        reserved_at=from_text(row["reserved_at"]),
        originated_at=time_or_none(row["originated_at"]),
        settings=json_object(row["settings"]),
        due=due,
        failover_of=row["failover_of"],
    )


def _undisposed(row: Row, due: f.DueContact | None) -> f.UndisposedAttempt:
    return f.UndisposedAttempt(
        attempt=row["id"],
        campaign=row["campaign_id"],
        contact=row["contact_id"],
        agent=row["agent_id"],
        outcome=row["outcome"],
        number=row["number"],
        answered_at=time_or_none(row["answered_at"]),
        bridged_at=from_text(row["bridged_at"]),
        ended_at=from_text(row["ended_at"]),
        due=due,
    )


def _abandonment(reader: Reader, now: datetime) -> dict[str, tuple[f.AbandonDay, ...]]:
    found: dict[str, tuple[f.AbandonDay, ...]] = {}
    for row in reader.rows("floor", "abandonment", since=to_text(now - ABANDONMENT_SPAN)):
        day = f.AbandonDay(
            day=date.fromisoformat(row["day"]),
            abandoned=row["abandoned"],
            answered=row["answered"],
        )
        found[row["campaign_id"]] = (*found.get(row["campaign_id"], ()), day)
    return found


def _recent(reader: Reader, since: datetime) -> tuple[Fact, ...]:
    """Reads what the floor's lives wrote down since then of calls and operators, oldest first."""
    lives: list[list[Fact]] = []
    left = RECENT_FACTS
    for head in reader.rows("floor", "heads"):
        rows = reader.rows(
            "floor", "recent_facts", epoch=head["epoch"], after=head["place"] - left,
            since=to_text(since),
        )  # fmt: skip
        if not rows:
            break
        lives.append([fact_of(dict(row)) for row in rows])
        left -= head["place"]
        if left <= 0:
            break
    return tuple(fact for life in reversed(lives) for fact in life)


def _ruled(reader: Reader) -> tuple[Fact, ...]:
    rows = reader.rows("floor", "rule_facts", limit=RULE_FACTS)
    return tuple(fact_of(dict(row)) for row in reversed(rows))


def _clocks(reader: Reader) -> Past | None:
    """Reads what the floor's last life wrote down of the clocks.

    A step that was settled has its word within a minute's facts, so only the latest are looked at;
    a life that took a step over from another one wrote it down again."""
    for last in reader.rows("floor", "last_fact"):
        latest = reader.rows(
            "floor", "clock_facts", epoch=last["epoch"], after=last["place"] - MINUTES_FACTS
        )
        for row in latest:
            if row["kind"] == FactKind.CLOCK_STEPPED:
                step_s = float(str(json_object(row["data"])["step_s"]))
                return Past(_pairing(last), _pairing(row), step_s)
        return Past(_pairing(last))
    return None


def _pairing(row: Row) -> Pairing:
    return Pairing(from_text(row["at"]), row["monotonic_ns"] / 1e9, row["clock_id"])


def past_attempt_of(row: Row) -> f.PastAttempt:
    """Makes a value of a row of `floor.history`."""
    bridged, ended = time_or_none(row["bridged_at"]), time_or_none(row["ended_at"])
    talk = (ended - bridged).total_seconds() if bridged and ended else 0.0
    return f.PastAttempt(
        attempt=row["id"],
        at=from_text(row["reserved_at"]),
        outcome=row["outcome"] or "unknown",
        talk_s=max(talk, 0.0),
        agent=row["agent_id"],
        result=row["result"],
    )
