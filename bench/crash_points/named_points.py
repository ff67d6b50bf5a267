"""Lets `verify crash` kill a process of Vyzov at a named point.

The product knows nothing of this. Where this folder is on `PYTHONPATH`, Python loads
`sitecustomize` at its start, and the functions below are wrapped as their modules are imported. A
point fires once, where `DIR/PROCESS.arm` names it: the file becomes `PROCESS.hit`, and the process
(with those whose numbers the file lists) gets SIGKILL there, before anything else of it runs; with
the word `sleep` it gets SIGSTOP instead, and goes on from there when it is woken. `DIR` is
`VYZOV_CRASH_DIR`. A point whose function is gone leaves `missing.POINT`, which fails the run.
"""

import contextlib
import functools
import importlib.abc
import importlib.machinery
import inspect
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from sabotage import SABOTAGES

When = Callable[..., bool]
UNLOCKED_WITHIN_S = 2.0
SQLITE_WRITES_BYTE = "120"
"""In the file of shared memory (SQLite, WAL-mode file format, section 2.3)."""


def always(*_args: Any, **_named: Any) -> bool:
    """Fires at every call."""
    return True


def sends(method: bytes) -> When:
    """Fires where a SIP message of this method leaves."""
    return lambda _self, data, *_rest: data.startswith(method)


def carries(*kinds: str) -> When:
    """Fires where any argument is an object of one of these classes."""
    return lambda *args, **_named: any(type(arg).__name__ in kinds for arg in args)


def tells(*kinds: str) -> When:
    """Fires where one of these events leaves for a floor with others of its turn."""
    words = tuple(f'"{kind}"'.encode() for kind in kinds)
    return lambda door, *_rest: any(word in line for line in door._waiting for word in words)  # noqa: SLF001


def writes(*kinds: str) -> When:
    """Fires where a batch holds a write of one of these classes."""
    return lambda _self, batch, *_rest: any(type(one).__name__ in kinds for one in batch)


def states(kind: str) -> When:
    """Fires where a batch appends a fact of this kind."""

    def when(_self: Any, batch: Any, *_rest: Any) -> bool:
        return any(getattr(getattr(one, "fact", None), "kind", "") == kind for one in batch)

    return when


def asks(*verbs: str) -> When:
    """Fires where the web process asks the floor for one of these."""
    return lambda _self, verb, *_rest, **_named: verb in verbs


class Point(NamedTuple):
    """One place: `after` tells whether the call is let through first."""

    name: str
    process: str
    module: str
    function: str
    after: bool
    when: When = always
    at_start: bool = False


_NATIVE = "vyzov.telephony.native."
POINTS = (
    Point("engine.leg_not_journalled", "engine", _NATIVE + "journal", "LegBook.open", False),
    Point("engine.leg_journalled", "engine", _NATIVE + "journal", "LegBook.open", True),
    Point("engine.invite_left", "engine", _NATIVE + "signalling", "Signalling._send", True,
          sends(b"INVITE ")),
    Point("engine.answer_not_journalled", "engine", _NATIVE + "journal", "LegBook.note_dialog",
          False),
    Point("engine.answer_journalled", "engine", _NATIVE + "journal", "LegBook.note_dialog", True),
    Point("engine.ack_left", "engine", _NATIVE + "signalling", "Signalling._send", True,
          sends(b"ACK ")),
    Point("engine.cancel_left", "engine", _NATIVE + "signalling", "Signalling._send", True,
          sends(b"CANCEL ")),
    Point("engine.bye_left", "engine", _NATIVE + "signalling", "Signalling._send", True,
          sends(b"BYE ")),
    Point("engine.turn_not_written", "engine", _NATIVE + "turn", "Turn._end", False),
    Point("engine.answer_told", "engine", _NATIVE + "control", "Door.flush", True,
          tells("Answered")),
    Point("engine.end_not_told", "engine", _NATIVE + "control", "Door.flush", False,
          tells("Ended", "Failed")),
    Point("engine.bridge_asked", "engine", _NATIVE + "bridge", "Switchboard.join", False),
    Point("engine.bridge_made", "engine", _NATIVE + "bridge", "Switchboard.join", True),
    Point("engine.recording_begun", "engine", _NATIVE + "journal", "LegBook.note_recording", True),
    Point("engine.recording_not_told", "engine", _NATIVE + "journal", "LegBook.drop_recording",
          False),
    Point("engine.reaping", "engine", _NATIVE + "reaping", "Reaper._end", True, always, True),
    Point("engine.reaped", "engine", _NATIVE + "reaping", "Reaper.run", True, always, True),
    Point("floor.reservation_not_committed", "floor", "vyzov.storage.sql_store", "SqlFloorStore.commit",
          False, writes("Reserve")),
    Point("floor.reservation_committed", "floor", "vyzov.storage.sql_store", "SqlFloorStore.commit",
          True, writes("Reserve")),
    Point("floor.originate_not_sent", "floor", _NATIVE + "link", "EngineLink.send", False,
          carries("Originate")),
    Point("floor.originate_sent", "floor", _NATIVE + "link", "EngineLink.send", True,
          carries("Originate")),
    Point("floor.answer_heard", "floor", "vyzov.dialer.runtime", "Runtime.post", True,
          carries("Answered")),
    Point("floor.bridge_not_sent", "floor", _NATIVE + "link", "EngineLink.send", False,
          carries("Bridge")),
    Point("floor.bridge_sent", "floor", _NATIVE + "link", "EngineLink.send", True,
          carries("Bridge")),
    Point("floor.joined_heard", "floor", "vyzov.dialer.runtime", "Runtime.post", True,
          carries("BridgeJoined")),
    Point("floor.end_not_committed", "floor", "vyzov.storage.sql_store", "SqlFloorStore.commit", False,
          writes("FinishAttempt")),
    Point("floor.end_committed", "floor", "vyzov.storage.sql_store", "SqlFloorStore.commit", True,
          writes("FinishAttempt")),
    Point("floor.result_not_committed", "floor", "vyzov.storage.sql_store", "SqlFloorStore.commit",
          False, states("disposed")),
    Point("floor.result_committed", "floor", "vyzov.storage.sql_store", "SqlFloorStore.commit", True,
          states("disposed")),
    Point("floor.hangup_not_sent", "floor", _NATIVE + "link", "EngineLink.send", False,
          carries("Hangup")),
    Point("floor.forget_sent", "floor", _NATIVE + "link", "EngineLink.send", True,
          carries("Forget")),
    Point("floor.snapshot_heard", "floor", "vyzov.dialer.runtime", "Runtime.post", True,
          carries("Snapshot"), True),
    Point("floor.lease_taken", "floor", "vyzov.storage.sql_store", "SqlFloorStore.take_lease", True,
          always, True),
    Point("web.result_not_asked", "web", "vyzov.web.floor_link", "FloorLink.ask", False,
          asks("desk.result")),
    Point("web.result_asked", "web", "vyzov.web.floor_link", "FloorLink.ask", True,
          asks("desk.result")),
    Point("web.desk_attached", "web", "vyzov.web.floor_link", "FloorLink.ask", True,
          asks("desk.attach"), True),
)  # fmt: skip


def fire(point: Point, folder: Path) -> bool:
    """Kills, if the point is armed; True for one that slept here. `os` only: nothing may wait or log."""
    arm = folder / f"{point.process}.arm"
    try:
        name, *others = arm.read_text(encoding="ascii").split()
    except OSError:
        return False
    if name != point.name:
        return False
    try:
        arm.rename(folder / f"{point.process}.hit")
    except OSError:
        return False
    draft = folder / f"{point.process}.at.{os.getpid()}"
    draft.write_text(f"{time.monotonic()!r} {os.getpid()}", encoding="ascii")
    draft.rename(folder / f"{point.process}.at")
    if others == ["sleep"]:
        end = time.monotonic() + UNLOCKED_WITHIN_S
        while writes_to_sqlite() and time.monotonic() < end:
            time.sleep(0.0005)
        os.kill(os.getpid(), signal.SIGSTOP)
        return True
    for pid in others:
        if int(pid) != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    return False  # A killed process comes to no line after that one.


def writes_to_sqlite() -> bool:
    """Whether this process has SQLite's lock for writing; one stopped with it would be ended for that."""
    mine = str(os.getpid())
    table = Path("/proc/locks").read_text(encoding="ascii")
    return any(
        words[3:5] == ["WRITE", mine] and words[6] == SQLITE_WRITES_BYTE
        for words in map(str.split, table.splitlines())
        if len(words) == 8
    )


def still_wanted(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Gives an order that slept with its process another minute, so that its age protects nobody."""
    return tuple(
        replace(arg, not_after=time.monotonic() + 60.0) if hasattr(arg, "not_after") else arg
        for arg in args
    )


def wrapped(point: Point, original: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """The function with the point before or after it."""
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def waits(*args: Any, **named: Any) -> Any:
            due = point.when(*args, **named)
            if due and not point.after:
                fire(point, folder)
            result = await original(*args, **named)
            if due and point.after:
                fire(point, folder)
            return result

        return waits

    @functools.wraps(original)
    def acts(*args: Any, **named: Any) -> Any:
        due = point.when(*args, **named)
        if due and not point.after and fire(point, folder):
            args = still_wanted(args)
        result = original(*args, **named)
        if due and point.after:
            fire(point, folder)
        return result

    return acts


def plant(module: ModuleType, points: Sequence[Point], folder: Path) -> None:
    """Wraps the functions of a module that has just been imported."""
    for point in points:
        owner_name, _, name = point.function.partition(".")
        owner = getattr(module, owner_name, None)
        original = getattr(owner, name, None)
        if original is None:
            (folder / f"missing.{point.name}").touch()
        else:
            setattr(owner, name, wrapped(point, original, folder))


Change = Callable[[ModuleType], None]


class Planter(importlib.abc.MetaPathFinder):
    """Finds the modules to be changed as usual, and changes them right after their import."""

    def __init__(self, changes: Mapping[str, Sequence[Change]]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answers for the modules to be changed only."""
        changes = self._changes.get(fullname)
        if not changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            for change in changes:
                change(module)

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def begin() -> None:
    """Plants the points of this process, if it is one of Vyzov's and a run asks for it."""
    folder = os.environ.get("VYZOV_CRASH_DIR")
    words = sys.orig_argv
    if not folder or words[1:3] != ["-m", "vyzov"] or len(words) <= 3:
        return
    changes: dict[str, list[Change]] = defaultdict(list)
    for point in POINTS:
        if point.process == words[3]:
            changes[point.module].append(partial(plant, points=[point], folder=Path(folder)))
    sabotage = SABOTAGES.get(os.environ.get("VYZOV_SABOTAGE", ""))
    if sabotage is not None:
        changes[sabotage[0]].append(sabotage[1])
    if changes:
        sys.meta_path.insert(0, Planter(changes))
