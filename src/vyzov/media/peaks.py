"""The outline of a sound: how loud it was in each of some equal pieces, channel by channel.

For looking at a talk before it is heard; what is drawn of it is left to the screens.
"""

import numpy as np

from vyzov.media.wav import Wave

FULL = 32_768
"""The loudest a sample of 16 bit can be."""


def peaks_of(wave: Wave, count: int) -> tuple[tuple[int, ...], ...]:
    """Returns for each channel the loudest moment of `count` pieces at most, 0 to 100 of full scale.

    A sound shorter than `count` moments has a piece for each of them."""
    moments = len(wave.samples)
    if moments == 0:
        return ((),) * wave.channels
    pieces = min(count, moments)
    starts = (np.arange(pieces, dtype=np.int64) * moments) // pieces
    samples = wave.samples.reshape(moments, wave.channels)
    loudest = np.maximum.reduceat(samples, starts).astype(np.int32)
    lowest = np.minimum.reduceat(samples, starts).astype(np.int32)
    found = np.maximum(loudest, -lowest) * 100 // FULL
    return tuple(tuple(int(peak) for peak in found[:, channel]) for channel in range(wave.channels))
