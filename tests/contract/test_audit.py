"""The log of changes: every write of the office leaves who, what, before and after; no secret does."""

from datetime import timedelta

import pytest
from contract_house import House, row

from vyzov.core.kpi.book import Prices, Shift
from vyzov.dialer.audit_records import Actor, AuditAction, AuditEntry, AuditQuery, by_command
from vyzov.dialer.office_records import NewUser, Role, TrunkSettings, UserChange
from vyzov.dialer.phone_records import NewDeskPhone
from vyzov.dialer.token_records import NewToken
from vyzov.storage import tables as t
from vyzov.storage.audit import TEXT_MOST, UNWATCHED, WATCHED, watched
from vyzov.storage.tables import metadata

VERA = NewUser("vera", "Vera Example", Role.OPERATOR, "$argon2id$first")
PHONE = "+70005550101"


def entries(house: House, **asked: str) -> list[AuditEntry]:
    """The log without what was there at first, the earliest first."""
    found = house.office.audit_entries(house.organisation, AuditQuery(**asked), limit=200)
    return list(reversed(found.items))


def test_a_person_made_changed_and_shut_out_leaves_three_entries(house: House) -> None:
    office = house.office.acting(Actor(house.administrator, "token-1"))
    made = office.create_user(house.organisation, VERA)
    office.change_user(house.organisation, made.id, UserChange(role=Role.SUPERVISOR))
    office.change_user(house.organisation, made.id, UserChange(disabled=True))
    first, second, third = entries(house, kind="user", object_id=made.id)
    assert (first.action, first.by, first.token) == (
        AuditAction.CREATE, house.administrator, "token-1",
    )  # fmt: skip
    assert (first.before, first.after["name"], first.after["login"]) == ({}, VERA.name, "vera")
    assert (second.action, second.before, second.after) == (
        AuditAction.CHANGE, {"role": "operator"}, {"role": "supervisor"},
    )  # fmt: skip
    assert list(third.after) == ["disabled_at"]
    assert first.at == house.clock.now


def test_a_password_is_told_as_changed_and_never_shown(house: House) -> None:
    made = house.office.create_user(house.organisation, VERA)
    house.office.change_user(
        house.organisation, made.id, UserChange(password_hash="$argon2id$second")
    )
    told = entries(house, object_id=made.id)[-1]
    assert (told.before, told.after) == ({}, {"password": "•"})
    everything = repr(entries(house))
    assert "$argon2id$" not in everything


def test_what_changes_nothing_leaves_no_entry(house: House) -> None:
    made = house.office.create_user(house.organisation, VERA)
    before = len(entries(house))
    house.office.change_user(house.organisation, made.id, UserChange(name=VERA.name))
    house.office.change_user(house.organisation, "nobody", UserChange(name="Nobody"))
    assert len(entries(house)) == before


def test_a_write_that_fails_leaves_no_entry(house: House) -> None:
    before = len(entries(house))
    with pytest.raises(Exception, match="taken"):
        house.office.create_user(house.organisation, NewUser("admin", "x", Role.OPERATOR, "h"))
    assert len(entries(house)) == before


def test_settings_of_a_campaign_are_told_member_by_member(house: House) -> None:
    campaign = house.campaign([row(2, PHONE)])
    changed = {**campaign.settings, "ring_timeout_s": 17.5, "name_of_nothing": {"deep": [1, 2]}}
    house.office.change_campaign(house.organisation, campaign.id, name="Осень", settings=changed)
    made, *_, told = entries(house, kind="campaign", object_id=campaign.id)
    assert made.action is AuditAction.CREATE
    assert made.after["mode"] == campaign.mode
    assert told.action is AuditAction.CHANGE
    assert told.after == {"name": "Осень", "ring_timeout_s": 17.5, "name_of_nothing.deep": [1, 2]}
    assert told.before["name"] == campaign.name


def test_trunks_phones_prices_shifts_tokens_and_stops_are_all_put_down(house: House) -> None:
    office, own = house.office.acting(by_command("test")), house.organisation
    user = office.create_user(own, VERA)
    trunk = office.create_trunk(own, TrunkSettings("Carrier", "127.0.0.1", password="hidden-word"))
    office.change_trunk(own, trunk.id, TrunkSettings("Carrier", "127.0.0.1", prefix="9"))
    phone = office.create_phone(own, user.id, NewDeskPhone("Desk", "vera-1", {"MD5": "secret-ha1"}))
    office.revoke_phone(own, phone.id)
    office.add_prices(own, Prices.from_json({"currency": "RUB"}), None, "x")
    shift = Shift(user.id, house.clock.now, house.clock.now + timedelta(hours=8), 0, 0)
    [record] = office.add_shifts(own, [shift])
    office.cancel_shift(own, record.id)
    token = office.create_token(own, user.id, NewToken("Form", "hash-of-it", "vy", ("lead.add",)))
    office.revoke_token(own, token.id)
    stop = office.add_stop(own, PHONE, reason="asked", source="office")
    office.lift_stop(own, stop.id)
    office.set_emergency_stop(own, house.clock.now)
    log = [one for one in entries(house) if one.by == "command:test"]
    told = [(one.kind, one.action.value) for one in log]
    assert told == [
        ("user", "create"), ("trunk", "create"), ("trunk", "change"), ("phone", "create"),
        ("phone", "delete"), ("prices", "create"), ("shift", "create"), ("shift", "delete"),
        ("token", "create"), ("token", "delete"), ("stop", "create"), ("stop", "delete"),
        ("organisation", "change"),
    ]  # fmt: skip
    assert (log[2].before, log[2].after) == ({}, {"prefix": "9"})
    for hidden in ("hidden-word", "secret-ha1", "hash-of-it"):
        assert hidden not in repr(log)


def test_a_list_is_one_entry_whatever_its_length_and_so_is_taking_it_back(house: House) -> None:
    before = len(entries(house))
    made = house.list_of([row(number, f"+7000555{number:04d}") for number in range(2, 60)])
    house.office.undo_list(house.organisation, made)
    first, second = entries(house)[before:]
    assert (first.kind, first.action, first.after["contacts"]) == (
        "list", AuditAction.CREATE, 58,
    )  # fmt: skip
    assert second.action is AuditAction.DELETE


def test_the_log_is_asked_by_kind_object_person_and_time_and_read_in_pages(house: House) -> None:
    ann, bob = house.office.acting(Actor("ann")), house.office.acting(Actor("bob"))
    user = ann.create_user(house.organisation, VERA)
    noon = house.clock.now
    house.clock.now += timedelta(hours=1)
    bob.change_user(house.organisation, user.id, UserChange(name="Vera Other"))
    ann.create_principal(house.organisation, "Ромашка-2")
    assert [one.kind for one in entries(house, by="ann")] == ["user", "principal"]
    assert [one.by for one in entries(house, object_id=user.id)] == ["ann", "bob"]
    late = AuditQuery(since=noon + timedelta(minutes=1))
    assert len(house.office.audit_entries(house.organisation, late).items) == 2
    early = AuditQuery(by="ann", until=noon + timedelta(minutes=1))
    assert len(house.office.audit_entries(house.organisation, early).items) == 1
    page = house.office.audit_entries(house.organisation, late, limit=1)
    rest = house.office.audit_entries(house.organisation, late, cursor=page.next, limit=1)
    assert (page.items[0].kind, rest.items[0].kind, rest.next) == ("principal", "user", None)
    assert rest.names[user.id] == "Vera Other"
    assert {"user", "principal"} <= set(house.office.audit_kinds(house.organisation))
    assert house.office.audit_entries("another", AuditQuery()).items == ()


def test_erasing_a_person_empties_what_the_log_tells_of_them(house: House) -> None:
    campaign = house.campaign([row(2, PHONE, name="Анна Канарейкина")])
    contact = house.office.contacts(house.organisation, list_id=campaign.list_id).items[0].id
    with house.office._writing() as connection:  # type: ignore[attr-defined]
        connection.execute(
            t.contact_person.update()
            .where(t.contact_person.c.contact_id == contact)
            .values(note="звонить Анне Канарейкиной")
        )
    assert "Канарейкиной" in house.dump()
    house.office.acting(Actor("ann")).erase_contact(house.organisation, contact, by="ann")
    assert "Канарейк" not in house.dump()
    first, last = entries(house, kind="contact", object_id=contact)
    assert (first.action, first.after) == (AuditAction.CHANGE, {})
    assert (last.action, last.by, last.before) == (AuditAction.ERASE, "ann", {})


def test_every_table_is_watched_or_said_not_to_be_and_no_secret_by_its_name() -> None:
    tables = set(metadata.tables)
    assert set(WATCHED) | UNWATCHED <= tables
    assert not set(WATCHED) & UNWATCHED
    for name in tables:
        rule = watched(name)
        for column in rule.fields if rule is not None else ():
            assert column in metadata.tables[name].c, f"{name}.{column}"


def test_a_long_text_is_cut(house: House) -> None:
    made = house.office.create_principal(house.organisation, "х" * 2_000)
    told = entries(house, object_id=made.id)[-1].after["name"]
    assert isinstance(told, str)
    assert len(told) == TEXT_MOST
