"""Recordings: aligned, whole, and told by their hash; and what is left when their writer dies."""

import hashlib
import os
import random
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vyzov.media.recording as recording_module
from vyzov.media.frame import Samples
from vyzov.media.recording import Finished, Recording, RecordingUnreadable, recover
from vyzov.media.tones import dominant, level_dbm0, tone
from vyzov.media.wav import Encoding, parse_wav

T0 = 5000.0


def frames(samples: Samples) -> list[Samples]:
    return [samples[at : at + 160] for at in range(0, len(samples), 160)]


def both(finished: Finished) -> tuple[Samples, Samples]:
    sound = parse_wav(finished.path.read_bytes())
    assert (sound.rate, sound.channels) == (8000, 2)
    return sound.samples[:, 0], sound.samples[:, 1]


def mark(value: int) -> Samples:
    return np.full(160, value, dtype=np.int16)


def test_both_sides_of_a_call_are_kept_apart_and_in_time(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    said, answered = tone(400, 3000, -12), tone(1500, 2000, -18)
    for at, frame in enumerate(frames(said)):
        recording.left(frame, T0 + at * 0.02)
        if at >= 50:
            recording.right(answered[(at - 50) * 160 :][:160], T0 + at * 0.02)
    finished = recording.finish()
    left, right = both(finished)
    assert finished.seconds == 3.0
    assert np.array_equal(left, said)
    assert not right[:8000].any()
    assert np.array_equal(right[8000:], answered)


def test_the_result_tells_path_length_size_and_hash_of_the_file(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "call.wav"), T0)
    recording.left(tone(400, 1000), T0)
    assert (tmp_path / "call.wav.part").exists()
    finished = recording.finish()
    data = (tmp_path / "call.wav").read_bytes()
    assert finished == Finished(
        tmp_path / "call.wav", 1.0, len(data), hashlib.sha256(data).hexdigest()
    )
    assert not (tmp_path / "call.wav.part").exists()
    with wave.open(str(finished.path)) as file:
        assert (file.getnframes(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)


@pytest.mark.parametrize("encoding", [Encoding.ALAW, Encoding.ULAW])
def test_a_companded_recording_is_half_the_size_and_sounds_the_same(
    encoding: Encoding, tmp_path: Path
) -> None:
    recording = Recording(tmp_path / "call.wav", T0, encoding)
    for at, frame in enumerate(frames(tone(700, 5000, -10))):
        recording.left(frame, T0 + at * 0.02)
    finished = recording.finish()
    left, right = both(finished)
    assert finished.bytes == finished.path.stat().st_size == 58 + 2 * 40_000
    hz, level = dominant(left[:4000])
    assert abs(hz - 700) < 1
    assert abs(level + 10) < 0.3
    assert level_dbm0(right) < -60


@given(
    late=st.lists(st.floats(0, 0.09), min_size=60, max_size=60), gone=st.sets(st.integers(1, 58))
)
def test_stamps_put_each_packet_where_it_was_said(
    tmp_path_factory: pytest.TempPathFactory, late: list[float], gone: set[int]
) -> None:
    recording = Recording(tmp_path_factory.mktemp("calls") / "call.wav", T0)
    first = 2**32 - 3000
    kept = [at for at in range(60) if at not in gone]
    late[0] = 0.0
    for at in sorted(kept, key=lambda at: at * 0.02 + late[at]):
        stamp = (first + at * 160) % 2**32
        recording.left(mark(at + 1), T0 + at * 0.02 + late[at], stamp)
    left, _ = both(recording.finish())
    expected = [at + 1 if at in kept else 0 for at in range(60)]
    assert left[::160].tolist() == expected
    assert recording.late == 0


def test_a_gap_without_stamps_follows_the_clock(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    recording.right(mark(1), T0)
    recording.right(mark(2), T0 + 0.02 + 0.03)
    recording.right(mark(3), T0 + 7)
    _, right = both(recording.finish())
    assert right[160] == 2
    assert right[56_000] == 3
    assert not right[320:56_000].any()


def test_frames_of_a_clock_that_catches_up_follow_each_other(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    for at in range(20):
        recording.right(mark(at + 1), T0 + 0.2)
    _, right = both(recording.finish())
    assert right[1600::160].tolist() == list(range(1, 21))


def test_a_new_clock_of_the_sender_begins_where_it_arrived(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    recording.left(mark(1), T0, 1000)
    recording.left(mark(2), T0 + 1, 900_000)
    recording.left(mark(3), T0 + 1.02, 900_160)
    left, _ = both(recording.finish())
    assert (left[0], left[8000], left[8160]) == (1, 2, 3)


def test_a_new_clock_does_not_overwrite_what_was_just_said(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    for at in range(10):
        recording.left(mark(at + 1), T0 + at * 0.015, 1000 + at * 160)
    recording.left(mark(99), T0 + 0.16, 777_777)
    left, _ = both(recording.finish())
    assert left[::160].tolist() == [*range(1, 11), 99]


def test_a_clock_that_runs_far_ahead_is_brought_back(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    for at in range(40):
        recording.left(mark(at + 1), T0, 1000 + at * 160)
    left, _ = both(recording.finish())
    # Half a second ahead is order within a burst; more than that begins again from the arrival.
    assert len(left) <= 26 * 160


def test_what_comes_seconds_too_late_is_counted_and_left_out(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    for at in range(250):
        recording.left(mark(5), T0 + at * 0.02)
    recording.right(np.full(24_000, 7, dtype=np.int16), T0 + 0.5)
    assert recording.late > 0
    left, right = both(recording.finish())
    assert set(left.tolist()) == {5}
    assert np.count_nonzero(right) == 24_000 - recording.late
    assert right[28_000 - 1] == 7


def test_what_is_heard_during_a_pause_is_silence_and_time_goes_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    recording.left(mark(1), T0)
    recording.pause()
    for at in range(1, 100):
        recording.left(mark(2), T0 + at * 0.02)
    recording.resume()
    recording.left(mark(3), T0 + 2.0)
    left, _ = both(recording.finish())
    assert (left[0], left[16_000]) == (1, 3)
    assert not left[160:16_000].any()


def test_a_recording_can_last_until_the_call_ends(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    recording.left(mark(1), T0)
    finished = recording.finish(at=T0 + 10.5)
    assert finished.seconds == 10.5
    assert len(both(finished)[0]) == 84_000


def test_sound_from_before_the_beginning_is_put_at_the_beginning(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    recording.left(mark(1), T0 - 5, 1000)
    recording.left(mark(2), T0 - 4.98, 700)
    left, _ = both(recording.finish(at=T0 - 9))
    assert left.tolist()[:160] == [1] * 160


def test_a_recording_never_outgrows_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_module, "LONGEST_RECORDING_S", 3)
    recording = Recording(tmp_path / "call.wav", T0)
    for at in range(500):
        recording.left(mark(1), T0 + at * 0.02)
        recording.right(mark(2), T0 + at * 0.02, at * 160)
    finished = recording.finish(at=T0 + 3600)
    assert finished.seconds == 3.0


def test_the_file_grows_while_the_call_goes_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    sizes: list[int] = []
    for at in range(500):
        recording.left(mark(1), T0 + at * 0.02)
        sizes.append((tmp_path / "call.wav.part").stat().st_size)
    assert sizes[-1] >= 44 + 8 * 32_000
    assert max(np.diff(sizes)) == 32_000
    recording.finish()


def test_nothing_recorded_is_an_empty_recording(tmp_path: Path) -> None:
    finished = Recording(tmp_path / "call.wav", T0).finish()
    assert (finished.seconds, finished.bytes) == (0.0, 44)


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    Recording(tmp_path / "call.wav", T0).finish()
    with pytest.raises(FileExistsError, match="choose another name"):
        Recording(tmp_path / "call.wav", T0)
    Recording(tmp_path / "other.wav", T0)
    with pytest.raises(FileExistsError):
        Recording(tmp_path / "other.wav", T0)


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_recording_whose_writer_died_is_repaired(
    encoding: Encoding, cut: int, tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    recording = Recording(path, T0, encoding)
    said = tone(400, 10_000, -12)
    for at, frame in enumerate(frames(said)):
        recording.left(frame, T0 + at * 0.02)
    part = tmp_path / "call.wav.part"
    part.write_bytes(part.read_bytes()[: -cut or None])
    finished = recover(part)
    left, _ = both(finished)
    assert 7.9 < finished.seconds <= 10
    assert len(left) == round(finished.seconds * 8000)
    assert finished.path == path
    assert finished.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert dominant(left[:4000])[0] == pytest.approx(400, abs=1)
    assert not part.exists()


def test_recovering_again_describes_the_same_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", T0)
    recording.left(tone(400, 1000), T0)
    finished = recording.finish()
    assert recover(tmp_path / "call.wav.part") == finished
    assert recover(tmp_path / "call.wav") == finished


@pytest.mark.parametrize("data", [b"", b"RIFF", b"x" * 60, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x55\0"])
def test_a_file_that_is_no_recording_is_left_alone(data: bytes, tmp_path: Path) -> None:
    part = tmp_path / "call.wav.part"
    part.write_bytes(data)
    with pytest.raises(RecordingUnreadable, match=r"call\.wav\.part does not begin"):
        recover(part)
    assert part.read_bytes() == data


def test_a_header_without_sound_is_repaired_to_an_empty_recording(tmp_path: Path) -> None:
    Recording(tmp_path / "call.wav", T0)
    part = tmp_path / "call.wav.part"
    part.write_bytes(part.read_bytes()[:30])
    assert recover(part).seconds == 0.0


def test_a_recording_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recover(tmp_path / "call.wav.part")


def test_a_write_the_disk_takes_in_pieces_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(recording_module.os, "write", lambda fd, data: write(fd, data[:1000]))
    recording = Recording(tmp_path / "call.wav", T0)
    said = tone(400, 4000, -12)
    for at, frame in enumerate(frames(said)):
        recording.left(frame, T0 + at * 0.02)
    left, _ = both(recording.finish())
    assert np.array_equal(left, said)


@pytest.mark.parametrize("ppm", [-300, 300])
def test_an_hour_of_a_sender_whose_clock_is_off_stays_in_time_and_whole(
    ppm: int, tmp_path: Path
) -> None:
    # Every ten seconds a click of 8 ms; the network holds packets up by as much as 60 ms.
    recording = Recording(tmp_path / "call.wav", 0.0, Encoding.ALAW)
    dice = random.Random(ppm)
    chunk = np.zeros(1600, dtype=np.int16)
    click = np.full(64, 20_000, dtype=np.int16)
    said: list[float] = []
    for number in range(5 * 3600):
        sound = chunk.copy()
        at = number * 0.2 / (1 + ppm / 1e6)
        if number % 50 == 25:
            sound[:64] = click
            said.append(at)
        recording.left(sound, at + dice.uniform(0, 0.06), number * 1600)
    finished = recording.finish()
    left, _ = both(finished)
    loud = np.flatnonzero(np.abs(left) > 10_000)
    begun = loud[np.flatnonzero(np.diff(loud, prepend=-1000) > 100)]
    assert len(begun) == len(said)
    off = begun / 8000 - np.array(said)
    assert np.abs(off).max() < 0.085
    # Nothing was cut out or put in but single samples: each click is whole.
    assert all(61 <= np.sum((loud >= start) & (loud < start + 100)) <= 67 for start in begun)
    assert recording.late == 0


def test_a_path_that_became_slower_is_followed_a_sample_at_a_time(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", 0.0)
    for number in range(8000):
        at = number * 0.02 + (0.1 if number > 1000 else 0)
        recording.left(mark(1000), at, number * 160)
        recording.left(mark(1000)[:0], at, number * 160)
    left, _ = both(recording.finish())
    assert len(left) / 8000 == pytest.approx(160.08, abs=0.01)
    assert int(np.sum(left == 0)) == 0


def test_what_was_said_before_the_beginning_and_came_late_is_left_out(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", 10.0)
    recording.left(mark(3), 10.01, 1600)
    recording.left(mark(1), 10.02, 1280)
    recording.left(mark(2), 10.03, 1440)
    recording.left(mark(4), 10.04, 1760)
    left, _ = both(recording.finish())
    assert list(left[::80]) == [2, 3, 3, 4, 4]


def test_a_stall_of_a_second_leaves_sound_where_it_was_said(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", 0.0)
    for number in range(150):
        at = number * 0.02
        # From 1 s on nothing arrives for 1.2 s, then everything at once.
        recording.left(mark(number + 1), 2.2 if 1.0 <= at < 2.2 else at, number * 160)
    left, _ = both(recording.finish())
    assert left[::160].tolist() == list(range(1, 151))
    assert recording.late == 0
