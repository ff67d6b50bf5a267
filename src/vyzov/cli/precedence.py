"""How a process asks the system to be served before others: sound first, then calls, then pages.

An import or a report on the same cores must not be heard in a conversation. Niceness alone does not
do it: it weighs the processes of one group against each other, and where each login or service is a
group of its own (autogroups, cgroups), the engine waits its turn behind a busy neighbour all the same.
In the system's real-time class it does not wait. Most accounts may ask for neither; root may, and a
service with `LimitRTPRIO=1` or CAP_SYS_NICE.
"""

import os
from enum import StrEnum

NICE = {"engine": -10, "floor": -8, "web": -3, "world": -12}
"""An answered call waits for the floor's word: it goes before pages."""
REAL_TIME = 1
"""The lowest of the real-time priorities: before all that is not real time, behind all that is."""
CORES_LEAST = 2
"""A real-time process may use nearly all of a core: there has to be another for everybody else."""


class Precedence(StrEnum):
    """What the system granted."""

    REAL_TIME = "real_time"
    NICE = "nice"
    NONE = "none"


def come_first(kind: str) -> Precedence:
    """Asks for what a process of that kind needs, at its start: the engine carries sound."""
    return take_real_time() if kind == "engine" else take_niceness(NICE[kind])


def take_real_time() -> Precedence:
    """Asks for the real-time class for this thread and those it starts; else for niceness."""
    if len(os.sched_getaffinity(0)) >= CORES_LEAST:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REAL_TIME))
        except OSError:
            return take_niceness()
        return Precedence.REAL_TIME
    return take_niceness()


def take_niceness(niceness: int = NICE["engine"]) -> Precedence:
    """Asks to go before the other processes of the same group; one given already stays, also where
    it puts this process behind them."""
    try:
        given = os.getpriority(os.PRIO_PROCESS, 0)
        if given == 0:
            os.setpriority(os.PRIO_PROCESS, 0, niceness)
    except OSError:
        return Precedence.NONE
    return Precedence.NICE if given <= 0 else Precedence.NONE
