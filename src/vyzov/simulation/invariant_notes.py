"""What the rules of a made-up world write down: how often each was looked at, and every breach."""

from collections import Counter
from dataclasses import dataclass, field

from vyzov.simulation.world_time import Timeline


@dataclass(slots=True)
class Notes:
    """Checks by rule (A1, B3, ...) and breaches in words, each with its moment and rule.

    `calm_since` is the monotonic second since which nothing is broken: every process is up and
    connected and the database does its work; None while something is."""

    timeline: Timeline
    checks: Counter[str] = field(default_factory=Counter[str])
    breaches: list[str] = field(default_factory=list[str])
    calm_since: float | None = None
    _lasting: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    _seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def breach(self, rule: str, what: str) -> None:
        """Notes that a rule was broken."""
        self.breaches.append(f"{self.timeline.now:.3f} {rule} {what}")

    def look(self, rule: str, what: str, *, broken: bool) -> None:
        """Counts that a rule was looked at, and notes where it is broken."""
        self.checks[rule] += 1
        if broken:
            self.breach(rule, what)

    @property
    def calm_s(self) -> float:
        """For how many seconds nothing has been broken."""
        return 0.0 if self.calm_since is None else self.timeline.now - self.calm_since

    # ---- what may be so for a while, and no longer

    def begin_look(self) -> None:
        """A look over everything begins: what is not named again until its end is over."""
        self._seen.clear()

    def lasts(self, rule: str, who: str, limit_s: float) -> None:
        """Somebody is in a state that may last so many seconds at most."""
        key = (rule, who)
        self._seen.add(key)
        since = self._lasting.setdefault(key, self.timeline.now)
        lasted = self.timeline.now - since
        if lasted > limit_s:
            self.breach(rule, f"{who} for {lasted:.1f} s")
            self._lasting[key] = self.timeline.now

    def end_look(self) -> None:
        """Forgets what was not named in this look."""
        if len(self._lasting) > len(self._seen):
            self._lasting = {key: self._lasting[key] for key in self._seen}

    def forget_lasting(self) -> None:
        """Spans are counted anew: another life of a process has its own limits."""
        self._lasting.clear()
