"""A look at a trunk, step by step: what is found of its name, connection, certificate and answers."""

import asyncio
import ssl
import time
from pathlib import Path

import pytest
import uvloop
from callee import Callee
from dns_server import NameServer
from engine_lab import Lab, originate
from pki import Authority
from scripted_carrier import Request, ScriptedCarrier, always
from trunk_lab import named, registrar, state, told, trunk

from vyzov.dialer.ports import Answered, CheckTrunk, Failed, TrunkChecked
from vyzov.telephony.native.signalling import Listening
from vyzov.telephony.native.tls import TlsFiles


def steps_of(event: TrunkChecked) -> dict[str, tuple[str, str]]:
    return {step: (finding, detail) for step, finding, detail in event.steps}


async def checked(lab: Lab, name: str = "carrier") -> dict[str, tuple[str, str]]:
    lab.floor.send(CheckTrunk("check", name))
    return steps_of(await lab.floor.wait(TrunkChecked, limit_s=20.0))


def test_a_check_of_a_good_trunk_names_every_step(tmp_path: Path) -> None:
    def script(request: Request) -> list[bytes]:
        return registrar(request) if request.method == "REGISTER" else [request.reply("200 OK")]

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(script, stream=True) as carrier:
            lab.floor.send(
                trunk(carrier.port, transport="tcp", register=True, username="me", password="x")
            )
            seen = await checked(lab)
            assert list(seen) == ["resolve", "connect", "options", "register"]
            assert {finding for finding, _ in seen.values()} == {"ok"}
            assert seen["options"][1].startswith("200 OK, ")

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("status", "finding"),
    [("401 Prove", "ok_auth_asked"), ("404 No", "ok_refused"), ("503 Full", "overloaded")],
)
def test_a_check_reads_the_answer_to_options(tmp_path: Path, status: str, finding: str) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always(status)) as carrier:
            lab.floor.send(trunk(carrier.port))
            assert (await checked(lab))["options"][0] == finding

    told(tmp_path, story)


def test_a_check_of_a_silent_trunk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vyzov.telephony.native.trunk_check.OPTIONS_LIMIT_S", 0.3)

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(lambda _: []) as carrier:
            lab.floor.send(trunk(carrier.port))
            seen = await checked(lab)
            assert (seen["resolve"][0], seen["options"][0]) == ("ok", "no_reply")

    told(tmp_path, story)


def test_a_check_stops_where_nothing_more_can_work(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("200 OK"), stream=True) as gone:
            port = gone.port
        lab.floor.send(trunk(port, transport="tcp"))
        seen = await checked(lab)
        assert list(seen) == ["resolve", "connect"]
        assert seen["connect"][0] == "refused"

    told(tmp_path, story)


def test_a_check_of_an_unknown_trunk_or_name_says_which(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            NameServer({("x.test", "A"): (5, ("127.0.0.1",))}) as names,
            Lab(tmp_path, name_servers=(names.address,)) as lab,
        ):
            assert (await checked(lab, "other"))["resolve"][0] == "unknown_trunk"
            lab.floor.send(named(), CheckTrunk("second", "carrier"))
            event = await lab.floor.wait(TrunkChecked, where=lambda one: one.check == "second")
            assert steps_of(event)["resolve"][0] == "not_found"

    uvloop.run(story())


def test_a_check_tells_a_refused_login_from_a_refused_address(tmp_path: Path) -> None:
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256'

    def script(request: Request) -> list[bytes]:
        status = "401 No" if request.method == "REGISTER" else "200 OK"
        return [request.reply(status, challenge)]

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(script) as carrier:
            lab.floor.send(trunk(carrier.port, register=True, username="me", password="bad"))
            assert (await checked(lab))["register"][0] == "login_refused"

    told(tmp_path, story)


def test_calls_go_on_while_a_trunk_is_checked(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with Callee() as callee:
            lab.floor.send(trunk(callee.port), CheckTrunk("check", "carrier"), originate("a"))
            begun = time.monotonic()
            await lab.floor.wait(Answered, "a")
            assert time.monotonic() - begun < 2.0
            assert steps_of(await lab.floor.wait(TrunkChecked))["options"][0] == "ok"

    told(tmp_path, story)


# ---- certificates


def sealed(leaf: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    return context


@pytest.mark.parametrize(
    ("names", "expired", "trusted", "finding"),
    [
        (("carrier.test",), False, True, "expires_soon"),
        (("other.test",), False, True, "wrong_name"),
        (("carrier.test",), True, True, "expired"),
        (("carrier.test",), False, False, "untrusted"),
    ],
)
def test_a_check_reads_a_certificate(
    tmp_path: Path, names: tuple[str, ...], expired: bool, trusted: bool, finding: str
) -> None:
    ours = Authority(tmp_path, "ours")
    signs = ours if trusted else Authority(tmp_path, "strangers")
    leaf = signs.leaf(*names, expired=expired)

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("200 OK"), tls=sealed(leaf)) as carrier:
            lab.floor.send(trunk(carrier.port, transport="tls", tls_name="carrier.test"))
            seen = await checked(lab)
            assert seen["connect"][0] == "ok"
            assert seen["certificate"][0] == finding
            assert ("options" in seen) == (finding == "expires_soon")
            if finding == "expires_soon":
                assert seen["options"][0] == "ok"
                assert seen["certificate"][1].startswith("carrier.test, TLSv1.")

    told(tmp_path, story, listening=Listening(tls=TlsFiles(ca=ours.certificate)))


def test_a_carrier_without_tls_is_told_from_one_with_a_bad_certificate(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SIP/2.0 400 No TLS here\r\n\r\n")
        writer.close()

    async def story(lab: Lab) -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            lab.floor.send(trunk(port, transport="tls", tls_name="carrier.test"))
            assert (await checked(lab))["connect"][0] == "no_tls"

    told(tmp_path, story, listening=Listening(tls=TlsFiles(ca=ours.certificate)))


def test_a_bad_certificate_fails_probes_and_calls_by_that_name(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    leaf = ours.leaf("other.test")

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("200 OK"), tls=sealed(leaf)) as carrier:
            lab.floor.send(
                trunk(carrier.port, transport="tls", tls_name="carrier.test", probe_s=9.0)
            )
            assert (await state(lab.floor, "down")).reason == "tls_certificate"
            lab.floor.send(originate("a"))
            failed = await lab.floor.wait(Failed, "a")
            assert (failed.fault, failed.stage) == ("tls_certificate", "trying")
            assert carrier.requests == []

    told(tmp_path, story, listening=Listening(tls=TlsFiles(ca=ours.certificate)))
