"""Which agent gets an answered call, and which waiting call a freed agent gets.

Fair to both sides: the agent who has been idle longest, the person who has waited longest. A
promised call goes to the agent who promised it while it is theirs (`callback.owner_at`).
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from vyzov.core.agent import Agent, is_free
from vyzov.core.call_value import Call, CallState


def agent_for(
    agents: Iterable[Agent], allowed: Collection[str], owner: str | None = None
) -> str | None:
    """Returns the free agent of the campaign to take a call, None where nobody is free.

    The owner of a call-back comes first; where they are not free, anybody is better than silence.
    """
    free = [agent for agent in agents if agent.id in allowed and is_free(agent)]
    if owner is not None:
        for agent in free:
            if agent.id == owner:
                return agent.id
    return min(free, key=_idle_since).id if free else None


def call_for(calls: Iterable[Call]) -> str | None:
    """Returns the call that has waited longest for an agent, None where none waits."""
    waiting = [
        (call.answered_at, call.id)
        for call in calls
        if call.state is CallState.WAITING and call.agent is None and call.answered_at
    ]
    return min(waiting)[1] if waiting else None


def _idle_since(agent: Agent) -> tuple[datetime, str]:
    return agent.since, agent.id
