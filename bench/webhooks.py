"""What a webhook's receiver that hangs costs those who are called: nothing that can be measured.

Vyzov and the network in a box run as their own processes; an agentless campaign calls as fast as it is
allowed. Times without a webhook and times with one whose receiver takes each event and answers
nothing for 30 s follow each other in one run. How long an originate takes, from its reservation to the
INVITE that left, is read from the facts. At last the receiver answers: every event has to have come,
those of a contact in their order.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from vyzov import __version__
from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import numbers_of, settings_of, write_list
from vyzov.core.webhook import event_id

LIMIT_MS = 5.0
HANGS_S = 30.0
LINES, CALLS_PER_S = 60, 8
HURRY = 3.0
"""How much quicker than people the callees are: a hundredth of the calls has to be many calls."""
EVENTS = ("attempt.finished", "callback.promised", "result.saved", "stop_list.added")
CALM_S, SETTLE_S, CAUGHT_UP_S = 6.0, 2.0, 240.0


class Receiver(threading.Thread):
    """Takes requests on loopback and notes their ids; hangs while `hangs` is set."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.hangs = True
        self.came: list[str] = []
        self.port = 0
        self.ready = threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            told = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            await reader.readexactly(int(told["content-length"]))
            if self.hangs:
                await asyncio.sleep(HANGS_S + 1.0)
                return
            # What was taken and never answered counts as not taken.
            self.came.append(told["webhook-id"])
            writer.write(b"HTTP/1.1 204 OK\r\n\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


def begin(centre: Centre, numbers: list[str]) -> tuple[Manager, str]:
    """Starts everything and a campaign that calls as fast as it may."""
    data = centre.out / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "vyzov.toml").write_text("webhook_private = true\n", encoding="utf-8")
    manager, trunk = open_empty(centre, numbers, hurry=HURRY)
    file = centre.out / "people.csv"
    write_list(file, numbers, "ru", centre.seed)
    settings = settings_of("agentless", trunk, [], quick=True)
    settings |= {"lines_max": LINES, "calls_per_second": CALLS_PER_S}
    campaign = manager.post(
        "/campaigns", name="Webhooks", purpose="service", mode="agentless", principal=None,
        settings=settings, list=manager.upload(file, "People")["id"],
    )  # fmt: skip
    manager.post(f"/campaigns/{campaign['id']}/start")
    return manager, str(campaign["id"])


def originates(database: Path) -> list[tuple[float, float]]:
    """Returns for each call when it was reserved (monotonic s) and how long until it left (ms)."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT r.monotonic_ns, d.monotonic_ns FROM fact r JOIN fact d"
            " ON d.attempt_id = r.attempt_id AND d.kind = 'dialing'"
            " WHERE r.kind = 'attempt_reserved' ORDER BY r.seq"
        ).fetchall()
    return [(one / 1e9, (two - one) / 1e6) for one, two in rows]


def outbox(database: Path) -> tuple[list[tuple[str, str]], int]:
    """Returns the events the webhook wants, in order (id, contact), and how many are not delivered."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT organisation_id, dedupe, contact_id FROM outbox"
            f" WHERE event IN ({', '.join('?' * len(EVENTS))}) ORDER BY number",
            EVENTS,
        ).fetchall()
        waits = connection.execute(
            "SELECT (SELECT COUNT(*) FROM delivery WHERE state <> 'delivered')"
            " + (SELECT COUNT(*) FROM outbox WHERE shared = 0)"
        ).fetchone()[0]
    return [(event_id(one, two), three or "") for one, two, three in rows], int(waits)


def out_of_order(events: list[tuple[str, str]], came: list[str]) -> int:
    """Counts events that came first after a later one of the same contact."""
    first = {one: place for place, one in reversed(list(enumerate(came)))}
    last: dict[str, int] = {}
    wrong = 0
    for one, contact in events:
        if contact and one in first:
            wrong += first[one] < last.get(contact, -1)
            last[contact] = max(last.get(contact, -1), first[one])
    return wrong


def at(ordered: Sequence[float], share: float) -> float | None:
    """Gives a quantile of figures in order; None where there are none."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None


def measure(centre: Centre, manager: Manager, rounds: int, phase_s: float) -> dict[str, Any]:
    """Lets times without and with the hanging receiver follow each other; then it answers."""
    database = centre.out / "data" / "vyzov.db"
    receiver = Receiver()
    receiver.start()
    receiver.ready.wait(10)
    made = manager.post(
        "/webhooks", name="Hangs", url=f"http://127.0.0.1:{receiver.port}/in", active=False,
        events=list(EVENTS),
    )  # fmt: skip
    hook = f"/webhooks/{made['id']}"
    time.sleep(CALM_S)
    phases: list[tuple[bool, float, float]] = []
    for number in range(2 * rounds):
        hangs = bool(number % 2)
        manager.patch(hook, active=hangs)
        time.sleep(SETTLE_S)
        begun = time.monotonic()
        time.sleep(phase_s)
        phases.append((hangs, begun, time.monotonic()))
    receiver.hangs = False
    manager.patch(hook, active=False)
    time.sleep(HANGS_S + SETTLE_S)
    manager.patch(hook, active=True)
    end = time.monotonic() + CAUGHT_UP_S
    campaigns = manager.get("/campaigns")["items"]
    manager.post(f"/campaigns/{campaigns[0]['id']}/finish")
    while outbox(database)[1] and time.monotonic() < end:
        time.sleep(1.0)
    return judge(database, phases, receiver)


def judge(
    database: Path, phases: list[tuple[bool, float, float]], receiver: Receiver
) -> dict[str, Any]:
    """Says what came of it."""
    took: dict[bool, list[float]] = {False: [], True: []}
    for reserved, ms in originates(database):
        for hangs, begun, ended in phases:
            if begun <= reserved < ended:
                took[hangs].append(ms)
    quiet, hanging = sorted(took[False]), sorted(took[True])
    events, waiting = outbox(database)
    lost = len({one for one, _ in events} - set(receiver.came))
    wrong = out_of_order(events, receiver.came)
    p99 = at(quiet, 0.99), at(hanging, 0.99)
    more = None if None in p99 else round(p99[1] - p99[0], 2)  # type: ignore[operator]
    whole = bool(events) and waiting == 0 and lost == 0 and wrong == 0
    return {
        "ok": more is not None and more <= LIMIT_MS and whole,
        "limit_ms": LIMIT_MS,
        "more_p99_ms": more,
        "without": {"calls": len(quiet), "p50_ms": at(quiet, 0.5), "p99_ms": p99[0]},
        "hanging": {"calls": len(hanging), "p50_ms": at(hanging, 0.5), "p99_ms": p99[1]},
        "events": len(events),
        "came": len(receiver.came),
        "lost": lost,
        "not_delivered": waiting,
        "out_of_order": wrong,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=4, help="times without and with, each")
    parser.add_argument("--phase", type=float, default=45.0, help="seconds of each time")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-webhooks-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    centre = Centre(out, options.seed, free_port(0))
    try:
        manager, _ = begin(centre, numbers_of(options.contacts))
        told = measure(centre, manager, options.rounds, options.phase)
    finally:
        centre.stop()
    told |= {
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }
    (out / "webhooks.json").write_text(json.dumps(told), encoding="utf-8")
    print(json.dumps(told, ensure_ascii=False))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
