"""What a supervisor may do about an agent: set their state, say something, answer a call for help.

The agent's own machine decides what follows: a pause or a sign-out asked for while they talk begins
when the work is done. Nobody is made ready who is not there. Who may ask is decided in `rights`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from vyzov.core import agent as ca
from vyzov.dialer.agents import Agents
from vyzov.dialer.desk_phones import DeskPhones
from vyzov.dialer.effects import Ask
from vyzov.dialer.inbox import TEXT_MOST, Led, Message, MessageKind
from vyzov.dialer.room import LiveAgent
from vyzov.dialer.scene import Scene
from vyzov.dialer.writes import NoteChange

REASON_MOST = 80


class Leading:
    """Carries out what supervisors ask about the agents of one floor."""

    def __init__(self, scene: Scene, agents: Agents, phones: DeskPhones) -> None:
        self._scene = scene
        self._agents = agents
        self._phones = phones
        self.verbs: Mapping[str, Callable[[Ask], None]] = {
            "lead_agent": self._lead,
            "message": self._message,
            "answer_help": self._answer_help,
        }

    def _lead(self, ask: Ask) -> None:
        found = self._found(ask)
        if found is None:
            return
        state = str(ask.args.get("state") or "")
        events: dict[str, ca.AgentEvent] = {
            "ready": ca.AskReady(),
            "pause": ca.AskPause(str(ask.args.get("reason") or "")[:REASON_MOST]),
            "offline": ca.AskOffline(),
        }
        if state not in events:
            self._refuse(ask, "unknown_state", f"Nobody can be made '{state}'.", "Update the page.")
            return
        if state == "ready" and not (found.connections or found.agent.device_leg):
            self._refuse(
                ask, "agent_away", f"{found.name} has no page of Vyzov open.",
                "Ask them to sign in; then they can go ready.",
            )  # fmt: skip
            return
        before, now = found.agent.wish, self._scene.now.utc
        self._agents.step(found.agent.id, events[state])
        if state == "ready":
            self._phones.ring_if_needed(found)
        if found.agent.wish is not before or found.agent.pause_after:
            found.inbox.led = Led(state, self._name(ask), now)
            self._scene.out.write(
                NoteChange(
                    self._scene.dice.new_id(), now, ask.user, "desk", found.agent.id,
                    {"state": before.value}, {"state": state},
                )
            )  # fmt: skip
        self._scene.room.told_desks.add(found.agent.id)
        self._scene.out.reply_when_saved(ask.ask, state=ca.state_of(found.agent).value)

    def _message(self, ask: Ask) -> None:
        text = str(ask.args.get("text") or "").strip()[:TEXT_MOST]
        if not text:
            self._refuse(ask, "no_text", "The message is empty.", "Write something first.")
            return
        named = frozenset(map(str, cast("Sequence[object]", ask.args.get("agents") or ())))
        reached = {
            found.agent.id: True
            for found in self._scene.room.agents.values()
            if found.connections and (not named or found.agent.id in named)
        }
        for agent in reached:
            self._put(ask, self._scene.room.agents[agent], MessageKind.TEXT, text)
        # A map, so that the answers of several floors can be put together.
        self._scene.out.reply(ask.ask, reached=reached)

    def _answer_help(self, ask: Ask) -> None:
        found = self._found(ask)
        if found is None:
            return
        if not found.wants_help:
            self._refuse(
                ask, "no_help_wanted", f"{found.name} wants no help any more.", "Look at the floor."
            )
            return
        found.wants_help = False
        self._put(ask, found, MessageKind.HELP, "")
        self._scene.out.reply(ask.ask)

    def _put(self, ask: Ask, found: LiveAgent, kind: MessageKind, text: str) -> None:
        now = self._scene.now.utc
        found.inbox.put(Message(self._scene.dice.new_id(), kind, self._name(ask), text, now))
        self._scene.room.told_desks.add(found.agent.id)

    def _found(self, ask: Ask) -> LiveAgent | None:
        found = self._scene.room.agents.get(str(ask.args.get("agent") or ""))
        if found is None:
            self._refuse(
                ask, "not_found", "This floor has no such agent.", "Look at the floor again."
            )
        return found

    def _name(self, ask: Ask) -> str:
        return str(ask.args.get("by_name") or "")[:200]

    def _refuse(self, ask: Ask, code: str, what: str, next_step: str) -> None:
        self._scene.out.refuse(ask.ask, code, what, next_step)
