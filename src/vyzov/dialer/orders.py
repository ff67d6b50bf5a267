"""Writes the order by which an engine places a call, as its campaign and its contact say."""

from vyzov.dialer import ports
from vyzov.dialer.room import LiveCall
from vyzov.dialer.scene import Scene

LANGUAGES = ("ru", "en")
NOT_AFTER_S = 1.0
"""How old, in seconds, a verdict may be when the engine obeys it."""


def originate_order(scene: Scene, live: LiveCall) -> ports.Originate:
    """Returns the order for a call whose reservation is durable."""
    settings = scene.room.campaigns[live.campaign].settings
    return ports.Originate(
        leg=live.call.id,
        attempt=live.call.id,
        fence=scene.room.fence,
        not_after=live.verdict_at + NOT_AFTER_S,
        trunk=live.trunk,
        to=live.due.e164 if live.due else "",
        caller_id=live.caller_id,
        ring_timeout_s=live.call.plan.ring_timeout.total_seconds(),
        orphan=ports.Orphan(prompt=prompt_name(scene, live, settings.safe_harbour_prompt)),
        classify=settings.classify.value != "none",
    )


def prompt_name(scene: Scene, live: LiveCall, prompt: str) -> str:
    """What a prompt is called at the engine: whose it is, in which language, and its name."""
    whose = scene.room.organisation
    name = f"{language_of(live)}/{prompt}"
    return f"{whose}/{name}" if whose else name


def language_of(live: LiveCall) -> str:
    """The language in which a callee is spoken to by prompts."""
    language = live.due.language if live.due else ""
    return language if language in LANGUAGES else LANGUAGES[0]
