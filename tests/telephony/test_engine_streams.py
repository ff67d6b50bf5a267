"""Calls over real TCP and TLS connections: what is believed."""

import asyncio
import os
import ssl
import warnings
from pathlib import Path

import pytest
import uvloop
from pki import Authority
from stream_peer import StreamPeer
from streams_lab import OPTIONS, Ours, tls

from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallRejected,
    OptionsAnswered,
    Side,
    Stage,
    Transport,
)
from vyzov.telephony.native.signalling import Listening
from vyzov.telephony.native.tls import NoTls, TlsFiles


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


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
