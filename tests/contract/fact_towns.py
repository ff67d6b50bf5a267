"""Random but possible streams of facts: contacts who are called, agents whose states change.

Used by tests of the fold and of the roll-up. Clocks step now and then, epochs begin anew, results
are taken back: what a stream can hold, not what a good day looks like.
"""

from datetime import UTC, datetime, timedelta
from random import Random

from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.core.kpi.cells import Placed

MORNING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATES = (
    "ready",
    "reserved",
    "talking",
    "hold",
    "wrap_up",
    "pause",
    "no_device",
    "listening",
    "offline",
)
RESULTS = (
    ("agreed", "success"), ("refused", "no"), ("wrong_person", "no"), ("machine", "technical"),
    ("callback", "later"),
)  # fmt: skip


class _Town:
    def __init__(self, seed: int, floor: str, epoch: int, begin: datetime) -> None:
        self.random = Random(f"{seed}/{floor}/{epoch}")
        self.floor, self.epoch = floor, epoch
        self.now, self.mono = begin, self.random.uniform(1.0, 1e6)
        self.line: list[Placed] = []
        self.count = 0

    def go_on(self, span_s: float) -> None:
        self.now += timedelta(seconds=span_s)
        self.mono += span_s
        if self.random.random() < 0.01:
            self.now += timedelta(seconds=self.random.choice((-86_400, -90, 2, 3_700, 86_400)))

    def tell(self, kind: FactKind, data: dict[str, object] | None = None, **about: str) -> None:
        self.count += 1
        fact = Fact(
            kind, self.now, f"clock-{self.floor}-{self.epoch}", int(self.mono * 1e9),
            f"{self.floor}/{self.epoch}/{self.count}", data=data or {}, **about,  # type: ignore[arg-type]
        )  # fmt: skip
        self.line.append(Placed(fact, self.floor, self.epoch, self.count))

    def agent_moves(self, agent: str) -> None:
        state = self.random.choice(STATES)
        works = state in ("reserved", "talking", "hold", "wrap_up")
        campaign = self.random.choice(("autumn", "winter")) if works else None
        self.tell(FactKind.AGENT_STATE, {"state": state, "campaign": campaign}, agent=agent)

    def call(self, contact: str, number: int, agents: tuple[str, ...]) -> None:
        random, campaign = self.random, self.random.choice(("autumn", "winter"))
        about = {
            "campaign": campaign,
            "contact": contact,
            "attempt": f"{contact}-{self.epoch}-{self.count}",
        }
        trunk = random.choice(("t1", "t2"))
        self.tell(FactKind.ATTEMPT_RESERVED, {"number": number, "trunk": trunk}, **about)
        if random.random() < 0.05:
            self.tell(FactKind.ATTEMPT_REFUSED, {"reason": "late"}, **about)
            return
        self.go_on(random.uniform(0, 1))
        self.tell(FactKind.DIALING, **about)
        if random.random() < 0.8:
            self.go_on(random.uniform(0, 3))
            self.tell(FactKind.RINGING, {"code": 180}, **about)
        if random.random() < 0.4:
            self.tell(FactKind.FINAL, {"outcome": random.choice(("no_answer", "busy"))}, **about)
            self._close(about)
            return
        self.go_on(random.uniform(0, 20))
        self.tell(FactKind.ANSWERED, {"codec": "PCMA"}, **about)
        if random.random() < 0.3:
            heard = random.choice(("machine", "human"))
            self.tell(FactKind.CLASSIFIED, {"answer_class": heard}, **about)
        self._serve(about, agents)

    def _serve(self, about: dict[str, str], agents: tuple[str, ...]) -> None:
        random = self.random
        self.go_on(random.uniform(0, 4))
        chance = random.random()
        if chance < 0.15 or not agents:
            self.tell(FactKind.ABANDONED, {"wait_s": 2.0}, **about)
            outcome, detail = "abandoned", "no_agent"
        elif chance < 0.3:
            outcome, detail = "answered_human", "hung_up_early"
        else:
            agent = random.choice(agents)
            within = random.random() < 0.8
            self.tell(FactKind.BRIDGED, {"within_limit": within}, agent=agent, **about)
            self.go_on(random.uniform(1, 300))
            outcome, detail = random.choice(("answered_human", "answered_machine")), "talked"
            self._result(about, agent)
        if random.random() < 0.95:  # Else it still lasts, or nobody will ever know.
            self.tell(FactKind.ENDED, {"side": "far"}, **about)
            self.tell(FactKind.FINAL, {"outcome": outcome, "detail": detail}, **about)
            self._close(about)

    def _result(self, about: dict[str, str], agent: str) -> None:
        result, group = self.random.choice(RESULTS)
        told = {"result": result, "group": group, "by": "agent"}
        self.tell(FactKind.DISPOSED, dict(told), agent=agent, **about)
        if group == "later":
            due = self.now + timedelta(minutes=self.random.choice((5, 60, 600)))
            self.tell(FactKind.CALLBACK_PROMISED, {"due_at": to_text(due)}, **about)
        if self.random.random() < 0.1:
            self.tell(FactKind.DISPOSITION_UNDONE, {"result": result}, agent=agent, **about)

    def _close(self, about: dict[str, str]) -> None:
        if self.random.random() < 0.4:
            self.tell(FactKind.CONTACT_CLOSED, {"reason": "reached"}, **about)
            if self.random.random() < 0.1:
                self.tell(FactKind.CONTACT_REOPENED, **about)


def town(seed: int, *, contacts: int, agents: tuple[str, ...], epochs: int) -> list[Placed]:
    """Facts of some epochs of one floor, in order of time; each epoch has a clock of its own."""
    random = Random(f"{seed}/town")
    begin, line = MORNING, list[Placed]()
    tries: dict[str, int] = {}
    office = _Town(seed, "", 0, begin)
    office.tell(FactKind.CONTACTS_LOADED, {"contacts": contacts, "gone": 0}, campaign="autumn")
    line += office.line
    for epoch in range(1, epochs + 1):
        life = _Town(seed, "floor", epoch, begin)
        for _ in range(random.randint(20, 60)):
            life.go_on(random.expovariate(1 / 90))
            if contacts and random.random() < 0.5:
                contact = f"c{random.randrange(contacts)}"
                tries[contact] = tries.get(contact, 0) + 1
                life.call(contact, tries[contact], agents)
            elif agents:
                life.agent_moves(random.choice(agents))
        line += life.line
        # An older life may have slept while the next one began: their times overlap.
        begin = life.now - timedelta(seconds=random.choice((0, 0, 200)))
    return line
