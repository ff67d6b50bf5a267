"""Agents of a made-up shift: they take calls, give results, pause, lose their line and reload.

Each knows only what the screen of the desk tells and does what a person does about it; dice and
habits decide when. They are the simulation's counterpart of `people` on the other end of the line.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from vyzov.core.instants import to_text
from vyzov.simulation.spread import Spread

Json = dict[str, Any]
OFFER = "v=0 a browser's offer"
RESULTS = ("agreed", "refused", "thinking", "callback", "machine", "bad_line", "do_not_call")
CARD_VERBS = ("take", "skip", "postpone", "stop_contact")
CARD_SHARES = (70, 15, 10, 5)
SKIP_REASONS = ("not_now", "not_mine", "wrong_card", "other")
GIVES_UP = 0.02
RESULT_SHARES = (30, 30, 10, 10, 6, 6, 8)


@dataclass(frozen=True, slots=True)
class Habits:
    """How an agent works; spans in seconds, shares 0..1, `..._every_s` 0 for never.

    A pair is the least and the most of what is drawn evenly."""

    talk_s: tuple[float, float] | Spread = (3.0, 25.0)
    wrap_s: tuple[float, float] | Spread = (1.0, 8.0)
    patience_s: float = 40.0
    result_in_call: float = 0.3
    leaves_result: float = 0.05
    undoes: float = 0.1
    pause_every_s: float = 150.0
    device_lost_every_s: float = 0.0
    reload_every_s: float = 0.0
    holds: float = 0.0
    promises: bool = True
    """Whether a result may promise the callee another call; where not, they were left thinking."""
    reads_s: tuple[float, float] = (1.0, 20.0)
    """How long a card before a call is read until something is said of it; some cards run out."""


class Desk(Protocol):
    """What an agent's browser can reach."""

    @property
    def utc(self) -> datetime: ...
    def ask(self, do: str, user: str, connection: str, **args: object) -> None: ...
    def gone(self, connection: str) -> None: ...
    def after(self, span_s: float, act: Any) -> object: ...
    def lose_device_of(self, user: str, *, for_good: bool) -> None: ...


class SimulatedAgent:
    """One agent with one browser, which may be closed and opened again."""

    def __init__(self, user: str, desk: Desk, habits: Habits, seed: str) -> None:
        """Is not there yet: `arrive` signs in."""
        self.user = user
        self.present = False
        self.state: Json = {}
        self._desk = desk
        self._habits = habits
        self._random = Random(f"{seed}/agent/{user}")
        self._hands = Random(f"{seed}/hands/{user}")
        self._visits = 0
        self._attempt = ""
        self._given: set[str] = set()
        self._writing = ""
        self._mending = False
        self._eyes = Random(f"{seed}/eyes/{user}")
        self._card = ""

    @property
    def connection(self) -> str:
        """The browser's connection, another one after each reload."""
        return f"{self.user}#{self._visits}"

    # ---- coming and going

    def arrive(self) -> None:
        """Signs in, offers the phone and asks for calls."""
        self.present = True
        self._open()
        self._ask("ready")
        habits = self._habits
        for every_s, act in (
            (habits.pause_every_s, self._pause),
            (habits.device_lost_every_s, self._lose_device),
            (habits.reload_every_s, self._reload),
        ):
            if every_s:
                self._plan(every_s, act)

    def leave(self) -> None:
        """Signs out, whatever is in hand."""
        self._ask("offline")
        self.present = False

    def floor_is_back(self) -> None:
        """The web process is connected to another life of the floor: it makes itself known."""
        if self._visits:
            self._ask("attach")
            if self.present:
                # Nothing is known of what the old floor was told last: look, and ask anew.
                self._mending = False
                self._desk.after(1.5, self._look)

    def _open(self) -> None:
        self._visits += 1
        self._ask("attach")
        self._ask("offer", sdp=OFFER)

    def _plan(self, every_s: float, act: Any) -> None:
        def done() -> None:
            if self.present:
                act()
                self._plan(every_s, act)

        self._desk.after(self._random.expovariate(1.0 / every_s), done)

    def _drawn(self, span: tuple[float, float] | Spread) -> float:
        if isinstance(span, Spread):
            return span.draw(self._random)
        return self._random.uniform(*span)

    def _ask(self, verb: str, **args: object) -> None:
        self._desk.ask(f"desk.{verb}", self.user, self.connection, **args)

    def take_break(self, ends_after_s: float) -> None:
        """Asks for a planned break, and for calls again when it is over."""
        if self.present:
            self._ask("pause", reason="break")
            self._desk.after(ends_after_s, self._back_from_pause)

    def _pause(self) -> None:
        self._ask("pause", reason="tea")
        self._desk.after(self._random.uniform(4.0, 15.0), self._back_from_pause)

    def _back_from_pause(self) -> None:
        if self.present:
            self._ask("ready")

    def _lose_device(self) -> None:
        self._desk.lose_device_of(self.user, for_good=self._random.random() < 0.6)

    def _reload(self) -> None:
        self._desk.gone(self.connection)
        self._desk.after(self._random.uniform(0.3, 2.0), self._open)

    def vanish(self, away_s: float) -> None:
        """The browser is gone, with the phone in it; the person comes back with another one."""
        self._desk.gone(self.connection)
        self._desk.lose_device_of(self.user, for_good=True)
        self._desk.after(away_s, self._come_back)

    def _come_back(self) -> None:
        if self.present:
            self._open()
            self._ask("ready")

    def open_second_tab(self) -> None:
        """Opens the desk a second time and takes the phone over there; the first is closed later."""
        before = self.connection
        self._visits += 1
        self._ask("attach")
        self._ask("offer", sdp=OFFER)
        self._desk.after(0.4, self._take_over)
        self._desk.after(1.0, lambda: self._desk.gone(before))

    def _take_over(self) -> None:
        if self.present:
            self._ask("take_over")
            self._ask("offer", sdp=OFFER)

    # ---- what the screen says

    def told(self, state: Json) -> None:
        """Takes the newest state of the desk."""
        self.state = state
        if self.present:
            self._look()

    def _look(self) -> None:
        if not self.state or not self.present:
            return
        agent, call = self.state["agent"], self.state["call"]
        if agent["wish"] == "ready" and self.state["device"]["state"] in ("none", "lost"):
            self._mend()
        if agent["wish"] == "offline":
            self._ask("ready")
        card = self.state.get("card")
        if card is not None and card["id"] != self._card:
            self._card = str(card["id"])
            span_s = self._eyes.uniform(*self._habits.reads_s)
            self._desk.after(span_s, lambda: self._decide(card))
        if call is None:
            return
        if agent["state"] == "dialing" and self._eyes.random() < GIVES_UP:
            self._desk.after(
                self._eyes.uniform(1.0, 8.0), lambda: self._give_up(str(call["attempt"]))
            )
        attempt = str(call["attempt"])
        if call["state"] in ("talking", "hold") and attempt != self._attempt:
            self._attempt = attempt
            self._talk(attempt)
        if agent["state"] == "wrap_up" and attempt != self._writing:
            self._writing = attempt
            if self._random.random() >= self._habits.leaves_result:
                span_s = self._drawn(self._habits.wrap_s)
                self._desk.after(span_s, lambda: self._result(attempt))

    def _decide(self, card: Json) -> None:
        """Says something of a card, if it is still there; sometimes of one that is not."""
        verb = self._eyes.choices(CARD_VERBS, CARD_SHARES)[0]
        args: Json = {"card": card["id"]}
        match verb:
            case "take":
                args["position"] = self._eyes.randrange(max(1, len(card["numbers"])))
            case "skip":
                args["reason"] = self._eyes.choice(SKIP_REASONS)
            case "postpone":
                later = timedelta(seconds=self._eyes.uniform(20.0, 120.0))
                args |= {"callback_at": to_text(self._desk.utc + later), "callback_mine": True}
            case _:
                pass
        if self.present:
            self._ask(verb, **args)

    def _give_up(self, attempt: str) -> None:
        call = self.state.get("call")
        if call and call["attempt"] == attempt and self.state["agent"]["state"] == "dialing":
            self._ask("hangup")

    def _mend(self) -> None:
        if self._mending:
            return
        self._mending = True
        self._desk.after(self._random.uniform(0.5, 4.0), self._offer_again)

    def _offer_again(self) -> None:
        self._mending = False
        if self.present and self.state["device"]["state"] in ("none", "lost"):
            self._ask("offer", sdp=OFFER)

    # ---- the call

    def _talk(self, attempt: str) -> None:
        if self._habits.holds and self._hands.random() < self._habits.holds:
            verb = self._hands.choice(("hold", "mute"))
            self._desk.after(self._hands.uniform(0.3, 3.0), lambda: self._press(attempt, verb))
        span_s = self._drawn(self._habits.talk_s)
        if self._random.random() < self._habits.result_in_call:
            self._desk.after(span_s, lambda: self._result(attempt))
        elif self._random.random() < 0.5:
            self._desk.after(span_s, lambda: self._hang_up(attempt))
        else:
            # The customer is let to end it; nobody waits for ever.
            self._desk.after(self._habits.patience_s, lambda: self._hang_up(attempt))

    def _press(self, attempt: str, verb: str) -> None:
        """Holds the customer or mutes oneself, and lets go again after some seconds."""
        if self._is_in(attempt):
            self._ask(verb, on=True)
            self._desk.after(self._hands.uniform(1.0, 8.0), lambda: self._let_go(attempt, verb))

    def _let_go(self, attempt: str, verb: str) -> None:
        if self._is_in(attempt):
            self._ask(verb, on=False)

    def _is_in(self, attempt: str) -> bool:
        call = self.state.get("call")
        return bool(call and call["attempt"] == attempt and call["state"] != "ended")

    def _hang_up(self, attempt: str) -> None:
        if self._is_in(attempt):
            self._ask("hangup")

    def _result(self, attempt: str) -> None:
        call = self.state.get("call")
        if not call or call["attempt"] != attempt or attempt in self._given:
            return
        self._given.add(attempt)
        code = self._random.choices(RESULTS, RESULT_SHARES)[0]
        if code == "callback" and not self._habits.promises:
            code = "thinking"
        args: Json = {"attempt": attempt, "result": code}
        if code == "callback":
            later = timedelta(seconds=self._random.uniform(20.0, 90.0))
            args |= {"callback_at": to_text(self._desk.utc + later), "callback_mine": True}
        self._ask("result", **args)
        if self._random.random() < self._habits.undoes:
            span_s = self._random.uniform(0.5, 12.0)
            self._desk.after(span_s, lambda: self._ask("undo_result", attempt=attempt))
