"""Cards before calls: gives them to operators, hears what operators say of them, and takes them back.

What follows from what is `core.preview`'s word. A card lives in memory alone: nothing is written to
its contact before it is taken, skipped, postponed or stopped, so that a floor that dies with cards
on its screens leaves their contacts where they stood. Who is next and whether a line is free is the
pacer's business; the call of a taken card is reserved by it like every other.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from vyzov.core import agent as ca
from vyzov.core import contact as cc
from vyzov.core import preview as cp
from vyzov.core.callback import owner_at, promise_for
from vyzov.core.campaign import DialMode, may_dial
from vyzov.core.changing import replace
from vyzov.core.eligibility import Allowed, verdict_to_json
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.core.matching import agent_for
from vyzov.core.window import zones_of
from vyzov.dialer.agents import Agents
from vyzov.dialer.effects import Ask, DueLoaded, LoadDue, LoadHistory
from vyzov.dialer.entries import entry_of, move_waiting, pass_on, permission
from vyzov.dialer.floor_store import DueContact, PastAttempt
from vyzov.dialer.live_call import LiveCall, LiveCard
from vyzov.dialer.office_records import StopSource
from vyzov.dialer.room import LiveAgent, LiveCampaign
from vyzov.dialer.scene import Scene, seconds
from vyzov.dialer.writes import AddStop, HoldEntry

BY_HAND = (DialMode.PREVIEW, DialMode.MANUAL)
"""Modes in which a person decides on every call."""

WRITTEN_WITHIN = timedelta(seconds=20)
"""For so long a contact that was moved is not taken from what is read: it may be older than the word."""


class Cards:
    """All cards of a floor."""

    def __init__(self, scene: Scene, agents: Agents) -> None:
        self._scene = scene
        self._agents = agents
        agents.card_dropped = self._dropped
        self.verbs: dict[str, Callable[[Ask, LiveAgent], None]] = {
            "take": self._take,
            "skip": self._skip,
            "postpone": self._postpone,
            "stop_contact": self._stop,
            "dial": self._dial,
        }
        self._typed: dict[tuple[str, str], Ask] = {}
        """Who waits to read of a contact whose number they typed, by campaign and contact."""

    # ---- giving

    def show(self, campaign: LiveCampaign, due: DueContact, able: frozenset[str]) -> bool:
        """Gives a contact to the agent of `able` who has waited longest; a promised call waits for
        the one who promised it as long as it is theirs alone. False where nobody can have it."""
        scene, now = self._scene, self._scene.now.utc
        owner = _owner(entry_of(due), now)
        # Nobody reads for somebody who has closed the window, whatever they talk with.
        people = [found.agent for found in scene.room.free.values() if found.connections]
        chosen = agent_for(people, able if owner is None else able & {owner}, owner)
        if chosen is None:
            return False
        self._give(campaign, due, chosen, typed=False)
        return True

    def _give(self, campaign: LiveCampaign, due: DueContact, chosen: str, *, typed: bool) -> None:
        scene, entry = self._scene, entry_of(due)
        found, rules = scene.room.agents[chosen], campaign.settings.preview
        card = cp.shown(
            scene.dice.new_id(), chosen, campaign.record.id, due.contact, max(1, len(due.phones)),
            due.phone_position, found.day.skips, rules, scene.now.utc, typed=typed,
        )  # fmt: skip
        scene.room.cards[chosen] = LiveCard(card, due)
        scene.out.write(
            scene.fact(
                FactKind.CARD_SHOWN, f"{card.id}:card_shown", campaign=card.campaign,
                contact=card.contact, agent=chosen,
                data={"card": card.id, "until": to_text(card.until),
                      "number": entry.attempts_made + 1, **({"typed": True} if typed else {})},
            )
        )  # fmt: skip
        self._agents.step(chosen, ca.ShowCard(card.id))
        scene.out.effects.append(LoadHistory(card.id, card.contact))

    # ---- numbers that are typed

    def _dial(self, ask: Ask, found: LiveAgent) -> None:
        """An operator typed the number of a contact: it is read, judged and laid before them."""
        campaign = self._scene.room.campaigns.get(str(ask.args.get("campaign") or ""))
        contact = str(ask.args.get("contact") or "")
        mine = campaign is not None and ask.user in campaign.crew
        if campaign is None or not mine or campaign.settings.mode not in BY_HAND:
            self._refuse(
                ask, "not_by_hand", "Numbers cannot be typed in this campaign.",
                "Choose a campaign of yours whose mode is manual or preview.",
            )  # fmt: skip
            return
        if not ca.is_free(found.agent) or self._is_in_hand(campaign, contact):
            self._refuse(
                ask, "not_now", "You, or this contact, are busy with something else.",
                "Go ready, finish what is in hand, then dial again.",
            )  # fmt: skip
            return
        self._typed[campaign.record.id, contact] = ask
        ask_for = LoadDue(campaign.record.id, 0, frozenset(), only=contact)
        self._scene.out.effects.append(ask_for)

    def loaded(self, item: DueLoaded) -> None:
        """Takes in the contact whose number was typed: the verdict comes first, then the card."""
        ask = self._typed.pop((item.campaign, item.only), None)
        campaign = self._scene.room.campaigns.get(item.campaign)
        if ask is None or campaign is None:
            return
        found = self._scene.room.agents.get(ask.user)
        if not item.contacts or found is None or not ca.is_free(found.agent):
            self._refuse(
                ask, "not_now", "You, or this contact, are busy with something else.",
                "Go ready, finish what is in hand, then dial again.",
            )  # fmt: skip
            return
        due = item.contacts[0]
        said = permission(self._scene, campaign, due, entry_of(due))
        is_free = not self._is_in_hand(campaign, due.contact)
        if isinstance(said, Allowed) and is_free:
            others = (one for one in campaign.hopper if one.contact != due.contact)
            campaign.hopper = deque(others)
            self._give(campaign, due, ask.user, typed=True)
        held = self._scene.room.cards.get(ask.user)
        self._scene.out.reply(
            ask.ask, verdict=verdict_to_json(said), card=held.card.id if held else None
        )

    def _is_in_hand(self, campaign: LiveCampaign, contact: str) -> bool:
        key = campaign.record.id
        cards = any(one.card.contact == contact for one in self._scene.room.cards_of(key))
        calls = any(live.contact == contact for live in self._scene.room.calls_of(key))
        return cards or calls or (key, contact) in self._typed

    def remember(self, card: str, history: tuple[PastAttempt, ...]) -> None:
        """Takes in what was tried with the contact of a card before."""
        for held in self._scene.room.cards.values():
            if held.card.id == card:
                held.history = history
                self._scene.room.told_desks.add(held.card.agent)

    # ---- what agents say

    def _take(self, ask: Ask, found: LiveAgent) -> None:
        held = self._held(ask, found)
        if held is None:
            return
        position = ask.args.get("position")
        marked = position if isinstance(position, int) else held.card.position
        if self._said(ask, held, cp.Take(marked)):
            found.cards_ignored, found.not_dialled = 0, ""
            self._scene.room.pace_wanted = True

    def _skip(self, ask: Ask, found: LiveAgent) -> None:
        held = self._held(ask, found)
        if held is None:
            return
        try:
            reason = cp.SkipReason(str(ask.args.get("reason") or ""))
        except ValueError:
            self._refuse(ask, "bad_reason", "There is no such reason.", "Choose one of the list.")
            return
        if self._said(ask, held, cp.Skip(reason)):
            found.day.skips += 0 if held.card.typed else 1
            found.cards_ignored = 0

    def _postpone(self, ask: Ask, found: LiveAgent) -> None:
        held = self._held(ask, found)
        if held is None:
            return
        try:
            due = from_text(str(ask.args.get("callback_at") or ""))
        except InvalidRequest as error:
            self._refuse(ask, "bad_hour", error.what, error.next_step)
            return
        mine = ask.user if ask.args.get("callback_mine") else None
        window = self._campaign(held).settings.window
        zones = zones_of(self.marked(held).zones) or ()
        try:
            promise = promise_for(due, mine, window, zones, self._scene.now.utc)
        except InvalidRequest as error:
            self._refuse(ask, "bad_hour", error.what, error.next_step)
            return
        if self._said(ask, held, cp.Postpone(promise)):
            found.cards_ignored = 0

    def _stop(self, ask: Ask, found: LiveAgent) -> None:
        held = self._held(ask, found)
        if held is not None and self._said(ask, held, cp.Stop()):
            found.cards_ignored = 0

    def _held(self, ask: Ask, found: LiveAgent) -> LiveCard | None:
        """The agent's card, which must be the one that was on the screen when they decided."""
        held = self._scene.room.cards.get(found.agent.id)
        if held is None or held.is_stale or held.card.id != ask.args.get("card"):
            self._refuse(ask, "no_card", "This card is no longer yours.", "Wait for the next one.")
            return None
        if held.attempt:
            # Its reservation is on the way to the disk: another word now would be a second fate.
            self._refuse(
                ask, "card_taken", "The call of this card is being placed.",
                "Wait for the answer, or give the call up.",
            )  # fmt: skip
            return None
        return held

    def _said(self, ask: Ask, held: LiveCard, event: cp.CardEvent) -> bool:
        try:
            self._step(held, event)
        except InvalidRequest as error:
            code = "no_skips" if isinstance(event, cp.Skip) else "bad_number"
            self._refuse(ask, code, error.what, error.next_step)
            return False
        self._scene.out.reply_when_saved(ask.ask, card=held.card.id)
        return True

    def _refuse(self, ask: Ask, code: str, what: str, next_step: str) -> None:
        self._scene.out.refuse(ask.ask, code, what, next_step)

    # ---- the pacer's words

    def taken(self, campaign: LiveCampaign) -> list[LiveCard]:
        """The cards of a campaign that wait for a line, in the order in which they were taken."""
        cards = self._scene.room.cards_of(campaign.record.id)
        wants = cp.CardState.TAKEN
        taken = [held for held in cards if held.card.state is wants and not held.attempt]
        return sorted(taken, key=lambda held: (held.card.until, held.card.id))

    def marked(self, held: LiveCard) -> DueContact:
        """The contact with the number that is marked on the card next in turn."""
        due, position = held.due, held.card.position
        if position == due.phone_position or not due.phones:
            return due
        phone = due.phones[position]
        # Whether this number is stopped was not read: the reservation asks the database anyway.
        return replace(
            due, phone=phone.id, e164=phone.e164, number_ref=phone.number_ref,
            country=phone.country, zones=phone.zones, phone_position=position, stop_listed=False,
        )  # fmt: skip

    def reserved(self, live: LiveCall) -> bool:
        """The call of a card is reserved: from now on its agent waits for the answer. False where
        the card is no longer theirs; calls that nobody asked for are always right."""
        if not live.placed_by:
            return True
        held = self._scene.room.cards.get(live.placed_by)
        if held is None or held.attempt != live.call.id:
            return False
        found = self._scene.room.agents[live.placed_by]
        found.last, found.not_dialled = live, ""
        found.day.calls += 1
        self._step(held, cp.Placed(live.call.id))
        return True

    def not_reserved(self, live: LiveCall, why: str) -> None:
        """The call of a card was not reserved: the contact is read anew before anybody has it again."""
        held = self._scene.room.cards.get(live.placed_by)
        if held is not None and held.attempt == live.call.id:
            self.withdraw(held, why)

    def withdraw(self, held: LiveCard, why: str) -> None:
        """Takes a card back; its agent reads why."""
        self._scene.room.agents[held.card.agent].not_dialled = why
        self._step(held, cp.Withdraw(why))

    # ---- time

    def expire(self) -> None:
        """Ends the cards whose time is over."""
        room, now = self._scene.room, self._scene.now.utc
        over = [one for one in room.cards.values() if one.card.until <= now and not one.attempt]
        for held in over:
            found = room.agents[held.card.agent]
            if held.card.state is cp.CardState.TAKEN:
                found.not_dialled = held.why
            watched = bool(found.connections)
            self._step(held, cp.TimeOver(watched=watched))
            room.pace_wanted = True
            if held.card.agent in room.cards or held.card.typed or not watched:
                continue
            found.cards_ignored += 1
            if found.cards_ignored >= cp.IGNORED_MAX:
                found.cards_ignored = 0
                self._agents.step(found.agent.id, ca.AskPause("away"))

    def next_deadline(self) -> datetime | None:
        cards = self._scene.room.cards
        if not cards:
            return None
        now = self._scene.now.utc
        return min((one.card.until for one in cards.values() if one.card.until > now), default=None)

    def look(self) -> None:
        """Takes back the cards that nobody may act on any more."""
        for held in list(self._scene.room.cards.values()):
            why = self._why_over(held)
            if why:
                self.withdraw(held, why)

    def _why_over(self, held: LiveCard) -> str:
        room = self._scene.room
        campaign = room.campaigns.get(held.card.campaign)
        if room.stopped:
            return "emergency_stop"
        if campaign is None or not may_dial(campaign.state) or room.leaving:
            return "campaign_paused"
        if campaign.settings.mode not in BY_HAND or held.card.agent not in campaign.crew:
            return "settings_changed"
        return "contact_changed" if held.is_stale else ""

    # ---- the machine

    def _dropped(self, agent: str, card: str, why: str) -> None:
        """The agent is gone from their card by their own doing."""
        held = self._scene.room.cards.get(agent)
        if held is not None and held.card.id == card:
            self._step(held, cp.Withdraw(why))

    def _step(self, held: LiveCard, event: cp.CardEvent) -> None:
        scene, rules = self._scene, self._campaign(held).settings.preview
        before = held.card
        after, commands = cp.step(before, event, rules, scene.now.utc)
        scene.room.told_desks.add(before.agent)
        if after is not None:
            held.card, held.why = after, ""
            return
        del scene.room.cards[before.agent]
        for command in commands:
            self._carry_out(held, command)
        if isinstance(event, cp.Placed):
            self._agents.step(before.agent, ca.Dial(event.attempt))
        else:
            self._agents.step(before.agent, ca.CardGone(before.id))

    def _carry_out(self, held: LiveCard, command: cp.CardCommand) -> None:
        scene, card = self._scene, held.card
        match command:
            case cp.GoBack(at):
                self._go_back(held, at)
            case cp.PromiseCall(promise):
                self._move(held, cc.CallbackPromised(promise))
                scene.out.write(
                    scene.fact(
                        FactKind.CALLBACK_PROMISED, f"{card.id}:callback", campaign=card.campaign,
                        contact=card.contact, agent=card.agent,
                        data={"due_at": to_text(promise.due), "agent": promise.agent},
                    )
                )  # fmt: skip
            case cp.StopNumber():
                number = self.marked(held).number_ref
                stop = AddStop(number, "asked", StopSource.AGENT, None, scene.now.utc)
                scene.out.write(stop)
                self._move(held, cc.StopListed())
                scene.out.write(
                    scene.fact(
                        FactKind.STOP_LISTED, f"{card.id}:stop_listed", campaign=card.campaign,
                        contact=card.contact, agent=card.agent, data={"key": "card"},
                    )
                )  # fmt: skip
            case cp.CardOver(end, word):  # pragma: no branch
                word_of = {"attempt": word} if end is cp.CardEnd.DIALLED else {"reason": word}
                scene.out.write(
                    scene.fact(
                        FactKind.CARD_OVER, f"{card.id}:card_over", campaign=card.campaign,
                        contact=card.contact, agent=card.agent,
                        data={"card": card.id, "end": end.value, **word_of,
                              "lasted_s": seconds(scene.now.utc - card.shown_at)},
                    )
                )  # fmt: skip

    def _go_back(self, held: LiveCard, at: datetime | None) -> None:
        campaign, due = self._campaign(held), held.due
        if at is not None:
            hold = HoldEntry(due.campaign, due.contact, due.state, due.phone_position, until=at)
            self._scene.out.write(hold)
            self._keep_out(campaign, due.contact, "skipped")
        elif not held.is_stale and not held.attempt:
            campaign.hopper.appendleft(due)
        campaign.dry_until = None
        self._scene.room.pace_wanted = True

    def _move(self, held: LiveCard, event: cc.EntryEvent) -> None:
        card = held.card
        pass_on(self._scene.room, card.campaign, card.contact)
        entry = move_waiting(self._scene, entry_of(held.due), event, card.id, card.agent)
        campaign = self._campaign(held)
        self._keep_out(campaign, card.contact, "callback_later")
        campaign.dry_until = None
        if entry.next_due is not None:
            waits = campaign.next_due
            campaign.next_due = min(waits, entry.next_due) if waits else entry.next_due

    def _keep_out(self, campaign: LiveCampaign, contact: str, reason: str) -> None:
        """Read anew before its move is written, the contact would be at the head of its queue."""
        campaign.held[contact] = self._scene.now.utc + WRITTEN_WITHIN
        campaign.held_reasons[contact] = reason

    def _campaign(self, held: LiveCard) -> LiveCampaign:
        return self._scene.room.campaigns[held.card.campaign]


def _owner(entry: cc.Entry, now: datetime) -> str | None:
    """The only agent who may make a promised call now, None where anybody may."""
    return owner_at(entry.promise, now) if entry.promise else None
