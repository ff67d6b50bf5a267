"""An answered callee decides by ear alone."""

from collections.abc import Callable

import pytest

from vyzov.simulation.conversation import Act, Conversation, HangUp, Line, Press
from vyzov.simulation.people import Callee, CalleeKind, Plan

FRAME_S = 0.02
Sound = Callable[[float], str]


def plan_of(kind: CalleeKind, seed: int = 4) -> Plan:
    return Callee("+70005550101", kind, seed).plan(1)


def listen(conversation: Conversation, sound: Sound, seconds: float) -> list[tuple[float, Act]]:
    done: list[tuple[float, Act]] = []
    for frame in range(int(seconds / FRAME_S)):
        at = frame * FRAME_S
        done += [(at, act) for act in conversation.step(at, sound(at))]
    return done


def steady(what: str) -> Sound:
    return lambda _at: what


def offer_then(what: str, offer_s: float = 8.0) -> Sound:
    return lambda at: "silence" if at < 1.0 else "offer" if at < 1.0 + offer_s else what


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (CalleeKind.ANSWERS_AND_SPEAKS, "1"),
        (CalleeKind.PRESSES_1, "1"),
        (CalleeKind.PRESSES_2, "2"),
        (CalleeKind.PRESSES_9, "9"),
        (CalleeKind.CHALLENGE_401, "1"),
        (CalleeKind.CHALLENGE_407, "1"),
    ],
)
def test_a_key_is_pressed_only_after_the_offer_was_heard(kind: CalleeKind, key: str) -> None:
    plan = plan_of(kind)
    presses = [
        (at, act)
        for at, act in listen(Conversation(plan), offer_then("please_wait", 3.5), 15)
        if isinstance(act, Press)
    ]
    assert [act for _, act in presses] == [Press(key)]
    assert presses[0][0] == pytest.approx(1.0 + plan.press_after_s, abs=0.05)


def test_no_offer_no_key() -> None:
    acts = listen(Conversation(plan_of(CalleeKind.PRESSES_1)), steady("silence"), 60)
    assert [act for _, act in acts] == [HangUp("silence_on_the_line")]


def test_an_offer_that_goes_on_regardless_gets_the_key_once_more() -> None:
    acts = listen(Conversation(plan_of(CalleeKind.PRESSES_1)), steady("offer"), 20)
    assert [act for _, act in acts] == [Press("1"), Press("1")]


def test_who_presses_nothing_listens_and_presses_nothing() -> None:
    acts = listen(Conversation(plan_of(CalleeKind.PRESSES_NOTHING)), offer_then("silence"), 60)
    assert [act for _, act in acts] == [HangUp("silence_on_the_line")]


def test_a_person_talks_while_the_operator_is_there_and_stops_when_not() -> None:
    conversation = Conversation(plan_of(CalleeKind.ANSWERS_AND_SPEAKS))
    spoken_in: dict[int, set[Line]] = {}
    for frame in range(600):
        at = frame * FRAME_S
        conversation.step(at, "operator" if 3.0 <= at < 7.0 else "comfort")
        spoken_in.setdefault(int(at), set()).add(conversation.line(at))
    assert Line.VOICE in spoken_in[5]
    assert spoken_in[10] == {Line.QUIET}


def test_one_of_two_ends_the_talk() -> None:
    reasons: set[str] = set()
    for seed in range(8):
        plan = plan_of(CalleeKind.ANSWERS_AND_SPEAKS, seed)
        acts = listen(Conversation(plan), steady("operator"), 60)
        [(at, act)] = acts
        assert isinstance(act, HangUp)
        reasons.add(act.why)
        limit = plan.talk_s if plan.leaves_first else plan.talk_s + 25.0
        assert at == pytest.approx(limit, abs=0.05)
    assert reasons == {"talk_over", "operator_stays_on"}


def test_a_person_left_by_the_operator_waits_and_then_goes() -> None:
    conversation = Conversation(
        next(p for s in range(9) if not (p := plan_of(CalleeKind.PRESSES_1, s)).leaves_first)
    )
    acts = listen(conversation, lambda at: "operator" if at < 3 else "silence", 60)
    [(at, act)] = acts
    assert act == HangUp("operator_gone")
    assert at > 17.0, "longer than an operator may take to come back"


def test_a_dead_line_is_greeted_again() -> None:
    plan = plan_of(CalleeKind.ANSWERS_AND_SPEAKS)
    conversation = Conversation(plan)
    voiced: list[float] = []
    for frame in range(400):
        at = frame * FRAME_S
        conversation.step(at, "silence")
        if conversation.line(at) is Line.VOICE:
            voiced.append(at)
    assert voiced[0] == pytest.approx(plan.greeting_after_s, abs=0.03)
    assert voiced[-1] > plan.greeting_after_s + plan.greeting_s + 3.0


def test_the_impatient_leave_in_mid_sentence() -> None:
    plan = plan_of(CalleeKind.HANGS_UP_MID_SENTENCE)
    [(at, act)] = listen(Conversation(plan), offer_then("offer"), 30)
    assert act == HangUp("mid_sentence")
    assert at == pytest.approx(1.0 + plan.hang_up_after_s, abs=0.05)


def test_the_impatient_leave_a_dead_line_too() -> None:
    acts = listen(Conversation(plan_of(CalleeKind.HANGS_UP_MID_SENTENCE)), steady("no_packets"), 30)
    assert [act for _, act in acts] == [HangUp("nobody_spoke")]


def test_the_silent_never_speak_and_leave_at_last() -> None:
    plan = plan_of(CalleeKind.SILENT)
    conversation = Conversation(plan)
    acts = listen(conversation, steady("offer"), 60)
    assert [act for _, act in acts] == [HangUp("had_enough")]
    assert {conversation.line(frame * FRAME_S) for frame in range(3000)} == {Line.QUIET}


def test_voicemail_greets_long_and_then_beeps_once() -> None:
    plan = plan_of(CalleeKind.VOICEMAIL)
    conversation = Conversation(plan)
    lines = [conversation.line(frame * FRAME_S) for frame in range(1000)]
    assert lines.count(Line.VOICE) * FRAME_S == pytest.approx(plan.greeting_s, abs=0.05)
    assert lines.count(Line.BEEP) * FRAME_S == pytest.approx(0.4, abs=0.05)
    assert lines.index(Line.BEEP) > 1000 - lines[::-1].index(Line.VOICE) - 1
    acts = listen(conversation, steady("silence"), 50)
    assert [act for _, act in acts] == [HangUp("machine_is_full")]


def test_endless_waiting_music_is_endured_for_a_while_only() -> None:
    acts = listen(Conversation(plan_of(CalleeKind.PRESSES_NOTHING)), steady("hold"), 100)
    assert [act for _, act in acts] == [HangUp("had_enough")]


def test_nothing_is_done_after_the_receiver_is_down() -> None:
    conversation = Conversation(plan_of(CalleeKind.HANGS_UP_MID_SENTENCE))
    listen(conversation, steady("offer"), 30)
    assert conversation.step(31.0, "operator") == ()


def test_nobody_answers_an_operator_before_their_own_hello_is_over() -> None:
    plan = plan_of(CalleeKind.ANSWERS_AND_SPEAKS)
    conversation = Conversation(plan)
    lines: list[Line] = []
    for frame in range(200):
        conversation.step(frame * FRAME_S, "operator")
        lines.append(conversation.line(frame * FRAME_S))
    hello_ends = int((plan.greeting_after_s + plan.greeting_s) / FRAME_S) + 1
    assert set(lines[hello_ends : hello_ends + 40]) == {Line.QUIET}
    assert Line.VOICE in lines[hello_ends + 40 :]
