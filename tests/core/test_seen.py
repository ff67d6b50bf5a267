"""What facts tell the watch of a campaign: lines, answers, abandoned calls, talks and wrap-ups."""

from datetime import UTC, datetime
from typing import Any

from vyzov.core.facts import Fact, FactKind
from vyzov.core.pacing.seen import Seen
from vyzov.core.pacing.watch import AheadPolicy, Watch

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def fact(kind: FactKind, attempt: str = "a", campaign: str = "c", **data: Any) -> Fact:
    return Fact(kind, NOON, "k", 0, f"{attempt}:{kind}", campaign, None, attempt, None, data)


def state(before: str, state: str, lasted_s: float, campaign: str | None = "c") -> Fact:
    data: dict[str, Any] = {"before": before, "state": state, "lasted_s": lasted_s}
    data["campaign"] = campaign
    return Fact(FactKind.AGENT_STATE, NOON, "k", 0, "x", agent="ann", data=data)


class Told(Watch):
    """A watch that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(AheadPolicy(), 0.0)
        self.log: list[tuple[str, object]] = []

    def dialled(self, line: Any, at: float) -> None:
        self.log.append(("dialled", at))
        super().dialled(line, at)

    def answered(self, line: Any, at: float) -> None:
        self.log.append(("answered", line))
        super().answered(line, at)

    def not_answered(self, line: Any, at: float) -> None:
        self.log.append(("not_answered", line))
        super().not_answered(line, at)

    def withdrawn(self, line: Any, at: float) -> None:
        self.log.append(("withdrawn", line))
        super().withdrawn(line, at)

    def served(self, at: float) -> None:
        self.log.append(("served", at))
        super().served(at)

    def abandoned(self, at: float) -> None:
        self.log.append(("abandoned", at))
        super().abandoned(at)

    def talked(self, length_s: float, at: float, *, censored: bool = False) -> None:
        self.log.append(("talked", length_s))
        super().talked(length_s, at, censored=censored)

    def wrapped(self, length_s: float, at: float) -> None:
        self.log.append(("wrapped", length_s))
        super().wrapped(length_s, at)


def told(*facts: Fact) -> tuple[list[tuple[str, object]], Seen]:
    watch = Told()
    seen = Seen("c", watch)
    for place, one in enumerate(facts):
        seen.take(one, float(place))
    return watch.log, seen


RESERVED = fact(FactKind.ATTEMPT_RESERVED)
ASKED = fact(FactKind.AGENT_ASKED)
BRIDGED = fact(FactKind.BRIDGED, within_limit=True)


def over(outcome: str) -> Fact:
    return fact(FactKind.FINAL, outcome=outcome)


def test_somebody_who_answers_and_meets_an_operator_in_time_is_served() -> None:
    log, seen = told(RESERVED, ASKED, BRIDGED, over("answered_human"))
    assert log == [("dialled", 0.0), ("answered", "a"), ("served", 2.0)]
    assert seen.watch.ringing == 0


def test_an_operator_asked_for_again_is_no_second_answer() -> None:
    log, _ = told(RESERVED, ASKED, ASKED, BRIDGED)
    assert [what for what, _ in log] == ["dialled", "answered", "served"]


def test_whoever_is_met_after_the_limit_or_by_nobody_is_abandoned_once() -> None:
    late, _ = told(RESERVED, ASKED, fact(FactKind.BRIDGED, within_limit=False))
    assert late[-1] == ("abandoned", 2.0)
    left, _ = told(RESERVED, ASKED, fact(FactKind.ABANDONED), over("abandoned"))
    assert left[1:] == [("answered", "a"), ("abandoned", 2.0)]


def test_an_answer_that_crossed_our_giving_up_is_an_answer_and_abandoned() -> None:
    log, _ = told(RESERVED, fact(FactKind.ABANDONED), over("abandoned"))
    assert log[1:] == [("answered", "a"), ("abandoned", 1.0)]


def test_whoever_hangs_up_while_they_wait_was_neither_served_nor_abandoned() -> None:
    log, seen = told(RESERVED, ASKED, over("answered_human"), BRIDGED)
    assert [what for what, _ in log] == ["dialled", "answered"]
    assert seen.watch.ringing == 0


def test_a_call_that_nobody_answers_is_told_apart_from_one_we_took_back() -> None:
    assert told(RESERVED, over("busy"))[0][-1] == ("not_answered", "a")
    assert told(RESERVED, over("answered_machine"))[0][-1] == ("not_answered", "a")
    assert told(RESERVED, over("cancelled_by_us"))[0][-1] == ("withdrawn", "a")
    assert told(RESERVED, over("unknown"))[0][-1] == ("withdrawn", "a")
    assert told(over("unknown"), over("busy"))[0] == []


def test_facts_of_other_campaigns_and_of_no_call_change_nothing() -> None:
    log, _ = told(
        fact(FactKind.ATTEMPT_RESERVED, campaign="other"), fact(FactKind.ATTEMPT_RESERVED, ""),
        fact(FactKind.RINGING),
    )  # fmt: skip
    assert log == []


def test_a_talk_is_one_length_with_its_holds_and_then_its_wrap_up() -> None:
    log, _ = told(
        state("reserved", "talking", 1), state("talking", "hold", 30), state("hold", "talking", 5),
        state("talking", "wrap_up", 25), state("wrap_up", "ready", 12, None),
    )  # fmt: skip
    assert log == [("talked", 60.0), ("wrapped", 12.0)]


def test_an_operator_who_is_free_at_once_wrote_nothing_up_and_one_who_leaves_tells_nothing() -> (
    None
):
    begins = state("reserved", "talking", 1)
    assert told(begins, state("talking", "ready", 9, None))[0][-1] == ("wrapped", 0.0)
    assert told(begins, state("talking", "pause", 9, None))[0] == [("talked", 9.0)]


def test_talks_and_wrap_ups_of_other_campaigns_are_not_ours() -> None:
    log, _ = told(
        state("reserved", "talking", 1, "other"), state("talking", "wrap_up", 25, "other"),
        state("wrap_up", "ready", 12, None), state("ready", "pause", 3, None),
    )  # fmt: skip
    assert log == []


def test_what_rings_is_taken_for_the_truth_when_a_watch_begins() -> None:
    log, seen = told(RESERVED)
    seen.settle({"b": -3.0}, 5.0)
    assert log[1:] == [("withdrawn", "a"), ("dialled", -3.0)]
    seen.settle({"b": -3.0}, 6.0)
    assert len(log) == 3
    assert seen.watch.ringing == 1


def test_a_reservation_that_was_refused_rings_no_more() -> None:
    log, seen = told(RESERVED)
    seen.withdrawn("a", 1.0)
    seen.withdrawn("a", 2.0)
    assert log[1:] == [("withdrawn", "a")]
