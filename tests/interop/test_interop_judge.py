"""The judge of `verify interop` finds what is planted: a wrong tone, a message too many, no end."""

import json
import sys
import wave
from pathlib import Path
from typing import Any

import check_interop
import numpy as np
import pytest
from check_interop import EXPECTED, Tone, heard

OUR_PORT, THEIR_PORT = 40_000, 5060


def message(start: str, cseq: str, branch: str = "1", tag: str = "") -> str:
    return (
        f"{start}\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{branch}\r\nTo: <sip:b@127.0.0.1>{tag}"
        f"\r\nCall-ID: one\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
    )


def row(text: str, *, ours: bool, by: str = "udp") -> dict[str, Any]:
    ends = [["127.0.0.1", OUR_PORT], ["127.0.0.1", THEIR_PORT]]
    source, target = ends if ours else ends[::-1]
    return {"at": 0.0, "by": by, "source": source, "target": target, "text": text}


def sent(start: str, cseq: str, branch: str = "1") -> dict[str, Any]:
    return row(message(f"{start} sip:b@127.0.0.1 SIP/2.0", cseq, branch), ours=True)


def came(code: int, cseq: str, branch: str = "1") -> dict[str, Any]:
    return row(message(f"SIP/2.0 {code} It is so", cseq, branch, ";tag=b"), ours=False)


CALL = [
    sent("INVITE", "1 INVITE"), came(100, "1 INVITE"), came(180, "1 INVITE"), came(200, "1 INVITE"),
    sent("ACK", "1 ACK", "2"), sent("BYE", "2 BYE", "3"), came(200, "2 BYE", "3"),
]  # fmt: skip
EVENTS = [
    {"event": "dialing"},
    {"event": "answered", "leg": "call-1"},
    {"event": "ended", "leg": "call-1", "side": "us", "cause": "normal"},
]


def write_wav(path: Path, *tones: tuple[float, float], seconds: float = 1.2) -> None:
    """One channel for each (Hz, dBm0)."""
    times = np.arange(int(8000 * seconds)) / 8000
    sounds = [
        32_124 * 10 ** ((level - 3.14) / 20) * np.sin(2 * np.pi * hz * times) for hz, level in tones
    ]
    with wave.open(str(path), "wb") as file:
        file.setparams((len(tones), 2, 8000, 0, "NONE", "none"))
        file.writeframes(np.stack(sounds, axis=1).astype("<i2").tobytes())


def leave(
    folder: Path, wire: list[dict[str, Any]], events: list[dict[str, Any]], **changes: Any
) -> Path:
    folder.mkdir(parents=True)
    for name, rows in (("wire", wire), ("events", events)):
        lines = "".join(json.dumps(one) + "\n" for one in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    write_wav(folder / "call-1.wav", (1004, 0), (620, -14))
    write_wav(folder / "theirs.wav", (620, -14))
    run = {
        "check": "answers", "partner": "asterisk", "transport": "udp", "error": "", "seconds": 1.0,
        "near": THEIR_PORT, "ours": [OUR_PORT], "partner_heard": [str(folder / "theirs.wav")],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(run | changes), encoding="utf-8")
    return folder


def wrong(folder: Path) -> str:
    return "; ".join(check_interop.judge(folder)["wrong"])


def test_a_call_as_it_should_be_is_found_right(tmp_path: Path) -> None:
    verdict = check_interop.judge(leave(tmp_path / "call", CALL, EVENTS))
    assert verdict["wrong"] == []
    assert verdict["ok"]
    assert abs(verdict["we_heard"][0]["hz"] - 1004) < 1
    assert abs(verdict["they_heard"][0]["dbm0"] + 14) < 0.3


def test_a_message_sent_again_counts_once(tmp_path: Path) -> None:
    assert wrong(leave(tmp_path / "call", [CALL[0], *CALL], EVENTS)) == ""


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        (CALL[:4] + CALL[5:], "ACK> [1, 0]"),
        ([*CALL, sent("BYE", "3 BYE", "4")], "BYE> [1, 2]"),
        ([*CALL, sent("CANCEL", "1 CANCEL")], "CANCEL> [0, 1]"),
        ([*CALL, sent("INVITE", "1 INVITE", "9")], "INVITE> [1, 2]"),
        ([], "INVITE> [1, 0]"),
    ],
)
def test_a_message_too_many_or_too_few_is_found(
    planted: list[dict[str, Any]], named: str, tmp_path: Path
) -> None:
    assert named in wrong(leave(tmp_path / "call", planted, EVENTS))


def test_copies_are_read_only_where_the_wire_cannot_be(tmp_path: Path) -> None:
    copies = [{**one, "by": "hep"} for one in CALL]
    secure = [{**CALL[0], "by": "tls", "text": ""}, *copies]
    assert wrong(leave(tmp_path / "plain", CALL + copies, EVENTS)) == ""
    assert wrong(leave(tmp_path / "secure", secure, EVENTS, transport="tls")) == ""
    for name, rows in (("open", copies), ("beside", [*secure, CALL[0]])):
        assert "under TLS" in wrong(leave(tmp_path / name, rows, EVENTS, transport="tls"))


def test_messages_by_another_transport_do_not_count(tmp_path: Path) -> None:
    assert "INVITE> [1, 0]" in wrong(leave(tmp_path / "call", CALL, EVENTS, transport="tcp"))


@pytest.mark.parametrize(
    ("events", "named"),
    [
        (EVENTS[:2], "the call's end is []"),
        ([*EVENTS, EVENTS[2]], "the call's end is"),
        ([EVENTS[1], *EVENTS], "2 answered events"),
        ([*EVENTS[:2], EVENTS[2] | {"side": "far"}], "ended by far"),
        ([*EVENTS[:2], {"event": "digit", "digit": "5"}, EVENTS[2]], "keys are '5'"),
    ],
)
def test_an_event_too_many_or_too_few_is_found(
    events: list[dict[str, Any]], named: str, tmp_path: Path
) -> None:
    assert named in wrong(leave(tmp_path / "call", CALL, events))


@pytest.mark.parametrize(
    ("tone", "named"),
    [((620.0, -25.0), "-25"), ((700.0, -14.0), "0.0 s only"), ((620.0, -70.0), "0.0 s only")],
)
def test_a_side_that_heard_something_else_is_found(
    tone: tuple[float, float], named: str, tmp_path: Path
) -> None:
    folder = leave(tmp_path / "call", CALL, EVENTS)
    write_wav(folder / "theirs.wav", tone)
    assert named in wrong(folder)


def test_a_side_that_left_no_recording_is_found(tmp_path: Path) -> None:
    assert "no recording" in wrong(leave(tmp_path / "call", CALL, EVENTS, partner_heard=[]))


def test_a_check_nobody_described_is_not_right(tmp_path: Path) -> None:
    assert "nobody" in wrong(leave(tmp_path / "call", CALL, EVENTS, check="something_new"))


def test_a_tone_is_heard_only_while_it_sounds() -> None:
    times = np.arange(8000) / 8000
    sound = 5000 * np.sin(2 * np.pi * 620 * times)
    sound[2000:6000] = 0
    assert heard(sound, 8000, Tone(620.0))["seconds"] <= 0.3
    assert heard(np.zeros(8000), 8000, Tone(620.0)) == {"seconds": 0.0}


def test_every_check_is_described_and_every_description_is_used() -> None:
    import partners  # noqa: F401 - enters the checks of all partners into the list
    from check_list import CHECKS

    assert {check.name for check in CHECKS} == set(EXPECTED)


def test_the_page_of_third_parties_is_made_from_the_checks() -> None:
    tools = Path(__file__).resolve().parents[2] / "tools"
    sys.path.insert(0, str(tools))
    import interop_doc

    assert interop_doc.PAGE.read_text(encoding="utf-8") == interop_doc.page(), (
        "run tools/interop_doc.py"
    )
    for line in interop_doc.page().splitlines():
        assert not line.startswith("|  |"), f"a check without a description: {line}"
