"""A floor: live calls, agents and campaigns, stepped by one input at a time.

`Floor.step(input, now) -> effects` is the whole of it, and it never waits: what must be durable first
is answered when its `Committed` comes back as an input. `dialer.runtime` feeds it from the world,
`simulation` from a heap. The parts: `calls`, `agents`, `pacer`, `desk`, `office`, `recovery`, `screens`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from vyzov.core import call_events as ce
from vyzov.core.campaign import CampaignEvent, CampaignState
from vyzov.core.changing import replace
from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.dialer.agents import Agents
from vyzov.dialer.calls import Calls
from vyzov.dialer.cards import Cards
from vyzov.dialer.clock_desk import ClockDesk
from vyzov.dialer.desk import Desk
from vyzov.dialer.desk_phones import DeskPhones
from vyzov.dialer.guests import Guests
from vyzov.dialer.leading import Leading
from vyzov.dialer.office import Office
from vyzov.dialer.pacer import Pacer
from vyzov.dialer.protection import ProtectionDesk
from vyzov.dialer.recovery import Recovery
from vyzov.dialer.rollcall import RollCall
from vyzov.dialer.room import Out, Room
from vyzov.dialer.rule_desk import RuleDesk
from vyzov.dialer.scene import Scene
from vyzov.dialer.screens import tell_desk, tell_floor
from vyzov.dialer.trunks import Trunks
from vyzov.dialer.watching import Watching
from vyzov.dialer.writes import Reserve

FLOOR_TOLD_S = 0.5
COUNTS_S = 2.0
_OF_DEVICES = (
    ports.DeviceAnswer, ports.DeviceUp, ports.DeviceDown, ports.DeviceQuality, ports.DeviceRinging,
)  # fmt: skip
NEVER = fx.Now(datetime(1970, 1, 1, tzinfo=UTC), 0.0, "none")


class Floor:
    """One writer of its campaigns' attempts and call facts."""

    def __init__(
        self, floor_id: str, *, dice: ports.Randomness, call_id_of: Callable[[str], str],
        recordings: str,
    ) -> None:  # fmt: skip
        self.id = floor_id
        self.room = Room()
        self._scene = Scene(self.room, dice, call_id_of, recordings, Out(NEVER), NEVER)
        self._agents = Agents(self._scene)
        self._trunks = Trunks(self._scene)
        self._calls = Calls(self._scene, self._agents, self._trunks)
        self._phones = DeskPhones(self._scene)
        self._cards = Cards(self._scene, self._agents)
        self._desk = Desk(self._scene, self._agents, self._calls, self._phones, self._cards.verbs)
        self._guests = Guests(self._scene, self._agents, self._calls)
        self._desk.admit(self._guests)
        self._protection = ProtectionDesk(self._scene)
        self._clock = ClockDesk(self._scene, self._agents)
        leading = Leading(self._scene, self._agents, self._phones)
        self._office = Office(
            self._scene, self._calls, self._trunks, self._phones,
            {**self._protection.verbs, **self._clock.verbs, **leading.verbs},
        )  # fmt: skip
        self._rules = RuleDesk(self._scene, self._office.move)
        self.watching = Watching(self._scene)
        self._pacer = Pacer(self._scene, self.id, self._trunks, self.watching, self._cards)
        self._recovery = Recovery(
            self._scene, self._calls, self._agents, self._trunks, self._phones
        )
        self._roll = RollCall(
            self._scene, self.id, self._calls, self._agents, self._recovery, self._trunks,
            self._phones,
        )  # fmt: skip
        self._batches = 0
        self._unsaved = 0
        """The latest batch of writes that is not known to be safe yet, 0 where all are."""
        self._after: dict[int, list[fx.Effect]] = {}
        self._reserved: dict[int, tuple[str, ...]] = {}
        self._armed: datetime | None = None
        self._told_at = -1.0
        self._counted_at = -1.0

    def step(self, item: fx.Input, now: fx.Now) -> list[fx.Effect]:
        """Takes one input in and returns what is to be done, in order."""
        if type(item) is fx.Committed and self._is_waited_for_by_nobody(item):
            self._settled(item.batch)
            return []
        out = self._scene.begin(now)
        self._clock.look(now)
        self._take(item)
        self._agents.expire()
        self._calls.expire()
        self._cards.expire()
        ticked = type(item) is fx.Tick
        if ticked:
            self._pacer.turn_minutes()
            self._rules.turn()
        if ticked or self.room.pace_wanted:
            # Reservations go one transaction after the other: what becomes free while one is on its
            # way to the disk is reserved together, so that a slow disk makes larger ones, not more.
            self.room.pace_wanted = bool(self._reserved)
            if not self._reserved:
                self._pacer.pace()
            self._close_drained()
        self.watching.fold()
        self._flush(out)
        self._tell(ticked)
        self._arm(ticked)
        return out.effects

    def _is_waited_for_by_nobody(self, done: fx.Committed) -> bool:
        """True where a batch being durable lets nothing go on: more than every fifth input of a busy
        floor says so. Moments that are due by now have their own tick."""
        waits = done.batch in self._after or done.batch in self._reserved
        return not (waits or self.room.pace_wanted)

    def is_quiet(self) -> bool:
        """True where no call is live, or nothing can be known of any: the process may end."""
        live = any(not live.finished for live in self.room.calls.values())
        return not live or not self.room.engine_up

    # ---- inputs

    def _take(self, item: fx.Input) -> None:
        if isinstance(item, ports.LegEvent):  # Every second input of a busy floor is one.
            self._leg_event(item)
            return
        match item:
            case fx.Tick():
                self._agents.miss_engine()
                self._recovery.miss_calls()
                self._guests.sweep()
                self._ask_counts()
                self._roll.turn()
            case fx.Committed(batch, refused):
                self._committed(batch, refused)
            case fx.CommitFailed(batch, _):
                self._not_committed(batch)
            case fx.Kept(batch):
                self._kept(batch)
            case fx.Ask():
                self._ask(item)
            case fx.DueLoaded():
                (self._cards if item.only else self._pacer).loaded(item)
            case fx.HistoryLoaded(attempt, history):
                self._cards.remember(attempt, history)
                live = self.room.calls.get(attempt)
                if live is not None:
                    live.history = history
                    if live.agent:
                        self.room.told_desks.add(live.agent)
            case fx.Opened(state, fence):
                self.room.fence = fence
                self._recovery.open(state)
                self._clock.resume(state.clocks)
                self._rules.open(state.ruled)
                self.watching.open(state.recent)
            case fx.Reloaded(state):
                self._recovery.reload(state)
                self._rules.reloaded()
            case fx.StoreAway():
                self.room.store_up = False
            case fx.StoreBack():
                self.room.store_up = True
                if self.room.doubtful:
                    self._scene.out.effects.append(fx.Reload())
            case fx.LeaseLost():
                self.room.leaving = True
            case fx.LeaseOver():
                self.room.lease_held = False
            case fx.LeaseKept():
                self.room.lease_held = True
            case fx.Leave():
                self.room.leaving = True
                self._office.cancel_ringing(None, "draining")
            case ports.EngineLost():
                self.room.engine_up, self.room.engine_lost_at = False, self._scene.now.mono
                self._protection.told(None)
                self._trunks.out_of_sight()
                for live in list(self.room.calls.values()):
                    self._calls.feed(live, ce.EngineLost())
                self._recovery.out_of_sight()
            case ports.Snapshot() if self.room.engine_up:
                self._roll.snapshot(item)
            case ports.Snapshot():
                self._recovery.snapshot(item)
                self._guests.order_again(item)
            case _:
                self._leg_event(item)

    def _leg_event(self, event: ports.Event) -> None:
        if not self.room.engine_up:
            # It stands in the snapshot that is on its way; taken now, it would hide what came before.
            return
        if isinstance(event, _OF_DEVICES) and not self.room.is_news(event):
            return
        match event:
            case ports.TrunkState():
                self._trunks.found(event)
            case ports.TrunkChecked():
                self._trunks.checked(event)
            case ports.Protection():
                self._protection.told(event)
            case ports.DeviceAnswer():
                self._desk.device_answer(event)
            case ports.DeviceUp():
                self._agents.device_up(event)
            case ports.DeviceDown():
                self._phones.down(event)
                self._agents.device_down(event)
            case ports.DeviceRinging():
                self._phones.ringing(event)
            case ports.PhoneRegistered():
                self._phones.registered(event)
            case ports.PhoneUnregistered():
                self._phones.unregistered(event)
            case ports.DeviceQuality():
                self._agents.quality(event)
            case ports.Standing():
                self._roll.standing(event)
            case ports.LegEvent():
                self._calls.hear(event)
                if isinstance(event, ports.Answered):
                    self._pacer.count_answer(event.leg)
            case _:
                raise AssertionError(f"no way to take {event!r}")

    def _ask(self, ask: fx.Ask) -> None:
        if ask.do.startswith("desk."):
            self._desk.take(ask)
        else:
            self._office.take(ask)

    # ---- what became durable

    def _committed(self, batch: int, refused: Mapping[str, str]) -> None:
        self._settled(batch)
        for attempt in self._reserved.pop(batch, ()):
            live = self.room.calls.get(attempt)
            if attempt in refused:
                self.watching.withdrawn(attempt)
            if live is None:
                continue
            reason = refused.get(attempt)
            if reason is None:
                if not self.room.engine_up:
                    # Its originate would be lost on the way: better never dialled than unknown.
                    self._calls.feed(live, ce.Cancel("engine_away"))
                if not self._cards.reserved(live):
                    self._calls.feed(live, ce.Cancel("agent_gone"))
                self._calls.feed(live, ce.Reserved())
            else:
                self._pacer.refused(live, str(reason))
                self.room.calls.pop(attempt, None)
                self._cards.not_reserved(live, str(reason))
        later = self._after.pop(batch, [])
        for effect in later:
            if isinstance(effect, fx.SendVerb) and isinstance(effect.verb, ports.Forget):
                self.room.unsaved.discard(effect.verb.leg)
        self._scene.out.effects.extend(later)

    def _settled(self, batch: int) -> None:
        # That batch alone: a reservation is given up before what waits for the database.
        if batch == self._unsaved:
            self._unsaved = 0

    def _not_committed(self, batch: int) -> None:
        self._settled(batch)
        for attempt in self._reserved.pop(batch, ()):
            live = self.room.calls.pop(attempt, None)
            if live is not None:
                self._cards.not_reserved(live, "database_away")
            self.watching.withdrawn(attempt)
            self.room.doubtful.add(attempt)
        for effect in self._after.pop(batch, ()):
            if isinstance(effect, fx.Reply):
                self._scene.out.refuse(
                    effect.ask, "not_saved", "The database refused to write this.",
                    "Try again; if it stays so, tell an administrator.",
                )  # fmt: skip

    def _kept(self, batch: int) -> None:
        """Answers those who wait for a database that is away: what they saved will be saved.

        What may happen only once something is in the database goes on waiting."""
        if self._unsaved <= batch:
            self._unsaved = 0
        for number in [number for number in self._after if number <= batch]:
            waits: list[fx.Effect] = []
            for effect in self._after[number]:
                if isinstance(effect, fx.Reply):
                    kept = replace(effect, body={**effect.body, "kept": True})
                    self._scene.out.effects.append(kept)
                else:
                    waits.append(effect)
            self._after[number] = waits

    # ---- effects

    def _flush(self, out: Out) -> None:
        if out.reserves:
            self._batches += 1
            self._reserved[self._batches] = tuple(
                write.attempt for write in out.reserves if isinstance(write, Reserve)
            )
            out.effects.append(fx.Commit(self._batches, tuple(out.reserves), giveup=True))
        later: list[fx.Effect] = []
        if out.replies or out.when_saved:
            later = [*out.replies, *(fx.SendVerb(verb) for verb in out.when_saved)]
        if out.writes:
            self._batches += 1
            self._unsaved = self._batches
            if later:
                self._after[self._batches] = later
            out.effects.append(fx.Commit(self._batches, tuple(out.writes)))
        elif self._unsaved and out.replies:
            # Whoever asks for what was asked before must not hear of it before it is safe.
            self._after.setdefault(self._unsaved, []).extend(later)
        else:
            out.effects.extend(later)

    def _tell(self, ticked: bool) -> None:  # noqa: FBT001
        if self.room.told_desks:
            for agent in sorted(self.room.told_desks):
                tell_desk(self._scene, agent)
            self.room.told_desks.clear()
        if ticked and self.room.watched and self.room.organisation:
            mono = self._scene.now.mono
            if mono - self._told_at >= FLOOR_TOLD_S * 0.9:
                self._told_at = mono
                tell_floor(self._scene, self._rules.alerts())

    def _arm(self, ticked: bool) -> None:  # noqa: FBT001
        """Asks for a tick at the next moment that is due; one asked for stands until it comes."""
        first = self.room.calls.next_deadline()
        for at in (self._agents.next_deadline(), self._cards.next_deadline()):
            if at is not None and (first is None or at < first):
                first = at
        if first is not None and (ticked or first != self._armed):
            self._scene.out.effects.append(fx.Arm(self._scene.now.mono_of(first)))
        self._armed = first

    def _ask_counts(self) -> None:
        mono = self._scene.now.mono
        if mono - self._counted_at < COUNTS_S:
            return
        self._counted_at = mono
        for campaign in self.room.campaigns.values():
            live = campaign.state in (
                CampaignState.RUNNING, CampaignState.PAUSING, CampaignState.COMPLETING,
            )  # fmt: skip
            if live or campaign.counts is None:
                ask = fx.LoadDue(campaign.record.id, 0, frozenset(), campaign.hours)
                self._scene.out.effects.append(ask)

    def _close_drained(self) -> None:
        """Lets campaigns that pause or complete rest once their last call is over."""
        for campaign in self.room.campaigns.values():
            if campaign.state not in (CampaignState.PAUSING, CampaignState.COMPLETING):
                if campaign.state is CampaignState.RUNNING and self._pacer.is_done(campaign):
                    self._office.move(campaign, CampaignEvent.LIST_DONE)
                continue
            if not any(not live.finished for live in self.room.calls_of(campaign.record.id)):
                self._office.move(campaign, CampaignEvent.DRAINED)
