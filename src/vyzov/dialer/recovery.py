"""How a floor comes back: from the database first, then from the engine, and only then it ticks.

Open attempts are taken up as calls whose fate is unknown; the engine's log of each leg is replayed into
them without sending a verb twice; bridges and devices that live are adopted; legs nobody knows are hung
up; an attempt the engine never heard of was never dialled and is closed as such.
"""

from datetime import timedelta

from vyzov.core import agent as ca
from vyzov.core import call_events as ce
from vyzov.core.agent import Agent, Wish
from vyzov.core.call import CallPlan, CallState, adopt
from vyzov.core.call_value import CLOSING_LIMIT, heard_of
from vyzov.core.callback import Promise
from vyzov.core.campaign import CampaignSettings, CampaignState, DialMode, may_dial
from vyzov.core.changing import replace
from vyzov.core.contact import Entry, EntryState
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text
from vyzov.core.outcome import AttemptState, Outcome
from vyzov.dialer import ports
from vyzov.dialer.agents import Agents
from vyzov.dialer.calls import Calls
from vyzov.dialer.desk_phones import DeskPhones
from vyzov.dialer.entries import entry_of
from vyzov.dialer.floor_store import (
    FloorAgent,
    FloorCampaign,
    FloorState,
    OpenAttempt,
    UndisposedAttempt,
)
from vyzov.dialer.late_words import keep_aside
from vyzov.dialer.phone_records import DeviceKind
from vyzov.dialer.room import AgentDay, LiveAgent, LiveCall, LiveCampaign
from vyzov.dialer.scene import Scene
from vyzov.dialer.trunks import Trunks
from vyzov.dialer.writes import FinishAttempt

NO_NEWS_S = 28.0
"""How long a call may be without news of any engine; what follows is written within half a minute."""


class Recovery:
    """Builds the room, and builds it again after each loss."""

    def __init__(
        self, scene: Scene, calls: Calls, agents: Agents, trunks: Trunks, phones: DeskPhones
    ) -> None:
        self._scene = scene
        self._phones = phones
        self._calls = calls
        self._agents = agents
        self._trunks = trunks
        self._dialled: set[str] = set()
        """Attempts found open of which the database knows that they were dialled."""

    # ---- from the database

    def open(self, state: FloorState) -> None:
        """Fills an empty room."""
        self.reload(state)
        for attempt in state.open_attempts:
            self._take_up(attempt)
        for attempt in reversed(state.unknown):
            self._keep_aside(attempt)
        self._trunks.count_recent()
        latest = {past.agent: past for past in state.undisposed}
        for past in latest.values():
            found = self._scene.room.agents.get(past.agent)
            campaign = self._scene.room.campaigns.get(past.campaign)
            if found is None or campaign is None:
                continue
            # Where UTC was set back since, that is no reason for more time than there ever was.
            passed = max(self._scene.now.utc - past.ended_at, timedelta(0))
            left = campaign.settings.wrap_up - passed
            if left > timedelta(0):
                self._wrap_up_again(found, campaign, past, left)

    def _wrap_up_again(
        self, found: LiveAgent, campaign: LiveCampaign, past: UndisposedAttempt, left: timedelta
    ) -> None:
        """An agent who was writing a call up goes on with what is left of their time."""
        mode = DialMode(campaign.record.mode)
        call = replace(
            adopt(past.attempt, mode, CallPlan.of(campaign.settings), past.ended_at),
            state=CallState.ENDED, deadline=None, talked_with=past.agent,
            answered_at=past.answered_at, bridged_at=past.bridged_at, ended_at=past.ended_at,
        )  # fmt: skip
        found.last = LiveCall(
            call=call, campaign=campaign.record.id, contact=past.contact, due=past.due,
            entry=entry_of(past.due) if past.due else None, number=past.number, trunk="",
            caller_id="", verdict_at=0.0, agent=past.agent, finished=True,
        )  # fmt: skip
        self._agents.step(found.agent.id, ca.CallJoined(past.attempt))
        self._agents.step(found.agent.id, ca.CustomerGone(past.attempt, left))

    def reload(self, state: FloorState) -> None:
        """Takes over changed settings, people and trunks; live calls keep the plan they began with."""
        room = self._scene.room
        room.organisation = state.organisation.id
        room.stopped = state.organisation.emergency_stop_at is not None
        room.restored_from = state.restored_from
        room.pause_limits = state.pause_limits
        self._campaigns(state)
        self._trunks.reload(state.trunks)
        for person in state.agents:
            self._agent(person)
        known = {person.id for person in state.agents}
        for gone in set(room.agents) - known:
            self._agents.step(gone, ca.AskOffline())
        self._phones.reload(state.phones)
        for attempt in state.open_attempts:
            if attempt.id in room.doubtful:
                # The answer of the database was lost, not the reservation: nothing was dialled.
                self._take_up(attempt)
                live = room.calls.get(attempt.id)
                if live is not None:
                    self._never_dialled(live)
        room.doubtful.clear()
        room.pace_wanted = True

    def _campaigns(self, state: FloorState) -> None:
        room = self._scene.room
        for record in state.campaigns:
            live = room.campaigns.get(record.id)
            settings = _settings(record)
            if settings is None:
                continue
            if live is None:
                live = LiveCampaign(record, settings, CampaignState(record.state))
                live.abandon = {
                    day.day.isoformat(): day for day in state.abandonment.get(record.id, ())
                }
                room.campaigns[record.id] = live
            else:
                live.record, live.settings = record, settings
            # The state is this floor's own word while it lives; only a draft made elsewhere is new.
            if live.state in (CampaignState.DRAFT, CampaignState.READY):
                live.state = CampaignState(record.state)

    def _agent(self, person: FloorAgent) -> None:
        room, now = self._scene.room, self._scene.now.utc
        found = room.agents.get(person.id)
        if found is not None:
            found.name, found.language = person.name, person.language
            return
        wish = Wish(person.wish) if person.wish else Wish.OFFLINE
        agent = Agent(person.id, since=now, wish=wish, pause_reason=person.wish_reason)
        found = LiveAgent(agent, person.name, person.language, AgentDay(now, "offline"))
        found.day.state = ca.state_of(agent).value
        found.device_kind = DeviceKind(person.device)
        # Nobody is connected yet: who does not come back is signed out in time.
        found.left_at = now if wish is not Wish.OFFLINE else None
        room.agents[person.id] = found
        self._agents.noted(found)
        if person.wish_since is not None:
            self._agents.tell_state(found)

    def _take_up(self, attempt: OpenAttempt) -> None:
        live = self._adopted(attempt)
        if live is None:
            self._leave_unknown(attempt)
            return
        if attempt.originated_at is not None:
            self._dialled.add(attempt.id)
        self._scene.room.silent[attempt.id] = self._scene.now.mono
        self._scene.room.calls[attempt.id] = live

    def _keep_aside(self, attempt: OpenAttempt) -> None:
        """Keeps an attempt whose end a former life booked as unknown."""
        live = self._adopted(attempt)
        if live is not None:
            outcome = Outcome.UNKNOWN
            live.call = replace(
                live.call,
                state=CallState.ENDED,
                deadline=None,
                outcome=outcome,
                ended_at=self._scene.now.utc,
            )
            live.finished = True
            keep_aside(self._scene.room, live)

    def _adopted(self, attempt: OpenAttempt) -> LiveCall | None:
        """An attempt of a former life; None where its campaign is gone."""
        campaign = self._scene.room.campaigns.get(attempt.campaign)
        if campaign is None:
            return None
        try:
            settings = CampaignSettings.from_json(attempt.settings)
        except InvalidRequest:
            settings = campaign.settings
        # A call-back that an offer promised is for a person, whatever the campaign's own mode.
        mode = DialMode(attempt.verdict.get("mode") or settings.mode.value)
        plan = CallPlan.of(settings)
        plan = plan if mode is settings.mode else replace(plan, flow=None)
        return LiveCall(
            call=adopt(attempt.id, mode, plan, self._scene.now.utc),
            campaign=attempt.campaign, contact=attempt.contact, due=attempt.due,
            entry=_in_call(attempt), number=attempt.number,
            trunk=attempt.trunk, caller_id=attempt.caller_id, failover_of=attempt.failover_of,
            placed_by=str(attempt.verdict.get("by") or ""),
            verdict_at=self._scene.now.mono_of(attempt.reserved_at), sent_at=self._scene.now.mono,
        )  # fmt: skip

    def _leave_unknown(self, attempt: OpenAttempt) -> None:
        """Frees the locks of an attempt whose campaign is gone; whatever rings is hung up as a stray."""
        scene, now = self._scene, self._scene.now.utc
        outcome = Outcome.UNKNOWN.value
        scene.out.write(
            FinishAttempt(attempt.id, AttemptState.UNKNOWN, outcome, now, detail="no_campaign")
        )
        scene.out.write(
            scene.fact(
                FactKind.FINAL, f"{attempt.id}:final", campaign=attempt.campaign,
                contact=attempt.contact, attempt=attempt.id,
                data={"outcome": outcome, "detail": "no_campaign", "number": attempt.number,
                      "code": None, "q850": None},
            )
        )  # fmt: skip

    # ---- from the engine

    def snapshot(self, seen: ports.Snapshot) -> None:
        """Brings the room to what the engine says is so.

        First everything that happened is taken in, and only then anything is done about it: a call
        that waits must not get an agent who turns out to be talking."""
        room = self._scene.room
        room.engine_up = True
        if room.engine_run == seen.engine:
            # It was only the link that broke: that it still has a leg is news of it.
            for leg in seen.legs:
                room.silent.pop(leg, None)
        room.engine_run, room.engine_whole_since = seen.engine, seen.whole_since
        self._trunks.tell_engine()
        self._trunks.snapshot(seen)
        self._phones.snapshot(seen)
        self._agents.matching = False
        self._devices(seen)
        bridged = dict(seen.bridges)
        for leg, log in sorted(seen.legs.items(), key=lambda item: item[0] in bridged):
            live = room.calls.get(leg)
            if live is not None:
                self._replay(live, log, bridged.get(leg))
            elif leg not in room.owners:
                self.stray(leg, log)
        for live in list(room.calls.values()):
            if live.call.id not in seen.legs and live.call.state is not CallState.RESERVING:
                self.never_heard(live)
        self._agents.matching = True
        for live in list(room.calls.values()):
            self._go_on(live, bridged.get(live.call.id))
        room.pace_wanted = True

    def _devices(self, seen: ports.Snapshot) -> None:
        room, mono = self._scene.room, self._scene.now.mono
        for leg, log in seen.legs.items():
            if any(isinstance(event, ports.DeviceUp | ports.DeviceDown) for event in log):
                room.device_seqs[leg] = log[-1].seq
            for event in log:
                if isinstance(event, ports.DeviceUp):
                    room.owners[leg] = event.agent
        for leg, agent in list(room.devices.items()):
            if leg not in seen.devices:
                self._agents.device_down(ports.DeviceDown(leg, 0, mono, agent, "engine"))
        for leg, agent in seen.devices.items():
            found = room.agents.get(agent)
            if leg not in room.devices or found is None or found.agent.device_leg != leg:
                self._agents.device_up(ports.DeviceUp(leg, 0, mono, agent, ""))

    def _replay(
        self, live: LiveCall, log: tuple[ports.LegEvent, ...], bridged_with: str | None
    ) -> None:
        """Feeds what was missed, without acting on the past."""
        out = self._scene.out
        answered = any(isinstance(event, ports.Answered) for event in log)
        seen = any(isinstance(one, ports.RecordFinished) and one.seq <= live.seq for one in log)
        if answered and not seen:
            # A former life may have begun a recording: its end is waited for before all is forgotten.
            live.recording = live.call.id
        out.quiet = True
        try:
            for place, event in enumerate(log):
                if event.seq > live.seq:
                    joined = any(isinstance(later, ports.BridgeJoined) for later in log[place:])
                    self._calls.ring_past(live, event.at, joined=joined)
                self._calls.take(event)
        finally:
            out.quiet = False
        talks = bridged_with is not None and live.call.state is CallState.TALKING
        if talks and live.agent is not None:
            self._agents.adopt_talk(live.agent, live)

    def _go_on(self, live: LiveCall, bridged_with: str | None) -> None:
        """Does what a call needs now: a former life, or the way to the engine, may have failed to.

        All of it may be done twice."""
        call, out, now = live.call, self._scene.out, self._scene.now.utc
        if live.finished:
            return
        match call.state:
            case CallState.CLOSING:
                out.verb(ports.Hangup(call.id))
                live.call = replace(call, deadline=now + CLOSING_LIMIT)
                self._scene.room.calls.noted(live)
            case CallState.DIALING | CallState.RINGING if reason := self._why_stopped(live):
                self._calls.feed(live, ce.Cancel(reason))
            case CallState.DIALING | CallState.RINGING if not self._dialler_waits(live):
                self._calls.feed(live, ce.Cancel("agent_gone"))
            case CallState.DIALING | CallState.RINGING:
                live.call = heard_of(call, now)
                self._scene.room.calls.noted(live)
            case CallState.TALKING if bridged_with is None and call.agent is not None:
                live.parted_at = None
                self._calls.feed(live, ce.BridgeLeft(call.agent))
            case CallState.TALKING if bridged_with is not None:
                self._as_on_screen(live, bridged_with)
            case CallState.IN_FLOW | CallState.FAREWELL if bridged_with is not None:
                out.verb(ports.Unbridge(call.id))
            case CallState.AGENT_AWAY if call.agent is not None:
                out.verb(ports.Unbridge(call.id, comfort=True))
                self._calls.feed(live, ce.AgentBack(call.agent))
            case CallState.WAITING if call.agent is not None:
                self._calls.join(live, call.agent)
            case CallState.WAITING if call.deadline is not None and call.deadline > now:
                self._agents.find_for(live)
            case _:
                pass
        self._calls.order_again(live)

    def _dialler_waits(self, live: LiveCall) -> bool:
        """True where whoever asked for a ringing call is there for its answer, or nobody asked."""
        found = self._scene.room.agents.get(live.placed_by)
        if found is None:
            return not live.placed_by
        if ca.is_free(found.agent):
            found.last = live
            self._agents.step(live.placed_by, ca.Dial(live.call.id))
        return found.agent.call == live.call.id and bool(found.agent.device_leg)

    def _as_on_screen(self, live: LiveCall, agent_leg: str) -> None:
        """Holds and mutes as the operator's screen says: a word of theirs may have been lost."""
        found = self._scene.room.agents.get(live.agent or "")
        if found is not None and found.agent.device_leg == agent_leg:
            self._scene.out.verb(ports.Mute(agent_leg, found.agent.muted))
            self._scene.out.verb(ports.Hold(live.call.id, found.agent.held))

    def _why_stopped(self, live: LiveCall) -> str:
        room = self._scene.room
        campaign = room.campaigns.get(live.campaign)
        if room.stopped:
            return "emergency_stop"
        return "" if campaign is not None and may_dial(campaign.state) else "campaign_paused"

    def never_heard(self, live: LiveCall) -> None:
        """The engine keeps a journal of all it dialled: what is not in it was never dialled, where
        the journal is whole since before the reservation and the database knows no better."""
        mono, leg = self._scene.now.mono, live.call.id
        if live.finished:
            return
        if live.call.answered_at is not None:
            self._calls.take(ports.Ended(leg, live.seq + 1, mono, "engine", "lost"))
        elif live.call.dialed_at or leg in self._dialled or not self._would_be_known(live):
            self._calls.take(ports.Failed(leg, live.seq + 1, mono, 0, "", "lost"))
        else:
            self._never_dialled(live)

    def _never_dialled(self, live: LiveCall) -> None:
        mono = self._scene.now.mono
        if not live.finished:
            self._calls.take(ports.Refused(live.call.id, live.seq + 1, mono, "never_dialled"))

    def _would_be_known(self, live: LiveCall) -> bool:
        """True where the engine cannot have dialled this without having it in its journal."""
        since = self._scene.room.engine_whole_since
        return since is not None and since <= live.verdict_at <= self._scene.now.mono

    def out_of_sight(self) -> None:
        """Begins to count how long nothing is told of each call."""
        room, mono = self._scene.room, self._scene.now.mono
        for live in room.calls.values():
            if not live.finished and live.call.state is not CallState.RESERVING:
                room.silent.setdefault(live.call.id, mono)

    def miss_calls(self) -> None:
        """Ends calls of which no engine has told anything for too long, however often one came and
        went meanwhile: what rang is unknown, until an engine tells after all."""
        room, mono = self._scene.room, self._scene.now.mono
        for leg, since in list(room.silent.items()):
            live = room.calls.get(leg)
            if live is None or live.finished:
                del room.silent[leg]
            elif mono - since >= NO_NEWS_S:
                del room.silent[leg]
                if live.call.answered_at is not None:
                    self.never_heard(live)
                elif live.call.state is not CallState.RESERVING:
                    self._calls.feed(live, ce.NoNews())

    def stray(self, leg: str, log: tuple[ports.LegEvent, ...]) -> None:
        """Hangs up a leg nobody knows; one whose end is not durable yet is left to its commit."""
        if leg in self._scene.room.unsaved:
            return
        late = self._scene.room.unknown.get(leg)
        for event in log:
            if isinstance(event, ports.RecordFinished):
                self._calls.keep_recording(event, late)
            elif late is not None:
                self._calls.take(event)
        over = any(isinstance(event, ports.Ended | ports.Failed | ports.Refused) for event in log)
        if not over:
            self._scene.out.verb(ports.Hangup(leg, "unknown"))
        elif late is None:
            self._scene.out.when_saved.append(ports.Forget(leg))


def _settings(record: FloorCampaign) -> CampaignSettings | None:
    try:
        return CampaignSettings.from_json(record.settings)
    except InvalidRequest:
        # Stored settings were valid when they were saved; an older version's are left to its page.
        return None


def _in_call(attempt: OpenAttempt) -> Entry | None:
    """The place of a contact whose attempt was found open: in a call, whatever was read.

    The promise that the call is to keep stands beside the verdict, not in the contact's place."""
    if attempt.due is None:
        return None
    promised = attempt.verdict.get("promised")
    promise = Promise(from_text(promised), attempt.due.callback_agent) if promised else None
    return replace(entry_of(attempt.due), state=EntryState.IN_CALL, promise=promise)
