"""The product's originate path, for `bench sip`: `vyzov serve` whole, driven through its public API.

The campaign is agentless and its flow hangs up at once, without a recording and without listening
to the answer: what is left is selection, the verdict, the reservation in SQLite (`synchronous=FULL`)
before each originate, the engine's journal, SIP with an RTP port, and the facts.
"""

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vyzov import app as home
from vyzov.cli.demo import Centre, Manager, free_port
from vyzov.cli.serve import first_run
from vyzov.storage.export import export_facts

READY_S = 60.0
SETTLED_S = 60.0


class Product:
    """A whole Vyzov of its own in `folder`, with one trunk to the carrier."""

    def __init__(self, folder: Path, seed: int, sip_port: int) -> None:
        self.folder = folder
        self.centre = Centre(folder, seed, free_port(0))
        self._sip_port = sip_port
        self._campaign = ""

    def open(self, carrier_port: int, numbers: list[str], *, lines: int, caller: str) -> None:
        """Does what a manager does up to the start of the campaign."""
        centre, data = self.centre, self.folder / "data"
        settings = home.load_settings(data, web_port=centre.port, sip_port=self._sip_port)
        settings.data.mkdir(parents=True, exist_ok=True)
        home.save_settings(settings)
        first_run(settings, password=centre.password)
        centre.start("vyzov", "serve", "--data", str(data))
        self._manager = Manager(centre)
        self._wait_ready()
        self._manager.post("/session", login="admin", password=centre.password)
        trunk = self._manager.post(
            "/trunks", name="Carrier", host="127.0.0.1", port=carrier_port, codecs=["PCMA", "PCMU"],
            lines_max=lines, calls_per_second=1000, active=True,
        )  # fmt: skip
        self._campaign = self._create(numbers, str(trunk["id"]), lines, caller)

    def _create(self, numbers: list[str], trunk: str, lines: int, caller: str) -> str:
        file = self.folder / "clients.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            table = csv.writer(out)
            table.writerow(("Phone", "Name", "Timezone"))
            table.writerows(
                (number, f"Client {number[-4:]}", "Europe/Moscow") for number in numbers
            )
        contact_list = self._manager.upload(file, "Clients")
        settings: dict[str, Any] = {
            "mode": "agentless",
            "purpose": "service",
            "caller_id": caller,
            "trunks": [trunk],
            "lines_max": lines,
            "calls_per_second": 1000,
            "ring_timeout_s": 30,
            "window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
            "redial": {"attempts_max": 1},
            "classify": "none",
            "recording": False,
            "flow": {"start": "bye", "on_machine": "hang_up", "steps": {"bye": {"do": "hang_up"}}},
        }
        made = self._manager.post(
            "/campaigns", name="Originate", purpose="service", mode="agentless",
            list=contact_list["id"], principal=None, settings=settings,
        )  # fmt: skip
        return str(made["id"])

    def start(self) -> None:
        self._manager.post(f"/campaigns/{self._campaign}/start")

    def wait_saved(self, count: int) -> None:
        """Waits until the store, read from outside, holds an outcome for every attempt."""
        import sqlite3
        from contextlib import closing

        limit = time.monotonic() + SETTLED_S
        path = (self.folder / "data" / "vyzov.db").as_uri() + "?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as store:
            while time.monotonic() < limit:
                ask = "SELECT count(*) FROM fact WHERE kind = 'final'"
                if store.execute(ask).fetchone()[0] >= count:
                    return
                time.sleep(0.2)

    def close(self) -> None:
        self.centre.stop()

    def rows(self) -> list[dict[str, Any]]:
        """The product's own words about each attempt, from its facts."""
        database = self.folder / "data" / "vyzov.db"
        if not database.exists():
            return []
        export_facts(database, self.folder / "facts.jsonl")
        rows: dict[str, dict[str, Any]] = {}
        for line in (self.folder / "facts.jsonl").read_text(encoding="utf-8").splitlines():
            fact = json.loads(line)
            _tell(rows, fact)
        return list(rows.values())

    def _wait_ready(self) -> None:
        limit = time.monotonic() + READY_S
        while time.monotonic() < limit:
            gone = self.centre.died()
            if gone:
                raise RuntimeError(f"{gone} ended at its start; read {self.folder / gone}.log")
            if _quietly(lambda: bool(self._manager.get("/health").get("ok"))):
                return
            time.sleep(0.2)
        raise RuntimeError(f"Vyzov was not ready in {READY_S:.0f} s; read {self.folder}/vyzov.log")


def _quietly(ask: Callable[[], bool]) -> bool:
    import httpx

    try:
        return ask()
    except (httpx.HTTPError, RuntimeError):
        return False


def _tell(rows: dict[str, dict[str, Any]], fact: dict[str, Any]) -> None:
    attempt, kind, data = fact["attempt"], fact["kind"], fact["data"]
    if kind == "attempt_reserved":
        rows[attempt] = {
            "call_id": data["call_id"], "placed_at": _seconds(fact["at"]), "answers": 0,
            "outcome": "lost",
        }  # fmt: skip
    row = rows.get(attempt)
    if row is None:
        return
    if kind == "answered":
        row["answers"] += 1
        row["answered_at"] = _seconds(fact["at"])
    elif kind == "ended":
        row["ended_at"] = _seconds(fact["at"])
    elif kind == "final":
        row["outcome"] = "ended" if data["outcome"] == "answered_human" else data["outcome"]


def _seconds(at: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(at).timestamp()
