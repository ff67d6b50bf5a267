"""The parsers of lines and frames: what a browser may send, and what floor and engine say."""

import random
from typing import Any

import orjson

from vyzov.dialer import ports
from vyzov.dialer.wire import WireError, from_wire, to_wire
from vyzov.web.live_verbs import ARGS, args_of, frame_of
from vyzov.web.problems import Problem

FRAME_MOST = 65_536


def live_frame(data: bytes) -> None:
    """A frame of the live socket: refused in a word, or arguments that are plain JSON."""
    text = data.decode("utf-8", "replace")
    try:
        frame = frame_of(text, FRAME_MOST)
    except Problem as problem:
        assert len(orjson.dumps(problem.body())) < 20_000
        return
    for verb in {str(frame.get("do", "")), "result"} & ARGS.keys():
        try:
            args = args_of(verb, frame)
        except Problem as problem:
            assert len(orjson.dumps(problem.body())) < 100_000
            continue
        assert len(orjson.dumps(args)) <= 8 * len(data) + 1000


def live_seeds() -> list[bytes]:
    frames = [
        {"do": "result", "id": 1, "attempt": "0199-a", "result": "sale", "key": "k",
         "callback_at": "2027-01-01T10:00:00Z", "fields": {"plan": "M"}},
        {"do": "digits", "id": 2, "digits": "12#"},
        {"do": "offer", "id": 3, "sdp": "v=0"},
        {"do": "mute", "id": 4, "on": True},
        {"do": "note", "id": 5, "contact": "c", "text": "t"},
        {"subscribe": "floor"},
        {"do": "pause", "id": 6, "reason": "lunch"},
    ]  # fmt: skip
    return [orjson.dumps(frame) for frame in frames]


def engine_line(data: bytes) -> None:
    """A line between floor and engine: refused in words, or the same line again."""
    try:
        message = from_wire(data)
    except WireError:
        return
    again = from_wire(to_wire(message))
    assert again == message


def engine_seeds() -> list[bytes]:
    answered = ports.Answered("leg", 3, 1.5, "PCMA")
    every = [
        ports.SetTrunk("t", "127.0.0.1", 5060),
        ports.Originate("leg", "attempt", 1, 2.5, "t", "+70005550101", "+70005550102", 20.0),
        ports.Hangup("leg"),
        ports.Play("leg", "p", "tone:425:-10"),
        ports.AskSnapshot("floor", 2),
        answered,
        ports.Failed("leg", 4, 1.0, 486, "Busy", "ringing", ("Q.850;cause=17",)),
        ports.Ended("leg", 5, 2.0, "far", "bye", {"rtp_sent": 5.0}),
        ports.Snapshot("run", 9.0, {"leg": (answered,)}, (("a", "b"),), {"d": "agent"}),
    ]
    return [to_wire(message).strip() for message in every]


# ---- changing JSON as JSON -------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 0.5, 1e308, "", "x", "a" * 300, "\u0000",
    "0199-a", "+70005550101", "2027-01-01T10:00:00Z", "1#", [], {}, [[]], {"type": "Hangup"},
)  # fmt: skip
KEYS = ("type", "leg", "seq", "at", "do", "id", "legs", "orphan", "fields", "stats", "reasons", "x")


def mutate_json(data: bytes, dice: random.Random) -> bytes | None:
    """Changes one place of a JSON text; None where it is none."""
    try:
        value = orjson.loads(data)
        return orjson.dumps(_changed(value, dice, 4))
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        return None


def _changed(value: Any, dice: random.Random, depth: int) -> Any:
    if isinstance(value, dict) and value and depth and dice.random() < 0.9:
        name = dice.choice(list(value))
        what = dice.random()
        if what < 0.1:
            return {key: one for key, one in value.items() if key != name}
        if what < 0.3:
            return {**value, dice.choice(KEYS): dice.choice(ODD)}
        return {**value, name: _changed(value[name], dice, depth - 1)}
    if isinstance(value, list) and value and depth and dice.random() < 0.8:
        place = dice.randrange(len(value))
        if dice.random() < 0.2:
            return [*value, value[place]]
        return [*value[:place], _changed(value[place], dice, depth - 1), *value[place + 1 :]]
    if isinstance(value, str) and dice.random() < 0.5:
        place = dice.randint(0, len(value))
        return value[:place] + chr(dice.choice((0, 10, 34, 48, 65, 0x416, 0xFFFF))) + value[place:]
    return dice.choice(ODD)
