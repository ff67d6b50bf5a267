"""What a campaign still lacks before it starts: what must be decided, and what deserves a look.

Only facts of the campaign itself are judged here; who of its contacts could be called at this hour
is `eligibility`'s word, and whether its trunk answers is seen by `trunk`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.flow import Callback, Connect

SAMPLE_PROMPTS = frozenset({"offer", "safe_harbour"})
"""Prompts that come with the product and name a company that is made up."""


class CheckId(StrEnum):
    """What is looked at before a start; each has words on the screens."""

    LIST = "list"
    AGENTS = "agents"
    AGENTS_KEYS = "agents_keys"
    TRUNK = "trunk"
    SAMPLES = "samples"
    SCRIPT = "script"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a campaign: whether it is fine, and whether a start needs it to be."""

    id: CheckId
    ok: bool
    must: bool


def checks(
    settings: CampaignSettings, *, has_list: bool, trunks_on: Collection[str]
) -> tuple[Check, ...]:
    """Looks a campaign over; `trunks_on` are the ids of all trunks that are switched on."""
    people = settings.mode is not DialMode.AGENTLESS
    return (
        Check(CheckId.LIST, ok=has_list, must=True),
        _agents(settings, people=people),
        Check(CheckId.TRUNK, ok=any(one in trunks_on for one in settings.trunks), must=True),
        Check(CheckId.SAMPLES, ok=SAMPLE_PROMPTS.isdisjoint(_heard(settings)), must=False),
        Check(CheckId.SCRIPT, ok=not people or bool(settings.script), must=False),
        Check(CheckId.RECORDING, ok=settings.recording, must=False),
    )


def is_ready(found: Collection[Check]) -> bool:
    """True where nothing is open that a start needs."""
    return all(one.ok for one in found if one.must)


def _agents(settings: CampaignSettings, *, people: bool) -> Check:
    if people:
        return Check(CheckId.AGENTS, ok=bool(settings.agents), must=True)
    # An offer may promise a person: by a key at once, or when they are called back.
    promised = settings.flow is not None and any(
        isinstance(step, Connect | Callback) for step in settings.flow.steps.values()
    )
    return Check(CheckId.AGENTS_KEYS, ok=bool(settings.agents) or not promised, must=True)


def _heard(settings: CampaignSettings) -> set[str]:
    said = settings.flow.prompts() if settings.flow else frozenset[str]()
    return {settings.safe_harbour_prompt, *said}
