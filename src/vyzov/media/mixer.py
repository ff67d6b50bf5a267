"""Sums frames of several speakers into one, without wrap-around."""

from collections.abc import Sequence

import numpy as np

from vyzov.media.frame import Samples, silent_frame


def mix(frames: Sequence[Samples]) -> Samples:
    """Return the saturating sum of frames of equal length; of none, 20 ms of silence."""
    if not frames:
        return silent_frame()
    total = np.sum(np.stack(frames), axis=0, dtype=np.int32)
    return np.clip(total, -32768, 32767).astype(np.int16)
