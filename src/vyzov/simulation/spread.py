"""Lengths of time that differ from case to case: how they are spread, and how one is drawn."""

import math
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Shape(StrEnum):
    """How lengths of time are spread."""

    FIXED = "fixed"
    UNIFORM = "uniform"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Spread:
    """A length of time that differs from case to case, in seconds, never outside its limits.

    `typical_s` is the value of a fixed one, the mean of an exponential and the median of a
    log-normal one, whose `sigma` is that of the logarithm; a uniform one is drawn between the
    limits; of a measured one each of `samples_s` is as likely as any other."""

    shape: Shape
    typical_s: float = 0.0
    sigma: float = 0.0
    least_s: float = 0.0
    most_s: float = 86_400.0
    samples_s: tuple[float, ...] = ()

    def hurried(self, hurry: float) -> "Spread":
        """Returns the same spread, every length that many times shorter."""
        return Spread(
            self.shape, self.typical_s / hurry, self.sigma, self.least_s / hurry,
            self.most_s / hurry, tuple(one / hurry for one in self.samples_s),
        )  # fmt: skip

    def draw(self, dice: Random) -> float:
        """Returns one length in seconds."""
        match self.shape:
            case Shape.FIXED:
                drawn = self.typical_s
            case Shape.UNIFORM:
                return dice.uniform(self.least_s, self.most_s)
            case Shape.EXPONENTIAL:
                drawn = dice.expovariate(1.0 / self.typical_s)
            case Shape.LOGNORMAL:
                drawn = dice.lognormvariate(math.log(self.typical_s), self.sigma)
            case Shape.MEASURED:
                drawn = dice.choice(self.samples_s)
        return min(self.most_s, max(self.least_s, drawn))
