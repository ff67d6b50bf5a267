"""What a killed engine left behind: its calls are ended and its recordings made whole.

The journal says which legs lived. What rang is cancelled (and a late answer acknowledged and ended)
by identifiers derived from the leg; what was answered gets its BYE from the journalled dialog. The
user agent repeats these until the far side hears. What came back within the settling time is told
with the leg's end (an answer that came while nobody was there is told as one: somebody picked up).
Floors connect after that. A far side that answered while we were dead, or answered and left, says so
again only every four seconds (RFC 3261 §13.3.1.4, §17.1.2.2), so what is still silent then, or is said
to know no such call, keeps its leg open a little longer.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from vyzov.dialer.ports import (
    Answered,
    DeviceDown,
    DeviceUp,
    Ended,
    Failed,
    LegEvent,
    RecordFinished,
    Ringing,
)
from vyzov.media.recording import Finished
from vyzov.sip.dialog import DialogState
from vyzov.sip.events import CallAnswered, CallEnded, CallRejected, SipEvent
from vyzov.telephony.native.journal import LegBook, LegRecord
from vyzov.telephony.native.recorder import recover_part
from vyzov.telephony.native.signalling import Signalling

log = logging.getLogger("vyzov.engine.reaping")

SETTLE_S = 1.5
LATE_S = 5.0
"""Longer than T2, after which a 2xx nobody has acknowledged is sent again."""
CAUSE = "engine_restarted"

Post = Callable[[LegEvent], None]


class Reaper:
    """Ends the legs of an earlier run, once, when an engine starts."""

    def __init__(self, book: LegBook, signalling: Signalling, post: Post) -> None:
        """Takes the legs that are not over from `book`."""
        self._book = book
        self._signalling = signalling
        self._post = post
        self._waiting = {record.leg: record for record in book.unfinished()}
        self._settled: dict[str, CallRejected] = {}
        """Legs of which the far side says that it has no such call (any more)."""
        self._all_back = asyncio.Event()
        self._patience: asyncio.TimerHandle | None = None

    async def run(self, settle_s: float = SETTLE_S) -> None:
        """Hangs up, waits a moment for what comes back, and posts the end of every leg."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for record in list(self._waiting.values()):
            self._end(record)
        self._signalling.pump()
        self._check()
        try:
            async with asyncio.timeout(settle_s):
                await self._all_back.wait()
        except TimeoutError:
            log.warning("%d far sides have not answered yet", len(self._waiting))
        for record in list(self._waiting.values()):
            if record.was_answered:
                self._close(record, None)
        if self._waiting:
            self._patience = loop.call_at(begun + LATE_S, self._close_rest)
        for record in list(self._book.legs.values()):
            for recording, path in list(record.recordings.items()):
                self._recover(record, recording, Path(path))

    def stop(self) -> None:
        """Waits for nobody any more; the journal knows who is left to the next run."""
        if self._patience is not None:
            self._patience.cancel()

    def _close_rest(self) -> None:
        for record in list(self._waiting.values()):
            self._close(record, self._settled.get(record.leg))

    def handle(self, event: SipEvent) -> bool:
        """Takes what came back for a reaped leg; returns False for other legs."""
        record = self._waiting.get(event.leg)
        if record is None:
            return False
        if isinstance(event, CallRejected) and event.code == 0:
            # Nothing rings there; whether somebody answered before, their own BYE would tell.
            self._settled[record.leg] = event
            self._check()
        elif isinstance(event, CallRejected | CallEnded):
            self._close(record, event)
            self._check()
        elif isinstance(event, CallAnswered):
            log.warning("leg %s was answered after the engine died; its BYE follows", event.leg)
        return True

    def _check(self) -> None:
        if self._waiting.keys() <= self._settled.keys():
            self._all_back.set()

    def _end(self, record: LegRecord) -> None:
        placed = record.placed
        if placed is None:
            self._close(record, None)
            return
        dialog: DialogState | None = None
        if record.dialog:
            try:
                dialog = DialogState.from_json(record.dialog)
            except ValueError as error:
                log.warning("leg %s: its dialog cannot be read: %s", record.leg, error)
        log.warning(
            "leg %s of the last run %s: it is hung up",
            record.leg,
            "was answered" if record.was_answered else "was ringing",
        )
        try:
            self._signalling.agent.reap(
                record.leg,
                target=placed.hop,
                to=placed.to,
                caller_id=placed.caller_id,
                dialog=dialog,
                now=time.monotonic(),
                uri=placed.to if placed.agent else "",
                caller_domain=placed.domain,
            )
        except ValueError as error:
            log.warning("leg %s cannot be hung up: %s", record.leg, error)
            self._close(record, None)

    def _close(self, record: LegRecord, event: CallRejected | CallEnded | None) -> None:
        self._waiting.pop(record.leg, None)
        if record.placed is None or record.placed.agent:
            last = next((e for e in reversed(record.events) if isinstance(e, DeviceUp)), None)
            agent = "" if last is None else last.agent
            if record.placed is not None:
                agent = record.placed.agent
            self._post(DeviceDown(record.leg, 0, 0.0, agent, "engine"))
        elif record.was_answered or isinstance(event, CallEnded) or _is_told(record):
            if not _is_told(record):
                # A person picked up and heard nobody: that has to be counted against us.
                self._post(Answered(record.leg, 0, 0.0, "", unseen_s=_unseen_s(record)))
                # Before the BYE leaves: a run after this one may find a call nobody knows any more.
                self._book.flush()
            self._post(Ended(record.leg, 0, 0.0, "engine", CAUSE))
        elif isinstance(event, CallRejected):
            self._post(
                Failed(
                    record.leg, 0, 0.0, event.code, event.phrase, "lost",
                    reasons=event.reasons, warning=event.warning, q850=event.q850,
                    provisionals=event.provisionals or _provisionals(record),
                )
            )  # fmt: skip
        else:
            # No final answer came back: nobody knows how far it got.
            self._post(
                Failed(record.leg, 0, 0.0, 0, "", "lost", provisionals=_provisionals(record))
            )

    def _recover(self, record: LegRecord, recording: str, path: Path) -> None:
        finished = recover_part(path)
        if finished is not None:
            self._post(record_finished(record.leg, recording, finished))
        self._book.drop_recording(record.leg, recording)


def record_finished(leg: str, recording: str, finished: Finished) -> RecordFinished:
    """Returns the event of a recording that is whole."""
    return RecordFinished(
        leg, 0, 0.0, recording, str(finished.path), finished.seconds, finished.bytes,
        finished.sha256,
    )  # fmt: skip


def _is_told(record: LegRecord) -> bool:
    """True where the journal knows of an answer, whether or not it has what a BYE needs."""
    return any(isinstance(event, Answered) for event in record.events)


def _unseen_s(record: LegRecord) -> float:
    """For how long at most nobody has seen what became of a call: since the journal's last word."""
    return round(max(0.0, time.monotonic() - record.events[-1].at), 3) if record.events else 0.0


def _provisionals(record: LegRecord) -> tuple[tuple[int, float], ...]:
    if not record.events:
        return ()
    start = record.events[0].at
    return tuple((e.code, max(0.0, e.at - start)) for e in record.events if isinstance(e, Ringing))
