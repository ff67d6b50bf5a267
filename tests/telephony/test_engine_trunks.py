"""Trunks of a real engine on real sockets: probes, sign-in, failures, names, headers, checks."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvloop
from dns_server import NameServer
from engine_lab import EngineProcess, Floor, Lab, originate
from scripted_carrier import Request, ScriptedCarrier, always
from trunk_lab import found, named, registrar, state, told, trunk, zone

from vyzov.dialer.ports import (
    Failed,
    Refused,
    RemoveTrunk,
    Ringing,
    TrunkState,
)


def test_a_trunk_is_probed_when_it_is_told_and_every_so_often(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("200 OK")) as carrier:
            lab.floor.send(trunk(carrier.port, probe_s=0.2))
            found = await state(lab.floor, "up", 3)
            assert (found.code, found.source, found.misses) == (200, "probe", 0)
            assert found.target == f"udp:127.0.0.1:{carrier.port}"
            assert set(carrier.methods()) == {"OPTIONS"}
            assert (await lab.floor.snapshot()).trunks["carrier"][0].state == "up"

    told(tmp_path, story)


@pytest.mark.parametrize("status", ["404 Not Found", "405 No", "401 Unauthorized", "501 No"])
def test_any_other_answer_proves_a_living_carrier_too(tmp_path: Path, status: str) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always(status)) as carrier:
            lab.floor.send(trunk(carrier.port, probe_s=5.0))
            assert (await state(lab.floor, "up")).code == int(status[:3])

    told(tmp_path, story)


def test_a_silent_carrier_is_missed_again_and_again_and_found_by_one_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vyzov.telephony.native.trunk_watch.ANSWER_LIMIT_S", 0.2)
    deaf = [True]

    def script(request: Request) -> list[bytes]:
        return [] if deaf[0] else [request.reply("200 OK")]

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(script) as carrier:
            lab.floor.send(trunk(carrier.port, probe_s=0.2))
            found = await state(lab.floor, "down", 2)
            assert (found.misses, found.reason, found.code) == (2, "no_reply", 0)
            deaf[0] = False
            assert (await state(lab.floor, "up")).misses == 0

    told(tmp_path, story)


def test_a_probe_that_asks_for_rest_pauses_and_is_left_alone(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        script = always("503 Full", "Retry-After: 60 (maintenance)")
        async with ScriptedCarrier(script) as carrier:
            lab.floor.send(trunk(carrier.port, probe_s=0.1))
            found = await state(lab.floor, "paused")
            assert found.until - found.at == pytest.approx(60.0, abs=0.01)
            await asyncio.sleep(0.5)
            assert carrier.methods() == ["OPTIONS"]

    told(tmp_path, story)


def test_a_carrier_over_tcp_that_nobody_listens_for_says_why(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("200 OK"), stream=True) as gone:
            port = gone.port
        lab.floor.send(trunk(port, transport="tcp", probe_s=0.2))
        found = await state(lab.floor, "down")
        assert (found.reason, found.code) == ("unreachable", 0)
        assert "refused" in found.phrase
        lab.floor.send(originate("a"))
        failed = await lab.floor.wait(Failed, "a")
        assert (failed.fault, failed.stage, failed.code) == ("unreachable", "trying", 0)

    told(tmp_path, story)


def test_a_trunk_over_tcp_is_probed_and_called_by_one_connection(tmp_path: Path) -> None:
    def script(request: Request) -> list[bytes]:
        return [request.reply("486 Busy Here" if request.method == "INVITE" else "200 OK")]

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(script, stream=True) as carrier:
            lab.floor.send(trunk(carrier.port, transport="tcp", probe_s=5.0))
            await state(lab.floor, "up")
            lab.floor.send(originate("a"))
            failed = await lab.floor.wait(Failed, "a")
            assert (failed.code, failed.fault) == (486, "")
            assert failed.target == f"tcp:127.0.0.1:{carrier.port}"
            assert "SIP/2.0/TCP" in carrier.of("INVITE")[0].header("Via")

    told(tmp_path, story)


def test_a_removed_trunk_is_left_alone_and_refuses_calls(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("200 OK")) as carrier:
            lab.floor.send(trunk(carrier.port, probe_s=0.1))
            await state(lab.floor, "up")
            lab.floor.send(RemoveTrunk("carrier"), originate("a"))
            assert (await lab.floor.wait(Refused, "a")).reason == "unknown_trunk"
            count = len(carrier.requests)
            await asyncio.sleep(0.4)
            assert len(carrier.requests) <= count + 1
            assert (await lab.floor.snapshot()).trunks == {}

    told(tmp_path, story)


# ---- signing in


def test_a_trunk_signs_in_and_signs_out_when_it_is_removed(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(registrar) as carrier:
            lab.floor.send(
                trunk(carrier.port, register=True, username="me", password="x",
                      from_domain="carrier.test")
            )  # fmt: skip
            found = await state(lab.floor, "up")
            assert (found.source, found.code) == ("registration", 200)
            first = await carrier.wait("REGISTER")
            assert first.line == "REGISTER sip:carrier.test SIP/2.0"
            assert "sip:me@carrier.test" in first.header("To")
            lab.floor.send(RemoveTrunk("carrier"))
            last = await carrier.wait("REGISTER", 3)
            assert last.header("Expires") == "0"

    told(tmp_path, story)


def test_a_refused_sign_in_is_told_in_the_carriers_words(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("403 Account Suspended")) as carrier:
            lab.floor.send(trunk(carrier.port, register=True, username="me", password="x"))
            found = await state(lab.floor, "down")
            assert (found.source, found.reason) == ("registration", "registration_refused")
            assert (found.code, found.phrase) == (403, "Account Suspended")

    told(tmp_path, story)


def test_a_registrar_that_offers_only_md5_is_told_as_such(tmp_path: Path) -> None:
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n"'

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("401 Unauthorized", challenge)) as carrier:
            lab.floor.send(trunk(carrier.port, register=True, username="me", password="x"))
            assert (await state(lab.floor, "down")).reason == "only_md5"
            assert carrier.methods() == ["REGISTER"]

    told(tmp_path, story)


# ---- calls that fail at the trunk


def test_a_call_refused_with_a_wait_tells_the_wait(tmp_path: Path) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("503 Full", "Retry-After: 17")) as carrier:
            lab.floor.send(trunk(carrier.port), originate("a"))
            failed = await lab.floor.wait(Failed, "a")
            assert (failed.code, failed.retry_after_s) == (503, 17)
            assert carrier.methods() == ["INVITE", "ACK"]
            found = await state(lab.floor, "paused")
            assert found.source == "call"
            assert found.until - found.at == pytest.approx(17.0, abs=0.01)
            # Whoever starts anew hears of it too.
            assert (await lab.floor.snapshot()).trunks["carrier"] == (found,)

    told(tmp_path, story)


def test_a_carrier_that_offers_only_md5_fails_the_call_by_that_name(tmp_path: Path) -> None:
    challenge = 'Proxy-Authenticate: Digest realm="r", nonce="n"'

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("407 Prove", challenge)) as carrier:
            lab.floor.send(trunk(carrier.port, username="me", password="x"), originate("a"))
            assert (await lab.floor.wait(Failed, "a")).fault == "only_md5"
            assert len(carrier.of("INVITE")) == 1
            lab.floor.send(
                trunk(carrier.port, username="me", password="x", allow_md5=True), originate("b")
            )
            await lab.floor.wait(Failed, "b")
            assert len(carrier.of("INVITE")) == 3

    told(tmp_path, story)


def test_a_realm_that_was_proved_is_the_only_one_answered_from_then_on(tmp_path: Path) -> None:
    realm = ["first"]

    def script(request: Request) -> list[bytes]:
        if request.method != "INVITE":
            return []
        if request.header("Proxy-Authorization"):
            return [request.reply("180 Ringing"), request.reply("486 Busy Here")]
        challenge = f'Proxy-Authenticate: Digest realm="{realm[0]}", nonce="n", algorithm=SHA-256'
        return [request.reply("407 Prove", challenge)]

    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(script) as carrier:
            lab.floor.send(trunk(carrier.port, username="me", password="x"), originate("a"))
            assert (await lab.floor.wait(Failed, "a")).code == 486
            realm[0] = "other"
            lab.floor.send(originate("b"))
            assert (await lab.floor.wait(Failed, "b")).code == 407
            assert len(carrier.of("INVITE")) == 3

    told(tmp_path, story)


# ---- names


def test_the_next_call_takes_the_next_target_of_a_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            ScriptedCarrier(always("200 OK"), stream=True) as gone,
            ScriptedCarrier(always("486 Busy Here"), stream=True) as second,
        ):
            dead = gone.port
            await gone.__aexit__()
            async with (
                NameServer(zone(dead, second.port)) as names,
                Lab(tmp_path, name_servers=(names.address,)) as lab,
            ):
                lab.floor.send(named("tcp"))
                await found(lab)
                lab.floor.send(originate("a"))
                failed = await lab.floor.wait(Failed, "a")
                assert (failed.fault, failed.other_targets) == ("unreachable", 1)
                lab.floor.send(originate("b"))
                assert (await lab.floor.wait(Failed, "b")).code == 486
                assert second.methods() == ["INVITE", "ACK"]

    uvloop.run(story())


def test_a_target_that_said_anything_is_not_given_up_for_the_next_one(tmp_path: Path) -> None:
    def ringing(request: Request) -> list[bytes]:
        if request.method != "INVITE":
            return []
        return [request.reply("100 Trying"), request.reply("480 Gone")]

    async def story() -> None:
        async with (
            ScriptedCarrier(ringing) as first,
            ScriptedCarrier(always("200 OK")) as second,
            NameServer(zone(first.port, second.port)) as names,
            Lab(tmp_path, name_servers=(names.address,)) as lab,
        ):
            lab.floor.send(named())
            await found(lab)
            for leg in ("a", "b"):
                lab.floor.send(originate(leg))
                failed = await lab.floor.wait(Failed, leg)
                assert (failed.code, failed.other_targets) == (480, 0)
            assert second.requests == []

    uvloop.run(story())


def test_a_probe_that_fails_asks_the_next_target_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            ScriptedCarrier(always("503 Down")) as first,
            ScriptedCarrier(always("200 OK")) as second,
            NameServer(zone(first.port, second.port)) as names,
            Lab(tmp_path, name_servers=(names.address,)) as lab,
        ):
            lab.floor.send(replace(named(), probe_s=5.0))
            seen = await state(lab.floor, "up")
            assert seen.target == f"udp:127.0.0.1:{second.port}"
            assert lab.floor.of(TrunkState) == [seen]
            assert first.methods() == ["OPTIONS"]

    uvloop.run(story())


def test_a_name_that_leads_nowhere_refuses_calls_and_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            NameServer({("x.test", "A"): (5, ("127.0.0.1",))}) as names,
            Lab(tmp_path, name_servers=(names.address,)) as lab,
        ):
            lab.floor.send(replace(named(), probe_s=0.3))
            seen = await state(lab.floor, "down")
            assert seen.reason == "dns_not_found"
            lab.floor.send(originate("a"))
            assert (await lab.floor.wait(Refused, "a")).reason == "no_target"

    uvloop.run(story())


def test_records_are_asked_again_when_they_are_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vyzov.telephony.native.dns.TTL_LEAST_S", 0.2)

    async def story() -> None:
        async with (
            ScriptedCarrier(always("486 Busy Here")) as carrier,
            NameServer({("carrier.test", "A"): (0, ("127.0.0.99",))}) as names,
            Lab(tmp_path, name_servers=(names.address,)) as lab,
        ):
            lab.floor.send(replace(named(), port=carrier.port))
            await found(lab)
            names.zone[("carrier.test", "A")] = (0, ("127.0.0.1",))
            for _ in range(100):
                await asyncio.sleep(0.02)
                chosen = lab.engine.trunks.get("carrier")
                if chosen is not None and chosen.target.host == "127.0.0.1":
                    break
            lab.floor.send(originate("a"))
            assert (await lab.floor.wait(Failed, "a")).code == 486

    uvloop.run(story())


# ---- numbers and headers


INVITES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    (
        {},
        {},
        [r"^INVITE sip:\+70005550101@127", r"^From: <sip:\+70005550180@127.0.0.1>;tag="],
    ),
    (
        {"number_format": "national:8", "prefix": "99#"},
        {},
        [r"^INVITE sip:99%2380005550101@", r"^From: <sip:80005550180@"],
    ),
    (
        {"caller_headers": ("pai", "rpid", "ppi", "diversion"), "username": "acc", "host": "localhost"},
        {},
        [
            r"^From: <sip:acc@127.0.0.1>;tag=",
            r"^P-Asserted-Identity: <sip:\+70005550180@localhost>\r$",
            r"^P-Preferred-Identity: <sip:\+70005550180@localhost>\r$",
            r"^Remote-Party-ID: <sip:\+70005550180@localhost>;party=calling;screen=yes;privacy=off\r$",
            r"^Diversion: <sip:\+70005550180@localhost>;reason=unconditional;privacy=off\r$",
        ],
    ),
    (
        {"from_user": "trunk7", "from_domain": "carrier.test", "caller_headers": ("from", "pai"),
         "number_format": "plain"},
        {},
        [
            r"^From: <sip:trunk7@carrier.test>;tag=",
            r"^P-Asserted-Identity: <sip:70005550180@carrier.test>\r$",
        ],
    ),
    (
        {"caller_headers": ("from", "pai")},
        {"caller_id": "anonymous"},
        [r"^From: <sip:anonymous@anonymous.invalid>;tag=", r"^Privacy: id\r$"],
    ),
    ({"session_expires_s": 900}, {}, [r"^Session-Expires: 900", r"^Supported: .*timer"]),
    ({"codecs": ("PCMU", "PCMA")}, {}, [r"^m=audio \d+ RTP/AVP 0 8 "]),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "order", "lines"), INVITES)
def test_a_call_is_written_as_the_carrier_wants_it(
    tmp_path: Path, settings: dict[str, Any], order: dict[str, Any], lines: list[str]
) -> None:
    async def story(lab: Lab) -> None:
        async with ScriptedCarrier(always("486 Busy Here")) as carrier:
            lab.floor.send(trunk(carrier.port, **settings))
            await found(lab)
            lab.floor.send(originate("a", **({"caller_id": "+70005550180"} | order)))
            await lab.floor.wait(Failed, "a")
            text = carrier.of("INVITE")[0].text
            for line in lines:
                assert re.search(line, text, re.MULTILINE), f"{line} is not in\n{text}"
            if order.get("caller_id") == "anonymous":
                assert "P-Asserted" not in text

    told(tmp_path, story)


def test_a_ringing_call_of_an_odd_trunk_is_found_by_a_restarted_engine(tmp_path: Path) -> None:
    def rings(request: Request) -> list[bytes]:
        replies = {"INVITE": ["180 Ringing"], "CANCEL": ["200 OK"]}.get(request.method, [])
        return [request.reply(reply) for reply in replies]

    async def story() -> None:
        odd = {"number_format": "national:8", "prefix": "9", "from_user": "me"}
        odd |= {"from_domain": "carrier.test", "caller_headers": ("pai",)}
        async with ScriptedCarrier(rings) as carrier:
            with EngineProcess(tmp_path) as first:
                async with Floor(tmp_path / "engine.sock") as floor:
                    floor.send(trunk(carrier.port, **odd), originate("a"))
                    await floor.wait(Ringing, "a")
                first.kill()
            invite = carrier.of("INVITE")[0]
            with EngineProcess(tmp_path):
                cancel = await carrier.wait("CANCEL", limit_s=10.0)
                assert cancel.line.split()[1] == invite.line.split()[1]
                for header in ("From", "To", "Call-ID"):
                    assert cancel.header(header) == invite.header(header)
                assert cancel.header("Via").split(";")[1:] == invite.header("Via").split(";")[1:]

    uvloop.run(story())
