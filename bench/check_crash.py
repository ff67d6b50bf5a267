"""Judges what a run of `verify_crash.py` left behind. Imports nothing of Vyzov, reads files only.

`ledger.jsonl` is what the network saw, `facts.jsonl` what Vyzov recorded, `kills.json` when what was
killed. Several folders are centres that ran side by side: each is judged by itself, and one verdict
covers them all. Prints one JSON object: figures, and each damage found by name.
"""

import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

Spans = list[tuple[float, float]]
"""When (seconds of the ledger's clock), and for how many seconds."""
Losses = dict[str, dict[str, Any]]
"""By kind of loss: how many, and the longest times that followed one."""

LIMIT_S = 10.0
RING_LIMIT_S = 16.0
LIVE_LEAST = 5
TOO_BRIEF_S = 0.6
TWO_AT_ONCE_S = 1.0
"""A call that is over here may be ending on the wire yet."""
RESOLVED_S = 30.0
CHANNEL_S = 30.0
TRUE_WITHIN_S = 15.0
ON_A_CALL = ("talking", "hold", "reserved")
NOT_PEOPLE = {"voicemail", "silent", "announcement"}


def lines(path: Path) -> list[dict[str, Any]]:
    """All objects of a file; a torn last line is left out."""
    found: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def double_invites(ledger: list[dict[str, Any]]) -> list[str]:
    """Call-IDs with more than one INVITE transaction, the answer to a challenge excepted."""
    branches: dict[str, set[tuple[int, str]]] = defaultdict(set)
    challenged: dict[str, int] = defaultdict(int)
    seen: set[tuple[str, str]] = set()
    for record in ledger:
        if record["rec"] != "sip" or record.get("cseq_method") != "INVITE":
            continue
        call = record["call_id"]
        if record["dir"] == "in" and record.get("method") == "INVITE":
            branches[call].add((record["cseq"], record["branch"]))
        elif record.get("status") in (401, 407) and (call, record["branch"]) not in seen:
            seen.add((call, record["branch"]))
            challenged[call] += 1
    return [call for call, made in branches.items() if len(made) > 1 + challenged[call]]


def calls_of(ledger: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["call_id"]: record for record in ledger if record["rec"] == "call"}


def left_alone(
    ledger: list[dict[str, Any]], calls: dict[str, dict[str, Any]], kills: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Callees who rang on, or heard nothing, for too long after a restart."""
    found: list[dict[str, Any]] = []
    heard: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in ledger:
        if record["rec"] == "heard":
            heard[record["call_id"]].append(record)
    for kill in kills:
        back = kill["back"]
        if back is None:
            found.append({"what": "not_back", "kill": kill})
            continue
        for call, record in calls.items():
            answered, ended = record["answered_at"], record["ended_at"]
            if record["invited_at"] > kill["at"] or ended < kill["at"]:
                continue
            rang_from = record["rung_at"] or record["invited_at"]
            if answered is None or answered > back:
                until = answered or ended
                if until > back + LIMIT_S and until - rang_from > RING_LIMIT_S + 4.0:
                    found.append({"what": "rang_on", "call": call, "for_s": until - back})
    for call, record in calls.items():
        first = next(
            (k for k in kills if record["invited_at"] <= k["at"] <= record["ended_at"]), None
        )
        if first is not None and record["answered_at"] is not None:
            found += quiet(call, record["answered_at"], heard[call], first["at"], kills)
    return found


def quiet(
    call: str, answered: float, segments: list[dict[str, Any]], since: float,
    kills: list[dict[str, Any]],
) -> list[dict[str, Any]]:  # fmt: skip
    """Silences since the first loss a callee lived through; no loss's own time is anybody's wait."""
    found: list[dict[str, Any]] = []
    for segment in segments:
        if segment["what"] not in ("silence", "no_packets"):
            continue
        begins, ends = max(since, answered + segment["from_s"]), answered + segment["to_s"]
        away_s = sum(
            max(0.0, min(ends, kill["back"] or kill["at"]) - max(begins, kill["at"]))
            for kill in kills
        )
        for_s = ends - begins - away_s
        if for_s > LIMIT_S:
            found.append({"what": "in_silence", "call": call, "for_s": round(for_s, 2)})
    return found


def recordings(facts: list[dict[str, Any]], folder: Path) -> tuple[int, list[str]]:
    """Acknowledged recordings, and those whose file is missing or differs."""
    files = {path.stem: path for path in folder.rglob("*.wav")}
    count, damaged = 0, []
    for fact in facts:
        if fact["kind"] != "recording_finished":
            continue
        count += 1
        path = files.get(fact["data"]["recording"])
        if path is None or hashlib.sha256(path.read_bytes()).hexdigest() != fact["data"]["sha256"]:
            damaged.append(fact["data"]["recording"])
    return count, damaged


def uncounted(
    facts: list[dict[str, Any]], calls: dict[str, dict[str, Any]], reserved: dict[str, str],
    kills: list[dict[str, Any]],
) -> tuple[int, int, list[str]]:  # fmt: skip
    """People who picked up, were left by our side and are not counted as abandoned.

    The first figure is how many were left, the second how many of them had been joined in the very
    moment the engine or the operator's line died: the facts know of that join, the callee of nobody,
    so it is no silence that somebody forgot to count."""
    kinds: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for fact in facts:
        if fact["attempt"]:
            kinds[fact["attempt"]].setdefault(fact["kind"], fact)
    left, joined, missed = 0, 0, []
    for call, record in calls.items():
        if not record.get("abandoned") or served_by_robot(record):
            continue
        left += 1
        known = kinds[reserved.get(call, "")]
        if "abandoned" in known:
            continue
        if joined_as_it_died(known, kills):
            joined += 1
        else:
            missed.append(call)
    return left, joined, missed


def joined_as_it_died(known: dict[str, dict[str, Any]], kills: list[dict[str, Any]]) -> bool:
    """Whether a join was over at once. A dead engine's end is known only when the next one runs."""
    bridged, away, ended = (known.get(kind) for kind in ("bridged", "agent_away", "ended"))
    if bridged is None:
        return False
    joined_at = seconds(bridged["at"])
    if away is not None and seconds(away["at"]) - joined_at < TOO_BRIEF_S:
        return True
    if ended is None:
        return False
    if ended["data"].get("side") == "engine":
        return any(abs(kill["at"] - moment(bridged)) < TOO_BRIEF_S for kill in kills)
    return seconds(ended["at"]) - joined_at < TOO_BRIEF_S


def served_by_robot(record: dict[str, Any]) -> bool:
    """An offer that came to its end, a wish the robot took, a machine, or somebody who left the
    offer by themselves: nobody there was waiting for a person."""
    if "offer" not in record["prompts"]:
        return record["acts_as"] in NOT_PEOPLE
    keys = {key["key"] for key in record["keys"]}
    done = "goodbye" in record["prompts"] or keys & {"2", "9"}
    return bool(done) or record["ended_by"] == "callee" or record["acts_as"] in NOT_PEOPLE


def seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def results_lost(facts: list[dict[str, Any]], folder: Path) -> tuple[int, list[str]]:
    """Results that an operator was told are saved, and those of which there is no fact."""
    told = [
        record["attempt"]
        for path in sorted(folder.glob("operators*.jsonl"))
        for record in lines(path)
        if record["rec"] == "result" and record["status"] == 200
    ]
    kept = {fact["attempt"] for fact in facts if fact["kind"] == "disposed"}
    return len(told), [attempt for attempt in told if attempt not in kept]


def two_at_once(
    ledger: list[dict[str, Any]], calls: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Calls to a number that was in another call of ours already; the box finds it busy."""
    by_number: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in calls.values():
        by_number[record["number"]].append(record)
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for record in ledger:
        if record["rec"] != "sip" or record["dir"] != "in" or record.get("method") != "INVITE":
            continue
        call, at = record["call_id"], record["t"]
        if call in seen:
            continue
        seen.add(call)
        found += [
            {"number": record["to"], "calls": [other["call_id"], call]}
            for other in by_number[record["to"]]
            if other["call_id"] != call
            and other["invited_at"] < at < other["ended_at"] - TWO_AT_ONCE_S
        ]
    return found


def dialled_when_over(
    ledger: list[dict[str, Any]], facts: list[dict[str, Any]], reserved: dict[str, str]
) -> list[dict[str, Any]]:
    """Calls made for an attempt whose end was written down already: a stale owner's."""
    over = {f["attempt"]: moment(f) for f in facts if f["kind"] == "final"}
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for record in ledger:
        if record["rec"] != "sip" or record["dir"] != "in" or record.get("method") != "INVITE":
            continue
        call = record["call_id"]
        late_s = record["t"] - over.get(reserved.get(call, ""), 1e12)
        if call not in seen and late_s > 0:
            found.append({"call": call, "late_s": round(late_s, 3)})
        seen.add(call)
    return found


def moment(fact: dict[str, Any]) -> float:
    """When a fact was written, by the clock of the ledger."""
    return fact["monotonic_ns"] / 1e9


def resolved(
    facts: list[dict[str, Any]], calls: dict[str, dict[str, Any]], kills: list[dict[str, Any]]
) -> tuple[list[float], list[dict[str, Any]]]:
    """How long after the return each attempt stayed open whose call had ended by then, and those
    that stayed so for too long."""
    begun = {f["attempt"]: f for f in facts if f["kind"] == "attempt_reserved"}
    over = {f["attempt"]: moment(f) for f in facts if f["kind"] == "final"}
    waits: list[float] = []
    late: list[dict[str, Any]] = []
    for kill in kills:
        if kill["back"] is None:
            continue
        for attempt, fact in begun.items():
            ended = calls.get(fact["data"]["call_id"], {}).get("ended_at", 0.0)
            final = over.get(attempt, 1e12)
            if moment(fact) > kill["at"] or final < kill["at"] or ended > kill["back"]:
                continue
            wait_s = max(0.0, final - kill["back"])
            waits.append(wait_s)
            if wait_s > RESOLVED_S:
                late.append({"attempt": attempt, "for_s": round(wait_s, 2)})
    return waits, late


def channels(
    facts: list[dict[str, Any]], calls: dict[str, dict[str, Any]], reserved: dict[str, str]
) -> tuple[Spans, list[dict[str, Any]]]:
    """How long each call lived on the wire after its attempt was over, and those too long."""
    over = {f["attempt"]: moment(f) for f in facts if f["kind"] == "final"}
    spans: Spans = []
    found: list[dict[str, Any]] = []
    for call, record in calls.items():
        final = over.get(reserved.get(call, ""))
        if final is None:
            continue
        outlived_s = record["ended_at"] - final
        spans.append((final, outlived_s))
        if outlived_s > CHANNEL_S:
            found.append({"call": call, "for_s": round(outlived_s, 2)})
    return spans, found


def untrue(
    facts: list[dict[str, Any]], calls: dict[str, dict[str, Any]], reserved: dict[str, str]
) -> tuple[Spans, list[dict[str, Any]]]:
    """How long operators were said to be in a call that was over, and those too long."""
    ended = {
        attempt: calls[call]["ended_at"] for call, attempt in reserved.items() if call in calls
    }
    last: dict[str, dict[str, Any]] = {}
    spans: Spans = []
    found: list[dict[str, Any]] = []
    for fact in sorted((f for f in facts if f["kind"] == "agent_state"), key=moment):
        before = last.get(fact["agent"])
        last[fact["agent"]] = fact
        if before is None or before["data"]["state"] not in ON_A_CALL:
            continue
        over = ended.get(before["data"]["call"] or "")
        if over is None:
            continue
        for_s = moment(fact) - max(over, moment(before))
        spans.append((moment(fact), for_s))
        if for_s > TRUE_WITHIN_S:
            found.append({"agent": fact["agent"], "for_s": round(for_s, 2)})
    return spans, found


def points_of(told: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """How many named points the program died at, and those it was to die at and did in no turn;
    where the turns at a point are as many as the points, that is all it never came to."""
    asked = [kill for one in told for kill in one["kills"] if kill["point"]]
    reached = {kill["point"] for kill in asked if kill["reached"]}
    missed = sorted({kill["point"] for kill in asked} - reached)
    known = {point for one in told for point in one["points"]}
    if len(asked) >= len(known):
        missed += sorted(known - reached - set(missed))
    return len(reached), missed + [name for one in told for name in one["points_missing"]]


def longest(spans: Spans) -> float:
    """The longest of some spans, in seconds."""
    return round(max((for_s for _, for_s in spans), default=0.0), 2)


def by_loss(kills: list[dict[str, Any]], untrue_spans: Spans, channel_spans: Spans) -> Losses:
    """For each kind of loss: how often, how long until all was back, and the longest that an
    operator's state was untrue or a channel outlived its call before the next loss."""
    found: Losses = {}
    ends = [kill["at"] for kill in kills[1:]] + [1e12]
    for kill, end in zip(kills, ends, strict=True):
        one = found.setdefault(kill["target"], {"losses": 0, "back_s": 0.0, "true_s": 0.0,
                                                "channel_s": 0.0})  # fmt: skip
        one["losses"] += 1
        one["back_s"] = max(one["back_s"], round((kill["back"] or 1e12) - kill["at"], 2))
        for name, spans in (("true_s", untrue_spans), ("channel_s", channel_spans)):
            mine = [span for span in spans if kill["at"] <= span[0] < end]
            one[name] = max(one[name], longest(mine))
    return dict(sorted(found.items()))


@dataclass
class Verdict:
    """What came of one centre's turns."""

    told: dict[str, Any]
    figures: dict[str, Any]
    losses: Losses
    damage: dict[str, list[Any]]


def judge(folder: Path) -> Verdict:
    """Judges what one centre left behind."""
    ledger, facts = lines(folder / "ledger.jsonl"), lines(folder / "facts.jsonl")
    told = json.loads((folder / "kills.json").read_text(encoding="utf-8"))
    kills, stuck = told["kills"], told["stuck"]
    calls = calls_of(ledger)
    invited = {one["call_id"] for one in ledger if one.get("method") == "INVITE"}
    reserved = {
        f["data"]["call_id"]: f["attempt"] for f in facts if f["kind"] == "attempt_reserved"
    }
    finals, answers = (
        Counter(fact["attempt"] for fact in facts if fact["kind"] == kind)
        for kind in ("final", "answered")
    )
    count, damaged = recordings(facts, folder / "data" / "recordings")
    left, joined, missed = uncounted(facts, calls, reserved, kills)
    saved, lost = results_lost(facts, folder)
    waits, late = resolved(facts, calls, kills)
    channel_spans, outlived = channels(facts, calls, reserved)
    untrue_spans, liars = untrue(facts, calls, reserved)
    over = [fact for fact in facts if fact["kind"] == "final"]
    damage = {
        "invite_twice": double_invites(ledger),
        "invite_without_attempt": sorted(invited - set(reserved)),
        "attempt_without_end": [a for a in reserved.values() if finals[a] != 1],
        "answered_twice": [attempt for attempt, made in answers.items() if made > 1],
        "two_at_once": two_at_once(ledger, calls),
        "dialled_when_over": dialled_when_over(ledger, facts, reserved),
        "unknown_too_long": late,
        "channels_outlive": outlived,
        "operators_untrue": liars,
        "never_ended": sorted(invited - set(calls)),
        "left_alone": left_alone(ledger, calls, kills),
        "abandoned_not_counted": missed,
        "results_lost": lost,
        "operators_stuck": stuck,
        "recordings_damaged": damaged,
        "kills_too_quiet": [k for k in kills if k["ringing"] + k["talking"] < LIVE_LEAST],
    }
    figures = {
        "kills": len(kills),
        "invites": len(invited),
        "attempts": len(reserved),
        "recordings": count,
        "results": saved,
        "slept_between_check_and_send": sum(k["target"] == "sleep" for k in kills),
        "open_at_return": len(waits),
        "resolved_s_max": round(max(waits, default=0.0), 2),
        "unknown": sum(fact["data"]["outcome"] == "unknown" for fact in over),
        "resolved_later": sum(fact["kind"] == "resolved" for fact in facts),
        "channel_outlives_s_max": longest(channel_spans),
        "operator_untrue_s_max": longest(untrue_spans),
        "callees_left": left,
        "joined_as_it_died": joined,
        "live_at_kill_least": min((k["ringing"] + k["talking"] for k in kills), default=0),
        "back_s_max": round(max((k["back"] - k["at"] for k in kills if k["back"]), default=0), 2),
    }
    return Verdict(told, figures, by_loss(kills, untrue_spans, channel_spans), damage)


def merged(name: str, values: list[Any]) -> Any:
    """One figure of several centres: the greatest, the least, or the sum."""
    return max(values) if name.endswith("_max") else min(values) if "least" in name else sum(values)


def together(verdicts: Sequence[Verdict]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The figures and the damage of all centres as one."""
    points, unreached = points_of([one.told for one in verdicts])
    figures = {
        "centres": len(verdicts),
        "points": points,
        "points_known": len(verdicts[0].told["points"]),
        **{name: merged(name, [one.figures[name] for one in verdicts])
           for name in verdicts[0].figures},
    }  # fmt: skip
    losses: Losses = {}
    for kind, loss in (pair for one in verdicts for pair in one.losses.items()):
        before = losses.get(kind, dict.fromkeys(loss, 0))
        losses[kind] = {
            name: before[name] + value if name == "losses" else max(before[name], value)
            for name, value in loss.items()
        }
    damage = {
        name: [found for one in verdicts for found in one.damage[name]]
        for name in verdicts[0].damage
    }
    return figures | {"by_loss": dict(sorted(losses.items()))}, damage | {
        "points_not_reached": unreached
    }


def main() -> int:
    return tell(*together([judge(Path(folder)) for folder in sys.argv[1:]]))


def tell(figures: dict[str, Any], damage: dict[str, list[Any]]) -> int:
    """Prints the verdict; 0 where nothing is damaged."""
    losses = figures["kills"]
    ok = bool(losses) and not any(damage.values())
    report = {
        "name": "verify crash", "ok": ok,
        "figures": {**figures, **{name: len(found) for name, found in damage.items()}},
        "goals": dict.fromkeys(damage, 0),
        "damage": {name: found[:20] for name, found in damage.items() if found},
        "at_most": f"0 double INVITEs in {losses} losses: below {3 / max(1, losses):.3f} a loss",
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
