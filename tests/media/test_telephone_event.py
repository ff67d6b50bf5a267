"""Keys: each press once, whatever the network does to its packets."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.frame import Samples, silent_frame
from vyzov.media.mixer import mix
from vyzov.media.rtp import RtpPacket, RtpSender, parse
from vyzov.media.telephone_event import (
    Digit,
    DigitPaths,
    DigitReceiver,
    DigitSender,
    GoertzelDigits,
)
from vyzov.media.tones import ComfortNoise, tone

KEYS = "0123456789*#ABCD"


def event(
    code: int,
    timestamp: int = 1000,
    duration: int = 160,
    end: bool = False,
    marker: bool = False,
    ssrc: int = 7,
) -> RtpPacket:
    payload = struct.pack("!BBH", code, 0x80 | 10 if end else 10, duration)
    return RtpPacket(101, marker, 1, timestamp, ssrc, payload)


def sent(digits: str, tone_ms: int = 120, pause_ms: int = 80) -> list[RtpPacket | None]:
    """One entry a tick: the packet, or None where the sender leaves the tick to sound."""
    sender = RtpSender(7, 65530, 2**32 - 500, 8)
    row = DigitSender(digits, tone_ms=tone_ms, pause_ms=pause_ms)
    ticks: list[RtpPacket | None] = []
    while not row.done:
        data = row.next_packet(sender)
        ticks.append(None if data is None else parse(data))
        if data is None:
            sender.skip(160)
    assert row.next_packet(sender) is None
    return ticks


def heard(packets: list[RtpPacket | None]) -> list[Digit]:
    receiver = DigitReceiver()
    found: list[Digit | None] = []
    for at, packet in enumerate(packets):
        now = at * 0.02
        found.append(receiver.receive(packet, now) if packet else receiver.expire(now))
    found += [receiver.expire(len(packets) * 0.02 + 1), receiver.expire(1e6)]
    return [digit for digit in found if digit]


@given(digits=st.text(KEYS, max_size=12))
def test_what_is_sent_is_what_is_received(digits: str) -> None:
    assert heard(sent(digits)) == [Digit(digit, 120) for digit in digits]


@given(digits=st.text(KEYS, min_size=1, max_size=5), data=st.data())
def test_a_digit_survives_any_loss_that_leaves_one_of_its_packets(
    digits: str, data: st.DataObject
) -> None:
    ticks = sent(digits)
    stamps = dict.fromkeys(packet.timestamp for packet in ticks if packet)
    kept: list[RtpPacket | None] = []
    for stamp in stamps:
        mine = [packet for packet in ticks if packet and packet.timestamp == stamp]
        held = data.draw(st.sets(st.integers(0, len(mine) - 1), min_size=1))
        kept += [packet if at in held else None for at, packet in enumerate(mine)]
        kept += [None] * 4
    assert sorted(digit.character for digit in heard(kept)) == sorted(digits)


@given(digits=st.text(KEYS, min_size=1, max_size=5), copies=st.integers(2, 3))
def test_duplicated_packets_never_become_a_second_digit(digits: str, copies: int) -> None:
    ticks = [tick for tick in sent(digits) for _ in range(copies)]
    assert [digit.character for digit in heard(ticks)] == list(digits)


def test_the_packets_of_an_event_share_a_stamp_and_grow() -> None:
    ticks = sent("5", tone_ms=60)
    packets = [packet for packet in ticks if packet]
    assert len(packets) == 5
    assert len({packet.timestamp for packet in packets}) == 1
    assert [packet.marker for packet in packets] == [True, False, False, False, False]
    fields = [struct.unpack("!BBH", packet.payload) for packet in packets]
    assert [duration for _, _, duration in fields] == [160, 320, 480, 480, 480]
    assert [flags >> 7 for _, flags, _ in fields] == [0, 0, 1, 1, 1]
    assert {code for code, _, _ in fields} == {5}
    assert [packet.sequence for packet in packets] == [65530, 65531, 65532, 65533, 65534]


def test_sound_goes_on_after_a_digit_where_its_time_ended() -> None:
    sender = RtpSender(7, 1, 1000, 8)
    row = DigitSender("1", tone_ms=40, pause_ms=20)
    ticks = 0
    while row.next_packet(sender) is not None:
        ticks += 1
    assert sender.timestamp == 1000 + ticks * 160


@pytest.mark.parametrize("digits", ["12x", "+1", "1 2", "٣"])
def test_what_is_no_key_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="No key"):
        DigitSender(digits)


@pytest.mark.parametrize("tone_ms", [0, 10, 9000])
def test_a_digit_too_short_or_too_long_is_refused(tone_ms: int) -> None:
    with pytest.raises(ValueError, match="cannot last"):
        DigitSender("1", tone_ms=tone_ms)


def test_a_repeated_end_packet_is_one_digit() -> None:
    receiver = DigitReceiver()
    found = [receiver.receive(event(1, duration=800, end=True), at * 0.02) for at in range(3)]
    assert found == [Digit("1", 100), None, None]
    assert receiver.expire(10) is None


def test_a_digit_whose_end_was_lost_is_over_after_a_while() -> None:
    receiver = DigitReceiver()
    assert receiver.receive(event(9, duration=160), 0.0) is None
    assert receiver.receive(event(9, duration=320), 0.02) is None
    assert receiver.expire(0.1) is None
    assert receiver.expire(0.2) == Digit("9", 40)
    assert receiver.receive(event(9, duration=480, end=True), 0.21) is None


def test_a_new_digit_ends_the_one_whose_end_was_lost() -> None:
    receiver = DigitReceiver()
    receiver.receive(event(1, timestamp=1000), 0.0)
    assert receiver.receive(event(2, timestamp=3000, end=True), 0.02) == Digit("1", 20)
    assert receiver.expire(0.03) == Digit("2", 20)
    assert receiver.expire(0.04) is None


def test_a_late_packet_of_an_unknown_older_event_starts_nothing() -> None:
    receiver = DigitReceiver()
    receiver.receive(event(2, timestamp=3000), 0.0)
    assert receiver.receive(event(1, timestamp=1000, end=True), 0.01) is None
    assert receiver.receive(event(2, timestamp=3000, end=True), 0.02) == Digit("2", 20)
    assert receiver.expire(5) is None


def test_the_same_stamp_from_another_source_is_another_press() -> None:
    receiver = DigitReceiver()
    receiver.receive(event(1, ssrc=7), 0.0)
    assert receiver.receive(event(1, ssrc=8, end=True), 0.02) == Digit("1", 20)
    assert receiver.expire(0.03) == Digit("1", 20)


def test_a_key_held_for_long_is_one_digit_over_its_segments() -> None:
    receiver = DigitReceiver()
    receiver.receive(event(5, timestamp=1000, duration=160, marker=True), 0.0)
    receiver.receive(event(5, timestamp=1000, duration=0xFFFF), 8.19)
    assert receiver.receive(event(5, timestamp=1000 + 0xFFFF, duration=800), 8.29) is None
    ended = receiver.receive(event(5, timestamp=1000 + 0xFFFF, duration=960, end=True), 8.31)
    assert ended == Digit("5", (0xFFFF + 960) // 8)
    assert receiver.expire(99) is None


@pytest.mark.parametrize("payload", [b"", b"\x01\x8a\x00", bytes([16, 0x8A, 0, 160]), b"\xff" * 4])
def test_what_is_no_key_event_is_ignored(payload: bytes) -> None:
    receiver = DigitReceiver()
    assert receiver.receive(RtpPacket(101, True, 1, 1000, 7, payload), 0.0) is None
    assert receiver.expire(9) is None


@given(payloads=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=6)), max_size=30))
def test_no_stream_of_payloads_makes_the_receiver_fail(payloads: list[tuple[int, bytes]]) -> None:
    receiver = DigitReceiver()
    for at, (timestamp, payload) in enumerate(payloads):
        receiver.receive(RtpPacket(101, False, at, timestamp, 7, payload), at * 0.02)


def test_one_press_on_two_paths_is_one_digit() -> None:
    paths = DigitPaths()
    assert paths.accept("1", "event", 10.0)
    assert not paths.accept("1", "tone", 10.1)
    assert paths.accept("1", "tone", 10.4)


def test_two_presses_on_one_path_and_two_keys_are_two_digits() -> None:
    paths = DigitPaths()
    assert paths.accept("1", "event", 10.0)
    assert paths.accept("1", "event", 10.1)
    assert paths.accept("2", "tone", 10.15)


def pair(key: str, ms: int, low_dbm0: float = -9, high_dbm0: float = -7) -> Samples:
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    place = "123A456B789C*0#D".index(key)
    return mix([tone(rows[place // 4], ms, low_dbm0), tone(columns[place % 4], ms, high_dbm0)])


def silence(ms: int) -> Samples:
    return np.zeros(ms * 8, dtype=np.int16)


def keys_in(*parts: Samples) -> list[str]:
    sound = np.concatenate([silence(33), *parts, silence(107)])
    sound = sound[: len(sound) // 160 * 160]
    detector = GoertzelDigits()
    found = [detector.feed(sound[at : at + 160]) for at in range(0, len(sound), 160)]
    return [key for key in found if key]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("ms", [50, 200])
def test_every_key_is_heard_once_as_tones(key: str, ms: int) -> None:
    assert keys_in(pair(key, ms)) == [key]


def test_two_presses_of_one_key_are_two_keys() -> None:
    assert keys_in(pair("5", 60), silence(40), pair("5", 60)) == ["5", "5"]


def test_a_key_that_follows_at_once_is_heard_too() -> None:
    assert keys_in(pair("1", 80), pair("9", 80)) == ["1", "9"]


def test_keys_are_heard_in_noise_and_with_uneven_tones() -> None:
    noise = ComfortNoise(-30)
    row = np.concatenate([noise.frame() for _ in range(10)])[: 100 * 8]
    assert keys_in(mix([pair("7", 100), row])) == ["7"]
    assert keys_in(pair("7", 100, low_dbm0=-14, high_dbm0=-8)) == ["7"]


def test_a_gap_of_ten_milliseconds_is_no_second_press() -> None:
    assert keys_in(pair("3", 60), silence(8), pair("3", 60)) == ["3"]


@pytest.mark.parametrize(
    "sound",
    [
        tone(697, 200),
        tone(1209, 200),
        mix([tone(697, 200), tone(770, 200), tone(1209, 200)]),
        mix([tone(697, 200, -40), tone(1209, 200, -40)]),
        mix([tone(697, 200, -5), tone(1209, 200, -25)]),
        mix([tone(697, 200, -12), tone(1209, 200, -12), tone(2500, 200, -6)]),
        pair("1", 15),
    ],
)
def test_what_is_not_a_clean_pair_long_enough_is_no_key(sound: Samples) -> None:
    assert keys_in(sound) == []


def test_silence_holds_no_key() -> None:
    detector = GoertzelDigits()
    assert detector.feed(silent_frame()) is None
