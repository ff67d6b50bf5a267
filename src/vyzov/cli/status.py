"""`vyzov status`: how the running installation does, without signing in: what runs, how late sound is.

Reads what the processes leave in the data folder; it asks nobody and changes nothing.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from vyzov.telephony.native.pulse import FILE

OLD_S = 15.0
LATE_MS = 20.0
"""A frame of sound is due every 20 ms: a loop later than that can be heard."""


def status(data: Path, *, as_json: bool) -> int:
    """Prints the pulses; 0 where the engine beats in time, 1 where it is late, 2 where none is."""
    path = data / "run" / FILE
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        typer.echo(
            f"No engine runs for {data} (or it began less than five seconds ago): start it with "
            f"`vyzov serve --data {data}`.",
            err=True,
        )
        return 2
    age_s = _age_s(told)
    worker = _worker(data)
    lag = told["lag_ms"]
    state = "stopped" if age_s > OLD_S else "late" if lag["p99"] > LATE_MS else "well"
    if as_json:
        found = {"state": state, "age_s": round(age_s, 1), "worker": worker}
        typer.echo(json.dumps(told | found))
    else:
        for line in (*_lines(told, state, age_s), _worker_line(worker)):
            typer.echo(line)
    return {"well": 0, "late": 1, "stopped": 2}[state]


def _age_s(told: dict[str, Any]) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(told["at"])).total_seconds()


def _worker(data: Path) -> dict[str, Any] | None:
    """Reads what the worker left; None where none has run, or a torn file says nothing."""
    try:
        told = json.loads((data / "run" / "worker.json").read_text(encoding="utf-8"))
        age_s = _age_s(told)
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return told | {"state": "stopped" if age_s > OLD_S else "well", "age_s": round(age_s, 1)}


def _worker_line(worker: dict[str, Any] | None) -> str:
    if worker is None:
        return "No worker has run yet: webhooks are told nothing."
    if worker["state"] == "stopped":
        return (
            f"The worker has not been heard for {worker['age_s']:.0f} s: what happens meanwhile waits "
            "for it. Look into the logs folder."
        )
    return (
        f"The worker runs: process {worker['pid']}, {worker['delivered']} events delivered, "
        f"{worker['failed']} tries failed, {worker['under_way']} under way."
    )


def _lines(told: dict[str, Any], state: str, age_s: float) -> list[str]:
    lag = told["lag_ms"]
    words = {
        "well": "The engine runs and is in time.",
        "late": "The engine runs but is late: sound may stutter. Free processor time on this "
        "machine, or place fewer calls at once.",
        "stopped": f"The engine has not been heard for {age_s:.0f} s: it hangs, or was killed and "
        "is not back. Look into the logs folder.",
    }
    return [
        words[state],
        f"  process {told['pid']}, since {told['since']}",
        f"  calls now: {told['legs']}",
        f"  lateness of the last seconds: half under {lag['p50']:g} ms, 99 of 100 under "
        f"{lag['p99']:g} ms, largest {lag['largest']:g} ms",
        f"  memory {told['memory_mb']:g} MB, open descriptors {told['descriptors']}",
    ]
