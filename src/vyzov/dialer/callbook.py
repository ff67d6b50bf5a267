"""All live calls of a floor by id, with what is asked of them at every step kept beside them.

Calls of a campaign, open lines of a trunk and the next deadline are looked up, not searched for: a
floor with a hundred talks is stepped thousands of times a minute. It holds, it does not decide.
"""

from datetime import datetime, timedelta
from typing import overload

from vyzov.dialer.live_call import LiveCall

PARTED_WAIT = timedelta(milliseconds=100)
"""A bridge falls a moment before the leg or the device that broke it: their own word says more."""


class CallBook(dict[str, LiveCall]):
    """A dict of live calls; `noted` is to be told of each change of a call's deadlines."""

    def __init__(self) -> None:
        super().__init__()
        self._by_campaign: dict[str, dict[str, LiveCall]] = {}
        self._lines: dict[str, int] = {}
        self._due: dict[str, datetime] = {}
        self._kept: dict[str, LiveCall] = {}

    def __setitem__(self, key: str, live: LiveCall) -> None:
        self.pop(key, None)
        super().__setitem__(key, live)
        self._by_campaign.setdefault(live.campaign, {})[key] = live
        if not live.finished:
            self._lines[live.trunk] = self._lines.get(live.trunk, 0) + 1
        self.noted(live)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    @overload
    def pop(self, key: str, /) -> LiveCall: ...
    @overload
    def pop(self, key: str, default: None, /) -> LiveCall | None: ...
    def pop(self, key: str, *default: None) -> LiveCall | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Forgets a call and returns it."""
        live = super().pop(key, *default)
        if live is not None:
            self._by_campaign[live.campaign].pop(key, None)
            self._due.pop(key, None)
            self._kept.pop(key, None)
            if not live.finished:
                self._lines[live.trunk] -= 1
        return live

    def finish(self, live: LiveCall) -> None:
        """Notes that a call is over: its line is free again."""
        if not live.finished:
            live.finished = True
            if live.call.id in self:
                self._lines[live.trunk] -= 1
                self._kept[live.call.id] = live
        self.noted(live)

    def noted(self, live: LiveCall) -> None:
        """Takes over when a call is to be looked at next."""
        key, due = live.call.id, live.call.deadline
        doubt = live.doubt
        if doubt is not None and doubt.due == due and (doubt.seq is None or live.seq < doubt.seq):
            due = doubt.until
        if live.parted_at is not None:
            parted = live.parted_at + PARTED_WAIT
            due = parted if due is None or parted < due else due
        if due is None or key not in self:
            self._due.pop(key, None)
        else:
            self._due[key] = due

    def of(self, campaign: str) -> list[LiveCall]:
        """The calls of a campaign, those over but still kept among them."""
        return list(self._by_campaign.get(campaign, {}).values())

    def lines(self, trunk: str) -> int:
        """How many calls that are not over a trunk carries."""
        return self._lines.get(trunk, 0)

    @property
    def kept(self) -> list[LiveCall]:
        """Calls that are over and wait for the word on their recording."""
        return list(self._kept.values())

    def next_deadline(self) -> datetime | None:
        """When the first deadline of all calls is, past ones included."""
        return min(self._due.values(), default=None)
