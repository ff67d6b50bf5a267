"""Judges what `verify interop` left in DIR; imports nothing of Vyzov.

For every check it asks three witnesses: what our engine told its floor (events.jsonl), what the loopback
carried (wire.jsonl), and what each side heard (WAV files: frequency and level). What must hold of each
check stands in one table below, in the names of its columns.
"""

import json
import sys
import wave
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

OUR_HZ, OUR_DBM0 = 620.0, -14.0
FULL_SCALE = 32_124
HZ_OFF, DB_OFF = 3.0, 1.5
SOUND_S = 0.5
"""A tone counts when it is heard for so long without a break of more than a tenth of a second."""
WINDOW = 800


@dataclass(frozen=True)
class Tone:
    """A tone that a side must have heard; the level within DB_OFF where one is named."""

    hz: float
    dbm0: float | None = None


OURS = Tone(OUR_HZ, OUR_DBM0)
MILLIWATT = Tone(1004.0, 0.0)
PHONE, CUSTOMER = Tone(700.0, -3.3), Tone(900.0, -3.3)


@dataclass(frozen=True)
class Expect:
    """What must hold of a check.

    `end` is the last event: failed or ended, or "" for a check without a call of ours. `wire` counts
    messages between us and the partner, those sent again left out: `INVITE>` goes from us, `486<`
    comes to us. A method or status that is not named must not be there, unless it is 100 or 18x."""

    end: str = "ended"
    code: int | None = None
    stage: str = ""
    side: str = "us"
    reason: str = ""
    fault: str = ""
    wire: dict[str, int] = field(default_factory=dict[str, int])
    we_hear: tuple[Tone, ...] = ()
    they_hear: tuple[Tone, ...] = ()
    digits: str = ""
    directions: tuple[str, ...] = ()
    headers: tuple[tuple[str, str, str], ...] = ()
    """(message as in `wire`, header, text that it must hold); "" is the whole message."""
    exits: tuple[int, ...] = ()
    once: tuple[str, ...] = ()
    """Events that came exactly once."""
    contacts: tuple[int, ...] = ()
    """How many addresses of ours the registrar held, each time it was asked."""


def answered(**extra: int) -> dict[str, int]:
    """The messages of a plain answered call that we end, and what comes on top."""
    return {"INVITE>": 1, "200<": 2, "ACK>": 1, "BYE>": 1, **extra}


def ended_there(**extra: int) -> dict[str, int]:
    """The same where the far side hangs up."""
    return {"INVITE>": 1, "200<": 1, "ACK>": 1, "BYE<": 1, "200>": 1, **extra}


def refused(code: int) -> dict[str, int]:
    """An INVITE, its refusal, the ACK of it."""
    return {"INVITE>": 1, f"{code}<": 1, "ACK>": 1}


CANCELLED = {"INVITE>": 1, "CANCEL>": 1, "200<": 1, "487<": 1, "ACK>": 1}
CHALLENGED = {"INVITE>": 2, "401<": 1, "ACK>": 2, "200<": 2, "BYE>": 1}
ECHO = (OURS,)
BOTH = {"we_hear": (MILLIWATT,), "they_hear": (OURS,)}

SRTP = (("INVITE>", "", "RTP/SAVP"), ("INVITE>", "", "a=crypto:"), ("200<", "", "a=crypto:"))

EXPECTED: dict[str, Expect] = {
    "sipp_answers": Expect(wire=answered(), we_hear=ECHO, exits=(0,)),
    "sipp_hangs_up": Expect(side="far", wire=ended_there(), we_hear=ECHO, exits=(0,)),
    "sipp_refuses": Expect("failed", 486, "trying", wire=refused(486), exits=(0,)),
    "sipp_calls_us": Expect("", wire={"INVITE<": 1, "403>": 1, "ACK<": 1}, exits=(0,)),
    "sipp_asks_whether_we_live": Expect("", wire={"OPTIONS<": 1, "200>": 1}, exits=(0,)),
    "phone_answers": Expect(wire=answered(), we_hear=(PHONE,), they_hear=(OURS,)),
    "phone_hangs_up": Expect(
        side="far", wire=ended_there(), we_hear=(PHONE,), they_hear=(OURS,)
    ),
    "phone_holds_and_resumes": Expect(
        wire=answered(**{"INVITE<": 2, "200>": 2, "ACK<": 2}), we_hear=(PHONE,),
        they_hear=(OURS,), directions=("sendonly", "sendrecv"),
    ),
    "phone_presses_keys": Expect(wire=answered(), digits="15", they_hear=(OURS,)),
    "phone_rings_until_we_give_up": Expect("failed", 487, "cancelled", wire=CANCELLED),
    "phone_refuses": Expect("failed", 486, "ringing", wire=refused(486)),
    "phone_at_the_desk": Expect(
        wire={"REGISTER<": 3, "401>": 2, "200>": 1, "INVITE>": 1, "200<": 2, "ACK>": 1, "BYE>": 1},
        we_hear=(CUSTOMER,), they_hear=(CUSTOMER, PHONE),
        once=("phone_registered", "device_up", "bridge_joined", "device_down"),
    ),
    "signs_in_and_out": Expect(
        "", wire={"REGISTER>": 3, "401<": 1, "200<": 2}, contacts=(1, 0), once=("trunk_state",)
    ),
    "signs_in_with_a_wrong_password": Expect(
        "", wire={"REGISTER>": 2, "401<": 2}, contacts=(0,), once=("trunk_state",)
    ),
    "signs_in_again_before_it_expires": Expect(
        "", wire={"REGISTER>": 5, "401<": 2, "200<": 3}, contacts=(1,)
    ),
    "proxy_answers": Expect(wire=answered(), we_hear=ECHO, exits=(0,)),
    "proxy_callee_hangs_up": Expect(side="far", wire=ended_there(), we_hear=ECHO, exits=(0,)),
    "proxy_callee_refuses": Expect("failed", 486, "trying", wire=refused(486), exits=(0,)),
    "proxy_cancelled": Expect("failed", 487, "cancelled", wire=CANCELLED, exits=(0,)),
    "proxy_routes_strictly": Expect(wire=answered(), we_hear=ECHO, exits=(0,)),
    "proxy_forks_and_both_answer": Expect(
        wire={"INVITE>": 1, "200<": 4, "ACK>": 2, "BYE>": 2}, we_hear=ECHO, exits=(0, 0)
    ),
    "proxy_bears_another_name": Expect("failed", 0, "trying", fault="certificate"),
    "answers": Expect(wire=answered(), **BOTH),
    "busy": Expect("failed", 486, "trying", wire=refused(486)),
    "congested": Expect("failed", 503, "trying", wire=refused(503)),
    "unknown_number": Expect("failed", 404, "trying", wire=refused(404)),
    "rings_until_we_give_up": Expect("failed", 487, "cancelled", wire=CANCELLED),
    "announces_and_refuses": Expect("failed", 480, "ringing", wire=refused(480)),
    "challenges_with_sha256": Expect(
        wire=CHALLENGED, headers=(("INVITE>", "Authorization", "algorithm=SHA-256"),), **BOTH
    ),
    "wrong_password": Expect("failed", 401, "trying", wire={"INVITE>": 2, "401<": 2, "ACK>": 2}),
    "challenges_with_md5_only": Expect("failed", 401, "trying", wire=refused(401)),
    "challenges_with_md5_allowed": Expect(
        wire=CHALLENGED, headers=(("INVITE>", "Authorization", "algorithm=MD5"),), **BOTH
    ),
    "speaks_ulaw_only": Expect(wire=answered(), **BOTH),
    "hangs_up_with_a_cause": Expect(
        side="far", wire=ended_there(), headers=(("BYE<", "Reason", "Q.850;cause=21"),)
    ),
    "holds_and_resumes": Expect(
        wire=answered(**{"INVITE<": 2, "200>": 2, "ACK<": 2}), they_hear=(OURS,),
        directions=("sendonly", "sendrecv"),
    ),
    "invites_again": Expect(wire=answered(**{"INVITE<": 1, "200>": 1, "ACK<": 1}), **BOTH),
    "updates": Expect(wire=answered(**{"UPDATE<": 1, "200>": 1}), **BOTH),
    "answers_with_encrypted_sound": Expect(
        wire=answered(), headers=SRTP, **BOTH
    ),
    "refuses_encrypted_sound": Expect("failed", 488, "trying", wire=refused(488)),
    "wants_longer_session_timers": Expect(
        wire={"INVITE>": 2, "422<": 1, "ACK>": 2, "200<": 2, "BYE>": 1},
        headers=(("422<", "Min-SE", "120"), ("200<", "Session-Expires", "120")), **BOTH,
    ),
    "wants_session_timers": Expect(
        wire=answered(), headers=(("200<", "Session-Expires", "90"),), **BOTH
    ),
    "refreshes_the_session": Expect(
        wire=answered(**{"UPDATE>": 1, "200<": 3}),
        headers=(("200<", "Session-Expires", "90"),), **BOTH,
    ),
    "wants_reliable_provisionals": Expect(wire=answered(**{"PRACK>": 1, "200<": 3}), **BOTH),
    "digits_by_telephone_event": Expect(wire=answered(), digits="1950"),
    "digits_by_info": Expect(wire=answered(**{"INFO<": 4, "200>": 4}), digits="1950"),
}  # fmt: skip


# ---- the witnesses -------------------------------------------------------------------------------


def lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def header(text: str, name: str) -> str:
    """The values of a header, joined; names in any case, long form."""
    head = text.split("\r\n\r\n", 1)[0]
    found = [
        line.split(":", 1)[1].strip()
        for line in head.split("\r\n")[1:]
        if line.lower().startswith(name.lower() + ":")
    ]
    return ", ".join(found)


class Wire:
    """The messages between us and the partner, each counted once however often it was sent."""

    def __init__(self, rows: list[dict[str, Any]], run: dict[str, Any]) -> None:
        near, behind = run["near"], set(run.get("behind", ()))
        ours = set(run.get("ours", ()))
        # The partner may call us back by a connection of its own, from a port nobody knows before.
        known = ours | {near}
        readable = {"udp": ("udp",), "tcp": ("tcp",), "tls": ("hep", "log")}[run["transport"]]
        self.tls_seen = any(r["by"] == "tls" and r["target"][1] in known for r in rows)
        self.plain_seen = any(
            r["by"] in ("udp", "tcp")
            and known & (ends := {r["source"][1], r["target"][1]})
            and not behind & ends
            for r in rows
        )
        self.counts: Counter[str] = Counter()
        self.first: dict[str, list[str]] = {}
        self.tags: set[str] = set()
        seen: set[tuple[str, ...]] = set()
        for row in rows:
            # Under TLS only the partner's copies can be read; elsewhere they would count twice.
            if row["by"] not in readable:
                continue
            ends = row["source"][1], row["target"][1]
            if not known & set(ends) or behind & set(ends):
                continue
            to_us = ends[1] in ours if ours & set(ends) else ends[0] == near
            text = row["text"]
            start = text.split("\r\n", 1)[0].split(" ")
            name = start[1] if start[0] == "SIP/2.0" else start[0]
            mark = (name, "<" if to_us else ">", header(text, "CSeq"), header(text, "Call-ID"),
                    header(text, "Via") or header(text, "v"), header(text, "To"))  # fmt: skip
            if mark in seen:
                continue
            seen.add(mark)
            key = name + ("<" if to_us else ">")
            self.counts[key] += 1
            self.first.setdefault(key, []).append(text)

    def unexpected(self, wanted: dict[str, int]) -> dict[str, list[int]]:
        """Message by message: what was wanted and what there was, where they differ."""
        quiet = {f"{code}{way}" for code in (100, 180, 181, 182, 183, 199) for way in "<>"}
        names = (set(self.counts) | set(wanted)) - quiet
        return {
            name: [wanted.get(name, 0), self.counts[name]]
            for name in sorted(names)
            if wanted.get(name, 0) != self.counts[name]
        }


def channels(path: Path) -> tuple[int, list[np.ndarray[Any, Any]]]:
    """The rate of a WAV file and its channels."""
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
        return file.getframerate(), list(data.reshape(-1, file.getnchannels()).T)


def heard(sound: np.ndarray[Any, Any], rate: int, tone: Tone) -> dict[str, float]:
    """How long the tone alone was heard, and its frequency and level over that time."""
    size = WINDOW * rate // 8000
    times = np.arange(size) / rate
    probe = np.exp(-2j * np.pi * tone.hz * times)
    held: list[int] = []
    for place in range(0, len(sound) - size + 1, size):
        window = sound[place : place + size]
        power = float(np.mean(window**2))
        share = abs(np.mean(window * probe)) ** 2 * 2 / power if power > 100 else 0.0
        if share > 0.9:
            held.append(place)
    longest: list[int] = []
    chain: list[int] = []
    for place in held:
        chain = [*chain, place] if chain and place - chain[-1] <= 2 * size else [place]
        longest = max(longest, chain, key=len)
    if not longest:
        return {"seconds": 0.0}
    part = sound[longest[0] : longest[-1] + size]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 18))
    power = float(np.mean(part**2))
    return {
        "seconds": round(len(longest) * size / rate, 2),
        "hz": round(float(spectrum.argmax()) * rate / (1 << 18), 1),
        "dbm0": round(10 * float(np.log10(power)) - 20 * float(np.log10(FULL_SCALE)) + 6.15, 1),
    }


def deaf(
    paths: list[Path], side: int | None, tones: tuple[Tone, ...]
) -> tuple[list[str], list[Any]]:
    """What is wrong with what was heard, and the measures."""
    wrong: list[str] = []
    measures: list[Any] = []
    if tones and not paths:
        return ["no recording"], []
    for tone in tones:
        best: dict[str, float] = {"seconds": 0.0}
        for path in paths:
            rate, sounds = channels(path)
            for sound in sounds if side is None else sounds[side : side + 1]:
                found = heard(sound, rate, tone)
                best = max(best, found, key=lambda one: one["seconds"])
        measures.append(best)
        if best["seconds"] < SOUND_S:
            wrong.append(f"{tone.hz:.0f} Hz was heard for {best['seconds']} s only")
        elif abs(best["hz"] - tone.hz) > HZ_OFF:
            wrong.append(f"{best['hz']} Hz instead of {tone.hz}")
        elif tone.dbm0 is not None and abs(best["dbm0"] - tone.dbm0) > DB_OFF:
            wrong.append(f"{tone.hz:.0f} Hz came at {best['dbm0']} dBm0 instead of {tone.dbm0}")
    return wrong, measures


# ---- the verdict ---------------------------------------------------------------------------------


def judge_events(events: list[dict[str, Any]], expect: Expect) -> list[str]:
    wrong: list[str] = []
    kinds = Counter(event["event"] for event in events)
    ends = [event for event in events if event["event"] in ("ended", "failed", "refused")]
    if not expect.end:
        wrong = [f"{kinds['answered']} calls were answered"] if kinds["answered"] else []
        return wrong + once(kinds, expect)
    if len(ends) != 1 or ends[0]["event"] != expect.end:
        return [f"the call's end is {[e['event'] for e in ends]}, wanted {expect.end}"]
    end = ends[0]
    if kinds["answered"] != (expect.end == "ended"):
        wrong.append(f"{kinds['answered']} answered events")
    if expect.end == "ended":
        if end["side"] != expect.side:
            wrong.append(f"ended by {end['side']}, wanted {expect.side}")
    else:
        for name, value in (("code", expect.code), ("stage", expect.stage)):
            if value is not None and end[name] != value:
                wrong.append(f"{name} is {end[name]!r}, wanted {value!r}")
    if expect.fault and expect.fault not in end.get("fault", "") + end.get("phrase", ""):
        wrong.append(f"the fault does not speak of {expect.fault!r}: {end}")
    wrong += once(kinds, expect)
    pressed = "".join(event["digit"] for event in events if event["event"] == "digit")
    if pressed != expect.digits:
        wrong.append(f"keys are {pressed!r}, wanted {expect.digits!r}")
    return wrong


def once(kinds: Counter[str], expect: Expect) -> list[str]:
    """Events that came more or less often than once."""
    return [f"{name} came {kinds[name]} times" for name in expect.once if kinds[name] != 1]


def directions(wire: Wire) -> list[str]:
    """The directions that the partner's re-INVITEs asked for."""
    found: list[str] = []
    for text in wire.first.get("INVITE<", []):
        words = [word for word in ("sendonly", "recvonly", "inactive") if f"a={word}" in text]
        found.append(words[0] if words else "sendrecv")
    return found


def judge(folder: Path) -> dict[str, Any]:
    """The verdict on one check."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    expect = EXPECTED.get(run["check"])
    told = {key: run[key] for key in ("partner", "check", "transport", "seconds")}
    if expect is None:
        return {**told, "ok": False, "wrong": ["nobody has said what must hold of this check"]}
    wrong = [run["error"]] if run["error"] else []
    wrong += judge_events(lines(folder / "events.jsonl"), expect)
    wire = Wire(lines(folder / "wire.jsonl"), run)
    off = wire.unexpected(expect.wire)
    if off:
        wrong.append("messages (wanted, seen): " + ", ".join(f"{k} {v}" for k, v in off.items()))
    if run["transport"] == "tls" and (wire.plain_seen or not wire.tls_seen):
        wrong.append("not everything between us and the partner was under TLS")
    for key, name, text in expect.headers:
        places = [header(one, name) if name else one for one in wire.first.get(key, [])]
        if not any(text in place for place in places):
            wrong.append(f"no {key} with {name}: {text}")
    if expect.directions and directions(wire) != list(expect.directions):
        wrong.append(f"the partner asked for {directions(wire)}, wanted {list(expect.directions)}")
    own = sorted(folder.glob("call-*.wav"))
    theirs = [Path(path) for path in run.get("partner_heard", ())]
    for side, paths, channel, tones in (
        ("we", own, 0, expect.we_hear), ("they", theirs, None, expect.they_hear),
    ):  # fmt: skip
        missing, measures = deaf(paths, channel, tones)
        wrong += [f"{side}: {text}" for text in missing]
        told[f"{side}_heard"] = measures
    if tuple(run.get("contacts", ())) != expect.contacts:
        wrong.append(f"the registrar held {run.get('contacts')}, wanted {list(expect.contacts)}")
    if expect.exits and tuple(run.get("partner_exit", ())) != expect.exits:
        wrong.append(f"the partner's programs ended with {run.get('partner_exit')}")
    return {**told, "ok": not wrong, "wrong": wrong}


def main() -> int:
    folder = Path(sys.argv[1])
    verdicts = [judge(path.parent) for path in sorted(folder.glob("*/*/run.json"))]
    missing: dict[str, str] = json.loads((folder / "missing.json").read_text(encoding="utf-8"))
    failed = [verdict for verdict in verdicts if not verdict["ok"]]
    report = {
        "name": "interop",
        "ok": bool(verdicts) and not failed,
        "figures": {"checks": len(verdicts), "failed": len(failed)},
        "goals": {"failed": 0},
        "missing": missing,
        "checks": verdicts,
    }
    print(json.dumps(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
