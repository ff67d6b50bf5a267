"""`vyzov call`: words or JSON for one call carried by the engine without a floor."""

import asyncio
import json

import typer
import uvloop

from vyzov.telephony.native.one_call import place_one_call


def run(
    number: str, trunk: str, *, user: str, password: str, realm: str, ring_timeout_s: float,
    talk_s: float, caller_id: str, as_json: bool,
) -> int:  # fmt: skip
    """Places the call and prints what came of it; 0 where it was carried to an outcome."""

    def told(event: dict[str, object]) -> None:
        if not as_json:
            rest = {k: v for k, v in event.items() if k not in ("at_s", "event")}
            typer.echo(f"{event.get('at_s', 0.0):8.3f} s  {event.get('event')}  {rest or ''}")

    async def place() -> dict[str, object]:
        return await place_one_call(
            number, trunk, user=user, password=password, realm=realm,
            ring_timeout_s=ring_timeout_s, talk_s=talk_s, caller_id=caller_id, on_event=told,
        )  # fmt: skip

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(place())
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        typer.echo(
            f"{number}: {result.get('outcome')} ({result.get('code')} {result.get('phrase')})"
        )
    return 0 if result.get("outcome") not in (None, "error") else 1
