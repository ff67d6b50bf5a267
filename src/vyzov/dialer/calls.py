"""Drives the machine of each live call: engine events in, commands out to verbs, writes and agents.

What follows from an event is `core.call`'s word; this file only translates. World events of a leg
carry a sequence number: one already seen is left out, so a replayed log changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from vyzov.core import call_events as ce
from vyzov.core.call import CallState, step
from vyzov.core.changing import replace
from vyzov.core.disposition import Consequence
from vyzov.core.facts import FactKind
from vyzov.core.fields import Json
from vyzov.core.outcome import AnswerClass, Outcome
from vyzov.dialer import ports
from vyzov.dialer.agents import Agents
from vyzov.dialer.callbook import PARTED_WAIT
from vyzov.dialer.doubt import RUNS_OUT, judged_at
from vyzov.dialer.entries import (
    close_entry,
    count_answer,
    fail_over,
    follow_result,
    promise,
    suppress,
    was_late,
)
from vyzov.dialer.late_words import LAST_WORDS, follow, keep_aside, resolve
from vyzov.dialer.live_call import GuestEvent
from vyzov.dialer.office_records import StopSource
from vyzov.dialer.orders import originate_order, prompt_name
from vyzov.dialer.room import LiveCall
from vyzov.dialer.scene import Scene
from vyzov.dialer.trunks import Trunks, fault_word
from vyzov.dialer.writes import AddRecording, FinishAttempt, MarkOriginated

GOES_ON_ALONE = (CallState.IN_FLOW, CallState.FAREWELL)
"""States in which a callee who was to be joined with an agent hears prompts and nobody else."""

GIVEN_UP = (CallState.CLOSING, CallState.ENDED)
"""States in which a bridge that still comes to stand binds nobody: the leg is about to go."""

BY_A_PERSON = (CallState.WAITING, CallState.TALKING)
"""An agent is on the way or there: without a prompt of ours, nothing is to be heard but them."""

RINGS_MAX = 100

AHEAD_MAX = 200
"""Events of one leg that wait for an earlier one; the rest comes with the snapshot."""

RECORDING_WAIT = timedelta(seconds=30)
"""How long a finished call is kept for the engine's word on its recording."""


class Calls:
    """All live calls of a floor."""

    def __init__(self, scene: Scene, agents: Agents, trunks: Trunks) -> None:
        self._scene = scene
        self._agents = agents
        self._trunks = trunks
        agents.joined = self._agent_found
        agents.lost = self.feed
        agents.back = self._agent_back
        self.guest_told: Callable[[LiveCall, GuestEvent, datetime], None] = lambda *_: None

    # ---- events of the engine

    def hear(self, event: ports.LegEvent) -> None:
        """Takes an event off the line: one that overtook another waits for it, for a while."""
        live = self._scene.room.calls.get(event.leg)
        if live is None or event.seq <= max(live.seq, 0) + 1:
            self.take(event)
        elif len(live.ahead) < AHEAD_MAX:
            live.ahead[event.seq] = event
            self._scene.room.holes.setdefault(event.leg, self._scene.now.mono)
        if live is None or not live.ahead:
            return
        while (following := live.ahead.pop(live.seq + 1, None)) is not None:
            self.take(following)
        if not live.ahead:
            self._scene.room.holes.pop(event.leg, None)

    def take(self, event: ports.LegEvent) -> None:
        """Gives an event of a leg to its call; a leg nobody knows is hung up and forgotten."""
        live = self._scene.room.calls.get(event.leg)
        if live is None:
            self._take_late(event)
            return
        if event.seq <= live.seq:
            return
        live.seq = event.seq
        self._scene.room.silent.pop(event.leg, None)
        if live.doubt is not None:  # Whether it goes on depends on what was heard.
            self._scene.room.calls.noted(live)
        live.leg_over = live.leg_over or isinstance(event, LAST_WORDS)
        at = self._scene.now.utc_of(event.at)
        if isinstance(event, ports.RecordFinished):
            self._recorded(live, event)
            return
        if isinstance(event, ports.GuestJoined | ports.GuestLeft):
            self.guest_told(live, event, at)
            return
        if isinstance(event, ports.Dialing):
            self._scene.out.write(MarkOriginated(live.call.id, at))
        if isinstance(event, ports.BridgeJoined):
            live.parted_at = None
            self._scene.room.calls.noted(live)
            self._bridged(live, event)
        if isinstance(event, ports.BridgeLeft) and self._is_parting(live, event, at):
            return
        self._trunks.hear(live, event, at)
        world = self._world(live, event)
        if world is not None:
            self.feed(live, world, at)
        if isinstance(event, ports.OneWay) and live.agent is not None:
            self._scene.room.told_desks.add(live.agent)
        if isinstance(event, ports.BridgeJoined) and live.call.state is CallState.TALKING:
            self._agents.talks(live.call.talked_with or "", live)

    def feed(self, live: LiveCall, event: ce.Event, at: datetime | None = None) -> None:
        """Steps a call and carries out what its machine commands."""
        moment = at or self._scene.now.utc
        live.call, commands = step(live.call, event, moment)
        self._scene.room.calls.noted(live)
        for command in commands:
            self._carry_out(live, command, moment)

    def expire(self) -> None:
        """Rings the timers that are due, in order of their time."""
        now, calls = self._scene.now.utc, self._scene.room.calls
        for live in calls.kept:
            ended = live.call.ended_at
            if ended is None or now - ended > RECORDING_WAIT:
                live.recording = None
                self._drop_when_done(live)
        first = calls.next_deadline()
        if first is None or first > now:
            return
        for live in list(calls.values()):
            self._notice_parting(live, now)
            for _ in range(8):
                due = live.call.deadline
                if due is None or due > now:
                    break
                moment = judged_at(self._scene, live)
                if moment is None:
                    break
                self.feed(live, ce.DeadlinePassed(), moment)
                if live.call.deadline == due:
                    break

    def ring_past(self, live: LiveCall, until: float, *, joined: bool) -> None:
        """Rings, while the past is replayed, what rang before this second of the monotonic clock.

        A wait that ended in a talk (`joined`) never ran out, whenever its limit was."""
        moment = self._scene.now.utc_of(until)
        for _ in range(RINGS_MAX):
            due, state = live.call.deadline, live.call.state
            if due is None or due > moment or state not in RUNS_OUT:
                return
            if state is CallState.WAITING and joined:
                return
            self.feed(live, ce.DeadlinePassed(), due)

    def _is_parting(self, live: LiveCall, event: ports.BridgeLeft, at: datetime) -> bool:
        """True where the machine need not know yet, or not in these words."""
        call = live.call
        if call.state is CallState.TALKING:
            live.parted_at = at
            self._scene.room.calls.noted(live)
            return True
        if call.state is CallState.WAITING and call.agent and event.agent == live.agent_leg:
            # The engine could not join them: the agent's leg is gone, and another agent is needed.
            lost = ports.DeviceDown(event.agent, 0, event.at, call.agent, "gone")
            self._agents.device_down(lost)
            return True
        return False

    def _notice_parting(self, live: LiveCall, now: datetime) -> None:
        """Takes a bridge for lost that fell while both its legs seem to live."""
        if live.parted_at is None or now < live.parted_at + PARTED_WAIT:
            return
        live.parted_at = None
        self._scene.room.calls.noted(live)
        if live.call.state is CallState.TALKING and live.call.agent:
            self.feed(live, ce.BridgeLeft(live.call.agent))

    def _take_late(self, event: ports.LegEvent) -> None:
        """Takes the engine's late word on a call whose end is booked as unknown."""
        live = self._scene.room.unknown.get(event.leg)
        if live is None:
            self._stray(event)
        elif isinstance(event, ports.RecordFinished):
            self.keep_recording(event, live)
        elif event.seq > live.seq:
            live.seq = event.seq
            world = self._world(live, event)
            if world is not None:
                self.feed(live, world, self._scene.now.utc_of(event.at))
            follow(self._scene, live, event)

    def _stray(self, event: ports.LegEvent) -> None:
        room = self._scene.room
        if event.leg in room.devices or isinstance(event, ports.Refused):
            return
        if isinstance(event, ports.Answered | ports.Ringing | ports.Dialing):
            self._scene.out.verb(ports.Hangup(event.leg, "unknown"))
        elif isinstance(event, ports.Ended | ports.Failed) and event.leg not in room.unsaved:
            self._scene.out.verb(ports.Forget(event.leg))
        elif isinstance(event, ports.RecordFinished):
            # Whose it is stands in the engine's books: a snapshot is asked for.
            room.holes.setdefault(event.leg, self._scene.now.mono)

    def _world(self, live: LiveCall, event: ports.LegEvent) -> ce.WorldEvent | None:
        match event:
            case ports.Refused():
                return ce.Refused(event.reason)
            case ports.Dialing():
                return ce.Dialing(event.call_id)
            case ports.Ringing():
                return ce.Ringing(event.code, event.early_media, event.heard)
            case ports.Answered():
                return ce.Answered(event.codec, event.unseen_s)
            case ports.Failed():
                return ce.Failed(
                    event.code, event.phrase, event.stage, event.reasons, event.q850,
                    event.ring_s, event.heard, fault_word(event),
                )  # fmt: skip
            case ports.OneWay():
                return ce.OneWay(event.unheard, event.quiet_s, event.foreign)
            case ports.Ended():
                return ce.Ended(event.side, event.cause, event.stats)
            case ports.Digit():
                return ce.Digit(event.digit)
            case ports.Classified():
                return ce.Classified(AnswerClass(event.answer_class), event.detail)
            case ports.PlayFinished():
                return self._played(live, event)
            case ports.BridgeJoined():
                agent = self._agent_of(event.leg, event.agent)
                return ce.BridgeJoined(agent) if agent else None
            case ports.BridgeLeft():
                agent = self._agent_of(event.leg, event.agent)
                return ce.BridgeLeft(agent) if agent else None
            case _:
                return None

    def _played(self, live: LiveCall, event: ports.PlayFinished) -> ce.WorldEvent | None:
        if event.play == ports.ORPHAN_PLAY:
            return ce.SafeHarbourHeard()
        mark, _, play = event.play.partition(":")
        if self._scene.out.quiet:
            # A prompt that was cut short while nobody was here is played again.
            return ce.PlayFinished(play) if event.completed else None
        return ce.PlayFinished(play, event.completed) if mark == self._mark(live) else None

    def _mark(self, live: LiveCall) -> str:
        """What the names of this call's plays begin with; another one after each repetition."""
        return f"{live.call.id}#{live.plays}" if live.plays else live.call.id

    def _agent_of(self, leg: str, device: str) -> str | None:
        known = self._scene.room.agent_of_leg(device)
        if known is None:
            live = self._scene.room.calls.get(leg)
            known = live.agent if live and live.agent_leg == device else None
        return known

    def _bridged(self, live: LiveCall, event: ports.BridgeJoined) -> None:
        """Takes up a bridge this floor does not remember making: its former life made it."""
        if live.call.state in GOES_ON_ALONE and not self._scene.out.quiet:
            # It crossed our word that the agent was let go.
            self._scene.out.verb(ports.Unbridge(live.call.id))
            return
        agent = self._scene.room.agent_of_leg(event.agent)
        if agent is None or live.agent == agent or live.call.state in GIVEN_UP:
            return
        if live.call.state is CallState.FAREWELL:
            # The wait was over before this word came: recovery parts them, and no talk is booked.
            return
        if not self._scene.out.quiet and live.call.agent not in (None, agent):
            # An older bridge's word: its agent was lost, and another has the call by now.
            return
        first = live.call.agent
        if live.call.state is CallState.TALKING and first is not None:
            # Told by the log alone: the first was lost before they talked, and another was found.
            self._agents.release(first, live, wrap_up=False)
            live.call = replace(live.call, agent=agent, talked_with=agent)
        live.agent, live.agent_leg = agent, event.agent
        self._agents.adopt_talk(agent, live)

    def keep_recording(self, event: ports.RecordFinished, live: LiveCall | None = None) -> None:
        """Books a recording; that of a call a former life ended (no `live`) is kept all the same."""
        scene, at = self._scene, self._scene.now.utc_of(event.at)
        scene.out.write(
            AddRecording(
                event.recording, event.leg, event.path, event.seconds, event.bytes, event.sha256, at
            )
        )
        scene.out.write(
            scene.fact(
                FactKind.RECORDING_FINISHED, f"{event.leg}:recording:{event.recording}", at=at,
                campaign=live.campaign if live else None, contact=live.contact if live else None,
                attempt=event.leg, agent=live.agent if live else None,
                data={"recording": event.recording, "seconds": round(event.seconds, 3),
                      "bytes": event.bytes, "sha256": event.sha256},
            )
        )  # fmt: skip

    def _recorded(self, live: LiveCall, event: ports.RecordFinished) -> None:
        self.keep_recording(event, live)
        live.recording = None
        self._drop_when_done(live)

    # ---- commands of the machine

    def _carry_out(self, live: LiveCall, command: ce.Command, at: datetime) -> None:
        if type(command) is ce.Record:  # Most of all commands are.
            self._write(live, command, at)
            return
        out, leg = self._scene.out, live.call.id
        match command:
            case ce.SendOriginate():
                live.sent_at = self._scene.now.mono
                out.verb(originate_order(self._scene, live))
            case ce.SendHangup(cause):
                out.verb(ports.Hangup(leg, cause))
            case ce.AskForAgent():
                live.asked_at = at
                if not out.quiet:
                    self._agents.find_for(live)
            case ce.JoinAgent(agent):
                self.join(live, agent)
            case ce.ReleaseAgent(agent, wrap_up):
                if live.agent_leg is not None and live.call.state in GOES_ON_ALONE:
                    # The bridge that was asked for may stand by now, or be about to.
                    out.verb(ports.Unbridge(leg))
                self._agents.release(agent, live, wrap_up=wrap_up)
                if live.call.bridged_at is None:
                    live.agent, live.agent_leg = None, None
            case ce.PlayPrompt(prompt, play, loop):
                self._play(live, prompt, play, loop=loop)
            case ce.StopPrompt(play):
                out.verb(ports.StopPlay(leg, f"{self._mark(live)}:{play}"))
            case ce.ComfortTone(on):
                if on:
                    out.verb(ports.Unbridge(leg, comfort=True))
            case ce.StartRecording():
                live.recording = live.recording or leg
                self._record(live, at)
            case ce.StopRecording():
                out.verb(ports.RecordStop(leg, leg))
            case _:
                self._write(live, command, at)

    def _write(self, live: LiveCall, command: ce.Command, at: datetime) -> None:
        scene = self._scene
        match command:
            case ce.Record(kind, data, key):
                if kind is FactKind.ABANDONED:
                    count_answer(scene, live, at, abandoned=True)
                if kind is FactKind.DISPOSED:
                    data = self._with_group(live, data)
                scene.call_fact(live, kind, key or kind.value, at, data)
            case ce.Suppress(key):
                suppress(scene, live, f"{StopSource.KEY}:{key}", at, f"key:{key}")
                scene.call_fact(live, FactKind.STOP_LISTED, "stop_listed", at, {"key": key})
                live.result = "stop"
            case ce.PromiseCallback(after):
                promise(scene, live, at + after, None, at)
            case ce.Finish(outcome, detail):
                self._finish(live, outcome, detail, at)
            case ce.Resolve(outcome, detail):
                resolve(scene, live, outcome, detail, at)
            case _:
                raise AssertionError(f"no way to carry out {command!r}")

    def _with_group(self, live: LiveCall, data: Mapping[str, Json]) -> Mapping[str, Json]:
        """Adds the group of a result the flow gave, where the campaign offers it to people too."""
        results = self._scene.room.campaigns[live.campaign].settings.results
        groups = {one.code: one.group.value for one in results}
        group = groups.get(str(data.get("result")))
        return {**data, "group": group} if group else data

    def order_again(self, live: LiveCall) -> None:
        """Gives the orders by which the callee hears and is recorded once more: they may be lost."""
        call = live.call
        if call.playing is not None and not live.finished:
            live.plays += 1
            waits = call.state is CallState.WAITING
            self._play(live, call.playing.partition(":")[2], call.playing, loop=waits)
        elif call.state in BY_A_PERSON:
            # What a former life played, or was not heard to stop, would go on over the talk.
            self._scene.out.verb(ports.StopPlay(call.id, ""))
        if call.recording:
            self._record(live, self._scene.now.utc)

    def _play(self, live: LiveCall, prompt: str, play: str, *, loop: bool) -> None:
        source = f"prompt:{prompt_name(self._scene, live, prompt)}"
        self._scene.out.verb(ports.Play(live.call.id, f"{self._mark(live)}:{play}", source, loop))

    def _record(self, live: LiveCall, at: datetime) -> None:
        leg = live.call.id
        self._scene.out.verb(ports.RecordStart(leg, leg, self._recording_path(live, at)))

    def _recording_path(self, live: LiveCall, at: datetime) -> str:
        return f"{self._scene.recordings}/{at:%Y/%m/%d}/{live.call.id}.wav"

    # ---- agents

    def _agent_found(self, live: LiveCall, agent: str) -> None:
        live.agent = agent
        self.feed(live, ce.AgentFound(agent))

    def _agent_back(self, live: LiveCall, agent: str) -> None:
        self.feed(live, ce.AgentBack(agent))

    def join(self, live: LiveCall, agent: str) -> None:
        """Bridges a call with its agent; doing it again does no harm."""
        found = self._scene.room.agents.get(agent)
        device = found.agent.device_leg if found else None
        if device is None:
            return
        live.agent, live.agent_leg = agent, device
        self._scene.out.verb(ports.Bridge(customer=live.call.id, agent=device))

    # ---- the end

    def _finish(self, live: LiveCall, outcome: Outcome, detail: str, at: datetime) -> None:
        scene, call = self._scene, live.call
        unknown = outcome is Outcome.UNKNOWN
        scene.out.write(
            FinishAttempt(
                call.id, "unknown" if unknown else "final", outcome.value, at,
                detail=detail or None, sip_code=call.code or None, q850=call.q850,
                answered_at=call.answered_at, bridged_at=call.bridged_at, ended_at=call.ended_at,
                agent=live.agent,
            )
        )  # fmt: skip
        tried = self._trunks.goes_on(live)
        scene.call_fact(
            live, FactKind.FINAL, "final", at,
            {"outcome": outcome.value, "detail": detail, "number": live.number,
             "code": call.code, "q850": call.q850, **({"failed_over": True} if tried else {})},
        )  # fmt: skip
        if call.answered_at and outcome is Outcome.ANSWERED_HUMAN:
            count_answer(scene, live, at, abandoned=was_late(call))
        if call.answered_at:
            self._trunks.answered(live)
        if tried:
            fail_over(scene, live, tried, at)
        else:
            close_entry(scene, live, outcome, at)
        scene.room.calls.finish(live)
        scene.room.pace_wanted = True
        self._agents.dial_over(live, outcome.value)
        self._drop_when_done(live)

    def _drop_when_done(self, live: LiveCall) -> None:
        """Forgets a finished call once its recording, if any, is acknowledged."""
        if not live.finished:
            return
        if live.recording is not None and live.call.answered_at is not None:
            return
        self._scene.room.calls.pop(live.call.id, None)
        self._scene.room.holes.pop(live.call.id, None)
        if live.leg_over:
            # A leg that was given up on may live: it is forgotten when its end is told after all.
            self._scene.room.unsaved.add(live.call.id)
            self._scene.out.when_saved.append(ports.Forget(live.call.id))
        elif live.call.outcome is Outcome.UNKNOWN:
            keep_aside(self._scene.room, live)

    def save_result(
        self, live: LiveCall, code: str, consequences: tuple[Consequence, ...], at: datetime,
        saved: str,
    ) -> None:  # fmt: skip
        """Moves the contact as its result says; `saved` is the id under which it was saved."""
        live.result = code
        follow_result(self._scene, live, consequences, at, saved)
