"""The seam between the floor's store and a database: one connection, transactions, named SQL.

What the two databases do differently is behind it: how a transaction begins, what a writer must hold
so that nobody changes what it has looked at, which errors are whose. Everything else is above it.

Work that needs answers is written as *steps*: a generator that yields what it asks next and is sent
what was told. It knows nothing of the way to the database, so that many of them can go side by side
and pay for one way to a server where each alone would pay for all of its own.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from vyzov.core.errors import StoreFault
from vyzov.core.making import quickly_made

TURNS_MAX = 8
"""How often a transaction is begun that other writers made impossible."""

Result = TypeVar("Result")


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...
    def keys(self) -> Iterable[str]: ...


class Answer(Protocol):
    """What a statement answered; one that gives no rows gives none to whoever asks."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Sequence[Any]: ...


@quickly_made
@dataclass(frozen=True, slots=True)
class Ask:
    """A statement to be executed: its name and its values.

    With `rows` it is executed once for each of them instead, and only the sum of the rows it
    changed is told."""

    topic: str
    name: str
    values: Mapping[str, object]
    rows: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """All that a statement answered."""

    rows: Sequence[Any]
    rowcount: int

    @property
    def first(self) -> Any:
        """The first row; None where there is none."""
        return self.rows[0] if self.rows else None


Steps = Generator[Sequence[Ask], Sequence[Told], Result]
"""Work that asks as often as it needs to, of which each asking is one way to the database."""

RunAll = Callable[[Sequence[Ask]], Sequence[Told]]
"""Executes statements in their order, as `Session.run_all`."""


class Clash(Exception):
    """Another writer was quicker: nothing was written, and the same transaction may go through if
    it is begun anew."""


class Session(Protocol):
    """One connection, used by one thread at a time.

    `reading` and `writing` are transactions: one consistent view, and all or nothing. They raise
    `StoreFault` where the database did not answer, `InvalidRequest` where a rule of the tables was
    broken, `Clash` where the transaction is to be begun anew."""

    draw_seqs: Callable[[int], Sequence[int]] | None
    """Draws numbers for so many facts; None where there is one writer at a time, who may count
    and needs no `hold`."""

    def reading(self) -> AbstractContextManager[None]: ...
    def writing(self) -> AbstractContextManager[None]: ...

    def run(self, topic: str, name: str, values: Mapping[str, object]) -> Answer:
        """Executes a named statement."""
        ...

    def run_all(self, asked: Sequence[Ask]) -> list[Told]:
        """Executes statements one after the other, waiting once for all of them where each would
        cost a way to a server and back; the answers are in the order of the questions."""
        ...

    def hold(self, name: str, values: Mapping[str, object]) -> None:
        """Keeps others from changing what the named lock covers until this transaction ends."""
        ...

    def known_as(self, name: str) -> None:
        """Tells the server whose session this is."""
        ...

    def end_sleepers(self, name: str) -> None:
        """Ends sessions of that name which stand in a transaction: they keep its locks for as long
        as their process sleeps."""
        ...

    def close(self) -> None: ...


def run_steps(run_all: RunAll, steps: Steps[Result]) -> Result:
    """Takes steps to their end, asking whatever they ask, and returns what they return."""
    try:
        asked = next(steps)
        while True:
            asked = steps.send(run_all(asked) if asked else ())
    except StopIteration as end:
        return end.value


def abreast(lanes: Iterable[Steps[None]]) -> Steps[None]:
    """Goes along several lanes in rounds: what all of them ask next is asked at once, in the order
    of the lanes. What one lane writes must not matter to another."""
    going: list[tuple[Steps[None], Sequence[Ask]]] = []
    for lane in lanes:
        with suppress(StopIteration):
            going.append((lane, next(lane)))
    while going:
        told = yield [ask for _, asked in going for ask in asked]
        before, going, place = going, [], 0
        for lane, asked in before:
            answers = told[place : place + len(asked)]
            place += len(asked)
            with suppress(StopIteration):
                going.append((lane, lane.send(answers)))


def write(session: Session, work: Callable[[], Result]) -> Result:
    """Does work in a transaction, from its beginning where writers got into each other's way."""
    turn = 1
    while True:
        try:
            with session.writing():
                return work()
        except Clash as clash:
            if turn == TURNS_MAX:
                raise StoreFault(
                    f"Other writers of the database were quicker {turn} times: {clash}.",
                    "Nothing was written; try again.",
                ) from clash
            turn += 1
