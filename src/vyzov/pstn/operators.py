"""Program operators: people at desks played by a program, on the public API and a real audio leg.

Each signs in, goes ready, talks in a tone of its own, listens for the callee's, saves a result and
takes the next call; flaky ones lose their line at bad moments and come back. What was heard goes to
`operators.jsonl`. They know only what the API tells any desk.
"""

import asyncio
import contextlib
import json
import math
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from vyzov.pstn.clock import TICK_S
from vyzov.pstn.desk_client import Desk, DeskClosed, VerbRefused
from vyzov.pstn.hearing import CALLEE, OPERATOR_FREQUENCIES, WINDOW_S
from vyzov.pstn.softphone import NoTelephone, Softphone, probe
from vyzov.simulation.spread import Shape, Spread

BACK_AFTER_S = (5.0, 11.0)
RETRY_AFTER_S = 2.0
TALKS = Spread(Shape.UNIFORM, least_s=4.0, most_s=12.0)
WRITES = Spread(Shape.UNIFORM, least_s=0.4, most_s=1.5)
RESULT_TRIES = 8
TALK_LIMIT_S = 90.0
CATCHES_UP_S = 1.0
SIGN_IN_EVERY_S = 0.3
TONE_STEP = 2  # every second of the known tones, so that neighbours are 50 Hz apart


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """How program operators are started.

    `login` counts up from its trailing number for `count` operators (op1, op2, ...), `tone` (Hz) in
    steps of 50. `flaky` is the share of offered calls, and of waits for one, in which the line is lost.
    `hurry` divides talk times; `callback_share` is the share of talks that end in a call-back.
    Half of the talks are ended by the operator, after `talk`; in the others the callee is let to end
    it, within `patience_s`. `wrap_up` is how long they write before they save a result.
    """

    password: str
    out: Path
    url: str = "http://127.0.0.1:8080"
    login: str = "op1"
    tone: int = 1150
    count: int = 1
    flaky: float = 0.0
    seed: int = 7
    hurry: float = 1.0
    callback_share: float = 0.05
    callback_after_s: float = 60.0
    talk: Spread = TALKS
    wrap_up: Spread = WRITES
    patience_s: float = TALK_LIMIT_S
    json: bool = False


class Diary:
    """What operators did and heard, one JSON object per line, appended."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self.counts: Counter[str] = Counter()

    def line(self, rec: str, **fields: object) -> None:
        """Writes one line with both clocks."""
        self.counts[rec] += 1
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        stamp = {"rec": rec, "t": round(time.monotonic(), 6), "utc": now}
        self._file.write(json.dumps(stamp | fields, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Closes the diary."""
        self._file.close()


class LineLost(Exception):
    """The operator's line or desk is gone; the shift goes on after a moment."""


@dataclass(slots=True)
class Talk:
    """What an operator remembers of one attempt."""

    attempt: str
    began: float
    talk_s: float
    leaves_first: bool
    listened_to: float
    first_heard_s: float | None = None
    hung_up: bool = False


class Operator:
    """One operator's shift, from sign-in until it is cancelled."""

    def __init__(self, settings: OperatorSettings, index: int, diary: Diary) -> None:
        self._settings = settings
        self.login = login_of(settings.login, index)
        self.tone_hz = tone_of(settings.tone, index)
        self._number = index + 1
        self._diary = diary
        self._dice = Random(f"{settings.seed}/{self.login}")
        self._desk = Desk(settings.url)
        self._decided: set[str] = set()
        self._walks_off_at: float | None = None
        self._saved: set[str] = set()
        self._heard: Counter[int] = Counter()
        self.phone: Softphone | None = None

    async def shift(self) -> None:
        """Works until cancelled; every loss of desk or line is followed by coming back."""
        try:
            while True:
                pause = RETRY_AFTER_S
                try:
                    await self._come()
                    await self._work()
                except LineLost as lost:
                    self._note("drop", why=str(lost))
                    pause = self._dice.uniform(*BACK_AFTER_S)
                except (DeskClosed, VerbRefused, NoTelephone) as error:
                    self._note("trouble", what=str(error))
                await self._go(abruptly=True)
                await asyncio.sleep(pause)
        finally:
            with contextlib.suppress(DeskClosed, VerbRefused):
                await self._desk.do("offline")
            await self._go(abruptly=False)

    async def _come(self) -> None:
        self._desk = Desk(self._settings.url)
        await self._desk.sign_in(self.login, self._settings.password)
        await self._desk.go_live()
        if (self._desk.state.get("device") or {}).get("state") == "elsewhere":
            await self._desk.do("take_over")
        phone = Softphone(self.tone_hz, self._number)
        self.phone = phone
        await phone.accept(await self._desk.offer(await phone.offer()))
        self._note("device_up", codec=phone.codec)
        await self._desk.do("ready")
        self._note("ready")

    async def _go(self, *, abruptly: bool) -> None:
        phone, self.phone = self.phone, None
        if phone:
            await phone.close()
        await self._desk.leave(abruptly=abruptly)

    # ---- calls -------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            self._check_line()
            call = self._call()
            state = call.get("state")
            attempt = str(call.get("attempt") or "")
            if state == "ringing":
                self._maybe_lose(attempt, "offered", self._settings.flaky)
            elif state in ("talking", "hold"):
                await self._talk(attempt)
                continue
            elif state == "ended" or self._desk.state.get("wrap_up"):
                await self._write_up(call)
            self._maybe_walk_off(idle=not call)
            seen = attempt, state
            await self._desk.wait_until(lambda: self._shown() != seen, WINDOW_S)  # noqa: B023

    def _call(self) -> Mapping[str, Any]:
        return self._desk.state.get("call") or {}

    def _shown(self) -> tuple[str, object]:
        """The call on the screen and its state."""
        call = self._call()
        return str(call.get("attempt") or ""), call.get("state")

    def _check_line(self) -> None:
        if not self._desk.open:
            raise DeskClosed("the live socket closed")
        if self.phone is None or self.phone.lost:
            raise NoTelephone("the audio leg was lost")

    def _maybe_lose(self, attempt: str, moment: str, share: float) -> None:
        """Loses the line at this moment of this attempt, once decided by the seeded dice."""
        key = f"{attempt}/{moment}"
        if key in self._decided:
            return
        self._decided.add(key)
        if self._dice.random() < share:
            raise LineLost(moment)

    def _maybe_walk_off(self, *, idle: bool) -> None:
        """Loses the line some seconds into a wait for a call: what is ringing then finds nobody."""
        now = time.monotonic()
        if not idle:
            self._walks_off_at = None
        elif self._walks_off_at is None:
            leaves = self._dice.random() < self._settings.flaky
            self._walks_off_at = now + self._dice.uniform(2.0, 7.0) if leaves else math.inf
        elif now >= self._walks_off_at:
            self._walks_off_at = None
            raise LineLost("idle")

    async def _talk(self, attempt: str) -> None:
        """Speaks and listens while the call lasts."""
        dice, hurry = self._dice, self._settings.hurry
        began = time.monotonic()
        talk_s = self._settings.talk.draw(dice) / hurry
        talk = Talk(attempt, began, talk_s, dice.random() < 0.5, listened_to=began)
        loses = dice.random() < self._settings.flaky / 3
        self._heard.clear()
        began_utc = datetime.now(UTC)
        try:
            while self._call().get("state") in ("talking", "hold"):
                if self._shown()[0] != attempt:
                    break
                self._check_line()
                await asyncio.sleep(WINDOW_S)
                spoken = time.monotonic() - talk.began
                self._listen(talk)
                if loses and spoken > talk.talk_s / 2:
                    raise LineLost("talking")
                await self._maybe_hang_up(talk, spoken)
        finally:
            self._remember(talk, began_utc)

    def _listen(self, talk: Talk) -> None:
        """Names every window of 100 ms that is over, also those that came while we were stalled."""
        now = time.monotonic()
        while self.phone and talk.listened_to + WINDOW_S <= now:
            talk.listened_to += WINDOW_S
            heard = self.phone.ear.window(talk.listened_to)
            if heard.what == CALLEE:
                self._heard[heard.hz] += 1
                # The first window may still hold the end of the cue or of another call.
                if talk.first_heard_s is None and self._heard[heard.hz] >= 2:
                    talk.first_heard_s = talk.listened_to - talk.began

    async def _maybe_hang_up(self, talk: Talk, spoken: float) -> None:
        settings = self._settings
        patience = talk.talk_s if talk.leaves_first else settings.patience_s / settings.hurry
        if talk.hung_up or spoken < patience:
            return
        talk.hung_up = True
        with contextlib.suppress(VerbRefused):
            # The callee may have hung up in the same moment; that is no trouble.
            await self._desk.do("hangup")

    def _remember(self, talk: Talk, began: datetime) -> None:
        self._note(
            "talk",
            attempt=talk.attempt,
            began=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            talk_s=round(time.monotonic() - talk.began, 3),
            first_heard_s=talk.first_heard_s and round(talk.first_heard_s, 3),
            voices=[
                {"hz": hz, "heard_s": round(count * WINDOW_S, 1)}
                for hz, count in self._heard.most_common(3)
            ],
            hung_up=talk.hung_up,
        )

    async def _write_up(self, call: Mapping[str, Any]) -> None:
        wrap_up = self._desk.state.get("wrap_up") or {}
        attempt = str(wrap_up.get("attempt") or call.get("attempt") or "")
        if not attempt or attempt in self._saved or wrap_up.get("result"):
            return
        results: Sequence[Mapping[str, Any]] = call.get("results") or []
        chosen = self._choose(results)
        if chosen is None:
            return
        self._saved.add(attempt)
        await asyncio.sleep(self._settings.wrap_up.draw(self._dice) / self._settings.hurry)
        body: dict[str, object] = {"attempt": attempt, "result": chosen["code"]}
        if chosen.get("needs") == "callback":
            due = datetime.now(UTC) + timedelta(seconds=self._settings.callback_after_s)
            body["callback_at"] = due.isoformat(timespec="seconds").replace("+00:00", "Z")
        status, code, tries = 0, "", 0
        while tries < RESULT_TRIES and not 200 <= status < 300:
            tries += 1
            status, code = await self._desk.save_result(body, f"{self.login}/{attempt}")
            if status in (400, 403, 404, 422):
                break
            if not 200 <= status < 300:
                await asyncio.sleep(RETRY_AFTER_S)
        self._note(
            "result",
            attempt=attempt, result=chosen["code"], status=status, problem=code, tries=tries,
        )  # fmt: skip

    def _choose(self, results: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """Rolls a result; a call-back as often as the settings say, never the stop-list."""
        later = [one for one in results if one.get("needs") == "callback"]
        plain = [one for one in results if one.get("needs") != "callback"]
        plain = [one for one in plain if one.get("group") != "stop"] or plain
        if later and self._dice.random() < self._settings.callback_share:
            return self._dice.choice(later)
        return self._dice.choice(plain or later) if plain or later else None

    def _note(self, rec: str, **fields: object) -> None:
        self._diary.line(rec, operator=self.login, tone_hz=self.tone_hz, **fields)


def login_of(login: str, index: int) -> str:
    """Returns the login of the index-th operator: op1 counts up to op2, op3, ..."""
    match = re.fullmatch(r"(.*?)(\d+)", login)
    if match:
        return f"{match[1]}{int(match[2]) + index}"
    return login if index == 0 else f"{login}{index + 1}"


def tone_of(tone: int, index: int) -> int:
    """Returns the tone (Hz) of the index-th operator, all of them among the known ones."""
    if tone not in OPERATOR_FREQUENCIES:
        known = f"{OPERATOR_FREQUENCIES[0]}-{OPERATOR_FREQUENCIES[-1]}"
        raise ValueError(f"an operator's tone of {tone} Hz: give a multiple of 25 in {known}")
    first = OPERATOR_FREQUENCIES.index(tone)
    return OPERATOR_FREQUENCIES[(first + TONE_STEP * index) % len(OPERATOR_FREQUENCIES)]


async def speak(operators: Sequence[Operator]) -> None:
    """Sends everybody's tone on one 20 ms schedule; a late tick does not shift the rest."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        for operator in operators:
            if operator.phone is not None:
                await operator.phone.send()
        due = max(due + TICK_S, loop.time() - CATCHES_UP_S)
        await asyncio.sleep(max(0.0, due - loop.time()))


async def run_operators(settings: OperatorSettings) -> None:
    """Runs operators until SIGINT or SIGTERM, then signs them off."""
    probe()
    diary = Diary(settings.out)
    operators = [Operator(settings, index, diary) for index in range(settings.count)]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    speaking = asyncio.create_task(speak(operators))
    shifts: list[asyncio.Task[None]] = []
    try:
        for operator in operators:
            shifts.append(asyncio.create_task(operator.shift()))
            with contextlib.suppress(TimeoutError):
                # Signing in costs the server a password hash: one after another.
                async with asyncio.timeout(SIGN_IN_EVERY_S):
                    await stop.wait()
        _say(settings, {"name": "operators", "ready": True, "count": len(operators)})
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, speaking, *shifts], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in shifts:
            task.cancel()
        ended = await asyncio.gather(*shifts, return_exceptions=True)
        speaking.cancel()
        diary.close()
    _say(settings, {"name": "operators", "ready": False, "wrote": dict(diary.counts)})
    for result in ended:
        if isinstance(result, Exception):
            raise result


def _say(settings: OperatorSettings, words: Mapping[str, object]) -> None:
    if settings.json:
        sys.stdout.write(json.dumps(words) + "\n")
    else:
        state = "at their desks" if words["ready"] else "gone home"
        sys.stdout.write(f"{settings.count} program operators {state}; diary: {settings.out}\n")
    sys.stdout.flush()
