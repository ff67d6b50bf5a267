"""One incoming call at the box: it rings, refuses or answers as its plan says.

Turns a plan and a conversation into SIP responses and sound, and writes the callee's side of the
story. Sockets, timers and the user agent belong to the `Exchange` it is given.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from vyzov.pstn import sound, verdict
from vyzov.pstn.hearing import WINDOW_S, Memory, Segment
from vyzov.pstn.ledger import Ledger
from vyzov.pstn.line import Line
from vyzov.simulation.conversation import Act, Conversation, Press
from vyzov.simulation.conversation import Line as Sending
from vyzov.simulation.people import Ending, Plan
from vyzov.sip import sdp
from vyzov.sip.events import IncomingCall

FRAMES_PER_WINDOW = 5
RING_LIMIT = Ending(480, "Temporarily Unavailable", 'Q.850;cause=19;text="No answer"')
CHALLENGES_MAX = 3


class State(StrEnum):
    """How far a call has come."""

    OFFERED = "offered"
    CHALLENGED = "challenged"
    RINGING = "ringing"
    EARLY = "early"
    ANSWERED = "answered"
    OVER = "over"


class Timer(Protocol):
    """Something that can still be called off."""

    def cancel(self) -> None: ...


class Exchange(Protocol):
    """What a call needs of the box: clock, timers, lines, SIP and the book."""

    ledger: Ledger

    def now(self) -> float: ...
    def later(self, delay_s: float, act: Callable[[], None]) -> Timer: ...
    def open_line(self, call: "Call") -> Line: ...
    def respond(
        self,
        leg: str,
        code: int,
        phrase: str,
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None: ...
    def challenge(self, leg: str, code: int) -> None: ...
    def knows(self, leg: str) -> bool: ...
    def hang_up(self, leg: str) -> None: ...
    def finished(self, call: "Call") -> None: ...


class Call:
    """One Call-ID at one callee, from the INVITE to the record in the book."""

    def __init__(
        self, exchange: Exchange, incoming: IncomingCall, plan: Plan, ring_limit_s: float
    ) -> None:
        self._exchange = exchange
        self._ring_limit_s = ring_limit_s
        self._offer = incoming.sdp
        self._answer = b""
        self._timer: Timer | None = None
        self._frame = 0
        self._conversation = Conversation(plan)
        self.plan = plan
        self.leg = incoming.leg
        self.call_id = incoming.call_id
        self.number = incoming.to_user
        self.state = State.OFFERED
        self.line: Line | None = None
        self.memory = Memory()
        self.story = verdict.Story(invited_at=exchange.now())

    # ---- what the network does --------------------------------------------------------------

    def begin(self) -> None:
        """Takes the INVITE: first the challenge, if any, then the time to find the callee."""
        if self.plan.challenge:
            self._challenge()
        else:
            self._wait(self.plan.post_dial_s, self._found)

    def invited_again(self, incoming: IncomingCall) -> None:
        """Takes the INVITE that answers a challenge."""
        self.leg = incoming.leg
        self._offer = incoming.sdp
        if self.state is not State.CHALLENGED:
            self._refuse(Ending(482, "Loop Detected"))
        elif self._exchange.knows(self.leg):
            self.state = State.OFFERED
            self._wait(self.plan.post_dial_s, self._found)
        elif self.story.challenges < CHALLENGES_MAX:
            self._challenge()
        else:
            self._refuse(Ending(403, "Forbidden"))

    def _challenge(self) -> None:
        self.state = State.CHALLENGED
        self.story.challenges += 1
        self._did("challenge", code=self.plan.challenge)
        self._exchange.challenge(self.leg, self.plan.challenge)
        # A caller that cannot answer a challenge never comes back, and ends with it.
        code = self.plan.challenge
        self._wait(5.0, lambda: self._over("refused", Ending(code, "Unauthorized")))

    def _found(self) -> None:
        if self.plan.early_media_s > 0.0:
            self._announce()
        elif self.plan.rings:
            self.state = State.RINGING
            self.story.rung_at = self._exchange.now()
            self._did("ring", for_s=self.plan.ring_s)
            self._exchange.respond(self.leg, 180, "Ringing")
            ring_s = self._ring_limit_s if self.plan.ring_s is None else self.plan.ring_s
            self._wait(min(ring_s, self._ring_limit_s), self._rung)
        else:
            self._rung()

    def _rung(self) -> None:
        if self.plan.ending is not None:
            self._refuse(self.plan.ending)
        elif self.plan.ring_s is None:
            self._refuse(RING_LIMIT)
        else:
            self._pick_up()

    def _announce(self) -> None:
        if self._open_line():
            self.state = State.EARLY
            self._did("announce", for_s=self.plan.early_media_s)
            self._exchange.respond(self.leg, 183, "Session Progress", self._answer)
            self._wait(self.plan.early_media_s, self._rung)

    def _pick_up(self) -> None:
        if self._open_line():
            self.state = State.ANSWERED
            self.story.answered_at = self._exchange.now()
            self._did("answer", code=200)
            self._exchange.respond(self.leg, 200, "OK", self._answer)

    def _open_line(self) -> bool:
        try:
            offered = sdp.parse(self._offer or b"")
            self.line = self._exchange.open_line(self)
            line = self.line
            self._answer = sdp.answer(offered, address=line.host, port=line.port, session_id=1)
            self.line.agree(sdp.agree(self._answer, self._offer or b""))
        except ValueError:
            self._refuse(Ending(488, "Not Acceptable Here"))
            return False
        return True

    def _refuse(self, ending: Ending) -> None:
        reason = [("Reason", ending.reason)] if ending.reason else []
        self._did("refuse", code=ending.code, reason=ending.reason)
        self._exchange.respond(self.leg, ending.code, ending.phrase, headers=reason)
        self._over("refused", ending)

    # ---- what the callee does ----------------------------------------------------------------

    def tick(self, due: float) -> None:
        """Sends the frame of this tick; on every fifth, lets the callee listen and decide.

        `due` is when the tick was due, in monotonic seconds: after a stall of the box several come
        at once, and each hears what had arrived by its own time.
        """
        line = self.line
        if line is None:
            return
        if self.state is State.EARLY:
            row = sound.announcement(line.law)
            line.send(row[self._frame % len(row)])
        elif self.story.answered_at is not None and due >= self.story.answered_at:
            at = due - self.story.answered_at
            line.send(self._payload(line, at))
            if self._frame % FRAMES_PER_WINDOW == FRAMES_PER_WINDOW - 1:
                self._listen(line, due, at)
        self._frame += 1

    def skip(self, ticks: int) -> None:
        """Notes that the box stood still for longer than it can make up for."""
        if self.line is not None:
            self.line.skip(ticks)
            self._did("stalled", ticks=ticks)

    def _payload(self, line: Line, at: float) -> bytes:
        sending = self._conversation.line(at)
        if sending is Sending.VOICE:
            row = sound.voice(self.plan.voice_hz, line.law)
        elif sending is Sending.BEEP:
            row = sound.beep(line.law)
        else:
            row = sound.quiet(line.law)
        return row[self._frame % len(row)]

    def _listen(self, line: Line, due: float, at: float) -> None:
        line.drain()
        closed = self.memory.window(line.ear.window(due), max(0.0, at - WINDOW_S), at)
        if closed is not None:
            self._heard(closed)
        for act in self._conversation.step(at, self.memory.now.what):
            self._act(line, act, at)

    def _act(self, line: Line, act: Act, at: float) -> None:
        if isinstance(act, Press):
            pressed = line.press(act.key)
            if pressed:
                self.story.keys.append((act.key, at))
            self._did("press", key=act.key, at_s=round(at, 3), sent=pressed)
        else:
            self._did("hang_up", why=act.why, at_s=round(at, 3))
            self._exchange.hang_up(self.leg)
            self._over("callee")

    # ---- what the caller does ----------------------------------------------------------------

    def confirmed(self) -> None:
        """The ACK to our 200 is here."""
        self.story.confirmed_at = self._exchange.now()

    def session_changed(self, offer: bytes) -> None:
        """The caller moved its sound elsewhere in mid-call."""
        if self.line is not None:
            self.line.agree(sdp.agree(self._answer, offer))
            self._did("session_changed")

    def cancelled(self) -> None:
        """The caller gave up before the answer."""
        self._over("cancelled", Ending(487, "Request Terminated"))

    def ended_by_caller(self, cause: str) -> None:
        """The caller's BYE, or a 200 it never acknowledged (`no_ack`)."""
        self._over("caller" if cause != "no_ack" else "no_ack")

    def closed_by_box(self) -> None:
        """The box is being shut down with this call still up."""
        if self.state is State.ANSWERED:
            self._exchange.hang_up(self.leg)
        elif self.state is not State.CHALLENGED:
            self._exchange.respond(self.leg, 480, "Temporarily Unavailable")
        self._over("box")

    # ---- the record --------------------------------------------------------------------------

    def _over(self, ended_by: str, ending: Ending | None = None) -> None:
        if self.state is State.OVER:
            return
        self.state = State.OVER
        if self._timer:
            self._timer.cancel()
        now = self._exchange.now()
        if self.memory.segments and self.story.answered_at is not None:
            self.memory.segments[-1].end = now - self.story.answered_at
            self._heard(self.memory.segments[-1])
        self.story.finish(now, ended_by, ending, tuple(self.memory.segments))
        record = verdict.record(self.plan, self.story)
        if self.line is not None:
            received = self.line.received
            record |= {
                "rtp_sent": self.line.sent,
                "rtp_received": received.received,
                "rtp_lost": received.lost,
                "rtp_foreign": self.line.foreign,
                "rtp_jitter_ms": round(received.jitter_ms, 2),
                "ssrc_changes": received.ssrc_changes,
            }
            self.line.close()
        self._exchange.ledger.line("call", call_id=self.call_id, number=self.number, **record)
        self._exchange.finished(self)

    def _heard(self, segment: Segment) -> None:
        self._exchange.ledger.line(
            "heard",
            call_id=self.call_id,
            what=segment.heard.what,
            hz=segment.heard.hz,
            from_s=round(segment.start, 3),
            to_s=round(segment.end, 3),
        )

    def _did(self, act: str, **fields: object) -> None:
        self._exchange.ledger.line("did", call_id=self.call_id, act=act, **fields)

    def _wait(self, delay_s: float, act: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._exchange.later(delay_s, act)
