"""The checker finds every planted difference, and nothing in books that agree."""

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vyzov.pstn import check_demo
from vyzov.pstn.check_demo import goals_for, main, read, verdict

Json = dict[str, Any]
START = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
OPERATOR_HZ = 1150
ROOT = Path(__file__).resolve().parents[2]


def utc(at: float) -> str:
    return (START + timedelta(seconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Evening:
    """Three books written by hand, call by call; `at` is seconds since the start."""

    def __init__(self) -> None:
        self.ledger: list[Json] = []
        self.facts: list[Json] = []
        self.operators: list[Json] = []

    def sip(self, at: float, call: str, direction: str, **fields: Any) -> None:
        base = {"rec": "sip", "t": at, "utc": utc(at), "dir": direction, "call_id": call}
        words = {"cseq": 1, "cseq_method": "INVITE", "branch": f"z9-{call}-1", "to_tag": ""}
        self.ledger.append(base | words | fields)

    def fact(self, at: float, attempt: str, kind: str, **data: Any) -> None:
        self.facts.append(
            {"seq": len(self.facts) + 1, "kind": kind, "at": utc(at), "attempt": attempt,
             "contact": f"contact-of-{attempt.split('-', maxsplit=1)[0]}", "agent": None, "data": data}
        )  # fmt: skip

    def record(self, at: float, call: str, number: str, kind: str, **fields: Any) -> None:
        usual = {
            "rec": "call", "t": at, "utc": utc(at), "call_id": call, "number": number,
            "kind": kind, "acts_as": kind, "voice_hz": 400, "answered_at": None,
            "confirmed_at": None, "ended_at": at, "ended_by": "refused", "code": 0, "reason": "",
            "challenges": 0, "prompts": [], "operators": [], "keys": [], "joined": False,
            "joined_s": None, "abandoned": False, "quiet_s": 0.5,
        }  # fmt: skip
        self.ledger.append(usual | fields)

    def refused(self, at: float, name: str, kind: str, code: int, outcome: str, **f: Any) -> None:
        call, number = f"call-{name}", f"+7000555{name.split('-', maxsplit=1)[0]}"
        self.sip(at, call, "in", method="INVITE", uri=number)
        self.sip(at + 1, call, "out", status=code)
        self.record(at + 1, call, number, kind, code=code, **f)
        self.fact(at - 0.01, name, "attempt_reserved")
        self.fact(at, name, "dialing", call_id=call)
        self.fact(at + 1, name, "failed", code=code)
        self.fact(at + 1, name, "final", outcome=outcome)

    def answered(
        self, at: float, name: str, kind: str, outcome: str = "answered_human", **f: Any
    ) -> None:
        """Rings 2 s, is answered at `at` + 2 and over at `at` + 12."""
        call, number = f"call-{name}", f"+7000555{name.split('-', maxsplit=1)[0]}"
        self.sip(at, call, "in", method="INVITE", uri=number)
        self.sip(at + 2, call, "out", status=200)
        usual: Json = {
            "code": 200, "answered_at": at + 2, "confirmed_at": at + 2.1, "ended_by": "caller",
        }  # fmt: skip
        self.record(at + 12, call, number, kind, **(usual | f))
        self.fact(at, name, "dialing", call_id=call)
        self.fact(at + 2, name, "answered", codec="PCMA")
        self.fact(at + 12, name, "ended", side="far")
        self.fact(at + 12, name, "final", outcome=outcome)

    def joined(self, at: float, name: str, kind: str, after_s: float = 0.3, **f: Any) -> None:
        heard = {"hz": OPERATOR_HZ, "from_s": after_s, "to_s": 9.0, "heard_s": 9.0 - after_s}
        self.answered(at, name, kind, joined=True, joined_s=after_s, operators=[heard], **f)
        self.fact(at + 2 + after_s, name, "bridged", agent="a1", within_limit=True)
        self.operators.append(
            {"rec": "talk", "operator": "op1", "tone_hz": OPERATOR_HZ, "attempt": name,
             "talk_s": 9.0, "voices": [{"hz": 400, "heard_s": 4.0}]}
        )  # fmt: skip

    def pressed(self, at: float, name: str, key: str, *, after_s: float, **f: Any) -> None:
        """A key pressed after the offer, with nobody joined."""
        self.answered(
            at, name, f"presses_{key}", keys=[{"key": key, "at_s": after_s}], prompts=["offer"], **f
        )
        self.press(at + 2 + after_s, name, key)

    def press(self, at: float, name: str, key: str) -> None:
        call = f"call-{name}"
        self.ledger.append(
            {"rec": "did", "t": at, "utc": utc(at), "call_id": call, "act": "press", "key": key,
             "sent": True}
        )  # fmt: skip
        self.fact(at + 0.15, name, "digit", digit=key)

    def write(self, folder: Path) -> None:
        self.facts.sort(key=lambda fact: fact["at"])
        self.ledger.append({"rec": "end", "t": 999.0, "utc": utc(999)})
        for name in ("ledger", "facts", "operators"):
            lines = [json.dumps(line) for line in getattr(self, name)]
            (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def of(self, book: str, **fields: Any) -> Json:
        """Finds the one line of a book with these fields."""
        lines: list[Json] = getattr(self, book)
        [line] = [one for one in lines if all(one.get(k) == v for k, v in fields.items())]
        return line


def usual_evening() -> Evening:
    """Books that agree: refusals, talks, keys, a redial, a kept call-back, a challenge."""
    evening = Evening()
    evening.refused(0, "0001", "busy", 486, "busy")
    evening.refused(30, "0001-2", "busy", 486, "busy")
    evening.refused(1, "0002", "unallocated", 404, "invalid_number")
    evening.refused(2, "0003", "unreachable", 480, "unreachable", reason="Q.850;cause=20")
    evening.refused(3, "0004", "never_answers", 487, "no_answer", ended_by="cancelled")
    evening.refused(4, "0005", "announcement", 480, "unreachable", reason="Q.850;cause=20")
    evening.refused(5, "0006", "rejects", 603, "rejected")
    evening.joined(10, "0010", "answers_and_speaks")
    evening.joined(11, "0011", "presses_1", 5.0, keys=[{"key": "1", "at_s": 2.5}])
    evening.press(15.5, "0011", "1")
    evening.pressed(20, "0012", "9", after_s=3.0)
    evening.fact(25.3, "0012", "stop_listed", key="9")
    evening.pressed(21, "0013", "2", after_s=3.0)
    evening.fact(26.3, "0013", "callback_promised", due_at=utc(60))
    evening.joined(61, "0013-2", "presses_2")
    evening.answered(22, "0014", "presses_nothing", "abandoned", abandoned=True)
    evening.fact(26, "0014", "abandoned")
    evening.answered(23, "0015", "voicemail", "answered_machine")
    evening.fact(27, "0015", "classified", answer_class="machine")
    evening.joined(40, "0016", "challenge_407", challenges=1)
    evening.sip(40.01, "call-0016", "out", status=407)
    evening.sip(40.02, "call-0016", "in", method="INVITE", uri="+70005550016", cseq=2, branch="z9b")
    evening.sip(40.5, "call-0016", "in", method="INVITE", uri="+70005550016", cseq=2, branch="z9b")
    return evening


def checked(evening: Evening, folder: Path) -> list[str]:
    evening.write(folder)
    return [one["what"] for one in verdict(read(folder), 1)["differences"]]


def test_books_that_agree_have_no_differences(tmp_path: Path) -> None:
    evening = usual_evening()
    evening.write(tmp_path)
    result = verdict(read(tmp_path), 15)
    assert result["differences"] == []
    figures = result["figures"]
    assert {name: figures[name] for name in ("invites", "attempts", "answered", "joined")} == {
        "invites": 15, "attempts": 15, "answered": 8, "joined": 4,
    }  # fmt: skip
    assert {name: figures[name] for name in ("keys_1", "keys_2", "keys_9", "abandoned")} == {
        "keys_1": 1, "keys_2": 1, "keys_9": 1, "abandoned": 1,
    }  # fmt: skip
    assert (figures["redials"], figures["challenges"], figures["callbacks_kept"]) == (1, 1, 1)
    assert result["ok"]


Plant = Callable[[Evening], object]


def drop(book: str, **fields: Any) -> Plant:
    return lambda evening: getattr(evening, book).remove(evening.of(book, **fields))


def change(book: str, where: Json, **fields: Any) -> Plant:
    return lambda evening: evening.of(book, **where).update(fields)


def call(name: str) -> Json:
    return {"rec": "call", "call_id": f"call-{name}"}


def fact(name: str, kind: str) -> Json:
    return {"attempt": name, "kind": kind}


PLANTED: list[tuple[str, Plant]] = [
    ("invite_without_attempt", lambda e: e.sip(70, "stray", "in", method="INVITE", uri="+7000")),
    ("attempt_without_invite", lambda e: (
        e.fact(70, "0099", "dialing", call_id="never-seen"),
        e.fact(71, "0099", "final", outcome="unknown"),
    )),
    ("attempt_with_two_calls", lambda e: (
        e.fact(70, "0098", "dialing", call_id="call-0010"),
        e.fact(71, "0098", "final", outcome="answered_human"),
    )),
    ("invited_twice", lambda e: e.sip(
        0.4, "call-0001", "in", method="INVITE", uri="+70005550001", branch="z9-other")),
    ("left_open", lambda e: (
        drop("ledger", **call("0004"))(e),
        e.ledger.remove(e.of("ledger", call_id="call-0004", status=487)),
    )),
    ("attempt_without_one_end", drop("facts", **fact("0002", "final"))),
    ("called_while_on_the_line", lambda e: e.ledger.append(
        {"rec": "second_call", "call_id": "x", "number": "+70005550001", "utc": utc(9)})),
    ("answered", drop("facts", **fact("0010", "answered"))),
    ("answered_twice", lambda e: e.fact(13, "0010", "answered")),
    ("answer_never_acknowledged",
     change("ledger", call("0010"), confirmed_at=None, ended_by="no_ack")),
    ("joined", change("ledger", call("0010"), joined=False, joined_s=None)),
    ("joined", drop("facts", **fact("0010", "bridged"))),
    ("joined_late", change("ledger", call("0010"), joined_s=3.1)),
    ("joined_late", change("ledger", call("0011"), joined_s=16.5)),
    ("abandoned", change("ledger", call("0014"), abandoned=False)),
    ("abandoned", change("ledger", call("0010"), abandoned=True)),
    ("abandoned_outcome", lambda e: e.of("facts", **fact("0014", "final"))["data"].update(
        outcome="answered_human")),
    ("outcome", lambda e: e.of("facts", **fact("0001", "final"))["data"].update(
        outcome="no_answer")),
    ("outcome", lambda e: e.of("facts", **fact("0005", "final"))["data"].update(
        outcome="invalid_number")),
    ("outcome", lambda e: e.of("facts", **fact("0015", "final"))["data"].update(
        outcome="answered_human")),
    ("outcome", lambda e: e.of("facts", **fact("0010", "final"))["data"].update(
        outcome="answered_machine")),
    ("keys", drop("facts", **fact("0011", "digit"))),
    ("keys", lambda e: e.fact(18, "0011", "digit", digit="1")),
    ("left_in_silence", change("ledger", call("0010"), quiet_s=10.4)),
    ("heard_a_stranger", lambda e: (
        e.operators.append({"rec": "ready", "operator": "op2", "tone_hz": 1200}),
        e.of("ledger", **call("0010"))["operators"].append({"hz": 1200, "heard_s": 1.0}),
    )),
    ("operator_heard_a_stranger", lambda e: e.of("operators", attempt="0010").update(
        voices=[{"hz": 400, "heard_s": 3.0}, {"hz": 520, "heard_s": 0.8}])),
    ("operator_heard_nobody", lambda e: e.of("operators", attempt="0010").update(voices=[])),
    ("key_9_not_obeyed", drop("facts", **fact("0012", "stop_listed"))),
    ("stop_listed_late", change("facts", fact("0012", "stop_listed"), at=utc(27))),
    ("stop_without_key", lambda e: e.fact(30, "0010", "stop_listed", key="9")),
    ("called_after_key_9", lambda e: e.refused(80, "0012-2", "busy", 486, "busy")),
    ("key_2_without_promise", drop("facts", **fact("0013", "callback_promised"))),
    ("called_before_promise", lambda e: e.of("facts", **fact("0013", "callback_promised"))[
        "data"].update(due_at=utc(90))),
    ("callback_broken", lambda e: (
        e.of("facts", **fact("0013", "callback_promised"))["data"].update(due_at=utc(63)),
        e.facts.remove(e.of("facts", **fact("0013-2", "dialing"))),
        e.fact(200, "0097", "attempt_reserved"),
        e.fact(200, "0097", "final", outcome="unknown"),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("what", "plant"), PLANTED)
def test_a_planted_difference_is_found(what: str, plant: Plant, tmp_path: Path) -> None:
    evening = usual_evening()
    plant(evening)
    assert what in checked(evening, tmp_path)


ALLOWED: list[tuple[str, Plant]] = [
    ("a retransmitted INVITE", lambda e: e.sip(
        0.5, "call-0001", "in", method="INVITE", uri="+70005550001")),
    ("a bridge too brief to hear", lambda e: (
        e.of("ledger", **call("0010")).update(joined=False, joined_s=None, operators=[]),
        e.operators.remove(e.of("operators", attempt="0010")),
        e.fact(12.6, "0010", "agent_away"),
    )),
    ("an operator lost right after the bridge, and nobody came", lambda e: (
        e.of("ledger", **call("0010")).update(
            joined=False, joined_s=None, operators=[], abandoned=True),
        e.operators.remove(e.of("operators", attempt="0010")),
        e.fact(12.6, "0010", "agent_away"),
    )),
    ("an operator lost right after the bridge, who came back", lambda e: (
        e.of("ledger", **call("0010")).update(joined_s=6.0),
        e.fact(12.6, "0010", "agent_away"),
    )),
    ("an operator who lost the line and came back for the last half second", lambda e: (
        e.operators.append(e.of("operators", attempt="0010") | {"talk_s": 0.6, "voices": []}),
    )),
    ("a machine the product was not sure of", lambda e: (
        e.of("facts", **fact("0015", "classified"))["data"].update(answer_class="unknown"),
        e.of("facts", **fact("0015", "final"))["data"].update(outcome="answered_human"),
    )),
    ("a late join the facts own up to", lambda e: (
        e.of("ledger", **call("0010")).update(joined_s=3.1),
        e.of("facts", **fact("0010", "bridged"))["data"].update(within_limit=False),
    )),
    ("a safe-harbour message nobody waited for", lambda e: (
        e.of("ledger", **call("0014")).update(abandoned=False, ended_by="callee", ended_at=26.3),
        e.of("facts", **fact("0014", "ended")).update(at=utc(26.3)),
    )),
    ("a key held when the call ended", lambda e: (
        e.of("ledger", **call("0010")).update(keys=[{"key": "1", "at_s": 9.9}]),
        e.of("ledger", **call("0010")).update(ended_at=22.0, joined_s=0.3),
    )),
    ("a call-back that is still to come", lambda e: (
        e.of("facts", **fact("0013", "callback_promised"))["data"].update(due_at=utc(63)),
        e.facts.remove(e.of("facts", **fact("0013-2", "dialing"))),
        e.ledger.__setitem__(slice(None), [
            line for line in e.ledger if line["call_id"] != "call-0013-2"]),
    )),
    ("an end that the engine told only later", lambda e: (
        e.of("facts", **fact("0014", "final"))["data"].update(outcome="unknown"),
        e.fact(90.0, "0014", "resolved", outcome="abandoned"),
    )),
    ("a person at a real desk, whose tone nobody announced", lambda e: (
        e.of("ledger", **call("0010")).update(operators=[{"hz": 1900, "heard_s": 8.0}]),
        e.operators.remove(e.of("operators", attempt="0010")),
    )),
    ("a machine in a campaign that does not listen for machines", lambda e: (
        e.facts.remove(e.of("facts", **fact("0015", "classified"))),
        e.of("facts", **fact("0015", "final"))["data"].update(outcome="answered_human"),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("why", "bend"), ALLOWED)
def test_what_cannot_be_told_apart_is_not_held_against_anybody(
    why: str, bend: Plant, tmp_path: Path
) -> None:
    evening = usual_evening()
    bend(evening)
    assert checked(evening, tmp_path) == [], why


def test_a_reserved_attempt_that_was_refused_needs_no_invite(tmp_path: Path) -> None:
    evening = usual_evening()
    evening.fact(70, "0096", "attempt_reserved")
    evening.fact(70, "0096", "attempt_refused", reason="stale")
    evening.fact(70, "0096", "final", outcome="cancelled_by_us")
    assert checked(evening, tmp_path) == []


def test_goals_of_a_full_run_are_those_published() -> None:
    assert goals_for(200)["invites"] == 200
    assert goals_for(200)["mismatches"] == 0
    assert goals_for(30) == {"invites": 30, "mismatches": 0}


def test_missed_goals_fail_a_run_without_differences(tmp_path: Path) -> None:
    usual_evening().write(tmp_path)
    result = verdict(read(tmp_path), 200)
    assert result["differences"] == []
    assert not result["ok"]
    assert "abandoned" in result["missed"]
    assert "challenges" in result["missed"]


def test_a_missing_book_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ledger\.jsonl is missing"):
        read(tmp_path)


def test_a_last_line_cut_by_a_kill_is_left_out_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    evening = copy.deepcopy(usual_evening())
    evening.write(tmp_path)
    path = tmp_path / "ledger.jsonl"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + '{"rec": "si', encoding="utf-8")
    assert verdict(read(tmp_path), 1)["differences"] == []
    path.write_text('{"rec": "si\n' + whole, encoding="utf-8")
    with pytest.raises(ValueError, match="line 1 is not JSON"):
        read(tmp_path)


def test_the_exit_code_tells_and_the_last_line_is_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual_evening().write(tmp_path)
    (tmp_path / "numbers.txt").write_text("+70005550001\n" * 15, encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1])["ok"] is True
    assert len(lines) > 10
    evening = usual_evening()
    evening.fact(13, "0010", "answered")
    evening.write(tmp_path)
    assert main([str(tmp_path), "--json"]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["figures"]["mismatches"] == 1


def test_it_runs_alone_without_the_product(tmp_path: Path) -> None:
    usual_evening().write(tmp_path)
    for script in ("src/vyzov/pstn/check_demo.py", "tools/check_demo.py"):
        command = [sys.executable, "-I", str(ROOT / script), str(tmp_path), "--contacts", "15"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["ok"] is True


def test_it_imports_nothing_of_the_product() -> None:
    folder = Path(check_demo.__file__).parent
    for name in ("check_demo.py", "demo_books.py"):
        tree = ast.parse((folder / name).read_text(encoding="utf-8"))
        imported = [
            word
            for node in ast.walk(tree)
            for word in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or "."]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        ]
        assert not [word for word in imported if word.startswith(("vyzov", "."))]
