"""The engine goes before others where the system lets it, and runs on where it does not."""

import os

import pytest

from vyzov.cli.precedence import (
    NICE,
    REAL_TIME,
    Precedence,
    come_first,
    take_niceness,
    take_real_time,
)


class System:
    """Grants what it is told to grant and keeps what was asked for."""

    def __init__(
        self, patch: pytest.MonkeyPatch, *, cores: int, real_time: bool, nice: bool
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self.niceness = 0
        self._real_time, self._nice = real_time, nice
        patch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
        patch.setattr(os, "sched_setscheduler", self._schedule)
        patch.setattr(os, "getpriority", lambda which, who: self.niceness)
        patch.setattr(os, "setpriority", self._set)

    def _schedule(self, pid: int, policy: int, param: os.sched_param) -> None:
        assert (pid, policy) == (0, os.SCHED_RR)
        if not self._real_time:
            raise PermissionError
        self.asked.append(("real_time", param.sched_priority))

    def _set(self, which: int, who: int, niceness: int) -> None:
        if not self._nice:
            raise PermissionError
        self.asked.append(("nice", niceness))


def test_the_engine_runs_in_real_time_where_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, cores=2, real_time=True, nice=True)
    assert take_real_time() is Precedence.REAL_TIME
    assert system.asked == [("real_time", REAL_TIME)]


def test_a_system_that_grants_no_real_time_is_asked_for_niceness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, cores=8, real_time=False, nice=True)
    assert take_real_time() is Precedence.NICE
    assert system.asked == [("nice", NICE["engine"])]


def test_the_only_core_is_not_taken_from_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, cores=1, real_time=True, nice=True)
    assert take_real_time() is Precedence.NICE
    assert system.asked == [("nice", NICE["engine"])]


def test_an_account_that_may_do_neither_has_an_engine_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, cores=2, real_time=False, nice=False)
    assert take_real_time() is Precedence.NONE
    assert system.asked == []


@pytest.mark.parametrize(("chosen", "granted"), [(5, Precedence.NONE), (-5, Precedence.NICE)])
def test_a_niceness_somebody_chose_stays_and_is_told_for_what_it_is(
    monkeypatch: pytest.MonkeyPatch, chosen: int, granted: Precedence
) -> None:
    system = System(monkeypatch, cores=2, real_time=False, nice=True)
    system.niceness = chosen
    assert take_niceness() is granted
    assert system.asked == []


def test_the_floor_goes_before_pages_and_only_the_engine_is_real_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch, cores=2, real_time=True, nice=True)
    for kind in ("engine", "floor", "web"):
        come_first(kind)
    assert system.asked == [("real_time", REAL_TIME), ("nice", -8), ("nice", -3)]
