"""G.711 held against the tables and sequences of the Recommendation, not against another codec."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.frame import FRAME_SAMPLES, silent_frame
from vyzov.media.g711 import SILENCE, Law, decode, encode, law_of, transcode
from vyzov.media.tones import dominant, level_dbm0

ALL_CODES = bytes(range(256))
# G.711 tables 5 and 6: one period of 1000 Hz at 0 dBm0.
MILLIWATT = {
    Law.PCMA: bytes.fromhex("342121 34b4a1a1b4".replace(" ", "")),
    Law.PCMU: bytes.fromhex("1e0b0b1e9e8b8b9e"),
}


def alaw_outputs() -> list[int]:
    """The 128 positive values of table 1a, by its text: 16 steps a segment, the step doubling."""
    values: list[int] = []
    low, step = 0, 2
    for segment in range(8):
        if segment > 1:
            step *= 2
        values += [low + step * at + step // 2 for at in range(16)]
        low += 16 * step
    return values


def ulaw_outputs() -> list[int]:
    """The 128 positive values of table 2a: 0, then steps of 2, 4, 8... between its corners."""
    values = [0]
    for segment in range(8):
        step = 2 << segment
        count = 15 if segment == 0 else 16
        first = values[-1] + (step if segment == 0 else (step + step // 2) // 2)
        values += [first + step * at for at in range(count)]
    return values


def test_alaw_levels_are_those_of_the_recommendation() -> None:
    expected = alaw_outputs()
    assert expected[:2] == [1, 3]
    assert expected[-1] == 4032
    codes = bytes((0x80 | at) ^ 0x55 for at in range(128))
    assert decode(codes, Law.PCMA).tolist() == [8 * value for value in expected]
    negative = bytes(at ^ 0x55 for at in range(128))
    assert decode(negative, Law.PCMA).tolist() == [-8 * value for value in expected]


def test_ulaw_levels_are_those_of_the_recommendation() -> None:
    expected = ulaw_outputs()
    assert expected[:4] == [0, 2, 4, 6]
    assert expected[-1] == 8031
    codes = bytes(0xFF - at for at in range(128))
    assert decode(codes, Law.PCMU).tolist() == [4 * value for value in expected]
    negative = bytes(0x7F - at for at in range(128))
    assert decode(negative, Law.PCMU).tolist() == [-4 * value for value in expected]


@pytest.mark.parametrize("law", list(Law))
def test_the_digital_milliwatt_is_a_thousand_hertz_at_0_dbm0(law: Law) -> None:
    sound = decode(MILLIWATT[law] * 50, law)
    assert abs(level_dbm0(sound)) < 0.1
    hz, level = dominant(sound)
    assert abs(hz - 1000) < 0.5
    assert abs(level) < 0.1


@pytest.mark.parametrize("law", list(Law))
def test_every_code_survives_decoding_and_encoding(law: Law) -> None:
    again = encode(decode(ALL_CODES, law), law)
    changed = {code for code in range(256) if again[code] != code}
    # mu-law has two codes for zero; the encoder gives the positive one.
    assert changed == (set() if law is Law.PCMA else {0x7F})


@pytest.mark.parametrize("law", list(Law))
def test_each_sample_is_coded_by_the_decision_values(law: Law) -> None:
    outputs = alaw_outputs() if law is Law.PCMA else ulaw_outputs()
    # Every output lies in the middle of its interval; only the zero of mu-law begins at itself.
    steps = [2] * 32 if law is Law.PCMA else [2] * 16
    while len(steps) < 128:
        steps += [2 * steps[-1]] * 16
    decisions = [max(0, value - step // 2) for value, step in zip(outputs, steps, strict=True)]
    scale = 8 if law is Law.PCMA else 4
    sample = np.arange(0, 32768).astype(np.int16)
    wanted = np.searchsorted(np.array(decisions) * scale, sample, side="right") - 1
    assert np.array_equal(decode(encode(sample, law), law), np.array(outputs)[wanted] * scale)
    mirrored = (-1 - sample.astype(np.int32)).astype(np.int16)
    assert np.array_equal(decode(encode(mirrored, law), law), -np.array(outputs)[wanted] * scale)


@pytest.mark.parametrize("law", list(Law))
def test_coding_never_turns_the_order_of_loudness_around(law: Law) -> None:
    sample = np.arange(-32768, 32768).astype(np.int16)
    assert np.all(np.diff(decode(encode(sample, law), law).astype(np.int32)) >= 0)


@given(payload=st.binary(max_size=400), source=st.sampled_from(Law), target=st.sampled_from(Law))
def test_transcoding_is_decoding_and_encoding(payload: bytes, source: Law, target: Law) -> None:
    expected = payload if source is target else encode(decode(payload, source), target)
    assert transcode(payload, source, target) == expected


@given(payload=st.binary(max_size=200))
def test_transcoding_there_and_back_stays_within_one_step(payload: bytes) -> None:
    there = transcode(transcode(payload, Law.PCMA, Law.PCMU), Law.PCMU, Law.PCMA)
    before = decode(payload, Law.PCMA).astype(np.int32)
    after = decode(there, Law.PCMA).astype(np.int32)
    assert np.all(np.abs(after - before) <= np.maximum(16, np.abs(before) // 16))


def test_silence_is_one_frame_of_the_quietest_code() -> None:
    assert SILENCE[Law.PCMA] == b"\xd5" * FRAME_SAMPLES
    assert SILENCE[Law.PCMU] == b"\xff" * FRAME_SAMPLES
    assert silent_frame().tolist() == [0] * FRAME_SAMPLES


def test_the_law_follows_from_the_static_payload_type() -> None:
    assert [law_of(number) for number in (0, 8, 101)] == [Law.PCMU, Law.PCMA, None]
    assert [law.payload_type for law in (Law.PCMU, Law.PCMA)] == [0, 8]
