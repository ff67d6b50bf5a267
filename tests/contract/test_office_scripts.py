"""Scripts in the store: versions, where calls are in them, and answers that are kept and counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from contract_house import NOON, House, row

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import InvalidRequest
from vyzov.core.script import GoBack, GoOn, QuestionKind, Script, begin, script_from_json, walk
from vyzov.dialer.audit_records import AuditQuery
from vyzov.dialer.office_records import AttemptRecord
from vyzov.dialer.scripts import SCRIPTS_MOST, Answered, AnswerQuery, SavedWalk

STEPS = [
    {
        "id": "ok",
        "title": {"en": "Hello"},
        "text": {"en": "Hello"},
        "question": {"kind": "yes_no"},
    },
    {
        "id": "what",
        "title": {"en": "What"},
        "text": {"en": "What?"},
        "question": {
            "kind": "several",
            "field": "wants",
            "options": [
                {"key": "TV", "label": {"en": "TV"}, "to": ""},
                {"key": 'a "film"', "label": {"en": "Film"}, "to": ""},
            ],
        },
    },
    {
        "id": "why",
        "title": {"en": "Why"},
        "text": {"en": "Why?"},
        "question": {"kind": "text", "field": "reason"},
    },
]
SCRIPT = script_from_json(STEPS)
DAY = AnswerQuery(NOON - timedelta(hours=1), NOON + timedelta(hours=1))


def called(house: House, number: str = "+70005550101") -> AttemptRecord:
    """One person of a campaign of their own, who is being called."""
    office, org = house.office, house.organisation
    settings = CampaignSettings.from_json(
        {
            "mode": "progressive",
            "purpose": "service",
            "caller_id": "+70005559999",
            "trunks": ["trunk-1"],
            "script": STEPS,
        }
    ).to_json()
    people = house.list_of([row(1, number, name="Vera", plan="M")])
    campaign = office.create_campaign(org, name="Survey", settings=settings, list_id=people)
    office.set_campaign_state(org, campaign.id, "running")
    store = house.store()
    (due,) = house.due(store, campaign.id)
    reserve = house.reserve(due)
    store.commit((reserve,))
    found = office.attempt(org, reserve.attempt)
    assert found is not None
    return found


def say(
    house: House, attempt: AttemptRecord, step: str, kind: str, answer: object, turn: int
) -> bool:
    steps: Script = SCRIPT
    state = begin(steps) if turn == 1 else walk(steps, begin(steps), GoOn())
    given = Answered(step, QuestionKind(kind), answer, field_of(step))  # type: ignore[arg-type]
    saved = SavedWalk(state, turn, f"move {turn}")
    return house.office.save_walk(house.organisation, attempt, saved, agent="ann", answered=given)


def field_of(step: str) -> str:
    question = next(one.question for one in SCRIPT if one.id == step)
    return question.field if question else ""


# ---- versions ------------------------------------------------------------------------------------


def test_a_script_keeps_every_version_and_a_name_makes_none(house: House) -> None:
    office, org = house.office, house.organisation
    made = office.create_script(org, "Survey", STEPS[:1], "ann")
    assert (made.version, made.latest, list(made.steps)) == (1, 1, STEPS[:1])
    renamed = office.save_script(org, made.id, if_version=1, name="Poll", steps=STEPS[:1], by="bob")
    assert renamed is not None
    assert (renamed.name, renamed.version) == ("Poll", 1)
    saved = office.save_script(org, made.id, if_version=1, name="Poll", steps=STEPS, by="bob")
    assert saved is not None
    assert (saved.version, saved.saved_by) == (2, "bob")
    first = office.script(org, made.id, 1)
    assert first is not None
    assert (first.version, first.latest, list(first.steps)) == (1, 2, STEPS[:1])
    assert [
        (one.version, one.saved_by, one.steps) for one in office.script_versions(org, made.id)
    ] == [
        (2, "bob", 3),
        (1, "ann", 1),
    ]
    assert office.script(org, made.id, 3) is None


def test_who_saves_over_a_newer_version_is_refused(house: House) -> None:
    office, org = house.office, house.organisation
    made = office.create_script(org, "Survey", [], "ann")
    assert office.save_script(org, made.id, if_version=1, name="S", steps=STEPS, by="ann")
    assert office.save_script(org, made.id, if_version=1, name="S", steps=[], by="bob") is None
    assert office.save_script(org, "gone", if_version=1, name="S", steps=[], by="bob") is None


def test_a_script_put_away_is_kept_and_can_be_taken_back(house: House) -> None:
    office, org = house.office, house.organisation
    one = office.create_script(org, "A", STEPS, "ann").id
    office.create_script(org, "B", STEPS, "ann")
    away = office.archive_script(org, one, archived=True)
    assert away is not None
    assert away.archived_at is not None
    assert [script.name for script in office.scripts(org)] == ["B"]
    assert [script.name for script in office.scripts(org, archived=True)] == ["A"]
    office.archive_script(org, one, archived=False)
    assert [script.name for script in office.scripts(org)] == ["A", "B"]
    assert office.archive_script(org, "gone", archived=True) is None


def test_scripts_of_another_organisation_do_not_exist(house: House) -> None:
    made = house.office.create_script(house.organisation, "A", STEPS, "ann")
    assert house.office.scripts("other") == ()
    assert house.office.script("other", made.id) is None
    assert house.office.script_versions("other", made.id) == ()


def test_scripts_have_a_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vyzov.storage.office_scripts.SCRIPTS_MOST", 1)
    house.office.create_script(house.organisation, "A", [], "ann")
    with pytest.raises(InvalidRequest, match="already"):
        house.office.create_script(house.organisation, "B", [], "ann")
    assert SCRIPTS_MOST > 1


def test_the_log_of_changes_tells_of_scripts_and_not_of_what_callers_said(house: House) -> None:
    house.office.create_script(house.organisation, "A", STEPS, "ann")
    say(house, called(house), "why", "text", "a canary", 1)
    log = house.office.audit_entries(house.organisation, AuditQuery(), limit=50).items
    assert "script" in {one.kind for one in log}
    assert "canary" not in repr(log)


# ---- walks and answers ---------------------------------------------------------------------------


def test_a_walk_and_its_answers_are_there_again_after_a_reload(house: House) -> None:
    attempt, org = called(house), house.organisation
    assert house.office.saved_walk(org, attempt.id) is None
    state = walk(SCRIPT, walk(SCRIPT, begin(SCRIPT), GoOn("yes")), GoBack())
    kept = SavedWalk(state, 1, "digest")
    given = Answered("ok", QuestionKind.YES_NO, "yes")
    assert house.office.save_walk(org, attempt, kept, agent="ann", answered=given)
    assert house.office.saved_walk(org, attempt.id) == kept


def test_of_two_windows_only_one_moves_a_turn(house: House) -> None:
    attempt, org = called(house), house.organisation
    first, second = SavedWalk(begin(SCRIPT), 1, "a"), SavedWalk(begin(SCRIPT), 2, "b")
    assert house.office.save_walk(org, attempt, first, agent="ann", answered=None)
    assert not house.office.save_walk(org, attempt, first, agent="ann", answered=None)
    assert house.office.save_walk(org, attempt, second, agent="ann", answered=None)
    assert not house.office.save_walk(
        org, attempt, replace(second, turn=4), agent="ann", answered=None
    )


def test_an_answer_fills_the_contacts_field_and_leaves_the_others(house: House) -> None:
    attempt = called(house)
    assert say(house, attempt, "what", "several", ("TV", 'a "film"'), 1)
    assert say(house, attempt, "why", "text", "cheaper", 2)
    assert say(house, attempt, "why", "text", "faster", 3)
    card = house.office.contact(house.organisation, attempt.contact_id)
    assert card is not None
    assert card.fields == {"plan": "M", "wants": 'TV, a "film"', "reason": "faster"}


def test_answers_are_counted_and_listed_by_question_and_value(house: House) -> None:
    office, org = house.office, house.organisation
    one, two = called(house), called(house, "+70005550102")
    say(house, one, "ok", "yes_no", "yes", 1)
    say(house, one, "what", "several", ("TV", 'a "film"'), 2)
    say(house, one, "why", "text", "a secret", 3)
    say(house, two, "what", "several", ("TV",), 1)
    totals = office.answer_totals(org, replace(DAY, campaign_id=one.campaign_id))
    counted = {(tally.step, tally.value): tally.count for tally in totals.tallies}
    assert counted == {("ok", ("yes",)): 1, ("what", ("TV", 'a "film"')): 1, ("why", ()): 1}
    assert totals.scripts == {(one.campaign_id, 1): SCRIPT}

    def attempts(**more: str) -> list[str]:
        return [found.attempt_id for found in office.answers(org, replace(DAY, **more)).items]

    assert attempts(step="what", value="TV") == [two.id, one.id]
    assert attempts(step="what", value='a "film"') == [one.id]
    assert attempts(step="what", value="T") == []
    assert attempts(step="ok", value="yes") == [one.id]
    assert attempts(campaign_id=two.campaign_id) == [two.id]
    assert attempts(principal_id="nobody") == []
    late = replace(DAY, since=NOON + timedelta(minutes=30))
    assert office.answers(org, late).items == ()
    assert office.answer_totals("other", DAY).tallies == ()


def test_answers_come_in_pages_that_neither_skip_nor_repeat(house: House) -> None:
    office, org = house.office, house.organisation
    for number in ("+70005550101", "+70005550102"):
        attempt = called(house, number)
        for turn, step in enumerate(("ok", "why"), 1):
            say(house, attempt, step, "text", "yes", turn)
    seen: list[tuple[str, str]] = []
    cursor = None
    for _ in range(9):
        page = office.answers(org, DAY, cursor=cursor, limit=1)
        seen += [(one.attempt_id, one.step) for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    whole = [(one.attempt_id, one.step) for one in office.answers(org, DAY).items]
    assert seen == whole
    assert len(set(seen)) == 4


def test_what_a_person_said_goes_with_them_and_nothing_comes_after(house: House) -> None:
    attempt, org = called(house), house.organisation
    say(house, attempt, "why", "text", "a canary", 1)
    person = house.office.person(org, attempt.contact_id)
    assert person is not None
    assert "a canary" in person.words
    house.office.erase_contact(org, attempt.contact_id)
    assert say(house, attempt, "why", "text", "another canary", 2)
    assert house.office.answers(org, DAY).items == ()
    assert "canary" not in house.dump()


def test_fields_of_lists_are_known_by_their_titles(house: House) -> None:
    rows = [row(1, "+70005550101")]
    house.office.import_list(
        house.organisation, name="A", file_name="a.csv", file_sha256="0" * 64, rows=rows,
        reading={"titles": ["Phone", "Plan"], "columns": {"Phone": "phone", "Plan": "field"}},
    )  # fmt: skip
    assert house.office.field_titles(house.organisation) == ("Plan",)
