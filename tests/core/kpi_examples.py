"""A small day of facts for the tests of key figures: every line says when, what and to whom."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vyzov.core.facts import Fact, FactKind
from vyzov.core.fields import Json
from vyzov.core.kpi.cells import Placed, ms_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOON_MS = ms_of(NOON)
HALF_HOUR = 30 * 60 * 1000
DAY = 24 * 60 * 60 * 1000


@dataclass
class Day:
    """Tells facts of one floor; `epoch` may be changed as a new life begins."""

    floor: str = "main"
    epoch: int = 1
    line: list[Placed] = field(default_factory=list)

    def tell(
        self, kind: FactKind, at_s: float, data: dict[str, Json] | None = None, **about: str
    ) -> Fact:
        """Adds a fact `at_s` seconds after noon; a clock lives as long as its epoch."""
        place = len(self.line) + 1
        fact = Fact(
            kind, NOON + timedelta(seconds=at_s), f"clock-{self.floor}-{self.epoch}",
            int((1000 + at_s) * 1e9), f"{self.floor}:{self.epoch}:{place}", data=data or {},
            **about,
        )  # fmt: skip
        self.line.append(Placed(fact, self.floor, self.epoch, place))
        return fact

    def state(self, at_s: float, state: str, *, agent: str = "ann", campaign: str = "") -> None:
        """An agent's state changed."""
        data: dict[str, Json] = {"state": state, "campaign": campaign or None}
        self.tell(FactKind.AGENT_STATE, at_s, data, agent=agent)

    def loaded(self, contacts: int, gone: int = 0, *, campaign: str = "autumn") -> None:
        """Contacts entered a campaign."""
        data: dict[str, Json] = {"contacts": contacts, "gone": gone}
        self.tell(FactKind.CONTACTS_LOADED, 0, data, campaign=campaign)

    def call(self, attempt: str, at_s: float, contact: str = "c1", number: int = 1) -> "Call":
        """An attempt is reserved."""
        call = Call(self, attempt, contact)
        call.tell(FactKind.ATTEMPT_RESERVED, at_s, number=number, trunk="t1")
        return call


@dataclass
class Call:
    """Tells facts of one attempt."""

    day: Day
    attempt: str
    contact: str
    campaign: str = "autumn"

    def tell(self, kind: FactKind, at_s: float, agent: str = "", **data: Json) -> "Call":
        about = {"campaign": self.campaign, "contact": self.contact, "attempt": self.attempt}
        self.day.tell(kind, at_s, dict(data), **about, **({"agent": agent} if agent else {}))
        return self

    def rings(self, at_s: float) -> "Call":
        self.tell(FactKind.DIALING, at_s - 0.5, call_id="x")
        return self.tell(FactKind.RINGING, at_s, code=180)

    def answers(self, at_s: float) -> "Call":
        return self.tell(FactKind.ANSWERED, at_s, codec="PCMA")

    def joins(self, at_s: float, agent: str = "ann", *, within: bool = True) -> "Call":
        return self.tell(FactKind.BRIDGED, at_s, agent, within_limit=within)

    def ends(self, at_s: float, outcome: str = "answered_human", detail: str = "") -> "Call":
        self.tell(FactKind.ENDED, at_s, side="far")
        return self.tell(FactKind.FINAL, at_s, outcome=outcome, detail=detail)

    def fails(self, at_s: float, outcome: str = "no_answer") -> "Call":
        return self.tell(FactKind.FINAL, at_s, outcome=outcome, detail="")

    def result(self, at_s: float, code: str, group: str, by: str = "agent") -> "Call":
        agent = "ann" if by == "agent" else ""
        return self.tell(FactKind.DISPOSED, at_s, agent, result=code, group=group, by=by)
