"""Judges a run of SIPp scenarios from SIPp's own message logs and from what the floor was told.

Imports nothing of Vyzov. Rules that hold for every call are worked out here; a case's own
expectations (counts, outcome, evidence) stand in `run.json`. Under bad weather the counts do not
hold, the rules do. `python check_sipp.py DIR` prints one JSON object; exit 0 only without faults.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

HEAD = re.compile(
    r"^-{5,} .*?\n\w+ message (sent|received) [(\[](\d+)[)\]]? bytes\)? ?:\n\n", re.MULTILINE
)
PASSWORD = "open sesame"
COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
}
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
COUNTED = ("CANCEL", "BYE", "PRACK", "UPDATE", "OPTIONS", "REFER", "NOTIFY", "INFO", "MESSAGE")
STORM = 500
"""No call needs that many messages."""
LAST = ("Ended", "Failed", "Refused")


@dataclass(frozen=True)
class Said:
    """One message as SIPp saw it: `sent` by the callee, or received from us."""

    sent: bool
    text: str

    @property
    def start(self) -> str:
        return self.text.split("\n", 1)[0].rstrip("\r")

    @property
    def method(self) -> str:
        return "" if self.start.startswith("SIP/") else self.start.split(" ", 1)[0]

    @property
    def code(self) -> int:
        found = re.match(r"SIP/2\.0 (\d{3})", self.start)
        return int(found[1]) if found else 0

    @cached_property
    def headers(self) -> dict[str, list[str]]:
        """The values of every header by its long name in small letters; folded lines are joined."""
        head = re.sub(r"\r?\n[ \t]+", " ", re.split(r"\r?\n\r?\n", self.text, maxsplit=1)[0])
        found: dict[str, list[str]] = {}
        for line in head.split("\n")[1:]:
            title, _, value = line.partition(":")
            title = title.strip().lower()
            found.setdefault(COMPACT.get(title, title), []).append(value.strip())
        return found

    def all(self, name: str) -> list[str]:
        return self.headers.get(name.lower(), [])

    def header(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def branch(self) -> str:
        found = re.search(r"branch\s*=\s*([^;,\s]+)", self.header("Via"), re.IGNORECASE)
        return found[1] if found else ""

    @property
    def cseq(self) -> tuple[int, str]:
        number, _, method = self.header("CSeq").strip().partition(" ")
        return (int(number) if number.isdecimal() else -1, method.strip())

    @property
    def to_tag(self) -> str:
        found = re.search(r";\s*tag\s*=\s*([^;,\s]+)", self.header("To"), re.IGNORECASE)
        return found[1] if found else ""


def messages(log: Path) -> list[Said]:
    """All messages of a SIPp message log, in order."""
    if not log.exists():
        return []
    text = log.read_bytes().decode("latin-1")
    found: list[Said] = []
    at = 0
    while head := HEAD.search(text, at):
        at = head.end() + int(head[2])
        found.append(Said(head[1] == "sent", text[head.end() : at]))
    return found


class Call:
    """One case: what SIPp saw, what the floor heard, and what is wrong with either."""

    def __init__(self, row: dict[str, Any], said: list[Said], events: list[dict[str, Any]]) -> None:
        self.row = row
        self.expect: dict[str, Any] = row["expect"]
        self.said = said
        self.events = events

    def ours(self, method: str) -> list[Said]:
        return [m for m in self.said if not m.sent and m.method == method]

    def heard(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def finals(self) -> list[Said]:
        """Final responses of the callee to our INVITEs, repetitions included."""
        return [m for m in self.said if m.sent and m.code >= 200 and m.cseq[1] == "INVITE"]

    # ---- rules that hold in any weather

    def always(self) -> Iterator[str]:
        """What must be true of every call, whatever is lost on the way."""
        if len(self.said) > STORM:
            yield f"a storm of {len(self.said)} messages"
            return
        answered = len(self.heard("Answered"))
        last = [event for event in self.events if event["event"] in LAST]
        if len(last) != 1:
            yield f"{len(last)} last events: {[e['event'] for e in last]}"
        if answered > 1:
            yield f"{answered} answered events"
        if self.row["living"] or not self.row["over"]:
            yield "the line is not free afterwards"
        if [e["seq"] for e in self.events] != list(range(1, len(self.events) + 1)):
            yield "events are missing or out of order"
        if answered and not any(200 <= m.code < 300 for m in self.finals()):
            yield "answered, but the callee never answered"
        ended = self.heard("Ended")
        if bool(ended) != bool(answered):
            yield f"{answered} answered and {len(ended)} ended events"
        for event in self.heard("Failed"):
            codes = {m.code for m in self.finals()}
            if event["code"] and event["code"] not in codes and not self.expect.get("own_code"):
                yield f"failed with {event['code']}, but the callee said {sorted(codes)}"
        yield from self._dialogs(answered=answered > 0)
        yield from self._transactions()

    def _dialogs(self, *, answered: bool) -> Iterator[str]:
        """Every answer we acknowledged was told, or released; each of them is hung up on once."""
        acked = {m.to_tag for m in self.ours("ACK") if m.branch not in self._invite_branches()}
        if acked and not answered and not self.ours("BYE"):
            yield "an answer was acknowledged, and neither told nor released"
        theirs = any(m.sent and m.method == "BYE" for m in self.said)
        for tag in acked - {m.to_tag for m in self.ours("BYE")}:
            if not theirs:
                yield f"nobody hung up in the dialog {tag}"

    def _invite_branches(self) -> set[str]:
        return {m.branch for m in self.ours("INVITE")}

    def _transactions(self) -> Iterator[str]:
        invites = self.ours("INVITE")
        first = {m.branch for m in invites if not m.to_tag}
        for branch in first:
            if len({(m.cseq, m.start, m.text) for m in invites if m.branch == branch}) != 1:
                yield "a repeated INVITE differs from the first"
        if len({m.header("Call-ID") for m in invites}) > 1:
            yield "one call has several Call-IDs"
        for cancel in self.ours("CANCEL"):
            if cancel.branch not in first or cancel.to_tag:
                yield "a CANCEL is not in its INVITE's transaction"
        for ack in self.ours("ACK"):
            final = [m for m in self.finals() if m.cseq[0] == ack.cseq[0]]
            refused = [m for m in final if m.code >= 300 and m.branch == ack.branch]
            if ack.branch in {m.branch for m in invites} and not refused:
                yield "the ACK of an answer is not a transaction of its own"
        byes: dict[str, set[str]] = {}
        for bye in self.ours("BYE"):
            byes.setdefault(bye.to_tag, set()).add(bye.branch)
        challenged = sum(m.code in (401, 407) and m.cseq[1] == "BYE" for m in self.said if m.sent)
        for tag, branches in byes.items():
            if len(branches) > 1 + challenged:
                yield f"{len(branches)} BYE transactions in the dialog {tag}"
        if not self._rang_before_cancel():
            yield "CANCEL before any provisional response"

    def _rang_before_cancel(self) -> bool:
        for m in self.said:
            if m.sent and 100 <= m.code < 200:
                return True
            if not m.sent and m.method == "CANCEL":
                return False
        return True

    # ---- what a case expects in fair weather

    def fair(self) -> Iterator[str]:
        """What must be true of this case where nothing is lost."""
        if self.row["exit"] != 0:
            yield f"SIPp ended with {self.row['exit']}: it did not see what it waited for"
        yield from self._outcome()
        yield from self._counts()
        yield from self._after_the_end()
        yield from self._answers()
        yield from self._sayings()
        yield from self._digests()

    def _outcome(self) -> Iterator[str]:
        answered = bool(self.heard("Answered"))
        if ("answered" if answered else "failed") != self.expect["outcome"]:
            yield f"expected {self.expect['outcome']}, came {[e['event'] for e in self.events]}"
            return
        last = next((e for e in self.events if e["event"] in LAST), {})
        for name, wanted in self.expect.get("last", {}).items():
            found = last.get(name)
            if name == "provisionals":
                found = [code for code, *_ in found or []]
            if isinstance(wanted, str) and wanted.startswith("~"):
                if not re.search(wanted[1:], str(found)):
                    yield f"{name} is {found!r}, expected {wanted}"
            elif found != wanted:
                yield f"{name} is {found!r}, expected {wanted!r}"
        if "ringing" in self.expect:
            rang = [[e["code"], e["early_media"]] for e in self.heard("Ringing")]
            if rang != self.expect["ringing"]:
                yield f"heard ringing {rang}, expected {self.expect['ringing']}"

    def _counts(self) -> Iterator[str]:
        wire: dict[str, int] = self.expect.get("wire", {})
        calls = len({m.branch for m in self.ours("INVITE") if not m.to_tag})
        if calls != wire.get("INVITE", 1):
            yield f"{calls} INVITE transactions, expected {wire.get('INVITE', 1)}"
        sent = len(self.ours("INVITE"))
        if sent != self.expect.get("invites_sent", sent):
            yield f"INVITE sent {sent} times, expected {self.expect['invites_sent']}"
        acks = len(self.ours("ACK"))
        if acks != wire.get("ACK", len(self.finals())):
            yield f"{acks} ACKs for {len(self.finals())} final responses"
        bye = (
            self.expect["outcome"] == "answered" and self.expect.get("last", {}).get("side") == "us"
        )
        for method in COUNTED:
            count = len({m.branch for m in self.ours(method)})
            wanted = wire.get(method, int(bye and method == "BYE"))
            if count != wanted:
                yield f"{count} {method} transactions, expected {wanted}"
        for method, wanted in self.expect.get("sent", {}).items():
            if len(self.ours(method)) < wanted:
                yield f"{method} was sent {len(self.ours(method))} times, expected {wanted}"

    def _after_the_end(self) -> Iterator[str]:
        """Once the call is over on the wire no request of ours may follow."""
        over = [
            place
            for place, m in enumerate(self.said)
            if (m.cseq[1] == "BYE" and m.code >= 200)
            or (not m.sent and m.method == "ACK" and m.branch in self._invite_branches())
        ]
        challenged = any(m.sent and m.code in (401, 407, 422) for m in self.said)
        for m in self.said[max(over, default=len(self.said)) + 1 :]:
            if not m.sent and m.method not in ("", "ACK") and not challenged:
                yield f"{m.method} after the end"

    def _answers(self) -> Iterator[str]:
        """Our responses to the callee's requests, in order, as `METHOD CODE`."""
        found = [f"{m.cseq[1]} {m.code}" for m in self.said if not m.sent and m.code >= 101]
        wanted = self.expect.get("answers")
        asks = {m.method for m in self.said if m.sent and m.method} - {"ACK"}
        if wanted is None:
            wanted = [f"{method} 200" for method in sorted(asks)]
            found = sorted(found)
        if found != wanted:
            yield f"answered the callee {found}, expected {wanted}"

    def _sayings(self) -> Iterator[str]:
        """Patterns that a message of ours must show: `start`, a header, or `text`."""
        for saying in self.expect.get("says", []):
            which = {key: value for key, value in saying.items() if key not in ("message", "nth")}
            wanted = str(saying["message"])
            pool = [
                m for m in self.said
                if not m.sent and wanted in (m.method, f"{m.cseq[1]} {m.code}")
            ]  # fmt: skip
            pool = pool[saying["nth"] :][:1] if "nth" in saying else pool
            if not pool:
                yield f"no {wanted} to look at"
            for message in pool:
                for name, pattern in which.items():
                    text = {"start": message.start, "text": message.text}.get(name)
                    text = ", ".join(message.all(name)) if text is None else text
                    found = re.search(pattern.removeprefix("!"), text)
                    if bool(found) == pattern.startswith("!"):
                        yield f"{wanted}: {name} is {text[:200]!r}, expected {pattern!r}"

    def _digests(self) -> Iterator[str]:
        for message in self.said:
            if message.sent or not message.method:
                continue
            for name in ("Authorization", "Proxy-Authorization"):
                for value in message.all(name):
                    if not right_digest(value, message):
                        yield f"a wrong digest in {message.start}: {value}"


def right_digest(value: str, message: Said) -> bool:
    """RFC 7616 section 3.4.1 with qop=auth or none, worked out apart from Vyzov's own code."""
    pairs = re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^,\s]+))', value)
    given = {key.lower(): quoted or plain for key, quoted, plain in pairs}
    algorithm = given.get("algorithm", "MD5").upper()

    def hashed(text: str) -> str:
        return hashlib.new(HASHES[algorithm.removesuffix("-SESS")], text.encode()).hexdigest()

    secret = hashed(f"{given['username']}:{given['realm']}:{PASSWORD}")
    if algorithm.endswith("-SESS"):
        secret = hashed(f"{secret}:{given['nonce']}:{given['cnonce']}")
    # An ACK repeats the proof of the INVITE it acknowledges (RFC 3261 section 22.1).
    method = "INVITE" if message.method == "ACK" else message.method
    if method == message.method and given["uri"] != message.start.split(" ")[1]:
        return False
    asked = hashed(f"{method}:{given['uri']}")
    middle = given["nonce"]
    if "qop" in given:
        middle += f":{given['nc']}:{given['cnonce']}:{given['qop']}"
    return given["response"] == hashed(f"{secret}:{middle}:{asked}")


def judge(folder: Path) -> dict[str, list[str]]:
    """Returns the faults of each case of a run, empty lists where there are none."""
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    events: dict[str, list[dict[str, Any]]] = {}
    for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        events.setdefault(event["leg"], []).append(event)
    faults: dict[str, list[str]] = {}
    for row in told["cases"]:
        said = messages(folder / f"{row['name']}.messages.log")
        call = Call(row, said, events.get(row["leg"], []))
        faults[row["name"]] = [f"SIPp: {row['broken']}"] if row["broken"] else list(call.always())
        if told["weather"] is None:
            faults[row["name"]] += list(call.fair())
    for agent in told.get("agents", []):
        if agent["state"] != "ready":
            faults[f"agent {agent['name']}"] = [f"is {agent['state']} after all calls are over"]
    return faults


def told_of(folder: Path) -> dict[str, Any]:
    """The figures of one run and its faults by case."""
    faults = judge(folder)
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    chaos: dict[str, int] = {}
    for row in told["cases"]:
        for name, count in (row["chaos"] or {}).items():
            chaos[name] = chaos.get(name, 0) + count
    bad = {name: found for name, found in faults.items() if found}
    return {"cases": len(faults), "faulty": len(bad), "weather": told["weather"], **chaos} | (
        {"faults": bad} if bad else {}
    )


def main() -> int:
    folder = Path(sys.argv[1])
    runs = {path.parent.name: told_of(path.parent) for path in sorted(folder.glob("*/run.json"))}
    if (folder / "run.json").exists():
        runs[folder.name] = told_of(folder)
    cases = sum(run["cases"] for run in runs.values())
    faulty = sum(run["faulty"] for run in runs.values())
    report = {
        "name": "verify sipp",
        "ok": cases > 0 and not faulty,
        "figures": {"cases": cases, "faulty": faulty},
        "goals": {"faulty": 0},
        "runs": runs,
    }
    print(json.dumps(report, ensure_ascii=False))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
