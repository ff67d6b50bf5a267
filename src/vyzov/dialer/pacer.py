"""The tick: who is read ahead, how many are called, through which trunk, and the reservation.

The hopper is a cache of order, not of permission: the verdict is asked at the dial instant, and the
reservation asks the database once more. A contact that is refused leaves the head of its queue, so
that it is not read again before the gate opens.
"""

from collections import deque
from datetime import timedelta

from vyzov.core import contact as cc
from vyzov.core.call import CallPlan, start
from vyzov.core.campaign import DialMode, may_dial
from vyzov.core.changing import replace
from vyzov.core.contact import EntryState
from vyzov.core.eligibility import (
    RULE_VERSION,
    Allowed,
    Gate,
    Refused,
    verdict_to_json,
)
from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.core.pacing import Pace, PaceReason, calls_to_place, filled, spent, why_no_line
from vyzov.core.pacing.turns import Turn, in_turn
from vyzov.core.routing import NoTrunk, lines_free, trunk_for
from vyzov.core.selection import Place, in_calling_order
from vyzov.dialer.cards import Cards
from vyzov.dialer.effects import DueLoaded, LoadDue, Reload
from vyzov.dialer.entries import entry_of, pass_on, permission, written
from vyzov.dialer.floor_store import DueContact
from vyzov.dialer.live_call import LiveCard
from vyzov.dialer.room import LiveCall, LiveCampaign
from vyzov.dialer.scene import Scene
from vyzov.dialer.trunks import Trunks
from vyzov.dialer.turn_taking import gives_way
from vyzov.dialer.watching import Watching
from vyzov.dialer.writes import CloseCallback, HoldEntry, Reserve, ReserveRefusal

LOOK_AHEAD = 60
LOOK_AHEAD_LOW = 25
DUE_TOGETHER = 10
"""As many are expected to come due while the hopper is full; where more do, it is read again."""

DRY_WAIT = timedelta(seconds=2)
LIVE_NUMBER_WAIT = timedelta(seconds=20)
PASSED_OVER = timedelta(seconds=20)
LEASE_SPAN = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
DIALS_PER_TICK_MAX = 50
QUARANTINE_LOOK_S = 5.0


class Pacer:
    """Places calls for all campaigns of a floor."""

    def __init__(
        self, scene: Scene, floor: str, trunks: Trunks, watching: Watching, cards: Cards
    ) -> None:
        self._scene = scene
        self._cards = cards
        self._watching = watching
        self._floor = floor
        self._trunks = trunks
        self._asked_at = 0.0

    # ---- the look-ahead

    def loaded(self, item: DueLoaded) -> None:
        """Takes in who is due."""
        campaign = self._scene.room.campaigns.get(item.campaign)
        if campaign is None:
            return
        if item.counts is not None:
            campaign.counts, campaign.counts_at = item.counts, self._scene.now.utc
            campaign.next_due = item.next_due
            campaign.opens_at = item.counts.opens_at
        if not item.asked:
            return
        campaign.loading = False
        self._fill(campaign, item.contacts)
        if len(item.contacts) == item.asked and self._may_lack_due(campaign, item.contacts[-1]):
            campaign.next_due = self._scene.now.utc
        if len(item.contacts) < item.asked:
            soon = self._scene.now.utc + DRY_WAIT
            campaign.dry_until = max(soon, item.next_due) if item.next_due else soon
            if item.next_due is None or item.next_due > soon + DRY_WAIT * 5:
                campaign.dry_until = soon + DRY_WAIT * 2
        self._scene.room.pace_wanted = bool(item.contacts)

    def _may_lack_due(self, campaign: LiveCampaign, last: DueContact) -> bool:
        """True where all that were read had come due, and the hopper still ends with others: more may
        be due that go before those."""
        ends_with_others = bool(campaign.hopper) and campaign.hopper[-1].next_due is None
        return last.next_due is not None and ends_with_others

    def _fill(self, campaign: LiveCampaign, contacts: tuple[DueContact, ...]) -> None:
        """Puts those read into the hopper, all of it in calling order: a promise goes first."""
        out = self._in_hand(campaign) | set(campaign.held)
        known = {
            due.contact: due for due in (*contacts, *campaign.hopper) if due.contact not in out
        }
        places = [
            Place(due.contact, EntryState(due.state), due.next_due, due.row)
            for due in known.values()
        ]
        order = in_calling_order(places, self._scene.now.utc)
        campaign.hopper = deque(known[place.contact] for place in order[:LOOK_AHEAD])

    def _in_hand(self, campaign: LiveCampaign) -> set[str]:
        """Contacts that are in a call, or on the card of somebody."""
        room, key = self._scene.room, campaign.record.id
        return {live.contact for live in room.calls_of(key)} | {
            held.card.contact for held in room.cards_of(key)
        }

    def _read_ahead(self, campaign: LiveCampaign) -> None:
        now = self._scene.now.utc
        for contact in [key for key, until in campaign.held.items() if until <= now]:
            del campaign.held[contact]
            campaign.held_reasons.pop(contact, None)
            campaign.dry_until = None
        due_at = now if campaign.look_again else campaign.next_due
        somebody_is_due = due_at is not None and due_at <= now
        is_enough = len(campaign.hopper) >= LOOK_AHEAD_LOW
        is_dry = campaign.dry_until is not None and campaign.dry_until > now
        if campaign.loading or ((is_enough or is_dry) and not somebody_is_due):
            return
        exclude = (
            self._in_hand(campaign) | set(campaign.held) | {due.contact for due in campaign.hopper}
        )
        campaign.loading, campaign.dry_until, campaign.next_due = True, None, None
        campaign.look_again = False
        # Where the hopper is full enough, only those are missing who go before the ones in it.
        missing = LOOK_AHEAD - len(campaign.hopper) + DUE_TOGETHER if is_enough else LOOK_AHEAD
        self._scene.out.effects.append(
            LoadDue(campaign.record.id, missing, frozenset(exclude), campaign.hours)
        )

    def is_done(self, campaign: LiveCampaign) -> bool:
        """True where nobody is left to be called under these settings, and no call is live."""
        counts = campaign.counts
        if counts is None or not counts.total or campaign.hopper or campaign.loading:
            return False
        # Where leads come more may come at any moment: a person says when it ends.
        return not campaign.record.takes_leads and counts.is_over and not self._in_hand(campaign)

    # ---- the tick

    def pace(self) -> None:
        """Reserves as many calls as the pace of each campaign says."""
        room = self._scene.room
        self._cards.look()
        for campaign in self._in_turn():
            self._read_ahead(campaign)
            if room.stopped or room.leaving or not room.engine_up or not room.store_up:
                campaign.why = ("not_dialling", {"stopped": room.stopped})
                continue
            if not room.lease_held:
                # Whoever is reserved now would use up an attempt, and be dialled by nobody.
                campaign.why = ("lease_over", {})
                continue
            if room.restored_from is not None:
                campaign.why = ("quarantine", {"backup_at": to_text(room.restored_from)})
                self._ask_whether_lifted()
                continue
            if not room.clock.is_steady:
                campaign.why = ("clock_unsteady", {"step_s": round(room.clock.step_s, 1)})
                continue
            self._place(campaign)

    def _in_turn(self) -> list[LiveCampaign]:
        """Campaigns that may dial: who shares agents with others takes turns with them."""
        running = [one for one in self._scene.room.campaigns.values() if may_dial(one.state)]
        if len(running) < 2:
            return running
        known = {one.record.id: one for one in running}
        turns = in_turn(
            Turn(
                key,
                one.settings.priority,
                one.had,
                has_somebody=bool(one.hopper),
                owes=self._owes(one),
            )
            for key, one in known.items()
        )
        for turn in turns:
            known[turn.campaign].had = turn.had
        return [known[turn.campaign] for turn in turns]

    def _owes(self, campaign: LiveCampaign) -> bool:
        """True where a promised call is due: it stands at the head of those read ahead."""
        first = campaign.hopper[0] if campaign.hopper else None
        if first is None or first.next_due is None or first.state != EntryState.CALLBACK:
            return False
        return first.next_due <= self._scene.now.utc

    def _ask_whether_lifted(self) -> None:
        """Reads the floor anew every so often: a command line lifts a quarantine too."""
        mono = self._scene.now.mono
        if mono - self._asked_at >= QUARANTINE_LOOK_S:
            self._asked_at = mono
            self._scene.out.effects.append(Reload())

    def _place(self, campaign: LiveCampaign) -> None:
        for held in self._cards.taken(campaign):
            held.why = self._dial(campaign, held)
        if campaign.settings.mode is DialMode.PREVIEW:
            self._show(campaign)
            return
        now = self._scene.now.utc
        pace = self._pace_of(campaign)
        held = self._held(campaign) if campaign.settings.mode is DialMode.PREDICTIVE else 0
        yields = gives_way(campaign, self._scene.room.campaigns.values())
        ahead = self._watching.wish(campaign, pace.free_agents - held, gives_way=yields)
        decision = calls_to_place(pace, campaign.settings, now, ahead)
        campaign.why = (decision.reason.value, dict(decision.args))
        if decision.reason is PaceReason.TRUNKS_FULL and not self._any_up(campaign):
            campaign.why = (f"trunk_{NoTrunk.ALL_DOWN.value}", {})
        if decision.count <= 0 or not campaign.hopper:
            return  # As at most ticks.
        count = min(decision.count, DIALS_PER_TICK_MAX)
        offers = campaign.settings.mode is DialMode.AGENTLESS
        agents_left = self._agents_left(campaign) if offers else 0
        skipped: list[DueContact] = []
        while count > 0 and campaign.hopper:
            due = campaign.hopper.popleft()
            entry = entry_of(due)
            for_agent = self._mode(campaign, entry) is not DialMode.AGENTLESS
            if for_agent and offers:
                if agents_left <= 0:
                    skipped.append(due)
                    continue
                agents_left -= 1
            placed = self._try(campaign, due, entry)
            if placed is None:
                campaign.hopper.appendleft(due)
                break
            count -= int(placed)
        campaign.hopper.extendleft(reversed(skipped))

    # ---- cards

    def _show(self, campaign: LiveCampaign) -> None:
        """Gives everybody a card who is free and not meant for a call of another campaign."""
        able = self._free_for(campaign)
        left = len(able) - self._shared(campaign)
        skipped: list[DueContact] = []
        while left > 0 and campaign.hopper:
            due = campaign.hopper.popleft()
            entry = entry_of(due)
            said = permission(self._scene, campaign, due, entry)
            if isinstance(said, Refused):
                self._put_aside(campaign, due, entry, said)
            elif self._cards.show(campaign, due, able):
                campaign.had += 1 / campaign.settings.weight
                left -= 1
            else:
                skipped.append(due)
        campaign.hopper.extendleft(reversed(skipped))
        shown = len(self._scene.room.cards_of(campaign.record.id))
        args = {"cards": shown, "free_agents": len(self._free_for(campaign))}
        campaign.why = (PaceReason.ONE_CARD_PER_AGENT.value, args)

    def _dial(self, campaign: LiveCampaign, held: LiveCard) -> str:
        """Reserves the call of a taken card; returns what it still waits for, "" where nothing."""
        due = self._cards.marked(held)
        entry = entry_of(due)
        said = permission(self._scene, campaign, due, entry)
        if isinstance(said, Refused):
            held.is_stale = True  # It is put aside or read anew, not given to the next one.
            self._cards.withdraw(held, said.reason)
            self._put_aside(campaign, due, entry, said)
            return ""
        forbidden = why_no_line(self._pace_of(campaign), campaign.settings, self._scene.now.utc)
        if forbidden is not None:
            return forbidden.value
        loads = self._trunks.loads(campaign.settings, entry.tried)
        trunk = trunk_for(loads, self._scene.now.utc)
        if isinstance(trunk, NoTrunk):
            return f"trunk_{trunk.value}"
        held.attempt = self._reserve(campaign, due, entry, trunk.trunk, by=held.card.agent)
        return ""

    def _agents_left(self, campaign: LiveCampaign) -> int:
        """Free agents of a campaign beyond the calls on their way to any of them."""
        return len(self._free_for(campaign)) - self._promised(campaign) - self._shared(campaign)

    def _any_up(self, campaign: LiveCampaign) -> bool:
        return any(load.up for load in self._trunks.loads(campaign.settings))

    def _promised(self, campaign: LiveCampaign) -> int:
        """Calls on the way that will need an agent at their answer."""
        early = self._scene.room.calls.on_the_way(campaign.record.id)
        return sum(1 for live in early if live.call.plan.flow is None and not live.placed_by)

    def _mode(self, campaign: LiveCampaign, entry: cc.Entry) -> DialMode:
        """A call-back that an offer promised is for a person: an agent is there when it is answered."""
        if campaign.settings.mode is DialMode.AGENTLESS and entry.promise is not None:
            return DialMode.PROGRESSIVE
        return campaign.settings.mode

    def _pace_of(self, campaign: LiveCampaign) -> Pace:
        room = self._scene.room
        on_the_way = len(room.calls.on_the_way(campaign.record.id))
        return Pace(
            free_agents=len(self._free_for(campaign)),
            on_the_way=on_the_way + self._shared(campaign),
            lines=room.calls.open_of(campaign.record.id),
            trunk_lines_free=lines_free(self._trunks.loads(campaign.settings)),
            bucket=campaign.bucket,
        )

    def _free_for(self, campaign: LiveCampaign) -> frozenset[str]:
        return campaign.crew.intersection(self._scene.room.free)

    def _shared(self, campaign: LiveCampaign) -> int:
        """Calls of other campaigns on their way to the same free agents."""
        rivals = self._rivals(campaign)
        return sum(self._promised(other) for other in rivals) if rivals else 0

    def _held(self, campaign: LiveCampaign) -> int:
        """Of those the calls of campaigns that place one for each free agent: they hold theirs."""
        return sum(
            self._promised(other)
            for other in self._rivals(campaign)
            if other.settings.mode is not DialMode.PREDICTIVE
        )

    def _rivals(self, campaign: LiveCampaign) -> list[LiveCampaign]:
        """Other campaigns whose calls may be handed to the same free agents."""
        room = self._scene.room
        if len(room.campaigns) == 1:
            return []
        free = self._free_for(campaign)
        return [
            other
            for other in room.campaigns.values()
            if other is not campaign and not free.isdisjoint(other.crew)
        ]

    # ---- one contact

    def _try(self, campaign: LiveCampaign, due: DueContact, entry: cc.Entry) -> bool | None:
        """Reserves a call; False where the contact may not be called now, None where no trunk can."""
        said = permission(self._scene, campaign, due, entry)
        if isinstance(said, Refused):
            self._put_aside(campaign, due, entry, said)
            return False
        now = self._scene.now.utc
        trunk = trunk_for(self._trunks.loads(campaign.settings, entry.tried), now)
        if isinstance(trunk, NoTrunk):
            campaign.why = (f"trunk_{trunk.value}", {})
            return None
        self._reserve(campaign, due, entry, trunk.trunk)
        return True

    def _put_aside(
        self, campaign: LiveCampaign, due: DueContact, entry: cc.Entry, said: Refused
    ) -> None:
        if said.gate is Gate.SUPPRESSED:
            self._close_stopped(entry)
        else:
            self._hold(campaign, due, said)

    def _close_stopped(self, entry: cc.Entry) -> None:
        """Whoever is found on the stop-list is done with, so that the campaign can come to its end."""
        now = self._scene.now.utc
        closed, commands = cc.step(entry, cc.StopListed(), now)
        self._scene.out.write(written(closed))
        for command in commands:
            if isinstance(command, cc.CloseCallback):
                end = CloseCallback(entry.campaign, entry.contact, command.end.value, now)
                self._scene.out.write(end)

    def _hold(self, campaign: LiveCampaign, due: DueContact, said: Refused) -> None:
        """Takes a contact from the head of the queue until there is a reason to ask again."""
        hold = HoldEntry(campaign.record.id, due.contact, due.state, due.phone_position)
        match said.gate:
            case Gate.EMERGENCY_STOP | Gate.CAMPAIGN_RUNNING | Gate.CONTACT_STATE:
                pass  # It is no fault of the contact's, or it has left the queue already.
            case Gate.NUMBER_LIVE:
                until = self._scene.now.utc + LIVE_NUMBER_WAIT
                self._scene.out.write(replace(hold, until=until))
            case Gate.WINDOW if said.until is not None:
                self._scene.out.write(hold)  # The bucket of its zones is not read before they open.
            case _ if said.until is not None:
                self._scene.out.write(replace(hold, until=said.until))
            case _:
                # Only other settings can let it through: it does not keep the campaign from its end.
                self._scene.out.write(replace(hold, version=campaign.record.version))
        self._pass_over(campaign, due.contact, said.reason)

    def _pass_over(self, campaign: LiveCampaign, contact: str, reason: str) -> None:
        """Leaves a contact out for a while: until what holds it is written, or the case is over."""
        campaign.held[contact] = self._scene.now.utc + PASSED_OVER
        campaign.held_reasons[contact] = reason

    def _reserve(
        self, campaign: LiveCampaign, due: DueContact, entry: cc.Entry, trunk: str, *, by: str = ""
    ) -> str:
        scene, now = self._scene, self._scene.now.utc
        attempt = scene.dice.new_id()
        plan = CallPlan.of(campaign.settings)
        mode = self._mode(campaign, entry)
        if mode is not campaign.settings.mode:
            plan = replace(plan, flow=None)
        call_id = scene.call_id_of(attempt)
        reserved, _ = cc.step(entry, cc.AttemptReserved(), now)
        live = LiveCall(
            call=start(attempt, mode, plan, now), campaign=campaign.record.id,
            contact=due.contact, due=due, entry=reserved, number=reserved.attempts_made,
            trunk=trunk, caller_id=campaign.settings.caller_id, verdict_at=scene.now.mono,
            failover_of=entry.failover_of, placed_by=by,
        )  # fmt: skip
        scene.room.calls[attempt] = live
        self._pass_on(live)
        campaign.bucket = spent(filled(campaign.bucket, campaign.settings.calls_per_second, now), 1)
        if not by:  # Whoever was shown a card has had their turn.
            campaign.had += 1 / campaign.settings.weight
        self._trunks.placed(trunk)
        self._count(campaign, dialed=1)
        promised = to_text(entry.promise.due) if entry.promise else None
        allowed = {
            **verdict_to_json(Allowed()), "at": now.isoformat(), "zones": list(due.zones),
            "mode": mode.value, "promised": promised, **({"by": by} if by else {}),
        }  # fmt: skip
        scene.out.reserves.append(
            Reserve(
                attempt=attempt, campaign=campaign.record.id, contact=due.contact, phone=due.phone,
                number_ref=due.number_ref, number=live.number, fence=scene.room.fence,
                floor=self._floor, lease_until=now + LEASE_SPAN,
                campaign_version=campaign.record.version, rule_version=RULE_VERSION,
                verdict=allowed, trunk=trunk, caller_id=live.caller_id, call_id=call_id, at=now,
                failover_of=entry.failover_of,
            )
        )  # fmt: skip
        scene.out.reserves.append(written(reserved, attempt))
        scene.out.reserves.append(
            scene.fact(
                FactKind.ATTEMPT_RESERVED, f"{attempt}:attempt_reserved", campaign=live.campaign,
                contact=live.contact, attempt=attempt,
                data={"number": live.number, "trunk": trunk, "call_id": call_id, "mode": mode.value,
                      "rule_version": RULE_VERSION, "campaign_version": campaign.record.version,
                      **({"by": by} if by else {}),
                      **({"failover_of": entry.failover_of} if entry.failover_of else {})},
            )
        )  # fmt: skip
        return attempt

    def _pass_on(self, live: LiveCall) -> None:
        """From now on this call decides the contact's place."""
        if live.number == 1 and not live.failover_of:
            return  # There is no older one: numbers of attempts are never given twice.
        pass_on(self._scene.room, live.campaign, live.contact)

    def refused(self, live: LiveCall, reason: str) -> None:
        """The database refused a reservation: the contact waits, or is read anew."""
        campaign = self._scene.room.campaigns.get(live.campaign)
        if campaign is None:
            return
        if reason == ReserveRefusal.NUMBER_LIVE and live.due is not None:
            busy = Refused(Gate.NUMBER_LIVE, "number_in_a_call")
            self._hold(campaign, live.due, busy)
        else:
            self._pass_over(campaign, live.contact, reason)

    # ---- answers per minute

    def turn_minutes(self) -> None:
        """Opens a new minute for every campaign that runs."""
        now = self._scene.now.utc
        for campaign in self._scene.room.campaigns.values():
            if not may_dial(campaign.state):
                continue
            if not campaign.minutes or now - campaign.minutes[-1][0] >= MINUTE:
                campaign.minutes.append((now.replace(second=0, microsecond=0), 0, 0))

    def count_answer(self, leg: str) -> None:
        live = self._scene.room.calls.get(leg)
        campaign = self._scene.room.campaigns.get(live.campaign) if live else None
        if campaign is not None:
            self._count(campaign, answered=1)

    def _count(self, campaign: LiveCampaign, *, dialed: int = 0, answered: int = 0) -> None:
        self.turn_minutes()
        if campaign.minutes:
            at, calls, answers = campaign.minutes[-1]
            campaign.minutes[-1] = (at, calls + dialed, answers + answered)
