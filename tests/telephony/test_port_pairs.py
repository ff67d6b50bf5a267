"""Pairs of sockets for sound: they rest between two calls, and what comes meanwhile is nobody's."""

import asyncio
import socket

import pytest
import uvloop

from vyzov.telephony.native import port_pairs
from vyzov.telephony.native.port_pairs import Address, NoFreePort, Pair, PairShelf, PortRange

HOST = "127.0.0.1"


class Ear:
    """Takes what arrives on a pair."""

    def __init__(self) -> None:
        self.sound: list[bytes] = []
        self.reports: list[bytes] = []

    def sound_arrived(self, data: bytes, source: Address) -> None:
        self.sound.append(data)

    def report_arrived(self, data: bytes, source: Address) -> None:
        self.reports.append(data)


async def say(pair: Pair, words: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.sendto(words, (HOST, pair.port))
        mouth.sendto(words, (HOST, pair.port + 1))
    await asyncio.sleep(0.03)


def test_a_pair_rests_before_the_next_call_and_what_comes_meanwhile_is_thrown_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        monkeypatch.setattr(port_pairs, "REST_S", 0.1)
        shelf = PairShelf(asyncio.get_running_loop(), PortRange(HOST, 0, 0))
        pair, first, second = shelf.take(), Ear(), Ear()
        pair.taken_by(first)
        await say(pair, b"one")
        pair.give_back()
        assert shelf.take() is not pair
        await say(pair, b"late")
        await asyncio.sleep(0.1)
        assert shelf.take() is pair
        pair.taken_by(second)
        await say(pair, b"two")
        assert (first.sound, first.reports) == ([b"one"], [b"one"])
        assert (second.sound, second.reports) == ([b"two"], [b"two"])

    uvloop.run(story())


def test_a_pair_that_nobody_wants_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(port_pairs, "IDLE_S", 0.1)
        shelf = PairShelf(asyncio.get_running_loop(), PortRange(HOST, 0, 0))
        pair = shelf.take()
        pair.give_back()
        assert shelf.resting == 1
        await asyncio.sleep(0.3)
        assert shelf.resting == 0
        assert pair.sound.fileno() == -1

    uvloop.run(story())


def test_a_range_without_free_ports_gives_the_one_that_rested_longest() -> None:
    async def story() -> None:
        shelf = PairShelf(asyncio.get_running_loop(), PortRange(HOST, 42_100, 42_103))
        one, two = shelf.take(), shelf.take()
        with pytest.raises(NoFreePort, match="widen the range"):
            shelf.take()
        two.give_back()
        one.give_back()
        assert shelf.take() is two
        shelf.close()
        two.give_back()
        assert (shelf.resting, one.sound.fileno(), two.sound.fileno()) == (0, -1, -1)

    uvloop.run(story())
