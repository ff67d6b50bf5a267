"""Judges what a run of `verify_sigstop.py` left behind. Imports nothing of Vyzov, reads files only.

`ledger.jsonl` is what the network saw, `facts.jsonl` what Vyzov recorded (a reservation names its
floor and fence), `stops.json` when which process was stopped. Several folders are centres that ran side
by side: each is judged by itself, and one verdict covers them all. A stopped process that its supervisor
ended, as it kept everybody from the database, is judged like the others but was not continued, so it
does not count as a stop. Prints one JSON object.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

TAKEN_WITHIN_S = 10.0
STALE_AFTER_S = 1.2
"""An originate under way when its owner is stopped may be carried out for one second."""


def lines(path: Path) -> list[dict[str, Any]]:
    """All objects of a file; a torn last line is left out."""
    found: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def first_invites(ledger: list[dict[str, Any]]) -> dict[str, float]:
    """When the first INVITE of each call came to the network."""
    found: dict[str, float] = {}
    for record in ledger:
        if record["rec"] == "sip" and record["dir"] == "in" and record.get("method") == "INVITE":
            found.setdefault(record["call_id"], record["t"])
    return found


def invited_twice(ledger: list[dict[str, Any]]) -> list[str]:
    """Call-IDs with more than one INVITE transaction, answers to challenges excepted."""
    branches: dict[str, set[str]] = defaultdict(set)
    challenged: dict[str, set[str]] = defaultdict(set)
    for record in ledger:
        if record["rec"] != "sip" or record.get("cseq_method") != "INVITE":
            continue
        if record["dir"] == "in" and record.get("method") == "INVITE":
            branches[record["call_id"]].add(record["branch"])
        elif record.get("status") in (401, 407):
            challenged[record["call_id"]].add(record["branch"])
    return [call for call, made in branches.items() if len(made) > 1 + len(challenged[call])]


def stale_calls(
    stops: list[dict[str, Any]], facts: list[dict[str, Any]], invites: dict[str, float]
) -> list[dict[str, Any]]:
    """Calls made under the fence of a process after it had been stopped."""
    reserved = [
        (fact["floor"], fact["epoch"], fact["data"]["call_id"])
        for fact in facts
        if fact["kind"] == "attempt_reserved"
    ]
    found: list[dict[str, Any]] = []
    for stop in stops:
        old = {one["floor"]: one["fence"] for one in stop["floors"]}
        for floor, fence, call in reserved:
            at = invites.get(call)
            if at is None or floor not in old or fence > old[floor]:
                continue
            late_s = at - stop["stopped_at"]
            if late_s > STALE_AFTER_S:
                found.append({"call": call, "fence": fence, "late_s": round(late_s, 3)})
    return found


def signed_out(folder: Path, told: dict[str, Any]) -> list[Any]:
    """Operators who had to sign in again, or whom a floor took for signed out, before the end."""
    found: list[Any] = []
    for path in sorted(folder.glob("operators-*.jsonl")):
        begun: set[str] = set()
        for record in lines(path):
            if record["t"] > told["finished_at"]:
                break
            if record["rec"] == "ready":
                if record["operator"] in begun:
                    found.append({"again": record["operator"], "t": record["t"]})
                begun.add(record["operator"])
    for stop in told["stops"]:
        found += [
            {"offline": name, "woken_at": stop["woken_at"]}
            for name, state in stop["agents"].items()
            if state == "offline" and name.startswith("Оператор")
        ]
    return found


def judge(folder: Path) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The figures and the damage of one centre."""
    ledger, facts = lines(folder / "ledger.jsonl"), lines(folder / "facts.jsonl")
    told = json.loads((folder / "stops.json").read_text(encoding="utf-8"))
    stops = told["stops"]
    continued = [stop for stop in stops if not stop["ended"]]
    invites = first_invites(ledger)
    attempts = {
        f["data"]["call_id"]: f["attempt"] for f in facts if f["kind"] == "attempt_reserved"
    }
    finals: dict[str, int] = defaultdict(int)
    for fact in facts:
        finals[fact["attempt"]] += fact["kind"] == "final"
    moves = [
        (stop, floor, (floor["taken_at"] or 1e12) - stop["stopped_at"])
        for stop in stops
        for floor in stop["floors"]
    ]
    works = [
        floor["working_at"] - stop["stopped_at"] for stop, floor, _ in moves if floor["working_at"]
    ]
    woken = [stop["woken_at"] for stop in continued]
    short = told["count"] - len(continued)
    damage: dict[str, list[Any]] = {
        "stale_calls": stale_calls(stops, facts, invites),
        "invite_twice": invited_twice(ledger),
        "invite_without_attempt": sorted(set(invites) - set(attempts)),
        "attempt_without_end": [one for one in attempts.values() if finals[one] != 1],
        "taken_late": [round(took, 2) for _, _, took in moves if took > TAKEN_WITHIN_S],
        "signed_out": signed_out(folder, told),
        "stops_missing": [short] if short > 0 else [],
    }
    figures = {
        "stops": len(continued),
        "ended_by_supervisor": len(stops) - len(continued),
        "floors_moved": len(moves),
        "invites": len(invites),
        "invites_while_stopped": sum(
            any(stop["stopped_at"] < at < stop["woken_at"] for stop in stops)
            for at in invites.values()
        ),
        "invites_within_5_s_of_waking": sum(
            any(0 <= at - moment < 5.0 for moment in woken) for at in invites.values()
        ),
        "attempts": len(attempts),
        "taken_s_max": round(max((took for _, _, took in moves), default=0.0), 2),
        "working_s_max": round(max(works, default=0.0), 2),
    }
    return figures, damage


def main() -> int:
    judged = [judge(Path(folder)) for folder in sys.argv[1:]]
    each, harm = [figures for figures, _ in judged], [damage for _, damage in judged]
    damage = {name: [found for one in harm for found in one[name]] for name in harm[0]}
    figures = {
        "centres": len(judged),
        **{name: (max if name.endswith("_max") else sum)(one[name] for one in each)
           for name in each[0]},
        **{name: len(found) for name, found in damage.items()},
    }  # fmt: skip
    stops = figures["stops"]
    ok = bool(stops) and not any(damage.values())
    report = {
        "name": "verify sigstop", "ok": ok, "figures": figures, "goals": dict.fromkeys(damage, 0),
        "damage": {name: found[:20] for name, found in damage.items() if found},
        "at_most": f"0 stale calls in {stops} stops: below {3 / max(1, stops):.3f} a stop",
    }  # fmt: skip
    print(json.dumps(report, ensure_ascii=False))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
