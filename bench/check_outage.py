"""Judges what a run of `verify_outage.py` left behind. Imports nothing of Vyzov, reads files only.

`ledger.jsonl` is what the network saw, `operators-*.jsonl` what operators did, `facts.jsonl` what Vyzov
recorded, `outages.json` when the database was away. Prints one JSON object: figures, and each damage
by name.
"""

import hashlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

GRACE_S = 2.0
"""How long after the loss a call may still be placed."""
RETURN_S = 3.0
"""How long after the return an end still belongs to the outage."""
BRIEF_S = 1.0
Json = dict[str, Any]


def lines(path: Path) -> list[Json]:
    """All objects of a file; a torn last line is left out."""
    found: list[Json] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def first_invites(ledger: list[Json]) -> dict[str, float]:
    """When each call was placed."""
    found: dict[str, float] = {}
    for record in ledger:
        if record["rec"] == "sip" and record.get("method") == "INVITE" and record["dir"] == "in":
            found.setdefault(record["call_id"], record["t"])
    return found


def dialled_while_away(invites: dict[str, float], outages: list[Json]) -> list[Json]:
    """Calls that were placed later than the grace after a loss and before the return."""
    return [
        {"call": call, "after_s": round(at - outage["lost_at"], 3), "span_s": outage["span_s"]}
        for outage in outages
        for call, at in invites.items()
        if outage["lost_at"] + GRACE_S < at < outage["back_at"]
    ]


def cut_off(
    calls: dict[str, Json], outages: list[Json], ended_by_operator: dict[str, float]
) -> tuple[int, list[Json]]:
    """Talks with an operator that lived at a loss; those of them that neither side ended."""
    lived, found = 0, []
    for outage in outages:
        for call, record in calls.items():
            joined, ended = record.get("joined_s"), record["ended_at"]
            if not record.get("joined") or record["answered_at"] is None:
                continue
            if not record["answered_at"] + (joined or 0.0) < outage["lost_at"] < ended:
                continue
            lived += 1
            if ended > outage["back_at"] + RETURN_S or record["ended_by"] == "callee":
                continue
            by_operator = ended_by_operator.get(call)
            if by_operator is None or abs(by_operator - ended) > 2.0:
                found.append({"call": call, "by": record["ended_by"], "span_s": outage["span_s"]})
    return lived, found


def operators_ends(folder: Path, call_of: dict[str, str]) -> dict[str, float]:
    """When an operator hung up or saved a result, by call."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob("operators*.jsonl")):
        for record in lines(path):
            call = call_of.get(record.get("attempt", ""))
            if call is None:
                continue
            if record["rec"] == "talk" and record.get("hung_up"):
                found[call] = record["t"]
            elif record["rec"] == "result" and 200 <= record["status"] < 300:
                found.setdefault(call, record["t"])
    return found


def not_once(
    facts: list[Json], invites: dict[str, float], calls: dict[str, Json]
) -> dict[str, list[str]]:
    """What the ledger saw and the facts tell not at all, or twice."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    attempt_of: dict[str, str] = {}
    for fact in facts:
        if fact["attempt"]:
            kinds[fact["attempt"]][fact["kind"]] += 1
        if fact["kind"] == "attempt_reserved":
            attempt_of[fact["data"]["call_id"]] = fact["attempt"]
    found: dict[str, list[str]] = {
        "calls_without_attempt": [call for call in invites if call not in attempt_of],
        "attempts_without_one_end": [
            attempt for attempt in attempt_of.values() if kinds[attempt]["final"] != 1
        ],
        "answers_not_told_once": [],
        "ends_not_told_once": [],
    }
    for call, record in calls.items():
        attempt = attempt_of.get(call)
        if attempt is None:
            continue
        # An answer that crossed our CANCEL was hung up on at once: it is told as it was taken.
        brief = record["answered_at"] is not None and (
            record["ended_at"] - record["answered_at"] < BRIEF_S
        )
        if record["answered_at"] is not None and not brief:
            if kinds[attempt]["answered"] != 1:
                found["answers_not_told_once"].append(call)
            if kinds[attempt]["ended"] != 1:
                found["ends_not_told_once"].append(call)
        elif kinds[attempt]["answered"] > 1 or kinds[attempt]["ended"] > 1:
            found["answers_not_told_once"].append(call)
    return found


def results(facts: list[Json], folder: Path) -> tuple[Counter[str], list[str], list[str]]:
    """How results were answered; those of success of which there is not exactly one fact."""
    told: Counter[str] = Counter()
    kept: list[str] = []
    for path in sorted(folder.glob("operators*.jsonl")):
        for record in lines(path):
            if record["rec"] == "result":
                told[str(record["status"])] += 1
                if 200 <= record["status"] < 300:
                    kept.append(record["attempt"])
    disposed = Counter(fact["attempt"] for fact in facts if fact["kind"] == "disposed")
    lost = [attempt for attempt in kept if not disposed[attempt]]
    return told, lost, [attempt for attempt, made in disposed.items() if made > 1]


def streams_with_gaps(facts: list[Json]) -> list[str]:
    """Streams in which a place is missing or taken twice."""
    places: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for fact in facts:
        places[fact["organisation"], fact["floor"], fact["epoch"]].append(fact["place"])
    return [
        str(stream)
        for stream, found in places.items()
        if sorted(found) != list(range(1, len(found) + 1))
    ]


def recordings(facts: list[Json], folder: Path) -> tuple[int, list[str]]:
    """Acknowledged recordings, and those whose file is missing or differs."""
    files = {path.stem: path for path in folder.rglob("*.wav")}
    told = [fact["data"] for fact in facts if fact["kind"] == "recording_finished"]
    damaged = [
        one["recording"]
        for one in told
        if one["recording"] not in files
        or hashlib.sha256(files[one["recording"]].read_bytes()).hexdigest() != one["sha256"]
    ]
    return len(told), damaged


def left_unsaved(folder: Path) -> list[str]:
    """Journals that say of themselves that the database may lack something, after all is over."""
    return [path.name for path in folder.glob("*/*.open") if path.read_bytes().count(b"\n") > 1]


def main() -> int:
    folder = Path(sys.argv[1])
    ledger, facts = lines(folder / "ledger.jsonl"), lines(folder / "facts.jsonl")
    told = json.loads((folder / "outages.json").read_text(encoding="utf-8"))
    outages: list[Json] = told["outages"]
    invites = first_invites(ledger)
    calls = {record["call_id"]: record for record in ledger if record["rec"] == "call"}
    call_of = {
        fact["attempt"]: fact["data"]["call_id"]
        for fact in facts
        if fact["kind"] == "attempt_reserved"
    }
    unharmed = [outage for outage in outages if not outage["killed"]]
    lived, cut = cut_off(calls, unharmed, operators_ends(folder, call_of))
    count, damaged = recordings(facts, folder / "data" / "recordings")
    answered, lost, twice = results(facts, folder)
    meanwhile = [
        record
        for record in ledger
        if any(outage["lost_at"] < record["t"] < outage["back_at"] for outage in outages)
    ]
    damage: dict[str, list[Any]] = {
        "dialled_while_away": dialled_while_away(invites, outages),
        "talks_cut_off": cut,
        **not_once(facts, invites, calls),
        "results_lost": lost,
        "results_twice": twice,
        "facts_twice": [
            key for key, made in Counter(fact["dedupe"] for fact in facts).items() if made > 1
        ],
        "streams_with_gaps": streams_with_gaps(facts),
        "recordings_damaged": damaged,
        "journals_unsaved": left_unsaved(folder / "data" / "journal"),
        "not_back": [outage for outage in outages if outage["whole_after_s"] is None],
        "too_quiet": [outage for outage in outages if outage["ringing"] + outage["talking"] < 1],
    }
    figures: Json = {
        "outages": len(outages),
        "seconds_away": round(sum(one["back_at"] - one["lost_at"] for one in outages), 1),
        "invites": len(invites),
        "last_invite_after_loss_s": max(
            (
                round(at - outage["lost_at"], 3)
                for outage in outages
                for at in invites.values()
                if outage["lost_at"] < at < outage["back_at"]
            ),
            default=0.0,
        ),
        "answered_while_away": sum(
            one["rec"] == "did" and one["act"] == "answer" for one in meanwhile
        ),
        "ended_while_away": sum(one["rec"] == "call" for one in meanwhile),
        "talks_at_loss": lived,
        "facts": len(facts),
        "recordings": count,
        "results_by_status": dict(answered),
        "told_after_s_max": max((one["told_after_s"] or 0.0 for one in outages), default=0.0),
        "dials_after_s_max": max((one["dials_after_s"] or 0.0 for one in outages), default=0.0),
        **{name: len(found) for name, found in damage.items()},
    }
    ok = len(outages) == len(told["spans"]) + 1 and not any(damage.values())
    report = {
        "name": "verify outage", "ok": ok, "figures": figures,
        "goals": dict.fromkeys(damage, 0),
        "damage": {name: found[:20] for name, found in damage.items() if found},
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
