"""Works out the figures of `bench media` from what DIR holds; imports nothing of Vyzov.

Lost is what a side offered and the other side did not get; what the generator itself could not send,
or had thrown away at its own sockets, stands beside it. Every recording is hashed, measured, and
searched for the marks of the packets that the far side heard: a call counts as recorded where both
channels hold them. `ok` asks that all calls were carried both ways and all recordings are whole.
"""

import cmath
import csv
import hashlib
import json
import math
import struct
import sys
import wave
from collections import defaultdict
from pathlib import Path

MARK = struct.Struct("!4sHHId")
MAGIC = b"\x9c\x3aVy"
FIRST_OPERATOR = 10_001
LENGTH_TOLERANCE_S = 1.0
CLEAN_LOSS = 0.001
CLEAN_TRANSIT_MS = 40.0
"""Two packets: beyond that a talk begins to suffer, and calls are no longer carried well."""
CALLS_PER_CORE_MIN = 150.0
"""What one core must carry where both legs are plain RTP, and no less than Asterisk."""
TONES_HZ = (400.0, 1200.0)
TONE_LEVEL_MIN = 500.0
WAYS = ("to_operator", "to_customer")
FAULTS = ("calls_not_carried", "packets_astray", "recordings_damaged", "recordings_deaf")


def alaw_levels() -> dict[int, int]:
    """Which A-law byte stands for a 16-bit level (ITU-T G.711)."""
    found: dict[int, int] = {}
    for byte in range(256):
        code = byte ^ 0x55
        exponent, mantissa = code >> 4 & 7, code & 15
        level = (mantissa << 4) + 8
        if exponent:
            level = (level + 0x100) << (exponent - 1)
        found[level if code & 0x80 else -level] = byte
    return found


LEVELS = alaw_levels()


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marks(channel: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """How many different packets of each (window, sender) a channel holds, found by their marks."""
    sound = bytes(LEVELS.get(level, 0xD5) for level in channel)
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    at = sound.find(MAGIC)
    while at >= 0:
        if at + MARK.size <= len(sound):
            _, window, sender, index, _ = MARK.unpack_from(sound, at)
            found[window, sender].add(index)
        at = sound.find(MAGIC, at + 1)
    return {key: len(indexes) for key, indexes in found.items()}


def sounds(sound: tuple[int, ...], hz: float) -> bool:
    """Whether a tone is in the middle second of a sound."""
    part = sound[len(sound) // 2 :][:8000]
    turn = cmath.exp(-2j * math.pi * hz / 8000)
    swept, phase = 0j, 1 + 0j
    for level in part:
        swept += level * phase
        phase *= turn
    return bool(part) and abs(swept) * 2 / len(part) > TONE_LEVEL_MIN


class Recordings:
    """What the files of one step are worth."""

    def __init__(self, *, mixed: bool = False) -> None:
        self._mixed = mixed
        self.files = self.damaged = self.deaf = self.wanted = self.found = 0
        self.seconds = self.worst_s = 0.0

    def look(self, folder: Path, row: dict[str, str], carried: dict[str, int], window: int) -> None:
        self.files += 1
        path = folder / row["path"]
        try:
            data = path.read_bytes()
            with wave.open(str(path)) as file:
                form = file.getframerate(), file.getnchannels(), file.getsampwidth()
                moments = file.getnframes()
                sound = struct.unpack(f"<{moments * form[1]}h", file.readframes(moments))
        except (OSError, EOFError, wave.Error, struct.error):
            self.damaged += 1
            return
        off = abs(moments / 8000 - (float(row["stopped_at"]) - float(row["started_at"])))
        self.seconds += moments / 8000
        self.worst_s = max(self.worst_s, off)
        whole = (
            hashlib.sha256(data).hexdigest() == row["sha256"]
            and len(data) == int(row["bytes"])
            and form == (8000, 1 if self._mixed else 2, 2)
            and off <= LENGTH_TOLERANCE_S
        )
        self.damaged += not whole
        if self._mixed:
            # Marks drown in a mix; both sides' tones do not.
            self.deaf += sum(1 for hz in TONES_HZ if not sounds(sound, hz))
            return
        number = int(row["call"])
        senders = {"to_operator": (0, 1 + number), "to_customer": (1, FIRST_OPERATOR + number)}
        for way, (side, sender) in senders.items():
            held = marks(sound[side::2]).get((window, sender), 0)
            self.wanted += carried[way]
            self.found += min(held, carried[way])
            self.deaf += not held


def traffic(rows: list[dict[str, str]]) -> dict[str, float]:
    """Figures of one direction at one step."""
    offered, sent, carried = (
        sum(int(row[name]) for row in rows) for name in ("offered", "sent", "carried")
    )
    p50 = sorted(float(row["transit_p50_ms"]) for row in rows if row["transit_p50_ms"])
    return {
        "offered": offered,
        "carried": carried,
        "lost": sent - carried,
        "not_sent": offered - sent,
        "sent_late_max_ms": max(float(row["late_max_ms"]) for row in rows),
        "transit_p50_ms": p50[len(p50) // 2] if p50 else -1.0,
        "transit_p99_worst_call_ms": max(
            (float(row["transit_p99_ms"]) for row in rows if row["transit_p99_ms"]), default=-1.0
        ),
    }


def work(rows: list[dict[str, str]], bridged: int) -> dict[str, float]:
    """Shares of a core by process, and what of it falls on one call."""
    share = {row["process"]: float(row["cpu_s"]) / float(row["wall_s"]) for row in rows}
    drops = {row["process"]: int(row["udp_drops"]) for row in rows}
    others = share["machine"] - sum(s for name, s in share.items() if name != "machine")
    return {
        "engine_cpu_share": round(share["engine"], 4),
        "engine_cpu_percent_per_call": round(share["engine"] * 100 / bridged, 3),
        "calls_per_core": round(bridged / share["engine"], 1) if share["engine"] else 0.0,
        "generator_cpu_share": round(share["carrier"] + share["operators"], 4),
        "others_cpu_share": round(max(0.0, others), 2),
        "engine_socket_drops": drops["engine"],
        "generator_socket_drops": drops["carrier"] + drops["operators"],
    }


def judge(folder: Path, *, mixed: bool = False) -> tuple[dict[str, float], dict[str, int]]:
    """The figures of one engine, and its faults; `mixed` recordings have one channel for both."""
    calls, processes, files = (
        table(folder / f"{name}.csv") for name in ("calls", "processes", "recordings")
    )
    steps = sorted({int(row["bridged"]) for row in calls})
    figures: dict[str, float] = {"steps": len(steps), "calls_per_core": 0.0}
    faults = dict.fromkeys(FAULTS, 0)
    for window, bridged in enumerate(steps, 1):
        own = [row for row in calls if int(row["bridged"]) == bridged]
        found = work([row for row in processes if int(row["bridged"]) == bridged], bridged)
        carried: dict[str, dict[str, int]] = defaultdict(dict)
        for row in own:
            carried[row["call"]][row["way"]] = int(row["carried"])
        kept = Recordings(mixed=mixed)
        for row in files:
            if int(row["bridged"]) == bridged:
                kept.look(folder, row, carried[row["call"]], window)
        loss = slow = 0.0
        for way in WAYS:
            told = traffic([row for row in own if row["way"] == way])
            found |= {f"{way}_{name}": value for name, value in told.items()}
            loss = max(loss, told["lost"] / told["offered"] if told["offered"] else 1.0)
            slow = max(slow, told["transit_p99_worst_call_ms"])
        found |= {
            "lost_share_worst_way": round(loss, 5),
            "recordings": kept.files,
            "recorded_s": round(kept.seconds, 1),
            "recording_length_off_max_s": round(kept.worst_s, 3),
            "recorded_packets_missing": kept.wanted - kept.found,
        }
        faults["calls_not_carried"] += sum(1 for row in own if row["carried"] in ("", "0"))
        faults["packets_astray"] += sum(int(row["strays"]) for row in own)
        faults["recordings_damaged"] += kept.damaged + bridged - kept.files
        faults["recordings_deaf"] += kept.deaf
        figures |= {f"step{bridged}_{name}": value for name, value in found.items()}
        if loss <= CLEAN_LOSS and slow <= CLEAN_TRANSIT_MS:
            figures["calls_per_core"] = found["calls_per_core"]
            figures["calls_per_core_seen_with"] = bridged
    return figures, faults


def main() -> int:
    folder = Path(sys.argv[1])
    legs = json.loads((folder / "run.json").read_text(encoding="utf-8"))["legs"]
    figures, faults = judge(folder)
    goals: dict[str, float] = dict.fromkeys(FAULTS, 0)
    missed: dict[str, float] = {name: count for name, count in faults.items() if count}
    if legs == "trunk":
        goals["calls_per_core"] = CALLS_PER_CORE_MIN
    if (folder / "asterisk" / "calls.csv").exists():
        theirs, stumbles = judge(folder / "asterisk", mixed=True)
        figures |= {f"asterisk_{name}": value for name, value in (theirs | stumbles).items()}
        goals["calls_per_core"] = max(CALLS_PER_CORE_MIN, theirs["calls_per_core"])
    if figures["calls_per_core"] < goals.get("calls_per_core", 0.0):
        missed["calls_per_core"] = figures["calls_per_core"]
    ok = bool(figures["steps"]) and not missed
    report = {"name": "media", "ok": ok, "figures": figures | faults, "goals": goals}
    print(json.dumps(report | {"missed": missed}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
