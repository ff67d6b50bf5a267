"""A recording's outline: worked out once, for those who may hear it."""

import struct
from pathlib import Path

import pytest
from api_site import Site

from vyzov.web.routes import peaks


def written(path: Path, left: int, right: int, moments: int = 800) -> None:
    """Writes a talk of two even sides as a WAV file."""
    data = struct.pack("<hh", left, right) * moments
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 2, 8000,
                       32_000, 4, 16)  # fmt: skip
    path.write_bytes(head + struct.pack("<4sI", b"data", len(data)) + data)


def test_both_sides_of_a_talk_are_drawn_and_worked_out_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = site.town.own
    written(site.town.recordings / f"{own['recording']}.wav", 16_384, -32_768)
    path = f"/recordings/{own['recording']}/peaks"
    operator = site.browser_of("operator")
    told = operator.get(path)
    assert told.status_code == 200, told.text
    assert told.json() == {"seconds": 60.0, "left": [50] * 400, "right": [100] * 400}
    monkeypatch.setattr(peaks, "parse_wav", None)
    assert operator.get(path).json() == told.json()
    assert site.browser_of("operator_b").get(path).status_code == 404, "not a talk of theirs"


def test_what_is_no_sound_says_so(site: Site) -> None:
    path = f"/recordings/{site.town.own['recording_b']}/peaks"
    answer = site.browser_of("manager").get(path)
    assert (answer.status_code, answer.json()["code"]) == (410, "recording_missing")
