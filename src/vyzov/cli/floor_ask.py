"""Asks the running floors something from a command: over their sockets, found by their leases."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vyzov.app import Settings
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage.office import open_office

WAIT_S = 5.0
UNIX = "unix:"

Json = dict[str, Any]


class NobodyThere(Exception):
    """No floor answers: Vyzov does not run here."""


def ask_one(settings: Settings, verb: str, **args: str) -> Json:
    """Asks the first floor that answers; raises NobodyThere, or InvalidRequest where it refuses."""
    why = "no floor has an owner"
    for path, organisation in _owners(settings):
        try:
            return _asked(path, organisation, verb, args)
        except (OSError, EOFError) as error:
            why = str(error)
    raise NobodyThere(why)


def ask_all(settings: Settings, verb: str, **args: str) -> list[Json]:
    """Asks every floor; raises NobodyThere where none answers."""
    answers: list[Json] = []
    for path, organisation in _owners(settings):
        try:
            answers.append(_asked(path, organisation, verb, args))
        except (OSError, EOFError):
            continue
    if not answers:
        raise NobodyThere("no floor answers")
    return answers


def _owners(settings: Settings) -> Iterator[tuple[Path, str]]:
    clock = SystemClock()
    office = open_office(settings.database, clock=clock, randomness=SystemDice())
    for place in office.floor_map().floors:
        if place.address.startswith(UNIX) and place.has_owner(clock.utc()):
            yield Path(place.address.removeprefix(UNIX)), place.organisation


def _asked(path: Path, organisation: str, verb: str, args: Json) -> Json:
    who = {"user": "command line", "organisation": organisation, "role": "administrator"}
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(WAIT_S)
        line.connect(str(path))
        line.sendall(json.dumps({**args, "id": 1, "do": verb, "as": who}).encode() + b"\n")
        frame = _answer(line)
    if not frame.get("ok"):
        problem = frame.get("problem") or {}
        raise InvalidRequest(
            str(problem.get("what") or "The floor refuses."), str(problem.get("next_step") or "")
        )
    result: Json = frame.get("result") or {}
    return result


def _answer(line: socket.socket) -> Json:
    """Reads up to the frame with our number: the floor tells its topics on the same line."""
    rest = b""
    while True:
        head, found, rest = rest.partition(b"\n")
        if not found:
            more = line.recv(65_536)
            if not more:
                raise EOFError("the floor hung up")
            rest = head + more
            continue
        frame: Json = json.loads(head)
        if frame.get("re") == 1:
            return frame
