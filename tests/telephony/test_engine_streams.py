"""SIP over real TCP and TLS connections: what is believed, what breaks, what is bounded."""

import asyncio
import logging
import os
import socket
import ssl
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import pytest
import uvloop
from engine_lab import CALLER, NUMBER, SECRET
from pki import Authority
from stream_peer import StreamPeer

from vyzov.sip import sdp
from vyzov.sip.dialog import DialogState
from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallProgress,
    CallRejected,
    Hop,
    OptionsAnswered,
    Side,
    SipEvent,
    Stage,
    Transport,
)
from vyzov.sip.user_agent import Account
from vyzov.telephony.native import sip_sockets
from vyzov.telephony.native.signalling import NO_PORT, Listening, Signalling
from vyzov.telephony.native.sip_sockets import StreamLimits
from vyzov.telephony.native.tls import NoTls, TlsFiles

E = TypeVar("E", bound=SipEvent)
OFFER = sdp.offer(address="127.0.0.1", port=40_002, session_id=1)
OPTIONS = (
    "OPTIONS sip:vyzov@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/TCP 127.0.0.1:9;rport;branch=z9hG4bK{n}\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:them@127.0.0.1>;tag=1\r\nTo: <sip:vyzov@127.0.0.1>\r\n"
    "Call-ID: call-{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class Ours:
    """The engine's sockets and agent, with everything it told."""

    def __init__(self, listening: Listening | None = None, **options: object) -> None:
        self._listening = listening
        self._options = options
        self.events: list[SipEvent] = []
        self.gone: list[str] = []

    async def __aenter__(self) -> Self:
        self.sip = Signalling(
            asyncio.get_running_loop(),
            ("127.0.0.1", 0),
            advertised_host="127.0.0.1",
            secret=SECRET,
            listening=self._listening,
            **self._options,  # type: ignore[arg-type]
        )
        self.sip.begin(self.events.append)
        told = self.sip.lost

        def lost(hop: Hop, reason: str, *, stood: bool) -> None:
            self.gone.append(reason)
            told(hop, reason, stood=stood)

        self.sip.lost = lost  # type: ignore[method-assign]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.sip.close()
        await asyncio.sleep(0.01)

    def call(self, target: Hop, *, leg: str = "leg", body: bytes = OFFER) -> None:
        self.sip.agent.invite(
            leg, target=target, to=NUMBER, caller_id=CALLER, sdp=body, account=Account(),
            now=time.monotonic(),
        )  # fmt: skip
        self.sip.pump()

    def bye(self, leg: str = "leg") -> None:
        self.sip.agent.bye(leg, time.monotonic())
        self.sip.pump()

    def probe(self, target: Hop) -> None:
        self.sip.agent.options(target, time.monotonic())
        self.sip.pump()

    async def wait(self, kind: type[E], *, count: int = 1, limit_s: float = 6.0) -> E:
        end = time.monotonic() + limit_s
        while True:
            found = [event for event in self.events if isinstance(event, kind)]
            if len(found) >= count:
                return found[count - 1]
            assert time.monotonic() < end, f"no {kind.__name__}; came: {self.events}"
            await asyncio.sleep(0.01)

    def tcp(self) -> int:
        return self.sip.ports[Transport.TCP]


async def until(holds: Callable[[], bool], limit_s: float = 5.0) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.01)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Reads up to the end of a connection, whether it ends politely or not."""
    try:
        return await asyncio.wait_for(reader.read(), 2)
    except ConnectionError:
        return b""


def tls(authority: Authority, certificate: Path | None = None, **limits: object) -> Listening:
    return Listening(
        tls=TlsFiles(certificate=certificate, ca=authority.certificate),
        limits=StreamLimits(**limits),  # type: ignore[arg-type]
    )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


# ---- calls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dribble", [False, True])
def test_a_call_over_tcp_is_answered_and_ended_on_one_connection(dribble: bool) -> None:
    async def story() -> None:
        async with Ours() as ours, StreamPeer(dribble=dribble) as peer:
            ours.call(peer.hop())
            answered = await ours.wait(CallAnswered)
            assert answered.sdp is not None
            ours.bye()
            assert (await ours.wait(CallEnded)).side is Side.US
            await peer.wait(CallEnded)
            assert [line.split()[0] for line in peer.seen] == ["INVITE", "ACK", "BYE"]
            assert peer.connections == 1
            invite = peer.raw[0].decode()
            assert f"Via: SIP/2.0/TCP 127.0.0.1:{ours.tcp()};" in invite
            assert f"Contact: <sip:vyzov@127.0.0.1:{ours.tcp()};transport=tcp>" in invite

    uvloop.run(story())


def test_a_call_over_tls_believes_the_trunks_name(authority: Authority) -> None:
    async def story() -> None:
        certificate = authority.leaf("sip.carrier.example")
        async with Ours(tls(authority)) as ours, StreamPeer(certificate) as peer:
            ours.call(peer.hop("sip.carrier.example"))
            await ours.wait(CallAnswered)
            peer.bye(next(iter(peer.events)).leg)
            assert (await ours.wait(CallEnded)).side is Side.FAR
            invite = peer.raw[0].decode()
            assert "Via: SIP/2.0/TLS 127.0.0.1:" in invite
            assert ";transport=tls>" in invite

    uvloop.run(story())


def test_without_a_name_the_address_itself_must_be_in_the_certificate(authority: Authority) -> None:
    async def story() -> None:
        async with Ours(tls(authority)) as ours:
            async with StreamPeer(authority.leaf("127.0.0.1", file="address")) as peer:
                ours.probe(peer.hop())
                assert (await ours.wait(OptionsAnswered)).code == 200
            async with StreamPeer(authority.leaf("sip.carrier.example")) as peer:
                ours.probe(peer.hop())
                assert (await ours.wait(OptionsAnswered, count=2)).code == 0

    uvloop.run(story())


@pytest.mark.parametrize(
    ("kind", "words"),
    [("wrong name", "Hostname mismatch"), ("expired", "expired"),
     ("unknown authority", "unable to get local issuer certificate")],
)  # fmt: skip
def test_a_certificate_that_is_not_good_ends_the_call_and_says_why(
    kind: str, words: str, authority: Authority, tmp_path: Path
) -> None:
    async def story() -> None:
        signer = authority if kind != "unknown authority" else Authority(tmp_path, "stranger")
        name = "other.example" if kind == "wrong name" else "sip.carrier.example"
        certificate = signer.leaf(name, expired=kind == "expired")
        async with Ours(tls(authority)) as ours, StreamPeer(certificate) as peer:
            ours.call(peer.hop("sip.carrier.example"))
            event = await ours.wait(CallRejected)
            assert (event.code, event.stage) == (0, Stage.TRYING)
            assert event.phrase.startswith(f"tls:127.0.0.1:{peer.port}: certificate refused: ")
            assert words in event.phrase
            assert peer.seen == [], "not a byte of SIP reaches who is not believed"

    uvloop.run(story())


def test_a_carrier_that_asks_for_our_certificate_is_shown_it(authority: Authority) -> None:
    async def story() -> None:
        peers = authority.leaf("sip.carrier.example")
        ca = authority.certificate
        async with StreamPeer(peers, client_ca=ca) as peer:
            async with Ours(tls(authority, authority.leaf("us.example", file="ours"))) as ours:
                ours.probe(peer.hop("sip.carrier.example"))
                assert (await ours.wait(OptionsAnswered)).code == 200
            async with Ours(tls(authority)) as ours:
                ours.probe(peer.hop("sip.carrier.example"))
                assert (await ours.wait(OptionsAnswered)).code == 0

    uvloop.run(story())


def test_tls_1_1_is_not_spoken(authority: Authority) -> None:
    async def story() -> None:
        certificate = authority.leaf("127.0.0.1")
        async with Ours(tls(authority, certificate)) as ours:
            context = ssl.create_default_context(cafile=str(authority.certificate))
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises(OSError):  # noqa: PT011 - of ssl or the connection, by who is first
                await asyncio.open_connection(
                    "127.0.0.1", ours.sip.ports[Transport.TLS], ssl=context
                )
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", ours.sip.ports[Transport.TLS],
                ssl=ssl.create_default_context(cafile=str(authority.certificate)),
            )  # fmt: skip
            writer.write(OPTIONS.format(n=1).encode())
            assert (await reader.readline()) == b"SIP/2.0 200 OK\r\n"
            writer.close()

    uvloop.run(story())


def test_a_certificate_that_was_renewed_is_shown_without_a_restart(authority: Authority) -> None:
    async def story() -> None:
        certificate = authority.leaf("old.example", file="ours")
        async with Ours(tls(authority, certificate)) as ours:
            port = ours.sip.ports[Transport.TLS]

            async def handshake(name: str) -> None:
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", port, server_hostname=name,
                    ssl=ssl.create_default_context(cafile=str(authority.certificate)),
                )  # fmt: skip
                writer.close()

            await handshake("old.example")
            authority.leaf("new.example", file="ours")
            os.utime(certificate, (1, 1))
            await handshake("new.example")
            certificate.write_text("no certificate at all")
            await handshake("new.example")

    uvloop.run(story())


def test_a_certificate_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    async def story() -> None:
        missing = tmp_path / "missing.pem"
        with pytest.raises(NoTls, match=r"missing\.pem.*tls_certificate"):
            await Ours(Listening(tls=TlsFiles(certificate=missing))).__aenter__()

    uvloop.run(story())


# ---- what breaks ---------------------------------------------------------------------------------


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


# ---- peers that connect to us --------------------------------------------------------------------


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


# ---- settings ------------------------------------------------------------------------------------


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
