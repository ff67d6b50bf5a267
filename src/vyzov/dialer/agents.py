"""Drives the machine of each agent: wishes, devices, work; and finds an agent for an answered call.

What state follows is `core.agent`'s word, who gets the call `core.matching`'s. A free agent is first
reserved for the call, then joined; an agent whose leg is lost keeps the call until they are back or
the call's own limit passes.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from vyzov.core import agent as ca
from vyzov.core import call_events as ce
from vyzov.core.call import CallState
from vyzov.core.facts import FactKind
from vyzov.core.matching import agent_for, call_for
from vyzov.dialer import ports
from vyzov.dialer.deadlines import Deadlines
from vyzov.dialer.effects import LoadHistory
from vyzov.dialer.room import AgentDay, LiveAgent, LiveCall
from vyzov.dialer.scene import Scene, seconds
from vyzov.dialer.writes import SetWish

AWAY_LIMIT = timedelta(seconds=30)
"""A person with no browser connected for so long is signed out, unless they are in a call."""

ENGINE_GONE_S = 10.0
"""A dead engine is started again at once; one that is away for so long has lost its legs."""

PAUSE_LONG = timedelta(minutes=15)
"""A pause for no reason of the list is told on the floor from then on."""


def is_pause_long(agent: ca.Agent, now: datetime, limits: Mapping[str, int]) -> bool:
    """True where an agent pauses for longer than the reason they gave is good for."""
    if ca.state_of(agent) is not ca.AgentState.PAUSE:
        return False
    given = limits.get(agent.pause_reason)
    limit = PAUSE_LONG if given is None else timedelta(seconds=given)
    return limit > timedelta(0) and now - agent.since > limit


class Agents:
    """All agents of a floor."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.joined: Callable[[LiveCall, str], None] = lambda _live, _agent: None
        self.lost: Callable[[LiveCall, ce.AgentGone | ce.Cancel], None] = lambda _live, _gone: None
        self.back: Callable[[LiveCall, str], None] = lambda _live, _agent: None
        self.card_dropped: Callable[[str, str, str], None] = lambda _agent, _card, _why: None
        self.matching = True
        self._due = Deadlines()

    # ---- the machine

    def step(self, agent: str, event: ca.AgentEvent) -> None:
        """Steps an agent's machine; afterwards a waiting call may get them."""
        found = self._scene.room.agents.get(agent)
        if found is None:
            return
        now = self._scene.now.utc
        before = found.agent.wish, found.agent.pause_reason
        found.agent, commands = ca.step(found.agent, event, now)
        self.noted(found)
        for command in commands:
            self._carry_out(found, command)
        wish = found.agent.wish, found.agent.pause_reason
        if wish != before:
            self._scene.out.write(SetWish(agent, wish[0].value, wish[1], now))
        self._scene.room.told_desks.add(agent)
        if ca.is_free(found.agent):
            self._scene.room.pace_wanted = True
            if self.matching:
                self._offer_work(found)

    def noted(self, found: LiveAgent) -> None:
        """Takes over whether an agent is free, and when they are to be looked at next."""
        agent, free = found.agent, self._scene.room.free
        if ca.is_free(agent):
            free[agent.id] = found
        else:
            free.pop(agent.id, None)
        gone = found.left_at + AWAY_LIMIT if found.left_at else None
        due = [at for at in (agent.wrap_up_until, gone) if at is not None]
        self._due.set(agent.id, min(due, default=None))

    def _carry_out(self, found: LiveAgent, command: ca.AgentCommand) -> None:
        now = self._scene.now.utc
        match command:
            case ca.RecordAgentState(state, before, lasted, reason):
                self._turn_day(found, state.value, now)
                self._agent_fact(
                    found, FactKind.AGENT_STATE,
                    {"state": state.value, "before": before.value, "lasted_s": seconds(lasted),
                     "reason": reason, "call": found.agent.call, "campaign": self._campaign(found)},
                )  # fmt: skip
            case ca.RecordPresence(kind, leg):
                self._agent_fact(found, kind, {"leg": leg})
            case ca.CloseDevice(leg):
                self._scene.room.devices.pop(leg, None)
                self._scene.out.verb(ports.DeviceClose(leg))
                if found.agent.device_leg == leg and found.agent.wish is ca.Wish.OFFLINE:
                    self.step(found.agent.id, ca.DeviceDown(leg))
            case ca.ReturnCard(card, why):
                self.card_dropped(found.agent.id, card, why)
            case ca.ArmWrapUp():
                pass  # `expire` reads the agent's own deadline

    def _campaign(self, found: LiveAgent) -> str | None:
        """The campaign whose call the agent has in hand, for time is told apart by it."""
        call = found.agent.call
        if call is None:
            held = self._scene.room.cards.get(found.agent.id)
            return held.card.campaign if held and held.card.id == found.agent.card else None
        live = self._scene.room.calls.get(call)
        if live is None and found.last is not None and found.last.call.id == call:
            live = found.last  # The call may be forgotten while it is still being written up.
        return live.campaign if live else None

    def tell_state(self, found: LiveAgent) -> None:
        """Writes what an agent is as this process begins: what its former life said last is over."""
        state = ca.state_of(found.agent).value
        self._agent_fact(
            found, FactKind.AGENT_STATE,
            {"state": state, "before": state, "lasted_s": 0.0, "reason": "restart", "call": None,
             "campaign": self._campaign(found)},
        )  # fmt: skip

    def _agent_fact(self, found: LiveAgent, kind: FactKind, data: dict[str, object]) -> None:
        agent = found.agent.id
        key = f"{agent}:{kind.value}:{self._scene.dice.new_id()}"
        self._scene.out.write(
            self._scene.fact(kind, key, agent=agent, attempt=found.agent.call, data=data)  # pyright: ignore[reportArgumentType]
        )

    def _turn_day(self, found: LiveAgent, state: str, now: datetime) -> None:
        day = found.day
        if day.since.astimezone(UTC).date() != now.date():
            found.day = AgentDay(since=now, state=state)
            return
        spent = (now - day.since).total_seconds()
        day.seconds[day.state] = day.seconds.get(day.state, 0.0) + spent
        day.since, day.state = now, state

    # ---- work

    def find_for(self, live: LiveCall) -> None:
        """Gives the call to the best free agent of its campaign, if there is one."""
        room = self._scene.room
        campaign = room.campaigns.get(live.campaign)
        if campaign is None or not wants_agent(live):
            return
        dialler = room.agents.get(live.placed_by)
        if dialler is not None and dialler.agent.call == live.call.id:
            if dialler.agent.device_leg:
                self.joined(live, live.placed_by)
                return
            # Their line is gone since: anybody is better than silence.
            self.dial_over(live, "device_lost")
        owner = live.placed_by or (live.due.callback_agent if live.due else None)
        people = [found.agent for found in room.free.values()]
        chosen = agent_for(people, campaign.crew, owner)
        if chosen is not None:
            self._give(chosen, live)

    def _give(self, agent: str, live: LiveCall) -> None:
        found = self._scene.room.agents[agent]
        found.day.calls += 1
        found.last = live
        self.step(agent, ca.Reserve(live.call.id))
        self.joined(live, agent)

    def _offer_work(self, found: LiveAgent) -> None:
        """A newly free agent takes the call that has waited longest."""
        mine = self._campaigns_of(found.agent.id)
        book = self._scene.room.calls
        chosen = call_for(live.call for key in mine for live in book.on_the_way(key))
        if chosen is not None:
            self.find_for(self._scene.room.calls[chosen])

    def _campaigns_of(self, agent: str) -> set[str]:
        return {
            key for key, campaign in self._scene.room.campaigns.items() if agent in campaign.crew
        }

    def talks(self, agent: str, live: LiveCall) -> None:
        """The agent is bridged with the call: the engine has said so."""
        found = self._scene.room.agents.get(agent)
        if found is None:
            return
        if found.agent.work is not ca.Work.TALKING:
            found.day.talks += 1
            self.step(agent, ca.CallJoined(live.call.id))
        self._scene.out.effects.append(load_history(live))

    def adopt_talk(self, agent: str, live: LiveCall) -> None:
        """Takes up a talk that began before this process did."""
        found = self._scene.room.agents.get(agent)
        if found is not None and found.agent.call != live.call.id:
            if found.agent.work is ca.Work.WRAP_UP and found.agent.call:
                # They went on to this talk before that call's end was durable.
                self.step(agent, ca.ResultSaved(found.agent.call))
            found.last = live
            self.step(agent, ca.CallJoined(live.call.id))

    def release(self, agent: str, live: LiveCall, *, wrap_up: bool) -> None:
        """The call is over for its agent, or never reached them."""
        campaign = self._scene.room.campaigns.get(live.campaign)
        limit = campaign.settings.wrap_up if campaign and wrap_up else timedelta(0)
        found = self._scene.room.agents.get(agent)
        if found is None:
            return
        if found.agent.work in (ca.Work.RESERVED, ca.Work.DIALING):
            self.step(agent, ca.ReservationLost(live.call.id))
        else:
            self.step(agent, ca.CustomerGone(live.call.id, limit))

    def dial_over(self, live: LiveCall, why: str) -> None:
        """The call an agent asked for came to no talk of theirs: they read why, and are free."""
        found = self._scene.room.agents.get(live.placed_by)
        if found is None or found.agent.work is not ca.Work.DIALING:
            return
        if found.agent.call == live.call.id:
            found.not_dialled = why
            self.step(live.placed_by, ca.ReservationLost(live.call.id))

    # ---- devices

    def device_up(self, event: ports.DeviceUp) -> None:
        """A leg of an agent carries sound both ways."""
        found = self._scene.room.agents.get(event.agent)
        if found is None:
            self._scene.out.verb(ports.DeviceClose(event.leg))
            return
        self._scene.room.devices[event.leg] = self._scene.room.owners[event.leg] = event.agent
        found.codec, found.device_lost, found.pending_leg = event.codec, False, None
        self.step(event.agent, ca.DeviceUp(event.leg))
        live = self._scene.room.calls.get(found.agent.call or "")
        if live is None or live.agent != event.agent:
            return
        if live.agent_leg != event.leg or live.call.state is CallState.AGENT_AWAY:
            live.agent_leg = event.leg
            self.back(live, event.agent)

    def device_down(self, event: ports.DeviceDown) -> None:
        """A leg of an agent is gone."""
        self._scene.room.devices.pop(event.leg, None)
        found = self._scene.room.agents.get(event.agent)
        if found is None:
            return
        if found.pending_leg == event.leg:
            found.pending_leg = None
        if found.agent.device_leg != event.leg:
            self._scene.room.told_desks.add(event.agent)
            return
        found.device_lost = event.reason != "closed"
        live = self._scene.room.calls.get(found.agent.call or "")
        self.step(event.agent, ca.DeviceDown(event.leg))
        if live is not None and live.agent == event.agent:
            self.lost(live, ce.AgentGone(event.agent, silent=event.reason == "no_sound"))
        elif live is not None and found.agent.work is ca.Work.DIALING and not live.call.answered_at:
            # Nobody is to be there for the answer to a call that only they wanted.
            self.lost(live, ce.Cancel("agent_gone"))

    def quality(self, event: ports.DeviceQuality) -> None:
        found = self._scene.room.agents.get(event.agent)
        if found is not None:
            found.rtt_ms, found.loss_share = event.rtt_ms, event.loss_share
            self._scene.room.told_desks.add(event.agent)

    def miss_engine(self) -> None:
        """Takes every leg for lost once the engine was out of sight for too long: a person on the
        screen must not talk through an engine that is not there."""
        room, mono = self._scene.room, self._scene.now.mono
        if room.engine_up or room.engine_lost_at is None:
            return
        if mono - room.engine_lost_at < ENGINE_GONE_S:
            return
        room.engine_lost_at = None
        for leg, agent in list(room.devices.items()):
            self.device_down(ports.DeviceDown(leg, 0, mono, agent, "engine"))

    # ---- time

    def expire(self) -> None:
        """Ends wrap-ups and signs out people whose browsers have been gone for too long."""
        now = self._scene.now.utc
        first = self._due.first()
        if first is None or first > now:
            return
        for found in [self._scene.room.agents[agent] for agent in self._due.passed(now)]:
            until = found.agent.wrap_up_until
            if until is not None and until <= now:
                self.step(found.agent.id, ca.WrapUpOver())
            gone = found.left_at is not None and now - found.left_at > AWAY_LIMIT
            if gone and found.agent.wish is not ca.Wish.OFFLINE:
                self.step(found.agent.id, ca.AskOffline())

    def next_deadline(self) -> datetime | None:
        return self._due.first_after(self._scene.now.utc)


def wants_agent(live: LiveCall) -> bool:
    """True while an answered call waits for somebody to talk to."""
    return live.call.state is CallState.WAITING and live.call.agent is None


def load_history(live: LiveCall) -> LoadHistory:
    return LoadHistory(live.call.id, live.contact)
