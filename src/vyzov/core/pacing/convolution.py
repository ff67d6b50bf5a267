"""The distribution of a count of things that each happen by a chance of their own.

Its first values only, as many as are asked for: the law of small groups asks how likely so few are,
several thousand times a minute. Values are worked out four or eight abreast, each group for all
chances before the next, because names of one function cost a fraction of a list's places.
"""

from collections.abc import Sequence

_NARROW, _WIDE = 4, 8


def nothing(kept: int) -> list[float]:
    """Returns the chances of 0, 1, 2 ... of a count of nothing, of `kept` values or a few more."""
    places = _NARROW if kept <= _NARROW else -(-kept // _WIDE) * _WIDE
    return [1.0] + [0.0] * (places - 1)


def convolved(counts: Sequence[float], chances: Sequence[float]) -> Sequence[float]:
    """Returns as many chances of a count as are given of it, after each of `chances` may have added
    one to it; `counts` are what `nothing` gave, or this function."""
    if len(counts) == _NARROW:
        return _four(counts, chances)
    found = list[float]()
    carried: Sequence[float] = [0.0] * len(chances)
    for begin in range(0, len(counts), _WIDE):
        group, carried = _eight(counts[begin : begin + _WIDE], chances, carried)
        found += group
    return found


def _four(counts: Sequence[float], chances: Sequence[float]) -> Sequence[float]:
    a, b, c, d = counts
    for chance in chances:
        rest = 1 - chance
        d = c * chance + d * rest
        c = b * chance + c * rest
        b = a * chance + b * rest
        a *= rest
    return a, b, c, d


def _eight(
    counts: Sequence[float], chances: Sequence[float], carried: Sequence[float]
) -> tuple[Sequence[float], Sequence[float]]:
    """Returns eight values after all chances, and what the value above them gets of each."""
    a, b, c, d, e, f, g, h = counts
    above = list[float]()
    for chance, below in zip(chances, carried, strict=True):
        rest = 1 - chance
        above.append(h)
        h = g * chance + h * rest
        g = f * chance + g * rest
        f = e * chance + f * rest
        e = d * chance + e * rest
        d = c * chance + d * rest
        c = b * chance + c * rest
        b = a * chance + b * rest
        a = below * chance + a * rest
    return (a, b, c, d, e, f, g, h), above
