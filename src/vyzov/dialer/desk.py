"""What an agent may ask for at the desk: states, the device, the call in hand, its result.

Each ask is answered once. What must be durable before the person reads "saved" is answered when its
batch is committed; a refusal says what to do next and changes nothing. A result that is sent again
with its idempotency key is saved once, and gets the answer it got.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from vyzov.core import agent as ca
from vyzov.core import call_events as ce
from vyzov.core.disposition import consequences, find_result, may_undo, undo_until
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer import ports
from vyzov.dialer.agents import Agents
from vyzov.dialer.calls import Calls
from vyzov.dialer.desk_phones import DeskPhones
from vyzov.dialer.effects import Ask, Say
from vyzov.dialer.entries import undo_result
from vyzov.dialer.guests import Guests
from vyzov.dialer.phone_records import DeviceKind
from vyzov.dialer.room import LiveAgent, LiveCall, SavedResult
from vyzov.dialer.scene import Scene
from vyzov.dialer.writes import AddDisposition, SetNote, UndoDisposition

NOTE_LENGTH_MAX = 4000
DIGITS = frozenset("0123456789*#")
SDP_LENGTH_MAX = 20_000
OWN_STATES = frozenset({"desk.ready", "desk.pause", "desk.offline"})
SAVED_KEPT = 20
"""Of how many results an agent's repeated requests are recognised."""


class Desk:
    """Carries out the asks of one floor's agents."""

    def __init__(
        self, scene: Scene, agents: Agents, calls: Calls, phones: DeskPhones,
        verbs: Mapping[str, Callable[[Ask, LiveAgent], None]],
    ) -> None:  # fmt: skip
        """`verbs` are those of what else lies on a desk, by name."""
        self._scene = scene
        self._agents = agents
        self._phones = phones
        self._calls = calls
        self._offers: dict[str, str] = {}
        self._is_for_guest: Callable[[Ask, LiveAgent], bool] = lambda *_: False
        self._verbs: dict[str, Callable[[Ask, LiveAgent], None]] = {
            "attach": self._attach,
            "detach": self._detach,
            "ready": self._ready,
            "pause": self._pause,
            "offline": self._offline,
            "offer": self._offer,
            "close_device": self._close_device,
            "take_over": self._take_over,
            "device": phones.choose,
            "ring": phones.ring,
            "hangup": self._hangup,
            "mute": self._mute,
            "hold": self._hold,
            "digits": self._digits,
            "result": self._result,
            "undo_result": self._undo_result,
            "note": self._note,
            "help": self._help,
            "read_message": self._read_message,
            **verbs,
        }

    def admit(self, guests: Guests) -> None:
        """Lets more than two into a call: their verbs, and what others of them mean to a guest."""
        self._verbs |= guests.verbs
        self._is_for_guest = guests.is_for_guest

    def take(self, ask: Ask) -> None:
        """Carries out one ask of the form `desk.VERB`."""
        verb = self._verbs.get(ask.do.removeprefix("desk."))
        if ask.do == "desk.detach" and not ask.user:
            self._gone(ask.connection)
            return
        found = self._scene.room.agents.get(ask.user)
        if verb is None:
            self._refuse(ask, "unknown_verb", f"There is no '{ask.do}'.", "Update the page.")
        elif found is None:
            self._refuse(
                ask, "not_an_agent", "You are not an agent of this floor.",
                "Ask a manager to give you the role operator, then sign in again.",
            )  # fmt: skip
        else:
            if ask.do in OWN_STATES:
                found.inbox.led = None
            if not self._is_for_guest(ask, found):
                verb(ask, found)
            self._scene.room.told_desks.add(ask.user)

    def _refuse(self, ask: Ask, code: str, what: str, next_step: str) -> None:
        self._scene.out.refuse(ask.ask, code, what, next_step)

    # ---- presence

    def _attach(self, ask: Ask, found: LiveAgent) -> None:
        found.connections.add(ask.connection)
        found.left_at = None
        self._agents.noted(found)
        if found.owner not in found.connections:
            found.owner = None
        elsewhere = found.owner is not None and found.owner != ask.connection
        self._scene.out.reply(ask.ask, elsewhere=elsewhere and bool(found.agent.device_leg))

    def _detach(self, ask: Ask, found: LiveAgent) -> None:
        self._leave(found, ask.connection)
        self._scene.out.reply(ask.ask)

    def _gone(self, connection: str) -> None:
        for found in self._scene.room.agents.values():
            if connection in found.connections:
                self._leave(found, connection)

    def _leave(self, found: LiveAgent, connection: str) -> None:
        found.connections.discard(connection)
        if found.owner == connection:
            found.owner = None
        if not found.connections:
            found.left_at = self._scene.now.utc
            self._agents.noted(found)
        self._scene.room.told_desks.add(found.agent.id)

    def _ready(self, ask: Ask, found: LiveAgent) -> None:
        self._agents.step(ask.user, ca.AskReady())
        self._phones.ring_if_needed(found)
        self._scene.out.reply_when_saved(ask.ask, state=ca.state_of(found.agent).value)

    def _pause(self, ask: Ask, found: LiveAgent) -> None:
        reason = str(ask.args.get("reason") or "")[:80]
        self._agents.step(ask.user, ca.AskPause(reason))
        self._scene.out.reply_when_saved(ask.ask, state=ca.state_of(found.agent).value)

    def _offline(self, ask: Ask, found: LiveAgent) -> None:
        self._agents.step(ask.user, ca.AskOffline())
        self._scene.out.reply_when_saved(ask.ask, state=ca.state_of(found.agent).value)

    def _help(self, ask: Ask, found: LiveAgent) -> None:
        found.wants_help = bool(ask.args.get("on"))
        self._scene.out.reply(ask.ask)

    def _read_message(self, ask: Ask, found: LiveAgent) -> None:
        found.inbox.read(str(ask.args.get("message") or ""))
        self._scene.out.reply(ask.ask)

    # ---- the device

    def _offer(self, ask: Ask, found: LiveAgent) -> None:
        sdp = ask.args.get("sdp")
        if not isinstance(sdp, str) or not sdp or len(sdp) > SDP_LENGTH_MAX:
            self._refuse(ask, "bad_offer", "The phone's offer is unreadable.", "Reload the page.")
            return
        if found.device_kind is DeviceKind.PHONE:
            self._refuse(
                ask, "desk_phone", "You talk with your desk phone.",
                "Choose the browser first, then connect it.",
            )  # fmt: skip
            return
        owner = found.owner if found.owner in found.connections else None
        if owner not in (None, ask.connection) and found.agent.device_leg:
            self._refuse(
                ask, "elsewhere", "Your phone is in use in another window.",
                "Go on there, or take it over here.",
            )  # fmt: skip
            return
        leg = self._scene.dice.new_id()
        found.owner, found.pending_leg = ask.connection, leg
        self._offers[leg] = ask.connection
        self._scene.room.devices[leg] = ask.user
        self._scene.out.verb(ports.DeviceOffer(leg=leg, agent=ask.user, sdp=sdp))
        self._scene.out.reply(ask.ask, leg=leg)

    def device_answer(self, event: ports.DeviceAnswer) -> None:
        """Passes the engine's answer to the browser that offered."""
        connection = self._offers.pop(event.leg, None)
        if connection is not None:
            answer = {"device_answer": {"leg": event.leg, "sdp": event.sdp}}
            self._scene.out.effects.append(Say(connection, answer))

    def _close_device(self, ask: Ask, found: LiveAgent) -> None:
        leg = found.agent.device_leg or found.pending_leg
        if leg:
            self._scene.out.verb(ports.DeviceClose(leg))
        self._scene.out.reply(ask.ask)

    def _take_over(self, ask: Ask, found: LiveAgent) -> None:
        if found.owner and found.owner != ask.connection:
            self._scene.out.effects.append(Say(found.owner, {"taken_over": True}))
        found.owner = ask.connection
        self._scene.out.reply(ask.ask)

    # ---- the call in hand

    def _in_hand(self, ask: Ask, found: LiveAgent) -> LiveCall | None:
        live = self._scene.room.calls.get(found.agent.call or "")
        if live is None or found.agent.work is not ca.Work.TALKING:
            self._refuse(ask, "no_call", "There is no call in hand.", "Wait for the next call.")
            return None
        return live

    def _hangup(self, ask: Ask, found: LiveAgent) -> None:
        if found.agent.work is ca.Work.WRAP_UP:
            # The callee hung up in the same moment: what was asked for has happened.
            self._scene.out.reply(ask.ask)
            return
        ringing = self._scene.room.calls.get(found.agent.call or "")
        if ringing is not None and found.agent.work is ca.Work.DIALING:
            self._calls.feed(ringing, ce.Cancel("agent_cancelled"))
            self._scene.out.reply(ask.ask)
            return
        live = self._in_hand(ask, found)
        if live is not None:
            self._calls.feed(live, ce.AgentHangsUp())
            self._scene.out.reply(ask.ask)

    def _mute(self, ask: Ask, found: LiveAgent) -> None:
        on = bool(ask.args.get("on"))
        if self._in_hand(ask, found) is not None and found.agent.device_leg:
            self._scene.out.verb(ports.Mute(found.agent.device_leg, on))
            self._agents.step(ask.user, ca.MuteSet(on))
            self._scene.out.reply(ask.ask)

    def _hold(self, ask: Ask, found: LiveAgent) -> None:
        live = self._in_hand(ask, found)
        on = bool(ask.args.get("on"))
        if live is not None:
            self._scene.out.verb(ports.Hold(live.call.id, on))
            self._agents.step(ask.user, ca.HoldSet(on))
            self._scene.out.reply(ask.ask)

    def _digits(self, ask: Ask, found: LiveAgent) -> None:
        live = self._in_hand(ask, found)
        digits = str(ask.args.get("digits") or "")[:32]
        if live is None:
            return
        if not digits or set(digits) - DIGITS:
            self._refuse(ask, "bad_digits", "Only 0 to 9, * and # can be sent.", "Press a key.")
            return
        self._scene.out.verb(ports.SendDigits(live.call.id, digits))
        self._scene.out.reply(ask.ask)

    # ---- the result

    def _result(self, ask: Ask, found: LiveAgent) -> None:
        attempt = str(ask.args.get("attempt") or "")
        key = str(ask.args.get("key") or "")
        saved = found.saved.get((attempt, key)) if key else None
        if saved is not None:
            self._repeat(ask, saved)
            return
        live = _own_call(found, attempt)
        if live is None or (live.call.talked_with is None and live.agent != ask.user):
            self._refuse(
                ask, "not_your_call", "This call is not yours to give a result to.",
                "Give it to the call on your screen.",
            )  # fmt: skip
            return
        try:
            self._save(ask, found, live)
        except InvalidRequest as error:
            self._refuse(ask, "bad_result", error.what, error.next_step)

    def _repeat(self, ask: Ask, saved: SavedResult) -> None:
        """Answers a request that came before; its first writing may still be under way."""
        if dict(ask.args) != dict(saved.args):
            self._refuse(
                ask, "key_reused", "This was already sent in another form.", "Reload the page."
            )
            return
        # Batches are committed in order, so this one is durable no sooner than the first was.
        self._scene.out.write(saved.write)
        self._scene.out.reply_when_saved(ask.ask, **saved.answer)

    def _save(self, ask: Ask, found: LiveAgent, live: LiveCall) -> None:
        now = self._scene.now.utc
        settings = self._scene.room.campaigns[live.campaign].settings
        result = find_result(settings.results, str(ask.args.get("result") or ""))
        at = ask.args.get("callback_at")
        due = from_text(str(at)) if at else None
        mine = ask.user if ask.args.get("callback_mine") else None
        following = consequences(result, now, due, mine)
        note = str(ask.args.get("note") or "")[:NOTE_LENGTH_MAX]
        key = str(ask.args.get("key") or "")
        saving = _id_by_key(live.call.id, key) if key else self._scene.dice.new_id()
        write = AddDisposition(
            saving, live.call.id, live.contact, ask.user, result.code, now,
            fields=_texts(ask.args.get("fields")), note=note,
        )  # fmt: skip
        self._scene.out.write(write)
        self._scene.call_fact(
            live, FactKind.DISPOSED, f"disposed:{saving}", now,
            {"result": result.code, "group": result.group.value, "by": "agent"},
        )  # fmt: skip
        if note:
            self._scene.out.write(SetNote(live.contact, note))
        self._calls.save_result(live, result.code, following, now, saving)
        found.day.results += 1
        found.resulted, found.undo_until = live, undo_until(now)
        self._agents.step(ask.user, ca.ResultSaved(live.call.id))
        if found.agent.call == live.call.id and found.agent.work is ca.Work.TALKING:
            self._calls.feed(live, ce.AgentHangsUp())
        answer = {
            "attempt": live.call.id, "result": result.code, "undo_until": to_text(undo_until(now)),
        }  # fmt: skip
        if key:
            found.saved[live.call.id, key] = SavedResult(dict(ask.args), write, answer)
            while len(found.saved) > SAVED_KEPT:
                del found.saved[next(iter(found.saved))]
        self._scene.out.reply_when_saved(ask.ask, **answer)

    def _undo_result(self, ask: Ask, found: LiveAgent) -> None:
        live, now = found.resulted, self._scene.now.utc
        saved = found.undo_until
        fitting = live is not None and live.call.id == ask.args.get("attempt") and live.result
        if live is None or not fitting or saved is None or not may_undo(saved, saved):
            self._refuse(ask, "nothing_to_undo", "There is no result to take back.", "Go on.")
            return
        if now > saved:
            self._refuse(
                ask, "too_late", "A result can be taken back for ten seconds.",
                "Ask a supervisor to correct it.",
            )  # fmt: skip
            return
        self._scene.out.write(UndoDisposition(live.call.id, now))
        key = f"undone:{self._scene.dice.new_id()}"
        self._scene.call_fact(live, FactKind.DISPOSITION_UNDONE, key, now, {"result": live.result})
        undo_result(self._scene, live, now, key)
        live.result, found.undo_until = None, None
        found.day.results = max(0, found.day.results - 1)
        self._scene.out.reply_when_saved(ask.ask, attempt=live.call.id)

    def _note(self, ask: Ask, found: LiveAgent) -> None:
        contact = str(ask.args.get("contact") or "")
        held = self._scene.room.cards.get(ask.user)
        shown = {live.contact for live in (found.last, found.resulted) if live}
        if contact not in shown | ({held.card.contact} if held else set()):
            self._refuse(ask, "not_your_contact", "This contact is not on your screen.", "Reload.")
            return
        text = str(ask.args.get("text") or "")[:NOTE_LENGTH_MAX]
        self._scene.out.write(SetNote(contact, text))
        self._scene.out.reply_when_saved(ask.ask)


def _id_by_key(attempt: str, key: str) -> str:
    """The id of the result that one request saves, however often it is sent."""
    return hashlib.sha256(f"{attempt}:{key}".encode()).hexdigest()[:32]


def _own_call(found: LiveAgent, attempt: str) -> LiveCall | None:
    """The call on the agent's screen, or the one whose result was given last."""
    calls = (found.last, found.resulted)
    return next((live for live in calls if live and live.call.id == attempt), None)


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(k)[:80]: str(v)[:1000] for k, v in list(value.items())[:100]}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
