"""An agent: a state that follows from wish, work and leg, and cannot be forgotten."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from core_examples import T0, after
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import agent as ag
from vyzov.core.agent import Agent, AgentState, Wish, Work, is_free, state_of, step
from vyzov.core.errors import ImpossibleEvent
from vyzov.core.facts import FactKind

TEN = timedelta(seconds=10)


def drive(agent: Agent, *events: ag.AgentEvent, at: float = 0.0) -> Agent:
    for event in events:
        agent, _ = step(agent, event, after(at))
    return agent


def ready() -> Agent:
    return drive(Agent("ann", T0), ag.AskReady(), ag.DeviceUp("leg-1"))


def talking() -> Agent:
    return drive(ready(), ag.Reserve("c1"), ag.CallJoined("c1"))


def writing() -> Agent:
    return drive(talking(), ag.CustomerGone("c1", TEN))


def test_signing_in_without_a_device_is_not_yet_ready() -> None:
    agent, commands = step(Agent("ann", T0), ag.AskReady(), after(3))
    assert state_of(agent) is AgentState.NO_DEVICE
    assert commands == (
        ag.RecordPresence(FactKind.AGENT_SIGNED_IN),
        ag.RecordAgentState(AgentState.NO_DEVICE, AgentState.OFFLINE, timedelta(seconds=3), ""),
    )
    assert agent.since == after(3)
    agent, commands = step(agent, ag.DeviceUp("leg-1"), after(4))
    assert is_free(agent)
    assert commands[0] == ag.RecordPresence(FactKind.DEVICE_UP, "leg-1")


def test_only_a_ready_agent_who_can_be_reached_is_free() -> None:
    assert is_free(ready())
    assert not is_free(drive(ready(), ag.AskPause("lunch")))
    assert not is_free(drive(ready(), ag.DeviceDown("leg-1")))
    assert not is_free(drive(ready(), ag.Reserve("c1")))
    assert not is_free(talking())
    assert not is_free(writing())


def test_a_busy_agent_cannot_be_given_a_second_call() -> None:
    with pytest.raises(ImpossibleEvent, match="'talking'"):
        drive(talking(), ag.Reserve("c2"))


def test_a_lost_reservation_frees_only_its_own_call() -> None:
    agent = drive(ready(), ag.Reserve("c1"))
    assert drive(agent, ag.ReservationLost("c2")) == agent
    assert is_free(drive(agent, ag.ReservationLost("c1")))
    assert is_free(drive(agent, ag.CustomerGone("c1", TEN)))


def test_a_talk_ends_in_wrap_up_and_wrap_up_by_its_result() -> None:
    agent, commands = step(talking(), ag.CustomerGone("c1", TEN), after(60))
    assert state_of(agent) is AgentState.WRAP_UP
    assert ag.ArmWrapUp(after(70)) in commands
    agent = drive(agent, ag.ResultSaved("other"))
    assert state_of(agent) is AgentState.WRAP_UP
    assert is_free(drive(agent, ag.ResultSaved("c1")))


def test_wrap_up_ends_by_itself_but_not_by_an_old_timer() -> None:
    agent = drive(writing(), ag.WrapUpOver(), at=9)
    assert state_of(agent) is AgentState.WRAP_UP
    assert is_free(drive(agent, ag.WrapUpOver(), at=10))


def test_an_agent_can_take_more_time_to_write_up() -> None:
    agent, commands = step(writing(), ag.WrapUpExtended(TEN), after(5))
    assert commands == (ag.ArmWrapUp(after(20)),)
    assert state_of(drive(agent, ag.WrapUpOver(), at=15)) is AgentState.WRAP_UP
    assert drive(ready(), ag.WrapUpExtended(TEN)) == ready()


def test_a_result_saved_in_the_talk_makes_wrap_up_needless() -> None:
    agent = drive(talking(), ag.ResultSaved("c1"), ag.CustomerGone("c1", TEN))
    assert is_free(agent)
    assert not agent.result_saved


def test_no_wrap_up_time_means_none() -> None:
    assert is_free(drive(talking(), ag.CustomerGone("c1", timedelta())))


def test_news_of_another_call_changes_nothing() -> None:
    agent = talking()
    for event in (ag.CallJoined("c2"), ag.CustomerGone("c2", TEN), ag.ReservationLost("c1")):
        assert drive(agent, event) == agent
    reserved = drive(ready(), ag.Reserve("c1"))
    for event in (ag.CallJoined("c2"), ag.CustomerGone("c2", TEN), ag.ResultSaved("c1")):
        assert drive(reserved, event) == reserved


def test_a_result_of_an_earlier_call_does_not_skip_the_wrap_up_of_this_one() -> None:
    agent = drive(talking(), ag.ResultSaved("c0"), ag.CustomerGone("c1", TEN))
    assert state_of(agent) is AgentState.WRAP_UP


def reading() -> Agent:
    return drive(ready(), ag.ShowCard("k1"))


def test_who_reads_a_card_is_not_free_and_not_in_a_call() -> None:
    agent = reading()
    assert (state_of(agent), agent.card, agent.call) == (AgentState.PREVIEWING, "k1", None)
    assert not is_free(agent)
    assert drive(agent, ag.CardGone("another")) == agent
    assert is_free(drive(agent, ag.CardGone("k1")))


def test_a_card_is_shown_only_to_somebody_who_is_free() -> None:
    for agent in (talking(), reading(), drive(ready(), ag.AskPause("lunch"))):
        with pytest.raises(ImpossibleEvent):
            drive(agent, ag.ShowCard("k2"))
    with pytest.raises(ImpossibleEvent):
        drive(talking(), ag.Dial("c2"))


@pytest.mark.parametrize(
    ("event", "why", "state"),
    [
        (ag.AskPause("tea"), "pause", AgentState.PAUSE),
        (ag.AskOffline(), "signed_out", AgentState.OFFLINE),
        (ag.DeviceDown("leg-1"), "device_lost", AgentState.NO_DEVICE),
        (ag.CallJoined("c9"), "call", AgentState.TALKING),
    ],
)
def test_whoever_goes_from_a_card_lays_it_down_at_once(
    event: ag.AgentEvent, why: str, state: AgentState
) -> None:
    agent, commands = step(reading(), event, T0)
    assert (agent.card, state_of(agent)) == (None, state)
    assert commands[0] == ag.ReturnCard("k1", why)
    assert drive(agent, ag.CardGone("k1")) == agent, "its end is no news any more"


def test_a_call_asked_for_by_its_agent_is_theirs_from_the_dialling_on() -> None:
    agent = drive(reading(), ag.Dial("c1"))
    assert (state_of(agent), agent.card, agent.call) == (AgentState.DIALING, None, "c1")
    assert state_of(drive(agent, ag.CallJoined("c1"))) is AgentState.TALKING
    assert is_free(drive(agent, ag.ReservationLost("c1")))
    assert is_free(drive(agent, ag.CustomerGone("c1", TEN)))
    assert drive(agent, ag.ReservationLost("c2")) == agent
    assert state_of(drive(ready(), ag.Dial("c1"))) is AgentState.DIALING


def test_a_pause_asked_for_while_it_rings_comes_after_the_call() -> None:
    agent = drive(reading(), ag.Dial("c1"), ag.AskPause("tea"))
    assert state_of(agent) is AgentState.DIALING
    assert state_of(drive(agent, ag.ReservationLost("c1"))) is AgentState.PAUSE


def test_a_bridge_found_after_a_restart_is_taken_up() -> None:
    agent = drive(ready(), ag.CallJoined("c9"))
    assert (agent.work, agent.call) == (Work.TALKING, "c9")


def test_a_pause_asked_for_in_a_talk_begins_after_the_wrap_up() -> None:
    agent = drive(talking(), ag.AskPause("lunch"))
    assert state_of(agent) is AgentState.TALKING
    assert agent.pause_after
    agent = drive(agent, ag.CustomerGone("c1", TEN))
    assert state_of(agent) is AgentState.WRAP_UP
    agent, commands = step(agent, ag.ResultSaved("c1"), after(5))
    assert state_of(agent) is AgentState.PAUSE
    assert not agent.pause_after
    recorded = [one for one in commands if isinstance(one, ag.RecordAgentState)]
    assert recorded[0].reason == "lunch"


def test_pause_after_the_call_can_be_set_and_taken_back() -> None:
    agent = drive(talking(), ag.SetPauseAfter(on=True), ag.SetPauseAfter(on=False))
    assert is_free(drive(agent, ag.CustomerGone("c1", timedelta())))
    assert drive(ready(), ag.SetPauseAfter(on=True)) == ready()


def test_asking_for_calls_again_forgets_the_pause_to_come() -> None:
    agent = drive(talking(), ag.AskPause("lunch"), ag.AskReady())
    assert is_free(drive(agent, ag.CustomerGone("c1", timedelta())))


def test_signing_out_in_a_talk_waits_for_its_end_and_closes_the_leg() -> None:
    agent, commands = step(talking(), ag.AskOffline(), after(5))
    assert state_of(agent) is AgentState.TALKING
    assert commands == (ag.RecordPresence(FactKind.AGENT_SIGNED_OUT),)
    agent, commands = step(agent, ag.CustomerGone("c1", timedelta()), after(9))
    assert state_of(agent) is AgentState.OFFLINE
    assert ag.CloseDevice("leg-1") in commands


def test_signing_out_forgets_the_pause_to_come() -> None:
    agent = drive(talking(), ag.AskPause("lunch"), ag.AskOffline())
    agent = drive(agent, ag.CustomerGone("c1", timedelta()))
    assert state_of(agent) is AgentState.OFFLINE
    assert agent.pause_reason == ""


def test_a_pause_that_is_over_has_no_reason() -> None:
    assert drive(ready(), ag.AskPause("lunch"), ag.AskReady()).pause_reason == ""


def test_a_pause_asked_for_after_signing_out_means_staying() -> None:
    agent, commands = step(drive(talking(), ag.AskOffline()), ag.AskPause("tea"), after(5))
    assert commands == (ag.RecordPresence(FactKind.AGENT_SIGNED_IN),)
    assert state_of(drive(agent, ag.CustomerGone("c1", timedelta()))) is AgentState.PAUSE


def test_signing_out_at_rest_takes_effect_at_once() -> None:
    agent, commands = step(ready(), ag.AskOffline(), after(5))
    assert state_of(agent) is AgentState.OFFLINE
    assert commands[0] == ag.CloseDevice("leg-1")
    without = drive(ready(), ag.DeviceDown("leg-1"))
    assert ag.CloseDevice("leg-1") not in step(without, ag.AskOffline(), after(6))[1]


def test_a_new_leg_takes_the_place_of_the_old_one() -> None:
    agent, commands = step(ready(), ag.DeviceUp("leg-2"), after(5))
    assert commands == (
        ag.CloseDevice("leg-1"),
        ag.RecordPresence(FactKind.DEVICE_UP, "leg-2"),
    )
    assert not drive(ready(), ag.MuteSet(on=True), ag.DeviceUp("leg-2")).muted
    assert drive(agent, ag.DeviceDown("leg-1")) == agent
    assert drive(agent, ag.DeviceUp("leg-2")) == agent
    assert state_of(drive(agent, ag.DeviceDown("leg-2"))) is AgentState.NO_DEVICE


def test_hold_and_mute_belong_to_the_talk() -> None:
    agent = drive(talking(), ag.HoldSet(on=True), ag.MuteSet(on=True))
    assert state_of(agent) is AgentState.HOLD
    assert agent.muted
    assert state_of(drive(agent, ag.HoldSet(on=False))) is AgentState.TALKING
    ended = drive(agent, ag.CustomerGone("c1", TEN))
    assert (ended.held, ended.muted) == (False, False)
    freed = drive(agent, ag.CustomerGone("c1", timedelta()))
    assert (freed.held, freed.muted) == (False, False)
    assert drive(ready(), ag.HoldSet(on=True)) == ready()


def test_the_time_in_a_state_counts_from_its_change() -> None:
    agent = drive(ready(), ag.MuteSet(on=True), at=50)
    assert agent.since == after(0)
    _, commands = step(agent, ag.AskPause("tea"), after(60))
    assert commands == (
        ag.RecordAgentState(AgentState.PAUSE, AgentState.READY, timedelta(seconds=60), "tea"),
    )


calls = st.sampled_from(["c1", "c2"])
legs = st.sampled_from(["leg-1", "leg-2"])
EVENTS: st.SearchStrategy[ag.AgentEvent] = st.one_of(
    st.sampled_from([ag.AskReady(), ag.AskPause("tea"), ag.AskOffline(), ag.WrapUpOver()]),
    st.builds(ag.SetPauseAfter, st.booleans()),
    st.builds(ag.DeviceUp, legs),
    st.builds(ag.DeviceDown, legs),
    st.builds(ag.Reserve, calls),
    st.builds(ag.ReservationLost, calls),
    st.builds(ag.CallJoined, calls),
    st.builds(ag.CustomerGone, calls, st.sampled_from([timedelta(), TEN])),
    st.builds(ag.ResultSaved, calls),
    st.builds(ag.HoldSet, st.booleans()),
    st.builds(ag.MuteSet, st.booleans()),
)


@given(st.lists(st.tuples(EVENTS, st.sampled_from([0, 1, 20])), max_size=30))
def test_an_agents_recorded_states_are_a_chain_without_gaps(
    history: list[tuple[ag.AgentEvent, int]],
) -> None:
    agent, now = Agent("ann", T0), T0
    chain: list[tuple[ag.RecordAgentState, datetime]] = []
    for event, waited in history:
        now += timedelta(seconds=waited)
        try:
            agent, commands = step(agent, event, now)
        except ImpossibleEvent:
            assert isinstance(event, ag.Reserve)
            continue
        chain += [(one, now) for one in commands if isinstance(one, ag.RecordAgentState)]
        assert (agent.call is None) == (agent.work is Work.NONE)
        assert (agent.wrap_up_until is None) == (agent.work is not Work.WRAP_UP)
        assert not agent.pause_after or agent.work is not Work.NONE
        assert not agent.held or agent.work is Work.TALKING
    state = AgentState.OFFLINE
    for change, _ in chain:
        assert change.before is state
        state = change.state
    assert state is state_of(agent)
    lasted = sum((change.lasted for change, _ in chain), timedelta())
    assert T0 + lasted == agent.since
    assert agent.wish in Wish


def test_moments_of_an_agent_are_told_again_by_a_clock_that_was_set() -> None:
    hour = timedelta(hours=1)
    back, talker = ag.retold(writing(), -hour), ag.retold(talking(), hour)
    assert (back.since, back.wrap_up_until) == (T0 - hour, T0 + TEN - hour)
    assert (talker.since, talker.wrap_up_until) == (T0 + hour, None)


def test_whoever_is_free_is_ready_and_nobody_else() -> None:
    for work, wish, leg in product(Work, Wish, (None, "", "leg")):
        agent = Agent("ann", T0, wish=wish, work=work, device_leg=leg)
        assert is_free(agent) is (state_of(agent) is AgentState.READY)


def listening() -> Agent:
    return drive(ready(), ag.Listens("c1"))


def test_who_listens_to_a_colleague_gets_no_call_and_is_free_when_it_ends() -> None:
    agent = listening()
    assert state_of(agent) is AgentState.LISTENING
    assert not is_free(agent)
    with pytest.raises(ImpossibleEvent, match="'listening'"):
        drive(agent, ag.Reserve("c2"))
    with pytest.raises(ImpossibleEvent, match="'talking'"):
        drive(talking(), ag.Listens("c2"))
    assert drive(agent, ag.CustomerGone("c2", TEN), ag.CallJoined("c2")) == agent
    assert is_free(drive(agent, ag.CustomerGone("c1", TEN)))
    # From a pause as well: who supervises is not to be given calls.
    paused = drive(Agent("sue", T0), ag.AskPause("floor"), ag.Listens("c1"))
    assert state_of(paused) is AgentState.LISTENING
    assert state_of(drive(paused, ag.CustomerGone("c1", TEN))) is AgentState.PAUSE


def test_who_takes_over_the_call_they_listened_to_talks_and_writes_it_up() -> None:
    agent = drive(listening(), ag.CallJoined("c1"))
    assert state_of(agent) is AgentState.TALKING
    assert state_of(drive(agent, ag.CustomerGone("c1", TEN))) is AgentState.WRAP_UP
