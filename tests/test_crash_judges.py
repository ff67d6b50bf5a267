"""The judges of `verify crash` and `verify sigstop` find a second call, and let a clean run pass."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"
NUMBER = "+70005550101"


def judge(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


sys.path.insert(0, str(BENCH))
CRASH, SIGSTOP, SIDE_BY_SIDE = map(judge, ("check_crash", "check_sigstop", "side_by_side"))


def invite(call: str, at: float, branch: str = "z1", cseq: int = 1) -> dict[str, Any]:
    return {"rec": "sip", "dir": "in", "method": "INVITE", "cseq_method": "INVITE", "t": at,
            "call_id": call, "branch": branch, "cseq": cseq, "to": NUMBER}  # fmt: skip


def challenge(call: str, branch: str = "z1") -> dict[str, Any]:
    return {"rec": "sip", "dir": "out", "status": 407, "cseq_method": "INVITE", "t": 0.0,
            "call_id": call, "branch": branch}  # fmt: skip


def call(call_id: str, begins: float, ends: float) -> dict[str, Any]:
    return {"rec": "call", "call_id": call_id, "number": NUMBER, "invited_at": begins,
            "ended_at": ends}  # fmt: skip


def fact(kind: str, attempt: str, at: float, **data: object) -> dict[str, Any]:
    return {"kind": kind, "attempt": attempt, "monotonic_ns": at * 1e9, "floor": "f", "epoch": 1,
            "data": data}  # fmt: skip


def test_a_second_invite_of_a_call_is_found_and_a_repeated_or_challenged_one_is_none() -> None:
    clean = [invite("a", 1.0), invite("a", 1.5), challenge("a"), invite("a", 2.0, "z2", 2)]
    assert CRASH.double_invites(clean) == []
    assert SIGSTOP.invited_twice(clean) == []
    twice = [*clean, invite("a", 3.0, "z3", 3)]
    assert CRASH.double_invites(twice) == ["a"]
    assert SIGSTOP.invited_twice(twice) == ["a"]


@pytest.mark.parametrize(("at", "found"), [(4.9, 0), (5.1, 1)])
def test_a_call_made_after_its_attempt_was_over_is_a_stale_owners(at: float, found: int) -> None:
    facts = [fact("final", "one", 5.0), fact("final", "other", 1.0)]
    late = CRASH.dialled_when_over([invite("a", at), invite("a", 9.0)], facts, {"a": "one"})
    assert len(late) == found


@pytest.mark.parametrize(("at", "found"), [(1.5, 1), (4.5, 0), (6.0, 0)])
def test_two_calls_to_one_number_at_once_are_found(at: float, found: int) -> None:
    calls = {"a": call("a", 1.0, 5.0), "b": call("b", at, 9.0)}
    ledger = [invite("a", 1.0), invite("b", at)]
    assert len(CRASH.two_at_once(ledger, calls)) == found


@pytest.mark.parametrize(("fence", "at", "found"), [(1, 1.0, 0), (1, 3.0, 1), (2, 3.0, 0)])
def test_a_call_under_the_fence_of_a_stopped_owner_is_found(
    fence: int, at: float, found: int
) -> None:
    stops = [{"stopped_at": 1.0, "floors": [{"floor": "f", "fence": 1}]}]
    reserved = {**fact("attempt_reserved", "one", 0.9, call_id="a"), "epoch": fence}
    assert len(SIGSTOP.stale_calls(stops, [reserved], {"a": at})) == found


def test_an_unknown_end_that_takes_too_long_is_found() -> None:
    kills = [{"at": 10.0, "back": 12.0}]
    begun = fact("attempt_reserved", "one", 9.0, call_id="a")
    calls = {"a": call("a", 9.0, 11.0)}
    quick = CRASH.resolved([begun, fact("final", "one", 41.0)], calls, kills)
    slow = CRASH.resolved([begun, fact("final", "one", 43.0)], calls, kills)
    assert (quick[0], quick[1]) == ([29.0], [])
    assert [one["attempt"] for one in slow[1]] == ["one"]


def test_an_operator_said_to_talk_after_the_call_is_found() -> None:
    calls, reserved = {"a": call("a", 1.0, 5.0)}, {"a": "one"}

    def state(name: str, at: float, of: str | None) -> dict[str, Any]:
        return {**fact("agent_state", "", at, state=name, call=of), "agent": "ann"}

    begins = state("talking", 2.0, "one")
    assert CRASH.untrue([begins, state("wrap_up", 19.0, None)], calls, reserved)[1] == []
    assert CRASH.untrue([begins, state("wrap_up", 21.0, None)], calls, reserved)[1] != []


def verdict(points: list[tuple[str, bool]], longest: float, live: int, harm: list[str]) -> Any:
    kills = [{"point": point, "reached": reached} for point, reached in points]
    told = {"kills": kills, "points": ["one", "two"], "points_missing": []}
    figures = {"kills": len(kills), "back_s_max": longest, "live_at_kill_least": live}
    losses = {"web": {"losses": len(kills), "back_s": longest}}
    return CRASH.Verdict(told, figures, losses, {"invite_twice": harm})


def test_centres_side_by_side_are_one_verdict() -> None:
    first = verdict([("one", True), ("two", True)], 3.0, 7, [])
    second = verdict([("one", True)], 5.0, 5, ["call"])
    figures, damage = CRASH.together([first, second])
    assert figures == {
        "centres": 2, "points": 2, "points_known": 2, "kills": 3, "back_s_max": 5.0,
        "live_at_kill_least": 5, "by_loss": {"web": {"losses": 3, "back_s": 5.0}},
    }  # fmt: skip
    assert damage == {"invite_twice": ["call"], "points_not_reached": []}


@pytest.mark.parametrize(
    ("points", "missed"),
    [
        ([("one", True)], []),
        ([("one", False)], ["one"]),
        ([("one", True), ("one", True)], ["two"]),
        ([("one", True), ("two", False)], ["two"]),
        ([("one", True), ("two", False), ("two", True)], []),
    ],
)
def test_a_point_never_come_to_is_told_once_there_were_turns_enough(
    points: list[tuple[str, bool]], missed: list[str]
) -> None:
    assert CRASH.points_of([verdict(points, 1.0, 5, []).told]) == (
        len({point for point, reached in points if reached}), missed,
    )  # fmt: skip


def test_turns_are_shared_out_so_that_none_is_lost() -> None:
    assert SIDE_BY_SIDE.shares(11, 3) == [4, 4, 3]
    assert SIDE_BY_SIDE.Part.read("1/3") == SIDE_BY_SIDE.Part(1, 3)


def test_a_process_that_its_supervisor_ended_is_no_stop(tmp_path: Path) -> None:
    stop = {"stopped_at": 10.0, "woken_at": 19.0, "agents": {}, "ended": False,
            "floors": [{"floor": "f", "fence": 1, "taken_at": 16.0, "working_at": 17.0}]}  # fmt: skip
    told = {"stops": [stop, stop | {"ended": True}], "finished_at": 30.0, "count": 2}
    (tmp_path / "stops.json").write_text(json.dumps(told), encoding="utf-8")
    for name in ("ledger.jsonl", "facts.jsonl"):
        (tmp_path / name).touch()
    figures, damage = SIGSTOP.judge(tmp_path)
    assert (figures["stops"], figures["ended_by_supervisor"]) == (1, 1)
    assert damage["stops_missing"] == [1]
    assert damage["taken_late"] == []


@pytest.mark.parametrize(("back", "found"), [(12.0, 1), (23.0, 0)])
def test_silence_counts_from_the_return_and_no_loss_is_anybodys_wait(
    back: float, found: int
) -> None:
    kills = [{"at": 5.0, "back": 6.0}, {"at": 10.0, "back": back}]
    silent = [{"what": "no_packets", "from_s": 9.0, "to_s": 24.0}]
    assert len(CRASH.quiet("a", 1.0, silent, 5.0, kills)) == found
