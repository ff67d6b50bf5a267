"""The optimum of the Markov model, worked out in the run that is held against it.

Ringing, talking and patience are exponential and the answer rate is known; a state is (busy operators
and those who wait for one, lines ringing), the one act is to have more lines ring. Relative value
iteration finds the best policy at a price for each abandonment, bisection finds the price at which the
limit is kept, and the stationary distribution says what the policy is worth. Between the two policies
next to the limit, a mixture keeps it exactly. This is a bound of that model and of no other.
"""

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chain:
    """The model: operators, seats for those who wait, lines at most, and rates per second."""

    agents: int
    seats: int
    lines: int
    ends: float
    outcome: float
    answers: float
    gives_up: float


@dataclass(frozen=True, slots=True)
class Optimum:
    """The most that operators can be busy within the limit, and the policy just within it.

    `ringing_for[n]` lines ring while n operators are busy or asked for; shares are 0..1."""

    busy: float
    abandoned: float
    ringing_for: tuple[int, ...]
    took_s: float


def chain_of(
    agents: int, *, handle_s: float, ring_s: float, answers: float, patience_s: float
) -> Chain:
    """Returns the model of a floor; without patience nobody waits."""
    seats = max(6, int(agents * 0.12) + 4) if patience_s else 0
    lines = int(2.2 * agents / handle_s / answers * ring_s + 20)
    gives_up = 1 / patience_s if patience_s else 0.0
    return Chain(agents, seats, lines, 1 / handle_s, 1 / ring_s, answers, gives_up)


class Model:
    """The chain made uniform: what happens, and how often, as arrays over (busy, ringing)."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        most = chain.agents + chain.seats
        count = np.arange(most + 1, dtype=float)[:, None]
        ringing = np.arange(chain.lines + 1, dtype=float)[None, :]
        self.busy = np.minimum(count, chain.agents)
        waiting = count - self.busy
        per_s = chain.agents * chain.ends + chain.lines * chain.outcome
        self.per_s = per_s + chain.seats * chain.gives_up
        self.ends = self.busy * chain.ends / self.per_s
        self.gives_up = waiting * chain.gives_up / self.per_s
        self.leaves = self.ends + self.gives_up
        self.answer = ringing * chain.outcome * chain.answers / self.per_s
        self.silence = ringing * chain.outcome * (1 - chain.answers) / self.per_s
        self.stays = 1 - self.leaves - self.answer - self.silence
        # Who is answered while every seat is taken is lost.
        self.lost = np.broadcast_to(self.gives_up, (most + 1, chain.lines + 1)).copy()
        self.lost[most] += self.answer[0]
        self.values = np.zeros((most + 1, chain.lines + 1))

    def solve(self, price: float, tolerance: float = 1e-4, rounds: int = 60_000) -> tuple[int, ...]:
        """Returns how many lines to have ringing for each number busy, at a price of an abandonment.

        Starts from the values of the price before, and stops where the gain is known to one part in
        ten thousand; raises where it never is."""
        values, most = self.values, self.chain.agents + self.chain.seats
        earns = self.busy / self.per_s - price * self.lost
        base = (self.chain.agents // 2, 0)
        for _ in range(rounds):
            best = np.maximum.accumulate(values[:, ::-1], axis=1)[:, ::-1]
            new = earns + self.stays * best
            new[1:] += self.leaves[1:] * best[:-1]
            new[:, 1:] += self.silence[:, 1:] * best[:, :-1]
            new[:-1, 1:] += self.answer[:, 1:] * best[1:, :-1]
            new[most, 1:] += self.answer[0, 1:] * best[most, :-1]
            gained = new - values
            low, high = float(gained.min()), float(gained.max())
            values = new - new[base]
            if high - low < tolerance * high:
                self.values = values
                return tuple(self._first_best(row) for row in values)
        raise ArithmeticError(f"No policy at a price of {price} after {rounds} rounds; allow more.")

    @staticmethod
    def _first_best(row: Grid) -> int:
        return int(np.argmax(row >= row.max() - 1e-9))

    def worth(self, ringing_for: tuple[int, ...], rounds: int = 400_000) -> tuple[float, float]:
        """Returns the busy share of operators and the abandoned share of answers under a policy."""
        most, lines = self.chain.agents + self.chain.seats, self.chain.lines
        must = np.array(ringing_for)
        below = np.arange(lines + 1)[None, :] < must[:, None]
        rows = np.arange(most + 1)
        mass = np.zeros((most + 1, lines + 1))
        mass[0, must[0]] = 1.0
        before = -1.0
        for turn in range(rounds):
            new = self.stays * mass
            new[:-1] += (self.leaves * mass)[1:]
            new[:, :-1] += (self.silence * mass)[:, 1:]
            answered = self.answer * mass
            new[1:, :-1] += answered[:-1, 1:]
            new[most, :-1] += answered[most, 1:]
            raised = np.where(below, new, 0.0).sum(axis=1)
            new[below] = 0.0
            new[rows, must] += raised
            mass = new
            if turn % 200 == 199:
                busy = float((mass * self.busy).sum()) / self.chain.agents
                if abs(busy - before) < 1e-7:
                    break
                before = busy
        total = float(mass.sum())
        answers = float((self.answer * mass).sum())
        lost = float((self.lost * mass).sum())
        return float((mass * self.busy).sum()) / self.chain.agents / total, lost / max(
            answers, 1e-12
        )


def optimum(chain: Chain, limit: float = 0.03, steps: int = 10) -> Optimum:
    """Returns the best that can be done within the limit, by bisection of the price."""
    begun = time.process_time()
    model = Model(chain)
    low, high = 5.0, 5000.0
    within: tuple[float, float, tuple[int, ...]] | None = None
    beyond: tuple[float, float, tuple[int, ...]] | None = None
    for _ in range(steps):
        price = math.sqrt(low * high)
        policy = model.solve(price)
        busy, abandoned = model.worth(policy)
        if abandoned > limit:
            low, beyond = price, (busy, abandoned, policy)
        else:
            high, within = price, (busy, abandoned, policy)
    if within is None:
        raise ArithmeticError(f"Nothing keeps {limit:.1%}; look for higher prices.")
    took_s = time.process_time() - begun
    if beyond is None or beyond[1] <= within[1]:
        return Optimum(within[0], within[1], within[2], took_s)
    part = (limit - within[1]) / (beyond[1] - within[1])
    return Optimum(within[0] + part * (beyond[0] - within[0]), limit, within[2], took_s)
