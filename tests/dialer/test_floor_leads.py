"""A lead brought while a campaign runs is called next, whoever waits; it keeps the campaign open."""

from datetime import timedelta

from conftest import Centre, number, plan

from vyzov.core.campaign import CampaignState
from vyzov.dialer.leads import Lead, LeadResult, Priority

LEAD = "+12025550117"


def bring(centre: Centre, campaign: str, lead: Lead) -> LeadResult:
    """What the web process does: writes the lead, and tells the floor."""
    made = centre.office.add_lead(centre.organisation, campaign, lead, lead.judged())
    assert made is not None
    told = centre.world.ask("office.lead_added", "web", campaign=campaign, contact=made.contact)
    assert told.ok
    return made


def called_after(centre: Centre, contact: str, before: int) -> int:
    """How many were called after the first `before` calls until this contact was; -1 for never."""
    order = [one["contact_id"] for one in centre.attempts()][before:]
    return order.index(contact) if contact in order else -1


def slow(centre: Centre, **changes: object) -> str:
    """A campaign of 5,000 that calls one person every other second."""
    campaign = centre.campaign(
        5_000, mode="agentless", calls_per_second=0.5, lines_max=20, **changes
    )
    centre.everybody(plan())
    centre.open(campaign)
    assert centre.until(lambda: len(centre.attempts()) >= 3)
    return campaign


def test_a_lead_is_dialled_next_while_five_thousand_wait(centre: Centre) -> None:
    campaign = slow(centre)
    before, at = len(centre.attempts()), centre.world.timeline.now
    made = bring(centre, campaign, Lead((LEAD,), "Vera"))
    assert centre.until(lambda: called_after(centre, made.contact, before) >= 0, 20.0)
    assert called_after(centre, made.contact, before) <= 1
    assert centre.world.timeline.now - at <= 10.0


def test_leads_are_called_in_the_order_they_came(centre: Centre) -> None:
    campaign = slow(centre)
    made = [bring(centre, campaign, Lead((f"+1202555011{n}",))).contact for n in range(4)]
    centre.until(lambda: called_after(centre, made[-1], 0) >= 0, 60.0)
    order = [one["contact_id"] for one in centre.attempts() if one["contact_id"] in made]
    assert order == made


def test_a_lead_that_comes_while_the_look_ahead_is_read_is_not_missed(centre: Centre) -> None:
    campaign = slow(centre)
    live = centre.live_campaign(campaign)
    live.loading = True  # As if a reading from before the lead was still on its way.
    before = len(centre.attempts())
    made = bring(centre, campaign, Lead((LEAD,)))
    assert live.look_again
    live.loading = False
    assert centre.until(lambda: called_after(centre, made.contact, before) >= 0, 20.0)
    assert called_after(centre, made.contact, before) <= 1


def test_a_lead_goes_before_redials_that_wait_and_one_in_turn_after_them(centre: Centre) -> None:
    campaign = slow(centre)
    past = (centre.world.timeline.utc - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    waiting = centre.entries(campaign)[2_000:2_004]
    for one in waiting:
        centre.connection.execute(
            "UPDATE campaign_contact SET state = 'due', next_due_at = ? WHERE contact_id = ?",
            (past, one["contact_id"]),
        )
    in_turn = bring(centre, campaign, Lead(("+12025550118",), priority=Priority.IN_TURN))
    first = bring(centre, campaign, Lead((LEAD,)))
    assert centre.until(lambda: called_after(centre, in_turn.contact, 0) >= 0, 60.0)
    order = [one["contact_id"] for one in centre.attempts()]
    redials = [order.index(one["contact_id"]) for one in waiting]
    assert order.index(first.contact) < min(redials)
    assert max(redials) < order.index(in_turn.contact)
    assert len(order) < 20


def test_a_lead_is_held_back_until_its_moment(centre: Centre) -> None:
    campaign = slow(centre)
    later = centre.world.timeline.utc + timedelta(seconds=60)
    made = bring(centre, campaign, Lead((LEAD,), not_before=later))
    assert not centre.until(lambda: called_after(centre, made.contact, 0) >= 0, 55.0)
    assert centre.until(lambda: called_after(centre, made.contact, 0) >= 0, 20.0)


def test_somebody_who_waits_already_is_brought_forward_and_called_once(centre: Centre) -> None:
    campaign = slow(centre)
    entries = centre.entries(campaign)
    for place in (30, 3_000):  # One who is read ahead by now, and one far behind.
        before = len(centre.attempts())
        made = bring(centre, campaign, Lead((number(place),), "Vera"))
        assert made.contact == entries[place]["contact_id"]
        assert (made.row.verdict, made.state) == ("merged", "due")
        assert centre.until(
            lambda made=made, before=before: called_after(centre, made.contact, before) >= 0, 20.0
        )
        assert called_after(centre, made.contact, before) <= 1
    again = bring(centre, campaign, Lead((number(3_000),)))
    assert again.row.verdict == "duplicate"
    centre.world.run(20.0)
    calls = [one["contact_id"] for one in centre.attempts()]
    assert calls.count(again.contact) == 1


def test_a_campaign_that_takes_leads_waits_for_more(centre: Centre) -> None:
    campaign = centre.campaign(1, mode="agentless")
    centre.everybody(plan())
    centre.open(campaign)
    bring(centre, campaign, Lead((LEAD,)))
    centre.world.run(120.0)
    assert centre.is_running(campaign)
    late = bring(centre, campaign, Lead(("+12025550118",)))
    assert centre.until(lambda: called_after(centre, late.contact, 0) >= 0, 10.0)
    centre.world.run(60.0)
    assert centre.world.ask("office.finish_campaign", "boss", campaign=campaign).ok
    assert centre.until(lambda: centre.are_completed(campaign), 60.0)
    assert centre.live_campaign(campaign).state is CampaignState.COMPLETED


def test_a_campaign_of_leads_alone_starts_with_the_first_of_them(centre: Centre) -> None:
    record = centre.office.campaign(centre.organisation, centre.campaign(1, mode="agentless"))
    assert record is not None
    made = centre.office.create_campaign(
        centre.organisation, name="Site", settings=record.settings
    ).id
    centre.everybody(plan())
    centre.world.start()
    centre.world.run(1.0)
    assert not centre.start_campaign(made).ok
    lead = bring(centre, made, Lead((LEAD,)))
    centre.world.run(1.0)
    assert centre.start_campaign(made).ok
    assert centre.until(lambda: called_after(centre, lead.contact, 0) >= 0, 10.0)


def test_the_tally_counts_leads_as_counting_would(centre: Centre) -> None:
    campaign = slow(centre)
    bring(centre, campaign, Lead((LEAD,)))
    bring(centre, campaign, Lead((number(4_000),)))
    centre.world.run(20.0)
    [tally] = centre.rows_of("SELECT * FROM campaign_tally WHERE campaign_id = ?", campaign)
    counted = centre.rows_of(
        "SELECT state, COUNT(*) AS n FROM campaign_contact WHERE campaign_id = ? GROUP BY state",
        campaign,
    )
    assert {one["state"]: one["n"] for one in counted} == {
        state: tally[state]
        for state in ("fresh", "due", "in_call", "callback", "closed")
        if tally[state]
    }
