"""Looks for canaries of erased people, and judges what `verify erasure` left.

It imports nothing of Vyzov: files are read as bytes, the database also by its columns. A canary is a
number of the range that was called, or the words `canary0001` and `Канарейка0001`, however they are
written. `check_erasure.py look DIR...` prints what is found now; `check_erasure.py DIR` judges.
"""

import json
import re
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

Json = dict[str, Any]
BIRD = "анарейка"
ESCAPED = BIRD.encode("unicode_escape").decode()
CANARY = re.compile(
    rb"(?:canary|(?:\xd0[\x9a\xba]|\\u04[13]a)(?:"
    + re.escape(BIRD.encode())
    + b"|"
    + re.escape(ESCAPED.encode())
    + rb"))([0-9]{4})"
    rb"|000[\s().-]{0,3}555[\s().-]{0,3}([0-9]{2})[\s().-]{0,2}([0-9]{2})(?![0-9])",
    re.IGNORECASE,
)
KINDS = (
    (".db-wal", "write-ahead log of the database (bytes)"),
    (".db", "file of the database (bytes)"),
    ("legs.jsonl", "journal of the engine"),
    ("anchors.jsonl", "anchors"),
    ("erasures.jsonl", "register of erasures"),
)
PLACES_LEAST = 30
FOLDERS = {
    "recordings": "recordings", "sip": "SIP tape (call ladders)", "journal": "journal of floors",
    "replay": "replay of floors", "log": "log of a process", "exports": "export in the data folder",
    "elsewhere": "export in another folder",
}  # fmt: skip


def look(roots: list[Path]) -> Json:
    """Counts canaries by place; every place that was looked at is named, also with none."""
    places: Counter[str] = Counter()
    recordings = 0
    for root in roots:
        for path in sorted(root.rglob("*")):
            if not path.is_file():
                continue
            place = _place(root, path)
            places[place] += len({found.group() for found in CANARY.finditer(path.read_bytes())})
            # A voice is nobody else's: each recording is a canary by itself.
            recordings += path.suffix == ".wav"
            places[place] += path.suffix == ".wav"
            if path.suffix == ".db":
                places.update(_columns(path))
    return {"places": dict(sorted(places.items())), "recordings": recordings}


def _place(root: Path, path: Path) -> str:
    for end, name in KINDS:
        if path.name.endswith(end):
            return name
    inside = path.relative_to(root.parent).parts
    found = next((FOLDERS[part] for part in inside if part in FOLDERS), "other file")
    if found == "log of a process" or found.startswith("export"):
        return f"{found}: {path.name}"
    return found


def _columns(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [one[0] for one in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str) and CANARY.search(value.encode()):
                        found.update(f"database: {table}.{part}" for part in _parts(name, value))
    return found


def _parts(name: str, value: str) -> list[str]:
    """A column, or the members of the JSON in it that hold a canary."""
    try:
        inside = json.loads(value)
    except ValueError:
        return [name]
    if not isinstance(inside, dict):
        return [name]
    return [
        f"{name}.{key}"
        for key, one in inside.items()
        if CANARY.search(json.dumps(one, ensure_ascii=False).encode())
    ]


def judge(folder: Path) -> Json:
    """Returns what is to be printed."""
    before, after, told = (
        json.loads((folder / name).read_text("utf-8"))
        for name in ("before.json", "after.json", "told.json")
    )
    held = {place: count for place, count in before["places"].items() if count}
    left = {place: count for place, count in after["places"].items() if count}
    invites = [
        line
        for line in map(json.loads, (folder / "ledger.jsonl").open(encoding="utf-8"))
        if line["rec"] == "sip" and line.get("method") == "INVITE"
    ]
    late = [line for line in invites if line["t"] > told["erased_t"]]
    figures = {
        "people": told["people"],
        "called": told["called"],
        "places_looked_at": len({*before["places"], *after["places"]}),
        "places_held_canaries": len(held),
        "canaries_before": sum(held.values()),
        "canaries_after": sum(left.values()),
        "recordings_before": before["recordings"],
        "recordings_after": after["recordings"],
        "erased": told["erased"],
        "acts_name_nobody": not CANARY.search((folder / "act.txt").read_bytes()),
        "facts_verified": told["facts_verified"],
        "facts_erased": told["facts_erased"],
        "stop_listed_after": told["stop_listed_after"],
        "invites_before": len(invites) - len(late),
        "invites_after": len(late),
        "missed_bound": 3 / max(1, told["people"]),
    }
    missed = [
        name
        for name, holds in (
            ("every person was erased", told["erased"] == told["people"] > 0),
            ("people were called", told["called"] >= 0.5 * told["people"]),
            ("there was something to erase", sum(held.values()) > 10 * told["people"]),
            ("canaries stood in 30 places", len(held) >= PLACES_LEAST),
            ("no canary is left", not left),
            ("no recording of theirs is left", after["recordings"] == 0),
            ("the act names nobody", figures["acts_name_nobody"]),
            ("the chain of facts verifies", told["facts_verified"]),
            ("a fact says each erasure", told["facts_erased"] == told["people"]),
            ("the stop-list holds them", told["stop_listed_after"] >= told["people"]),
            ("nobody is called again", not late),
        )
        if not holds
    ]
    return {
        "name": "erasure", "ok": not missed, "missed": missed, "figures": figures,
        "places": {
            place: {"before": before["places"].get(place, 0), "after": after["places"].get(place, 0)}
            for place in sorted({*before["places"], *after["places"]})
        },
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "look":
        print(json.dumps(look([Path(one) for one in sys.argv[2:]]), ensure_ascii=False))
        sys.exit(0)
    verdict = judge(Path(sys.argv[1]))
    print(json.dumps(verdict, ensure_ascii=False))
    sys.exit(0 if verdict["ok"] else 1)
