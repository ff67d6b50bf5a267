"""Each kind of callee, proven on the wire of a real box by a real caller on loopback.

One evening of calls, all at once, is placed for the whole file; each test looks at one of them.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pstn_caller import Caller, Frames, Seen, prompt_frames, tone_frames

import vyzov.pstn
from vyzov.media.g711 import SILENCE, Law
from vyzov.media.prompts import PromptLibrary
from vyzov.pstn.box import Box, BoxSettings, NotLoopback, read_numbers
from vyzov.pstn.chaos import Address
from vyzov.pstn.hearing import Heard
from vyzov.simulation.people import Callee, CalleeKind, Plan, town
from vyzov.sip.events import CallAnswered, CallEnded, Side
from vyzov.sip.user_agent import Account

PROMPTS = PromptLibrary(Path(vyzov.pstn.__file__).parent / "prompts" / "en")
NUMBERS = [f"+7000555{index:04d}" for index in range(1, 171)]
SEED = 11
HURRY = 6.0
Json = dict[str, Any]
Play = Callable[[float], Sequence[Frames]]


def someone(kind: CalleeKind, fits: Callable[[Callee], bool] = lambda _callee: True) -> Callee:
    """Finds somebody of that kind in the box's town."""
    people = town(NUMBERS, SEED).values()
    return next(one for one in people if one.kind is kind and fits(one))


class World:
    """A box, a caller, and what the ledger says afterwards."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        numbers = folder / "numbers.txt"
        numbers.write_text("\n".join(NUMBERS), encoding="utf-8")
        self.settings = replace(
            BoxSettings(
                ledger=folder / "ledger.jsonl", port=0, seed=SEED, numbers=numbers, hurry=HURRY
            ),
            **changes,
        )

    def run(self, story: Callable[[Box, Caller], Awaitable[None]], **account: str) -> list[Json]:
        async def scene() -> None:
            box = Box(self.settings)
            caller = Caller(await box.start(), Account(**account) if account else None)
            await caller.open()
            try:
                await story(box, caller)
            finally:
                caller.close()
                await box.stop()

        asyncio.run(scene())
        text = self.settings.ledger.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@dataclass(frozen=True)
class Placed:
    """One call of the evening: who was called, what the caller saw, what the box wrote."""

    callee: Callee
    seen: Seen
    record: Json
    ledger: list[Json]

    @property
    def plan(self) -> Plan:
        return self.callee.plan(1, HURRY)


def wire(ledger: list[Json], direction: str, what: str | int) -> int:
    key = "status" if isinstance(what, int) else "method"
    return sum(
        line["rec"] == "sip" and line["dir"] == direction and line.get(key) == what
        for line in ledger
    )


def offer_cut_short() -> Frames:
    """The first seconds of the offer: a caller stops it as soon as a key is pressed."""
    return list(prompt_frames(PROMPTS, "offer"))[:220]


def offer_and_wait(_at: float) -> Sequence[Frames]:
    return [offer_cut_short(), prompt_frames(PROMPTS, "please_wait")]


def offer_then_operator(_at: float) -> Sequence[Frames]:
    return [offer_cut_short(), tone_frames(1150, 4.0)]


@dataclass(frozen=True)
class Order:
    """A call to be placed."""

    kind: CalleeKind
    play: Play | None = None
    fits: Callable[[Callee], bool] = lambda _callee: True
    cancel_after_s: float | None = None


def silence(_at: float) -> Sequence[Frames]:
    return [[SILENCE[Law.PCMA]] * 330]


def operator_alone(_at: float) -> Sequence[Frames]:
    return [tone_frames(1400, 15.0)]


def nobody_there(_at: float) -> Sequence[Frames]:
    return [list(prompt_frames(PROMPTS, "safe_harbour"))[:150]]


REFUSALS = {
    CalleeKind.BUSY: {486},
    CalleeKind.REJECTS: {486, 603},
    CalleeKind.UNALLOCATED: {404},
    CalleeKind.UNREACHABLE: {480},
    CalleeKind.CONGESTED: {503},
    CalleeKind.ANNOUNCEMENT: {404, 480},
}
ORDERS: dict[str, Order] = {
    **{kind.value: Order(kind) for kind in REFUSALS},
    "never": Order(CalleeKind.NEVER_ANSWERS, cancel_after_s=1.0),
    "key 1": Order(CalleeKind.PRESSES_1, offer_and_wait),
    "key 2": Order(CalleeKind.PRESSES_2, offer_and_wait),
    "key 9": Order(CalleeKind.PRESSES_9, offer_and_wait),
    "joined": Order(
        CalleeKind.ANSWERS_AND_SPEAKS, offer_then_operator, lambda one: not one.plan(1).leaves_first
    ),
    "leaves": Order(CalleeKind.PRESSES_1, operator_alone, lambda one: one.plan(1).leaves_first),
    "nobody": Order(CalleeKind.PRESSES_NOTHING, nobody_there),
    "silent": Order(CalleeKind.SILENT, silence),
    "machine": Order(CalleeKind.VOICEMAIL, silence),
    "impatient": Order(CalleeKind.HANGS_UP_MID_SENTENCE, offer_and_wait),
    "challenge 401": Order(CalleeKind.CHALLENGE_401, offer_then_operator),
    "challenge 407": Order(CalleeKind.CHALLENGE_407, offer_then_operator),
}


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Placed]:
    people: dict[str, Callee] = {}
    for name, order in ORDERS.items():
        taken = {callee.number for callee in people.values()}

        def fits(one: Callee, order: Order = order, taken: set[str] = taken) -> bool:
            return one.number not in taken and order.fits(one)

        people[name] = someone(order.kind, fits)
    seen: dict[str, Seen] = {}

    async def story(_box: Box, caller: Caller) -> None:
        calls = [
            caller.call(
                name, people[name].number, play=order.play, cancel_after_s=order.cancel_after_s
            )
            for name, order in ORDERS.items()
        ]
        seen.update(zip(ORDERS, await asyncio.gather(*calls), strict=True))

    ledger = World(tmp_path_factory.mktemp("evening")).run(story)
    placed: dict[str, Placed] = {}
    for name, callee in people.items():
        [record] = [r for r in ledger if r["rec"] == "call" and r["number"] == callee.number]
        own = [line for line in ledger if line.get("call_id") == record["call_id"]]
        placed[name] = Placed(callee, seen[name], record, own)
    return placed


@pytest.mark.parametrize("kind", REFUSALS)
def test_who_does_not_answer_refuses_as_planned(
    kind: CalleeKind, evening: dict[str, Placed]
) -> None:
    one = evening[kind.value]
    ending = one.plan.ending
    assert ending is not None
    assert one.seen.rejected.code == ending.code
    assert ending.code in REFUSALS[kind]
    assert list(one.seen.rejected.reasons) == ([ending.reason] if ending.reason else [])
    assert (one.record["code"], one.record["ended_by"]) == (ending.code, "refused")
    assert one.seen.provisional == (
        [180] if kind is CalleeKind.REJECTS else [183] if kind is CalleeKind.ANNOUNCEMENT else []
    )
    assert wire(one.ledger, "in", "INVITE") == 1
    assert wire(one.ledger, "out", ending.code) == wire(one.ledger, "in", "ACK") == 1


def test_who_never_answers_rings_until_cancelled(evening: dict[str, Placed]) -> None:
    one = evening["never"]
    assert one.seen.rejected.code == 487
    assert one.seen.provisional == [180]
    assert (one.record["ended_by"], one.record["code"]) == ("cancelled", 487)
    assert one.record["answered_at"] is None
    assert wire(one.ledger, "in", "CANCEL") == 1
    assert wire(one.ledger, "out", 487) == 1


@pytest.mark.parametrize("key", ["1", "2", "9"])
def test_a_key_follows_the_offer_and_only_the_offer(key: str, evening: dict[str, Placed]) -> None:
    one = evening[f"key {key}"]
    assert one.seen.digits == [key]
    assert [press["key"] for press in one.record["keys"]] == [key]
    offered = next(line for line in one.ledger if line.get("what") == "offer")
    assert one.record["keys"][0]["at_s"] - offered["from_s"] == pytest.approx(
        one.plan.press_after_s, abs=0.5
    )
    assert one.record["prompts"][:2] == ["offer", "please_wait"]
    assert not one.record["joined"]
    assert one.record["abandoned"] == (key == "1")
    assert one.record["ended_by"] == "caller"


def test_a_person_is_joined_when_the_operator_is_heard(evening: dict[str, Placed]) -> None:
    one = evening["joined"]
    assert one.record["joined"]
    assert not one.record["abandoned"]
    [operator] = one.record["operators"]
    assert operator["hz"] == 1150
    assert one.record["joined_s"] == pytest.approx(4.4, abs=0.6)
    assert one.seen.voices[Heard("callee", one.callee.voice_hz)] >= 10
    heard = {voice.hz for voice in one.seen.voices if voice.what == "callee"}
    assert heard == {one.callee.voice_hz}
    assert one.record["rtp_received"] >= 400
    assert one.record["rtp_sent"] >= 400


def test_a_talk_may_be_ended_by_the_callee(evening: dict[str, Placed]) -> None:
    one = evening["leaves"]
    [ended] = one.seen.of(CallEnded)
    assert isinstance(ended, CallEnded)
    assert ended.side is Side.FAR
    assert one.record["ended_by"] == "callee"
    assert one.record["operators"][0]["hz"] == 1400
    assert wire(one.ledger, "out", "BYE") == 1


def test_a_person_answered_by_nobody_is_abandoned(evening: dict[str, Placed]) -> None:
    one = evening["nobody"]
    assert one.record["abandoned"]
    assert one.record["prompts"] == ["safe_harbour"]


def test_a_silent_callee_never_makes_a_sound(evening: dict[str, Placed]) -> None:
    one = evening["silent"]
    assert not one.record["abandoned"]
    assert {voice.what for voice in one.seen.voices} <= {"silence", "no_packets"}


def test_a_machine_greets_at_length_and_beeps(evening: dict[str, Placed]) -> None:
    one = evening["machine"]
    assert not one.record["abandoned"]
    spoken = one.seen.voices[Heard("callee", one.callee.voice_hz)] / 10
    assert spoken == pytest.approx(one.plan.greeting_s, abs=0.5)
    assert one.seen.voices[Heard("sound")] >= 3


def test_some_hang_up_in_mid_sentence(evening: dict[str, Placed]) -> None:
    one = evening["impatient"]
    assert one.record["ended_by"] == "callee"
    assert [line["why"] for line in one.ledger if line.get("act") == "hang_up"] == ["mid_sentence"]
    assert one.record["ended_at"] - one.record["answered_at"] < 5.0
    assert one.seen.digits == []


@pytest.mark.parametrize("code", [401, 407])
def test_a_challenge_is_met_and_then_a_person_answers(
    code: int, evening: dict[str, Placed]
) -> None:
    one = evening[f"challenge {code}"]
    assert len(one.seen.of(CallAnswered)) == 1
    assert one.record["challenges"] == 1
    assert one.record["joined"]
    assert wire(one.ledger, "out", code) == 1
    invites = [line for line in one.ledger if line.get("method") == "INVITE"]
    assert [line["cseq"] for line in invites] == [1, 2]
    assert len({line["branch"] for line in invites}) == 2


def test_a_network_gives_up_ringing_some_day(tmp_path: Path) -> None:
    callee = someone(CalleeKind.NEVER_ANSWERS)
    seen: list[Seen] = []

    async def story(_box: Box, caller: Caller) -> None:
        seen.append(await caller.call("leg", callee.number))

    World(tmp_path, ring_limit_s=0.5).run(story)
    assert (seen[0].rejected.code, seen[0].rejected.q850) == (480, 19)


def test_a_wrong_password_is_never_let_in(tmp_path: Path) -> None:
    callee = someone(CalleeKind.CHALLENGE_407)
    seen: list[Seen] = []

    async def story(_box: Box, caller: Caller) -> None:
        seen.append(await caller.call("leg", callee.number))

    ledger = World(tmp_path).run(story, username="vyzov", password="guess", realm="pstn.box")
    assert not seen[0].of(CallAnswered)
    assert seen[0].rejected.code in (403, 407)
    assert wire(ledger, "in", "INVITE") == 2


def test_a_busy_person_may_answer_later_and_keeps_count_by_number(tmp_path: Path) -> None:
    callee = someone(CalleeKind.BUSY, lambda one: one.home_from_attempt == 2)

    async def story(_box: Box, caller: Caller) -> None:
        first = await caller.call("first", callee.number)
        assert first.rejected.code == 486
        second = await caller.call("second", callee.number, play=offer_then_operator)
        assert len(second.of(CallAnswered)) == 1

    records = [line for line in World(tmp_path).run(story) if line["rec"] == "call"]
    assert [record["attempt_index"] for record in records] == [1, 2]
    assert [record["acts_as"] for record in records] == ["busy", "answers_and_speaks"]


def test_a_telephone_in_use_is_busy_and_the_second_call_is_noted(tmp_path: Path) -> None:
    callee = someone(CalleeKind.NEVER_ANSWERS)

    async def story(_box: Box, caller: Caller) -> None:
        first = asyncio.create_task(caller.call("first", callee.number, cancel_after_s=2.0))
        await asyncio.sleep(0.5)
        second = await caller.call("second", callee.number)
        assert second.rejected.code == 486
        assert (await first).rejected.code == 487

    ledger = World(tmp_path).run(story)
    assert [line["number"] for line in ledger if line["rec"] == "second_call"] == [callee.number]


def test_what_is_not_a_number_does_not_exist(tmp_path: Path) -> None:
    async def story(_box: Box, caller: Caller) -> None:
        assert (await caller.call("leg", "*#")).rejected.code == 404

    assert not [line for line in World(tmp_path).run(story) if line["rec"] == "call"]


def test_closing_the_box_ends_what_is_up_and_says_so(tmp_path: Path) -> None:
    ringing, talking = someone(CalleeKind.NEVER_ANSWERS), someone(CalleeKind.PRESSES_NOTHING)
    seen: list[Seen] = []

    async def story(box: Box, caller: Caller) -> None:
        calls = [
            asyncio.create_task(caller.call("ringing", ringing.number)),
            asyncio.create_task(caller.call("talking", talking.number)),
        ]
        await asyncio.sleep(2.5)
        await box.stop()
        seen.extend(await asyncio.gather(*calls))

    world = World(tmp_path)

    async def scene() -> None:
        box = Box(world.settings)
        caller = Caller(await box.start())
        await caller.open()
        await story(box, caller)
        caller.close()

    asyncio.run(scene())
    lines = [json.loads(line) for line in world.settings.ledger.read_text().splitlines()]
    assert {line["ended_by"] for line in lines if line["rec"] == "call"} == {"box"}
    assert lines[-1]["rec"] == "end"
    assert seen[0].rejected.code == 480
    assert len(seen[1].of(CallEnded)) == 1


def test_the_box_refuses_to_listen_beyond_loopback_unless_told(tmp_path: Path) -> None:
    settings = BoxSettings(ledger=tmp_path / "ledger.jsonl", host="0.0.0.0")
    with pytest.raises(NotLoopback, match="--listen-anywhere"):
        Box(settings)
    Box(replace(settings, listen_anywhere=True))


def test_numbers_are_read_from_any_text(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "\ufeffname;phone\nАнна;+7 (000) 555-01-01\nBob;+12025550143;+12025550144\nno number\n",
        encoding="utf-8",
    )
    assert read_numbers(path) == ["+70005550101", "+12025550143"]


def test_a_bad_network_loses_and_repeats_and_calls_come_through_all_the_same(
    tmp_path: Path,
) -> None:
    callee = someone(CalleeKind.REJECTS)
    seen: list[Seen] = []
    front: list[Address] = []

    async def story(box: Box, caller: Caller) -> None:
        front.append(caller.box)
        calls = [caller.call(f"leg-{turn}", callee.number) for turn in range(6)]
        seen.extend(await asyncio.gather(*calls))

    ledger = World(tmp_path, bad_network=0.25).run(story)
    assert all(one.rejected.code in (486, 603) for one in seen)
    weather = next(line for line in ledger if line["rec"] == "weather")
    assert min(weather["passed"], weather["lost"], weather["repeated"]) > 0
    assert ledger[0]["address"] == list(front[0])
