"""`vyzov call`: words or JSON for one call carried by the engine without a floor.

The outcome is named as reports name it, by `core.diagnosis`; what came over the wire is beside it.
"""

import asyncio
import json
from typing import Any

import typer
import uvloop

from vyzov.core.diagnosis import diagnose_failure
from vyzov.telephony.native.one_call import BadTrunk, place_one_call

NOT_CARRIED = 2
REFUSALS = {
    "bad_number": "Write the number as + and digits with its country code, as +12025550143.",
    "unknown_trunk": "Name the trunk as sip:HOST:PORT.",
    "no_port": "No port is free for the sound; end other calls first.",
}


def run(
    number: str, trunk: str, *, user: str, password: str, realm: str, allow_md5: bool,
    ring_timeout_s: float, talk_s: float, caller_id: str, as_json: bool,
) -> int:  # fmt: skip
    """Places the call and prints what came of it; 0 where it was carried to an outcome, else 2."""

    def told(event: dict[str, object]) -> None:
        if not as_json:
            rest = {k: v for k, v in event.items() if k not in ("at_s", "event")}
            typer.echo(f"{event.get('at_s', 0.0):8.3f} s  {event.get('event')}  {rest or ''}")

    async def place() -> dict[str, object]:
        return await place_one_call(
            number, trunk, user=user, password=password, realm=realm, allow_md5=allow_md5,
            ring_timeout_s=ring_timeout_s, talk_s=talk_s, caller_id=caller_id, on_event=told,
        )  # fmt: skip

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = diagnosed(runner.run(place()))
    except BadTrunk as error:
        return _say_not_carried(number, str(error), as_json=as_json)
    except (OSError, TimeoutError) as error:
        what = f"{trunk} could not be reached: {error or 'it never let go of the call'}."
        return _say_not_carried(number, f"{what} Check host, port and network.", as_json=as_json)
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        typer.echo(f"{number}: {result['outcome']} ({result['code']} {result['phrase']})")
        if why := str(result["challenge_refused"]):
            hint = " Here: --allow-md5." if "MD5" in why else ""
            typer.echo(f"The password was not given: {why}.{hint}")
    if result["outcome"] == "refused":
        typer.echo(f"Nothing was sent. {REFUSALS.get(str(result['refused']), '')}", err=True)
        return NOT_CARRIED
    return 0


def diagnosed(result: dict[str, Any]) -> dict[str, Any]:
    """Names a failure by its outcome, cause and confidence; an answer stays `answered`."""
    result = {"carried": result["outcome"] != "refused", "confidence": 1.0} | result
    if result["outcome"] != "failed":
        return result | {"cause": result["cause"] or result["outcome"]}
    found = diagnose_failure(
        int(result["code"]),
        phrase=str(result["phrase"]),
        stage=str(result["stage"]),
        reasons=tuple(result["reasons"]),
        q850=result["q850"],
        ring_s=float(result["ring_s"]),
        early_media=any(event.get("early_media") for event in result["events"]),
    )
    return result | {
        "outcome": found.outcome.value,
        "cause": found.cause.value,
        "confidence": found.confidence,
        "q850": found.q850,
    }


def _say_not_carried(number: str, why: str, *, as_json: bool) -> int:
    if as_json:
        typer.echo(json.dumps({"carried": False, "outcome": "error", "error": why}))
    typer.echo(f"{number} was not called. {why}", err=True)
    return NOT_CARRIED
