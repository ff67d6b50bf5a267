"""What every part of a floor shares during a step: the room, what is to be done, and now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vyzov.core.facts import Fact, FactKind
from vyzov.core.fields import Json
from vyzov.dialer.effects import Now
from vyzov.dialer.ports import Randomness
from vyzov.dialer.room import LiveCall, Out, Room
from vyzov.dialer.writes import AppendFact


@dataclass(slots=True)
class Scene:
    """The room, the dice, and the `out` and `now` of the running step."""

    room: Room
    dice: Randomness
    call_id_of: Callable[[str], str]
    recordings: str
    out: Out
    now: Now

    def begin(self, now: Now) -> Out:
        """Begins a step: nothing is to be done yet."""
        self.now, self.out = now, Out(now, [], [], [], [], [])
        return self.out

    def fact(
        self, kind: FactKind, dedupe: str, *, at: datetime | None = None,
        campaign: str | None = None, contact: str | None = None, attempt: str | None = None,
        agent: str | None = None, data: Mapping[str, Json] | None = None,
    ) -> AppendFact:  # fmt: skip
        """A fact of this moment, or of `at`, ready to be written."""
        moment = at or self.now.utc
        mono = self.now.mono_of(moment)
        return AppendFact(
            Fact(
                kind=kind, at=moment, clock_id=self.now.clock, monotonic_ns=int(mono * 1e9),
                dedupe=dedupe, campaign=campaign, contact=contact, attempt=attempt, agent=agent,
                data=dict(data or {}),
            )
        )  # fmt: skip

    def call_fact(
        self, live: LiveCall, kind: FactKind, key: str, at: datetime,
        data: Mapping[str, Json] | None = None,
    ) -> None:  # fmt: skip
        """Writes a fact of a call; told twice it stays one."""
        self.out.write(
            self.fact(
                kind, f"{live.call.id}:{key}", at=at, campaign=live.campaign, contact=live.contact,
                attempt=live.call.id, agent=live.agent, data=data,
            )
        )  # fmt: skip


def seconds(span: timedelta) -> float:
    """A span as a number for JSON, to the millisecond."""
    return round(span.total_seconds(), 3)
