"""`vyzov sip guard`: whom the engine turns away, asked of the running floor; and lifting a ban."""

import json
import socket
from typing import Any

import typer

from vyzov.app import Settings
from vyzov.core.errors import InvalidRequest
from vyzov.storage.floors import find_floor, organisation_of

WAIT_S = 5.0


def guard(settings: Settings, *, unban: str, as_json: bool) -> int:
    """Prints the list, after lifting a ban where one is named; 1 where nobody answers."""
    floor = find_floor(settings.database, settings.floor)
    who = {
        "user": "command line",
        "organisation": organisation_of(settings.database, floor),
        "role": "administrator",
    }
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(WAIT_S)
            line.connect(str(settings.floor_socket))
            if unban:
                _ask(line, "office.unban", who, source=unban)
            told = _ask(line, "office.protection", who)
    except (OSError, EOFError) as error:
        typer.echo(
            f"Vyzov does not run in {settings.data} ({error}): start it with `vyzov serve`.",
            err=True,
        )
        return 1
    for text in (json.dumps(told),) if as_json else _lines(told):
        typer.echo(text)
    return 0


def _ask(line: socket.socket, verb: str, who: dict[str, str], **args: str) -> dict[str, Any]:
    """Asks the floor one thing; raises InvalidRequest with its words where it refuses."""
    line.sendall(json.dumps({**args, "id": 1, "do": verb, "as": who}).encode() + b"\n")
    rest = b""
    while True:
        # The floor tells its topics on the same line; the answer is the frame with our number.
        head, found, rest = rest.partition(b"\n")
        if not found:
            more = line.recv(65_536)
            if not more:
                raise EOFError("the floor hung up")
            rest = head + more
            continue
        frame: dict[str, Any] = json.loads(head)
        if frame.get("re") == 1:
            break
    if not frame.get("ok"):
        problem = frame.get("problem") or {}
        raise InvalidRequest(
            str(problem.get("what") or "The floor refuses."), str(problem.get("next_step") or "")
        )
    result: dict[str, Any] = frame.get("result") or {}
    return result


def _lines(told: dict[str, Any]) -> list[str]:
    if not told.get("engine_up"):
        return ["The engine is not running: nothing comes in at all."]
    found = [
        f"{told.get('taken', 0)} messages taken, {told.get('too_many', 0)} over a budget, "
        f"{told.get('banned', 0)} from the banned, {told.get('connections_refused', 0)} "
        "connections refused."
    ]
    if not told["sources"]:
        return [*found, "Nobody is banned and nobody was turned away."]
    found.append(f"{'address':<44}{'taken':>8}{'dropped':>9}{'failures':>10}  state")
    for one in told["sources"]:
        state = "known" if one["known"] else ""
        if one["banned_for_s"]:
            state = f"banned for {one['banned_for_s']:.0f} s more"
        found.append(
            f"{one['source']:<44}{one['taken']:>8}{one['dropped']:>9}{one['failures']:>10}  {state}"
        )
    return found
