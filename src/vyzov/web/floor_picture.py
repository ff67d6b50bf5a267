"""Makes one picture of what several floors of an organisation tell. Pure; where there is but one
floor, its own state is the picture.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from vyzov.dialer.floor_places import FloorPlace

Json = dict[str, Any]


def one_picture(told: Sequence[tuple[FloorPlace, Json]]) -> Json:
    """Joins the states of `floor:ORGANISATION` of all floors; each names its `floor` here or away.

    With more than one floor, `floors` lists them, each with its own `engine` and `database`."""
    if not told:
        return {"floor": "away"}
    if len(told) == 1:
        return told[0][1]
    states = [state for _, state in told]
    known = [state for state in states if "at" in state]
    made: Json = {
        "floor": _worst(states, "floor", "here"),
        "floors": [
            {
                "id": place.id,
                "name": place.name,
                "floor": state["floor"],
                "engine": state.get("engine", "away"),
                "database": state.get("database", "away"),
            }
            for place, state in told
        ],
        "stopped": False,
        "campaigns": [],
        "agents": [],
        "trunks": [],
        "alerts": [],
    }
    if not known:
        return made
    return made | {
        # The oldest of them: a picture is as fresh as its oldest part.
        "at": min(state["at"] for state in known),
        "stopped": any(state.get("stopped") for state in known),
        "engine": _worst(known, "engine", "up"),
        "database": _worst(known, "database", "up"),
        "campaigns": _every(known, "campaigns"),
        "agents": _every(known, "agents"),
        "trunks": _trunks(known),
        "alerts": _alerts(known),
    }


def _worst(states: Iterable[Json], name: str, good: str) -> str:
    return next((str(state[name]) for state in states if state.get(name) != good), good)


def _every(states: Iterable[Json], name: str) -> list[Json]:
    return [one for state in states for one in state.get(name, ())]


def _trunks(states: Iterable[Json]) -> list[Json]:
    """The same trunk carries calls of several floors: its busy lines add up."""
    found: dict[str, Json] = {}
    for trunk in _every(states, "trunks"):
        before = found.get(trunk["id"])
        sums = {
            name: trunk.get(name, 0) + (before or {}).get(name, 0)
            for name in ("lines", "per_second")
        }
        found[trunk["id"]] = {**(before or trunk), **sums}
    return list(found.values())


def _alerts(states: Iterable[Json]) -> list[Json]:
    return list({alert["id"]: alert for alert in _every(states, "alerts")}.values())
