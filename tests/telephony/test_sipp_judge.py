"""The judge of the SIPp runs finds what it is there to find: each planted fault is named."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))
import check_sipp

BENCH = Path(check_sipp.__file__).parent
INVITE = """INVITE sip:+70005550101@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bKinvite
From: <sip:+70005550102@127.0.0.1>;tag=us
To: <sip:+70005550101@127.0.0.1:5060>
Call-ID: one
CSeq: 1 INVITE
"""


def ours(method: str, branch: str, cseq: int, *, to_tag: str = "them", extra: str = "") -> str:
    tag = f";tag={to_tag}" if to_tag else ""
    return f"""{method} sip:callee@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bK{branch}
From: <sip:+70005550102@127.0.0.1>;tag=us
To: <sip:+70005550101@127.0.0.1:5060>{tag}
Call-ID: one
CSeq: {cseq} {method}
{extra}"""


def theirs(code: int, cseq: str = "1 INVITE", branch: str = "invite") -> str:
    return f"""SIP/2.0 {code} Said
Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bK{branch}
From: <sip:+70005550102@127.0.0.1>;tag=us
To: <sip:+70005550101@127.0.0.1:5060>;tag=them
Call-ID: one
CSeq: {cseq}
"""


Wire = list[tuple[bool, str]]
"""Messages in order; true for those of the callee."""

ANSWERED: Wire = [
    (False, INVITE), (True, theirs(180)), (True, theirs(200)), (False, ours("ACK", "ack", 1)),
    (False, ours("BYE", "bye", 2)), (True, theirs(200, "2 BYE", "bye")),
]  # fmt: skip
CANCELLED: Wire = [
    (False, INVITE), (True, theirs(180)), (False, ours("CANCEL", "invite", 1, to_tag="")),
    (True, theirs(200, "1 CANCEL")), (True, theirs(487)), (False, ours("ACK", "invite", 1)),
]  # fmt: skip
Told = list[dict[str, Any]]
TALK: Told = [{"event": "Dialing"}, {"event": "Answered"}, {"event": "Ended", "side": "us"}]
GIVEN_UP: Told = [{"event": "Dialing"}, {"event": "Failed", "code": 487, "stage": "cancelled"}]


def evidence(folder: Path, wire: Wire, told: Told, **row: Any) -> Path:
    """Writes what a run leaves: SIPp's message log, the floor's events and the table of cases."""
    with (folder / "one.messages.log").open("wb") as log:
        for sent, text in wire:
            body = text.replace("\n", "\r\n").encode() + b"\r\n"
            head = f"({len(body)} bytes)" if sent else f"[{len(body)}] bytes "
            kind = "sent" if sent else "received"
            log.write(f"{'-' * 47} 2026-11-22 10:00:00\nUDP message {kind} {head}:\n\n".encode())
            log.write(body + b"\n")
    with (folder / "events.jsonl").open("w") as file:
        for seq, event in enumerate(told, 1):
            file.write(json.dumps({"leg": "leg", "seq": seq} | event) + "\n")
    outcome = "answered" if {"event": "Answered"} in told else "failed"
    case = {
        "name": "one", "leg": "leg", "exit": 0, "over": True, "living": False, "broken": "",
        "chaos": None, "expect": {"outcome": outcome, "last": {}},
    }  # fmt: skip
    if outcome == "answered":
        case["expect"] = {"outcome": outcome, "last": {"side": "us"}}
    if {text.split(" ")[0] for sent, text in wire if not sent} & {"CANCEL"}:
        case["expect"] = {"outcome": outcome, "last": {}, "wire": {"CANCEL": 1}}
    told_of_run = {"weather": row.pop("weather", None), "cases": [case | row]}
    (folder / "run.json").write_text(json.dumps(told_of_run))
    return folder


def faults(folder: Path) -> list[str]:
    return check_sipp.judge(folder)["one"]


def test_a_call_without_fault_has_none(tmp_path: Path) -> None:
    assert faults(evidence(tmp_path, ANSWERED, TALK)) == []


def test_a_cancelled_call_without_fault_has_none(tmp_path: Path) -> None:
    assert faults(evidence(tmp_path, CANCELLED, GIVEN_UP)) == []


BAD_PROOF = (
    'Authorization: Digest username="vyzov", realm="r", nonce="n", algorithm=SHA-256, '
    'uri="sip:+70005550101@127.0.0.1:5060", response="00"\n'
)


def without(wire: Wire, start: str) -> Wire:
    return [(sent, text) for sent, text in wire if not text.startswith(start)]


def changed(wire: Wire, start: str, change: Callable[[str], str]) -> Wire:
    return [(sent, change(text) if text.startswith(start) else text) for sent, text in wire]


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (without(ANSWERED, "ACK"), "0 ACKs for 1 final"),
        (without(ANSWERED, "BYE"), "nobody hung up"),
        ([*ANSWERED, (False, ours("BYE", "bye2", 3))], "2 BYE transactions"),
        (changed(ANSWERED, "ACK", lambda t: t.replace("ack", "invite")), "transaction of its own"),
        ([*ANSWERED[:1], (False, INVITE + "X: 1\n"), *ANSWERED[1:]], "repeated INVITE differs"),
        ([*ANSWERED, (False, ours("PUBLISH", "late", 3))], "PUBLISH after the end"),
        ([*ANSWERED, (False, ours("INFO", "info", 3))], "1 INFO transactions, expected 0"),
        (changed(ANSWERED, "INVITE", lambda t: t + BAD_PROOF), "a wrong digest"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_an_answered_call_is_named(
    wire: Wire, said: str, tmp_path: Path
) -> None:
    assert said in " ".join(faults(evidence(tmp_path, wire, TALK)))


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (without(CANCELLED, "SIP/2.0 180"), "CANCEL before any provisional"),
        (changed(CANCELLED, "CANCEL", lambda t: t.replace("bKinvite", "bKelse")), "not in its"),
        (changed(CANCELLED, "CANCEL", lambda t: t.replace("5060>", "5060>;tag=x")), "not in its"),
        (changed(CANCELLED, "SIP/2.0 487", lambda t: t.replace("487", "486")), "failed with 487"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_a_cancelled_call_is_named(
    wire: Wire, said: str, tmp_path: Path
) -> None:
    assert said in " ".join(faults(evidence(tmp_path, wire, GIVEN_UP)))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (TALK[:2], "0 last events"),
        ([*TALK[:2], *TALK[1:]], "2 answered events"),
        ([*TALK, TALK[-1]], "2 last events"),
        ([TALK[0], {"event": "Failed", "code": 0}], "neither told nor released"),
        ([*TALK[:1], {"event": "Answered", "seq": 7}, TALK[2]], "missing or out of order"),
    ],
)  # fmt: skip
def test_what_the_floor_was_told_wrong_is_named(told: Told, said: str, tmp_path: Path) -> None:
    wire = without(ANSWERED, "BYE") if "neither" in said else ANSWERED
    assert said in " ".join(faults(evidence(tmp_path, wire, told)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"living": True}, "line is not free"),
        ({"over": False}, "line is not free"),
        ({"exit": 1}, "SIPp ended with 1"),
        ({"broken": "no port"}, "SIPp: no port"),
        ({"expect": {"outcome": "failed"}}, "expected failed"),
        ({"expect": {"outcome": "answered", "last": {"side": "far"}}}, "expected 'far'"),
        ({"expect": {"outcome": "answered", "last": {"side": "us"}, "wire": {"INVITE": 2}}}, "2"),
    ],
)  # fmt: skip
def test_what_is_noted_of_a_case_is_looked_at(
    row: dict[str, Any], said: str, tmp_path: Path
) -> None:
    assert said in " ".join(faults(evidence(tmp_path, ANSWERED, TALK, **row)))


def test_bad_weather_forgives_counts_and_nothing_else(tmp_path: Path) -> None:
    repeated = [*ANSWERED[:1], *ANSWERED[:1], *ANSWERED[1:4], ANSWERED[3], *ANSWERED[4:]]
    weather = {"loss": 0.2}
    assert faults(evidence(tmp_path, repeated, TALK, weather=weather, exit=1)) == []
    twice = [*repeated, (False, ours("BYE", "bye2", 3))]
    assert faults(evidence(tmp_path, twice, TALK, weather=weather)) != []


def test_the_script_says_no_with_its_exit_status(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, wire in ((good, ANSWERED), (bad, without(ANSWERED, "BYE"))):
        folder.mkdir()
        evidence(folder, wire, TALK)
    command = [sys.executable, "-I", str(BENCH / "check_sipp.py")]
    told = [
        subprocess.run([*command, str(one)], capture_output=True, text=True, check=False)
        for one in (good, bad, tmp_path)
    ]
    assert [done.returncode for done in told] == [0, 1, 1]
    assert json.loads(told[2].stdout)["figures"] == {"cases": 2, "faulty": 1}


def test_an_operator_who_is_not_ready_afterwards_is_named(tmp_path: Path) -> None:
    run = evidence(tmp_path, ANSWERED, TALK) / "run.json"
    agents = [{"name": "One", "state": "ready"}, {"name": "Two", "state": "talking"}]
    run.write_text(json.dumps(json.loads(run.read_text()) | {"agents": agents}))
    found = check_sipp.judge(tmp_path)
    assert (found["agent Two"], "agent One" in found) == (
        ["is talking after all calls are over"],
        False,
    )
