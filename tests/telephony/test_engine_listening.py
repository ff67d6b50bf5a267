"""What the engine hears by itself: keys on either path, and who answered."""

from pathlib import Path

import numpy as np
import pytest
import uvloop
from callee import Callee
from engine_lab import Lab, originate

from vyzov.dialer.ports import Classified, Digit, LegEvent
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, encode
from vyzov.media.rtp import RtpPacket, RtpSender, parse
from vyzov.media.telephone_event import DigitSender
from vyzov.media.tones import beep, tone
from vyzov.telephony.native.listening import Listener

SILENT = np.zeros(160, dtype=np.int16)


class Ear:
    """A listener fed 20 ms at a time by a clock of its own."""

    def __init__(self, *, in_band: bool = False, classify: bool = False) -> None:
        self.events: list[LegEvent] = []
        self.now = 50.0
        self.listener = Listener("a", self.events.append)
        self.listener.answered(self.now, Law.PCMA, in_band=in_band, classify=classify)
        self._sender = RtpSender(3, 1, 1, 8)

    def feed(self, sound: Samples | None, frames: int = 1) -> None:
        """Sends a sound, or nothing at all for so many frames."""
        count = frames if sound is None else len(sound) // 160
        for number in range(count):
            if sound is not None:
                frame = sound[number * 160 : number * 160 + 160]
                self.listener.voice(self.packet(encode(frame, Law.PCMA)), Law.PCMA, self.now)
            self.listener.tick(self.now)
            self.now += 0.02

    def packet(self, payload: bytes) -> RtpPacket:
        found = parse(self._sender.packet(payload))
        assert found is not None
        return found


def key_sound(low: float, high: float, ms: int) -> Samples:
    return tone(low, ms, -12) + tone(high, ms, -12)


def test_keys_are_heard_in_the_sound_of_a_far_side_without_events() -> None:
    ear = Ear(in_band=True)
    ear.feed(np.tile(SILENT, 20))
    for low, high in ((770, 1336), (852, 1477), (852, 1477)):
        ear.feed(np.concatenate([key_sound(low, high, 100), np.tile(SILENT, 10)]))
    assert [e.digit for e in ear.events if isinstance(e, Digit)] == ["5", "9", "9"]


def test_a_key_whose_end_was_lost_is_told_all_the_same() -> None:
    ear = Ear()
    sender = DigitSender("7")
    numbers = RtpSender(3, 1, 1, 8)
    for _ in range(3):
        data = sender.next_packet(numbers)
        assert data is not None
        found = parse(data)
        assert found is not None
        ear.listener.event(found, ear.now)
        ear.now += 0.02
    ear.feed(None, 20)
    assert [e.digit for e in ear.events if isinstance(e, Digit)] == ["7"]


def classes(ear: Ear) -> list[tuple[str, str]]:
    return [(e.answer_class, e.detail) for e in ear.events if isinstance(e, Classified)]


def speech(ms: int) -> Samples:
    """Something that rises and falls like speech and is no steady tone."""
    times = np.arange(ms * 8) / 8000
    sweep = np.sin(2 * np.pi * (300 * times + 120 * np.sin(2 * np.pi * 3 * times)))
    return (6000 * sweep * (0.6 + 0.4 * np.sin(2 * np.pi * 7 * times))).astype(np.int16)


def test_a_far_side_that_sends_nothing_is_silent() -> None:
    ear = Ear(classify=True)
    ear.feed(None, 250)
    assert classes(ear) == [("silence", "initial_silence")]


def test_a_short_greeting_is_a_person_and_is_told_once() -> None:
    ear = Ear(classify=True)
    ear.feed(np.concatenate([np.tile(SILENT, 20), speech(800), np.tile(SILENT, 200)]))
    assert classes(ear) == [("human", "greeting_short")]


def test_a_machines_beep_is_told_after_the_verdict() -> None:
    ear = Ear(classify=True)
    ear.feed(np.concatenate([np.tile(SILENT, 20), speech(4000), np.tile(SILENT, 20)]))
    assert classes(ear) == [("machine", "greeting_long")]
    ear.feed(np.concatenate([beep(1000, 400), np.tile(SILENT, 50)]))
    assert classes(ear) == [("machine", "greeting_long"), ("machine", "beep")]
    ear.feed(np.concatenate([beep(1000, 400), np.tile(SILENT, 50)]))
    assert len(classes(ear)) == 2


@pytest.mark.parametrize("wanted", [True, False])
def test_an_answer_is_classified_where_the_order_asks_for_it(wanted: bool, tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=300) as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", classify=wanted))
            await callee.call()
            if wanted:
                heard = await lab.floor.wait(Classified, "a", limit_s=8)
                assert heard.answer_class == "machine"
                assert 2000 < heard.after_ms < 5000
            else:
                with pytest.raises(AssertionError, match="no Classified"):
                    await lab.floor.wait(Classified, "a", limit_s=3.5)

    uvloop.run(story())


def test_a_key_told_in_words_takes_the_place_of_sound_that_may_be_mistaken() -> None:
    ear = Ear(in_band=True)
    ear.feed(np.concatenate([np.tile(SILENT, 10), key_sound(770, 1336, 100), np.tile(SILENT, 10)]))
    ear.listener.told("5", 240)
    ear.feed(np.concatenate([key_sound(852, 1477, 100), np.tile(SILENT, 10)]))
    ear.listener.told("9", 240)
    assert [e.digit for e in ear.events if isinstance(e, Digit)] == ["5", "9"]


def test_a_word_that_differs_from_the_sound_before_it_is_a_key_of_its_own() -> None:
    ear = Ear(in_band=True)
    ear.feed(np.concatenate([np.tile(SILENT, 10), key_sound(770, 1336, 100), np.tile(SILENT, 10)]))
    ear.listener.told("6", 240)
    assert [e.digit for e in ear.events if isinstance(e, Digit)] == ["5", "6"]


def test_keys_sent_as_events_are_not_pressed_again_by_words() -> None:
    ear = Ear()
    digits = DigitSender("7", 101)
    sender = RtpSender(3, 1, 1, 8)
    while (packet := digits.next_packet(sender)) is not None:
        found = parse(packet)
        assert found is not None
        ear.listener.event(found, ear.now)
    ear.listener.told("7", 160)
    assert [e.digit for e in ear.events if isinstance(e, Digit)] == ["7"]
