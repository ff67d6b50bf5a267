"""Bad weather: what a seed throws, what a proxy does to datagrams, what it leaves whole of streams."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from vyzov.pstn.chaos import REORDERED_BY_S, Address, ChaosProxy, Weather


def fates(weather: Weather, seed: int, count: int = 2000) -> list[list[float]]:
    dice = random.Random(seed)
    return [weather.fates(dice) for _ in range(count)]


def test_a_seed_repeats_the_weather() -> None:
    weather = Weather(0.2, 0.2, 0.2, 0.03)
    assert fates(weather, 7) == fates(weather, 7)
    assert fates(weather, 7) != fates(weather, 8)


def test_shares_are_kept() -> None:
    thrown = fates(Weather(loss=0.2, duplication=0.1, reordering=0.3, delay_s=0.01), 1, 20_000)
    passed = [waits for waits in thrown if waits]
    assert len(thrown) - len(passed) == pytest.approx(4000, rel=0.1)
    assert sum(len(waits) > 1 for waits in passed) == pytest.approx(1600, rel=0.1)
    late = [waits for waits in passed if waits[0] >= REORDERED_BY_S]
    assert len(late) == pytest.approx(4800, rel=0.1)
    assert max(waits[0] for waits in passed) <= REORDERED_BY_S + 0.01


def test_another_loss_leaves_the_other_dice_alone() -> None:
    mild, harsh = fates(Weather(0.0, 0.3, 0.3, 0.03), 5), fates(Weather(0.3, 0.3, 0.3, 0.03), 5)
    assert all(not after or after == before for before, after in zip(mild, harsh, strict=True))


def test_fair_weather_changes_nothing() -> None:
    assert fates(Weather(), 3) == [[0.0]] * 2000


@pytest.mark.parametrize("wrong", [{"loss": 1.5}, {"duplication": -0.1}, {"delay_s": -1.0}])
def test_impossible_weather_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|delay"):
        Weather(**wrong)


# ---- on the wire


class Peer(asyncio.DatagramProtocol):
    """Keeps what it hears; an echo also sends it back."""

    def __init__(self, *, echo: bool) -> None:
        self.heard: list[bytes] = []
        self.transport: asyncio.DatagramTransport
        self._echo = echo

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.heard.append(data)
        if self._echo:
            self.transport.sendto(data, addr)

    @property
    def address(self) -> Address:
        return self.transport.get_extra_info("sockname")[:2]


async def peer(*, echo: bool = False) -> Peer:
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(
        lambda: Peer(echo=echo), local_addr=("127.0.0.1", 0)
    )
    made.transport = transport
    return made


async def settled(count: Callable[[], int], wanted: int) -> None:
    """Waits until so many have come, at most two seconds; then a little for what must not come."""
    for _ in range(100):
        if count() >= wanted:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)


def through(weather: Weather, sent: int, back: int, look: Callable[..., None]) -> None:
    """Sends numbered datagrams to an echo through a proxy; `back` are waited for."""

    async def run() -> None:
        far, near = await peer(echo=True), await peer()
        proxy = await ChaosProxy.open(far.address, weather, seed=1)
        for number in range(sent):
            near.transport.sendto(b"%d" % number, proxy.address)
        await settled(lambda: len(near.heard), back)
        look(far.heard, near.heard, proxy.counts)
        proxy.close()
        far.transport.close()
        near.transport.close()

    asyncio.run(run())


def test_fair_weather_carries_all_of_it_both_ways() -> None:
    def look(far: list[bytes], near: list[bytes], counts: object) -> None:
        assert far == near == [b"%d" % number for number in range(20)]

    through(Weather(), 20, 20, look)


def test_a_total_loss_carries_nothing() -> None:
    def look(far: list[bytes], near: list[bytes], counts: object) -> None:
        assert far == near == []

    through(Weather(loss=1.0), 5, 0, look)


def test_duplication_doubles_each_way() -> None:
    def look(far: list[bytes], near: list[bytes], counts: object) -> None:
        assert sorted(far) == sorted([b"0", b"1"] * 2)
        assert sorted(near) == sorted([b"0", b"1"] * 4)

    through(Weather(duplication=1.0), 2, 8, look)


def test_reordering_lets_later_ones_overtake() -> None:
    def look(far: list[bytes], near: list[bytes], counts: object) -> None:
        assert sorted(far, key=int) == [b"%d" % number for number in range(60)]
        assert far != sorted(far, key=int)

    through(Weather(reordering=0.5), 60, 60, look)


def test_every_caller_hears_its_own_answers() -> None:
    async def run() -> None:
        far, one, two = await peer(echo=True), await peer(), await peer()
        proxy = await ChaosProxy.open(far.address, Weather(), seed=1)
        one.transport.sendto(b"one", proxy.address)
        two.transport.sendto(b"two", proxy.address)
        await settled(lambda: len(one.heard) + len(two.heard), 2)
        assert (one.heard, two.heard) == ([b"one"], [b"two"])
        proxy.close()
        for each in (far, one, two):
            each.transport.close()

    asyncio.run(run())


def streamed(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> bytes:
    async def run() -> bytes:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        target: Address = server.sockets[0].getsockname()[:2]
        proxy = await ChaosProxy.open(target, Weather(0.5, 0.5, 0.5, 0.002), seed=3)
        reader, writer = await asyncio.open_connection(*proxy.address)
        writer.write(bytes(range(256)) * 40)
        writer.write_eof()
        data = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        proxy.close()
        server.close()
        return data

    return asyncio.run(run())


def test_a_stream_arrives_whole_and_in_order() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    assert streamed(echo) == bytes(range(256)) * 40


def test_a_port_that_is_taken_is_said_to_be_and_any_free_one_is_found() -> None:
    async def run() -> None:
        taken = await peer()
        with pytest.raises(OSError, match="in use"):
            await ChaosProxy.open(("127.0.0.1", 9), Weather(), seed=1, listen=taken.address)
        proxy = await ChaosProxy.open(("127.0.0.1", 9), Weather(), seed=1)
        assert proxy.address[1] != taken.address[1]
        proxy.close()
        taken.transport.close()

    asyncio.run(run())
