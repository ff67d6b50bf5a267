"""Trunks and failovers in the store: every option comes back, one failover of each attempt, upgrades."""

import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from contract_house import House

from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.office_records import TrunkSettings
from vyzov.dialer.writes import ReserveRefusal
from vyzov.storage.connections import open_connection, open_engine
from vyzov.storage.migrate import migrate, upgrade
from vyzov.storage.trunk_rows import trunk_of

PLAIN = TrunkSettings(name="A", host="127.0.0.1")
ODD = TrunkSettings(
    name="B", host="sip.example.org", port=0, username="u", password="p", realm="r",
    codecs=("PCMU",), lines_max=7, calls_per_second=0.5, active=True, transport="tls",
    tls_name="carrier.example.org", srtp="required", sign_in=True, register_expires_s=90,
    probe_s=0.0, allow_md5=True, number_format="national:8", prefix="9#",
    caller_headers=("pai", "rpid"), from_user="me", from_domain="example.org",
    session_expires_s=0, redirects="same_host",
)  # fmt: skip


@pytest.mark.parametrize("settings", [PLAIN, ODD])
def test_every_setting_of_a_trunk_comes_back_to_the_office_and_to_the_floor(
    house: House, settings: TrunkSettings
) -> None:
    made = house.office.create_trunk(house.organisation, settings)
    assert made.settings == settings
    assert house.office.trunks(house.organisation)[-1] == made
    seen = [one for one in house.store().load_floor(house.floor).trunks if one.id == made.id]
    assert seen == [made]


def test_the_odd_trunk_of_these_tests_differs_from_the_default_in_every_setting() -> None:
    usual = TrunkSettings(name="", host="")
    same = {f.name for f in fields(ODD) if getattr(ODD, f.name) == getattr(usual, f.name)}
    assert same == {"active"}


def test_an_option_of_a_newer_build_is_left_out_and_kept_defaults_are_not_written() -> None:
    row = {"id": "t", "created_at": "2026-11-23T12:00:00.000000Z", "codecs": "[]", "active": 1}
    row |= dict.fromkeys(("name", "host", "username", "password", "realm"), "x")
    row |= {"port": 1, "lines_max": 1, "calls_per_second": 1.0}
    read = trunk_of(row | {"options": '{"colour":"red","probe_s":5}'})
    assert (read.settings.probe_s, read.settings.transport) == (5, "udp")


def test_an_attempt_that_goes_on_through_another_trunk_has_the_same_number(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    first = house.reserve(due[0])
    again = replace(
        house.reserve(due[0]), failover_of=first.attempt, trunk="trunk-2", number=first.number
    )
    store.commit((first, house.in_call(due[0], first.attempt)))
    tried = w.SetEntry(
        due[0].campaign, due[0].contact, "due", house.clock.now, 1,
        failover_of=first.attempt, tried=("trunk-1",),
    )  # fmt: skip
    store.commit((house.finish(first.attempt, "trunk_error"), tried))
    read = store.contact(due[0].campaign, due[0].contact)
    assert read is not None
    assert (read.failover_of, read.tried) == (first.attempt, ("trunk-1",))
    assert house.refusal(store, again) is None
    kept = house.office.attempt(house.organisation, again.attempt)
    assert kept is not None
    assert (kept.number, kept.failover_of, kept.trunk_id) == (1, first.attempt, "trunk-2")
    (open_one,) = store.load_floor(house.floor).open_attempts
    assert open_one.failover_of == first.attempt


def test_an_attempt_is_taken_over_once_only(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    first = house.reserve(due[0])
    over = [replace(house.reserve(due[0]), failover_of=first.attempt, number=1) for _ in range(2)]
    store.commit((first, house.finish(first.attempt, "trunk_error")))
    assert house.refusal(store, over[0]) is None
    store.commit((house.finish(over[0].attempt, "trunk_error"),))
    assert house.refusal(store, over[1]) is ReserveRefusal.ATTEMPT_EXISTS
    assert house.refusal(store, replace(first, attempt="x", call_id="x")) is (
        ReserveRefusal.ATTEMPT_EXISTS
    )


def test_trunks_of_an_older_version_go_on_as_they_did(tmp_path: Path) -> None:
    path = tmp_path / "vyzov.db"
    upgrade(path, "0001")
    at = "2026-11-23T12:00:00.000000Z"
    with closing(sqlite3.connect(path)) as old:
        old.execute("INSERT INTO organisation VALUES ('o', 'O', '00', NULL, ?)", (at,))
        for key, user in (("signs", "me"), ("plain", "")):
            old.execute(
                "INSERT INTO trunk VALUES (?, 'o', 'T', '127.0.0.1', 5060, ?, 'p', '', '[]', 3,"
                " 2.0, 1, ?)",
                (key, user, at),
            )
        old.commit()
    migrate(path)
    with closing(open_connection(path)) as new:
        rows = new.execute("SELECT * FROM trunk ORDER BY id").fetchall()
        plain, signs = (trunk_of(dict(row)).settings for row in rows)
    # It answered MD5 before anybody was asked: a trunk that works must not stop at an upgrade.
    assert (signs.allow_md5, plain.allow_md5) == (True, False)
    assert (signs.transport, signs.lines_max, signs.probe_s) == ("udp", 3, 30.0)


def test_the_index_of_attempts_is_widened_not_doubled(tmp_path: Path) -> None:
    path = tmp_path / "vyzov.db"
    migrate(path)
    engine = open_engine(path, writes=False)
    with engine.connect() as connected:
        indexes = {one["name"]: one for one in sa.inspect(connected).get_indexes("attempt")}
    engine.dispose()
    assert indexes["uq_attempt_number"]["column_names"][-2:] == ["number", "failover_of"]
    assert indexes["uq_attempt_number"]["unique"]
