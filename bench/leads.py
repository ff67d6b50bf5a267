"""How soon a lead rings: from the request of a program to the INVITE, past thousands who wait.

Vyzov and the network in a box run as their own processes; a campaign with all its lines in use works
through `--contacts` people. A program with a token that may do nothing but bring leads posts them,
one every `--every` seconds. The moment a lead's INVITE arrives is the box's own, read from raw
datagrams. Each lead has to be among the next calls, within ten seconds, and be called once.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from vyzov import __version__
from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import numbers_of, settings_of, write_list

LIMIT_S = 10.0
LINES = 20
CALLS_PER_S = 4
RUNNING_WAIT_S = 60.0
AFTER_S = 15.0


class Book:
    """Reads the box's ledger as it grows: when the first INVITE to each number came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.calls: dict[str, list[float]] = {}
        self._seen: set[str] = set()

    def read(self) -> None:
        """Takes in what was written since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._take(json.loads(line))

    def _take(self, record: dict[str, Any]) -> None:
        if record["rec"] != "sip" or record["dir"] != "in" or record.get("method") != "INVITE":
            return
        # Again with a password, again because it was lost, or later within the call: one call.
        if record["call_id"] not in self._seen:
            self._seen.add(record["call_id"])
            self.calls.setdefault(record["to"], []).append(record["t"])


def begin(centre: Centre, waiting: list[str], leads: list[str]) -> tuple[Manager, str]:
    """Starts everything and a campaign that calls as fast as its lines allow."""
    manager, trunk = open_empty(centre, [*waiting, *leads])
    file = centre.out / "waiting.csv"
    write_list(file, waiting, "ru", centre.seed)
    settings = settings_of("agentless", trunk, [], quick=True)
    settings |= {"lines_max": LINES, "calls_per_second": CALLS_PER_S}
    campaign = manager.post(
        "/campaigns", name="Leads", purpose="service", mode="agentless", principal=None,
        settings=settings, list=manager.upload(file, "Waiting")["id"],
    )  # fmt: skip
    manager.post(f"/campaigns/{campaign['id']}/start")
    return manager, str(campaign["id"])


def program(centre: Centre, manager: Manager) -> httpx.Client:
    """Gives a program's way in: a token with one scope."""
    secret = manager.post("/tokens", name="Site", scopes=["lead.add"])["secret"]
    return httpx.Client(
        base_url=f"{centre.url}/api/v1", headers={"Authorization": f"Bearer {secret}"}, timeout=30.0
    )


def until_busy(book: Book, calls: int) -> None:
    """Waits until the campaign has placed so many calls: its look-ahead is full then."""
    end = time.monotonic() + RUNNING_WAIT_S
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            book.read()
        if sum(map(len, book.calls.values())) >= calls:
            return
        time.sleep(0.2)
    raise RuntimeError(f"The campaign did not place {calls} calls within {RUNNING_WAIT_S:g} s.")


def measured(
    client: httpx.Client, campaign: str, leads: list[str], every_s: float
) -> list[dict[str, Any]]:
    """Posts the leads; gives when each was asked for and answered."""
    posted: list[dict[str, Any]] = []
    for place, number in enumerate(leads):
        asked = time.monotonic()
        answer = client.post(
            f"/campaigns/{campaign}/leads",
            json={"phones": [number], "name": f"Lead {place}", "fields": {"plan": "M"}},
            headers={"Idempotency-Key": f"lead-{place}"},
        )
        answer.raise_for_status()
        posted.append({"number": number, "asked": asked, "answered": time.monotonic()})
        time.sleep(every_s)
    return posted


def judge(posted: list[dict[str, Any]], book: Book, fresh: int) -> dict[str, Any]:
    """Says what came of it."""
    rang = [
        round(min(calls) - one["asked"], 3)
        for one in posted
        if (calls := book.calls.get(one["number"]))
    ]
    twice = [
        one["number"]
        for one in posted
        if sum(t < one["asked"] + LIMIT_S for t in book.calls.get(one["number"], [])) > 1
    ]
    all_calls = [t for calls in book.calls.values() for t in calls]
    ahead = sorted(
        sum(one["answered"] < t < min(calls) for t in all_calls)
        for one in posted
        if (calls := book.calls.get(one["number"]))
    )
    answers = sorted(round(one["answered"] - one["asked"], 3) for one in posted)
    rang.sort()
    ok = len(rang) == len(posted) and not twice and bool(rang) and rang[-1] <= LIMIT_S
    return {
        "ok": ok,
        "leads": len(posted),
        "rang": len(rang),
        "called_twice": twice,
        "waiting_at_end": fresh,
        "limit_s": LIMIT_S,
        "post_to_invite_s": {"median": at(rang, 0.5), "p95": at(rang, 0.95), "max": at(rang, 1.0)},
        "other_calls_between": {"median": at(ahead, 0.5), "max": at(ahead, 1.0)},
        "post_s": {"median": at(answers, 0.5), "max": at(answers, 1.0)},
        "calls": sum(map(len, book.calls.values())),
    }


def at(ordered: Sequence[float], share: float) -> float | None:
    """Gives a quantile of figures in order; None where there are none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=5_000)
    parser.add_argument("--leads", type=int, default=20)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two leads")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    numbers = numbers_of(options.contacts + options.leads)
    waiting, leads = numbers[: options.contacts], numbers[options.contacts :]
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-leads-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    centre = Centre(out, options.seed, free_port(0))
    try:
        manager, campaign = begin(centre, waiting, leads)
        book = Book(out / "ledger.jsonl")
        until_busy(book, LINES * 2)
        posted = measured(program(centre, manager), campaign, leads, options.every)
        time.sleep(AFTER_S)
        book.read()
        fresh = manager.get(f"/campaigns/{campaign}/progress")["fresh"]
        manager.post(f"/campaigns/{campaign}/finish")
    finally:
        centre.stop()
    told = judge(posted, book, fresh)
    (out / "leads.json").write_text(json.dumps({"posted": posted}), encoding="utf-8")
    told |= {
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }
    print(json.dumps(told, ensure_ascii=False))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
