"""A peer that speaks the floor's protocol on a real unix socket, with answers a test chooses."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

Json = dict[str, Any]
Answer = Callable[[Json], Json | None]


def agree(ask: Json) -> Json:
    """Says yes to everything, with results as the floor gives them."""
    results: dict[str, Json] = {
        "desk.result": {"undo_until": "2026-11-22T10:00:10.000000Z"},
        "office.start_campaign": {"state": "running"},
        "office.pause_campaign": {"state": "pausing"},
        "office.finish_campaign": {"state": "completing"},
        "office.archive_campaign": {"state": "archived"},
        "office.message": {"reached": {}},
        "office.lead_agent": {"state": "pause"},
        "office.protection": {"engine_up": False, "sources": []},
    }
    return {"ok": True, "result": results.get(ask["do"], {})}


def refuse(code: str) -> Answer:
    """Says no with a code of the floor."""
    problem = {"code": code, "what": "The floor says no.", "next_step": "Do something else."}
    return lambda _ask: {"ok": False, "problem": problem}


class FloorPeer:
    """Listens like a floor process; keeps every ask, answers by `answer`, tells what it is told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asks: list[Json] = []
        self.answer: Answer = agree
        self._arrived = threading.Condition()
        self._peers: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        """Goes away as a killed process does: the listener and every connection at once."""
        listener, self._listener = self._listener, None
        self.path.unlink(missing_ok=True)
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._arrived:
            peers, self._peers = self._peers, []
        for peer in peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()

    def tell(self, topic: str, state: Json) -> None:
        self._send({"topic": topic, "state": state})

    def say(self, connection: str, what: Json) -> None:
        self._send({"to": connection, "say": what})

    def raw(self, line: bytes) -> None:
        with self._arrived:
            for peer in self._peers:
                peer.sendall(line)

    def wait_for(self, verb: str, count: int = 1, within_s: float = 5.0) -> list[Json]:
        """Waits until `count` asks of a verb came, and gives them."""

        def came() -> bool:
            return len(self.asked(verb)) >= count

        with self._arrived:
            assert self._arrived.wait_for(came, within_s), f"no {count} x {verb}: {self.asks}"
        return self.asked(verb)

    def wait_until_connected(self, within_s: float = 5.0) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: bool(self._peers), within_s)

    def asked(self, verb: str) -> list[Json]:
        return [ask for ask in self.asks if ask["do"] == verb]

    def _send(self, frame: Json) -> None:
        self.raw(json.dumps(frame).encode() + b"\n")

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with self._arrived:
                self._peers.append(peer)
                self._arrived.notify_all()
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError), peer.makefile("rb") as lines:
            for line in lines:
                ask: Json = json.loads(line)
                told = self.answer(ask)
                with self._arrived:
                    self.asks.append(ask)
                    self._arrived.notify_all()
                    if told is not None:
                        peer.sendall(json.dumps({"re": ask["id"], **told}).encode() + b"\n")
