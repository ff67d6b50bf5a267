"""Judges `verify rtp` by what DIR holds; imports nothing of Vyzov.

The attacker's sound is looked for in every byte an operator or a customer heard and in both channels of
each recording, by its mark and by its pitch; every honest frame is counted, to see whether one came
twice. The control call must be found out, and the attacker's ears must have heard their control
datagram: a judge who sees nothing must not be taken for a call nobody broke into.
"""

import csv
import hashlib
import json
import math
import struct
import sys
import wave
from pathlib import Path

ATTACK = b"\x9c\x3aEv"
SAID = b"\x9c\x3aVi"
MARK = struct.Struct("!4sHI")
ATTACK_HZ = 2600.0
FRAME = 160
TONE_SHARE = 0.5
"""Share of a frame's power at the attacker's pitch from which it counts as theirs."""
LEAST_POWER = 1e5
HEARD_LEAST = 0.5
CONTROL_FRAMES = 25
KINDS = ("other_host", "other_port", "forged", "goodbye", "garbage", "replay")
MODES = ("plain", "srtp")


def alaw_levels() -> list[int]:
    """The 16-bit level of each A-law byte (ITU-T G.711)."""
    found: list[int] = []
    for byte in range(256):
        code = byte ^ 0x55
        exponent, mantissa = code >> 4 & 7, code & 15
        level = (mantissa << 4) + 8
        if exponent:
            level = (level + 0x100) << (exponent - 1)
        found.append(level if code & 0x80 else -level)
    return found


LEVELS = alaw_levels()
BYTES = {level: byte for byte, level in enumerate(LEVELS)}
COSINE = 2 * math.cos(2 * math.pi * ATTACK_HZ / 8000)


def pitched(sound: bytes) -> int:
    """Frames of A-law sound in which the attacker's pitch stands out (Goertzel)."""
    found = 0
    for start in range(0, len(sound) - FRAME + 1, FRAME):
        before = last = power = 0.0
        for byte in sound[start : start + FRAME]:
            level = LEVELS[byte]
            power += level * level
            before, last = last, level + COSINE * last - before
        at_pitch = (last * last + before * before - COSINE * last * before) * 2 / FRAME
        found += power / FRAME > LEAST_POWER and at_pitch / power > TONE_SHARE
    return found


def attacks(sound: bytes) -> int:
    """Frames of the attacker's, by mark or by pitch, whichever finds more."""
    return max(sound.count(ATTACK), pitched(sound))


def said(sound: bytes, leg: int) -> list[int]:
    """The numbers of a leg's honest frames, in the order they were heard."""
    found: list[int] = []
    at = sound.find(SAID)
    while 0 <= at <= len(sound) - MARK.size:
        _, number, count = MARK.unpack_from(sound, at)
        if number == leg:
            found.append(count)
        at = sound.find(SAID, at + 1)
    return found


def channels(path: Path) -> tuple[bytes, bytes]:
    """Both channels of a recording as A-law."""
    with wave.open(str(path)) as file:
        moments = file.getnframes()
        sound = struct.unpack(f"<{moments * 2}h", file.readframes(moments))
    return (
        bytes(BYTES.get(level, 0xD5) for level in sound[::2]),
        bytes(BYTES.get(level, 0xD5) for level in sound[1::2]),
    )


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> int:
    folder = Path(sys.argv[1])
    wanted = json.loads((folder / "wanted.json").read_text(encoding="utf-8"))
    rows = table(folder / "calls.csv")
    figures: dict[str, float] = {}
    faults = dict.fromkeys(
        ("bytes_leaked", "frames_injected", "frames_played_again", "calls_ended",
         "recordings_damaged", "kinds_not_tried", "controls_missed", "calls_unheard"), 0,
    )  # fmt: skip
    worst = 1.0
    for row in rows:
        place, kind = folder / row["mode"], row["kind"]
        operator_heard = (place / "heard" / f"{row['operator']}.alaw").read_bytes()
        customer_heard = (place / "heard" / f"{row['customer']}.alaw").read_bytes()
        recording = place / row["recording"]
        whole = bool(row["recording"]) and (
            hashlib.sha256(recording.read_bytes()).hexdigest() == row["sha256"]
        )
        left, right = channels(recording) if whole else (b"", b"")
        faults["recordings_damaged"] += not whole
        faults["calls_ended"] += int(row["ended_early"])
        found = [attacks(sound) for sound in (operator_heard, left, customer_heard, right)]
        if kind == "control":
            faults["controls_missed"] += any(one < CONTROL_FRAMES // 2 for one in found[:2])
            figures[f"{row['mode']}_control_frames_found"] = found[0]
            found = found[2:]
        faults["frames_injected"] += sum(found)
        for sound, leg, count in (
            (operator_heard, "customer", "said_customer"),
            (customer_heard, "operator", "said_operator"),
        ):
            numbers = said(sound, int(row[leg]))
            faults["frames_played_again"] += len(numbers) - len(set(numbers))
            # What was said before the two were joined had nobody to hear it.
            span = int(row[count]) - min(numbers, default=int(row[count]))
            share = len(set(numbers)) / span if span else 0.0
            worst = min(worst, share)
            faults["calls_unheard"] += share < HEARD_LEAST
        if kind != "control":
            figures[f"{row['mode']}_{kind}_tries"] = int(row["sent"])
            faults["kinds_not_tried"] += int(row["sent"]) < wanted["count"]
            stats = json.loads(row["stats"])
            names = (
                "rtp_foreign", "rtp_noise", "rtp_duplicates", "srtp_refused", "rtcp_refused",
            )  # fmt: skip
            turned = sum(int(stats.get(name, 0)) for name in names)
            figures[f"{row['mode']}_{kind}_turned_away"] = turned
    for mode in MODES:
        tried = {row["kind"] for row in rows if row["mode"] == mode}
        faults["kinds_not_tried"] += len(set(KINDS) - tried)
        faults["controls_missed"] += "control" not in tried
    for leak in table(folder / "leaks.csv"):
        faults["bytes_leaked"] += int(leak["leaked"] or 1)
        faults["controls_missed"] += int(leak["control"]) != wanted["control"]
        figures[f"{leak['mode']}_forged_addresses"] = int(leak["raw"] == "True")
    figures["calls"] = len(rows)
    figures["heard_share_worst"] = round(worst, 4)
    ok = not any(faults.values()) and len(rows) == len(MODES) * (len(KINDS) + 1)
    goals = dict.fromkeys(faults, 0)
    print(json.dumps({"name": "rtp", "ok": ok, "figures": figures | faults, "goals": goals}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
