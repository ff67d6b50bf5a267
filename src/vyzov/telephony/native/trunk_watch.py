"""Looks whether trunks live: OPTIONS every so often, and the sign-in where one is wanted.

Every finding goes to the floors that use the trunk, with how many came to nothing in a row; what
follows from it is the floor's to decide. A probe that failed at one address of a name is repeated
at the next one at once, and counts as missed only when none is left.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from vyzov.core.trunk import TrunkFault, probe_lives
from vyzov.dialer.ports import Event, SetTrunk, TrunkState
from vyzov.sip.events import (
    CallRejected,
    Hop,
    OptionsAnswered,
    RegistrationChanged,
    RegistrationState,
    SipEvent,
)
from vyzov.sip.registration import SignIn
from vyzov.telephony.native.signalling import Signalling
from vyzov.telephony.native.trunks import Trunks, fault_of

log = logging.getLogger("vyzov.engine.trunks")

ANSWER_LIMIT_S = 5.0
"""How long an answer to a probe is waited for; one that comes later still proves a living peer."""
AGAIN_S = 5.0
"""After a miss the next probe comes soon: one lost answer and a dead carrier look alike."""
JITTER_SHARE = 0.1
NAME_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class _Probe:
    """An OPTIONS under way."""

    trunk: str
    target: Hop
    limit: asyncio.TimerHandle
    is_late: bool = False


@dataclass(slots=True)
class _Watched:
    """What is known of a trunk, by source."""

    misses: int = 0
    sign_in: SignIn | None = None
    timer: asyncio.TimerHandle | None = None
    told: dict[str, TrunkState] = field(default_factory=dict[str, TrunkState])


class TrunkWatch:
    """The trunks of an engine, looked at from time to time."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        signalling: Signalling,
        trunks: Trunks,
        tell: Callable[[str, Event], None],
        dice: Callable[[], float],
    ) -> None:
        """Looks at nothing yet; `tell` sends an event to a floor."""
        self._loop = loop
        self._signalling = signalling
        self._trunks = trunks
        self._tell = tell
        self._dice = dice
        self._watched: dict[str, _Watched] = {}
        self._probes: dict[str, _Probe] = {}
        trunks.on_found = self._found
        trunks.on_wait = self._told_to_wait

    def set(self, verb: SetTrunk, floor: str) -> None:
        """Takes a trunk and looks at it from now on."""
        before = self._trunks.told(verb.trunk)
        self._trunks.set(verb, floor)
        if before == verb:
            return
        watched = self._watched.setdefault(verb.trunk, _Watched())
        self._rest(watched)
        self._watched[verb.trunk] = fresh = _Watched(sign_in=watched.sign_in)
        if verb.probe_s > 0:
            fresh.timer = self._loop.call_later(0.0, self._probe, verb.trunk)
        self._sign_in(verb, fresh)

    def remove(self, name: str, floor: str) -> None:
        """Forgets a trunk once no floor wants it, and signs out of it."""
        if not self._trunks.remove(name, floor):
            return
        watched = self._watched.pop(name, None)
        if watched is not None:
            self._rest(watched)
            self._signalling.agent.registrations.stop(name, time.monotonic())
            self._signalling.pump()

    def findings(self, floor: str) -> Mapping[str, tuple[TrunkState, ...]]:
        """Returns the latest finding of each source for the trunks of a floor."""
        return {
            name: tuple(watched.told.values())
            for name, watched in self._watched.items()
            if watched.told and floor in self._trunks.floors(name)
        }

    def finding(self, name: str, source: str) -> TrunkState | None:
        """Returns the latest finding of one source."""
        watched = self._watched.get(name)
        return watched.told.get(source) if watched else None

    def handle(self, event: SipEvent) -> bool:
        """Takes an answer to a probe or a change of a sign-in; True where it was one."""
        match event:
            case OptionsAnswered():
                return self._answered(event)
            case RegistrationChanged():
                self._registered(event)
                return True
            case _:
                return False

    def close(self) -> None:
        """Stops looking and signs out; what is sent goes out with the next pump."""
        for watched in self._watched.values():
            self._rest(watched)
        for probe in self._probes.values():
            probe.limit.cancel()
        self._signalling.agent.registrations.stop_all(time.monotonic())
        self._signalling.pump()

    # ---- probes

    def _rest(self, watched: _Watched) -> None:
        if watched.timer is not None:
            watched.timer.cancel()
            watched.timer = None

    def _probe_in(self, name: str, span_s: float) -> None:
        watched = self._watched.get(name)
        if watched is not None:
            self._rest(watched)
            spread = span_s * JITTER_SHARE * (2 * self._dice() - 1)
            watched.timer = self._loop.call_later(span_s + spread, self._probe, name)

    def _probe(self, name: str) -> None:
        told, watched = self._trunks.told(name), self._watched.get(name)
        if told is None or watched is None:
            return
        trunk = self._trunks.get(name)
        if trunk is None:
            found, fault = self._trunks.found(name)
            if fault and found is None:
                self._missed(name, told, watched, TrunkFault.DNS_NOT_FOUND, 0, fault)
            else:
                self._probe_in(name, NAME_AGAIN_S)
            return
        token = self._signalling.agent.options(trunk.target, time.monotonic())
        limit = self._loop.call_later(ANSWER_LIMIT_S, self._silent, token)
        self._probes[token] = _Probe(name, trunk.target, limit)
        self._signalling.pump()

    def _answered(self, event: OptionsAnswered) -> bool:
        probe = self._probes.pop(event.token, None)
        if probe is None:
            return False
        probe.limit.cancel()
        told, watched = self._trunks.told(probe.trunk), self._watched.get(probe.trunk)
        if told is None or watched is None:
            return True
        now = time.monotonic()
        if probe_lives(event.code):
            watched.misses = 0
            self._trunks.answered(probe.target)
            self._say(
                watched,
                TrunkState(probe.trunk, "up", "", event.code, event.phrase, 0.0, now, "probe", 0,
                           str(probe.target)),
            )  # fmt: skip
            self._probe_in(probe.trunk, told.probe_s)
        elif event.code == 503 and event.retry_after:
            self._trunks.answered(probe.target)
            until = now + event.retry_after
            self._say(
                watched,
                TrunkState(probe.trunk, "paused", TrunkFault.WAIT_ASKED, 503, event.phrase, until,
                           now, "probe", 0, str(probe.target)),
            )  # fmt: skip
            # Who asked for rest is not asked whether it lives.
            self._probe_in(probe.trunk, max(told.probe_s, float(event.retry_after) * 1.2))
        elif not probe.is_late:
            fault = fault_of(event.phrase) if event.code == 0 else TrunkFault.OVERLOADED
            self._failed(probe, told, watched, fault, event.code, event.phrase)
        return True

    def _silent(self, token: str) -> None:
        """No answer in time; the token is kept, since a late answer proves a living carrier."""
        probe = self._probes.get(token)
        if probe is None:
            return
        told, watched = self._trunks.told(probe.trunk), self._watched.get(probe.trunk)
        if told is None or watched is None:
            del self._probes[token]
            return
        self._probes[token] = replace(probe, is_late=True)
        self._failed(probe, told, watched, TrunkFault.NO_REPLY, 0, "")

    def _failed(
        self, probe: _Probe, told: SetTrunk, watched: _Watched, fault: TrunkFault, code: int,
        phrase: str,
    ) -> None:  # fmt: skip
        if self._trunks.failed(probe.trunk, probe.target):
            self._rest(watched)
            self._probe(probe.trunk)
        else:
            self._missed(probe.trunk, told, watched, fault, code, phrase, str(probe.target))

    def _missed(
        self, name: str, told: SetTrunk, watched: _Watched, fault: TrunkFault, code: int,
        phrase: str, target: str = "",
    ) -> None:  # fmt: skip
        watched.misses += 1
        log.info(
            "trunk %s does not answer (%d in a row): %s %s", name, watched.misses, fault, phrase
        )
        self._say(
            watched,
            TrunkState(name, "down", fault, code, phrase, 0.0, time.monotonic(), "probe",
                       watched.misses, target),
        )  # fmt: skip
        self._probe_in(name, min(AGAIN_S, told.probe_s) if watched.misses < 3 else told.probe_s)

    def _told_to_wait(self, name: str, target: Hop, event: CallRejected) -> None:
        """Keeps what a call was told, so that a floor that starts anew keeps to it as well."""
        watched = self._watched.get(name)
        if watched is not None and event.retry_after is not None:
            now = time.monotonic()
            self._say(
                watched,
                TrunkState(name, "paused", TrunkFault.WAIT_ASKED, event.code, event.phrase,
                           now + event.retry_after, now, "call", 0, str(target)),
            )  # fmt: skip

    # ---- signing in

    def _found(self, name: str) -> None:
        """A name was looked up: whoever is to sign in there may do so now."""
        told, watched = self._trunks.told(name), self._watched.get(name)
        if told is not None and watched is not None:
            self._sign_in(told, watched)

    def _sign_in(self, told: SetTrunk, watched: _Watched) -> None:
        registrations = self._signalling.agent.registrations
        now = time.monotonic()
        if not told.register:
            registrations.stop(told.trunk, now)
            watched.sign_in = None
            self._signalling.pump()
            return
        trunk = self._trunks.get(told.trunk)
        if trunk is None:
            return
        standing = watched.sign_in
        domain = told.from_domain or told.host
        aor = f"{told.from_user or told.username}@{domain}"
        try:
            plan = SignIn(told.trunk, trunk.target, aor, trunk.account, told.register_expires_s)
        except ValueError as error:
            self._say(
                watched,
                TrunkState(told.trunk, "down", TrunkFault.REGISTRATION_REFUSED, 0, str(error), 0.0,
                           now, "registration"),
            )  # fmt: skip
            return
        targets = self._trunks.found(told.trunk)[0]
        hops = [one.hop for one in targets.targets] if targets else []
        if standing is not None and standing.target in hops:
            # Signed in at another address of the same name: there is no need to move.
            plan = replace(plan, target=standing.target)
        watched.sign_in = plan
        registrations.start(plan, now)
        self._signalling.pump()

    def _registered(self, event: RegistrationChanged) -> None:
        watched = self._watched.get(event.trunk)
        if watched is None or event.state in (RegistrationState.TRYING, RegistrationState.STOPPED):
            return
        now = time.monotonic()
        target = str(watched.sign_in.target) if watched.sign_in else ""
        if event.state is RegistrationState.REGISTERED:
            finding = TrunkState(event.trunk, "up", "", event.code, event.phrase, 0.0, now,
                                 "registration", 0, target)  # fmt: skip
        else:
            fault = fault_of(event.phrase) if event.code == 0 else TrunkFault.REGISTRATION_REFUSED
            if "MD5" in event.phrase and event.code in (401, 407):
                fault = TrunkFault.ONLY_MD5
            before = watched.told.get("registration")
            misses = before.misses + 1 if before else 1
            finding = TrunkState(event.trunk, "down", fault, event.code, event.phrase, 0.0, now,
                                 "registration", misses, target)  # fmt: skip
            if event.code == 0 and watched.sign_in is not None:
                self._next_registrar(event.trunk, watched)
        self._say(watched, finding)

    def _next_registrar(self, name: str, watched: _Watched) -> None:
        """Signs in at another address of the name, where this one is silent."""
        told = self._trunks.told(name)
        sign_in, watched.sign_in = watched.sign_in, None
        if told is None or sign_in is None or not self._trunks.failed(name, sign_in.target):
            watched.sign_in = sign_in
            return
        self._loop.call_soon(self._sign_in, told, watched)

    def _say(self, watched: _Watched, finding: TrunkState) -> None:
        watched.told[finding.source] = finding
        for floor in self._trunks.floors(finding.trunk):
            self._tell(floor, finding)
