"""Judges what a run of `verify_attack.py` left in DIR. Imports nothing of Vyzov, reads files only.

Users found: those whose answers differ in shape from everybody's, and an ear for time: how well the
time of an answer tells known from unknown (0.5 is not at all). Live calls: packets lost and late
in the flood against the quiet before it. Prints one JSON object.
"""

import csv
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

LOST_MORE_MOST = 0.001
LATE_MORE_MS = 10.0
GOOD_MS_MOST = 50.0
GOOD_SHARE_LEAST = 0.99
SETUP_SHARE_LEAST = 0.99
GUESSES_MOST = 10
MEMORY_SHARE_MOST = 1.2
MEMORY_STEP_MB = 8.0
"""A flat memory still moves: growth in the second half of the flood, beyond which it is none."""
LONG_SAMPLES = 100
STREAMS_MB_MOST = 48.0
"""What hundreds of stalled connections, TLS among them, may take beside the flood."""
TELLING_MOST = 0.06
"""How far from one half time may tell: beyond what chance does with 500 known users."""
VERSION = re.compile(rb"(?im)^(?:server|user-agent):[^\r\n]*\d")
HERE = str(Path(__file__).resolve().parent.parent).encode()
INNER = (b"127.0.0.1", b"localhost", b"python", b"/home/", HERE.lower() + b"/", b"traceback")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def telling(known: list[float], others: list[float]) -> float:
    """The chance that a known user's answer takes longer than another's (ties count half)."""
    ranked = sorted([(ms, 1) for ms in known] + [(ms, 0) for ms in others])
    total = place = 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        total += sum(mark for _, mark in ranked[place:end]) * (place + end + 1) / 2
        place = end
    n = len(known)
    return (total - n * (n + 1) / 2) / (n * len(others))


def sweep(folder: Path, damage: dict[str, list[Any]]) -> dict[str, Any]:
    known = set(json.loads((folder / "known.json").read_text(encoding="utf-8")))
    found: dict[str, Any] = {}
    by_way: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(folder / "sweep.csv"):
        by_way[row["way"]].append(row)
    users: set[str] = set()
    for way, asked in sorted(by_way.items()):
        usual = Counter(row["shape"] for row in asked if row["user"] not in known).most_common(1)
        usual_shape = usual[0][0]
        users |= {row["user"] for row in asked if row["shape"] != usual_shape}
        times: dict[bool, list[float]] = {True: [], False: []}
        for row in asked:
            times[row["user"] in known].append(float(row["ms"]))
        tells = telling(times[True], times[False])
        found[f"time_tells_{way.lower()}"] = round(tells, 4)
        # Fewer users, more chance: the bound grows as its error does.
        if abs(tells - 0.5) > TELLING_MOST * max(1.0, (500 / len(times[True])) ** 0.5):
            damage["users_told_by_time"].append({"way": way, "tells": round(tells, 4)})
        if any(row["status"] == "0" for row in asked):
            damage["unanswered"].append(way)
        if way == "guess":
            damage["passwords_found"] += [r["user"] for r in asked if r["status"] == "200"]
    damage["users_found"] += sorted(users & known) or sorted(users)[:10]
    found["asked"] = sum(len(asked) for asked in by_way.values())
    found["known"] = len(known)
    samples = (folder / "answers.txt").read_bytes()
    damage["leaks"] += [m.group().decode("latin-1") for m in VERSION.finditer(samples)][:5]
    damage["leaks"] += [word.decode() for word in INNER if word in samples.lower()]
    found["answers_read"] = samples.count(b"SIP/2.0 ")
    return found


def guesses(folder: Path, damage: dict[str, list[Any]]) -> dict[str, Any]:
    answered: dict[str, int] = defaultdict(int)
    tries = rows(folder / "guesses.csv")
    for row in tries:
        answered[row["source"]] += row["status"] != "0"
        if row["status"] == "200":
            damage["passwords_found"].append(row["source"])
    most = max(answered.values(), default=0)
    if most > GUESSES_MOST:
        damage["guesses_answered"] += [s for s, count in answered.items() if count > GUESSES_MOST]
    return {"guesses": len(tries), "guessers": len(answered), "answered_most": most}


def sound(folder: Path, damage: dict[str, list[Any]]) -> dict[str, Any]:
    windows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(folder / "rtp.csv"):
        windows[row["window"]].append(row)
    found: dict[str, Any] = {}
    for name, legs in windows.items():
        sent, carried = (sum(int(leg[key]) for leg in legs) for key in ("sent", "carried"))
        found[f"lost_{name}"] = round(1 - carried / sent, 6) if sent else 1.0
        late = [float(leg["transit_p99_ms"]) for leg in legs if leg["transit_p99_ms"]]
        found[f"p99_{name}_ms"] = round(max(late, default=1e9), 2)
        damage["silent_legs"] += [f"{name} {leg['call']}" for leg in legs if leg["carried"] == "0"]
        if not sent:
            damage["silent_legs"].append(name)
    for name in ("flood", "streams", "after"):
        if found[f"lost_{name}"] > found["lost_quiet"] + LOST_MORE_MOST:
            damage["sound_lost"].append({name: found[f"lost_{name}"]})
        if found[f"p99_{name}_ms"] > found["p99_quiet_ms"] + LATE_MORE_MS:
            damage["sound_late"].append({name: found[f"p99_{name}_ms"]})
    return found


def memory(folder: Path, damage: dict[str, list[Any]]) -> dict[str, Any]:
    by_phase: dict[str, list[float]] = defaultdict(list)
    for row in rows(folder / "memory.csv"):
        by_phase[row["phase"]].append(float(row["mb"]))
    quiet, flood, streams = (by_phase[name] for name in ("quiet", "flood", "streams"))
    half = flood[len(flood) // 2 :]
    if max(flood) > MEMORY_SHARE_MOST * max(quiet):
        damage["memory"].append(f"{max(flood):.0f} MB in the flood, {max(quiet):.0f} before")
    if len(flood) > LONG_SAMPLES and half[-1] - half[0] > MEMORY_STEP_MB:
        damage["memory"].append("it goes on growing")
    if max(streams) > max(flood) + STREAMS_MB_MOST:
        damage["memory"].append(f"{max(streams):.0f} MB with stalled connections")
    return {
        "memory_quiet_mb": round(max(quiet), 1),
        "memory_flood_mb": round(max(flood), 1),
        "memory_second_half_mb": round(half[-1] - half[0], 1),
        "memory_streams_mb": round(max(streams), 1),
    }


def neighbours(folder: Path, notes: dict[str, Any], damage: dict[str, list[Any]]) -> dict[str, Any]:
    asked = rows(folder / "good.csv")
    times = sorted(float(row["ms"]) for row in asked if row["ms"])
    share = len(times) / max(1, len(asked))
    setups = notes["setups"]
    if share < GOOD_SHARE_LEAST:
        damage["good_unanswered"].append(round(share, 4))
    if times and times[-1] > GOOD_MS_MOST:
        damage["good_late"].append(times[-1])
    if setups["answered"] < SETUP_SHARE_LEAST * setups["placed"] or not setups["placed"]:
        damage["setups_failed"].append(setups)
    if notes["stranger_after_ms"] is None:
        damage["no_recovery"].append("nobody new is heard after the flood")
    return {
        "good_asked": len(asked),
        "good_answered": len(times),
        "good_p99_ms": times[int(0.99 * (len(times) - 1))] if times else None,
        "good_max_ms": times[-1] if times else None,
        "setups_placed": setups["placed"],
        "setups_answered": setups["answered"],
        "stranger_after_ms": notes["stranger_after_ms"],
    }


KINDS = (
    "users_found", "users_told_by_time", "passwords_found", "leaks", "unanswered",
    "guesses_answered", "silent_legs", "sound_lost", "sound_late", "calls_ended", "memory",
    "good_unanswered", "good_late", "setups_failed", "no_recovery", "weak_attack", "deaf_control",
)  # fmt: skip


def main() -> int:
    folder = Path(sys.argv[1])
    notes = json.loads((folder / "notes.json").read_text(encoding="utf-8"))
    damage: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    figures = sweep(folder, damage) | guesses(folder, damage) | sound(folder, damage)
    figures |= memory(folder, damage) | neighbours(folder, notes, damage)
    damage["calls_ended"] += notes["ended"]
    if notes["right_password"] != 200:
        damage["deaf_control"].append(notes["right_password"])
    flood = notes["flood"]
    if not notes["streams"]["opened"]:
        damage["weak_attack"].append(notes["streams"])
    if flood["sent"] < 0.9 * notes["rate"] * notes["seconds"]:
        damage["weak_attack"].append(flood)
    figures |= {
        "flood_sent": flood["sent"], "flood_per_s": round(flood["sent"] / flood["seconds"]),
        "connections": notes["streams"], "engine_share": flood["engine_share"],
        "live_calls": notes["live"],
    }  # fmt: skip
    ok = not any(damage.values())
    report = {
        "name": "verify attack", "ok": ok, "figures": figures,
        "goals": {
            "users_found": 0, "passwords_found": 0, "leaks": 0, "calls_ended": 0,
            "good_ms_most": GOOD_MS_MOST, "lost_more_most": LOST_MORE_MOST,
            "late_more_ms": LATE_MORE_MS, "memory_share_most": MEMORY_SHARE_MOST,
            "streams_mb_most": STREAMS_MB_MOST,
        },
        "damage": {name: found[:10] for name, found in damage.items() if found},
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
