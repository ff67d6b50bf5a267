"""The outline of a sound that a player draws."""

import numpy as np

from vyzov.media.peaks import peaks_of
from vyzov.media.wav import Encoding, Wave


def wave(*channels: list[int]) -> Wave:
    samples = np.array(channels, dtype=np.int16).T
    return Wave(8000, len(channels), Encoding.PCM16, samples)


def test_each_piece_shows_its_loudest_moment_whichever_way_it_swings() -> None:
    left = [0, 0, 16_384, 0, -32_768, 0]
    right = [0] * 6
    assert peaks_of(wave(left, right), 3) == ((0, 50, 100), (0, 0, 0))


def test_pieces_are_as_equal_as_they_can_be_and_none_is_lost() -> None:
    loud_at_the_end = [0] * 6 + [32_767]
    assert peaks_of(wave(loud_at_the_end), 3) == ((0, 0, 99),)
    assert len(peaks_of(wave([1_000] * 1_001), 400)[0]) == 400


def test_a_sound_shorter_than_the_outline_has_a_piece_for_each_moment() -> None:
    assert peaks_of(wave([32_767, 0]), 400) == ((99, 0),)
    assert peaks_of(Wave(8000, 2, Encoding.PCM16, np.zeros((0, 2), np.int16)), 4) == ((), ())
