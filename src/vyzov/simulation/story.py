"""The last inputs and effects before the first breach, in words: what a person reads first."""

import re
from collections.abc import Iterable

from vyzov.dialer import effects as fx
from vyzov.simulation.world import World

LINE_LENGTH = 400
LINES_MAX = 80
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def told(world: World) -> tuple[str, ...]:
    """Returns the lines that speak of what the first breach names, newest last; none without one."""
    if not world.watch.breaches:
        return ()
    named = set(_ID.findall(world.watch.breaches[0]))
    lines: list[str] = []
    for at, holder, item, effects in world.story:
        lines.extend(_lines(f"{at:.3f} {holder}", item, effects, named))
    return tuple(lines[-LINES_MAX:])


def _lines(
    head: str, item: fx.Input, effects: Iterable[fx.Effect], named: set[str]
) -> Iterable[str]:
    text = repr(item)
    if _speaks(text, named) and not isinstance(item, fx.Tick):
        yield f"{head} <- {text}"[:LINE_LENGTH]
    for effect in effects:
        if isinstance(effect, fx.Commit):
            writes = [repr(write) for write in effect.writes]
            for write in writes:
                if _speaks(write, named):
                    yield f"{head} -> commit {effect.batch}: {write}"[:LINE_LENGTH]
        elif not isinstance(effect, fx.Tell | fx.Arm) and _speaks(repr(effect), named):
            yield f"{head} -> {effect!r}"[:LINE_LENGTH]


def _speaks(text: str, named: set[str]) -> bool:
    return not named or any(name in text for name in named)
