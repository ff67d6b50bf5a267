"""Works out the figures of `bench sip` from what DIR holds; imports nothing of Vyzov.

A call counts where three books agree: the caller's own (`calls.csv`), the log of SIPp's script at the
carrier, and SIPp's message counts. Every attempt must have sent one INVITE, been answered once and
ended; `ok` says that, and that the product placed at least 100 calls a second, and that its engine
worked at most half as long per call as Asterisk did (where Asterisk took part).
"""

import csv
import json
import sys
from collections import Counter
from pathlib import Path

PATHS = ("product", "asterisk", "stack", "sipp")
PRODUCT = ("engine", "floor", "web", "supervisor")
CALLS_PER_S_MIN = 100.0
"""What the product must place in a second, every call reserved first."""
ENGINE_SHARE_MAX = 0.5
"""What an answered call may cost our engine, as a share of what it costs Asterisk."""
FAULTS = (
    "calls_missing", "not_invited", "not_an_attempt", "invited_twice", "not_answered_once", "lost",
    "failed", "stray_messages",
)  # fmt: skip


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def last(path: Path) -> dict[str, str]:
    """The last row of a table of SIPp's: what it counted in all."""
    rows = table(path, ";")
    return rows[-1] if rows else {}


class Log:
    """What the carrier's script wrote down of each call, with the carrier's clock."""

    def __init__(self, path: Path) -> None:
        self.seen: dict[str, Counter[str]] = {
            "invite": Counter(),
            "ack": Counter(),
            "bye": Counter(),
        }
        self.first: dict[tuple[str, str], float] = {}
        for line in path.read_text(encoding="ascii").splitlines():
            what, at, call_id = line.split(",", 2)
            self.seen[what][call_id] += 1
            self.first.setdefault((what, call_id), float(at.split("\t")[-1]))

    def span_s(self) -> float:
        """From the first INVITE to the last BYE."""
        return max(self.first.values()) - min(self.first.values()) if self.first else 0.0

    def calls_per_s(self) -> float:
        span = self.span_s()
        return len(self.seen["bye"]) / span if span else 0.0

    def busiest_per_s(self) -> int:
        """The most INVITEs that came within one second of the carrier's clock."""
        seconds = Counter(int(at) for (what, _), at in self.first.items() if what == "invite")
        return max(seconds.values(), default=0)


def messages(counts: dict[str, str], suffix: str, *methods: str) -> int:
    """Adds up SIPp's counts of these messages: columns such as `0_INVITE_Recv`."""
    wanted = {f"{method}_{suffix}" for method in methods}
    return sum(int(v) for k, v in counts.items() if k and v and k.partition("_")[2] in wanted)


def judge(folder: Path, path: str, rows: list[dict[str, str]], count: int) -> dict[str, float]:
    """Figures of one path, named without it."""
    log = Log(folder / path / "carrier.log")
    counts = last(folder / path / "carrier.counts.csv")
    stat = last(folder / path / "carrier.stat.csv")
    attempts = {row["call_id"] for row in rows}
    invited = log.seen["invite"]
    answered_once = {row["call_id"] for row in rows if row["answers"] == "1"}
    ended = {row["call_id"] for row in rows if row["outcome"] == "ended"}
    return {
        "calls": len(rows),
        "invites": messages(counts, "Recv", "INVITE"),
        "calls_per_s": round(log.calls_per_s(), 1),
        "busiest_second_calls": log.busiest_per_s(),
        "retransmissions_of_caller": messages(counts, "Retrans", "INVITE", "ACK", "BYE"),
        "retransmissions_of_carrier": messages(counts, "Retrans", "180", "200"),
        "calls_missing": abs(count - len(attempts)) + len(rows) - len(attempts),
        "not_invited": len(attempts - set(invited)),
        "not_an_attempt": len(set(invited) - attempts),
        "invited_twice": abs(messages(counts, "Recv", "INVITE") - len(attempts))
        + sum(1 for times in invited.values() if times != 1),
        "not_answered_once": len(attempts - answered_once)
        + sum(1 for call in attempts if log.seen["ack"][call] != 1),
        "lost": len(attempts - ended) + sum(1 for c in attempts if log.seen["bye"][c] != 1),
        "failed": int(stat.get("FailedCall(C)") or -1),
        "stray_messages": messages(counts, "Unexp", "INVITE", "ACK", "BYE")
        + int(stat.get("OutOfCallMsgs(C)") or 0),
    }


def cost(processes: list[dict[str, str]], path: str, calls: int) -> dict[str, float]:
    """Milliseconds of processor per call for each process, and what others took meanwhile."""
    spent = {row["process"]: row for row in processes if row["path"] == path}
    each = {name: float(row["cpu_s"]) for name, row in spent.items() if name != "machine"}
    if not each or not calls:
        return {}
    calling = [seconds for name, seconds in each.items() if name != "carrier"]
    wall = float(spent["machine"]["wall_s"])
    others = float(spent["machine"]["cpu_s"]) - sum(each.values())
    found = {f"{name}_cpu_ms": round(s * 1000 / calls, 3) for name, s in sorted(each.items())}
    controllers = sum(calling) - each.get("engine", 0.0)
    return {
        **found,
        "controllers_cpu_ms": round(controllers * 1000 / calls, 3),
        "cpu_ms_per_call": round(sum(calling) * 1000 / calls, 3),
        "others_cpu_share": round(max(0.0, others) / wall, 2),
    }


def same_attempts(folder: Path, rows: list[dict[str, str]]) -> bool:
    """Whether `calls.csv` says of the product what its facts say."""
    told = {row["call_id"] for row in rows if row["path"] == "product"}
    facts = (folder / "product" / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    known = {
        fact["data"]["call_id"]
        for fact in map(json.loads, facts)
        if fact["kind"] == "attempt_reserved"
    }
    return told == known


def main() -> int:
    folder = Path(sys.argv[1])
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    rows, processes = table(folder / "calls.csv"), table(folder / "processes.csv")
    figures: dict[str, float] = {"lines": told["lines"], "ring_ms": told["ring_ms"]}
    ok = same_attempts(folder, rows)
    missed: dict[str, float] = {}
    paths = [path for path in PATHS if (folder / path).is_dir()]
    for path in paths:
        own = [row for row in rows if row["path"] == path]
        found = judge(folder, path, own, told["count"])
        found |= cost(processes, path, len(own))
        missed |= {f"{path}_{name}": found[name] for name in FAULTS if found[name]}
        figures |= {f"{path}_{name}": value for name, value in found.items()}
    for over in ("stack", "sipp"):
        for what in ("cpu_ms_per_call", "calls_per_s"):
            base = figures.get(f"{over}_{what}")
            if base:
                ratio = figures.get(f"product_{what}", 0.0) / base
                figures[f"ratio_{what}_product_to_{over}"] = round(ratio, 3)
    if figures.get("sipp_cpu_ms_per_call"):
        ratio = figures["stack_cpu_ms_per_call"] / figures["sipp_cpu_ms_per_call"]
        figures["ratio_cpu_ms_per_call_stack_to_sipp"] = round(ratio, 3)
    goals: dict[str, float] = {f"{path}_{name}": 0 for path in paths for name in FAULTS}
    goals["product_calls_per_s"] = CALLS_PER_S_MIN
    if figures["product_calls_per_s"] < CALLS_PER_S_MIN:
        missed["product_calls_per_s"] = figures["product_calls_per_s"]
    if figures.get("asterisk_engine_cpu_ms"):
        share = figures["product_engine_cpu_ms"] / figures["asterisk_engine_cpu_ms"]
        figures["ratio_engine_cpu_ms_product_to_asterisk"] = round(share, 3)
        goals["ratio_engine_cpu_ms_product_to_asterisk"] = ENGINE_SHARE_MAX
        if share > ENGINE_SHARE_MAX:
            missed["ratio_engine_cpu_ms_product_to_asterisk"] = round(share, 3)
    ok = ok and not missed
    report = {"name": "sip", "ok": ok, "figures": figures, "goals": goals, "missed": missed}
    print(json.dumps(report))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
