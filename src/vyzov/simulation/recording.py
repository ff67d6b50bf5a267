"""Writes down the lives of a made-up floor as those of a real one are, for `vyzov replay` to run again.

Every input of the simulated floor, when it came, what was drawn and what was decided, in the words of
`dialer.replay`. Nothing is masked: everybody is made up. Where the lines go is the caller's business.
"""

from collections.abc import Callable
from typing import TextIO

from vyzov.dialer import effects as fx
from vyzov.dialer.ports import Randomness
from vyzov.dialer.replay import Drawn, RecordedFloor, Teller
from vyzov.dialer.replay_form import Mask


class Recorder:
    """Makes the floors of one world, and writes every step of each."""

    def __init__(self, open_life: Callable[[int], TextIO], version: str) -> None:
        """`open_life` opens the file of a life by its number, from 1; `version` is that of Vyzov."""
        self._open_life = open_life
        self._version = version
        self._lives: list[_Life] = []

    def floor(
        self, floor_id: str, *, dice: Randomness, call_id_of: Callable[[str], str], recordings: str
    ) -> RecordedFloor:
        """Makes the floor of the next life. One that still stands beside it goes on being written."""
        life = _Life(self._open_life(len(self._lives) + 1))
        self._lives.append(life)
        life.file.write(life.teller.head(floor_id, recordings, self._version))
        return RecordedFloor(
            floor_id, dice=dice, call_id_of=call_id_of, recordings=recordings, tape=life
        )

    def close(self) -> None:
        """Writes the last line of the latest life; those before died, and have none."""
        for life in self._lives[-1:]:
            life.file.write(life.teller.tail("closed"))
        for life in self._lives:
            life.file.close()


class _Life:
    """The tape of one life."""

    def __init__(self, file: TextIO) -> None:
        self.teller = Teller(Mask())
        self.file = file

    def took(
        self, item: fx.Input, now: fx.Now, effects: tuple[fx.Effect, ...],
        drawn: tuple[Drawn, ...],
    ) -> None:  # fmt: skip
        self.file.write(self.teller.step(item, now, effects, drawn))
