"""What every store promises the office: people, campaigns, history, borders."""

from datetime import timedelta

import pytest
from contract_house import NOON, House, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import (
    AttemptQuery,
    FactQuery,
    NewUser,
    Role,
    TrunkSettings,
    UserChange,
    WebSession,
)
from vyzov.storage.first_run import first_run

SETTINGS = {"mode": "progressive", "purpose": "service"}


def session_of(house: House, user: str, name: str = "a" * 64) -> WebSession:
    return WebSession(
        id_hash=name,
        organisation_id=house.organisation,
        user_id=user,
        created_at=NOON,
        last_seen_at=NOON,
        expires_at=NOON + timedelta(hours=8),
    )


# ---- people --------------------------------------------------------------------------------------


def test_the_first_run_happens_once(house: House) -> None:
    again = first_run(
        house.address,
        clock=house.clock,
        randomness=house.dice,
        number_salt="00",
        organisation="Another",
        login="other",
        name="O",
        password_hash="x",
    )
    assert again is None
    (organisation,) = house.office.organisations()
    assert (organisation.id, organisation.name) == (house.organisation, "Ромашка")
    assert house.office.organisation(house.organisation) == organisation
    assert house.office.organisation("nobody's") is None
    assert house.office.floors(house.organisation) == (house.floor,)
    assert [item.name for item in house.office.principals(house.organisation)] == ["Ромашка"]


def test_a_user_is_found_by_login_in_any_case(house: House) -> None:
    made = house.office.create_user(
        house.organisation, NewUser(" Анна ", "Anna", Role.OPERATOR, "hash", language="ru")
    )
    found = house.office.user_by_login(house.organisation, "АННА")
    assert found == made
    assert (made.login, made.language, made.theme) == ("анна", "ru", "system")
    assert house.office.user(house.organisation, made.id) == made
    assert {user.login for user in house.office.users(house.organisation)} == {"admin", "анна"}


@pytest.mark.parametrize(("login", "problem"), [("ADMIN", "taken"), ("  ", "empty")])
def test_a_login_is_given_once_and_never_empty(house: House, login: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem) as refused:
        house.office.create_user(house.organisation, NewUser(login, "x", Role.OPERATOR, "hash"))
    assert [fault.field for fault in refused.value.faults] == ["login"]


def test_whoever_is_shut_out_loses_every_session_at_once(house: House) -> None:
    office, mine = house.office, house.organisation
    anna = office.create_user(mine, NewUser("anna", "Anna", Role.OPERATOR, "hash"))
    office.create_session(session_of(house, anna.id))
    office.create_session(session_of(house, house.administrator, "b" * 64))
    changed = office.change_user(mine, anna.id, UserChange(disabled=True, name="Anna B"))
    assert changed is not None
    assert (changed.disabled_at, changed.name) == (NOON, "Anna B")
    assert office.session("a" * 64) is None
    assert office.session("b" * 64) is not None
    back = office.change_user(mine, anna.id, UserChange(disabled=False, role=Role.SUPERVISOR))
    assert back is not None
    assert (back.disabled_at, back.role) == (None, Role.SUPERVISOR)
    assert office.change_user(mine, "nobody", UserChange(name="x")) is None


def test_a_new_password_ends_the_sessions_of_the_old_one(house: House) -> None:
    house.office.create_session(session_of(house, house.administrator))
    house.office.change_user(
        house.organisation, house.administrator, UserChange(password_hash="new")
    )
    assert house.office.session("a" * 64) is None


def test_a_session_is_touched_ended_and_forgotten_when_it_ran_out(house: House) -> None:
    office = house.office
    for name in ("a", "b", "c"):
        office.create_session(session_of(house, house.administrator, name * 64))
    office.touch_session(house.organisation, "a" * 64, NOON + timedelta(hours=1))
    kept = office.session("a" * 64)
    assert kept is not None
    assert kept.last_seen_at == NOON + timedelta(hours=1)
    office.end_session(house.organisation, "b" * 64)
    assert office.session("b" * 64) is None
    assert office.forget_expired_sessions(NOON) == 0
    assert office.end_sessions_of(house.organisation, house.administrator) == 2
    office.create_session(session_of(house, house.administrator))
    assert office.forget_expired_sessions(NOON + timedelta(hours=8)) == 1


def test_an_emergency_stop_is_kept_and_told(house: House) -> None:
    house.office.set_emergency_stop(house.organisation, NOON)
    stopped = house.office.organisation(house.organisation)
    assert stopped is not None
    assert stopped.emergency_stop_at == NOON
    house.office.set_emergency_stop(house.organisation, None)
    kinds = [item.fact.kind for item in house.office.facts(house.organisation, FactQuery())]
    assert kinds == [FactKind.EMERGENCY_STOP, FactKind.EMERGENCY_STOP_LIFTED]


# ---- campaigns and trunks ------------------------------------------------------------------------


def test_settings_are_versioned_and_no_version_is_lost(house: House) -> None:
    office, mine = house.office, house.organisation
    made = office.create_campaign(mine, name="Renewal", settings=SETTINGS)
    assert (made.version, made.state, made.mode) == (1, "draft", "progressive")
    house.clock.go_on(minutes=1)
    newer = {"mode": "agentless", "purpose": "survey", "ring": 20}
    changed = office.change_campaign(mine, made.id, settings=newer, if_version=1, name="Survey")
    assert changed is not None
    assert (changed.version, changed.settings, changed.name) == (2, newer, "Survey")
    assert (changed.mode, changed.purpose) == ("agentless", "survey")
    assert changed.version_from == NOON + timedelta(minutes=1)
    assert office.campaign_settings(mine, made.id, 1) == SETTINGS
    assert office.campaign_settings(mine, made.id, 2) == newer
    assert office.campaign_settings(mine, made.id, 3) is None
    same = office.change_campaign(mine, made.id, settings=newer)
    assert same is not None
    assert same.version == 2, "what did not change makes no version"
    told = office.facts(mine, FactQuery(kinds=("settings_changed",)))
    assert [item.fact.data["version"] for item in told] == [1, 2]


def test_a_change_of_settings_somebody_else_changed_meanwhile_is_refused(house: House) -> None:
    office, mine = house.office, house.organisation
    made = office.create_campaign(mine, name="Renewal", settings=SETTINGS)
    office.change_campaign(mine, made.id, settings={**SETTINGS, "ring": 20})
    with pytest.raises(InvalidRequest, match="version 2, not 1"):
        office.change_campaign(mine, made.id, settings={**SETTINGS, "ring": 30}, if_version=1)
    assert office.change_campaign(mine, "nothing", name="x") is None


def test_a_list_may_change_until_somebody_was_called(house: House) -> None:
    campaign = house.campaign()
    other = house.list_of([row(100), row(101)], "Other")
    changed = house.office.change_campaign(house.organisation, campaign.id, list_id=other)
    assert changed is not None
    assert changed.list_id == other
    store = house.store()
    due = house.due(store, campaign.id)
    assert [item.row for item in due] == [100, 101]
    store.commit((house.reserve(due[0]),))
    with pytest.raises(InvalidRequest, match="has called people"):
        house.office.change_campaign(
            house.organisation, campaign.id, list_id=house.list_of([row(7)], "Third")
        )


def test_a_campaign_takes_no_list_that_is_not_there(house: House) -> None:
    with pytest.raises(InvalidRequest, match="there is no such list"):
        house.campaign(list_id="nothing")
    undone = house.list_of([row(2)])
    house.office.undo_list(house.organisation, undone)
    with pytest.raises(InvalidRequest, match="its import was undone"):
        house.campaign(list_id=undone)
    assert house.office.campaigns(house.organisation) == (), "the refused drafts left nothing"


def test_campaigns_of_one_principal_are_apart(house: House) -> None:
    office, mine = house.office, house.organisation
    buyer = office.create_principal(mine, "Buyer")
    own = office.create_campaign(mine, name="Own", settings=SETTINGS)
    theirs = office.create_campaign(mine, name="T", settings=SETTINGS, principal_id=buyer.id)
    assert {item.id for item in office.campaigns(mine)} == {own.id, theirs.id}
    assert [item.id for item in office.campaigns(mine, buyer.id)] == [theirs.id]
    with pytest.raises(InvalidRequest):
        office.create_campaign(mine, name="x", settings=SETTINGS, principal_id="nobody")


def test_the_waterfall_counts_everybody_once_by_the_first_gate(house: House) -> None:
    rows = [row(n) for n in range(2, 10)]
    campaign = house.campaign(rows).id
    store = house.store()
    due = house.due(store, campaign)
    later = NOON + timedelta(hours=1)
    house.office.erase_contact(house.organisation, due[0].contact)
    house.office.add_stop(house.organisation, due[1].e164, reason="asked", source="office")
    store.commit(
        (
            w.SetEntry(campaign, due[1].contact, "closed", None, 1),
            w.SetEntry(campaign, due[2].contact, "closed", None, 1),
            w.SetEntry(campaign, due[3].contact, "in_call", None, 1),
            w.SetEntry(campaign, due[4].contact, "due", later, 1),
            w.SetEntry(campaign, due[5].contact, "callback", NOON, 1),
        )
    )
    found = house.office.waterfall(house.organisation, campaign, NOON, lambda _zones: True)
    assert found is not None
    assert (found.total, found.no_phone, found.stop_listed, found.closed) == (8, 1, 1, 1)
    assert (found.in_call, found.not_due, found.outside_hours, found.callable) == (1, 1, 0, 3)
    seen: list[tuple[str, ...]] = []
    night = house.office.waterfall(
        house.organisation, campaign, NOON, lambda zones: bool(seen.append(zones))
    )
    assert night is not None
    assert (night.outside_hours, night.callable) == (3, 0)
    assert set(seen) == {("Europe/Moscow",)}
    assert house.office.waterfall(house.organisation, "none", NOON, bool) is None


def test_progress_counts_entries_and_attempts(house: House) -> None:
    campaign = house.campaign().id
    store = house.store()
    due = house.due(store, campaign)
    busy, answered, ringing = (house.reserve(item) for item in due[:3])
    store.commit(
        (
            busy,
            house.finish(busy.attempt, "busy"),
            w.SetEntry(campaign, due[0].contact, "due", NOON + timedelta(minutes=9), 1),
            answered,
            house.finish(answered.attempt, "answered_human", answered_at=NOON),
            w.SetEntry(campaign, due[1].contact, "closed", None, 1),
            ringing,
            house.in_call(due[2], ringing.attempt),
        )
    )
    found = house.office.campaign_progress(house.organisation, campaign)
    assert found is not None
    assert (found.total, found.fresh, found.due, found.in_call, found.closed) == (5, 2, 1, 1, 1)
    assert (found.attempts, found.answered) == (3, 1)
    assert found.outcomes == {"busy": 1, "answered_human": 1}
    assert found.next_due_at == NOON + timedelta(minutes=9)
    assert house.office.campaign_progress(house.organisation, "none") is None


def test_a_trunk_keeps_its_password_unless_a_new_one_is_given(house: House) -> None:
    office, mine = house.office, house.organisation
    first = TrunkSettings(name="A", host="127.0.0.1", username="u", password="p", codecs=("PCMU",))
    made = office.create_trunk(mine, first)
    assert made.settings == first
    moved = office.change_trunk(mine, made.id, TrunkSettings(name="B", host="127.0.0.2"))
    assert moved is not None
    assert (moved.settings.name, moved.settings.password) == ("B", "p")
    off = office.change_trunk(
        mine, made.id, TrunkSettings(name="B", host="127.0.0.2", password="q", active=False)
    )
    assert off is not None
    assert (off.settings.password, off.settings.active) == ("q", False)
    assert office.trunk(mine, made.id) == off
    assert office.trunks(mine) == (off,)
    assert office.change_trunk(mine, "none", first) is None


# ---- history -------------------------------------------------------------------------------------


def test_attempts_are_found_by_every_filter(house: House) -> None:
    campaign = house.campaign().id
    store = house.store()
    due = house.due(store, campaign)
    made = [house.reserve(item) for item in due[:3]]
    store.commit(
        (
            *made,
            house.finish(made[0].attempt, "busy"),
            house.finish(made[1].attempt, "answered_human", agent="anna"),
            w.AddDisposition("d", made[1].attempt, due[1].contact, "anna", "sale", NOON),
        )
    )
    later = NOON + timedelta(seconds=1)
    cases: list[tuple[AttemptQuery, list[int]]] = [
        (AttemptQuery(), [2, 1, 0]),
        (AttemptQuery(campaign_id=campaign), [2, 1, 0]),
        (AttemptQuery(campaign_id="none"), []),
        (AttemptQuery(contact_id=due[2].contact), [2]),
        (AttemptQuery(agent_id="anna"), [1]),
        (AttemptQuery(outcome="busy"), [0]),
        (AttemptQuery(result="sale"), [1]),
        (AttemptQuery(principal_id="none"), []),
        (AttemptQuery(since=NOON, until=later), [2, 1, 0]),
        (AttemptQuery(since=later), []),
        (AttemptQuery(until=NOON), []),
    ]
    for query, expected in cases:
        found = house.office.attempts(house.organisation, query).items
        assert [item.id for item in found] == [made[n].attempt for n in expected], query
    page = house.office.attempts(house.organisation, AttemptQuery(), limit=2)
    rest = house.office.attempts(house.organisation, AttemptQuery(), cursor=page.next)
    assert [item.id for item in rest.items] == [made[0].attempt]
    assert house.office.attempt(house.organisation, "none") is None
    assert house.office.recording(house.organisation, "none") is None


def test_facts_are_found_by_every_filter_and_in_pages(house: House) -> None:
    house.campaign()
    store = house.store()
    store.commit(
        tuple(
            house.fact(
                None,
                FactKind.DIGIT if n % 2 else FactKind.RINGING,
                dedupe=str(n),
                at=NOON + timedelta(seconds=n),
                agent=f"agent-{n % 3}",
            )
            for n in range(6)
        )
    )

    def found(**query: object) -> list[str]:
        wanted = FactQuery(kinds=("digit", "ringing"), **query)  # type: ignore[arg-type]
        return [fact.dedupe for fact in house.office.report_facts(house.organisation, wanted)]

    assert found() == ["0", "1", "2", "3", "4", "5"]
    assert found(agent_id="agent-1") == ["1", "4"]
    assert found(since=NOON + timedelta(seconds=4)) == ["4", "5"]
    assert found(until=NOON + timedelta(seconds=2)) == ["0", "1"]
    assert found(campaign_id="none") == found(principal_id="none") == []
    first = house.office.facts(house.organisation, FactQuery(kinds=("digit",)), limit=2)
    rest = house.office.facts(house.organisation, FactQuery(kinds=("digit",)), after=first[-1].seq)
    assert [item.fact.dedupe for item in (*first, *rest)] == ["1", "3", "5"]


def test_a_report_reads_more_facts_than_one_piece_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vyzov.storage.office_history.FACTS_PER_PIECE", 3)
    told = [
        Fact(FactKind.AGENT_STATE, NOON, "boot", n, f"fact-{n}", data={"n": n}) for n in range(10)
    ]
    house.office.append_facts(house.organisation, told)
    house.office.append_facts(house.organisation, told[:2])
    assert list(house.office.report_facts(house.organisation, FactQuery())) == told


def test_an_answer_given_once_is_given_again(house: House) -> None:
    office, mine = house.office, house.organisation
    assert office.remembered_answer(mine, "k", "POST /lists") is None
    first = office.remember_answer(mine, "k", "POST /lists", 201, "{}")
    assert office.remember_answer(mine, "k", "POST /lists", 500, "other") == first
    assert office.remembered_answer(mine, "k", "POST /lists") == first
    assert office.remembered_answer(mine, "k", "POST /users") is None
    assert office.forget_answers(NOON) == 0
    assert office.forget_answers(NOON + timedelta(seconds=1)) == 1


# ---- borders -------------------------------------------------------------------------------------


def test_another_organisation_sees_nothing_of_ours(house: House) -> None:
    campaign = house.campaign()
    store = house.store()
    due = house.due(store, campaign.id)[0]
    reserve = house.reserve(due)
    recording = w.AddRecording("r", reserve.attempt, "a.wav", 1.0, 1, "", NOON)
    store.commit((reserve, recording))
    stop = house.office.add_stop(house.organisation, due.e164, reason="x", source="office")
    trunk = house.office.create_trunk(house.organisation, TrunkSettings("t", "127.0.0.1"))
    office, theirs = house.office, "another"
    assert office.campaign(theirs, campaign.id) is None
    assert office.campaigns(theirs) == ()
    assert office.contact(theirs, due.contact) is None
    assert office.contacts(theirs).items == ()
    assert office.contact_entries(theirs, due.contact) == ()
    assert office.erase_contact(theirs, due.contact) is None
    assert office.attempt(theirs, reserve.attempt) is None
    assert office.attempts(theirs, AttemptQuery()).items == ()
    assert office.recording(theirs, "r") is None
    assert office.recordings(theirs) == ()
    assert office.facts(theirs, FactQuery()) == ()
    assert office.lists(theirs) == ()
    assert campaign.list_id is not None
    assert office.undo_list(theirs, campaign.list_id) is None
    assert office.lift_stop(theirs, stop.id) is None
    assert office.stop_entries(theirs).items == ()
    assert office.trunk(theirs, trunk.id) is None
    assert office.change_trunk(theirs, trunk.id, TrunkSettings("x", "127.0.0.9")) is None
    assert office.user(theirs, house.administrator) is None
    assert office.change_user(theirs, house.administrator, UserChange(name="x")) is None
    assert office.change_campaign(theirs, campaign.id, name="x") is None
    with pytest.raises(InvalidRequest, match="no organisation another"):
        office.number_ref(theirs, due.e164)


def test_a_store_that_cannot_answer_says_so(sqlite_house: House) -> None:
    house = sqlite_house
    house.office.close()  # type: ignore[attr-defined]
    house.path.write_bytes(b"this is no database, it only has its name" * 100)
    with pytest.raises(StoreFault, match="did not answer"):
        house.office.users(house.organisation)


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=texts, plan=texts, note=texts, search=texts)
def test_hostile_text_is_text(house: House, name: str, plan: str, note: str, search: str) -> None:
    list_id = house.list_of([row(2, name=name, plan=plan)])
    card = house.office.contacts(house.organisation, list_id=list_id).items[0]
    assert (card.name, card.fields) == (name or "Клиент 2", {"plan": plan})
    found = house.office.contacts(house.organisation, search=search, list_id=list_id).items
    digits = "".join(letter for letter in search if letter in "0123456789")
    wanted = search.strip().casefold()
    by_number = len(digits) >= 3 and digits in "+70005550002"
    assert bool(found) == (wanted in card.name.casefold() or by_number)
