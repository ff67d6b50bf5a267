"""Compares what the network witnessed with what the product wrote, and counts every difference.

    python check_demo.py DIR [--contacts 200] [--flow-wait 12] [--json]

DIR holds ledger.jsonl, facts.jsonl and operators.jsonl. A script that is run, not imported: it
takes nothing of the product, so that a mistake of the product's cannot hide itself here. Prints the
differences and, as its last line, one JSON object; exit 0 only when nothing differs and all goals
are met. The goals are those of 200 contacts (else: numbers.txt in DIR); a smaller run has fewer.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))  # `python -I` leaves it out

from demo_books import Attempt, Books, Json, Pair, read, seconds

CONNECT_LIMIT_S = 2.0
FLOW_WAIT_S = 12.0
HEARS_WITHIN_S = 0.5  # two windows of 100 ms, one round of the media clocks, and a busy machine
TOO_BRIEF_S = 0.6  # a sound shorter than this may pass unheard
HEARD_LONG_S = 4.0  # whoever heard an operator for so long has answered
KEY_HOLD_S = 0.2
STOP_WITHIN_S = 1.0
CALLBACK_GRACE_S = 60.0
SILENCE_LIMIT_S = 10.0

PEOPLE = {
    "answers_and_speaks", "presses_1", "presses_2", "presses_9", "presses_nothing",
    "hangs_up_mid_sentence", "challenge_401", "challenge_407",
}  # fmt: skip
HUMAN = {"answered_human", "abandoned"}
WHEN_REFUSED = {
    "busy": {"busy"},
    "rejects": {"rejected"},
    "unallocated": {"invalid_number"},
    "unreachable": {"unreachable"},
    "congested": {"congestion"},
    "never_answers": {"no_answer"},
}
GOALS = {
    "invites": 200,
    "kinds_five_times": 10,
    "answered": 60,
    "joined": 30,
    "abandoned": 3,
    "keys_1": 5,
    "keys_2": 5,
    "keys_9": 5,
    "redials": 20,
    "challenges": 2,
}
FULL_RUN = 200
Mismatch = dict[str, str]


def mismatch(what: str, where: str, detail: str = "") -> Mismatch:
    """Makes one line of the list of differences."""
    return {"what": what, "where": where, "detail": detail}


# ---- every INVITE has one attempt, and the reverse -----------------------------------------------


def check_counts(books: Books) -> Iterator[Mismatch]:
    for wire in books.loose_wires:
        yield mismatch("invite_without_attempt", wire.call_id, wire.number)
    for attempt, call_id in books.loose_attempts:
        yield mismatch("attempt_without_invite", attempt, call_id)
    for attempt, call_id in books.doubles:
        yield mismatch("attempt_with_two_calls", attempt, call_id)
    for line in books.second_calls:
        yield mismatch("called_while_on_the_line", line["call_id"], line["number"])
    for wire in books.wires.values():
        if len(wire.branches) > 1 + wire.challenges:
            yield mismatch("invited_twice", wire.call_id, " ".join(wire.branches))
        if books.box_ended and wire.call is None and not wire.finals:
            yield mismatch("left_open", wire.call_id, wire.number)
    for attempt in books.attempts.values():
        finals = len(attempt.by_kind.get("final", []))
        if finals != 1:
            yield mismatch("attempt_without_one_end", attempt.attempt, f"{finals} ends")


# ---- one call, both ends -------------------------------------------------------------------------


def check_answer(pair: Pair, call: Json) -> Iterator[Mismatch]:
    answered, told = call["answered_at"] is not None, pair.attempt.has("answered")
    if answered and call["confirmed_at"] is None and call["ended_by"] in ("no_ack", "box"):
        yield mismatch("answer_never_acknowledged", pair.wire.call_id)
    elif answered != told:
        yield mismatch("answered", pair.wire.call_id, f"network {answered}, facts {told}")
    bound = len(pair.attempt.by_kind.get("answered", []))
    if bound > 1:
        yield mismatch("answered_twice", pair.wire.call_id, str(bound))


def check_joined(pair: Pair, call: Json, flow_wait_s: float) -> Iterator[Mismatch]:
    """Joined is: the callee heard the operator, and not later than the fact claims."""
    bridged = pair.attempt.first("bridged")
    if bool(bridged) != call["joined"]:
        if not (bridged and lasted(pair.attempt, "bridged") < TOO_BRIEF_S):
            detail = f"callee {call['joined']}, facts {bool(bridged)}"
            yield mismatch("joined", pair.wire.call_id, detail)
        return
    if not bridged or not bridged["data"].get("within_limit", True):
        return
    if lasted(pair.attempt, "bridged") < TOO_BRIEF_S:
        return  # The operator was lost before being heard; whoever came later has no limit.
    pressed = [key["at_s"] for key in call["keys"] if key["key"] == "1"]
    if pressed:
        waited, limit = call["joined_s"] - pressed[-1], flow_wait_s + KEY_HOLD_S
    elif "offer" in call["prompts"]:
        return
    else:
        waited, limit = call["joined_s"], CONNECT_LIMIT_S
    if waited > limit + HEARS_WITHIN_S:
        yield mismatch("joined_late", pair.wire.call_id, f"{waited:.2f} s, limit {limit} s")


def lasted(attempt: Attempt, kind: str) -> float:
    """Returns seconds from the first fact of a kind to the end of what it began."""
    begun = attempt.first(kind)
    ends = [attempt.first(end) for end in ("agent_away", "unbridged", "ended", "final")]
    later = [
        seconds(end["at"]) - seconds(begun["at"])
        for end in ends
        if begun and end and seconds(end["at"]) >= seconds(begun["at"])
    ]
    return min(later, default=9999.0)


def check_abandoned(pair: Pair, call: Json) -> Iterator[Mismatch]:
    counted = pair.attempt.has("abandoned")
    if counted != call["abandoned"] and not unheard(pair.attempt, call, counted=counted):
        detail = f"callee {call['abandoned']}, facts {counted}, {pair.attempt.outcome}"
        yield mismatch("abandoned", pair.wire.call_id, detail)
    if counted != (pair.attempt.outcome == "abandoned"):
        yield mismatch("abandoned_outcome", pair.wire.call_id, pair.attempt.outcome)


def unheard(attempt: Attempt, call: Json, *, counted: bool) -> bool:
    """Tells whether the two differ only because something was over before it could be heard.

    Either the callee left as the safe-harbour message began, or the operator was lost right after
    the bridge: the product knows of a join, the callee of nobody.
    """
    if counted:
        return call["ended_by"] == "callee" and lasted(attempt, "abandoned") < TOO_BRIEF_S
    return attempt.has("agent_away") and lasted(attempt, "bridged") < TOO_BRIEF_S


def check_outcome(pair: Pair, call: Json) -> Iterator[Mismatch]:
    allowed = allowed_outcomes(pair.attempt, call)
    if pair.attempt.outcome not in allowed:
        detail = f"{call['acts_as']} {call['code']}: {pair.attempt.outcome or 'none'}"
        yield mismatch("outcome", pair.wire.call_id, f"{detail}, expected {sorted(allowed)}")


def allowed_outcomes(attempt: Attempt, call: Json) -> set[str]:
    """Returns the outcomes an honest product may give this callee's behaviour."""
    if call["answered_at"] is not None:
        return answered_outcomes(attempt, call)
    if call["ended_by"] == "cancelled" or call["code"] == 487:
        return {"no_answer", "cancelled_by_us"}
    if call["code"] == 480 and "cause=19" in call["reason"]:
        return {"no_answer"}
    if call["acts_as"] == "announcement":
        return {"invalid_number"} if call["code"] == 404 else {"unreachable"}
    if call["challenges"] and call["code"] in (401, 403, 407):
        return {"trunk_error"}
    return WHEN_REFUSED.get(call["acts_as"], {"unknown"})


def answered_outcomes(attempt: Attempt, call: Json) -> set[str]:
    crossed = call["ended_by"] == "caller" and call["ended_at"] - call["answered_at"] < 1.0
    late = {"cancelled_by_us", "no_answer"} if crossed else set[str]()
    if call["acts_as"] in PEOPLE:
        # Whoever leaves within the first second may not have been told from silence yet.
        brief = {"answered_silence"} if call["ended_by"] == "callee" and not call["keys"] else set()
        return HUMAN | late | brief
    right = {"voicemail": "answered_machine", "silent": "answered_silence"}[call["acts_as"]]
    judged = attempt.first("classified")
    if judged is None or judged["data"].get("answer_class") == "unknown":
        return HUMAN | late | {right}  # Nobody claimed to know.
    return {right, "abandoned"} | late | ({"answered_human"} if call["joined"] else set())


def check_keys(pair: Pair, call: Json) -> Iterator[Mismatch]:
    pressed = [key["key"] for key in call["keys"]]
    told = pair.attempt.digits
    if pressed == told:
        return
    # A key still held when the call ends never arrives whole.
    spoken = call["ended_at"] - (call["answered_at"] or call["ended_at"])
    held = bool(call["keys"]) and spoken - call["keys"][-1]["at_s"] < KEY_HOLD_S + 0.1
    if not (held and pressed[:-1] == told):
        yield mismatch("keys", pair.wire.call_id, f"pressed {pressed}, understood {told}")


def check_quiet(pair: Pair, call: Json) -> Iterator[Mismatch]:
    if call["acts_as"] in PEOPLE and call["quiet_s"] > SILENCE_LIMIT_S:
        yield mismatch("left_in_silence", pair.wire.call_id, f"{call['quiet_s']} s")


def check_ears(pair: Pair, call: Json, talks: list[Json], known: set[int]) -> Iterator[Mismatch]:
    """Who heard whom: no callee hears an operator of another call, nor the reverse."""
    heard = {int(one["hz"]) for one in call["operators"] if one["heard_s"] >= TOO_BRIEF_S}
    spoke = {int(talk["tone_hz"]) for talk in talks}
    for hz in sorted(heard & known - spoke):
        yield mismatch("heard_a_stranger", pair.wire.call_id, f"{hz} Hz is nobody on this call")
    for talk in talks:
        loud = [voice for voice in talk["voices"] if voice["heard_s"] >= TOO_BRIEF_S]
        wrong = [voice["hz"] for voice in loud if voice["hz"] != call["voice_hz"]]
        if wrong:
            detail = f"{talk['operator']} heard {wrong}, the callee speaks at {call['voice_hz']}"
            yield mismatch("operator_heard_a_stranger", pair.wire.call_id, detail)
    for operator in sorted({str(talk["operator"]) for talk in talks}):
        # Whoever lost their line and came back has several stretches of one talk: they count together.
        own = [talk for talk in talks if talk["operator"] == operator]
        loud = [v for talk in own for v in talk["voices"] if v["heard_s"] >= TOO_BRIEF_S]
        long = any(
            one["hz"] == own[0]["tone_hz"] and one["heard_s"] >= HEARD_LONG_S
            for one in call["operators"]
        )
        if long and not loud and call["acts_as"] in PEOPLE - {"hangs_up_mid_sentence"}:
            yield mismatch("operator_heard_nobody", pair.wire.call_id, operator)


# ---- promises ------------------------------------------------------------------------------------


def check_stops(books: Books) -> Iterator[Mismatch]:
    """Key 9: on the stop-list within a second, and never called again."""
    stopped: dict[str, float] = {}
    for pair in books.pairs:
        nine = next((line for line in pair.wire.presses if line["key"] == "9"), None)
        fact = pair.attempt.first("stop_listed")
        if nine is None:
            if fact is not None and str(fact["data"].get("key", "")) == "9":
                yield mismatch("stop_without_key", pair.wire.call_id)
            continue
        if fact is None:
            if "9" in pair.attempt.digits:
                yield mismatch("key_9_not_obeyed", pair.wire.call_id)
            continue
        took = seconds(fact["at"]) - seconds(nine["utc"])
        if took > STOP_WITHIN_S + KEY_HOLD_S:
            yield mismatch("stop_listed_late", pair.wire.call_id, f"{took:.2f} s")
        stopped[pair.wire.number] = min(
            seconds(fact["at"]), stopped.get(pair.wire.number, float("inf"))
        )
    for wire in books.wires.values():
        if wire.invited_at > stopped.get(wire.number, float("inf")):
            yield mismatch("called_after_key_9", wire.call_id, wire.number)


def check_callbacks(books: Books) -> tuple[list[Mismatch], Counter[str]]:
    """Key 2: a promise is written, and kept when its time comes."""
    found: list[Mismatch] = []
    counts: Counter[str] = Counter()
    dialled: dict[str, list[float]] = {}
    for pair in books.pairs:
        dialled.setdefault(str(pair.attempt.contact), []).append(pair.wire.invited_at)
    for pair in books.pairs:
        promise = pair.attempt.first("callback_promised")
        if promise is None:
            if "2" in pair.attempt.digits:
                found.append(mismatch("key_2_without_promise", pair.wire.call_id))
            continue
        counts["callbacks_promised"] += 1
        due = seconds(str(promise["data"]["due_at"]))
        later = [at for at in dialled[str(pair.attempt.contact)] if at > pair.wire.invited_at]
        if any(at < due - 1.0 for at in later):
            found.append(mismatch("called_before_promise", pair.wire.call_id))
        if any(due - 1.0 <= at <= due + CALLBACK_GRACE_S for at in later):
            counts["callbacks_kept"] += 1
        elif books.last_fact > due + CALLBACK_GRACE_S:
            found.append(mismatch("callback_broken", pair.wire.call_id, promise["data"]["due_at"]))
        else:
            counts["callbacks_pending"] += 1
    return found, counts


# ---- all together --------------------------------------------------------------------------------


def check(
    books: Books, flow_wait_s: float = FLOW_WAIT_S
) -> tuple[list[Mismatch], dict[str, float]]:
    """Runs every check; returns the differences and the figures."""
    found = list(check_counts(books))
    for pair in books.pairs:
        call = pair.wire.call
        if call is None:
            continue
        found += check_answer(pair, call)
        found += check_joined(pair, call, flow_wait_s)
        found += check_abandoned(pair, call)
        found += check_outcome(pair, call)
        found += check_keys(pair, call)
        found += check_quiet(pair, call)
        talks = books.talks.get(pair.attempt.attempt, [])
        found += check_ears(pair, call, talks, books.tones)
    found += check_stops(books)
    broken, promises = check_callbacks(books)
    found += broken
    return found, {**figures(books), **promises, "mismatches": len(found)}


def figures(books: Books) -> dict[str, float]:
    """Counts what happened; a figure both ends speak of counts only where they agree."""
    calls = [wire.call for wire in books.wires.values() if wire.call]
    both = [(pair.attempt, pair.wire.call) for pair in books.pairs if pair.wire.call]
    kinds = Counter(call["kind"] for call in calls)
    keys = Counter(
        key
        for attempt, call in both
        for key in {one["key"] for one in call["keys"]} & set(attempt.digits)
    )
    waits = sorted(call["joined_s"] for call in calls if call["joined"] and not call["keys"])
    redials = [pair for pair in books.pairs if is_redial(pair, books)]
    return {
        "invites": len(books.wires),
        "attempts": len(books.attempts),
        "kinds": len(kinds),
        "kinds_five_times": sum(count >= 5 for count in kinds.values()),
        "answered": sum(c["answered_at"] is not None and a.has("answered") for a, c in both),
        "joined": sum(call["joined"] and attempt.has("bridged") for attempt, call in both),
        "abandoned": sum(c["abandoned"] and a.has("abandoned") for a, c in both),
        "keys_1": keys["1"],
        "keys_2": keys["2"],
        "keys_9": keys["9"],
        "redials": len(redials),
        "challenges": sum(
            wire.challenges > 0 and 200 in wire.finals for wire in books.wires.values()
        ),
        "operator_talks": sum(len(talks) for talks in books.talks.values()),
        "longest_quiet_s": max((c["quiet_s"] for c in calls if c["acts_as"] in PEOPLE), default=0),
        "join_wait_max_s": waits[-1] if waits else 0.0,
        "joins_late_by_own_account": sum(late_by_own_account(attempt) for attempt, _ in both),
        "bridges_too_brief_to_hear": sum(
            attempt.has("bridged") and lasted(attempt, "bridged") < TOO_BRIEF_S
            for attempt, _ in both
        ),
        "machines_unsure": sum(
            call["acts_as"] == "voicemail" and attempt.outcome == "answered_human"
            for attempt, call in both
        ),
        "rtp_lost": sum(call.get("rtp_lost", 0) for call in calls),
        "rtp_received": sum(call.get("rtp_received", 0) for call in calls),
    }


def late_by_own_account(attempt: Attempt) -> bool:
    """Tells whether the product itself wrote that the operator came after the limit."""
    bridged = attempt.first("bridged")
    return bridged is not None and not bridged["data"].get("within_limit", True)


def is_redial(pair: Pair, books: Books) -> bool:
    """Tells whether an earlier attempt at the contact failed and nobody was promised this one."""
    earlier = [
        other.attempt
        for other in books.pairs
        if other.attempt.contact == pair.attempt.contact
        and other.wire.invited_at < pair.wire.invited_at
    ]
    return bool(earlier) and not any(attempt.has("callback_promised") for attempt in earlier)


def goals_for(contacts: int) -> dict[str, float]:
    """Scales the goals of a full run down to fewer contacts; kinds only count in a full run."""
    if contacts >= FULL_RUN:
        return {name: float(goal) for name, goal in GOALS.items()} | {"mismatches": 0.0}
    return {"invites": float(contacts), "mismatches": 0.0}


def verdict(books: Books, contacts: int, flow_wait_s: float = FLOW_WAIT_S) -> Json:
    """Returns the JSON object of the last line."""
    found, counted = check(books, flow_wait_s)
    goals = goals_for(contacts)
    missed = [name for name, goal in goals.items() if name != "mismatches" and counted[name] < goal]
    return {
        "name": "demo",
        "ok": not found and not missed,
        "figures": counted,
        "goals": goals,
        "missed": missed,
        "kinds": count_kinds(books),
        "differences": found,
    }


def count_kinds(books: Books) -> dict[str, int]:
    """Counts calls by the kind of callee."""
    calls: Iterable[Json] = (wire.call for wire in books.wires.values() if wire.call)
    return dict(sorted(Counter(call["kind"] for call in calls).items()))


def listed(folder: Path) -> int:
    """Counts the numbers that were to be called; a full run where nobody wrote them down."""
    path = folder / "numbers.txt"
    return len(path.read_text(encoding="utf-8").split()) if path.exists() else FULL_RUN


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contacts", type=int, default=0, help="size of the list that was called")
    parser.add_argument("--flow-wait", type=float, default=FLOW_WAIT_S, help="seconds after key 1")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(words)
    contacts = options.contacts or listed(options.folder)
    result = verdict(read(options.folder), contacts, options.flow_wait)
    if not options.json:
        for one in result["differences"]:
            print(f"{one['what']}: {one['where']} {one['detail']}".rstrip())
        for name, value in result["figures"].items():
            print(f"{name:20} {value}")
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
