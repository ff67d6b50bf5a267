"""Arrival times come from the kernel, and a late clock makes up for what it missed."""

import asyncio
import itertools
import socket
import time

import pytest

from vyzov.pstn.clock import MOST_AT_ONCE, TICK_S, MediaClock
from vyzov.pstn.wire import PortRange, arrivals, stamped


def test_what_waited_in_the_kernel_keeps_the_time_of_its_arrival() -> None:
    ports = PortRange("127.0.0.1", 28000, 28200)
    wire = ports.open()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sender.sendto(b"warm", wire.getsockname())
        time.sleep(0.05)
        list(arrivals(wire))
        sent_at = time.monotonic()
        sender.sendto(b"one", wire.getsockname())
        time.sleep(0.3)
        [(data, source, at)] = arrivals(wire)
        assert data == b"one"
        assert source == ("127.0.0.1", sender.getsockname()[1])
        assert at == pytest.approx(sent_at, abs=0.1)
        assert list(arrivals(wire)) == []
    finally:
        sender.close()
        wire.close()


def test_a_packet_to_a_port_that_is_gone_disturbs_nobody() -> None:
    wire = stamped(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    wire.bind(("127.0.0.1", 0))
    gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gone.bind(("127.0.0.1", 0))
    wire.connect(gone.getsockname())
    gone.close()
    wire.send(b"anybody?")
    time.sleep(0.05)
    assert list(arrivals(wire)) == []
    wire.close()


def test_ports_are_even_and_a_full_range_is_said_so() -> None:
    ports = PortRange("127.0.0.1", 28301, 28306)
    wires = [ports.open(), ports.open()]
    assert [wire.getsockname()[1] for wire in wires] == [28302, 28304]
    with pytest.raises(OSError, match="28302"):
        ports.open()
    for wire in wires:
        wire.close()
    with pytest.raises(ValueError, match="1024-65535"):
        PortRange("127.0.0.1", 5000, 4000)


def run_clock(stall_s: float) -> tuple[list[float], list[int]]:
    """Lets a clock run, blocks the loop once, and returns due times and skips."""
    dues: list[float] = []
    skips: list[int] = []

    async def scene() -> None:
        clock = MediaClock(dues.append, skips.append)
        clock.start(asyncio.get_running_loop())
        await asyncio.sleep(0.1)
        time.sleep(stall_s)  # noqa: ASYNC251 - the stall is what is being tested
        await asyncio.sleep(0.1)
        clock.stop()

    asyncio.run(scene())
    return dues, skips


def test_ticks_missed_in_a_stall_are_made_up_for_with_their_own_times() -> None:
    dues, skips = run_clock(0.4)
    assert skips == []
    gaps = [later - earlier for earlier, later in itertools.pairwise(dues)]
    assert gaps == pytest.approx([TICK_S] * len(gaps))
    assert len(dues) >= 25


def test_a_long_stall_loses_ticks_and_says_how_many() -> None:
    dues, skips = run_clock(1.5)
    assert len(skips) == 1
    gaps = [later - earlier for earlier, later in itertools.pairwise(dues)]
    assert max(gaps) == pytest.approx((skips[0] + 1) * TICK_S)
    assert skips[0] >= 1.5 / TICK_S - MOST_AT_ONCE - 15
