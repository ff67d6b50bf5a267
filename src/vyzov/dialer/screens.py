"""What the screens are told: the whole state of each topic, built from the room.

Topics: `desk:USER` for one agent, `floor:ORGANISATION` for those who watch. The web process turns
states into numbered differences. Ids and figures go out, words are chosen on the screen.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from vyzov.core import agent as ca
from vyzov.core import trunk as ct
from vyzov.core.call import CallState
from vyzov.core.campaign import CampaignState, DialMode
from vyzov.core.contact import EntryState
from vyzov.core.instants import to_text
from vyzov.core.trunk import TrunkHealth
from vyzov.core.window import CallWindow, zones_of
from vyzov.dialer import clock_desk, desk_phones, guests
from vyzov.dialer.agents import is_pause_long
from vyzov.dialer.effects import Tell
from vyzov.dialer.floor_store import DueContact, PastAttempt
from vyzov.dialer.room import LiveAgent, LiveCall, LiveCampaign, LiveTrunk
from vyzov.dialer.scene import Scene

Json = dict[str, Any]
WORKING = ("previewing", "dialing", "talking", "hold", "wrap_up")
RINGING = (CallState.DIALING, CallState.RINGING)
SHARE_SPAN_S = 900.0
PHRASE_SHOWN = 80
"""Characters of a carrier's own words that a screen shows."""


def stamp(at: datetime | None) -> str | None:
    return to_text(at) if at else None


# ---- the desk ------------------------------------------------------------------------------------


def tell_desk(scene: Scene, agent: str) -> None:
    """Tells an agent's screens how things stand."""
    found = scene.room.agents.get(agent)
    if found is not None and (found.connections or found.agent.wish is not ca.Wish.OFFLINE):
        scene.out.effects.append(Tell(f"desk:{agent}", desk_state(scene, found)))


def desk_state(scene: Scene, found: LiveAgent) -> Json:
    agent, now = found.agent, scene.now.utc
    state = ca.state_of(agent)
    mine = [
        campaign
        for campaign in scene.room.campaigns.values()
        if agent.id in campaign.crew
        and campaign.state in (CampaignState.RUNNING, CampaignState.PAUSED)
    ]
    shown = found.last if found.last and _is_shown(found, now) else None
    if shown is not None:
        # The campaign of the call in hand comes first, also when it has just been completed.
        in_hand = scene.room.campaigns[shown.campaign]
        mine = [in_hand, *(one for one in mine if one is not in_hand)]
    return {
        "agent": {
            "id": agent.id,
            "name": found.name,
            "state": state.value,
            "since": stamp(agent.since),
            "reason": agent.pause_reason or None,
            "wish": agent.wish.value,
            "pause_after": agent.pause_after,
        },
        "device": _device(scene, found),
        "campaigns": [
            {"id": one.record.id, "name": one.record.name, "mode": one.settings.mode.value}
            for one in mine
        ],
        "today": _today(found, now),
        "call": _call(scene, found, shown) if shown else None,
        "card": _card(scene, found),
        "not_dialled": found.not_dialled or None,
        **found.inbox.shown(),
        "wrap_up": _wrap_up(scene, found),
        "empty": _empty(scene, found, state, mine),
    }


def _is_shown(found: LiveAgent, now: datetime) -> bool:
    return found.agent.call is not None or _undo_until(found, now) is not None


def _undo_until(found: LiveAgent, now: datetime) -> datetime | None:
    """Until when the result of the call on the screen can be taken back, None where it cannot."""
    until = found.undo_until if found.resulted is found.last else None
    return until if until is not None and now < until else None


def _device(scene: Scene, found: LiveAgent) -> Json:
    state = "none"
    if found.agent.device_leg:
        state = "up"
    elif found.pending_leg:
        state = "connecting"
    elif found.device_lost:
        state = "lost"
    return {
        "state": state,
        "codec": found.codec or None,
        "rtt_ms": found.rtt_ms,
        "loss_share": found.loss_share,
        "owner": found.owner,
        "kind": found.device_kind.value,
        "phone": desk_phones.shown(scene.room, found),
    }


def _today(found: LiveAgent, now: datetime) -> Json:
    spent = day_seconds(found, now)
    of = spent.get
    busy = sum(of(state, 0.0) for state in WORKING)
    base = busy + (of("ready", 0.0) + of("reserved", 0.0) + of("no_device", 0.0))
    return {
        "calls": found.day.calls,
        "talks": found.day.talks,
        "results": found.day.results,
        "occupancy": round(busy / base, 4) if base else 0.0,
    }


def day_seconds(found: LiveAgent, now: datetime) -> dict[str, float]:
    """Seconds of today in each state, the running one included."""
    spent = dict(found.day.seconds)
    running = max(0.0, (now - found.day.since).total_seconds())
    spent[found.day.state] = spent.get(found.day.state, 0.0) + running
    return spent


def _call(scene: Scene, found: LiveAgent, live: LiveCall) -> Json:
    call, due = live.call, live.due
    campaign = scene.room.campaigns[live.campaign]
    state = "talking"
    if call.state is CallState.ENDED or found.agent.work is ca.Work.WRAP_UP:
        state = "ended"
    elif found.agent.held:
        state = "hold"
    elif call.state in RINGING or found.agent.work in (ca.Work.RESERVED, ca.Work.DIALING):
        state = "ringing"
    contact = contact_state(scene, campaign, due, live.number) if due is not None else {}
    return {
        "attempt": call.id,
        "state": state,
        "campaign": {"id": campaign.record.id, "name": campaign.record.name},
        "contact": contact,
        **campaign.sheet,
        "answered_at": stamp(call.answered_at),
        "bridged_at": stamp(call.bridged_at),
        "ended_at": stamp(call.ended_at),
        "muted": found.agent.muted,
        "held": found.agent.held,
        "recording": call.recording,
        "unheard": call.unheard,
        **guests.shown_on_desk(scene, found, live),
        "history": history_state(live.history),
    }


def contact_state(scene: Scene, campaign: LiveCampaign, due: DueContact, number: int) -> Json:
    """A contact as the desk shows it; `number` counts the attempt in hand."""
    now, window = scene.now.utc, campaign.settings.window
    return {
        "id": due.contact,
        "name": due.name,
        "phone": due.e164,
        "phones": [phone.e164 for phone in due.phones],
        "zone": due.zones[0] if due.zones else "UTC",
        "utc_offset_minutes": _offset(due.zones, now),
        "window": _hours_of(window),
        "may_call_until": stamp(open_until(window, due.zones, now)),
        "fields": dict(due.fields),
        "attempt_number": number,
        "list": {"file": due.file_name, "row": due.row},
        "note": due.note,
        "stage": due.stage,
        "temperature": due.temperature,
    }


def _offset(names: tuple[str, ...], now: datetime) -> int:
    """How far the first of these zones is from UTC, in minutes."""
    places = zones_of(names[:1])
    ahead = now.astimezone(places[0]).utcoffset() if places else None
    return int((ahead or timedelta()).total_seconds() // 60)


def history_state(history: tuple[PastAttempt, ...]) -> list[Json]:
    """What was tried before, as the desk shows it."""
    return [
        {"at": stamp(past.at), "outcome": past.outcome, "talk_s": past.talk_s,
         "agent": past.agent, "result": past.result}
        for past in history
    ]  # fmt: skip


def _card(scene: Scene, found: LiveAgent) -> Json | None:
    """Who is next, before they are called."""
    held = scene.room.cards.get(found.agent.id)
    if held is None:
        return None
    card, due, now = held.card, held.due, scene.now.utc
    campaign = scene.room.campaigns[card.campaign]
    promised = due.state == EntryState.CALLBACK.value
    return {
        "id": card.id,
        "state": card.state.value,
        "until": stamp(card.until),
        "countdown_s": (card.until - card.shown_at).total_seconds(),
        "at_zero": "lay_down" if card.typed else campaign.settings.preview.at_zero.value,
        "skips_left": card.skips_left,
        "skips_max": campaign.settings.preview.skips_max,
        "position": card.position,
        "waits_for": held.why or None,
        "promised_at": stamp(due.next_due) if promised else None,
        "campaign": {"id": campaign.record.id, "name": campaign.record.name},
        "contact": contact_state(scene, campaign, due, due.attempts_made + 1),
        "attempts_max": campaign.settings.redial.attempts_max,
        "numbers": [
            {"e164": phone.e164, "zone": phone.zones[0] if phone.zones else "UTC",
             "utc_offset_minutes": _offset(phone.zones, now),
             "may_call_until": stamp(open_until(campaign.settings.window, phone.zones, now))}
            for phone in due.phones
        ],
        **campaign.sheet,
        "history": history_state(held.history),
    }  # fmt: skip


@lru_cache(maxsize=1024)
def _hours_of(window: CallWindow) -> Mapping[str, str]:
    """The hours as texts; midnight is the end of the day, not its beginning."""
    begin, end = f"{window.start:%H:%M}", f"{window.end:%H:%M}"
    return {"from": begin, "to": "24:00" if end == "00:00" else end}


def open_until(window: CallWindow, names: tuple[str, ...], now: datetime) -> datetime | None:
    """When the hours of the first of the callee's zones end; None while they may not be called."""
    first: datetime | None = None
    for zone in zones_of(names) or ():
        local = now.astimezone(zone)
        if not window.is_open(local):
            return None
        end = local.replace(hour=window.end.hour, minute=window.end.minute, second=0, microsecond=0)
        end = end if end > local else end + timedelta(days=1)
        first = end if first is None or end < first else first
    return first


def _wrap_up(scene: Scene, found: LiveAgent) -> Json | None:
    live = found.last
    if live is None:
        return None
    undo = _undo_until(found, scene.now.utc)
    if found.agent.work is not ca.Work.WRAP_UP and undo is None:
        return None
    campaign = scene.room.campaigns[live.campaign]
    return {
        "attempt": live.call.id,
        "until": stamp(found.agent.wrap_up_until),
        "limit_s": campaign.settings.wrap_up.total_seconds(),
        "result": live.result,
        "undo_until": stamp(undo),
    }


def _empty(scene: Scene, found: LiveAgent, state: ca.AgentState, mine: list[LiveCampaign]) -> Json:
    running = [campaign for campaign in mine if campaign.state is CampaignState.RUNNING]
    reason, until = "waiting", None
    if found.agent.wish is ca.Wish.OFFLINE:
        reason = "not_ready"
    elif found.agent.wish is ca.Wish.PAUSE:
        reason = "paused"
    elif state is ca.AgentState.NO_DEVICE:
        reason = "no_device"
    elif scene.room.stopped:
        reason = "stopped"
    elif not running:
        reason = "no_campaign"
    elif not scene.room.engine_up:
        reason = "trunk_down"
    elif all(campaign.settings.mode is DialMode.MANUAL for campaign in running):
        reason = "by_hand"
    else:
        reason, until = _why_quiet(running)
    counts: dict[str, int] = {}
    for campaign in running:
        for why in campaign.held_reasons.values():
            counts[why] = counts.get(why, 0) + 1
    return {"reason": reason, "until": stamp(until), "counts": counts}


def _why_quiet(running: list[LiveCampaign]) -> tuple[str, datetime | None]:
    for campaign in running:
        counts = campaign.counts
        if campaign.hopper or counts is None or counts.in_call or counts.fresh or counts.due:
            if campaign.opens_at is not None and not campaign.hopper:
                return "window_closed", campaign.opens_at
            return "waiting", None
    later = [campaign.dry_until for campaign in running if campaign.dry_until]
    return ("list_done", min(later)) if later else ("list_done", None)


# ---- the floor -----------------------------------------------------------------------------------


def tell_floor(scene: Scene, alerts: list[Json]) -> None:
    """Tells everybody who watches the floor how it stands; `alerts` come after its own."""
    room = scene.room
    scene.out.effects.append(Tell(f"floor:{room.organisation}", floor_state(scene, alerts)))
    for campaign in room.campaigns.values():
        scene.out.effects.append(Tell(f"campaign:{campaign.record.id}", _campaign(scene, campaign)))


def floor_state(scene: Scene, alerts: list[Json]) -> Json:
    room = scene.room
    return {
        "at": stamp(scene.now.utc),
        "stopped": room.stopped,
        "engine": "up" if room.engine_up else "away",
        "database": "up" if room.store_up else "away",
        "campaigns": [
            _campaign(scene, one)
            for one in room.campaigns.values()
            if one.state not in (CampaignState.DRAFT, CampaignState.ARCHIVED)
        ],
        "agents": [
            _tile(scene, found)
            for found in room.agents.values()
            if found.agent.wish is not ca.Wish.OFFLINE or found.agent.call or found.connections
        ],
        "trunks": [_trunk(scene, trunk) for trunk in room.trunks.values()],
        "alerts": [*_alerts(scene), *alerts],
    }


def _campaign(scene: Scene, campaign: LiveCampaign) -> Json:
    now = scene.now.utc
    calls = [live for live in scene.room.calls_of(campaign.record.id) if not live.finished]
    talking = [
        live for live in calls if live.call.state in (CallState.TALKING, CallState.AGENT_AWAY)
    ]
    waiting = [live for live in calls if live.call.state is CallState.WAITING]
    free = sum(
        1
        for found in scene.room.agents.values()
        if found.agent.wish is ca.Wish.READY and found.agent.device_leg
        and found.agent.id in campaign.settings.agents
    )  # fmt: skip
    counts = campaign.counts
    return {
        "id": campaign.record.id,
        "name": campaign.record.name,
        "mode": campaign.settings.mode.value,
        "state": campaign.state.value,
        "pace": {
            "lines_per_agent": round(len(calls) / free, 2) if free else None,
            "why": {"id": campaign.why[0], "args": campaign.why[1]},
            "lines": len(calls),
            "lines_max": campaign.settings.lines_max,
            "ringing": sum(1 for live in calls if live.call.state in RINGING),
            "talking": len(talking),
            "in_flow": sum(1 for live in calls if live.call.state is CallState.IN_FLOW),
            "waiting": len(waiting),
            "longest_wait_s": max(
                (round((now - (live.asked_at or now)).total_seconds(), 1) for live in waiting),
                default=0.0,
            ),
        },
        "abandon": abandonment(campaign),
        "progress": {
            "total": counts.total, "fresh": counts.fresh, "due": counts.due,
            "callback": counts.callback, "in_call": counts.in_call, "closed": counts.closed,
            "attempts": counts.attempts, "answered": counts.answered,
        } if counts else None,
        "minutes": [
            {"t": stamp(at), "dialed": dialed, "answered": answered}
            for at, dialed, answered in campaign.minutes
        ],
    }  # fmt: skip


def abandonment(campaign: LiveCampaign) -> Json:
    """The abandoned share with its numerator, denominator, window, limit and rule."""
    lost = sum(day.abandoned for day in campaign.abandon.values())
    base = sum(day.answered for day in campaign.abandon.values())
    return {
        "numerator": lost,
        "denominator": base,
        "share": round(lost / base, 6) if base else 0.0,
        "limit": campaign.settings.abandon_limit,
        "window_days": campaign.settings.abandon_window_days,
        "rule": campaign.settings.abandon_rule.value,
    }


def _tile(scene: Scene, found: LiveAgent) -> Json:
    agent, now = found.agent, scene.now.utc
    state = ca.state_of(agent)
    spent = day_seconds(found, now)
    live = scene.room.calls.get(agent.call or "")
    held = scene.room.cards.get(agent.id)
    attention = None
    if found.wants_help:
        attention = "help"
    elif found.device_lost and agent.wish is ca.Wish.READY:
        attention = "device_lost"
    elif is_pause_long(agent, now, scene.room.pause_limits):
        attention = "pause_long"
    return {
        "id": agent.id,
        "name": found.name,
        "state": state.value,
        "since": stamp(agent.since),
        "reason": agent.pause_reason or None,
        "campaign": live.campaign if live else held.card.campaign if held else None,
        "results_today": found.day.results,
        "talks_today": found.day.talks,
        "day": {
            "talk_s": round(spent.get("talking", 0.0) + spent.get("hold", 0.0)),
            "wrap_s": round(spent.get("wrap_up", 0.0)),
            "preview_s": round(spent.get("previewing", 0.0) + spent.get("dialing", 0.0)),
            "ready_s": round(spent.get("ready", 0.0) + spent.get("reserved", 0.0)),
            "pause_s": round(spent.get("pause", 0.0) + spent.get("no_device", 0.0)),
        },
        "attention": attention,
        "guests": guests.shown_on_tile(scene, live),
    }


def _trunk(scene: Scene, trunk: LiveTrunk) -> Json:
    since = scene.now.mono - SHARE_SPAN_S
    recent = [(answered, failed) for at, answered, failed in trunk.outcomes if at >= since]
    answered = sum(1 for one, _ in recent if one)
    failed = sum(1 for _, one in recent if one)
    now, settings, watch = scene.now.utc, trunk.record.settings, trunk.watch
    state = ct.health(watch, now).value
    if state in (TrunkHealth.UP, TrunkHealth.UNKNOWN):
        failing = failed >= 3 and failed * 2 > len(recent)
        known = recent or state == TrunkHealth.UP
        state = "failing" if failing else "ok" if known else "unknown"
    lines = sum(
        1
        for live in scene.room.calls.values()
        if live.trunk == trunk.record.id and not live.finished
    )
    last = watch.last
    return {
        "id": trunk.record.id,
        "name": settings.name,
        "lines": lines,
        "lines_max": settings.lines_max,
        "state": state,
        "since": stamp(ct.standing_since(watch, now)),
        "until": stamp(ct.back_at(watch, now)),
        "target": trunk.target,
        "sign_in": watch.registration.value if settings.sign_in else None,
        "error": last
        and {
            "fault": last.fault.value, "code": last.code, "phrase": last.phrase[:PHRASE_SHOWN],
            "at": stamp(last.at),
        },
        "per_second": sum(1 for at in trunk.placed if at > scene.now.mono - 1.0),
        "per_second_max": settings.calls_per_second,
        "answer_share": round(answered / len(recent), 4) if recent else None,
    }  # fmt: skip


def _alerts(scene: Scene) -> list[Json]:
    alerts: list[Json] = []
    room, now = scene.room, stamp(scene.now.utc)
    if not room.engine_up:
        alerts.append({"id": "engine", "kind": "engine_away", "args": {}, "since": now})
    if not room.store_up:
        alerts.append({"id": "store", "kind": "database_away", "args": {}, "since": now})
    if room.restored_from is not None:
        about = {"backup_at": stamp(room.restored_from)}
        alerts.append({"id": "quarantine", "kind": "quarantine", "args": about, "since": now})
    if not room.clock.is_steady:
        alerts.append(clock_desk.alert(room.clock, scene.now))
    for trunk in room.trunks.values():
        state = _trunk(scene, trunk)["state"]
        if state in ("failing", "down", "open"):
            name = trunk.record.settings.name
            kind = "trunk_failing" if state == "failing" else "trunk_down"
            alerts.append(
                {"id": f"trunk:{trunk.record.id}", "kind": kind, "args": {"trunk": name},
                 "since": now}
            )  # fmt: skip
    return alerts
