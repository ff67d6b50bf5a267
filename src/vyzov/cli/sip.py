"""`vyzov sip trace`: what crossed the wire, as a ladder in the terminal, from the engine's tape.

Shows one call (by Call-ID or attempt), the latest calls, or everything as it comes. Reads files of
the data folder only; what may stand in them is decided in `sip.trace`.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import typer

from vyzov.app import Settings
from vyzov.sip.identity import derive
from vyzov.sip.trace import Step
from vyzov.web import traces

WIDTH = 34
FOLLOW_EVERY_S = 0.5
ATTEMPT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def trace(
    settings: Settings, call: str, *, last: int, follow: bool, whole: bool, as_json: bool
) -> int:
    """Prints the messages asked for; 1 where there are none."""
    folder = settings.sip_trace
    if follow:
        return _follow(folder, whole=whole, as_json=as_json)
    calls = [_steps_of(settings, call)] if call else _latest(folder, last)
    calls = [steps for steps in calls if steps]
    if not calls:
        typer.echo(
            f"Nothing of it is kept in {folder}. The engine keeps the latest "
            f"{settings.sip_trace_mb} MB (setting sip_trace_mb); older calls are gone.",
            err=True,
        )
        return 1
    for steps in calls:
        for line in as_ladder(steps, whole=whole) if not as_json else as_lines(steps):
            typer.echo(line)
    return 0


def _steps_of(settings: Settings, call: str) -> list[Step]:
    call_id = call
    if ATTEMPT.fullmatch(call):
        # The names of a call on the wire come from its attempt; a database is not needed.
        call_id = derive(settings.secret(), call).call_id
    return traces.ladder(settings.sip_trace, call_id, 0.0, None)


def _latest(folder: Path, count: int) -> list[list[Step]]:
    found: dict[str, list[Step]] = {}
    for file in traces.files(folder, 0.0, None)[-2:]:
        for step in traces.steps(file):
            if step.noted.call_id:
                found.setdefault(step.noted.call_id, []).append(step)
    return list(found.values())[-count:] if count else []


def as_lines(steps: Iterable[Step]) -> Iterator[str]:
    """One JSON object a message, as on the tape."""
    for step in steps:
        yield json.dumps(step.to_line(), ensure_ascii=False)


def as_ladder(steps: list[Step], *, whole: bool) -> Iterator[str]:
    """A call as a person reads it: our side on the left, the carrier on the right."""
    first = steps[0]
    begun = datetime.fromtimestamp(first.at).astimezone()
    yield f"Call {first.noted.call_id}"
    yield f"{begun:%Y-%m-%d %H:%M:%S %Z}   Vyzov {' ' * (WIDTH - 12)} {first.peer}"
    for step in steps:
        said = step.noted.head + (" (SDP)" if step.noted.has_sdp else "")
        shaft = "-" * max(2, WIDTH - len(said) - 2)
        arrow = f"-{said}{shaft}>" if step.sent else f"<{shaft}{said}-"
        why = f"   {step.noted.reason}" if step.noted.reason else ""
        yield f"{(step.at - first.at) * 1000:>12.0f} ms   |{arrow}|{why}"
        if whole:
            yield from (f"{'':>20}{line}" for line in step.noted.text.splitlines())
    yield ""


def _follow(folder: Path, *, whole: bool, as_json: bool) -> int:
    """Prints what comes from now on, until Ctrl-C."""
    at = time.time()
    while True:
        for file in traces.files(folder, at - traces.SLACK_S, None):
            for step in traces.steps(file):
                if step.at <= at:
                    continue
                at = step.at
                for line in as_lines([step]) if as_json else _one(step, whole=whole):
                    typer.echo(line)
        time.sleep(FOLLOW_EVERY_S)


def _one(step: Step, *, whole: bool) -> Iterator[str]:
    clock = datetime.fromtimestamp(step.at).astimezone()
    way = "->" if step.sent else "<-"
    yield f"{clock:%H:%M:%S.%f} {way} {step.peer}  {step.noted.head}  {step.noted.call_id}"
    if whole:
        yield step.noted.text
