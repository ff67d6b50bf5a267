"""Decides what a watching screen must be sent so that its picture equals ours.

A state is a JSON object; a screen gets one snapshot and then numbered RFC 7386 merge patches. A
patch cannot say "this member is null", so null members of objects are left out of every state
before it is compared or sent: for a screen, absent and null are one. Whatever happens while a slow screen
is being written to is folded into its next patch, so topics never queue; only personal frames do,
and their queue is bounded. No I/O here: `live_socket` writes the frames.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class BacklogFull(Exception):
    """A client left more personal frames unread than it may."""


def prune(state: Mapping[str, Any]) -> Json:
    """Gives `state` without the null members of its objects; arrays are kept as they are."""
    return {
        key: prune(value) if isinstance(value, dict) else value
        for key, value in state.items()
        if value is not None
    }


def same(one: object, other: object) -> bool:
    """Tells whether two JSON values are one and the same to a reader in another language.

    Python takes True for 1; a screen does not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def diff(old: Json, new: Json) -> Json:
    """Makes the merge patch (RFC 7386) from pruned `old` to pruned `new`; {} where equal."""
    patch: Json = dict.fromkeys(key for key in old if key not in new)
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            inner = diff(before, value)
            if inner:
                patch[key] = inner
        elif key not in old or not same(before, value):
            patch[key] = value
    return patch


def apply(patch: Json, target: Json) -> Json:
    """Applies a merge patch the way RFC 7386 section 2 says; `target` is left as it was."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            before = merged.get(key)
            merged[key] = apply(value, before if isinstance(before, dict) else {})
        else:
            merged[key] = value
    return merged


@dataclass(slots=True)
class _View:
    """What one client has of a topic: the last state sent (None: nothing yet) and its number."""

    sent: Json | None = None
    n: int = 0


@dataclass(slots=True)
class Outgoing:
    """The frames one client still has to be sent, personal ones first and in order.

    `state_of` gives the newest state of a topic; `backlog_max` bounds the personal frames."""

    state_of: Callable[[str], Json]
    backlog_max: int
    _personal: deque[Json] = field(default_factory=deque[Json])
    _views: dict[str, _View] = field(default_factory=dict[str, _View])
    _dirty: dict[str, None] = field(default_factory=dict[str, None])

    def topics(self) -> tuple[str, ...]:
        """Names the topics the client watches."""
        return tuple(self._views)

    def put(self, frame: Json) -> None:
        """Queues a personal frame; raises BacklogFull where the client does not read."""
        if len(self._personal) >= self.backlog_max:
            raise BacklogFull
        self._personal.append(frame)

    def watch(self, topic: str) -> None:
        """Starts (or restarts) a topic: its next frame is a snapshot numbered 0."""
        self._views[topic] = _View()
        self._dirty[topic] = None

    def unwatch(self, topic: str) -> None:
        """Stops a topic; unknown ones are fine."""
        self._views.pop(topic, None)
        self._dirty.pop(topic, None)

    def changed(self, topic: str) -> bool:
        """Notes that a topic's state moved on; tells whether this client watches it."""
        if topic not in self._views:
            return False
        self._dirty[topic] = None
        return True

    def next(self, at: str) -> Json | None:
        """Takes the next frame, stamped `at` (RFC 3339); None where the client is up to date."""
        if self._personal:
            return self._personal.popleft()
        while self._dirty:
            topic = next(iter(self._dirty))
            del self._dirty[topic]
            view, state = self._views[topic], self.state_of(topic)
            if view.sent is None:
                view.sent = state
                return {"topic": topic, "n": 0, "snapshot": state, "at": at}
            patch = diff(view.sent, state)
            if patch:
                view.sent, view.n = state, view.n + 1
                return {"topic": topic, "n": view.n, "diff": patch, "at": at}
        return None
