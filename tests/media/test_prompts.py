"""Prompts: what files are taken, how they sound at 8 kHz, and what is refused with which words."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import vyzov.media.prompts as prompts_module
from vyzov.media.frame import FRAME_SAMPLES
from vyzov.media.g711 import Law, encode
from vyzov.media.prompts import (
    RATES,
    Prompt,
    PromptLibrary,
    PromptPlayer,
    PromptRefused,
    prompt_from_wav,
)
from vyzov.media.resample import resample
from vyzov.media.tones import ToneListener, amplitude, dominant, level_dbm0, tone
from vyzov.media.wav import Encoding, WavRefused, build_wav, header, header_size, parse_wav

PACKAGE = Path(prompts_module.__file__).parent.parent
SHIPPED = PACKAGE / "media" / "prompts"
PILOTED = PACKAGE / "pstn" / "prompts"
NAMES = ("safe_harbour", "please_wait", "offer", "will_call_back", "removed", "goodbye", "hold")
LANGUAGES = ("ru", "en")
PILOT_POWER = amplitude(-26) ** 2 / 2


def sine(hz: float, rate: int, seconds: float, peak: float = 8000) -> NDArray[np.float64]:
    return peak * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)


def pcm(sound: NDArray[np.float64], rate: int, channels: int = 1) -> bytes:
    row = np.repeat(np.rint(sound).astype("<i2")[:, None], channels, axis=1)
    return build_wav(row.tobytes(), Encoding.PCM16, channels, rate)


@pytest.mark.parametrize("rate", sorted(RATES))
@pytest.mark.parametrize("channels", [1, 2])
def test_a_tone_keeps_its_frequency_and_level_at_every_rate(rate: int, channels: int) -> None:
    prompt = prompt_from_wav(pcm(sine(1000, rate, 0.5), rate, channels))
    assert abs(prompt.ms - 500) <= 1
    hz, level = dominant(prompt.samples[800:3200])
    _, wanted = dominant(np.rint(sine(1000, 8000, 0.3)).astype(np.int16))
    assert abs(hz - 1000) < 0.5
    assert abs(level - wanted) < 0.1


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hz", [4400, 5000, 7000])
def test_what_does_not_fit_the_telephone_band_does_not_fold_into_it(rate: int, hz: float) -> None:
    prompt = prompt_from_wav(pcm(sine(hz, rate, 0.5, peak=30000), rate))
    assert level_dbm0(prompt.samples[400:3600]) < -60


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_speech_frequencies_pass_the_resampling_even(rate: int) -> None:
    levels: list[float] = []
    for hz in (300, 1000, 2000, 3000, 3400):
        prompt = prompt_from_wav(pcm(sine(hz, rate, 0.3), rate))
        levels.append(dominant(prompt.samples[400:2000])[1])
    assert max(levels) - min(levels) < 0.3


def test_resampling_nothing_gives_nothing() -> None:
    assert len(resample(np.zeros(0), 16000, 8000)) == 0


@pytest.mark.parametrize(
    ("encoding", "law"), [(Encoding.ALAW, Law.PCMA), (Encoding.ULAW, Law.PCMU)]
)
def test_companded_files_are_decoded(encoding: Encoding, law: Law) -> None:
    sound = tone(700, 100, -10)
    wave = parse_wav(build_wav(encode(sound, law), encoding, 1, 8000))
    assert (wave.encoding, wave.rate, wave.channels) == (encoding, 8000, 1)
    assert abs(level_dbm0(wave.samples[:, 0]) + 10) < 0.2


def test_the_channels_of_a_stereo_file_are_averaged() -> None:
    pair = np.stack([np.full(800, 1000), np.full(800, 3000)], axis=1).astype("<i2")
    prompt = prompt_from_wav(build_wav(pair.tobytes(), Encoding.PCM16, 2, 8000))
    assert set(prompt.samples.tolist()) == {2000}


@given(
    encoding=st.sampled_from(Encoding),
    channels=st.integers(1, 2),
    rate=st.sampled_from(sorted(RATES)),
    moments=st.integers(0, 50),
)
def test_a_file_written_is_the_file_read(
    encoding: Encoding, channels: int, rate: int, moments: int
) -> None:
    payload = bytes(range(moments * channels * encoding.width % 256)) or b""
    payload = payload[: len(payload) // (channels * encoding.width) * channels * encoding.width]
    data = build_wav(payload, encoding, channels, rate)
    wave = parse_wav(data)
    assert (wave.rate, wave.channels, wave.encoding) == (rate, channels, encoding)
    assert len(wave.samples) == len(payload) // (channels * encoding.width)
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert len(header(encoding, channels, rate, 0)) == header_size(encoding)


@given(data=st.binary(max_size=80))
def test_no_bytes_make_the_reader_fail_otherwise_than_by_refusing(data: bytes) -> None:
    for candidate in (data, b"RIFF\xff\xff\xff\xffWAVE" + data, _cut_and_changed(data)):
        try:
            parse_wav(candidate)
        except WavRefused:
            continue


def _cut_and_changed(noise: bytes) -> bytes:
    whole = bytearray(pcm(sine(1000, 8000, 0.01), 8000))
    for at, value in enumerate(noise[:20]):
        whole[(at * 7 + value) % 60] = value
    return bytes(whole[: 40 + len(noise)])


def test_other_chunks_and_the_extensible_form_are_understood() -> None:
    form = (0xFFFE).to_bytes(2, "little") + header(Encoding.PCM16, 1, 8000, 0)[22:36]
    form += b"\x16\0\x10\0\x04\0\0\0" + b"\x01\0" + bytes.fromhex("000000001000800000aa00389b71")
    chunks = b"LIST\x03\0\0\0abc\0" + b"fmt " + len(form).to_bytes(4, "little") + form
    chunks += b"data\x04\0\0\0\x01\0\x02\0"
    wave = parse_wav(b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WAVE" + chunks)
    assert wave.samples.tolist() == [[1], [2]]


def changed(at: int, value: bytes) -> bytes:
    data = bytearray(pcm(sine(1000, 8000, 0.1), 8000))
    data[at : at + len(value)] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no WAV file"),
        (b"ID3\x03" + bytes(40), "no WAV file"),
        (changed(40, b"\xf0\xff\xff\xff"), "claims 4294967280 bytes"),
        (pcm(sine(1000, 8000, 0.1), 8000)[:-20], "claims 1600 bytes, 1580 are there"),
        (changed(16, b"\x0e\0\0\0"), "14 bytes"),
        (changed(20, b"\x55\0"), "Format 85"),
        (changed(34, b"\x18\0"), "24 bits"),
        (changed(22, b"\x06\0"), "6 channels"),
        (changed(32, b"\x04\0"), "blocks of 4"),
        (changed(36, b"dato"), "no data chunk"),
        (changed(12, b"junk"), "before the format"),
        (pcm(sine(1000, 8000, 0.1), 9000), "9000 samples per second"),
        (pcm(np.zeros(0), 8000), "lasts 0 s"),
        (build_wav(bytes(301 * 8000), Encoding.ALAW, 1, 8000), "lasts 301 s"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(PromptRefused, match=words):
        prompt_from_wav(data, "offer")


def test_a_file_of_four_gigabytes_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="4 GB"):
        header(Encoding.PCM16, 2, 8000, 2**32 - 8)


def test_a_library_loads_by_name_and_again_only_when_the_file_changes(tmp_path: Path) -> None:
    (tmp_path / "ru").mkdir()
    file = tmp_path / "ru" / "offer.wav"
    file.write_bytes(pcm(sine(500, 8000, 0.1), 8000))
    library = PromptLibrary(tmp_path)
    first = library.load("ru/offer")
    assert library.load("ru/offer") is first
    assert library.has("ru/offer")
    assert not library.has("en/offer")
    assert library.names() == ("ru/offer",)
    file.write_bytes(pcm(sine(500, 8000, 0.2), 8000))
    os.utime(file, ns=(1, 1))
    assert (first.ms, library.load("ru/offer").ms) == (100, 200)
    with pytest.raises(ValueError, match="read-only"):
        first.samples[0] = 1


@pytest.mark.parametrize("name", ["../offer", "/etc/x", "", "a.b", "a//b", "a\0b", "x" * 65, "a/"])
def test_a_name_that_could_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    library = PromptLibrary(tmp_path)
    assert not library.has(name)
    with pytest.raises(PromptRefused, match="no name of a prompt"):
        library.load(name)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    outside = tmp_path / "outside.wav"
    outside.write_bytes(pcm(sine(500, 8000, 0.1), 8000))
    (folder / "offer.wav").symlink_to(outside)
    with pytest.raises(PromptRefused, match="leads out"):
        PromptLibrary(folder).load("offer")


def test_a_missing_prompt_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptRefused, match=r"Prompt offer cannot be read from .*offer\.wav"):
        PromptLibrary(tmp_path).load("offer")


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "offer.wav").open("wb") as file:
        file.truncate(prompts_module.LARGEST_FILE_BYTES + 1)
    with pytest.raises(PromptRefused, match="shorten it"):
        PromptLibrary(tmp_path).load("offer")


def played(player: PromptPlayer, most: int) -> list[NDArray[np.int16]]:
    found = [player.frame() for _ in range(most)]
    return [frame for frame in found if frame is not None]


@given(size=st.integers(1, 1000))
def test_a_prompt_is_played_to_its_last_sample_and_then_is_finished(size: int) -> None:
    samples = np.arange(1, size + 1).astype(np.int16)
    player = PromptPlayer(Prompt(samples, size // 8))
    frames = played(player, 10)
    assert all(len(frame) == FRAME_SAMPLES for frame in frames)
    whole = np.concatenate(frames)
    assert np.array_equal(whole[:size], samples)
    assert not whole[size:].any()
    assert player.finished
    assert player.frame() is None
    assert player.played_ms == 20 * len(frames) == 20 * -(-size // 160)


@given(size=st.integers(1, 700))
def test_a_loop_goes_on_without_a_gap_and_never_finishes(size: int) -> None:
    samples = np.arange(1, size + 1).astype(np.int16)
    player = PromptPlayer(Prompt(samples, size // 8), loop=True)
    whole = np.concatenate(played(player, 10))
    assert np.array_equal(whole, np.resize(samples, 1600))
    assert not player.finished


@pytest.mark.parametrize("folder", [SHIPPED, PILOTED])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_prompt_is_of_telephone_form_and_level(
    folder: Path, language: str, name: str
) -> None:
    file = folder / language / f"{name}.wav"
    data = file.read_bytes()
    assert len(data) < 190_000
    wave = parse_wav(data)
    assert (wave.encoding, wave.rate, wave.channels) == (Encoding.ALAW, 8000, 1)
    samples = PromptLibrary(folder).load(f"{language}/{name}").samples
    assert np.abs(samples.astype(int)).max() < 29000
    power = np.mean(
        samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float) ** 2, axis=1
    )
    # Where only the pilot sounds nobody speaks.
    voiced = power[power > max(0.01 * power.max(), 2 * PILOT_POWER * (folder == PILOTED))]
    dbfs = 10 * np.log10(float(voiced.mean()) / 32768**2)
    wanted = -25 if name == "hold" else -20
    assert abs(dbfs - wanted) < 1.5
    if folder == SHIPPED and name != "hold":
        assert level_dbm0(samples[:800]) < -60


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_piloted_prompt_is_known_by_ear_within_200_ms(language: str, name: str) -> None:
    pilots = json.loads((PILOTED / "pilots.json").read_text(encoding="utf-8"))
    assert set(pilots) == set(NAMES)
    samples = PromptLibrary(PILOTED).load(f"{language}/{name}").samples
    for start in (0, len(samples) // 3):
        listener = ToneListener(list(pilots.values()))
        agents = ToneListener(range(1100, 1901, 50))
        rest = samples[start : start + (len(samples) - start) // 160 * 160].reshape(-1, 160)
        heard = [listener.feed(frame) for frame in rest]
        assert set(heard[:9]) <= {None, pilots[name]}
        assert set(heard[9:]) == {pilots[name]}
        assert {agents.feed(frame) for frame in rest} == {None}


def test_the_hold_melody_goes_on_without_a_click_where_it_starts_again() -> None:
    for folder in (SHIPPED, PILOTED):
        samples = PromptLibrary(folder).load("ru/hold").samples.astype(int)
        steps = np.abs(np.diff(samples))
        assert abs(samples[0] - samples[-1]) <= steps.max()
