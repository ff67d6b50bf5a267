"""More than two in a call: a supervisor beside an operator, a colleague asked in or given the call.

Who hears whom in each role is `core.hearing`'s word, whose the call is `core.call`'s; here asks become
orders to the engine, and what the engine tells becomes facts: who was in whose call, when, in which
role. A guest has the call in hand until the engine says that they left, or the call is over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from vyzov.core import agent as ca
from vyzov.core import call_events as ce
from vyzov.core.call import CallState
from vyzov.core.facts import FactKind
from vyzov.core.hearing import GUESTS_MAX, GuestRole, hears, is_supervising
from vyzov.core.instants import to_text
from vyzov.dialer import ports
from vyzov.dialer.agents import Agents
from vyzov.dialer.calls import Calls
from vyzov.dialer.effects import Ask
from vyzov.dialer.live_call import Guest, GuestEvent
from vyzov.dialer.ports import Json
from vyzov.dialer.room import LiveAgent, LiveCall
from vyzov.dialer.scene import Scene

COLLEAGUES_MAX = 200
"""How many free colleagues are named to who looks for one."""

SUPERVISING = {role.value: role for role in GuestRole if is_supervising(role)}
WITH_A_TALK = (CallState.TALKING, CallState.AGENT_AWAY)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an ask changes nothing: a code for the screen, what is so, and what to do next."""

    code: str
    what: str
    next_step: str


class _Refused(Exception):
    """An ask changes nothing."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.what)
        self.why = why


NO_CALL = Refusal("no_call", "There is no call in hand.", "Wait for the next call.")
NOT_TALKING = Refusal("not_talking", "This agent is in no call now.", "Choose one who talks.")
NO_DEVICE = Refusal("no_device", "Your phone is not connected.", "Connect it on your desk first.")
BUSY = Refusal("in_a_call", "You have a call in hand.", "Finish it first.")
FULL = Refusal("call_full", "Four are in this call already.", "Wait until one of them leaves.")
NOT_FREE = Refusal("not_free", "This colleague is not free now.", "Choose somebody else.")
NO_GUEST = Refusal("no_guest", "Nobody was called in.", "Call a colleague first.")
NOT_A_GUEST = Refusal("not_a_guest", "You are in nobody's call.", "Choose a call first.")
NOT_YOURS = Refusal(
    "guest", "This is your colleague's call.", "Ask them, or let them hand it over."
)


class Guests:
    """All guests of a floor's calls."""

    def __init__(self, scene: Scene, agents: Agents, calls: Calls) -> None:
        self._scene = scene
        self._agents = agents
        self._calls = calls
        self._hosts: dict[str, LiveCall] = {}
        """The call each guest is in, or on the way into."""
        calls.guest_told = self.told
        self.verbs: Mapping[str, Callable[[Ask, LiveAgent], None]] = {
            "listen": self._answering(self._listen),
            "take_call": self._answering(self._take_call),
            "leave": self._answering(self._leave),
            "colleagues": self._colleagues,
            "consult": self._answering(self._consult),
            "consult_end": self._answering(self._consult_end),
            "conference": self._answering(self._conference),
            "transfer": self._answering(self._transfer),
        }

    def _answering(self, act: Callable[[Ask, LiveAgent], Json]) -> Callable[[Ask, LiveAgent], None]:
        def answer(ask: Ask, found: LiveAgent) -> None:
            try:
                told = act(ask, found)
            except _Refused as no:
                self._scene.out.refuse(ask.ask, no.why.code, no.why.what, no.why.next_step)
            else:
                self._scene.out.reply(ask.ask, **told)

        return answer

    def is_for_guest(self, ask: Ask, found: LiveAgent) -> bool:
        """Answers what means something else to a guest than to whose call it is; False for the rest."""
        host = self._hosts.get(found.agent.id)
        attempt = str(ask.args.get("attempt") or "")
        if ask.do == "desk.result" and self._is_not_theirs(found, attempt):
            self._answering(_refuse_guest)(ask, found)
            return True
        if host is None:
            return False
        if ask.do == "desk.hangup":
            self._answering(self._leave)(ask, found)
            return True
        if ask.do in ("desk.hold", "desk.digits"):
            self._answering(_refuse_guest)(ask, found)
            return True
        return False

    def _is_not_theirs(self, found: LiveAgent, attempt: str) -> bool:
        """True for a result of a call an agent is a guest in, or has given away."""
        host = self._hosts.get(found.agent.id)
        if host is not None and host.call.id == attempt:
            return True
        last = found.last
        return last is not None and last.call.id == attempt and found.agent.id in last.given_by

    # ---- the supervisor

    def _listen(self, ask: Ask, found: LiveAgent) -> Json:
        """Enters a call, or changes the role there."""
        role = SUPERVISING.get(str(ask.args.get("how")), GuestRole.LISTEN)
        live = self._call_of(ask)
        leg = _device_of(found)
        if self._hosts.get(ask.user) is not live:
            if len(live.guests) >= GUESTS_MAX:
                raise _Refused(FULL)
            self._come_in(found, live)
        live.guests[ask.user] = Guest(leg, role, live.guests[ask.user].before)
        self._order(live)
        return {"attempt": live.call.id, "how": role.value}

    def _come_in(self, found: LiveAgent, live: LiveCall) -> None:
        """Takes a supervisor out of another call they listen to, and into this one."""
        me = found.agent.id
        before = self._hosts.get(me)
        if before is not None:
            self._let_out(before, me)
            self._order(before)
        if found.agent.work is not ca.Work.NONE:
            raise _Refused(BUSY)
        live.guests[me] = Guest(_device_of(found), GuestRole.LISTEN, found.last)
        self._hosts[me] = live
        found.last = live
        self._agents.step(me, ca.Listens(live.call.id))

    def _take_call(self, ask: Ask, found: LiveAgent) -> Json:
        """Takes a call over: its operator is free, the supervisor goes on with the customer."""
        live = self._call_of(ask)
        _device_of(found)
        if self._hosts.get(ask.user) is not live:
            self._come_in(found, live)
        self._give(live, found, "taken")
        return {"attempt": live.call.id}

    def _leave(self, ask: Ask, _found: LiveAgent) -> Json:
        """Leaves somebody's call."""
        live = self._hosts.get(ask.user)
        if live is None:
            raise _Refused(NOT_A_GUEST)
        self._let_out(live, ask.user)
        self._order(live)
        return {"attempt": live.call.id}

    def _call_of(self, ask: Ask) -> LiveCall:
        """The talk of the agent an ask names."""
        whose = str(ask.args.get("agent") or "")
        found = self._scene.room.agents.get(whose)
        live = self._scene.room.calls.get(found.agent.call or "") if found else None
        if live is None or live.agent != whose or whose == ask.user:
            raise _Refused(NOT_TALKING)
        if live.call.state not in WITH_A_TALK:
            raise _Refused(NOT_TALKING)
        return live

    # ---- the operator

    def _colleagues(self, ask: Ask, found: LiveAgent) -> None:
        """Names those who could be called in now."""
        free = sorted(self._scene.room.free.values(), key=lambda one: one.name)
        self._scene.out.reply(
            ask.ask,
            colleagues=[
                {"id": one.agent.id, "name": one.name}
                for one in free[:COLLEAGUES_MAX]
                if one is not found
            ],
        )

    def _consult(self, ask: Ask, found: LiveAgent) -> Json:
        """Calls a colleague in while the customer hears music."""
        live, colleague = self._own_call(ask, found), self._free_colleague(ask)
        if len(live.guests) >= GUESTS_MAX:
            raise _Refused(FULL)
        me = colleague.agent.id
        live.guests[me] = Guest(_device_of(colleague), GuestRole.CONSULT, colleague.last)
        self._hosts[me] = live
        colleague.last = live
        self._agents.step(me, ca.Reserve(live.call.id))
        self._hold(live, on=True)
        self._order(live, cue=True)
        return {"attempt": live.call.id, "agent": me}

    def _consult_end(self, ask: Ask, found: LiveAgent) -> Json:
        """Goes back to the customer without the colleague."""
        live = self._own_call(ask, found)
        self._let_out(live, self._called_in(live))
        self._order(live)
        self._hold(live, on=False)
        return {"attempt": live.call.id}

    def _conference(self, ask: Ask, found: LiveAgent) -> Json:
        """Lets the colleague and the customer hear each other, or not again."""
        live = self._own_call(ask, found)
        on, who = bool(ask.args.get("on", True)), self._called_in(live)
        role = GuestRole.CONFERENCE if on else GuestRole.CONSULT
        live.guests[who] = Guest(live.guests[who].leg, role, live.guests[who].before)
        self._order(live)
        self._hold(live, on=not on)
        return {"attempt": live.call.id, "on": on}

    def _transfer(self, ask: Ask, found: LiveAgent) -> Json:
        """Gives the call to the colleague who was called in, or unasked to one who is free."""
        live = self._own_call(ask, found)
        if ask.args.get("agent"):
            colleague = self._free_colleague(ask)
            self._agents.step(colleague.agent.id, ca.Reserve(live.call.id))
            how = "blind"
        else:
            colleague = self._scene.room.agents[self._called_in(live)]
            how = "warm"
        self._give(live, colleague, how)
        return {"attempt": live.call.id, "agent": colleague.agent.id, "how": how}

    def _own_call(self, ask: Ask, found: LiveAgent) -> LiveCall:
        live = self._scene.room.calls.get(found.agent.call or "")
        if live is None or live.agent != ask.user or live.call.state is not CallState.TALKING:
            raise _Refused(NO_CALL)
        return live

    def _free_colleague(self, ask: Ask) -> LiveAgent:
        whom = str(ask.args.get("agent") or "")
        colleague = self._scene.room.free.get(whom)
        if colleague is None or whom == ask.user:
            raise _Refused(NOT_FREE)
        return colleague

    def _called_in(self, live: LiveCall) -> str:
        """The colleague in a call, who is no supervisor."""
        for who, guest in live.guests.items():
            if not is_supervising(guest.role):
                return who
        raise _Refused(NO_GUEST)

    # ---- the orders

    def _order(self, live: LiveCall, *, cue: bool = False) -> None:
        """Tells the engine who is beside the two now; told again, it changes nothing."""
        roles = {guest.leg: guest.role for guest in live.guests.values()}
        pairs = hears(live.call.id, live.agent_leg or "", roles)
        words = {leg: role.value for leg, role in roles.items()}
        self._scene.out.verb(ports.SetGuests(live.call.id, words, pairs if words else (), cue))
        self._show(live)

    def _hold(self, live: LiveCall, *, on: bool) -> None:
        self._scene.out.verb(ports.Hold(live.call.id, on))
        if live.agent is not None:
            self._agents.step(live.agent, ca.HoldSet(on))

    def _give(self, live: LiveCall, taker: LiveAgent, how: str) -> None:
        """Hands a call over; with the old bridge every other guest goes."""
        me, giver = taker.agent.id, live.agent
        for who in list(live.guests):
            if who == me:
                del live.guests[me]
                self._hosts.pop(me, None)
            else:
                self._let_out(live, who)
        live.given_by.discard(me)
        if giver is not None:
            live.given_by.add(giver)
        taker.last = live
        taker.day.calls += 1
        self._calls.feed(live, ce.HandedOver(me, how))
        self._scene.room.told_desks.update((me, *((giver,) if giver else ())))

    def _let_out(self, live: LiveCall, who: str) -> None:
        """Frees a guest; the engine is told by whoever calls this."""
        guest = live.guests.pop(who, None)
        self._hosts.pop(who, None)
        found = self._scene.room.agents.get(who)
        if guest is None or found is None:
            return
        found.last = guest.before
        self._agents.release(who, live, wrap_up=False)
        self._show(live, who)

    def _show(self, live: LiveCall, *more: str) -> None:
        who = {*live.guests, *more, *((live.agent,) if live.agent else ())}
        self._scene.room.told_desks.update(who)

    # ---- what the engine tells

    def told(self, live: LiveCall, event: GuestEvent, at: datetime) -> None:
        """Writes down who came and went; a guest who went is free."""
        who = self._scene.room.agent_of_leg(event.guest)
        if isinstance(event, ports.GuestJoined):
            live.inside.setdefault(event.guest, event.at)
            self._fact(live, FactKind.GUEST_JOINED, event, at, {"guest": who, "role": event.role})
            self._came(live, who, event.guest)
            return
        since = live.inside.pop(event.guest, None)
        if since is not None:
            data: Json = {"guest": who, "seconds": round(event.at - since, 3)}
            self._fact(live, FactKind.GUEST_LEFT, event, at, data)
        guest = live.guests.get(who or "")
        if who is not None and guest is not None and guest.leg == event.guest:
            self._let_out(live, who)
        self._show(live)

    def _came(self, live: LiveCall, who: str | None, leg: str) -> None:
        guest = live.guests.get(who or "")
        if who is not None and guest is not None and guest.leg == leg:
            if not is_supervising(guest.role):
                self._agents.step(who, ca.CallJoined(live.call.id))
            self._show(live)

    def _fact(
        self, live: LiveCall, kind: FactKind, event: ports.LegEvent, at: datetime, data: Json
    ) -> None:
        self._scene.call_fact(live, kind, f"{kind.value}:{event.seq}", at, data)

    def order_again(self, seen: ports.Snapshot) -> None:
        """After a link that broke: who the engine has in a call must be who is to be there."""
        for attempt, leg in seen.guests:
            inside = self._scene.room.calls.get(attempt)
            if inside is not None:
                inside.inside.setdefault(leg, seen.at)
        for live in list(self._scene.room.calls.values()):
            if live.call.state is CallState.TALKING and (live.guests or live.inside):
                self._order(live)

    def sweep(self) -> None:
        """Frees guests of calls that are over, whatever the engine failed to tell."""
        for who, live in list(self._hosts.items()):
            if live.finished or live.call.state not in WITH_A_TALK:
                self._let_out(live, who)


def _device_of(found: LiveAgent) -> str:
    if found.agent.device_leg is None:
        raise _Refused(NO_DEVICE)
    return found.agent.device_leg


def _refuse_guest(_ask: Ask, _found: LiveAgent) -> Json:
    raise _Refused(NOT_YOURS)


# ---- what screens show ---------------------------------------------------------------------------


def shown_on_desk(scene: Scene, found: LiveAgent, live: LiveCall) -> Json:
    """Who else is in the call: `guests`; and what the agent is in it where it is not theirs: `as`.

    Whoever only listens is left out where the campaign says so; they see themselves."""
    campaign = scene.room.campaigns.get(live.campaign)
    open_ears = campaign is None or campaign.settings.listening_shown
    mine = live.guests.get(found.agent.id)
    return {
        "as": mine.role.value if mine else None,
        "guests": [
            one
            for one in shown_on_tile(scene, live)
            if open_ears or mine is not None or one["role"] != GuestRole.LISTEN.value
        ],
        "of": _name(scene, live.agent) if mine else None,
    }


def shown_on_tile(scene: Scene, live: LiveCall | None) -> list[Json]:
    """Who is in a call beside the two, with role and since when."""
    if live is None:
        return []
    return [
        {
            "id": who,
            "name": _name(scene, who),
            "role": guest.role.value,
            "since": _since(scene, live.inside.get(guest.leg)),
        }
        for who, guest in live.guests.items()
    ]


def _since(scene: Scene, mono: float | None) -> str | None:
    return None if mono is None else to_text(scene.now.utc_of(mono))


def _name(scene: Scene, agent: str | None) -> str:
    found = scene.room.agents.get(agent or "")
    return found.name if found else ""
