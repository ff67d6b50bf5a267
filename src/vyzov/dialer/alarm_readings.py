"""Reads from the picture of a floor the figures that alarms are raised by. Pure.

The picture is the state of the topic `floor`, as `dialer.screens` makes it and screens see it, so an
alarm never says what the screen beside it does not.
"""

from collections.abc import Iterator
from typing import Any

from vyzov.core.alarms import AlarmKind, Reading

Json = dict[str, Any]
ANSWERED_LEAST = 50
"""Before so many people have answered, one lost call more or less is no share to be alarmed by."""

BUSY = ("talk_s", "wrap_s", "preview_s")
DAY_LEAST_S = 1_800.0
"""An agent's occupancy is counted once their day has lasted half an hour."""

AT_WORK = frozenset(
    {"ready", "reserved", "previewing", "dialing", "talking", "hold", "consult", "wrap_up"}
)
TROUBLE = frozenset({"down", "open"})
WITH_AGENTS = frozenset({"manual", "preview", "progressive", "power", "predictive"})


def readings(picture: Json) -> Iterator[Reading]:
    """Yields the figures of a picture; one that is not known yet is not there."""
    agents: list[Json] = picture.get("agents", [])
    for campaign in picture.get("campaigns", []):
        yield from _of_campaign(campaign, agents)
    for trunk in picture.get("trunks", []):
        share = trunk.get("answer_share")
        failing = trunk["state"] in TROUBLE or trunk["state"] == "failing"
        # A trunk that is down has no calls to count: it fails all of them.
        value = 1.0 if trunk["state"] in TROUBLE else 1.0 - (share or 0.0) if failing else 0.0
        yield Reading(AlarmKind.TRUNK_FAILURES, trunk["id"], trunk["name"], value)
    occupancy = _occupancy(agents)
    if occupancy is not None:
        yield Reading(AlarmKind.OCCUPANCY, "", "", occupancy)


def _of_campaign(campaign: Json, agents: list[Json]) -> Iterator[Reading]:
    if campaign["state"] != "running":
        return
    of, name = campaign["id"], campaign["name"]
    lost, pace, progress = campaign["abandon"], campaign["pace"], campaign.get("progress")
    if lost.get("share") is not None and lost["denominator"] >= ANSWERED_LEAST:
        yield Reading(AlarmKind.LOST_SHARE, of, name, float(lost["share"]))
    yield Reading(AlarmKind.WAIT, of, name, float(pace.get("longest_wait_s") or 0.0))
    if campaign["mode"] in WITH_AGENTS:
        there = sum(one["state"] in AT_WORK for one in agents)
        yield Reading(AlarmKind.NO_OPERATORS, of, name, float(there))
    if progress is not None:
        left = progress["fresh"] + progress["due"]
        yield Reading(AlarmKind.LIST_LOW, of, name, float(left))


def _occupancy(agents: list[Json]) -> float | None:
    busy = ready = 0.0
    for agent in agents:
        day: Json = agent["day"]
        worked = sum(float(day.get(part) or 0.0) for part in BUSY)
        if worked + float(day["ready_s"]) >= DAY_LEAST_S:
            busy, ready = busy + worked, ready + float(day["ready_s"])
    return busy / (busy + ready) if busy + ready else None
