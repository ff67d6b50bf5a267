"""Recomputes every key figure from raw material alone. Imports nothing of Vyzov.

Usage: check_figures.py DIR. For each run (a folder with `facts.jsonl`, `book.json` and what the product
says, `kpis.json`, a list of reports) it works out numerators and denominators by the definitions in
docs/reference/key-figures.md and compares whole numbers. Where there is a `ledger.jsonl` by the far side,
lost calls are counted from that as well. Prints one JSON object; `ok` asks for no difference at all.
"""

import json
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from figures_facts import DAY, HALF, PERSON, WORK, ZERO, Row, Run, gap, ms, up

# ---- one report


class Report:
    """The figures of a span, for one campaign or agent or all."""

    def __init__(self, run: Run, asked: Row) -> None:
        self.run = run
        self.campaign, self.agent = asked["campaign"], asked["agent"]

    def mine(self, rows: list[Row], since: int, until: int, at: str = "at") -> list[Row]:
        first, last = since // HALF, until // HALF
        return [
            row
            for row in rows
            if first <= row[at] // HALF < last
            and self.campaign in (None, row["campaign"])
            and self.agent in (None, row.get("agent", ""))
        ]

    def time(self, since: int, until: int) -> dict[tuple[str, str], int]:
        """Milliseconds by agent and state that lie in the span."""
        found: Counter[tuple[str, str]] = Counter()
        for span in self.run.spans:
            if self.campaign in (None, span["campaign"]) and self.agent in (None, span["agent"]):
                within = min(until, span["at"] + span["ms"]) - max(since, span["at"])
                if within > 0:
                    found[span["agent"], span["state"]] += within
        return dict(found)

    def figures(self, since: int, until: int) -> dict[str, tuple[int, int] | None]:
        found: dict[str, tuple[int, int] | None] = {}
        found |= self.of_people(since, until)
        found |= self.of_calls(since, until)
        found |= self.of_money(since, until)
        windows = {
            "days_30": until - 30 * DAY, "day": (until - 1) // DAY * DAY, "half_hour": until - HALF,
        }  # fmt: skip
        for name, first in windows.items():
            for rule, pair in self.lost(first, until).items():
                found[f"abandoned_{rule}_{name}"] = pair
        return found

    def of_people(self, since: int, until: int) -> dict[str, tuple[int, int] | None]:
        time = self.time(since, until)
        work = sum(n for (_, state), n in time.items() if state in WORK)
        ready = sum(n for (_, state), n in time.items() if state == "ready")
        whole = sum(time.values())
        paid, planned = self.paid(since, until)
        handled = [a for a in self.mine(self.run.attempts, since, until) if "bridged" in a]
        rows = [{**one, "campaign": one["for"]} for one in self.run.spans]
        waits = [
            one["ms"]
            for one in self.mine(rows, since, until)
            if one["state"] == "ready" and one["then"] in ("reserved", "talking")
        ]
        calls = self.mine(self.run.attempts, since, until)
        success = sum((a.get("result") or {}).get("group") == "success" for a in calls)
        team: dict[str, tuple[int, int] | None] = {
            "occupancy": (work, work + ready),
            "utilisation": (work + ready, paid),
            "shrinkage": (paid - work - ready, paid),
            "plan_kept": (whole, planned),
            "dials_per_hour": (len(calls), whole),
            "contacts_per_hour": (sum(a["reached"] for a in calls), whole),
            "results_per_hour": (success, whole),
            "revenue_per_hour": (self.revenue(since, until), whole),
        }
        if self.campaign is not None:
            team = dict.fromkeys(team)
        return team | {
            "handling_time": (work, len(handled)),
            "idle": (sum(waits), len(waits)),
            "idle_p95": p95(waits, 1000, 3600),
        }

    def of_calls(self, since: int, until: int) -> dict[str, tuple[int, int] | None]:
        run = self.run
        calls, ever = self.mine(run.attempts, since, until), self.mine(run.attempts, 0, until)
        loaded = sum(
            row["data"]["contacts"] - (row["data"].get("gone") or 0)
            for row in run.loaded
            if ms(row["at"]) // HALF < until // HALF
            and self.campaign in (None, row["campaign"]) and self.agent is None
        )  # fmt: skip
        closed = len(self.mine([{**one, "agent": ""} for one in run.closings], since, until))
        closed_ever = len(self.mine([{**one, "agent": ""} for one in run.closings], 0, until))
        due = self.mine([{**one, "agent": ""} for one in run.promises], since, until, "due")
        answered = sum("answered" in a for a in calls)
        reached = sum(a["reached"] for a in calls)
        results = [a for a in calls if a.get("result")]
        people = [a for a in results if of_person(a)]
        right = sum(a["result"]["result"] != "wrong_person" for a in people)
        won = sum(a["result"].get("group") == "success" for a in results)
        won_ever = sum((a.get("result") or {}).get("group") == "success" for a in ever)
        joined = [a for a in calls if "bridged" in a]
        rings = [gap(a["rang"], a["bridged"]) for a in joined if "rang" in a]
        waits = [gap(a["answered"], a["bridged"]) for a in joined if "answered" in a]
        return {
            "answer_rate": (answered, len(calls)),
            "contact_rate": (reached, len(calls)),
            "reach": (sum(a.get("first_reached", False) for a in ever),
                      sum(a.get("first", False) for a in ever)),
            "right_party": (right, reached),
            "right_party_of_attempts": (right, len(calls)),
            "conversion": (won, right),
            "conversion_of_reached": (won, reached),
            "conversion_of_list": (won_ever, loaded),
            "penetration": (sum(a.get("first", False) for a in ever), loaded),
            "completion": (closed_ever, loaded),
            "attempts_per_closed": (len(calls), closed),
            "calls_per_closed": (answered, closed),
            "machine_wrong": (sum(a.get("machine", False) for a in people), len(people)),
            "callbacks_kept": (sum(one["kept"] for one in due), len(due)),
            "ring_to_connect": (sum(rings), len(rings)),
            "ring_to_connect_p95": p95(rings, 100, 6000),
            "answer_to_agent": (sum(waits), len(waits)),
            "answer_to_agent_p95": p95(waits, 100, 6000),
        }  # fmt: skip

    def lost(self, since: int, until: int) -> dict[str, tuple[int, int]]:
        calls = self.mine(self.run.attempts, since, until)
        gone = [a for a in calls if a.get("abandoned")]
        late = [a for a in calls if a.get("late") and a["live"] and not a.get("abandoned")]
        live = sum(a["live"] for a in calls)
        passed = [a for a in calls if a["live"] and "bridged" in a and not a.get("abandoned")]
        wrong = sum(a.get("machine", False) for a in calls if a.get("result") and of_person(a))
        own = len(gone)
        for first, last, prices in self.stretches(since, until):
            rule = prices.get("own_rule", {})
            if rule.get("late", True):
                own += len([a for a in late if first // HALF <= a["at"] // HALF < last // HALF])
            if rule.get("gave_up", True):
                within = self.mine(self.run.attempts, first, last)
                own += sum(a["gave_up"] for a in within)
        return {
            "us": (len(gone) + len(late), live),
            "uk": (len(gone) + wrong, len(gone) + len(passed)),
            "own": (own, live),
        }

    # ---- money

    def stretches(self, since: int, until: int) -> list[tuple[int, int, Row]]:
        points: list[tuple[int, Row]] = [(-1, {}), *self.run.versions]
        ends = [at for at, _ in points[1:]] + [until]
        cut = [
            (max(since, at), min(until, end), prices)
            for (at, prices), end in zip(points, ends, strict=True)
        ]
        return [one for one in cut if one[0] < one[1]]

    def shifts(self, since: int, until: int) -> list[Row]:
        return [
            one
            for one in self.run.book.get("shifts", [])
            if since <= ms(one["starts_at"]) < until and self.agent in (None, one["agent"])
        ]

    def paid(self, since: int, until: int) -> tuple[int, int]:
        paid = planned = 0
        for one in self.shifts(since, until):
            whole = max(0, shift_ms(one))
            paid += whole
            planned += max(0, whole - one.get("paid_break_s", 0) * 1000)
        return paid, planned

    def revenue(self, since: int, until: int) -> int:
        brought = 0
        for first, last, prices in self.stretches(since, until):
            for one in self.mine(self.run.attempts, first, last):
                if one.get("result"):
                    code = one["result"]["result"]
                    own = prices.get("revenue_of", {}).get(one["campaign"], {})
                    brought += own.get(code, prices.get("revenue", {}).get(code, 0))
        return brought

    def cost(self, since: int, until: int) -> int:
        """In minor units times the milliseconds of a day."""
        cost = 0
        planned = {
            one["agent"]
            for one in self.run.book.get("shifts", [])
            if ms(one["starts_at"]) < until and ms(one["ends_at"]) > since
        }
        for first, last, prices in self.stretches(since, until):
            cost += self.labour(first, last, prices, planned)
            for one in self.mine(self.run.attempts, first, last):
                trunk = prices.get("trunks", {}).get(one["trunk"])
                if trunk is None:
                    continue
                cost += trunk["per_attempt"] * DAY
                if "answered" in one and "ended" in one:
                    billed = up(gap(one["answered"], one["ended"]), trunk["step_s"] * 1000)
                    cost += trunk["per_minute"] * billed * 1440
            if self.agent is None:
                entered = sum(
                    row["data"]["contacts"] - (row["data"].get("gone") or 0)
                    for row in self.run.loaded
                    if first // HALF <= ms(row["at"]) // HALF < last // HALF
                    and self.campaign in (None, row["campaign"])
                )
                cost += prices.get("per_contact", 0) * entered * DAY
            if self.agent is None and self.campaign is None:
                daily = prices.get("other_per_day", 0)
                daily += sum(t["rental_per_day"] for t in prices.get("trunks", {}).values())
                cost += daily * (last - first)
        return cost

    def labour(self, first: int, last: int, prices: Row, planned: set[str]) -> int:
        worked: Counter[str] = Counter()
        for (agent, state), spent in self.time(first, last).items():
            if self.campaign is not None:
                worked[agent] += spent if state in WORK else 0
            elif agent not in planned:
                worked[agent] += spent
        if self.campaign is None:
            for one in self.shifts(first, last):
                worked[one["agent"]] += max(0, shift_ms(one))
        rates, usual = prices.get("labour_of", {}), prices.get("labour_per_hour", 0)
        return sum(rates.get(agent, usual) * spent * 24 for agent, spent in worked.items())

    def of_money(self, since: int, until: int) -> dict[str, tuple[int, int] | None]:
        calls = self.mine(self.run.attempts, since, until)
        cost, brought = self.cost(since, until), self.revenue(since, until)
        won = sum((a.get("result") or {}).get("group") == "success" for a in calls)
        return {
            "revenue": (brought, 1),
            "revenue_per_attempt": (brought, len(calls)),
            "cost": (cost, DAY),
            "cost_per_attempt": (cost, len(calls) * DAY),
            "cost_per_contact": (cost, sum(a["reached"] for a in calls) * DAY),
            "cost_per_client": (cost, won * DAY),
            "roi": (brought * DAY - cost, cost),
        }


def shift_ms(one: Row) -> int:
    return ms(one["ends_at"]) - ms(one["starts_at"]) - one.get("unpaid_break_s", 0) * 1000


def of_person(attempt: Row) -> bool:
    return attempt["result"].get("by") == "agent" and attempt["result"].get("group") in PERSON


def p95(values: list[int], step: int, most: int) -> tuple[int, int]:
    """The upper edge of the step that the 95th of 100 lies in."""
    if not values:
        return 0, 0
    edges = sorted(min(value // step, most) for value in values)
    place = -(-95 * len(edges) // 100) - 1
    return (edges[place] + 1) * step, 1


# ---- comparing


def compare(run: Run, told: Row) -> list[str]:
    """Differences between one report of the product and the raw material, in words."""
    report = Report(run, told)
    since, until = ms(told["from"]), ms(told["to"])
    own, wrong = report.figures(since, until), []
    whom = told["campaign"] or told["agent"] or "all"
    named = {one["id"]: one for one in told["figures"]}
    if set(own) != set(named):
        wrong.append(f"{whom}: figures {sorted(set(own) ^ set(named))} are on one side only")
    for name in sorted(set(own) & set(named)):
        said = named[name]["numerator"], named[name]["denominator"]
        if (own[name] or (None, None)) != said:
            wrong.append(f"{whom}: {name} is {own[name]}, the product says {said}")
    time: dict[str, dict[str, int]] = {}
    for (agent, state), spent in report.time(since, until).items():
        time.setdefault(agent, {})[state] = spent
    if time != {one["agent"]: one["states"] for one in told["agents"]}:
        wrong.append(f"{whom}: agents' time differs")
    wrong += [
        f"{whom}: the states of {one['agent']} are not the time signed in"
        for one in told["agents"]
        if sum(one["states"].values()) != one["signed_in_ms"]
    ]
    calls = report.mine(run.attempts, since, until)
    tries = Counter(min(a["number"], 20) for a in calls)
    first = Counter(min(a["number"], 20) for a in calls if a.get("first_reached"))
    curve = [{"place": n, "numerator": first[n], "denominator": tries[n]} for n in sorted(tries)]
    if curve != told["attempts"]:
        wrong.append(f"{whom}: the curve of attempts differs")
    asked, met = Counter(map(hour, calls)), Counter(hour(a) for a in calls if a["reached"])
    hours = [{"place": n, "numerator": met[n], "denominator": asked[n]} for n in sorted(asked)]
    if hours != told["hours"]:
        wrong.append(f"{whom}: the hours of the week differ")
    return wrong


def hour(attempt: Row) -> int:
    at = ZERO + timedelta(milliseconds=attempt["at"])
    return at.weekday() * 24 + at.hour


def whole_time(run: Run) -> list[str]:
    """Over the whole run: an agent's states add up to the time between sign-in and sign-out."""
    spent: Counter[str] = Counter()
    for span in run.spans:
        spent[span["agent"]] += span["ms"]
    return [
        f"the states of {agent} add up to {spent[agent]} ms, signed in were {whole} ms"
        for agent, whole in run.signed_in.items()
        if spent[agent] != whole
    ]


def by_ledger(run: Run, folder: Path) -> tuple[int, int, list[str]]:
    """Lost and live calls as the far side saw them, and where the facts say otherwise."""
    path = folder / "ledger.jsonl"
    if not path.exists():
        return 0, 0, []
    seen = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    facts = {one["call_id"]: one for one in run.attempts}
    wrong, lost, live = [], 0, 0
    for call in (row for row in seen if row["rec"] == "call" and row.get("judged", True)):
        attempt = facts.get(call["call_id"])
        if attempt is None:
            if call.get("answered_at") is not None:
                wrong.append(f"{call['call_id']} was answered and is in no fact")
            continue
        counted = bool(attempt.get("abandoned") or (attempt.get("late") and attempt["live"]))
        ledger_live, ledger_lost = judged(call, attempt)
        live += ledger_live
        lost += ledger_lost
        if (ledger_lost, ledger_live) != (counted, attempt["live"]):
            wrong.append(
                f"{call['call_id']}: the far side says lost {ledger_lost}, live {ledger_live}; the"
                f" facts lost {counted}, live {attempt['live']}: {call}"
            )
    return lost, live, wrong


def judged(call: Row, attempt: Row) -> tuple[bool, bool]:
    """Whether a person answered, and whether nobody took them within the limit."""
    if "limit_s" not in call:
        # The network in a box says itself whom it takes for lost; lateness its ears cannot tell
        # to the tenth of a second, so that is taken from the facts.
        lost = call["abandoned"]
        late = bool(not lost and attempt.get("late") and attempt["live"])
        return attempt["live"] or lost, lost or late
    if call["answered_at"] is None or call["unknown"]:
        return False, False
    waited = (call["joined_at"] or call["ended_at"]) - call["answered_at"]
    in_time = round(waited * 10**6) <= round(call["limit_s"] * 10**6)
    if call["crossed"]:
        return (not in_time, not in_time) if call["joined_at"] is None else (True, not in_time)
    gave_up = call["joined_at"] is None and call["ended_by"] == "far" and in_time
    return True, not gave_up and not (in_time and call["joined_at"] is not None)


def main() -> int:
    folders = sorted(path.parent for path in Path(sys.argv[1]).rglob("kpis.json"))
    wrong: dict[str, list[str]] = {}
    figures: Counter[str] = Counter()
    for folder in folders:
        run = Run(folder)
        found = whole_time(run)
        for told in json.loads((folder / "kpis.json").read_text(encoding="utf-8")):
            found += compare(run, told)
            figures["reports"] += 1
            figures["figures_compared"] += len(told["figures"])
        lost, live, unlike = by_ledger(run, folder)
        figures["ledger_lost"] += lost
        figures["ledger_live"] += live
        figures["attempts"] += len(run.attempts)
        figures["lost"] += sum(bool(a.get("abandoned")) for a in run.attempts)
        figures["late"] += sum(bool(a.get("late")) for a in run.attempts)
        figures["agent_spans"] += len(run.spans)
        found += unlike
        if found:
            wrong[str(folder)] = found[:20]
    ok = bool(folders) and not wrong
    told = {"name": "check figures", "ok": ok, "runs": len(folders), "figures": dict(figures)}
    print(json.dumps({**told, "differences": wrong}, ensure_ascii=False))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
