"""Judges what `verify chain` left: was every edit found, and was the right entry named?

It imports nothing of Vyzov. The chain of the unedited file is recomputed here from its description in
docs/formats.md, so that a hash which covers less than it says is found as well. The last line is one
JSON object; the exit code is 0 only where every promise held.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

STREAM = ("organisation", "floor", "epoch")
Json = dict[str, Any]


def canonical(value: Json) -> str:
    """JSON with its keys in order, no spaces, everything beyond ASCII escaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def recompute(entries: list[Json]) -> int:
    """Counts the entries whose hash is what the description says."""
    right = 0
    before: dict[tuple[Any, ...], str] = {}
    for entry in entries:
        stream = tuple(entry[name] for name in STREAM)
        if entry["place"] == 1:
            first = {"after": entry.get("after", ""), "chain": 1}
            before[stream] = sha256(canonical({**first, **{n: entry[n] for n in STREAM}}))
        body = {name: value for name, value in entry.items() if name != "hash"}
        right += entry["hash"] == sha256(f"{before[stream]}\n{canonical(body)}")
        before[stream] = entry["hash"]
    return right


def spot(entry: Json) -> tuple[Any, ...]:
    return (*(entry[name] for name in STREAM), entry["place"])


class Judge:
    """Says of one edit whether the entry named is the one that was touched."""

    def __init__(self, entries: list[Json]) -> None:
        self.entries = entries

    def right(self, edit: Json) -> bool:
        found: Json | None = edit["found"]
        if edit["edit"] == "none":
            return found is None
        return found is not None and getattr(self, f"_{edit['edit']}")(edit, found)

    def _change(self, edit: Json, found: Json) -> bool:
        return found["why"] == "changed" and found["line"] == edit["line"] + 1

    def _delete(self, edit: Json, found: Json) -> bool:
        gone = self.entries[edit["line"]]
        return found["why"] in ("missing", "cut_off") and spot(found) == spot(gone)

    def _double(self, edit: Json, found: Json) -> bool:
        return found["why"] == "doubled" and found["seq"] == self.entries[edit["line"]]["seq"]

    def _forge(self, edit: Json, found: Json) -> bool:
        return found["why"] == "inserted" and found["line"] == edit["to"] + 1

    def _forge_fitting(self, edit: Json, found: Json) -> bool:
        # Where nothing stands on either, an anchor says which of the two is forged.
        whys = ("inserted", "changed")
        return found["why"] in whys and found["line"] == edit["to"] + 1

    def _move(self, edit: Json, found: Json) -> bool:
        # Of two neighbours that changed places either may have moved.
        near = abs(edit["line"] - edit["to"]) == 1
        named = (edit["line"], edit["to"]) if near else (edit["line"],)
        return found["why"] == "moved" and found["seq"] in [self.entries[n]["seq"] for n in named]

    def _swap(self, edit: Json, found: Json) -> bool:
        named = [self.entries[edit[name]]["seq"] for name in ("line", "to")]
        return found["why"] == "moved" and found["seq"] in named

    def _truncate(self, edit: Json, found: Json) -> bool:
        lost = [spot(entry) for entry in self.entries[edit["left"] :]]
        return found["why"] == "cut_off" and spot(found) in lost

    def _cut_line(self, edit: Json, found: Json) -> bool:
        return found["why"] == "cut_off" and found["line"] == edit["left"] + 1

    def _rehash(self, edit: Json, found: Json) -> bool:
        # Its own hash is right: the break shows at the entry that stands on it, or at an anchor.
        touched = self.entries[edit["line"]]
        behind = (*spot(touched)[:3], touched["place"] + 1)
        return found["why"] == "changed" and spot(found) in (spot(touched), behind)


def agrees(edit: Json) -> bool:
    """The command says what the function said, with the exit code to it."""
    told = edit.get("command")
    if told is None:
        return True
    return told["first_bad"] == edit["found"] and told["exit"] == (edit["found"] is not None)


def judge(folder: Path) -> Json:
    """Returns what is to be printed."""
    entries = [json.loads(line) for line in (folder / "facts.jsonl").open(encoding="utf-8")]
    edits = [json.loads(line) for line in (folder / "edits.jsonl").open(encoding="utf-8")]
    of = Judge(entries)
    wrong = [edit for edit in edits if not of.right(edit) or not agrees(edit)]
    real = [edit for edit in edits if edit["edit"] != "none"]
    ways = sorted({edit["edit"] for edit in real})
    figures = {
        "facts": len(entries),
        "streams": len({tuple(entry[name] for name in STREAM) for entry in entries}),
        "late_facts": next(edit["late"] for edit in edits if edit["edit"] == "none"),
        "hashes_recomputed": recompute(entries),
        "edits": len(real),
        "detected": sum(edit["found"] is not None for edit in real),
        "named_right": sum(of.right(edit) for edit in real),
        "by_command": sum("command" in edit for edit in edits),
        "missed_bound": 3 / max(1, len(real)),
    }
    ok = (
        not wrong
        and figures["hashes_recomputed"] == len(entries) > 0
        and figures["detected"] == len(real) > 0
        and figures["late_facts"] > 0
    )
    by_edit = {
        way: {
            "edits": sum(edit["edit"] == way for edit in real),
            "named_right": sum(edit["edit"] == way and of.right(edit) for edit in real),
        }
        for way in ways
    }
    return {
        "name": "chain", "ok": ok, "figures": figures, "by_edit": by_edit, "wrong": wrong[:20],
    }  # fmt: skip


if __name__ == "__main__":
    verdict = judge(Path(sys.argv[1]))
    print(json.dumps(verdict, ensure_ascii=False))
    sys.exit(0 if verdict["ok"] else 1)
