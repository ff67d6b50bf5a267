"""What a supervisor does about agents: their state, a message, an answer to a call for help."""

import asyncio
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from vyzov.web.admission import Caller, In, Who, room
from vyzov.web.floor_link import speaker
from vyzov.web.shapes import Asked, PathId, Shape

router = room("floor", under="/floor")


class StateAsked(Asked):
    """The state an agent is to be in; what they have in hand is finished first."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"state": "pause", "reason": "training"}]},
    )

    state: Literal["ready", "pause", "offline"]
    reason: Annotated[str, Field(max_length=64)] = ""


class MessageAsked(Asked):
    """Words for some agents, or for all who are there where nobody is named."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"agents": [], "text": "Briefing at three"}]},
    )

    agents: Annotated[list[PathId], Field(max_length=500, default_factory=list)]
    text: Annotated[str, Field(min_length=1, max_length=500)]


class StateSet(Shape):
    """What the agent is now; a pause may still wait for the end of a talk."""

    state: str


class Reached(Shape):
    """How many agents have the message on their screens."""

    reached: int


async def _name(who: Caller, agent: str | None = None) -> str:
    """Gives the name of who asks; NotFound where the agent is out of their reach."""

    def look() -> str:
        if agent is not None:
            who.door.led_agent(agent)
        return who.door.names().get(who.person.user, "")

    return await asyncio.to_thread(look)


@router.post("/agents/{agent_id}/state", summary="Set an agent's state")
async def set_state(agent_id: PathId, asked: StateAsked, house: In, who: Who) -> StateSet:
    """Makes an agent ready, pauses or signs them out; they see who did it, and it is logged."""
    said = await house.floor.ask(
        "office.lead_agent",
        speaker(who.person),
        agent=agent_id,
        state=asked.state,
        reason=asked.reason,
        by_name=await _name(who, agent_id),
    )
    return StateSet(state=said["state"])


@router.post("/agents/{agent_id}/help", status_code=204, summary="Answer a call for help")
async def answer_help(agent_id: PathId, house: In, who: Who) -> None:
    """Tells an agent who called for help that somebody comes."""
    await house.floor.ask(
        "office.answer_help",
        speaker(who.person),
        agent=agent_id,
        by_name=await _name(who, agent_id),
    )


@router.post("/messages", summary="Say something to agents")
async def message(asked: MessageAsked, house: In, who: Who) -> Reached:
    """Puts words on the screens of agents who are there, until they have read them."""
    said = await house.floor.ask(
        "office.message",
        speaker(who.person),
        agents=asked.agents,
        text=asked.text,
        by_name=await _name(who),
    )
    return Reached(reached=len(said["reached"]))
