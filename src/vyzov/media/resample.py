"""Changes the rate of sound without letting what does not fit fold back into it.

Windowed-sinc interpolation, done phase by phase: between two whole rates only as many filters
exist as the target has samples per common period. For prompts at load time, not for live calls.
"""

from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

_CROSSINGS: Final = 24
"""Zero crossings of the sinc kept on either side: how steep the filter is."""
_ROLL_OFF: Final = 0.94
"""Where the filter begins to cut, as a share of the lower of both half rates."""
_KAISER: Final = 9.0
_BLOCK: Final = 4096
"""Samples made at a time, which bounds the memory taken."""


def resample(sound: NDArray[np.float64], from_hz: int, to_hz: int) -> NDArray[np.float64]:
    """Return mono sound at another rate; in-band level kept, stop band 80 dB down or more."""
    if from_hz == to_hz or not len(sound):
        return sound
    common = gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    reach = int(np.ceil(_CROSSINGS * max(1.0, from_hz / to_hz)))
    filters = _filters(up, reach, _ROLL_OFF * min(1.0, to_hz / from_hz))
    padded = np.concatenate([np.zeros(reach), sound, np.zeros(reach + 1)])
    wanted = (len(sound) * to_hz + from_hz - 1) // from_hz
    parts: list[NDArray[np.float64]] = []
    for start in range(0, wanted, _BLOCK):
        places = np.arange(start, min(start + _BLOCK, wanted), dtype=np.int64) * down
        taps = (places // up)[:, None] + np.arange(2 * reach)
        parts.append(np.einsum("ij,ij->i", padded[taps], filters[places % up]))
    return np.concatenate(parts)


def _filters(up: int, reach: int, cut: float) -> NDArray[np.float64]:
    """Return one filter for each phase: row p interpolates p/up of a sample further on."""
    offset = np.arange(2 * reach)[None, :] - reach - (np.arange(up) / up)[:, None]
    share = np.clip(offset / reach, -1, 1)
    shape = np.sinc(offset * cut) * np.i0(_KAISER * np.sqrt(1 - share * share))
    return shape / shape.sum(axis=1, keepdims=True)
