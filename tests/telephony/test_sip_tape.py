"""The tape of SIP messages: bounded on disk, found again by call, told by `vyzov sip trace`."""

import json
import time
from pathlib import Path

import pytest

from vyzov.app import load_settings
from vyzov.cli import sip as cli
from vyzov.sip.identity import derive
from vyzov.telephony.native import tape as module
from vyzov.telephony.native.tape import Tape, TraceSettings
from vyzov.web import traces

pytestmark = pytest.mark.timeout(60)


def message(
    call: str, head: str = "INVITE sip:+70005550123@192.0.2.1 SIP/2.0", pad: int = 0
) -> bytes:
    return (
        f"{head}\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\nX-Pad: {'x' * pad}\r\n"
        'Authorization: Digest response="secret"\r\n\r\n'
    ).encode()


def taped(folder: Path, *calls: str, keep_mb: int = 1) -> None:
    tape = Tape(TraceSettings(folder, keep_mb))
    for call in calls:
        tape.message(message(call), "udp:192.0.2.1:5060", sent=True)
        tape.message(message(call, "SIP/2.0 180 Ringing"), "udp:192.0.2.1:5060", sent=False)
    tape.close()


def test_a_calls_messages_are_found_again_without_its_secrets(tmp_path: Path) -> None:
    taped(tmp_path, "one", "two")
    steps = traces.ladder(tmp_path, "two", time.time() - 10, None)
    assert [(step.sent, step.noted.head) for step in steps] == [
        (True, "INVITE"), (False, "180 Ringing"),
    ]  # fmt: skip
    assert all(step.noted.call_id == "two" for step in steps)
    text = "".join(file.read_text() for file in tmp_path.iterdir())
    assert "secret" not in text
    assert "5550123" not in text
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, "others may not read it"


def test_only_files_that_can_hold_a_call_are_read(tmp_path: Path) -> None:
    for begin in (1_000_000, 2_000_000, 3_000_000):
        (tmp_path / f"sip-{begin:015d}.jsonl").touch()
    (tmp_path / "sip-note.jsonl").touch()
    names = [file.name for file in traces.files(tmp_path, 2_100.0, 2_200.0)]
    assert names == ["sip-000000002000000.jsonl"]
    assert traces.ladder(tmp_path / "none", "x", 0.0, None) == []


def test_torn_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    taped(tmp_path, "one")
    file = next(tmp_path.iterdir())
    file.write_bytes(b'{"call":"one"}\n[1]\nnonsense one\n' + file.read_bytes() + b'{"at":1,"ca')
    assert len(traces.ladder(tmp_path, "one", 0.0, None)) == 2


def test_the_oldest_files_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILE_BYTES", 300_000)
    tape = Tape(TraceSettings(tmp_path, 1))
    for index in range(400):
        tape.message(message(f"call-{index}", pad=6_000), "udp:192.0.2.1:5060", sent=True)
        if index % 40 == 39:
            tape._drain()
            time.sleep(0.002)
    tape.close()
    held = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert held <= 1 << 20
    assert traces.ladder(tmp_path, "call-399", 0.0, None)
    assert not traces.ladder(tmp_path, "call-0", 0.0, None)


def test_a_full_disk_costs_evidence_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    tape = Tape(TraceSettings(tmp_path / "file", 1))
    for _ in range(3):
        tape.message(message("one"), "udp:192.0.2.1:5060", sent=True)
        tape._drain()
    tape.close()
    assert sum("cannot be written" in record.message for record in caplog.records) == 1


def test_the_command_shows_a_call_by_its_attempt_as_a_ladder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(tmp_path)
    tmp_path.joinpath("run").mkdir()
    attempt = "01a20431-b03c-7747-b0cf-e0b45860529d"
    call_id = derive(settings.secret(), attempt).call_id
    shown = {"last": 1, "follow": False, "whole": False}
    assert cli.trace(settings, attempt, as_json=False, **shown) == 1
    assert "sip_trace_mb" in capsys.readouterr().err
    taped(settings.sip_trace, "other", call_id)
    assert cli.trace(settings, attempt, as_json=False, **shown) == 0
    told = capsys.readouterr().out
    assert f"Call {call_id}" in told
    assert "-INVITE-" in told
    assert "180 Ringing-|" in told
    assert cli.trace(settings, "", as_json=True, **shown) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["head"] for line in lines] == ["INVITE", "180 Ringing"]
    assert {line["call"] for line in lines} == {call_id}
