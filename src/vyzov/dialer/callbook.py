"""All live calls of a floor by id, with what is asked of them at every step kept beside them.

Calls of a campaign, those of them on their way, open lines and the next deadline are looked up, not
searched for: a floor with a hundred talks is stepped thousands of times a minute. It holds, it does not
decide.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import overload

from vyzov.core.call import CallState
from vyzov.dialer.deadlines import Deadlines
from vyzov.dialer.live_call import LiveCall

PARTED_WAIT = timedelta(milliseconds=100)
"""A bridge falls a moment before the leg or the device that broke it: their own word says more."""

ON_THE_WAY = frozenset(
    (
        CallState.RESERVING, CallState.DIALING, CallState.RINGING, CallState.CLASSIFYING,
        CallState.WAITING,
    )
)  # fmt: skip
"""States of a call whose callee may still turn out to want an agent."""


class CallBook(dict[str, LiveCall]):
    """A dict of live calls; `noted` is to be told of each change of a call's state and deadlines."""

    def __init__(self) -> None:
        super().__init__()
        self._by_campaign: dict[str, dict[str, LiveCall]] = {}
        self._lines: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._on_the_way: dict[str, dict[str, LiveCall]] = {}
        self._due = Deadlines()
        self._kept: dict[str, LiveCall] = {}
        self._numbers: dict[str, int] = {}

    def __setitem__(self, key: str, live: LiveCall) -> None:
        self.pop(key, None)
        super().__setitem__(key, live)
        self._by_campaign.setdefault(live.campaign, {})[key] = live
        if not live.finished:
            self._count(live, 1)
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
            self._due.set(key, None)
            self._kept.pop(key, None)
            self._on_the_way.get(live.campaign, {}).pop(key, None)
            if not live.finished:
                self._count(live, -1)
        return live

    def _count(self, live: LiveCall, by: int) -> None:
        """Counts a call that begins (1) or is over (-1) where its line and its number are counted."""
        self._lines[live.trunk] = self._lines.get(live.trunk, 0) + by
        self._open[live.campaign] = self._open.get(live.campaign, 0) + by
        if live.due is not None:
            number = live.due.number_ref
            left = self._numbers.get(number, 0) + by
            if left:
                self._numbers[number] = left
            else:
                del self._numbers[number]

    def finish(self, live: LiveCall) -> None:
        """Notes that a call is over: its line is free again."""
        if not live.finished:
            live.finished = True
            if live.call.id in self:
                self._count(live, -1)
                self._kept[live.call.id] = live
        self.noted(live)

    def noted(self, live: LiveCall) -> None:
        """Takes over how a call stands, and when it is to be looked at next."""
        key, due = live.call.id, live.call.deadline
        doubt = live.doubt
        if doubt is not None and doubt.due == due and (doubt.seq is None or live.seq < doubt.seq):
            due = doubt.until
        if live.parted_at is not None:
            parted = live.parted_at + PARTED_WAIT
            due = parted if due is None or parted < due else due
        known = key in self
        self._due.set(key, due if known else None)
        early = self._on_the_way.get(live.campaign)
        if early is None:
            early = self._on_the_way[live.campaign] = {}
        if known and live.call.state in ON_THE_WAY and not live.finished:
            early[key] = live
        else:
            early.pop(key, None)

    def of(self, campaign: str) -> list[LiveCall]:
        """The calls of a campaign, those over but still kept among them."""
        return list(self._by_campaign.get(campaign, {}).values())

    def on_the_way(self, campaign: str) -> Collection[LiveCall]:
        """Those calls of a campaign whose callee may still turn out to want an agent."""
        return self._on_the_way.get(campaign, {}).values()

    def open_of(self, campaign: str) -> int:
        """How many calls of a campaign are not over."""
        return self._open.get(campaign, 0)

    def is_live(self, number_ref: str) -> bool:
        """True while a call to this number is not over."""
        return number_ref in self._numbers

    def lines(self, trunk: str) -> int:
        """How many calls that are not over a trunk carries."""
        return self._lines.get(trunk, 0)

    @property
    def kept(self) -> Sequence[LiveCall]:
        """Calls that are over and wait for the word on their recording."""
        return tuple(self._kept.values()) if self._kept else ()

    def next_deadline(self) -> datetime | None:
        """When the first deadline of all calls is, past ones included."""
        return self._due.first()
