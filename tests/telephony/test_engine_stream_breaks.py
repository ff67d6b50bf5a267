"""Connections that break under SIP: what is lost, what goes by another, what is bounded."""

import asyncio
import socket
import time
from pathlib import Path

import pytest
import uvloop
from engine_lab import CALLER, NUMBER
from pki import Authority
from stream_peer import StreamPeer
from streams_lab import OFFER, Ours, tls, until

from vyzov.sip.dialog import DialogState
from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallProgress,
    CallRejected,
    Hop,
    OptionsAnswered,
    Stage,
    Transport,
)
from vyzov.telephony.native.signalling import Listening
from vyzov.telephony.native.sip_sockets import StreamLimits


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_where_nobody_listens_the_call_ends_at_once_and_says_so() -> None:
    async def story() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            async with Ours() as ours:
                begun = time.monotonic()
                ours.call(Hop("127.0.0.1", port, Transport.TCP))
                event = await ours.wait(CallRejected)
                assert time.monotonic() - begun < 1
                assert event.phrase == f"tcp:127.0.0.1:{port}: refused: nobody listens there"
                assert (event.code, event.stage) == (0, Stage.TRYING)

    uvloop.run(story())


def test_a_peer_that_accepts_and_stays_silent_in_tls_is_given_up(authority: Authority) -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            async with Ours(tls(authority, connect_s=0.3)) as ours:
                hop = Hop("127.0.0.1", silent.getsockname()[1], Transport.TLS)
                ours.call(hop)
                event = await ours.wait(CallRejected, limit_s=2)
                assert event.phrase == f"{hop}: timed out: no connection within 0.3 s"

    uvloop.run(story())


def test_a_stuck_peer_holds_up_nobody_else() -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as stuck:
            async with Ours() as ours, StreamPeer() as peer:
                for number in range(20):
                    ours.call(Hop("127.0.0.1", stuck.getsockname()[1], Transport.TCP),
                              leg=f"stuck-{number}")  # fmt: skip
                begun = time.monotonic()
                ours.call(peer.hop())
                await ours.wait(CallAnswered)
                assert time.monotonic() - begun < 1

    uvloop.run(story())


def test_what_a_stuck_peer_does_not_take_is_bounded() -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as stuck:
            stuck.setblocking(False)
            limits = StreamLimits(unsent_bytes_max=100_000)
            async with Ours(Listening(limits=limits)) as ours:
                hop = Hop("127.0.0.1", stuck.getsockname()[1], Transport.TCP)
                ours.call(hop)
                await until(lambda: ours.sip.streams.count == 1)
                held, _ = await asyncio.get_running_loop().sock_accept(stuck)
                await asyncio.sleep(0.05)
                for _ in range(400):
                    ours.sip.streams.send(b"x" * 30_000, hop)
                await until(lambda: ours.gone == ["the peer takes nothing any more"])
                held.close()

    uvloop.run(story())


def test_an_invite_swallowed_by_a_dying_connection_is_sent_once_more() -> None:
    async def story() -> None:
        silent: list[str] = []
        async with Ours() as ours, StreamPeer(on_invite=silent.append) as peer:
            # The peer dies after it read the INVITE and before it said anything.
            peer.pump = lambda: None  # type: ignore[method-assign]
            ours.call(peer.hop())
            await peer.sees("INVITE")
            del peer.pump
            peer.hang_up_sockets()
            await peer.sees("INVITE", 2)
            assert peer.raw[0] == peer.raw[1], "the same bytes: the same transaction"
            peer.hang_up_sockets()
            event = await ours.wait(CallRejected)
            assert (event.code, event.stage) == (0, Stage.TRYING)

    uvloop.run(story())


def test_a_connection_lost_while_it_rings_ends_the_call_and_cancels_it_by_a_new_one() -> None:
    async def story() -> None:
        rings: list[str] = []
        async with Ours() as ours, StreamPeer(on_invite=rings.append) as peer:
            ours.call(peer.hop())
            await peer.sees("INVITE")
            peer.respond(rings[0], 180)
            await ours.wait(CallProgress)
            peer.hang_up_sockets()
            event = await ours.wait(CallRejected)
            assert event.code == 0
            assert f"tcp:127.0.0.1:{peer.port}: " in event.phrase
            await peer.sees("CANCEL")
            assert peer.connections == 2

    uvloop.run(story())


def test_a_talk_outlives_its_connection_and_is_ended_by_a_new_one() -> None:
    async def story() -> None:
        async with Ours() as ours, StreamPeer() as peer:
            ours.call(peer.hop())
            await ours.wait(CallAnswered)
            await peer.sees("ACK")
            peer.hang_up_sockets()
            await until(lambda: ours.sip.streams.count == 0)
            assert not any(isinstance(event, CallEnded) for event in ours.events)
            ours.bye()
            await peer.wait(CallEnded)
            assert peer.connections == 2

    uvloop.run(story())


def test_what_is_said_while_a_connection_closes_goes_by_the_next_one() -> None:
    async def story() -> None:
        async with Ours() as ours, StreamPeer() as peer:
            ours.call(peer.hop())
            await ours.wait(CallAnswered)
            await peer.sees("ACK")
            (closing,) = ours.sip.streams._made.values()
            closing.give_up("a test")
            ours.bye()
            await peer.wait(CallEnded)
            assert peer.connections == 2
            await until(lambda: ours.gone == ["a test"])
            assert ours.sip.streams.count == 1, "the old one took nothing of the new one along"

    uvloop.run(story())


def test_a_peer_that_closes_its_half_is_reached_by_a_new_connection() -> None:
    async def story() -> None:
        async with Ours() as ours, StreamPeer() as peer:
            ours.call(peer.hop())
            await ours.wait(CallAnswered)
            await peer.sees("ACK")
            peer.writers[0].write_eof()
            await until(lambda: ours.sip.streams.count == 0)
            ours.bye()
            await peer.wait(CallEnded)
            assert peer.connections == 2

    uvloop.run(story())


def test_a_peer_that_vanishes_without_a_word_is_noticed_by_the_system() -> None:
    async def story() -> None:
        async with Ours() as ours, StreamPeer() as peer:
            ours.probe(peer.hop())
            await ours.wait(OptionsAnswered)
            (one,) = ours.sip.streams._made.values()
            assert one._transport is not None
            wire = one._transport.get_extra_info("socket")
            # No network loses a peer on loopback, so this asks for what makes the system watch.
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            unacknowledged = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert 0 < unacknowledged < 32_000, "sooner than a request is given up"

    uvloop.run(story())


def test_an_engine_reborn_ends_its_talk_over_a_connection_of_its_own(authority: Authority) -> None:
    async def story() -> None:
        certificate = authority.leaf("sip.carrier.example")
        async with StreamPeer(certificate) as peer:
            hop = peer.hop("sip.carrier.example")
            async with Ours(tls(authority)) as ours:
                ours.call(hop)
                await ours.wait(CallAnswered)
                await peer.sees("ACK")
                state = ours.sip.agent.dialog_state("leg")
                assert state is not None
            saved = DialogState.from_json(state.to_json())
            async with Ours(tls(authority)) as reborn:
                reborn.sip.agent.reap(
                    "leg", target=hop, to=NUMBER, caller_id=CALLER, dialog=saved,
                    now=time.monotonic(),
                )  # fmt: skip
                reborn.sip.pump()
                await peer.wait(CallEnded)
                assert (await reborn.wait(CallEnded)).cause == "reaped"

    uvloop.run(story())


def test_an_engine_reborn_cancels_what_rings_over_tcp() -> None:
    async def story() -> None:
        rings: list[str] = []
        async with StreamPeer(on_invite=rings.append) as peer:
            async with Ours() as ours:
                ours.call(peer.hop())
                await peer.sees("INVITE")
                peer.respond(rings[0], 180)
                await ours.wait(CallProgress)
            async with Ours(port_before=ours.sip.address[1]) as reborn:
                reborn.sip.agent.reap(
                    "leg", target=peer.hop(), to=NUMBER, caller_id=CALLER, dialog=None,
                    now=time.monotonic(),
                )  # fmt: skip
                reborn.sip.pump()
                event = await reborn.wait(CallRejected)
                assert (event.code, event.stage) == (487, Stage.CANCELLED)

    uvloop.run(story())


def test_a_large_invite_goes_by_tcp_where_the_peer_takes_it_and_by_udp_where_not() -> None:
    async def story() -> None:
        large = OFFER + b"a=x-long:" + b"y" * 1300 + b"\r\n"
        async with Ours() as ours, StreamPeer() as peer:
            ours.call(Hop("127.0.0.1", peer.port), body=large)
            await ours.wait(CallAnswered)
            ours.bye()
            await peer.wait(CallEnded)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind(("127.0.0.1", 0))
                udp.setblocking(False)
                ours.call(Hop(*udp.getsockname()), leg="by-udp", body=large)
                loop = asyncio.get_running_loop()
                data = await asyncio.wait_for(loop.sock_recv(udp, 65_535), 3)
                assert data.startswith(b"INVITE ")
                assert b"Via: SIP/2.0/UDP" in data

    uvloop.run(story())
