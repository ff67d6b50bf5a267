"""Writes docs/reference/state-tables.md by running every pair of a state and a sample event.

The tables cannot be wrong about the code: each cell is what `step` did with a sample of that
state. Run it after a change of a machine; a test fails while the page is older than the code.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vyzov.core import agent as ag
from vyzov.core import call_events as ev
from vyzov.core import contact as ct
from vyzov.core import preview as pv
from vyzov.core import trunk as tr
from vyzov.core.call import Call, CallPlan, CallState
from vyzov.core.call import start as start_call
from vyzov.core.call import step as step_call
from vyzov.core.callback import Promise
from vyzov.core.campaign import CampaignEvent, CampaignState, ClassifyMode, DialMode, campaign_step
from vyzov.core.disposition import CloseContact
from vyzov.core.errors import ImpossibleEvent, InvalidRequest
from vyzov.core.flow import Flow
from vyzov.core.outcome import AnswerClass, Outcome
from vyzov.core.redial import Again, Closed, RedialPolicy

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "state-tables.md"
T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NO_CHANGE, IMPOSSIBLE = "·", "✗"

FLOW = Flow.from_json(
    {
        "start": "offer",
        "steps": {
            "offer": {
                "do": "announce",
                "prompt": "offer",
                "keys": {"1": "operator", "9": "stop"},
                "on_silence": "bye",
            },
            "operator": {"do": "connect", "prompt": "please_wait"},
            "stop": {"do": "suppress", "prompt": "removed"},
            "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
        },
    }
)


@dataclass(frozen=True, slots=True)
class Table:
    """A machine's table: columns are states, rows are events."""

    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]

    def lines(self) -> list[str]:
        """Returns the table in markdown."""
        return [
            f"## {self.title}",
            "",
            self.about,
            "",
            f"| event | {' | '.join(self.columns)} |",
            f"|{'---|' * (len(self.columns) + 1)}",
            *(f"| {name} | {' | '.join(cells)} |" for name, cells in self.rows),
            "",
        ]


def name_of(event: object) -> str:
    """Returns the event as it reads in a table: its name and what tells it from its siblings."""
    told = [
        str(getattr(event, field))
        for field in ("answer_class", "detail", "digit", "side", "stage", "code", "on")
        if getattr(event, field, "") not in ("", None)
    ]
    return f"{type(event).__name__}({', '.join(told)})" if told else type(event).__name__


def cell(before: str, after: str, commands: Iterable[str]) -> str:
    """Returns one cell: the new state where it changed, then the commands."""
    words = ([] if before == after else [f"**{after}**"]) + list(dict.fromkeys(commands))
    return " ".join(words) or NO_CHANGE


# ---- the call ------------------------------------------------------------------------------------


def drive(plan: CallPlan, *events: ev.Event) -> Call:
    """Returns a call after these events, a second apart."""
    call = start_call("call", DialMode.PROGRESSIVE, plan, T0)
    for place, event in enumerate(events):
        call, _ = step_call(call, event, T0 + place * SECOND)
    return call


def sample_calls() -> dict[str, Call]:
    """Returns a call in each state; *waiting* is there twice, without and with an agent."""
    plain, rang = CallPlan(), (ev.Reserved(), ev.Dialing("id"), ev.Ringing())
    listening = CallPlan(classify=ClassifyMode.CLASSIFY_FIRST)
    answered = (*rang, ev.Answered())
    talk = (*answered, ev.AgentFound("ann"), ev.BridgeJoined("ann"))
    return {
        "reserving": drive(plain),
        "dialing": drive(plain, ev.Reserved()),
        "ringing": drive(plain, *rang),
        "classifying": drive(listening, *answered),
        "waiting": drive(plain, *answered),
        "waiting, agent found": drive(plain, *answered, ev.AgentFound("ann")),
        "talking": drive(plain, *talk),
        "agent_away": drive(plain, *talk, ev.AgentGone("ann")),
        "in_flow": drive(CallPlan(flow=FLOW), *answered),
        "farewell": drive(plain, *answered, ev.Cancel("pause")),
        "closing": drive(plain, *rang, ev.Cancel("pause")),
        "ended": drive(plain, *rang, ev.Failed(486)),
    }


CALL_EVENTS: tuple[ev.Event, ...] = (
    ev.Refused("stale"),
    ev.Dialing("id"),
    ev.Ringing(183, early_media=True),
    ev.Answered(),
    ev.Failed(486, stage="trying"),
    ev.Failed(487, stage="cancelled"),
    ev.Ended("far"),
    ev.Ended("engine"),
    ev.Digit("9"),
    ev.Classified(AnswerClass.HUMAN),
    ev.Classified(AnswerClass.MACHINE),
    ev.Classified(AnswerClass.SILENCE),
    ev.PlayFinished("1:safe_harbour"),
    ev.SafeHarbourHeard(),
    ev.OneWay("far"),
    ev.BridgeJoined("ann"),
    ev.BridgeLeft("ann"),
    ev.AgentGone("ann"),
    ev.AgentBack("ann"),
    ev.EngineLost(),
    ev.Reserved(),
    ev.ReserveRefused("stop_list"),
    ev.AgentFound("bob"),
    ev.NobodyYet(),
    ev.AgentHangsUp(),
    ev.HandedOver("bob", "warm"),
    ev.Cancel("pause"),
    ev.DeadlinePassed(),
    ev.NoNews(),
)


def call_cell(call: Call, event: ev.Event) -> str:
    """Runs one pair; the deadline is taken to have just passed, other events come a second later."""
    late = isinstance(event, ev.DeadlinePassed) and call.deadline
    now = call.deadline if late and call.deadline else T0 + 4.5 * SECOND
    try:
        moved, commands = step_call(call, event, now)
    except ImpossibleEvent:
        return IMPOSSIBLE
    changed = cell(call.state.value, moved.state.value, [call_word(one) for one in commands])
    if changed == NO_CHANGE and moved != call:
        return "noted"
    return changed


def call_word(command: ev.Command) -> str:
    """Returns a command as a word: facts as +kind, the rest as !name."""
    match command:
        case ev.Record(kind):
            return f"+{kind.value}"
        case ev.Finish(outcome, detail):
            return f"!Finish({outcome.value}, {detail})"
        case _:
            return f"!{type(command).__name__}"


def call_table() -> Table:
    """Returns the table of the call machine."""
    calls = sample_calls()
    missing = {state.value for state in CallState} - {call.state.value for call in calls.values()}
    assert not missing, f"no sample of a call in {missing}"
    return Table(
        "The call",
        "The rows down to `EngineLost` are the world's events and have an answer in every state; "
        "the others are our own. In *closing* we have cancelled a ringing call; *ended* was busy.",
        list(calls),
        [(name_of(one), [call_cell(call, one) for call in calls.values()]) for one in CALL_EVENTS],
    )


# ---- the contact ---------------------------------------------------------------------------------


def contact_table() -> Table:
    """Returns the table of a contact in a campaign."""
    fresh, promise = ct.Entry("contact", "campaign"), Promise(T0 + 3600 * SECOND, "ann")
    in_call = _entry(fresh, ct.AttemptReserved())
    again = ct.AttemptFinished(Outcome.BUSY, Again(T0 + 600 * SECOND))
    done = ct.AttemptFinished(Outcome.ANSWERED_HUMAN, Closed("reached"))
    entries = [
        fresh,
        _entry(in_call, again),
        in_call,
        _entry(fresh, ct.CallbackPromised(promise)),
        _entry(in_call, done),
    ]
    assert [entry.state for entry in entries] == list(ct.EntryState)
    events: list[tuple[str, ct.EntryEvent]] = [
        ("AttemptReserved", ct.AttemptReserved()),
        ("AttemptFinished(busy, again)", again),
        ("AttemptFinished(answered_human, closed)", done),
        ("FailedOver", ct.FailedOver("attempt", ("trunk",))),
        ("Disposed(close)", ct.Disposed((CloseContact("agreed"),), RedialPolicy())),
        ("CallbackPromised", ct.CallbackPromised(Promise(T0 + 7200 * SECOND))),
        ("StopListed", ct.StopListed()),
        ("Restored(as it was)", ct.Restored(fresh)),
    ]
    return Table(
        "A contact in a campaign",
        "A result said during the call is noted and takes effect when the attempt is final. One that "
        "failed at its trunk (FailedOver) is made again at once and is not counted twice.",
        [entry.state.value for entry in entries],
        [(name, [_entry_cell(entry, event) for entry in entries]) for name, event in events],
    )


def _entry(entry: ct.Entry, event: ct.EntryEvent) -> ct.Entry:
    return ct.step(entry, event, T0)[0]


def _entry_cell(entry: ct.Entry, event: ct.EntryEvent) -> str:
    try:
        moved, commands = ct.step(entry, event, T0)
    except ImpossibleEvent:
        return IMPOSSIBLE
    except InvalidRequest:
        return "refused"
    words = [
        f"!CloseCallback({one.end.value})" if isinstance(one, ct.CloseCallback) else "!OpenCallback"
        for one in commands
    ]
    told = cell(entry.state.value, moved.state.value, words)
    return "noted" if told == NO_CHANGE and moved != entry else told


# ---- the agent -----------------------------------------------------------------------------------

AGENT_EVENTS: tuple[tuple[str, ag.AgentEvent], ...] = (
    ("AskReady", ag.AskReady()),
    ("AskPause", ag.AskPause("lunch")),
    ("AskOffline", ag.AskOffline()),
    ("SetPauseAfter(True)", ag.SetPauseAfter(on=True)),
    ("DeviceUp(another leg)", ag.DeviceUp("leg-2")),
    ("DeviceDown", ag.DeviceDown("leg-1")),
    ("ShowCard", ag.ShowCard("card")),
    ("CardGone", ag.CardGone("card")),
    ("Dial", ag.Dial("call")),
    ("Reserve", ag.Reserve("call")),
    ("Listens", ag.Listens("call")),
    ("ReservationLost", ag.ReservationLost("call")),
    ("CallJoined", ag.CallJoined("call")),
    ("CustomerGone", ag.CustomerGone("call", 10 * SECOND)),
    ("ResultSaved", ag.ResultSaved("call")),
    ("WrapUpOver", ag.WrapUpOver()),
    ("WrapUpExtended", ag.WrapUpExtended(10 * SECOND)),
    ("HoldSet(True)", ag.HoldSet(on=True)),
    ("HoldSet(False)", ag.HoldSet(on=False)),
    ("MuteSet(True)", ag.MuteSet(on=True)),
)


def agent_table() -> Table:
    """Returns the table of the agent; its states are derived, so each sample is built by events."""

    def made(*events: ag.AgentEvent) -> ag.Agent:
        agent = ag.Agent("ann", T0)
        for event in events:
            agent, _ = ag.step(agent, event, T0)
        return agent

    ready = (ag.AskReady(), ag.DeviceUp("leg-1"))
    talk = (*ready, ag.Reserve("call"), ag.CallJoined("call"))
    agents = [
        made(),
        made(*ready, ag.AskPause("lunch")),
        made(*ready),
        made(ag.AskReady()),
        made(*ready, ag.ShowCard("card")),
        made(*ready, ag.ShowCard("card"), ag.Dial("call")),
        made(*ready, ag.Reserve("call")),
        made(*talk),
        made(*talk, ag.HoldSet(on=True)),
        made(*talk, ag.CustomerGone("call", 10 * SECOND)),
        made(*ready, ag.Listens("call")),
    ]
    assert [ag.state_of(agent) for agent in agents] == list(ag.AgentState)
    return Table(
        "The agent",
        "Every change of state is also written as the fact `agent_state`. Work comes before the "
        "wish: a pause or a sign-out asked for in a call is noted and takes effect after it.",
        [ag.state_of(agent).value for agent in agents],
        [(name, [_agent_cell(agent, event) for agent in agents]) for name, event in AGENT_EVENTS],
    )


def _agent_cell(agent: ag.Agent, event: ag.AgentEvent) -> str:
    try:
        moved, commands = ag.step(agent, event, agent.wrap_up_until or T0)
    except ImpossibleEvent:
        return IMPOSSIBLE
    words = [
        f"+{one.kind.value}" if isinstance(one, ag.RecordPresence) else f"!{type(one).__name__}"
        for one in commands
        if not isinstance(one, ag.RecordAgentState)
    ]
    told = cell(ag.state_of(agent).value, ag.state_of(moved).value, words)
    return "noted" if told == NO_CHANGE and moved != agent else told


# ---- the card ------------------------------------------------------------------------------------

CARD_EVENTS: tuple[tuple[str, pv.CardEvent], ...] = (
    ("Take", pv.Take(0)),
    ("Skip", pv.Skip(pv.SkipReason.NOT_NOW)),
    ("Postpone", pv.Postpone(Promise(T0 + 7200 * SECOND))),
    ("Stop", pv.Stop()),
    ("TimeOver", pv.TimeOver()),
    ("TimeOver(nobody looks)", pv.TimeOver(watched=False)),
    ("Placed", pv.Placed("attempt")),
    ("Withdraw", pv.Withdraw("pause")),
)


def card_table() -> Table:
    """Returns the table of a card; the last column is one whose time ends in a skip."""
    rules, skipping = pv.PreviewRules(), pv.PreviewRules(at_zero=pv.AtZero.SKIP)
    card = pv.shown("card", "ann", "campaign", "contact", 1, 0, 0, rules, T0)
    taken, _ = pv.step(card, pv.Take(0), rules, T0)
    assert taken is not None, "a card that was taken waits for its line"
    columns = {
        "shown": (card, rules),
        "taken": (taken, rules),
        "shown, skips at zero": (card, skipping),
    }
    return Table(
        "A card before a call",
        "A card that is over is gone; how it ended is also written as the fact `card_over`. Only a "
        "taken card is placed.",
        list(columns),
        [
            (name, [_card_cell(*one, event) for one in columns.values()])
            for name, event in CARD_EVENTS
        ],
    )


def _card_cell(card: pv.Card, rules: pv.PreviewRules, event: pv.CardEvent) -> str:
    moved, commands = pv.step(card, event, rules, card.until)
    words = [
        f"+{one.end.value}" if isinstance(one, pv.CardOver) else f"!{type(one).__name__}"
        for one in commands
    ]
    return cell(card.state.value, moved.state.value if moved else "over", words)


# ---- the campaign --------------------------------------------------------------------------------


def campaign_table() -> Table:
    """Returns the table of a campaign's life."""

    def told(state: CampaignState, event: CampaignEvent) -> str:
        try:
            return cell(state.value, campaign_step(state, event).value, ())
        except InvalidRequest:
            return "refused"

    return Table(
        "The campaign",
        "The first six events are asked for by people, who are told when they cannot be; the "
        "others are found out by the floor and may come late.",
        [state.value for state in CampaignState],
        [(event.value, [told(state, event) for state in CampaignState]) for event in CampaignEvent],
    )


# ---- the trunk -----------------------------------------------------------------------------------


TRUNK_EVENTS: tuple[tr.TrunkEvent, ...] = (
    tr.ProbeAnswered(),
    tr.ProbeMissed(1),
    tr.ProbeMissed(tr.MISSES_DOWN),
    tr.SignedIn(),
    tr.SignedOut(),
    tr.ToldToWait(30.0, 0.0),
    tr.CallPlaced(),
    tr.CallWorked(),
    tr.CallDropped(),
    tr.CallFault(tr.TrunkFault.NO_REPLY),
    tr.OutOfSight(),
    tr.Forgotten(),
)


def trunk_table() -> Table:
    """Returns the table of a trunk's health; `open` and `paused` also end by time alone."""
    new, fault = tr.new_watch(T0), tr.CallFault(tr.TrunkFault.NO_REPLY)
    almost = _watch(new, *[fault] * (tr.FAULTS_OPEN - 1))
    opened = _watch(almost, fault)
    columns = {
        "unknown": (new, T0),
        "up": (_watch(new, tr.ProbeAnswered()), T0),
        f"up, {tr.FAULTS_OPEN - 1} faults": (_watch(almost, tr.ProbeAnswered()), T0),
        "open": (opened, T0),
        "trial": (opened, T0 + tr.OPEN_FIRST),
        "paused": (_watch(new, tr.ToldToWait(60.0, 0.0)), T0),
        "down": (_watch(new, tr.ProbeMissed(tr.MISSES_DOWN)), T0),
    }
    return Table(
        "A trunk",
        "*unknown* and *up* take calls, *trial* takes one at a time, the others none. *open* becomes "
        "*trial*, and *paused* what it was before, when their time is over.",
        list(columns),
        [
            (_trunk_event(event), [_trunk_cell(*at, event) for at in columns.values()])
            for event in TRUNK_EVENTS
        ],
    )


def _watch(watch: tr.TrunkWatch, *events: tr.TrunkEvent) -> tr.TrunkWatch:
    for event in events:
        watch = tr.step(watch, event, T0)
    return watch


def _trunk_event(event: tr.TrunkEvent) -> str:
    match event:
        case tr.ProbeMissed(misses):
            return f"ProbeMissed({misses})"
        case tr.ToldToWait(seconds):
            return f"ToldToWait({seconds:g} s)"
        case _:
            return type(event).__name__


def _trunk_cell(watch: tr.TrunkWatch, now: datetime, event: tr.TrunkEvent) -> str:
    moved = tr.step(watch, event, now)
    told = cell(tr.health(watch, now).value, tr.health(moved, now).value, ())
    return "noted" if told == NO_CHANGE and moved != watch else told


MACHINES: tuple[Callable[[], Table], ...] = (
    call_table,
    contact_table,
    agent_table,
    card_table,
    campaign_table,
    trunk_table,
)


def render() -> str:
    """Returns the whole page."""
    lines = [
        "# State tables",
        "",
        "Generated by `tools/state_tables.py`, which runs every pair of a state and an event.",
        "",
        f"**state**: the machine moves there. {NO_CHANGE}: no change. noted: remembered, the state "
        f"stays. {IMPOSSIBLE}: impossible, a defect of our own code. refused: the asker is told "
        "why. !Command: asked for. +fact: written.",
        "",
    ]
    for machine in MACHINES:
        lines += machine().lines()
    return "\n".join(lines)


def main() -> int:
    """Writes the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
