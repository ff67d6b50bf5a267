"""What those who run the floor have said to an agent, and what they have done for them.

It lives as long as this process: words are for now, and what was done stands in the log of changes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vyzov.core.instants import to_text
from vyzov.dialer.ports import Json

MESSAGES_KEPT = 20
"""Of how many messages an agent who reads none keeps the latest."""
TEXT_MOST = 500


class MessageKind(StrEnum):
    """What a message is: words, or that somebody comes to help."""

    TEXT = "text"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Message:
    """Something said to an agent; `by` is the name of who said it."""

    id: str
    kind: MessageKind
    by: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Led:
    """An agent's state was set by somebody else, `by` their name."""

    state: str
    by: str
    at: datetime


@dataclass(slots=True)
class Inbox:
    """What stands on an agent's screen until they have read it."""

    messages: list[Message] = field(default_factory=list[Message])
    led: Led | None = None

    def put(self, message: Message) -> None:
        """Adds a message; the oldest goes where there are too many."""
        self.messages = [*self.messages, message][-MESSAGES_KEPT:]

    def read(self, message: str) -> None:
        """Takes a message away; one that is gone already is no fault."""
        self.messages = [one for one in self.messages if one.id != message]

    def shown(self) -> Json:
        """Returns what the agent's screens show."""
        return {
            "messages": [
                {
                    "id": one.id,
                    "kind": one.kind.value,
                    "by": one.by,
                    "text": one.text,
                    "at": to_text(one.at),
                }
                for one in self.messages
            ],
            "led": None
            if self.led is None
            else {"state": self.led.state, "by": self.led.by, "at": to_text(self.led.at)},
        }
