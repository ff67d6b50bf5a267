"""Reads facts of a run for `check_figures.py`: attempts, promises, states; nothing of Vyzov is used.

Definitions are those of docs/reference/key-figures.md and docs/formats.md.
"""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]
HALF, DAY = 1_800_000, 86_400_000
WORK = ("reserved", "talking", "hold", "wrap_up")
ALL_STATES = (*WORK, "ready", "no_device", "pause", "listening")
PERSON = ("success", "later", "no", "stop")
ZERO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def ms(text: str) -> int:
    return (datetime.fromisoformat(text) - ZERO) // timedelta(milliseconds=1)


def gap(first: Row, second: Row) -> int:
    if first["clock_id"] == second["clock_id"]:
        return max(0, second["monotonic_ns"] // 10**6 - first["monotonic_ns"] // 10**6)
    return max(0, ms(second["at"]) - ms(first["at"]))


def up(value: int, step: int) -> int:
    return (value + step - 1) // step * step


# ---- what is in the facts


class Run:
    """The facts of a run, put in order once."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / "facts.jsonl").read_text(encoding="utf-8").splitlines()
        known = {row["dedupe"]: row for row in map(json.loads, lines)}
        rows = sorted(known.values(), key=lambda r: (r["floor"], r["epoch"], r["place"]))
        self.book: Row = json.loads((folder / "book.json").read_text(encoding="utf-8"))
        self.loaded = [row for row in rows if row["kind"] == "contacts_loaded"]
        self.by_contact: dict[tuple[str, str], list[Row]] = defaultdict(list)
        states: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["kind"] == "agent_state":
                states[row["agent"]].append(row)
            elif row["contact"] and row["kind"] != "contacts_loaded":
                self.by_contact[row["campaign"], row["contact"]].append(row)
        self.attempts = [one for unit in self.by_contact.values() for one in attempts(unit)]
        self.promises = [one for unit in self.by_contact.values() for one in promises(unit)]
        self.closings = [one for unit in self.by_contact.values() if (one := closing(unit))]
        self.spans: list[Row] = []
        self.signed_in: dict[str, int] = {}
        for agent, line in states.items():
            believed = one_line(line)
            self.spans += spans(agent, believed)
            self.signed_in[agent] = time_on(believed)
        versions = sorted(self.book.get("versions", []), key=lambda v: ms(v["valid_from"]))
        self.versions = [(ms(v["valid_from"]) // HALF * HALF, v["prices"]) for v in versions]


def one_line(line: list[Row]) -> list[Row]:
    """What is believed of one agent: a newer epoch ends an older one's word."""
    floors: dict[str, list[Row]] = {}
    for row in line:
        told = floors.setdefault(row["floor"], [])
        if told and told[-1]["epoch"] < row["epoch"]:
            while told and told[-1]["epoch"] < row["epoch"] and told[-1]["at"] > row["at"]:
                del told[-1]
        told.append(row)
    rest, merged = [list(told) for told in floors.values()], []
    while rest := [told for told in rest if told]:
        merged.append(min(rest, key=lambda told: told[0]["at"]).pop(0))
    return merged


def spans(agent: str, line: list[Row]) -> list[Row]:
    found = []
    for place in range(len(line) - 1):
        row, then = line[place], line[place + 1]
        if row["data"]["state"] != "offline":
            found.append({
                "agent": agent, "state": row["data"]["state"], "ms": gap(row, then),
                "campaign": row["data"].get("campaign") or "", "at": ms(row["at"]),
                "then": then["data"]["state"], "for": then["data"].get("campaign") or "",
            })  # fmt: skip
    return found


def time_on(line: list[Row]) -> int:
    """Signed-in time from the ends alone: each stretch of one clock from its first fact to its last,
    and what lies between two clocks; states in the middle are not looked at."""
    whole, begun, last = 0, None, None
    for row in line:
        if last is not None and begun is not None and last["clock_id"] != row["clock_id"]:
            whole += gap(begun, last) + gap(last, row)
            begun = row
        if begun is None and row["data"]["state"] != "offline":
            begun = row
        elif begun is not None and row["data"]["state"] == "offline":
            whole += gap(begun, row)
            begun = None
        last = row
    if begun is not None and last is not None:
        whole += gap(begun, last)
    return whole


def attempts(unit: list[Row]) -> list[Row]:
    """Reads the attempts of one contact in one campaign; refused ones are none."""
    found: dict[str, Row] = {}
    for row in unit:
        kind, key = row["kind"], row["attempt"]
        if kind == "attempt_reserved" and key not in found:
            found[key] = {
                "id": key, "campaign": row["campaign"], "at": ms(row["at"]), "text": row["at"],
                "number": row["data"].get("number") or 1, "trunk": row["data"].get("trunk") or "",
                "agent": "", "call_id": row["data"].get("call_id"),
            }  # fmt: skip
        one = found.get(key)
        if one is None:
            continue
        if kind == "ringing" and one.get("rang", row)["kind"] == "dialing":
            one["rang"] = row
        elif kind in ("dialing", "ringing"):
            one.setdefault("rang", row)
        elif kind in ("answered", "bridged", "ended", "final", "resolved"):
            one.setdefault(kind, row)
        if kind == "bridged":
            one["agent"] = row["agent"] or one["agent"]
            one["late"] = one.get("late") or row["data"].get("within_limit") is False
        elif kind == "classified":
            one["machine"] = row["data"].get("answer_class") == "machine"
        elif kind in ("abandoned", "attempt_refused"):
            one[kind] = True
        elif kind == "disposed":
            one["result"] = row["data"]
        elif kind == "disposition_undone":
            one["result"] = None
    kept = [one for one in found.values() if not one.get("attempt_refused")]
    kept.sort(key=lambda one: (one["text"], one["id"]))
    for one in kept:
        # What an engine told after all comes after an end that was not known.
        last = one.get("resolved") or one.get("final")
        outcome = last["data"]["outcome"] if last else ""
        one["reached"] = outcome == "answered_human"
        if one.get("abandoned"):
            one["live"] = True
        elif outcome:
            one["live"] = outcome in ("answered_human", "abandoned")
        else:
            one["live"] = "bridged" in one
        detail = last["data"].get("detail") if last else ""
        one["gave_up"] = detail == "hung_up_early"
    if kept:
        kept[0]["first"] = True
    next((one for one in kept if one["reached"]), {})["first_reached"] = True
    return kept


def promises(unit: list[Row]) -> list[Row]:
    found: list[Row] = []
    for row in unit:
        if row["kind"] in ("callback_promised", "contact_closed"):
            found = [one for one in found if one["due"] <= ms(row["at"])]
        if row["kind"] == "callback_promised":
            found.append({
                "due": ms(row["data"]["due_at"]), "told": ms(row["at"]), "by": row["attempt"],
                "campaign": row["campaign"],
            })  # fmt: skip
        if row["kind"] == "disposition_undone":
            found = [one for one in found if one["by"] != row["attempt"]]
    made = [one["at"] for one in attempts(unit)]
    for one in found:
        one["kept"] = any(
            at > one["told"] and one["due"] - 900_000 <= at <= one["due"] + 900_000 for at in made
        )
    return found


def closing(unit: list[Row]) -> Row | None:
    last = None
    for row in unit:
        if row["kind"] == "contact_closed":
            last = {"at": ms(row["at"]), "campaign": row["campaign"]}
        elif row["kind"] == "contact_reopened":
            last = None
    return last
