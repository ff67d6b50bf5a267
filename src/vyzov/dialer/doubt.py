"""Lets no limit decide about an answered call before the engine said that nothing was missed.

A callee who waits too long was abandoned, unless the word of their bridge, key or hang-up is late or
lost. When such a limit passes, the engine is asked for the number of the leg's latest event; what
follows from the limit is counted by the moment it passed, not by that of the answer. An engine that
says nothing is not waited for longer than `HOLD`, one that is out of sight until it is taken for gone.
What closes unseen waits too, and what a former life left, within the bound that `recovery` sets on calls
without news.
"""

from datetime import datetime, timedelta

from vyzov.core.call import CallState
from vyzov.core.changing import replace
from vyzov.dialer import ports
from vyzov.dialer.live_call import Doubt, LiveCall
from vyzov.dialer.scene import Scene

HOLD = timedelta(milliseconds=500)
"""How long a limit waits for the engine's word: a way through a local socket takes a few."""

RUNS_OUT = (CallState.CLASSIFYING, CallState.WAITING, CallState.IN_FLOW, CallState.FAREWELL)
"""States whose limit can be told from the log alone: in the others an order of ours may be lost."""


def judged_at(scene: Scene, live: LiveCall) -> datetime | None:
    """The moment by which a limit that has passed is judged; None while the engine is asked."""
    call, now, due = live.call, scene.now.utc, live.call.deadline
    # What closes, or was taken up from a former life, while no engine tells of it.
    unseen = call.id in scene.room.silent and (call.state is CallState.CLOSING or live.seq < 0)
    if due is None or (call.state not in RUNS_OUT and not unseen):
        return now
    if unseen:
        # Whether they answered meanwhile, an engine that comes back in time will tell.
        return _waited_for(scene, live, due, now)
    doubt = open_doubt(live)
    if not scene.room.engine_up:
        return _judged_alone(scene, live, due, doubt.rang_at if doubt else now)
    if doubt is not None:
        heard = doubt.seq is not None and live.seq >= doubt.seq
        return doubt.rang_at if heard or now >= doubt.until else None
    scene.room.doubts += 1
    live.doubt = Doubt(scene.room.doubts, due, now, now + HOLD)
    scene.out.verb(ports.AskStanding(scene.room.doubts, leg=call.id))
    scene.room.calls.noted(live)
    return None


def _judged_alone(
    scene: Scene, live: LiveCall, due: datetime, rang_at: datetime
) -> datetime | None:
    """Waits for an engine that is out of sight, until it is taken for gone: nothing can be done for
    the callee meanwhile, and its log may tell of a join or a hang-up in time."""
    if scene.room.engine_lost_at is None:
        return rang_at
    return _waited_for(scene, live, due, rang_at)


def _waited_for(scene: Scene, live: LiveCall, due: datetime, rang_at: datetime) -> None:
    live.doubt = Doubt(0, due, rang_at, scene.now.utc + HOLD)
    scene.room.calls.noted(live)


def open_doubt(live: LiveCall) -> Doubt | None:
    """The doubt about the call's present limit, if there is one."""
    doubt = live.doubt
    return doubt if doubt is not None and doubt.due == live.call.deadline else None


def retold_doubt(doubt: Doubt | None, by: timedelta) -> Doubt | None:
    """Returns the doubt with its moments as UTC tells them now that it was set forward by `by`."""
    if doubt is None:
        return None
    due, rang_at, until = doubt.due + by, doubt.rang_at + by, doubt.until + by
    return replace(doubt, due=due, rang_at=rang_at, until=until)
