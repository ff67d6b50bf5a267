"""Sending over real sockets: checked addresses, no redirects, a limit, and what is told of a failure."""

import asyncio
import socket
from datetime import timedelta

import pytest
from receiver import Receiver

from vyzov.integrations.sending import Sender, SendFault, Sent

LIMIT = timedelta(seconds=0.3)


async def sent_to(
    act: str, *, private: bool = True, path: str = "", host: str = "127.0.0.1"
) -> tuple[Sent, Receiver]:
    receiver = Receiver(otherwise=act)
    url = (await receiver.open()).replace("127.0.0.1", host) + path
    sender = Sender(private=private, limit=LIMIT)
    try:
        return await sender(url, {"webhook-id": "evt_1"}, b'{"a":1}'), receiver
    finally:
        await sender.close()
        await receiver.close()


@pytest.mark.parametrize("status", ["200", "204", "202"])
def test_what_a_receiver_accepts_is_delivered(status: str) -> None:
    sent, receiver = asyncio.run(sent_to(status, path="?key=1"))
    assert (sent.delivered, sent.status, sent.wait) == (True, int(status), None)
    [got] = receiver.got
    assert (got.path, got.body, got.id) == ("/in?key=1", b'{"a":1}', "evt_1")
    assert got.headers["host"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("act", "fault", "status"),
    [
        ("500", SendFault.NOT_ACCEPTED, 500),
        ("410", SendFault.NOT_ACCEPTED, 410),
        ("hang", SendFault.TIMEOUT, None),
        ("slow", SendFault.TIMEOUT, None),
        ("reset", SendFault.BROKEN_OFF, None),
        ("abc", SendFault.BROKEN_OFF, None),
    ],
)
def test_what_it_does_not_accept_is_named(act: str, fault: SendFault, status: int | None) -> None:
    sent, _ = asyncio.run(sent_to(act))
    assert (sent.delivered, sent.fault, sent.status) == (False, fault, status)
    assert sent.took_ms < 1_000


def test_a_redirect_is_not_followed() -> None:
    sent, receiver = asyncio.run(sent_to("302 location: /elsewhere"))
    assert (sent.fault, sent.status) == (SendFault.REDIRECT, 302)
    assert [got.path for got in receiver.got] == ["/in"]


def test_a_receiver_may_say_how_long_to_wait() -> None:
    sent, _ = asyncio.run(sent_to("503 retry-after: 120"))
    assert sent.wait == timedelta(seconds=120)
    sent, _ = asyncio.run(sent_to("503 retry-after: Wed, 21 Oct 2026 07:28:00 GMT"))
    assert sent.wait is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_not_even_connected_to(host: str) -> None:
    sent, receiver = asyncio.run(sent_to("200", private=False, host=host))
    assert (sent.fault, sent.status, receiver.got) == (SendFault.ADDRESS_REFUSED, None, [])


def looked_up(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Lets every name mean these addresses; returns the names that are asked."""
    asked: list[str] = []

    async def getaddrinfo(self: object, host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


def once(url: str, *, private: bool) -> Sent:
    async def run() -> Sent:
        sender = Sender(private=private, limit=LIMIT)
        try:
            return await sender(url, {}, b"{}")
        finally:
            await sender.close()

    return asyncio.run(run())


def test_a_name_that_leads_inside_is_refused_whatever_else_it_leads_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = looked_up(monkeypatch, "93.184.216.34", "127.0.0.1")
    assert once("https://crm.example.org/", private=False).fault is SendFault.ADDRESS_REFUSED
    assert asked == ["crm.example.org"]


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> tuple[Sent, Receiver, list[str]]:
        receiver = Receiver()
        url = await receiver.open()
        asked = looked_up(monkeypatch, "127.0.0.1")
        sender = Sender(private=True, limit=LIMIT)
        sent = await sender(url.replace("127.0.0.1", "crm.example.org"), {}, b"{}")
        await sender.close()
        await receiver.close()
        return sent, receiver, asked

    sent, receiver, asked = asyncio.run(run())
    assert sent.delivered
    assert receiver.got[0].headers["host"].startswith("crm.example.org:")
    # Asked once, by us: a second answer could be another.
    assert asked.count("crm.example.org") == 1


def test_a_closed_door_and_a_name_nobody_has_are_told_apart() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert once(f"http://127.0.0.1:{port}/", private=True).fault is SendFault.NOT_CONNECTED
    assert once("http://nobody.invalid/", private=True).fault in (
        SendFault.NO_ADDRESS,
        SendFault.TIMEOUT,
    )
