"""An engine without a network: verbs in, events out, in virtual time.

It keeps the promises of `dialer.ports` as a real one does: numbered events, a journal that outlives
it, fences, stale commands refused, orphans cared for while their floor is away. Who is called and
what they do when they pick up comes from `people` and `conversation`; nothing is decided here.
"""

from collections.abc import Callable
from random import Random

from vyzov.core.changing import replace
from vyzov.dialer import ports
from vyzov.simulation import conversation as talk
from vyzov.simulation.engine_bridges import Bridges
from vyzov.simulation.engine_carrier import Carrier
from vyzov.simulation.engine_ears import Ears
from vyzov.simulation.engine_orphans import Orphans
from vyzov.simulation.engine_parts import (
    BYE_TAKES_S,
    CANCEL_TAKES_S,
    NO_ROOM_S,
    PROMPT_S,
    PROMPTS_S,
    RECORD_DONE_S,
    Link,
    PlanOf,
    Record,
    SimCall,
    SimDevice,
    Witness,
    checked,
    classes_heard,
    is_of_another,
    snapshot_of,
    standing_of,
)
from vyzov.simulation.engine_phones import SimPhones
from vyzov.simulation.world_time import Alarm, Timeline

_NOT_KEPT = (ports.DeviceAnswer, ports.DeviceQuality)
"""Events that are no part of a leg's log."""


class SimulatedEngine:
    """All legs of one engine."""

    def __init__(self, timeline: Timeline, plan_of: PlanOf, witness: Witness, dice: Random) -> None:
        """Runs, and knows of nothing."""
        self._timeline = timeline
        self._plan_of = plan_of
        self._witness = witness
        self._dice = dice
        self._links: dict[str, Link] = {}
        self._calls_to: dict[str, int] = {}
        self.run, self.whole_since = 1, 0.0
        self.trunks: set[str] = set()
        self.carrier = Carrier(timeline, self._tell_all)
        self.loses_recording: Callable[[], bool] = lambda: False
        self.up = True
        self.book: dict[str, Record] = {}
        self.fences: dict[str, int] = {}
        self.calls: dict[str, SimCall] = {}
        self.devices: dict[str, SimDevice] = {}
        self.unbanned: list[str] = []
        self.phones = SimPhones(timeline, self, self._tell)
        self._ears = Ears(timeline, self, witness)
        self._bridges = Bridges(self, witness, self._ears)
        self._orphans = Orphans(timeline, self)

    def watched_by(self, witness: Witness) -> None:
        """Has another witness told of all that is seen from now on."""
        self._witness = self._ears.witness = self._bridges.witness = witness

    # ---- the door

    def connect(self, link: Link, floor: str, fence: int) -> None:
        """Takes a floor's connection, shuts its older one and answers with the snapshot.

        A fence below the one known is of a process that lost its lease: it is turned away."""
        if fence < self.fences.get(floor, 0):
            link.closed()
            return
        before = self._links.get(floor)
        self._links[floor] = link
        if before is not None and before is not link:
            before.closed()
        self.fences[floor] = max(fence, self.fences.get(floor, 0))
        for call in self.calls.values():
            call.phase = None
            if call.play is not None and call.play[0] == ports.ORPHAN_PLAY:
                self._stop(call)
        link.hear(self._snapshot(floor))

    def leave(self, link: Link, floor: str) -> None:
        """The floor's end of a connection is gone."""
        if self._links.get(floor) is link:
            del self._links[floor]
            self._orphans.watch()

    def speaks_to(self, link: Link) -> bool:
        """True where verbs of this connection are obeyed."""
        return self.up and link in self._links.values()

    def _snapshot(self, floor: str) -> ports.Snapshot:
        run, now = f"run-{self.run}", self._timeline.now
        seen = snapshot_of(run, now, floor, self.book, self.calls, self.devices)
        return replace(seen, phones=self.phones.registered(floor), whole_since=self.whole_since)

    def _tell(self, floor: str, event: ports.Event) -> None:
        if (link := self._links.get(floor)) is not None:
            link.hear(event)

    def _tell_all(self, event: ports.Event) -> None:
        for link in list(self._links.values()):
            link.hear(event)

    def post(self, event: ports.LegEvent) -> None:
        """Numbers an event, keeps it and sends it to its leg's floor."""
        if (record := self.book.get(event.leg)) is None:
            return
        record.seq += 1
        event = replace(event, seq=record.seq, at=self._timeline.now)
        if not isinstance(event, _NOT_KEPT):
            record.log.append(event)
            record.told = event.seq
        if (link := self._links.get(record.floor)) is not None:
            link.hear(event)

    # ---- verbs

    def carry_out(self, verb: ports.Verb, floor: str) -> None:
        """Carries out a verb of a floor; legs that are gone are no fault."""
        if is_of_another(self.book, floor, verb):
            return
        match verb:
            case ports.Originate():
                self._originate(verb, floor)
            case ports.Hangup(leg, cause):
                self.hang_up(leg, cause)
            case ports.SetTrunk() | ports.RemoveTrunk():
                told = isinstance(verb, ports.SetTrunk)
                (self.trunks.add if told else self.trunks.discard)(verb.trunk)
            case ports.CheckTrunk():
                known = verb.trunk in self.trunks
                self._tell(floor, checked(verb, self._timeline.now, known=known))
            case ports.DeviceOffer():
                self.phones.offer(verb, floor)
            case ports.DeviceClose(leg):
                self.lose_device(leg, "closed")
            case ports.DeviceCall() | ports.SetPhone() | ports.RemovePhone():
                self.phones.carry_out(verb, floor)
            case ports.Forget(leg):
                self._forget(leg)
            case ports.Unban(source):
                self.unbanned.append(source)
            case ports.Mute(agent, on):
                if (device := self.devices.get(agent)) is not None:
                    device.muted = on
                    for call in list(self.calls.values()):
                        if call.device == agent or agent in call.guests:
                            self._ears.notice(call)
            case ports.AskSnapshot():
                self._tell(floor, self._snapshot(floor))
            case ports.AskStanding():
                self._tell(
                    floor, standing_of(verb, self._timeline.now, floor, self.book, self.devices)
                )
            case _:
                self._sound(verb)

    def _sound(self, verb: ports.Verb) -> None:
        match verb:
            case ports.Bridge():
                self._bridges.join(verb)
            case ports.SetGuests():
                self._bridges.set_guests(verb)
            case ports.Unbridge(customer, comfort):
                if (call := self._answered_call(customer)) is not None:
                    self._bridges.part(call, comfort=comfort)
            case ports.Play():
                self.play(verb)
            case ports.StopPlay(leg, play):
                call = self.calls.get(leg)
                if call is not None and call.play is not None and play in ("", call.play[0]):
                    self._stop(call)
            case ports.Hold(customer, on):
                if (call := self._answered_call(customer)) is not None and call.device is not None:
                    call.held = on
                    self._ears.notice(call)
            case ports.SendDigits(leg, digits):
                if (call := self._answered_call(leg)) is not None:
                    call.keys += digits
            case ports.RecordStart(leg, recording):
                if self._answered_call(leg) is not None:
                    self.book[leg].recordings.setdefault(recording, self._timeline.now)
            case ports.RecordStop(leg, recording):
                self._recorded(leg, recording)
            case _:
                raise AssertionError(f"no way to carry out {verb!r}")

    def _answered_call(self, leg: str) -> SimCall | None:
        call = self.calls.get(leg)
        return call if call is not None and call.answered_at is not None else None

    def _forget(self, leg: str) -> None:
        if leg in self.calls:
            self._witness.breach(f"{leg} was forgotten while it lives")
        elif (record := self.book.get(leg)) is not None:
            record.forgotten = True
            if not record.recordings:
                del self.book[leg]

    # ---- calls

    def _originate(self, order: ports.Originate, floor: str) -> None:
        known = self.book.get(order.leg)
        if known is not None:
            if known.attempt != order.attempt:
                self.post(ports.Refused(order.leg, 0, 0.0, "duplicate"))
            return
        reason = self._refusal(order, floor)
        self.book[order.leg] = Record(floor, order.attempt)
        if reason:
            self.post(ports.Refused(order.leg, 0, 0.0, reason))
            return
        count = self._calls_to[order.to] = self._calls_to.get(order.to, 0) + 1
        plan = self._plan_of(order.to, count)
        call = SimCall(order, floor, plan, self._timeline.now, talk.Conversation(plan))
        self.calls[order.leg] = call
        self._witness.invited(order)
        self.post(ports.Dialing(order.leg, 0, 0.0, f"{order.attempt}@engine"))
        call.ring_limit = self._after(
            call, order.ring_timeout_s, lambda: self.hang_up(order.leg, "ring_timeout")
        )
        if self.carrier.takes(order.trunk, self.calls.values()):
            self._meet(call)
        else:
            self._after(
                call, NO_ROOM_S, lambda: self._fail(call, 503, "Service Unavailable", "trying")
            )

    def _refusal(self, order: ports.Originate, floor: str) -> str:
        if order.fence < self.fences.get(floor, 0):
            return "fence"
        if self._timeline.now > order.not_after:
            return "stale"
        if order.trunk not in self.trunks:
            return "unknown_trunk"
        return "" if order.to.startswith("+") else "bad_number"

    def _meet(self, call: SimCall) -> None:
        plan = call.plan
        begun = plan.post_dial_s
        if plan.early_media_s:
            self._after(call, begun, lambda: self._ring(call, 183))
            begun += plan.early_media_s
        elif plan.rings:
            self._after(call, begun, lambda: self._ring(call, 180))
        act = self._answer if plan.answers else self._refuse
        if plan.ring_s is not None:
            self._after(call, begun + plan.ring_s, lambda: act(call))

    def _ring(self, call: SimCall, code: int) -> None:
        if not call.closing:
            call.rang_at = self._timeline.now
            self.post(ports.Ringing(call.leg, 0, 0.0, code, "Ringing", code == 183))

    def _refuse(self, call: SimCall) -> None:
        ending = call.plan.ending
        assert ending is not None, "only those who say no come here"
        reasons = (ending.reason,) if ending.reason else ()
        stage = "ringing" if call.rang_at else "trying"
        self._fail(call, ending.code, ending.phrase, stage, reasons)

    def _fail(
        self, call: SimCall, code: int, phrase: str, stage: str, reasons: tuple[str, ...] = ()
    ) -> None:
        rang = self._timeline.now - call.rang_at if call.rang_at is not None else 0.0
        self._finish(
            call, ports.Failed(call.leg, 0, 0.0, code, phrase, stage, reasons, ring_s=rang)
        )  # fmt: skip

    def _answer(self, call: SimCall) -> None:
        now = self._timeline.now
        call.answered_at = call.heard_at = now
        self._witness.answered(call.leg)
        if call.ring_limit is not None:
            call.ring_limit.call_off()
        self.book[call.leg].answered = True
        self.post(ports.Answered(call.leg, 0, 0.0, "PCMA"))
        if call.closing:
            # The 200 crossed our CANCEL: the engine ends by itself what nobody wants any more.
            self._after(call, BYE_TAKES_S, lambda: self.end(call, "us", "cancelled"))
            return
        if call.order.classify:
            self._classify(call)
        self._ears.open(call)

    def _classify(self, call: SimCall) -> None:
        leg = call.leg
        for after, kind, detail in classes_heard(call.plan):
            event = ports.Classified(leg, 0, 0.0, kind, int(after * 1000), detail)
            self._after(call, after, lambda event=event: self.post(event))

    def has_floor(self, floor: str) -> bool:
        """True while a floor is connected."""
        return floor in self._links

    def hang_up(self, leg: str, cause: str) -> None:
        """Cancels a call that rings, ends one that talks."""
        call = self.calls.get(leg)
        if call is None or call.closing:
            return
        call.closing = cause
        if call.answered_at is None:
            self._after(call, CANCEL_TAKES_S, lambda: self._cancelled(call))
        else:
            self._after(call, BYE_TAKES_S, lambda: self.end(call, "us", cause))

    def _cancelled(self, call: SimCall) -> None:
        if call.answered_at is None:
            self._fail(call, 487, "Request Terminated", "cancelled")

    def end(self, call: SimCall, side: str, cause: str) -> None:
        """Ends an answered call, for whatever reason."""
        side = "engine" if cause == "orphan" else side
        self._finish(call, ports.Ended(call.leg, 0, 0.0, side, cause))

    def _finish(self, call: SimCall, last: ports.LegEvent) -> None:
        if self.calls.pop(call.leg, None) is None:
            return
        for alarm in call.alarms:
            alarm.call_off()
        if call.ear is not None:
            call.ear.call_off()
        self._bridges.part(call, comfort=False)
        self._stop(call)
        self.post(last)
        if call.excused and not call.informed:
            self._witness.excused(call.leg)
        self._witness.over(call.leg)
        for recording in list(self.book[call.leg].recordings):
            self._recorded(call.leg, recording)

    def _after(self, call: SimCall, span_s: float, act: Callable[[], None]) -> Alarm:
        call.alarms = [alarm for alarm in call.alarms if alarm.act is not None]
        made = self._timeline.after(span_s, act)
        call.alarms.append(made)
        return made

    # ---- sound

    def play(self, verb: ports.Play) -> None:
        """Plays to a callee in place of what they hear."""
        if (call := self._answered_call(verb.leg)) is None:
            return
        self._stop(call)
        name = verb.source.rpartition("/")[2].removeprefix("prompt:")
        lasts = PROMPTS_S.get(name, PROMPT_S)
        alarm = (
            None
            if verb.loop
            else self._timeline.after(lasts, lambda: self._played(call, verb.play))
        )
        call.play = (verb.play, name, alarm)
        call.excused = call.excused or verb.play == ports.ORPHAN_PLAY
        self._ears.notice(call)

    def _played(self, call: SimCall, play: str) -> None:
        if call.play is None or call.play[0] != play:
            return
        call.play = None
        call.informed = call.informed or play != ports.ORPHAN_PLAY
        self._ears.notice(call)
        self.post(ports.PlayFinished(call.leg, 0, 0.0, play, completed=True))
        if play == ports.ORPHAN_PLAY:
            self.hang_up(call.leg, "orphan")

    def _stop(self, call: SimCall) -> None:
        if call.play is None:
            return
        play, _, alarm = call.play
        call.play = None
        if alarm is not None:
            alarm.call_off()
        self._ears.notice(call)
        self.post(ports.PlayFinished(call.leg, 0, 0.0, play, completed=False))

    def _recorded(self, leg: str, recording: str) -> None:
        record = self.book.get(leg)
        begun = record.recordings.get(recording) if record else None
        if begun is None:
            return
        if record is not None and self.loses_recording():
            del record.recordings[recording]
            self._witness.recording_lost(recording)
            return
        self._timeline.after(RECORD_DONE_S, lambda: self._recording_done(leg, recording, begun))

    def _recording_done(self, leg: str, recording: str, begun: float) -> None:
        record = self.book.get(leg)
        if record is None or record.recordings.pop(recording, None) is None:
            return
        lasted = self._timeline.now - begun
        self._witness.recorded(recording, lasted)
        self.post(
            ports.RecordFinished(
                leg, 0, 0.0, recording, f"{leg}.wav", lasted, int(lasted * 32_000), "00" * 32
            )
        )  # fmt: skip
        if record.forgotten:
            del self.book[leg]

    # ---- agents' devices

    def prove_device(self, leg: str) -> None:
        """Sound went both ways on a device: it is up."""
        if (device := self.devices.get(leg)) is not None and not device.up:
            device.up = True
            ups = [one.leg for one in self.devices.values() if one.up and one.agent == device.agent]
            self._witness.device_up(device.agent, ups)
            self.post(ports.DeviceUp(leg, 0, 0.0, device.agent, "PCMU"))

    def lose_device(self, leg: str, reason: str) -> None:
        """A device goes for good; its customer hears a comfort tone."""
        if (device := self.devices.pop(leg, None)) is None:
            return
        self._bridges.part_device(leg)
        self.post(ports.DeviceDown(leg, 0, 0.0, device.agent, reason))

    def silence_device(self, leg: str, span_s: float) -> None:
        """Nothing is heard of a device for a while; then it is up again, the same leg."""
        device = self.devices.get(leg)
        if device is None or not device.up:
            return
        device.up = False
        self._bridges.part_device(leg)
        self.post(ports.DeviceDown(leg, 0, 0.0, device.agent, "no_sound"))
        self._timeline.after(span_s, lambda: self.prove_device(leg))

    # ---- the engine's own end

    def crash(self) -> None:
        """The process is killed: all sound stops, and only the journal stays."""
        self.up = False
        links, self._links = list(self._links.values()), {}
        for call in self.calls.values():
            for alarm in (*call.alarms, *((call.ear,) if call.ear else ())):
                alarm.call_off()
            if call.play is not None and call.play[2] is not None:
                call.play[2].call_off()
        self.calls.clear()
        self.devices.clear()
        self.phones.crash()
        self.trunks.clear()
        for link in links:
            link.closed()

    def restart(self) -> None:
        """Another run reads the journal and ends what the last one left, before any floor comes."""
        self.run += 1
        self.up = True
        for leg, record in list(self.book.items()):
            if record.attempt is None:
                ups = [event.agent for event in record.log if isinstance(event, ports.DeviceUp)]
                if ups and not isinstance(record.log[-1], ports.DeviceDown):
                    self.post(ports.DeviceDown(leg, 0, 0.0, ups[-1], "engine"))
            elif not record.over:
                self._reap(leg, record)
            for recording, begun in list(record.recordings.items()):
                self._recording_done(leg, recording, begun)

    def _reap(self, leg: str, record: Record) -> None:
        # Half of the far sides tell in time that they were still ringing.
        code, phrase = self._dice.choice(((487, "Request Terminated"), (0, "")))
        last: ports.LegEvent = ports.Failed(leg, 0, 0.0, code, phrase, "lost")
        if record.answered:
            last = ports.Ended(leg, 0, 0.0, "engine", "engine_restarted")
        self.post(last)
        self._witness.over(leg)
