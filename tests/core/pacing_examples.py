"""A small floor in virtual time that lives by the predictive law, for its tests."""

import heapq
import random

from vyzov.core.pacing import Ahead, AheadPolicy, Scene, Watch, dial_ahead

TICK_S = 0.5


class Floor:
    """Operators and people of one campaign; `seen` is what its watch was told, as calls."""

    def __init__(self, agents: int, policy: AheadPolicy | None = None, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.watch = Watch(policy or AheadPolicy(), 0.0)
        self.agents = self.free = agents
        self.rate, self.now, self.placed = 0.25, 0.0, 0
        self.waiting: list[float] = []
        self.talking: dict[int, float] = {}
        self.writing: dict[int, float] = {}
        self.ringing: dict[int, float] = {}
        self.answers = 0
        self.abandons: list[float] = []
        self.answer_times: list[float] = []
        self.ends: list[tuple[float, int, str]] = []
        self.busy = 0.0

    def scene(self) -> Scene:
        return Scene(
            free=self.free,
            waiting=len(self.waiting),
            talk_ages=[self.now - since for since in self.talking.values()],
            wrap_ages=[self.now - since for since in self.writing.values()],
            agents=self.agents,
        )

    def tick(self) -> Ahead:
        """Lives half a second and places what the law says."""
        self.live()
        ahead = dial_ahead(self.watch, self.scene(), self.now)
        self.place(ahead.count)
        return ahead

    def run(self, seconds: float) -> "Floor":
        for _ in range(int(seconds / TICK_S)):
            self.tick()
        return self

    def live(self) -> None:
        self.now += TICK_S
        while self.ends and self.ends[0][0] <= self.now:
            at, number, kind = heapq.heappop(self.ends)
            self._happen(kind, number, at)
        while self.waiting and self.now - self.waiting[0] >= 2.0:
            self.watch.abandoned(self.now)
            self.abandons.append(self.now)
            self.waiting.pop(0)
        self.busy += (self.agents - self.free) / self.agents

    def place(self, count: int) -> None:
        for _ in range(count):
            self.placed += 1
            self.ringing[self.placed] = self.now
            self.watch.dialled(self.placed, self.now)
            if self.dice.random() < self.rate:
                rings = min(25.0, 2 + self.dice.lognormvariate(2.19, 0.47))
                heapq.heappush(self.ends, (self.now + rings, self.placed, "answer"))
            else:
                rings = 25.0 if self.dice.random() < 0.8 else self.dice.uniform(2, 6)
                heapq.heappush(self.ends, (self.now + rings, self.placed, "silence"))

    def _happen(self, kind: str, number: int, at: float) -> None:
        if kind in {"answer", "silence"}:
            del self.ringing[number]
        if kind == "silence":
            self.watch.not_answered(number, at)
        elif kind == "answer":
            self.watch.answered(number, at)
            self.answers += 1
            self.answer_times.append(at)
            self.waiting.append(at)
        elif kind == "talked":
            self.watch.talked(at - self.talking.pop(number), at)
            self.writing[number] = at
            heapq.heappush(self.ends, (at + self.dice.lognormvariate(2.6, 0.47), number, "wrapped"))
        else:
            self.watch.wrapped(at - self.writing.pop(number), at)
            self.free += 1
        while self.free and self.waiting:
            self.waiting.pop(0)
            self.free -= 1
            self.placed += 1
            self.talking[self.placed] = at
            self.watch.served(at)
            heapq.heappush(
                self.ends, (at + self.dice.lognormvariate(4.49, 0.77), self.placed, "talked")
            )
