"""A web process as it is shipped: uvicorn on loopback, the real store, a peer like the floor."""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from api_floor_peer import FloorPeer
from api_town import PASSWORD, Town
from fastapi import FastAPI
from websockets.sync.client import ClientConnection, connect

from vyzov.dialer.floor_places import FloorMap, FloorPlace
from vyzov.dialer.office_records import WebSession
from vyzov.web.floor_links import FloorLinks
from vyzov.web.server import create_app, server_config
from vyzov.web.sessions import COOKIE, hash_token
from vyzov.web.settings import WebSettings

HOUR = timedelta(hours=1)
Json = dict[str, Any]


class Live:
    """A browser's live socket, with the frames it has read so far."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[Json] = []

    def send(self, **frame: Any) -> None:
        self.socket.send(json.dumps(frame))

    def next(self, within_s: float = 5.0) -> Json:
        frame: Json = json.loads(self.socket.recv(timeout=within_s))
        self.seen.append(frame)
        return frame

    def until(self, member: str, value: object = ..., within_s: float = 5.0) -> Json:
        """Reads until a frame has this member (with this value, where one is given)."""
        for _ in range(50):
            frame = self.next(within_s)
            if member in frame and value in (..., frame[member]):
                return frame
        raise AssertionError(f"no frame with {member}: {self.seen}")

    def ask(self, number: int, verb: str, **args: Any) -> Json:
        self.send(id=number, do=verb, **args)
        return self.until("re", number)


@dataclass(slots=True)
class Site:
    """The running server, the floor it is connected to, and who lives there."""

    town: Town
    peer: FloorPeer
    settings: WebSettings
    app: FastAPI
    port: int
    browsers: list[httpx.Client] = field(default_factory=list[httpx.Client])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def visitor(self) -> httpx.Client:
        """Gives a browser of its own: no cookies yet, and the header our pages send."""
        browser = httpx.Client(
            base_url=f"{self.url}/api/v1", headers={"X-Vyzov": "1"}, trust_env=False
        )
        self.browsers.append(browser)
        return browser

    def sign_in(self, login: str) -> httpx.Client:
        """Gives a browser in which this user signed in with their password."""
        browser = self.visitor()
        answer = browser.post("/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return browser

    def browser_of(self, name: str, side: str = "own") -> httpx.Client:
        """Gives a browser of a user of the town, without the work of a password check."""
        home = self.town.own if side == "own" else self.town.other
        token, now = secrets.token_urlsafe(16), datetime.now(UTC)
        self.town.office.create_session(
            WebSession(hash_token(token), home.organisation, home[name], now, now, now + HOUR)
        )
        browser = self.visitor()
        browser.cookies.set(COOKIE, token)
        return browser

    @contextmanager
    def live(self, browser: httpx.Client, **headers: str) -> Iterator[Live]:
        """Opens the live socket of a browser and reads its greeting."""
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        with connect(
            f"ws://127.0.0.1:{self.port}/api/v1/live",
            additional_headers={"Cookie": cookies, **headers},
            proxy=None,
        ) as socket:
            yield Live(socket)


def owned_by(town: Town, peer: FloorPeer) -> FloorMap:
    """The floors of both organisations, all of them owned by one process."""
    return FloorMap(
        tuple(
            FloorPlace(side.floor, side.organisation, "Main", address=f"unix:{peer.path}")
            for side in (town.own, town.other)
        )
    )


@contextmanager
def running(town: Town, peer: FloorPeer, settings: WebSettings) -> Iterator[Site]:
    """Serves on a free port of loopback until the test is over."""
    app = create_app(
        town.office, FloorLinks(lambda: owned_by(town, peer), settings), settings=settings
    )
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(server_config(app, settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(10), "the server did not start"
    peer.wait_until_connected()
    port = server.servers[0].sockets[0].getsockname()[1]
    site = Site(town, peer, settings, app, port)
    try:
        yield site
    finally:
        for browser in site.browsers:
            browser.close()
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server did not stop"
