"""Two organisations with people, campaigns and a history, in a real database."""

import hashlib
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from vyzov.core.alarms import AlarmKind, Raised, Reading
from vyzov.core.campaign import CampaignSettings
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.core.kpi.book import Shift
from vyzov.core.webhook import HookEvent
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import (
    ImportedRow,
    ImportPhone,
    NewUser,
    PhoneRecord,
    Role,
    RowVerdict,
    TrunkSettings,
)
from vyzov.dialer.phone_records import NewDeskPhone
from vyzov.dialer.prompt_records import NewPromptFile, PromptOrigin
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.dialer.token_records import NewToken
from vyzov.dialer.webhooks import NewWebhook
from vyzov.storage import tables as t
from vyzov.storage.connections import open_engine
from vyzov.storage.first_run import first_run
from vyzov.storage.office import SqlOffice
from vyzov.storage.prompt_files import PromptFiles
from vyzov.storage.sqlite import SqliteStore
from vyzov.web.passwords import hash_password
from vyzov.web.sessions import hash_token

PASSWORD = "correct horse battery"
CALLED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@dataclass(slots=True)
class Side:
    """One organisation: ids of what is in it, by a name tests can read."""

    organisation: str
    floor: str
    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


@dataclass(slots=True)
class Town:
    """The database and both organisations."""

    path: Path
    recordings: Path
    own: Side
    other: Side
    office: SqlOffice

    @classmethod
    def copy_of(cls, template: Path, folder: Path) -> "Town":
        """Copies a built town, recordings included."""
        path, recordings = folder / "vyzov.db", folder / "recordings"
        shutil.copy(template, path)
        shutil.copytree(template.parent / "recordings", recordings)
        shutil.copytree(template.parent / "prompts", folder / "prompts")
        office = SqlOffice(path, clock=SystemClock(), randomness=SystemDice())
        office.keep_prompts(PromptFiles(folder / "prompts"))
        return cls(path, recordings, _read_side(path, "own"), _read_side(path, "other"), office)


def _ids_file(path: Path, which: str) -> Path:
    return path.parent / f"{which}.ids"


def _read_side(path: Path, which: str) -> Side:
    del path
    return _SIDES[which]


_SIDES: dict[str, Side] = {}


def build_town(path: Path) -> None:
    """Makes the town; its passwords are all PASSWORD."""
    recordings = path.parent / "recordings"
    recordings.mkdir()
    password_hash = hash_password(PASSWORD)
    made = first_run(
        path,
        clock=SystemClock(),
        randomness=SystemDice(),
        number_salt="11" * 32,
        organisation="Own",
        login="own-administrator",
        name="Own Administrator",
        password_hash=password_hash,
    )
    assert made is not None
    own = Side(made.organisation, made.floor)
    own.ids |= {"principal": made.principal, "administrator": made.administrator}
    office = SqlOffice(path, clock=SystemClock(), randomness=SystemDice())
    office.keep_prompts(PromptFiles(path.parent / "prompts"))
    other = _another_organisation(path)
    administrator = NewUser("other-administrator", "Other A", Role.ADMINISTRATOR, password_hash)
    other.ids["principal"] = office.principals(other.organisation)[0].id
    other.ids["administrator"] = office.create_user(other.organisation, administrator).id
    for name, side in (("own", own), ("other", other)):
        _furnish(office, path, side, name, password_hash)
        _SIDES[name] = side
    office.close()


def _another_organisation(path: Path) -> Side:
    dice = SystemDice()
    side = Side(dice.new_id(), dice.new_id())
    now = to_text(SystemClock().utc())
    engine = open_engine(path, writes=True)
    common = {"organisation_id": side.organisation, "created_at": now}
    rows: list[tuple[sa.Table, dict[str, object]]] = [
        (
            t.organisation,
            {
                "id": side.organisation,
                "name": "Other",
                "number_salt": "22" * 32,
                "created_at": now,
            },
        ),
        (t.principal, {"id": dice.new_id(), "name": "Other", **common}),
        (t.floor, {"id": side.floor, "name": "Other", **common}),
    ]
    with engine.begin() as connection:
        for table, values in rows:
            known = {name: value for name, value in values.items() if name in table.c}
            connection.execute(table.insert().values(**known))
    engine.dispose()
    return side


def _furnish(office: SqlOffice, path: Path, side: Side, name: str, password_hash: str) -> None:
    org = side.organisation
    side.ids["principal_b"] = office.create_principal(org, f"{name} B").id
    for login, role in (
        ("operator", Role.OPERATOR),
        ("operator_b", Role.OPERATOR),
        ("supervisor", Role.SUPERVISOR),
        ("manager", Role.MANAGER),
        ("customer", Role.CUSTOMER),
    ):
        principal = side["principal"] if role is Role.CUSTOMER else None
        user = NewUser(
            f"{name}-{login}", f"{name} {login}", role, password_hash, principal_id=principal
        )
        side.ids[login] = office.create_user(org, user).id
    trunk = office.create_trunk(org, TrunkSettings("Carrier", "127.0.0.1", password="s3cret-trunk"))
    side.ids["trunk"] = trunk.id
    secret = NewDeskPhone("Corner desk", f"10{org[-6:]}", {"SHA-256": "canary-hash"})
    side.ids["phone"] = office.create_phone(org, side["operator"], secret).id
    shift = Shift(side["operator"], CALLED_AT, CALLED_AT + timedelta(hours=8), 900, 3_600)
    side.ids["shift"] = office.add_shifts(org, [shift])[0].id
    _furnish_with_things(office, side, name)
    rows = [
        ImportedRow(
            row=number + 1,
            verdict=RowVerdict.OK,
            raw=(f"Client {number}", f"+7000555010{number}"),
            name=f"Client {number}",
            fields={"plan": "M"},
            phones=(ImportPhone(f"+7000555010{number}", "RU", ("Europe/Moscow",)),),
        )
        for number in range(1, 6)
    ]
    bad = ImportedRow(7, RowVerdict.PROBLEM, ("=cmd()", "12"), "too_short", {"digits": "2"})
    made = office.import_list(
        org, name="Clients", file_name="clients.csv", file_sha256="0" * 64, rows=[*rows, bad]
    )
    side.ids["list"] = made.id
    for word, principal in (("campaign", "principal"), ("campaign_b", "principal_b")):
        settings = CampaignSettings.from_json(
            {
                "mode": "progressive",
                "purpose": "service",
                "caller_id": "+70005550199",
                "trunks": [trunk.id],
                "agents": [side["operator"], side["operator_b"]],
            }
        ).to_json()
        side.ids[word] = office.create_campaign(
            org,
            name=f"{name} {word}",
            settings=settings,
            principal_id=side[principal],
            list_id=made.id,
            floor_id=side.floor,
        ).id
    contacts = office.contacts(org).items
    side.ids["contact"], side.ids["contact_b"] = contacts[0].id, contacts[1].id
    side.ids["contact_fresh"] = contacts[2].id
    side.ids["stop"] = office.add_stop(org, "+70005550105", reason="asked", source="office").id
    _call(office, path, side)


def _furnish_with_things(office: SqlOffice, side: Side, name: str) -> None:
    org = side.organisation
    token = NewToken("Site form", hash_token(f"{name}-secret"), "vyzov_", ("campaign.see",))
    # Switched off: what happens in the town is told to nobody unless a test wants it.
    hook = NewWebhook("CRM", "https://crm.example.org/in", tuple(HookEvent), active=False)
    side.ids["webhook"] = office.create_webhook(org, hook, "whsec_AAAA").id
    side.ids["delivery"] = str(office.test_webhook(org, side["webhook"]))
    steps = [{"id": "hello", "title": {"en": "Hello"}, "text": {"en": "Hello {{name}}"}}]
    side.ids["script"] = office.create_script(org, "Survey", steps, side["manager"]).id
    said = NewPromptFile(
        "welcome",
        "ru",
        PromptOrigin.UPLOADED,
        "welcome.wav",
        1000,
        -20.0,
        -24.5,
        b"RIFF" + org.encode(),
    )
    side.ids["prompt"] = office.save_prompt(org, said, by=side["manager"], replace=False).id
    side.ids["token"] = office.create_token(org, side["administrator"], token).id
    office.note_alarms(org, [Raised(Reading(AlarmKind.OCCUPANCY, "", "", 0.95), 0.9)])
    side.ids["alarm"] = office.alarms(org)[0].id


def _call(office: SqlOffice, path: Path, side: Side) -> None:
    """One talk in each campaign, by each operator, with a recording and a promise."""
    store = SqliteStore(path, randomness=SystemDice())
    fence = store.take_lease(side.floor, "test", CALLED_AT, timedelta(hours=1))
    assert fence is not None
    for suffix in ("", "_b"):
        contact = office.contact(side.organisation, side[f"contact{suffix}"])
        assert contact is not None
        attempt, recording = SystemDice().new_id(), SystemDice().new_id()
        side.ids[f"attempt{suffix}"], side.ids[f"recording{suffix}"] = attempt, recording
        sound = b"RIFF" + bytes(range(256)) * 4
        (path.parent / "recordings" / f"{recording}.wav").write_bytes(sound)
        campaign = side[f"campaign{suffix}"]
        store.commit((w.SetCampaignState(campaign, "running", CALLED_AT),))
        reserve = _reserve(side, suffix, contact.phones[0], fence)
        result = store.commit((reserve, *_facts(side, suffix), *_outcome(side, suffix, sound)))
        assert not result.refused, result
    store.close()


def _reserve(side: Side, suffix: str, phone: PhoneRecord, fence: int) -> w.Reserve:
    attempt = side[f"attempt{suffix}"]
    return w.Reserve(
        attempt=attempt,
        campaign=side[f"campaign{suffix}"],
        contact=side[f"contact{suffix}"],
        phone=phone.id,
        number_ref=phone.number_ref,
        number=1,
        fence=fence,
        floor=side.floor,
        lease_until=CALLED_AT + timedelta(hours=1),
        campaign_version=1,
        rule_version="test-1",
        verdict={"allowed": True},
        trunk=side["trunk"],
        caller_id="+70005550199",
        call_id=f"{attempt}@test",
        at=CALLED_AT,
    )


def _facts(side: Side, suffix: str) -> tuple[w.AppendFact, ...]:
    told: tuple[tuple[FactKind, int, dict[str, object]], ...] = (
        (FactKind.ATTEMPT_RESERVED, 0, {}),
        (FactKind.ANSWERED, 5, {}),
        (FactKind.BRIDGED, 6, {}),
        (FactKind.ENDED, 66, {}),
        (FactKind.FINAL, 66, {"outcome": "answered_human"}),
        (FactKind.DISPOSED, 70, {"result": "sale", "group": "success"}),
    )
    return tuple(
        w.AppendFact(_fact(kind, side, suffix, second, data)) for kind, second, data in told
    )


def _outcome(side: Side, suffix: str, sound: bytes) -> tuple[w.Write, ...]:
    attempt, recording = side[f"attempt{suffix}"], side[f"recording{suffix}"]
    contact, agent = side[f"contact{suffix}"], side[f"operator{suffix}"]
    ended = CALLED_AT + timedelta(seconds=66)
    sha256 = hashlib.sha256(sound).hexdigest()
    due = CALLED_AT + timedelta(days=3)
    side.ids[f"callback{suffix}"] = promise = SystemDice().new_id()
    return (
        w.FinishAttempt(
            attempt,
            "final",
            "answered_human",
            ended,
            answered_at=CALLED_AT + timedelta(seconds=5),
            bridged_at=CALLED_AT + timedelta(seconds=6),
            ended_at=ended,
            agent=agent,
        ),
        w.AddDisposition(SystemDice().new_id(), attempt, contact, agent, "sale", CALLED_AT),
        w.AddRecording(recording, attempt, f"{recording}.wav", 60.0, len(sound), sha256, CALLED_AT),
        w.AddCallback(promise, side[f"campaign{suffix}"], contact, due, agent, CALLED_AT),
    )


def _fact(kind: FactKind, side: Side, suffix: str, second: int, data: dict[str, object]) -> Fact:
    attempt = side[f"attempt{suffix}"]
    return Fact(
        kind=kind,
        at=CALLED_AT + timedelta(seconds=second),
        clock_id="test",
        monotonic_ns=second * 1_000_000_000,
        dedupe=f"{attempt}:{kind.value}",
        campaign=side[f"campaign{suffix}"],
        contact=side[f"contact{suffix}"],
        attempt=attempt,
        agent=side[f"operator{suffix}"],
        data=data,
    )
