"""`vyzov sip guard`: whom the engine turns away, asked of the running floor; and lifting a ban."""

import json
from typing import Any

import typer

from vyzov.app import Settings
from vyzov.cli.floor_ask import NobodyThere, ask_one


def guard(settings: Settings, *, unban: str, as_json: bool) -> int:
    """Prints the list, after lifting a ban where one is named; 1 where nobody answers."""
    try:
        if unban:
            ask_one(settings, "office.unban", source=unban)
        told = ask_one(settings, "office.protection")
    except NobodyThere as error:
        typer.echo(
            f"Vyzov does not run in {settings.data} ({error}): start it with `vyzov serve`.",
            err=True,
        )
        return 1
    for text in (json.dumps(told),) if as_json else _lines(told):
        typer.echo(text)
    return 0


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
