"""Program operators against a server that speaks the public API, with a real audio leg."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from desk_double import DeskDouble

from vyzov.pstn.desk_client import Desk, DeskClosed, VerbRefused, merged
from vyzov.pstn.hearing import OPERATOR_FREQUENCIES, Heard
from vyzov.pstn.operators import (
    Diary,
    Operator,
    OperatorSettings,
    login_of,
    speak,
    tone_of,
)
from vyzov.pstn.softphone import NoTelephone, probe

Json = dict[str, Any]


def shift(
    folder: Path, story: Callable[[DeskDouble, Operator], Awaitable[None]], **changes: Any
) -> list[Json]:
    """Lets one operator work while `story` plays the server; returns the diary."""

    async def scene() -> None:
        double = DeskDouble()
        url = await double.start()
        usual: Json = {"password": "right", "out": folder / "operators.jsonl", "hurry": 4.0}
        settings = OperatorSettings(url=url, **(usual | changes))
        diary = Diary(settings.out)
        operator = Operator(settings, 0, diary)
        tasks = [asyncio.create_task(operator.shift()), asyncio.create_task(speak([operator]))]
        try:
            await story(double, operator)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            diary.close()
            await double.stop()

    asyncio.run(scene())
    text = (folder / "operators.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


async def talk(double: DeskDouble, attempt: str, voice_hz: int) -> None:
    """Plays one call from ring to wrap-up."""
    double.engines[-1].voice_hz = voice_hz
    await double.show(call=double.call(attempt, "talking"))
    await double.wait(lambda: double.verbs.count("hangup") > 0, 30.0)
    double.engines[-1].voice_hz = 0
    await double.show(call=double.call(attempt, "ended"), wrap_up={"attempt": attempt})


def test_an_operator_signs_in_talks_hears_and_saves_a_result(tmp_path: Path) -> None:
    async def story(double: DeskDouble, operator: Operator) -> None:
        await double.wait(lambda: "ready" in double.verbs)
        double.refuse_results = 1
        await talk(double, "attempt-1", 440)
        await double.wait(lambda: operator._diary.counts["result"] == 1)
        await double.show(call=None, wrap_up=None)
        assert Heard("operator", 1150) in double.engines[0].heard
        assert double.verbs[:2] == ["offer", "ready"]
        assert double.results[0] == (
            {"attempt": "attempt-1", "result": "sale"},
            "op1/attempt-1",
        )

    diary = shift(tmp_path, story, hurry=30.0)
    assert [line["rec"] for line in diary[:2]] == ["device_up", "ready"]
    assert diary[0]["codec"] == "PCMA"
    [told] = [line for line in diary if line["rec"] == "talk"]
    assert told["attempt"] == "attempt-1"
    assert (told["operator"], told["tone_hz"], told["hung_up"]) == ("op1", 1150, True)
    assert told["voices"][0]["hz"] == 440
    assert told["first_heard_s"] <= 1.0
    [result] = [line for line in diary if line["rec"] == "result"]
    assert (result["status"], result["tries"], result["problem"]) == (200, 2, "")


def test_a_flaky_operator_loses_its_line_when_a_call_is_offered_and_comes_back(
    tmp_path: Path,
) -> None:
    async def story(double: DeskDouble, operator: Operator) -> None:
        await double.wait(lambda: "ready" in double.verbs)
        await double.show(call=double.call("attempt-1", "ringing"))
        await double.wait(lambda: "(gone)" in double.verbs)
        await double.wait(lambda: operator._diary.counts["ready"] == 2)
        await double.show(call=None)

    diary = shift(tmp_path, story, flaky=1.0)
    [drop] = [line for line in diary if line["rec"] == "drop"]
    assert drop["why"] == "offered"
    assert [line["rec"] for line in diary].count("device_up") == 2


def test_a_broken_socket_is_trouble_and_the_shift_goes_on(tmp_path: Path) -> None:
    async def story(double: DeskDouble, operator: Operator) -> None:
        await double.wait(lambda: "ready" in double.verbs)
        await double.sockets[0].close(1012)
        await double.wait(lambda: operator._diary.counts["ready"] == 2)

    diary = shift(tmp_path, story)
    assert [line["rec"] for line in diary].count("trouble") == 1
    assert len([line for line in diary if line["rec"] == "ready"]) == 2


def test_a_gap_in_the_diffs_is_healed_by_a_new_snapshot() -> None:
    async def scene() -> None:
        double = DeskDouble()
        desk = Desk(await double.start())
        await desk.sign_in("op1", "right")
        await desk.go_live()
        double._n += 5
        await double.show(call=double.call("attempt-1", "ringing"))
        seen = await desk.wait_until(lambda: bool(desk.state.get("call")), 5.0)
        assert seen
        await desk.leave()
        assert not desk.open
        with pytest.raises(DeskClosed):
            await desk.do("ready")
        await double.stop()

    asyncio.run(scene())


def test_a_wrong_password_and_a_dead_server_are_said_so() -> None:
    async def scene() -> None:
        double = DeskDouble()
        url = await double.start()
        desk = Desk(url)
        with pytest.raises(DeskClosed, match="HTTP 401"):
            await desk.sign_in("op1", "wrong")
        await desk.leave()
        await double.stop()
        desk = Desk(url)
        with pytest.raises(DeskClosed, match="does not answer"):
            await desk.sign_in("op1", "right")
        assert (await desk.save_result({}, "key"))[0] == 0
        await desk.leave()

    asyncio.run(scene())


def test_a_declined_verb_tells_its_code() -> None:
    error = VerbRefused("ready", "desk.no_device")
    assert error.code == "desk.no_device"
    assert "declined `ready`" in str(error)


def test_a_merge_patch_removes_adds_and_replaces() -> None:
    state = {"call": {"state": "ringing", "at": 1}, "gone": 1}
    patch = {"call": {"state": "talking"}, "gone": None, "new": {"a": {"b": None, "c": 2}}}
    assert merged(state, patch) == {"call": {"state": "talking", "at": 1}, "new": {"a": {"c": 2}}}
    assert merged({"a": 1}, [1]) == [1]
    assert merged(3, {"a": 1}) == {"a": 1}


def test_logins_count_up_and_tones_differ() -> None:
    assert [login_of("op1", index) for index in range(3)] == ["op1", "op2", "op3"]
    assert login_of("team9op09", 2) == "team9op11"
    assert [login_of("anna", index) for index in range(2)] == ["anna", "anna2"]
    assert [tone_of(1150, index) for index in range(3)] == [1150, 1200, 1250]
    every = {tone_of(1150, index) for index in range(len(OPERATOR_FREQUENCIES))}
    assert every == set(OPERATOR_FREQUENCIES)
    with pytest.raises(ValueError, match="1000 Hz"):
        tone_of(1000, 0)


def test_the_pinned_names_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    probe()
    monkeypatch.setattr("vyzov.pstn.softphone._SENDS", "_send_sound")
    with pytest.raises(NoTelephone, match="_send_sound"):
        probe()
