"""Keeps what counting a campaign would give: every transaction adds what it changed, at its end.

The rows of a campaign are written last and once, so that writers wait for each other only there and
in one order. A test proves them equal to a count.
"""

from collections import Counter
from collections.abc import Callable, Mapping

COLUMNS = ("fresh", "due", "in_call", "callback", "closed", "attempts", "answered")

Run = Callable[[str, Mapping[str, object]], object]
"""Executes a statement of `queries/hopper.sql` by name inside the transaction."""


class Tally:
    """What one transaction changes of the counts of campaigns."""

    def __init__(self) -> None:
        self._changes: dict[str, Counter[str]] = {}
        self._outcomes: Counter[tuple[str, str]] = Counter()

    def moved(self, campaign: str, before: str, after: str) -> None:
        """Counts a contact that went from one state to another."""
        if before != after:
            changes = self._of(campaign)
            changes[before] -= 1
            changes[after] += 1

    def counted(self, campaign: str, column: str, count: int = 1) -> None:
        """Adds to one column; a negative count takes away."""
        self._of(campaign)[column] += count

    def ended(self, campaign: str, before: str | None, after: str) -> None:
        """Counts how an attempt ended; one whose end was told before changes sides."""
        if before is not None:
            self._outcomes[campaign, before] -= 1
        self._outcomes[campaign, after] += 1

    def settle(self, organisation: str, run: Run) -> None:
        """Writes what was collected; to be called once, last before the commit."""
        for campaign in sorted(self._changes):
            changes = self._changes[campaign]
            if any(changes.values()):
                run(
                    "add_tally",
                    {
                        **{column: changes[column] for column in COLUMNS},
                        "organisation": organisation,
                        "campaign": campaign,
                    },
                )
        for (campaign, outcome), attempts in sorted(self._outcomes.items()):
            if attempts:
                run(
                    "add_outcome",
                    {
                        "organisation": organisation,
                        "campaign": campaign,
                        "outcome": outcome,
                        "attempts": attempts,
                    },
                )
        self._changes.clear()
        self._outcomes.clear()

    def _of(self, campaign: str) -> Counter[str]:
        return self._changes.setdefault(campaign, Counter())
