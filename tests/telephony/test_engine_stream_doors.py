"""Peers that connect to us: framing, bounds, and what they are told."""

import asyncio
import logging
import socket
import time
from pathlib import Path

import pytest
import uvloop
from pki import Authority
from stream_peer import StreamPeer
from streams_lab import OPTIONS, Ours, rest, until

from vyzov.sip.events import (
    CallAnswered,
    Hop,
    OptionsAnswered,
    Transport,
)
from vyzov.telephony.native import sip_sockets
from vyzov.telephony.native.signalling import NO_PORT, Listening
from vyzov.telephony.native.sip_sockets import StreamLimits


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_request_split_at_every_byte_is_answered_on_its_connection() -> None:
    async def story() -> None:
        async with Ours() as ours:
            reader, writer = await asyncio.open_connection("127.0.0.1", ours.tcp())
            writer.transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )
            request = OPTIONS.format(n=1).encode()
            for byte in request:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 OK\r\n")
            writer.write(request.replace(b"z9hG4bK1", b"z9hG4bK2") * 1 + b"\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 OK\r\n")
            assert await reader.readexactly(2) == b"\r\n", "the answer to a keep-alive"
            writer.close()

    uvloop.run(story())


def test_many_requests_in_one_read_are_all_answered() -> None:
    async def story() -> None:
        async with Ours() as ours:
            reader, writer = await asyncio.open_connection("127.0.0.1", ours.tcp())
            writer.write("".join(OPTIONS.format(n=n) for n in range(30)).encode())
            for n in range(30):
                answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
                assert f"Call-ID: call-{n}\r\n".encode() in answer
            writer.close()

    uvloop.run(story())


def test_bytes_that_are_no_messages_are_answered_and_the_connection_closed() -> None:
    async def story() -> None:
        async with Ours() as ours:
            reader, writer = await asyncio.open_connection("127.0.0.1", ours.tcp())
            writer.write(OPTIONS.format(n=1).replace("Content-Length: 0\r\n", "").encode())
            answer = await asyncio.wait_for(reader.read(), 2)
            assert answer.startswith(b"SIP/2.0 400 ")
            await until(lambda: ours.sip.streams.count == 0)
            writer.close()

    uvloop.run(story())


def test_a_message_that_never_ends_and_a_silent_peer_are_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sip_sockets, "SWEEP_S", 0.05)

    async def story() -> None:
        limits = StreamLimits(whole_s=0.3, idle_s=60)
        async with Ours(Listening(limits=limits)) as ours:
            _, silent = await asyncio.open_connection("127.0.0.1", ours.tcp())
            dripping, drip = await asyncio.open_connection("127.0.0.1", ours.tcp())
            good, fine = await asyncio.open_connection("127.0.0.1", ours.tcp())
            fine.write(OPTIONS.format(n=1).encode())
            await good.readuntil(b"\r\n\r\n")
            begun = time.monotonic()
            while not drip.transport.is_closing() and time.monotonic() - begun < 3:
                drip.write(b"X")
                await asyncio.sleep(0.02)
            assert time.monotonic() - begun < 2, "a byte now and then buys no time"
            del dripping
            await until(lambda: ours.sip.streams.count == 1)
            fine.write(OPTIONS.format(n=2).encode())
            assert (await good.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            for writer in (silent, drip, fine):
                writer.close()

    uvloop.run(story())


def test_an_idle_connection_is_closed_and_made_again_when_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sip_sockets, "SWEEP_S", 0.05)

    async def story() -> None:
        limits = StreamLimits(idle_s=0.2)
        async with Ours(Listening(limits=limits)) as ours, StreamPeer() as peer:
            ours.probe(peer.hop())
            await ours.wait(OptionsAnswered)
            await until(lambda: ours.sip.streams.count == 0)
            ours.probe(peer.hop())
            assert (await ours.wait(OptionsAnswered, count=2)).code == 200
            assert peer.connections == 2

    uvloop.run(story())


def test_connections_are_bounded_for_each_source_and_in_all() -> None:
    async def story() -> None:
        limits = StreamLimits(accepted_max=5, per_source_max=3)
        async with Ours(Listening(limits=limits)) as ours:

            async def opened(source: str) -> asyncio.StreamWriter:
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", ours.tcp(), local_addr=(source, 0)
                )
                return writer

            writers = [await opened("127.0.0.1") for _ in range(6)]
            await until(lambda: ours.sip.streams.refused == 3)
            writers += [await opened("127.0.0.2") for _ in range(6)]
            # The third of them took the place of the oldest of the first.
            await until(lambda: ours.sip.streams.refused == 6)
            await until(lambda: ours.sip.streams.count == 5)
            for writer in writers:
                writer.close()
            await until(lambda: ours.sip.streams.count == 0)
            again = await opened("127.0.0.1")
            again.write(OPTIONS.format(n=1).encode())
            await until(lambda: ours.sip.streams.count == 1)
            again.close()

    uvloop.run(story())


def test_who_may_not_speak_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with Ours() as ours:
            allowed = {"connect": True, "speak": False}

            def may(_source: Hop, size: int) -> bool:
                return allowed["speak"] if size else allowed["connect"]

            monkeypatch.setattr(ours.sip, "may", may)
            reader, writer = await asyncio.open_connection("127.0.0.1", ours.tcp())
            writer.write(OPTIONS.format(n=1).encode())
            assert await rest(reader) == b""
            writer.close()
            allowed["connect"] = False
            reader, writer = await asyncio.open_connection("127.0.0.1", ours.tcp())
            assert await rest(reader) == b""
            assert ours.sip.streams.refused == 1
            writer.close()

    uvloop.run(story())


def test_new_ways_back_to_strangers_cannot_use_up_those_that_carriers_need() -> None:
    async def story() -> None:
        limits = StreamLimits(made_max=4, back_max=1, connect_s=1)
        with socket.create_server(("127.0.0.1", 0)) as stuck:
            async with Ours(Listening(limits=limits)) as ours, StreamPeer() as peer:
                host, port = stuck.getsockname()
                streams = ours.sip.streams
                streams.send(b"first", Hop(host, port, Transport.TCP, flow=99))
                streams.send(b"second", Hop("127.0.0.3", port, Transport.TCP, flow=98))
                assert streams.count == 1
                streams.send(b"\r\n", Hop("127.0.0.4", port, Transport.TCP, flow=97))
                assert streams.count == 1
                ours.probe(peer.hop())
                assert (await ours.wait(OptionsAnswered)).code == 200

    uvloop.run(story())


def test_out_of_descriptors_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_sockets, "ACCEPT_AGAIN_S", 0.1)

    async def story() -> None:
        async with Ours() as ours:
            bound = ours.sip.streams._listening[Transport.TCP]
            failures = [OSError(24, "Too many open files")]

            class Failing:
                def fileno(self) -> int:
                    return bound.fileno()

                def accept(self) -> tuple[socket.socket, tuple[str, int]]:
                    if failures:
                        raise failures.pop()
                    return bound.accept()

            loop = asyncio.get_running_loop()
            loop.remove_reader(bound.fileno())
            ours.sip.streams._listen_again(Transport.TCP, Failing())  # type: ignore[arg-type]
            reader, writer = await asyncio.open_connection("127.0.0.1", ours.tcp())
            writer.write(OPTIONS.format(n=1).encode())
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
            assert answer.startswith(b"SIP/2.0 200")
            assert failures == []
            writer.close()

    uvloop.run(story())


def test_listeners_can_be_left_out_and_ports_chosen() -> None:
    async def story() -> None:
        async with Ours(Listening(tcp_port=NO_PORT)) as ours, StreamPeer() as peer:
            assert ours.sip.ports == {}
            ours.call(peer.hop())
            await ours.wait(CallAnswered)
        async with Ours() as ours:
            assert list(ours.sip.ports) == [Transport.TCP]
            taken = Listening(tcp_port=ours.tcp())
            with pytest.raises(OSError, match="sip_tcp_port"):
                await Ours(taken).__aenter__()

    uvloop.run(story())


def test_peers_are_told_no_version_and_nothing_where_so_wished() -> None:
    async def story() -> None:
        for product, line in (("Vyzov", b"User-Agent: Vyzov\r\n"), ("", b"")):
            async with Ours(Listening(product=product)) as ours, StreamPeer() as peer:
                ours.call(peer.hop())
                await ours.wait(CallAnswered)
                assert line in peer.raw[0]
                assert (b"User-Agent" in peer.raw[0]) is bool(product)

    uvloop.run(story())


def test_a_lost_connection_is_logged_once_for_people(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with Ours() as ours, StreamPeer() as peer:
            ours.probe(peer.hop())
            await ours.wait(OptionsAnswered)
            peer.hang_up_sockets()
            await until(lambda: ours.sip.streams.count == 0)

    with caplog.at_level(logging.INFO, "vyzov.engine.sip"):
        uvloop.run(story())
    (line,) = [r.getMessage() for r in caplog.records if "is gone" in r.getMessage()]
    assert line.startswith("connection tcp:127.0.0.1:")
