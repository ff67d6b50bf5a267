"""The outline of a recording, for its player: worked out once, one recording at a time."""

import threading
from collections import OrderedDict

from vyzov.dialer.office_records import RecordingRecord
from vyzov.media.peaks import peaks_of
from vyzov.media.wav import WavRefused, parse_wav
from vyzov.web.admission import House, In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.routes.records import file_of
from vyzov.web.shapes import PathId, Shape

router = room("evidence")

PIECES = 400
KEPT_MOST = 512
"""Outlines kept in memory; one is 800 small numbers."""

BYTES_MOST = 256 * 1024 * 1024

Outline = tuple[tuple[int, ...], ...]

_kept: OrderedDict[tuple[str, str], Outline] = OrderedDict()
_turn = threading.Lock()


class Peaks(Shape):
    """How loud each piece of a recording was, 0 to 100; left is the client, right the agent."""

    seconds: float
    left: list[int]
    right: list[int]


@router.get("/recordings/{recording_id}/peaks", summary="A recording's outline")
def peaks(recording_id: PathId, house: In, who: Who) -> Peaks:
    """Gives the loudest moment of each of 400 pieces at most, for either side."""
    one = who.door.recording(recording_id)
    found = _outline(house, one)
    left = list(found[0]) if found else []
    return Peaks(seconds=one.seconds, left=left, right=list(found[1]) if len(found) > 1 else left)


def _outline(house: House, one: RecordingRecord) -> Outline:
    # A recording never changes, so its content names its outline.
    key = (one.id, one.sha256)
    path = file_of(house, one)
    with _turn:
        known = _kept.get(key)
        if known is not None:
            _kept.move_to_end(key)
            return known
        if path.stat().st_size > BYTES_MOST:
            raise Problem("too_large", "The recording is too long to be drawn.")
        try:
            made = peaks_of(parse_wav(path.read_bytes()), PIECES)
        except (WavRefused, OSError) as error:
            raise Problem("recording_missing") from error
        _kept[key] = made
        while len(_kept) > KEPT_MOST:
            _kept.popitem(last=False)
        return made
