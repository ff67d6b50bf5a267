"""One call from a command: an engine without floor, journal or database, and what came of it.

For people who want to know whether a trunk works, and for tests from outside. It places exactly the
one call it was asked for and never calls again.
"""

import asyncio
import re
import secrets
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from vyzov.dialer.ports import (
    Answered,
    AskSnapshot,
    Digit,
    Ended,
    Event,
    Failed,
    LegEvent,
    Originate,
    Play,
    Refused,
    Ringing,
    SetTrunk,
)
from vyzov.telephony.native.control import Control
from vyzov.telephony.native.engine import Engine, EngineSettings

FLOOR = "command"
TRUNK = "trunk"
LEG_PLAY = "talk"
ANONYMOUS = "anonymous"
TALK_SOUND = "tone:440:-20"
LOOK_UP_LIMIT_S = 10.0
END_LIMIT_S = 40.0
"""How long the far side may take to end a call we gave up (64 x T1 of RFC 3261, and a margin)."""


class BadTrunk(ValueError):
    """A trunk that is not written as sip:HOST:PORT."""


def trunk_of(text: str) -> tuple[str, int]:
    """Returns host and port of `sip:HOST[:PORT]`; raises `BadTrunk`."""
    rest = text.removeprefix("sip:")
    host, _, port = rest.partition(":")
    if not text.startswith("sip:") or not host or not (port or "5060").isdecimal():
        raise BadTrunk(f"{text!r} is no trunk: write it as sip:HOST:PORT, as sip:192.0.2.10:5060")
    number = int(port or "5060")
    if not 0 < number < 65_536:
        raise BadTrunk(f"{text!r} names port {number}; ports go from 1 to 65535")
    return host, number


class _Watch(Control):
    """Takes the place of the control socket: events come here instead of to a floor."""

    heard: Callable[[LegEvent], None]

    def later(self, floor: str, event: Event, line: bytes | None) -> None:  # noqa: ARG002
        self.heard(cast("LegEvent", event))


async def place_one_call(
    number: str,
    trunk: str,
    *,
    user: str = "",
    password: str = "",
    realm: str = "",
    allow_md5: bool = False,
    ring_timeout_s: float = 30.0,
    talk_s: float = 5.0,
    caller_id: str = ANONYMOUS,
    sound: str = TALK_SOUND,
    bind_host: str = "",
    prompt_folders: tuple[Path, ...] = (),
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Places one call, talks for `talk_s` (playing `sound`), hangs up and returns what happened.

    `outcome` is answered, failed or refused; times are seconds since the call was placed. `number`
    is E.164 or a service number. Raises `BadTrunk`, OSError where the trunk is not found, and
    TimeoutError where the far side never let go."""
    host, port = trunk_of(trunk)
    loop = asyncio.get_running_loop()
    ours = bind_host or await _local_host(loop, host, port)
    with tempfile.TemporaryDirectory(prefix="vyzov-call-") as scratch:
        settings = EngineSettings(
            socket=None,
            secret=secrets.token_bytes(32),
            journal=None,
            recordings=Path(scratch),
            prompt_folders=prompt_folders,
            sip_host=ours,
            rtp_host=ours,
        )
        engine = Engine(settings, loop)
        call = OneCall(engine, talk_s=talk_s, sound=sound, on_event=on_event)
        await engine.start()
        try:
            return await call.run(
                SetTrunk(
                    TRUNK, host, port, user, password, realm, allow_md5=allow_md5, probe_s=0.0
                ),
                number=number,
                caller_id=caller_id,
                ring_timeout_s=ring_timeout_s,
            )
        finally:
            await engine.stop()


class OneCall:
    """Plays the floor for one call."""

    def __init__(
        self,
        engine: Engine,
        *,
        talk_s: float,
        sound: str,
        on_event: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        self._engine = engine
        self._talk_s = talk_s
        self._sound = sound
        self._on_event = on_event
        self._leg = secrets.token_hex(8)
        self._events: list[LegEvent] = []
        self._over = asyncio.Event()
        watch = _Watch(
            verb=engine.carry_out,
            snapshot=engine.snapshot,
            came=engine.orphans.floor_came,
            left=engine.orphans.floor_left,
        )
        watch.heard = self._heard
        engine.control = watch

    async def run(
        self, trunk: SetTrunk, *, number: str, caller_id: str, ring_timeout_s: float
    ) -> dict[str, Any]:
        """Places the call and returns what it came to, once it is over."""
        engine = self._engine
        engine.snapshot(AskSnapshot(FLOOR, 1))
        engine.carry_out(trunk, FLOOR)
        async with asyncio.timeout(LOOK_UP_LIMIT_S):
            await engine.trunks.wait_known(trunk.trunk)
        order = Originate(
            leg=self._leg,
            attempt=self._leg,
            fence=1,
            not_after=time.monotonic() + 1.0,
            trunk=trunk.trunk,
            to=number,
            caller_id=caller_id,
            ring_timeout_s=ring_timeout_s,
        )
        engine.carry_out(order, FLOOR)
        async with asyncio.timeout(ring_timeout_s + self._talk_s + END_LIMIT_S):
            await self._over.wait()
        return result_of(self._events)

    def _heard(self, event: LegEvent) -> None:
        self._events.append(event)
        if self._on_event is not None:
            self._on_event(told(event, self._events[0].at))
        if isinstance(event, Answered):
            self._engine.carry_out(Play(self._leg, LEG_PLAY, self._sound, loop=True), FLOOR)
            asyncio.get_running_loop().call_later(
                self._talk_s, self._engine.calls.hangup, self._leg, "talk_over"
            )
        elif isinstance(event, Ended | Failed | Refused):
            self._over.set()


def told(event: LegEvent, start: float) -> dict[str, Any]:
    """Returns an event as JSON-ready data with its time in seconds since `start`."""
    data = asdict(event)
    del data["leg"], data["seq"], data["at"]
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": name, **data, "at_s": round(event.at - start, 4)}


def result_of(events: list[LegEvent]) -> dict[str, Any]:
    """Returns what a finished call came to, from its events."""
    start = events[0].at
    last = next(e for e in reversed(events) if isinstance(e, Ended | Failed | Refused))
    answered = [e for e in events if isinstance(e, Answered)]
    ringing = next((e.at for e in events if isinstance(e, Ringing)), None)
    picked_up = answered[0].at if answered else None
    ring_end = picked_up if picked_up is not None else last.at
    failed = last if isinstance(last, Failed) else None
    ended = last if isinstance(last, Ended) else None
    outcome = "answered" if picked_up is not None else "failed" if failed else "refused"
    return {
        "outcome": outcome,
        "code": 200 if picked_up is not None else failed.code if failed else 0,
        "phrase": failed.phrase if failed else "",
        "stage": failed.stage if failed else "",
        "challenge_refused": failed.challenge_refused if failed else "",
        "evidence": dict(failed.evidence) if failed else {},
        "refused": last.reason if isinstance(last, Refused) else "",
        "reasons": list(failed.reasons) if failed else [],
        "warning": failed.warning if failed else "",
        "q850": failed.q850 if failed else None,
        "answered_events": len(answered),
        "ended_by": ended.side if ended else "",
        "cause": ended.cause if ended else "",
        "ring_s": 0.0 if ringing is None else round(ring_end - ringing, 3),
        "talk_s": 0.0 if picked_up is None else round(last.at - picked_up, 3),
        "digits": "".join(e.digit for e in events if isinstance(e, Digit)),
        "rtp": dict(ended.stats) if ended else {},
        "events": [told(event, start) for event in events],
    }


async def _local_host(loop: asyncio.AbstractEventLoop, host: str, port: int) -> str:
    """Returns the address of this machine from which the trunk is reached; sends nothing."""
    found = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(found[0][4])
        name: str = probe.getsockname()[0]
        return name
