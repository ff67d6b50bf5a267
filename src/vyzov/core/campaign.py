"""A campaign: its settings, checked whole, and the life it leads from draft to archive.

Settings are one frozen value with a version; they are read from JSON and written back without loss.
Who may change them, and when a change reaches the floor, is decided elsewhere. Results live in
`disposition`, hours in `window`, redials in `redial`, the robot's part in `flow`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from vyzov.core.disposition import ResultDef, default_results, read_results, result_to_json
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields, Json, is_word
from vyzov.core.flow import Flow, read_flow
from vyzov.core.numbers import is_e164, is_service_number
from vyzov.core.pace_rules import PaceRule, RuleDo, SwitchMode, read_rules
from vyzov.core.preview import PreviewRules, read_preview
from vyzov.core.redial import RedialPolicy, read_redial
from vyzov.core.script import Script, ScriptOrigin, read_origin, read_script
from vyzov.core.window import CallWindow, read_window, window_to_json

_SECOND = timedelta(seconds=1)

RING_LEAST = timedelta(seconds=15)
"""Below this a private person has not had the ring the abandonment rules give them (US-AB-2)."""


class DialMode(StrEnum):
    """How calls and agents meet."""

    MANUAL = "manual"
    PREVIEW = "preview"
    PROGRESSIVE = "progressive"
    POWER = "power"
    PREDICTIVE = "predictive"
    AGENTLESS = "agentless"
    EXTERNAL = "external"


class Purpose(StrEnum):
    """What the calls are for; some purposes forbid some modes."""

    ADVERTISING = "advertising"
    SERVICE = "service"
    DEBT = "debt"
    SURVEY = "survey"
    POLITICAL = "political"


class ClassifyMode(StrEnum):
    """When the answer is listened to: after the join, before it, or never."""

    CONNECT_FIRST = "connect_first"
    CLASSIFY_FIRST = "classify_first"
    NONE = "none"


class AbandonRule(StrEnum):
    """The named formula of the abandoned share (see `report`)."""

    US_AB_1 = "US-AB-1"


class AbandonGuard(StrEnum):
    """What a campaign that dials ahead keeps its limit of abandoned calls in: the day as a whole
    while people answer steadily, or every half-hour whatever happens."""

    DAY = "day"
    HALF_HOUR = "half_hour"


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """All that a campaign's calls are decided by; spans are timedeltas, shares 0..1."""

    mode: DialMode
    purpose: Purpose
    caller_id: str
    trunks: tuple[str, ...]
    lines_max: int = 30
    calls_per_second: float = 5.0
    power_ratio: float = 2.0
    ring_timeout: timedelta = timedelta(seconds=25)
    allow_short_ring: bool = False
    window: CallWindow = field(default_factory=CallWindow)
    destinations: tuple[str, ...] = ("+7", "+1", "+44")
    redial: RedialPolicy = field(default_factory=RedialPolicy)
    connect_limit: timedelta = timedelta(seconds=2)
    abandon_limit: float = 0.03
    abandon_window_days: int = 30
    abandon_rule: AbandonRule = AbandonRule.US_AB_1
    abandon_guard: AbandonGuard = AbandonGuard.DAY
    abandon_veto: bool = False
    classify: ClassifyMode = ClassifyMode.CONNECT_FIRST
    classify_limit: timedelta = timedelta(seconds=2.5)
    flow: Flow | None = None
    safe_harbour_prompt: str = "safe_harbour"
    results: tuple[ResultDef, ...] = field(default_factory=default_results)
    script: Script = ()
    script_from: ScriptOrigin | None = None
    wrap_up: timedelta = timedelta(seconds=30)
    recording: bool = True
    agents: tuple[str, ...] = ()
    priority: int = 0
    weight: float = 1.0
    agent_return_limit: timedelta = timedelta(seconds=15)
    pace_rules: tuple[PaceRule, ...] = ()
    preview: PreviewRules = field(default_factory=PreviewRules)
    listening_shown: bool = True

    @classmethod
    def from_json(cls, source: Mapping[str, Any]) -> "CampaignSettings":
        """Returns the settings of a JSON object, or raises `InvalidRequest` naming wrong fields."""
        faults: list[Fault] = []
        fields = Fields(source, "", faults)
        settings = _read(fields)
        _check(settings, fields)
        fields.settle("The campaign")
        return settings

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `from_json` reads; spans are seconds in fields named `*_s`."""
        return {
            "mode": self.mode.value,
            "purpose": self.purpose.value,
            "caller_id": self.caller_id,
            "trunks": list(self.trunks),
            "lines_max": self.lines_max,
            "calls_per_second": self.calls_per_second,
            "power_ratio": self.power_ratio,
            "ring_timeout_s": self.ring_timeout.total_seconds(),
            "allow_short_ring": self.allow_short_ring,
            "window": window_to_json(self.window),
            "destinations": list(self.destinations),
            "redial": self.redial.to_json(),
            "connect_limit_s": self.connect_limit.total_seconds(),
            "abandon_limit": self.abandon_limit,
            "abandon_window_days": self.abandon_window_days,
            "abandon_rule": self.abandon_rule.value,
            "abandon_guard": self.abandon_guard.value,
            "abandon_veto": self.abandon_veto,
            "classify": self.classify.value,
            "classify_limit_s": self.classify_limit.total_seconds(),
            "flow": self.flow.to_json() if self.flow else None,
            "safe_harbour_prompt": self.safe_harbour_prompt,
            "results": [result_to_json(result) for result in self.results],
            "script": [step.to_json() for step in self.script],
            "script_from": self.script_from.to_json() if self.script_from else None,
            "wrap_up_s": self.wrap_up.total_seconds(),
            "recording": self.recording,
            "agents": list(self.agents),
            "priority": self.priority,
            "pace_rules": [rule.to_json() for rule in self.pace_rules],
            "weight": self.weight,
            "agent_return_limit_s": self.agent_return_limit.total_seconds(),
            "preview": self.preview.to_json(),
            "listening_shown": self.listening_shown,
        }


def _read(fields: Fields) -> CampaignSettings:
    def seconds(name: str, usual: float, least: float, most: float) -> timedelta:
        return fields.span(
            name, timedelta(seconds=usual), least=least * _SECOND, most=most * _SECOND
        )

    return CampaignSettings(
        mode=fields.choice("mode", DialMode),
        purpose=fields.choice("purpose", Purpose),
        caller_id=fields.text("caller_id", longest=32),
        trunks=fields.texts("trunks"),
        lines_max=fields.whole("lines_max", 30, least=1, most=10_000),
        calls_per_second=fields.number("calls_per_second", 5.0, least=0.1, most=1000),
        power_ratio=fields.number("power_ratio", 2.0, least=1, most=10),
        ring_timeout=seconds("ring_timeout_s", 25, 1, 180),
        allow_short_ring=fields.flag("allow_short_ring", default=False),
        window=CallWindow()
        if fields.get("window") is None
        else read_window(fields.inner("window")),
        destinations=fields.texts("destinations", ("+7", "+1", "+44")),
        redial=read_redial(fields.inner("redial")),
        connect_limit=seconds("connect_limit_s", 2, 0.1, 60),
        abandon_limit=fields.number("abandon_limit", 0.03, least=0, most=1),
        abandon_window_days=fields.whole("abandon_window_days", 30, least=1, most=366),
        abandon_rule=fields.choice("abandon_rule", AbandonRule, AbandonRule.US_AB_1),
        abandon_guard=fields.choice("abandon_guard", AbandonGuard, AbandonGuard.DAY),
        abandon_veto=fields.flag("abandon_veto", default=False),
        classify=fields.choice("classify", ClassifyMode, ClassifyMode.CONNECT_FIRST),
        classify_limit=seconds("classify_limit_s", 2.5, 0.1, 30),
        flow=None if fields.get("flow") is None else read_flow(fields.inner("flow")),
        safe_harbour_prompt=fields.text("safe_harbour_prompt", "safe_harbour"),
        results=default_results() if fields.get("results") is None else read_results(fields),
        script=read_script(fields, "script"),
        script_from=read_origin(fields, "script_from"),
        wrap_up=seconds("wrap_up_s", 30, 0, 3600),
        recording=fields.flag("recording", default=True),
        agents=fields.texts("agents"),
        pace_rules=read_rules(fields, "pace_rules"),
        priority=fields.whole("priority", 0, least=-9, most=9),
        weight=fields.number("weight", 1.0, least=0.1, most=100),
        agent_return_limit=seconds("agent_return_limit_s", 15, 1, 300),
        preview=PreviewRules()
        if fields.get("preview") is None
        else read_preview(fields.inner("preview")),
        listening_shown=fields.flag("listening_shown", default=True),
    )


def _check(settings: CampaignSettings, fields: Fields) -> None:
    if settings.caller_id and not (
        is_e164(settings.caller_id) or is_service_number(settings.caller_id)
    ):
        fields.fault("caller_id", "must be a number such as +70005550101", "phone")
    if not settings.trunks:
        fields.fault("trunks", "must name at least one trunk", "one_needed")
    if settings.ring_timeout < RING_LEAST and not settings.allow_short_ring:
        fields.fault(
            "ring_timeout_s",
            "must be at least 15 unless allow_short_ring is true",
            "least",
            least=15,
        )
    if not all(is_e164(f"{prefix}0000000"[:16]) for prefix in settings.destinations):
        fields.fault("destinations", "must be country prefixes such as +7", "prefixes")
    if settings.mode is DialMode.AGENTLESS and settings.flow is None:
        fields.fault(
            "flow", "is needed: a call without an agent must have something to say", "needed"
        )
    if not is_word(settings.safe_harbour_prompt):
        fields.fault(
            "safe_harbour_prompt", "must be a name of small letters, digits, underscores", "name"
        )
    switches = any(rule.do is RuleDo.SWITCH for rule in settings.pace_rules)
    if switches and settings.mode.value not in [mode.value for mode in SwitchMode]:
        fields.fault(
            "pace_rules", "can change the mode only where operators take the answers", "no_switch"
        )


# ---- the life of a campaign ----------------------------------------------------------------------


class CampaignState(StrEnum):
    """Where a campaign is in its life."""

    DRAFT = "draft"
    VALIDATING = "validating"
    READY = "ready"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    COMPLETING = "completing"
    COMPLETED = "completed"
    FAILED = "failed"
    ARCHIVED = "archived"


class CampaignEvent(StrEnum):
    """What can move it: people ask the first ones, the floor finds out the last ones."""

    VALIDATE = "validate"
    SCHEDULE = "schedule"
    START = "start"
    PAUSE = "pause"
    FINISH = "finish"
    ARCHIVE = "archive"
    FOUND_VALID = "found_valid"
    FOUND_WRONG = "found_wrong"
    HOUR_CAME = "hour_came"
    DRAINED = "drained"
    LIST_DONE = "list_done"
    BROKE = "broke"


_ASKED = frozenset({
    CampaignEvent.VALIDATE,
    CampaignEvent.SCHEDULE,
    CampaignEvent.START,
    CampaignEvent.PAUSE,
    CampaignEvent.FINISH,
    CampaignEvent.ARCHIVE,
})  # fmt: skip

_S, _E = CampaignState, CampaignEvent

_WAYS: Mapping[tuple[CampaignState, CampaignEvent], CampaignState] = {
    (_S.DRAFT, _E.VALIDATE): _S.VALIDATING,
    # Settings are only ever stored checked, so a draft may start without a stop at `ready`.
    (_S.DRAFT, _E.START): _S.RUNNING,
    (_S.DRAFT, _E.ARCHIVE): _S.ARCHIVED,
    (_S.VALIDATING, _E.FOUND_VALID): _S.READY,
    (_S.VALIDATING, _E.FOUND_WRONG): _S.DRAFT,
    (_S.READY, _E.START): _S.RUNNING,
    (_S.READY, _E.SCHEDULE): _S.SCHEDULED,
    (_S.READY, _E.ARCHIVE): _S.ARCHIVED,
    (_S.SCHEDULED, _E.START): _S.RUNNING,
    (_S.SCHEDULED, _E.HOUR_CAME): _S.RUNNING,
    (_S.SCHEDULED, _E.PAUSE): _S.READY,
    (_S.SCHEDULED, _E.ARCHIVE): _S.ARCHIVED,
    (_S.RUNNING, _E.START): _S.RUNNING,
    (_S.RUNNING, _E.PAUSE): _S.PAUSING,
    (_S.RUNNING, _E.FINISH): _S.COMPLETING,
    (_S.RUNNING, _E.LIST_DONE): _S.COMPLETING,
    (_S.RUNNING, _E.BROKE): _S.FAILED,
    (_S.PAUSING, _E.PAUSE): _S.PAUSING,
    (_S.PAUSING, _E.DRAINED): _S.PAUSED,
    (_S.PAUSING, _E.START): _S.RUNNING,
    (_S.PAUSING, _E.FINISH): _S.COMPLETING,
    (_S.PAUSING, _E.BROKE): _S.FAILED,
    (_S.PAUSED, _E.PAUSE): _S.PAUSED,
    (_S.PAUSED, _E.START): _S.RUNNING,
    (_S.PAUSED, _E.FINISH): _S.COMPLETED,
    (_S.PAUSED, _E.BROKE): _S.FAILED,
    (_S.COMPLETING, _E.FINISH): _S.COMPLETING,
    (_S.COMPLETING, _E.DRAINED): _S.COMPLETED,
    (_S.COMPLETING, _E.START): _S.RUNNING,
    (_S.COMPLETING, _E.BROKE): _S.FAILED,
    # New rows may have been imported since: a completed campaign can go on.
    (_S.COMPLETED, _E.START): _S.RUNNING,
    (_S.COMPLETED, _E.FINISH): _S.COMPLETED,
    (_S.COMPLETED, _E.ARCHIVE): _S.ARCHIVED,
    (_S.FAILED, _E.VALIDATE): _S.VALIDATING,
    (_S.FAILED, _E.START): _S.RUNNING,
    (_S.FAILED, _E.ARCHIVE): _S.ARCHIVED,
    (_S.ARCHIVED, _E.ARCHIVE): _S.ARCHIVED,
}


def campaign_step(state: CampaignState, event: CampaignEvent) -> CampaignState:
    """Returns the state after the event.

    What the floor finds out may come late and then changes nothing; what a person asks for and
    cannot have raises `InvalidRequest`.
    """
    after = _WAYS.get((state, event))
    if after is not None:
        return after
    if event in _ASKED:
        possible = [ask.value for ask in CampaignEvent if ask in _ASKED and (state, ask) in _WAYS]
        raise InvalidRequest(
            f"A campaign that is '{state}' cannot '{event}'.",
            f"What it can do now: {', '.join(possible)}.",
        )
    return state


def may_dial(state: CampaignState) -> bool:
    """True where the campaign places new calls."""
    return state is CampaignState.RUNNING
