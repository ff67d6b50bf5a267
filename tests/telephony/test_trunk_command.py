"""`vyzov trunk test`: plain words in two languages, one JSON object, an exit code, and a call."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import uvloop
from callee import Callee
from scripted_carrier import Request, ScriptedCarrier, always
from trunk_lab import registrar
from typer.testing import CliRunner

from vyzov.app import Settings
from vyzov.app import first_run as make_house
from vyzov.cli import app
from vyzov.cli.trunk_words import FINDINGS, STEPS
from vyzov.dialer.office_records import TrunkSettings
from vyzov.dialer.ports import SetTrunk
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage.office import open_office
from vyzov.telephony.native.one_check import call_steps, look_at, works
from vyzov.telephony.native.trunk_check import Finding, Step


async def typed(*words: str) -> tuple[int, str]:
    result = await asyncio.to_thread(CliRunner().invoke, app, ["trunk", "test", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return 99, str(result.exception)
    return result.exit_code, result.stdout


def script(request: Request) -> list[bytes]:
    return registrar(request) if request.method == "REGISTER" else [request.reply("200 OK")]


def test_a_trunk_that_works_is_said_to_work(tmp_path: Path) -> None:
    async def story() -> None:
        async with ScriptedCarrier(script) as carrier:
            status, said = await typed(
                "--host", "127.0.0.1", "--port", str(carrier.port), "--user", "me",
                "--password", "x", "--register", "--data", str(tmp_path),
            )  # fmt: skip
            assert status == 0, said
            assert "Sign-in: works" in said
            assert said.strip().endswith("The trunk works.")

    uvloop.run(story())


def test_what_does_not_work_is_said_in_russian_with_what_to_do(tmp_path: Path) -> None:
    async def story() -> None:
        async with ScriptedCarrier(always("403 Suspended")) as carrier:
            status, said = await typed(
                "--host", "127.0.0.1", "--port", str(carrier.port), "--user", "me",
                "--password", "x", "--register", "--lang", "ru", "--data", str(tmp_path),
            )  # fmt: skip
            assert status == 1
            assert "! Регистрация: оператор связи не принимает регистрацию" in said
            assert "403 Suspended" in said
            assert "Проверьте имя и домен" in said

    uvloop.run(story())


def test_the_json_holds_every_step(tmp_path: Path) -> None:
    async def story() -> None:
        async with ScriptedCarrier(always("404 No")) as carrier:
            status, said = await typed(
                "--host", "127.0.0.1", "--port", str(carrier.port), "--json",
                "--data", str(tmp_path),
            )  # fmt: skip
            told = json.loads(said)
            assert (status, told["works"]) == (0, True)
            assert [(one["step"], one["finding"]) for one in told["steps"]] == [
                ("resolve", "ok"),
                ("options", "ok_refused"),
            ]
            assert told["call"] is None

    uvloop.run(story())


def test_a_call_proves_sound_both_ways(tmp_path: Path) -> None:
    async def story() -> None:
        async with Callee() as callee:
            status, said = await typed(
                "--host", "127.0.0.1", "--port", str(callee.port), "--number", "+70005550101",
                "--talk", "1.5", "--json", "--data", str(tmp_path),
            )  # fmt: skip
            told = json.loads(said)
            assert status == 0, told
            findings = {one["step"]: one["finding"] for one in told["steps"]}
            assert findings["call"] == findings["sound"] == "ok"
            assert callee.count("INVITE") == 1

    uvloop.run(story())


def test_a_trunk_of_the_installation_is_found_by_its_name(tmp_path: Path) -> None:
    home = Settings(data=tmp_path)
    make_house(home, login="admin", password_hash="x", name="A")
    office = open_office(home.database, clock=SystemClock(), randomness=SystemDice())

    async def story() -> None:
        async with ScriptedCarrier(always("200 OK")) as carrier:
            settings = TrunkSettings("Second carrier", "127.0.0.1", carrier.port)
            office.create_trunk(office.organisations()[0].id, settings)
            status, said = await typed("Second carrier", "--data", str(tmp_path))
            assert status == 0, said
            assert said.startswith(f"Second carrier: udp 127.0.0.1:{carrier.port}")
            assert "'Second carrier'" in (await typed("Other", "--data", str(tmp_path)))[1]

    uvloop.run(story())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Name one trunk"),
        (("x", "--host", "y"), "Name one trunk"),
        (("--host", "127.0.0.1", "--lang", "de"), "no words in 'de'"),
        (("--host", "127.0.0.1", "--number", "12x"), "is no number"),
        (("--host", "127.0.0.1", "--transport", "ws"), "transport"),
        (("--host", "127.0.0.1", "--register"), "username"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    status, said = asyncio.run(typed(*words, "--data", str(tmp_path)))
    assert status == 99
    assert why in said


def test_a_carrier_deaf_to_options_is_still_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vyzov.telephony.native.trunk_check.OPTIONS_LIMIT_S", 0.2)

    def deaf(request: Request) -> list[bytes]:
        return [request.reply("486 Busy Here")] if request.method == "INVITE" else []

    async def story() -> None:
        async with ScriptedCarrier(deaf) as carrier:
            trunk = SetTrunk("t", "127.0.0.1", carrier.port, probe_s=0.0)
            steps, call = await look_at(trunk, number="+70005550101")
            assert [(step, finding) for step, finding, _ in steps] == [
                ("resolve", "ok"),
                ("options", "no_reply"),
                ("call", "call_failed"),
            ]
            assert call is not None
            assert not works(steps)

    uvloop.run(story())


def result(**changes: Any) -> dict[str, Any]:
    usual = {"outcome": "answered", "code": 200, "phrase": "OK", "refused": "", "ring_s": 1.0}
    return usual | {"talk_s": 5.0, "rtp": {"rtp_sent": 250, "rtp_received": 240}} | changes


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (result(), ["ok", "ok"]),
        (result(rtp={"rtp_sent": 250, "rtp_received": 3}), ["ok", "one_way"]),
        (result(rtp={}), ["ok", "silent"]),
        (result(outcome="failed", code=480, ring_s=9.0), ["not_answered"]),
        (result(outcome="failed", code=403, ring_s=0.0), ["call_failed"]),
        (result(outcome="refused", code=0, ring_s=0.0, refused="no_port"), ["call_failed"]),
    ],
)
def test_a_call_is_judged_by_what_was_heard(told: dict[str, Any], found: list[str]) -> None:
    assert [finding for _, finding, _ in call_steps(told, 5.0)] == found


def test_sound_both_ways_outweighs_silence_to_options() -> None:
    deaf = (("options", "no_reply", ""), ("call", "ok", ""), ("sound", "ok", ""))
    assert works(deaf)
    assert not works((*deaf[:2], ("sound", "one_way", "")))
    assert not works((("resolve", "not_found", ""), *deaf))


def test_every_step_and_finding_has_words_in_every_language() -> None:
    for lang in ("en", "ru"):
        assert set(STEPS[lang]) == {step.value for step in Step}
        assert set(FINDINGS[lang]) == {finding.value for finding in Finding}
        assert all(words.what for words in FINDINGS[lang].values())
