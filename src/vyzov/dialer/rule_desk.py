"""Carries out a campaign's rules of pace: measures its figures, pauses it, changes its mode, tells.

When a rule acts is `core.pace_rules`'s word. What a rule did is a fact, and a floor that begins reads
them (`FloorState.ruled`): it does nothing twice, and a changed mode stands. A changed mode stands as
long as the rule that changed it is among the settings and their own mode is the one it found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vyzov.core.call import CallState
from vyzov.core.campaign import CampaignEvent, CampaignState, DialMode, may_dial
from vyzov.core.changing import replace
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.core.pace_rules import (
    PaceFigures,
    PaceRule,
    RuleDo,
    RuleWatch,
    SwitchMode,
    Turned,
    rules_step,
)
from vyzov.dialer.room import LiveCampaign
from vyzov.dialer.scene import Scene

ANSWERS_LEAST = 20
"""Of fewer answers a share of abandoned ones says nothing."""

CALLS_LEAST = 20
ANSWER_SPAN = timedelta(minutes=15)
"""Answers are counted by the calls of so long."""

STANDING = (CampaignState.RUNNING, CampaignState.PAUSING, CampaignState.PAUSED)


@dataclass(slots=True)
class Ruled:
    """How the rules of one campaign stand; `switched` is the rule that changed its mode, from what
    to what."""

    watches: dict[str, RuleWatch]
    switched: tuple[str, DialMode, DialMode] | None = None


class RuleDesk:
    """The rules of all campaigns of a floor."""

    def __init__(self, scene: Scene, move: Callable[[LiveCampaign, CampaignEvent], None]) -> None:
        """`move` takes a campaign along its life."""
        self._scene = scene
        self._move = move
        self._ruled: dict[str, Ruled] = {}

    def open(self, ruled: tuple[Fact, ...]) -> None:
        """Goes on from what the rules did before."""
        for fact in ruled:
            if fact.campaign is None:
                continue
            stands = self._stands(fact.campaign)
            key = str(fact.data["rule"])
            applied = fact.data["state"] == "applied"
            stands.watches[key] = RuleWatch(None, fact.at if applied else None)
            if applied and fact.data["do"] == RuleDo.SWITCH.value:
                stands.switched = key, _mode(fact.data["from"]), _mode(fact.data["mode"])
        self.reloaded()

    def reloaded(self) -> None:
        """Sets changed modes again after the settings were read anew."""
        for campaign in self._scene.room.campaigns.values():
            stands = self._ruled.get(campaign.record.id)
            if stands is None or stands.switched is None:
                continue
            key, found, mode = stands.switched
            known = {rule.key for rule in campaign.settings.pace_rules}
            own = DialMode(campaign.record.mode)
            if key not in known or own is not found:
                stands.switched = None
                mode = own
            if campaign.settings.mode is not mode:
                campaign.settings = replace(campaign.settings, mode=mode)

    def turn(self) -> None:
        """Asks the rules of every campaign that runs."""
        room = self._scene.room
        if not room.lease_held or room.leaving:
            return
        for campaign in list(room.campaigns.values()):
            if not campaign.settings.pace_rules:
                continue
            stands = self._stands(campaign.record.id)
            if not may_dial(campaign.state):
                # What held before a pause was not looked at meanwhile.
                stands.watches = {
                    key: RuleWatch(None, watch.applied_at) for key, watch in stands.watches.items()
                }
                continue
            stands.watches, turned = rules_step(
                campaign.settings.pace_rules, stands.watches, self._figures(campaign),
                self._scene.now.mono,
            )  # fmt: skip
            for one in turned:
                self._carry_out(campaign, stands, one)

    def alerts(self) -> list[dict[str, Any]]:
        """Says on a supervisor's screen which rules stand applied."""
        told: list[dict[str, Any]] = []
        for campaign in self._scene.room.campaigns.values():
            stands = self._ruled.get(campaign.record.id)
            if stands is None or campaign.state not in STANDING:
                continue
            for rule in campaign.settings.pace_rules:
                at = stands.watches.get(rule.key, RuleWatch()).applied_at
                if at is not None:
                    about = {"campaign": campaign.record.name, **_told(rule)}
                    told.append(
                        {"id": f"rule:{campaign.record.id}:{rule.key}",
                         "kind": f"rule_{rule.do.value}", "args": about, "since": to_text(at)}
                    )  # fmt: skip
        return told

    def _stands(self, campaign: str) -> Ruled:
        return self._ruled.setdefault(campaign, Ruled({}))

    def _carry_out(self, campaign: LiveCampaign, stands: Ruled, turned: Turned) -> None:
        rule, scene = turned.rule, self._scene
        found = campaign.settings.mode
        scene.out.write(
            scene.fact(
                FactKind.PACE_RULE, f"pace_rule:{campaign.record.id}:{scene.dice.new_id()}",
                campaign=campaign.record.id,
                data={
                    "rule": rule.key, "state": "applied" if turned.applied else "cleared",
                    **_told(rule), "seen": round(turned.seen, 6), "from": campaign.record.mode,
                },
            )
        )  # fmt: skip
        scene.room.pace_wanted = True
        if not turned.applied:
            return
        if rule.do is RuleDo.PAUSE and may_dial(campaign.state):
            self._move(campaign, CampaignEvent.PAUSE)
        elif rule.do is RuleDo.SWITCH:
            mode = _mode(rule.mode)
            stands.switched = rule.key, DialMode(campaign.record.mode), mode
            if mode is not found:
                campaign.settings = replace(campaign.settings, mode=mode)

    # ---- figures

    def _figures(self, campaign: LiveCampaign) -> PaceFigures:
        now, counts = self._scene.now.utc, campaign.counts
        today = campaign.abandon.get(now.date().isoformat())
        return PaceFigures(
            now=now,
            progress=counts.closed / counts.total if counts and counts.total else None,
            abandonment=today.abandoned / today.answered
            if today and today.answered >= ANSWERS_LEAST
            else None,
            wait_s=self._longest_wait_s(campaign),
            answer_rate=self._answer_rate(campaign),
        )

    def _longest_wait_s(self, campaign: LiveCampaign) -> float:
        now = self._scene.now.utc
        return max(
            (
                (now - live.asked_at).total_seconds()
                for live in self._scene.room.calls_of(campaign.record.id)
                if live.call.state is CallState.WAITING and live.asked_at and not live.finished
            ),
            default=0.0,
        )

    def _answer_rate(self, campaign: LiveCampaign) -> float | None:
        since = self._scene.now.utc - ANSWER_SPAN
        latest = [(calls, answers) for at, calls, answers in campaign.minutes if at >= since]
        calls = sum(calls for calls, _ in latest)
        return sum(answers for _, answers in latest) / calls if calls >= CALLS_LEAST else None


def _told(rule: PaceRule) -> dict[str, Any]:
    """A rule as facts and screens tell it: flat, a value in its own unit."""
    return {
        "when": rule.when.value, "is": rule.side.value, "value": rule.value,
        "for_s": rule.lasts.total_seconds(), "do": rule.do.value,
        "mode": rule.mode.value if rule.mode else "", "zone": rule.zone,
    }  # fmt: skip


def _mode(mode: SwitchMode | object) -> DialMode:
    return DialMode(str(mode))
