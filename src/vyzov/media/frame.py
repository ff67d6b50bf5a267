"""The one shape sound has inside Vyzov: 8 kHz, mono, 16 bit, 20 ms.

Every other file of this package converts to or from this shape at its border.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
"""Linear PCM at 8 kHz, mono, 16 bit."""

SAMPLE_RATE: Final = 8000
"""Samples per second of telephone sound, and ticks per second of its RTP clock."""

FRAME_MS: Final = 20
"""Milliseconds of one frame."""

FRAME_SAMPLES: Final = SAMPLE_RATE * FRAME_MS // 1000
"""Samples of one frame: 160."""


def silent_frame() -> Samples:
    """Return 20 ms of digital silence as a fresh array the caller may write into."""
    return np.zeros(FRAME_SAMPLES, dtype=np.int16)
