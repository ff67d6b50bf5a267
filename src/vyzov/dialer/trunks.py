"""The trunks of a floor: what the engine is told of them, what became of them, who may use them.

Whether a trunk takes calls and whether a failed call may go on through another is `core.trunk`'s
word; here events meet it, and what it says becomes loads for the router, facts and screens. Lines
and calls per second are counted over all campaigns, and go on after a restart of the floor.
"""

from datetime import datetime, timedelta

from vyzov.core import trunk as ct
from vyzov.core.campaign import CampaignSettings
from vyzov.core.changing import replace
from vyzov.core.facts import FactKind
from vyzov.core.outcome import Outcome
from vyzov.core.pacing import filled, full, spent
from vyzov.core.routing import TrunkLoad, untried
from vyzov.core.trunk import TrunkFault
from vyzov.dialer import ports
from vyzov.dialer.effects import Ask
from vyzov.dialer.office_records import Trunk
from vyzov.dialer.room import LiveCall, LiveTrunk
from vyzov.dialer.scene import Scene
from vyzov.dialer.trunk_settings import verb_of

FAILOVERS_MAX = 8
"""Attempts of one number through one trunk after another; carriers of a campaign are fewer."""

CHECKS_MAX = 20
_NOT_REACH = {"name": "", "lines_max": 1, "calls_per_second": 1.0}
"""Settings whose change says nothing about whether the carrier can be reached."""

_FAULTS_OF_REFUSALS = {"no_target": TrunkFault.DNS_NOT_FOUND, "unknown_trunk": TrunkFault.NONE}


class Trunks:
    """All trunks of a floor."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._checks: dict[str, int] = {}

    # ---- settings

    def reload(self, records: tuple[Trunk, ...]) -> None:
        """Takes over changed trunks and tells the engine; one that is gone refuses calls at once."""
        room, now = self._scene.room, self._scene.now.utc
        for record in records:
            known = room.trunks.get(record.id)
            if known is None:
                room.trunks[record.id] = LiveTrunk(record, ct.new_watch(now))
                continue
            before, after = known.record.settings, record.settings
            if replace(before, **_NOT_REACH) != replace(after, **_NOT_REACH):
                self._step(known, ct.Forgotten())
            known.record = record
        for gone in room.trunks.keys() - {record.id for record in records}:
            del room.trunks[gone]
            self._scene.out.verb(ports.RemoveTrunk(gone))
        self.tell_engine()

    def tell_engine(self) -> None:
        """Tells the engine all trunks; told again, they change nothing."""
        for trunk in self._scene.room.trunks.values():
            self._scene.out.verb(verb_of(trunk.record))

    def count_recent(self) -> None:
        """Takes what was dialled just before a restart off the calls per second."""
        now = self._scene.now.utc
        for key, trunk in self._scene.room.trunks.items():
            rate = trunk.record.settings.calls_per_second
            recent = sum(
                1
                for live in self._scene.room.calls.values()
                if live.trunk == key and now - live.call.since < timedelta(seconds=1)
            )
            trunk.bucket = spent(full(rate, now), recent)

    # ---- the router's questions

    def loads(self, settings: CampaignSettings, tried: tuple[str, ...] = ()) -> list[TrunkLoad]:
        """Returns the campaign's trunks in its order; those a call was sent through are left out."""
        room, now = self._scene.room, self._scene.now.utc
        found = [
            TrunkLoad(
                key, trunk.record.settings.active and ct.takes_calls(trunk.watch, now),
                room.calls.lines(key), trunk.record.settings.lines_max,
                trunk.record.settings.calls_per_second, trunk.bucket,
            )
            for key in settings.trunks
            if (trunk := room.trunks.get(key)) is not None
        ]  # fmt: skip
        return untried(found, tried) if tried else found

    def placed(self, key: str) -> None:
        """Counts a call that is about to be reserved for a trunk."""
        trunk, now = self._scene.room.trunks[key], self._scene.now.utc
        rate = trunk.record.settings.calls_per_second
        trunk.bucket = spent(filled(trunk.bucket, rate, now), 1)
        trunk.placed.append(self._scene.now.mono)
        self._step(trunk, ct.CallPlaced())

    # ---- what calls tell

    def hear(self, live: LiveCall, event: ports.LegEvent, at: datetime) -> None:
        """Takes what a call says about its trunk; called before the call itself is moved."""
        trunk = self._scene.room.trunks.get(live.trunk)
        if trunk is None:
            return
        match event:
            case ports.Ringing() | ports.Answered():
                self._step(trunk, ct.CallWorked(), at)
            case ports.Failed():
                self._failed(live, trunk, event, at)
            case ports.Refused(_, _, _, reason):
                fault = _FAULTS_OF_REFUSALS.get(reason)
                if fault is None:
                    self._step(trunk, ct.CallDropped(), at)
                    return
                live.judgement = ct.Judgement(fault, breaks=bool(fault), goes_on=True)
                self._step(trunk, ct.CallFault(fault) if fault else ct.CallDropped(), at)
            case ports.Ended():
                self._step(trunk, ct.CallDropped(), at)
            case _:
                pass

    def _failed(self, live: LiveCall, trunk: LiveTrunk, event: ports.Failed, at: datetime) -> None:
        judged = ct.judge(
            ct.FailedCall(
                event.code, event.stage, tuple(code for code, _ in event.provisionals), event.q850,
                _fault_of(event.fault),
            )
        )  # fmt: skip
        live.judgement, live.target = judged, event.target if event.other_targets else ""
        trunk.outcomes.append((self._scene.now.mono, False, judged.fault is not TrunkFault.NONE))
        if event.code == 503 and event.retry_after_s is not None:
            dice = self._scene.dice.dice()
            self._step(trunk, ct.ToldToWait(event.retry_after_s, dice, 503, event.phrase), at)
        elif judged.breaks and not event.other_targets:
            self._step(trunk, ct.CallFault(judged.fault, event.code, event.phrase), at)
        elif judged.fault is TrunkFault.NONE and event.code:
            self._step(trunk, ct.CallWorked(), at)
        else:
            self._step(trunk, ct.CallDropped(), at)

    def answered(self, live: LiveCall) -> None:
        """Counts an answered call into the trunk's answer share."""
        trunk = self._scene.room.trunks.get(live.trunk)
        if trunk is not None:
            trunk.outcomes.append((self._scene.now.mono, True, False))

    def goes_on(self, live: LiveCall) -> tuple[str, ...]:
        """Returns the ways a failed call was tried, where another is open to it; else nothing.

        Only what failed by itself goes on: a call we gave up on purpose does not."""
        campaign = self._scene.room.campaigns.get(live.campaign)
        given_up = live.call.verdict is not None and live.call.verdict[0] is not Outcome.NO_ANSWER
        if not live.judgement.goes_on or given_up or campaign is None or live.entry is None:
            return ()
        way = f"{live.trunk}@{live.target}" if live.target else live.trunk
        tried = (*live.entry.tried, way)
        if len(tried) > FAILOVERS_MAX or way in live.entry.tried:
            return ()
        left = [one for one in self.loads(campaign.settings) if one.trunk not in tried]
        return tried if any(one.up for one in left) else ()

    # ---- what the engine found

    def found(self, seen: ports.TrunkState) -> None:
        """Takes in a finding about a trunk."""
        trunk = self._scene.room.trunks.get(seen.trunk)
        if trunk is None:
            return
        at = self._scene.now.utc_of(seen.at)
        trunk.target = seen.target or trunk.target
        fault = _fault_of(seen.reason)
        registered = seen.source == "registration"
        match seen.state:
            case "up":
                self._step(trunk, ct.SignedIn() if registered else ct.ProbeAnswered(), at)
            case "down" if registered:
                fault = fault or TrunkFault.REGISTRATION_REFUSED
                self._step(trunk, ct.SignedOut(fault, seen.code, seen.phrase), at)
            case "down":
                fault = fault or TrunkFault.NO_REPLY
                self._step(trunk, ct.ProbeMissed(seen.misses, fault, seen.code, seen.phrase), at)
            case "paused":
                wait = ct.ToldToWait(
                    max(0.0, seen.until - seen.at), self._scene.dice.dice(), seen.code, seen.phrase
                )
                self._step(trunk, wait, at)
            case _:
                pass

    def snapshot(self, seen: ports.Snapshot) -> None:
        """Takes in all findings of an engine that has come (back)."""
        for findings in seen.trunks.values():
            for finding in findings:
                if finding.state != "paused" or finding.until > seen.at:
                    self.found(finding)

    def out_of_sight(self) -> None:
        """The engine is away: nobody looks at the trunks."""
        for trunk in self._scene.room.trunks.values():
            self._step(trunk, ct.OutOfSight())

    # ---- checks

    def check(self, ask: Ask) -> None:
        """Asks the engine to look at a trunk step by step; answered when it has."""
        out, key = self._scene.out, str(ask.args.get("trunk") or "")
        if key not in self._scene.room.trunks:
            out.refuse(
                ask.ask, "not_found", "This floor has no such trunk, or it is switched off.",
                "Switch the trunk on and save it, then try again.",
            )  # fmt: skip
        elif not self._scene.room.engine_up:
            out.refuse(
                ask.ask, "engine_away", "The engine is not running.", "Wait until it is back."
            )
        else:
            while len(self._checks) >= CHECKS_MAX:
                self._checks.pop(next(iter(self._checks)))
            check = self._scene.dice.new_id()
            self._checks[check] = ask.ask
            out.verb(ports.CheckTrunk(check, key))

    def checked(self, seen: ports.TrunkChecked) -> None:
        """Answers whoever asked for the check."""
        ask = self._checks.pop(seen.check, 0)
        steps = [
            {"step": step, "finding": finding, "detail": detail}
            for step, finding, detail in seen.steps
        ]
        self._scene.out.reply(ask, steps=steps)

    # ---- the machine

    def _step(self, trunk: LiveTrunk, event: ct.TrunkEvent, at: datetime | None = None) -> None:
        now = self._scene.now.utc
        before = ct.health(trunk.watch, now)
        trunk.watch = ct.step(trunk.watch, event, at or now)
        after = ct.health(trunk.watch, now)
        if after is before:
            return
        self._scene.room.pace_wanted = True
        last = trunk.watch.last
        down = after in (ct.TrunkHealth.DOWN, ct.TrunkHealth.OPEN, ct.TrunkHealth.PAUSED)
        self._scene.out.write(
            self._scene.fact(
                FactKind.TRUNK_STATE, f"trunk:{trunk.record.id}:{self._scene.dice.new_id()}",
                at=at or now,
                data={"trunk": trunk.record.id, "state": after.value,
                      "fault": last.fault.value if last and down else "",
                      "code": last.code if last and down else 0},
            )
        )  # fmt: skip


def fault_word(event: ports.Failed) -> str:
    """Returns the word for what failed on the way to the carrier, or for what it asked of us."""
    waits = event.code == 503 and event.retry_after_s is not None
    return TrunkFault.WAIT_ASKED.value if waits else event.fault


def _fault_of(word: str) -> TrunkFault:
    """Reads an engine's word; one this build does not know still is a fault."""
    try:
        return TrunkFault(word)
    except ValueError:
        return TrunkFault.UNREACHABLE
