"""Keeps each contact's place in its campaign: steps `core.contact` and writes what it commands."""

from datetime import datetime

from vyzov.core import contact as cc
from vyzov.core.call import Call
from vyzov.core.callback import Promise, first_permitted
from vyzov.core.disposition import CallBack, Consequence, StopListNumber
from vyzov.core.eligibility import Candidate, Rules, Verdict, verdict
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.core.outcome import Outcome
from vyzov.core.redial import next_attempt
from vyzov.core.window import zones_of
from vyzov.dialer.floor_store import AbandonDay, DueContact
from vyzov.dialer.office_records import StopSource
from vyzov.dialer.room import LiveCall, LiveCampaign, Room
from vyzov.dialer.scene import Scene
from vyzov.dialer.writes import AddCallback, AddStop, CloseCallback, SetEntry

_FINAL = "final"
"""An attempt ends once, so whatever its end brings about has this one cause."""


def entry_of(due: DueContact) -> cc.Entry:
    """The place a contact has as it was read."""
    promised = due.state == cc.EntryState.CALLBACK.value and due.next_due is not None
    return cc.Entry(
        contact=due.contact,
        campaign=due.campaign,
        state=cc.EntryState(due.state),
        next_due=due.next_due,
        attempts_made=due.attempts_made,
        last_outcome=Outcome(due.last_outcome) if due.last_outcome else None,
        phones=max(1, len(due.phones)),
        position=due.phone_position,
        promise=Promise(due.next_due, due.callback_agent) if promised and due.next_due else None,
        failover_of=due.failover_of,
        tried=due.tried,
    )


def candidate_of(room: Room, due: DueContact, entry: cc.Entry) -> Candidate:
    """What the gates must know of a contact as it was read."""
    return Candidate(
        contact=due.contact,
        state=entry.state,
        number=due.e164,
        zones=due.zones,
        # One that goes on through another trunk is no attempt more: the person was not reached.
        attempts_made=entry.attempts_made - (1 if entry.failover_of else 0),
        next_due=entry.next_due,
        promise=entry.promise,
        suppressed=due.stop_listed,
        number_live=room.calls.is_live(due.number_ref),
        consent=due.consent,
    )


def permission(scene: Scene, campaign: LiveCampaign, due: DueContact, entry: cc.Entry) -> Verdict:
    """May they be called at this instant?"""
    room = scene.room
    rules = Rules.of(campaign.settings, campaign.state, emergency_stop=room.stopped)
    return verdict(candidate_of(room, due, entry), rules, scene.now.utc)


def move(scene: Scene, live: LiveCall, event: cc.EntryEvent, at: datetime, cause: str) -> None:
    """Steps the entry of a call and writes it; `cause` is unique to the event within the call."""
    if live.entry is None:
        return
    before = live.entry
    live.entry, commands = cc.step(before, event, at)
    if live.entry != before:
        scene.out.write(written(live.entry))
        for held in scene.room.cards.values():
            # What is on a card was read before this: whoever reads it must not act on it.
            held.is_stale |= held.card.contact == live.contact
    _tell_closed(scene, live, before, at, cause)
    for command in commands:
        match command:
            case cc.OpenCallback(promise):
                scene.out.write(
                    AddCallback(
                        f"{live.call.id}:{int(promise.due.timestamp())}", live.campaign,
                        live.contact, promise.due, promise.agent, at, live.call.id,
                    )
                )  # fmt: skip
            case cc.CloseCallback(end):
                scene.out.write(CloseCallback(live.campaign, live.contact, end.value, at))
    campaign = scene.room.campaigns.get(live.campaign)
    due = live.entry.next_due
    if campaign is not None and due is not None:
        # The read-ahead sleeps until somebody is due: this may be sooner.
        campaign.dry_until = min(campaign.dry_until, due) if campaign.dry_until else None
        campaign.next_due = min(campaign.next_due, due) if campaign.next_due else due


def _tell_closed(scene: Scene, live: LiveCall, before: cc.Entry, at: datetime, cause: str) -> None:
    """Writes the fact that nobody will call this contact any more, or that somebody will again.

    Its key names what closed the contact: a clock read twice may tell the same moment otherwise,
    and one closing would be two."""
    entry = live.entry
    closed = cc.EntryState.CLOSED
    if entry is None or (entry.state is closed) == (before.state is closed):
        return
    if entry.state is closed:
        kind, data = FactKind.CONTACT_CLOSED, {"reason": entry.closed_reason}
    else:
        kind, data = FactKind.CONTACT_REOPENED, {}
    scene.call_fact(live, kind, f"{kind.value}:{cause}", at, data)


def move_waiting(
    scene: Scene, entry: cc.Entry, event: cc.EntryEvent, cause: str, agent: str
) -> cc.Entry:
    """Steps the entry of a contact who is in no call, by an agent's word on the card `cause`."""
    now = scene.now.utc
    moved, commands = cc.step(entry, event, now)
    scene.out.write(written(moved))
    for command in commands:
        match command:
            case cc.OpenCallback(promise):
                opened = AddCallback(
                    f"{cause}:{int(promise.due.timestamp())}", entry.campaign, entry.contact,
                    promise.due, promise.agent, now,
                )  # fmt: skip
                scene.out.write(opened)
            case cc.CloseCallback(end):
                scene.out.write(CloseCallback(entry.campaign, entry.contact, end.value, now))
    if moved.state is cc.EntryState.CLOSED:
        kind = FactKind.CONTACT_CLOSED
        scene.out.write(
            scene.fact(
                kind, f"{cause}:{kind.value}", campaign=entry.campaign, contact=entry.contact,
                agent=agent, data={"reason": moved.closed_reason},
            )
        )  # fmt: skip
    return moved


def pass_on(room: Room, campaign: str, contact: str) -> None:
    """Something newer decides the contact's place: what is said of an older call comes late."""
    for found in room.agents.values():
        for past in (found.last, found.resulted):
            if past and past.contact == contact and past.campaign == campaign:
                past.entry = None
                if past is found.resulted:
                    found.undo_until = None


def written(entry: cc.Entry, attempt: str | None = None) -> SetEntry:
    """The row of an entry; `attempt` ties it to a reservation."""
    return SetEntry(
        campaign=entry.campaign,
        contact=entry.contact,
        state=entry.state.value,
        next_due=entry.next_due,
        attempts_made=entry.attempts_made,
        phone_position=entry.position,
        last_outcome=entry.last_outcome.value if entry.last_outcome else None,
        callback_agent=entry.promise.agent if entry.promise else None,
        closed_reason=entry.closed_reason or None,
        attempt=attempt,
        failover_of=entry.failover_of,
        tried=entry.tried,
    )


def close_entry(scene: Scene, live: LiveCall, outcome: Outcome, at: datetime) -> None:
    """The attempt is final: the redial policy says what follows."""
    campaign = scene.room.campaigns.get(live.campaign)
    if live.entry is None or campaign is None:
        return
    decision = next_attempt(outcome, live.entry.attempts_made, campaign.settings.redial, at)
    move(scene, live, cc.AttemptFinished(outcome, decision), at, _FINAL)


def fail_over(scene: Scene, live: LiveCall, tried: tuple[str, ...], at: datetime) -> None:
    """The attempt failed at its trunk: the contact is due at once, for another one."""
    move(scene, live, cc.FailedOver(live.call.id, tried), at, _FINAL)


def suppress(scene: Scene, live: LiveCall, source: str, at: datetime, cause: str) -> None:
    """Stops the number at once and closes the contact."""
    if live.due is not None:
        scene.out.write(AddStop(live.due.number_ref, "asked", source, live.call.id, at))
    move(scene, live, cc.StopListed(), at, cause)


def promise(scene: Scene, live: LiveCall, due: datetime, agent: str | None, at: datetime) -> None:
    """Promises a call, moved to the first permitted moment, and writes the fact of it.

    Its key is the place of the promise in the call: when it is due follows from a clock."""
    campaign = scene.room.campaigns[live.campaign]
    zones = zones_of(live.due.zones) if live.due else None
    moved = first_permitted(due, campaign.settings.window, zones) if zones else due
    if moved is None:
        return
    live.promises += 1
    key = f"callback:flow:{live.promises}"
    move(scene, live, cc.CallbackPromised(Promise(moved, agent)), at, key)
    scene.call_fact(
        live, FactKind.CALLBACK_PROMISED, key, at,
        {"due_at": to_text(moved), "agent": agent},
    )  # fmt: skip


def follow_result(
    scene: Scene, live: LiveCall, follows: tuple[Consequence, ...], at: datetime, saved: str
) -> None:
    """Moves the contact as the result saved under the id `saved` says."""
    live.entry_before = live.entry
    if any(isinstance(one, StopListNumber) for one in follows):
        suppress(scene, live, StopSource.AGENT, at, f"result:{saved}")
        scene.call_fact(live, FactKind.STOP_LISTED, "stop_listed", at, {"key": "result"})
        return
    policy = scene.room.campaigns[live.campaign].settings.redial
    move(scene, live, cc.Disposed(follows, policy), at, f"result:{saved}")
    for one in follows:
        if isinstance(one, CallBack):
            scene.call_fact(
                live, FactKind.CALLBACK_PROMISED, f"callback:{saved}", at,
                {"due_at": to_text(one.due), "agent": one.agent},
            )  # fmt: skip


def undo_result(scene: Scene, live: LiveCall, at: datetime, cause: str) -> None:
    """Puts the contact back to where it was before its result; raises `InvalidRequest` if too late."""
    if live.entry_before is None:
        raise InvalidRequest("There is no result to take back.", "Go on.")
    move(scene, live, cc.Restored(live.entry_before), at, cause)
    live.entry_before = None


def was_late(call: Call) -> bool:
    """True where the agent came after the limit: the rule counts it like nobody at all."""
    if call.bridged_at is None or call.answered_at is None or call.flow is not None:
        return False
    return call.bridged_at - call.answered_at > call.plan.connect_limit


def count_answer(scene: Scene, live: LiveCall, at: datetime, *, abandoned: bool) -> None:
    """Counts a call that a person answered into the abandoned share of its day."""
    campaign = scene.room.campaigns.get(live.campaign)
    if campaign is None or live.counted:
        return
    live.counted = True
    day = at.date()
    old = campaign.abandon.get(day.isoformat()) or AbandonDay(day, 0, 0)
    campaign.abandon[day.isoformat()] = AbandonDay(
        day, old.abandoned + int(abandoned), old.answered + 1
    )
