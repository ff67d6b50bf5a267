"""What the port says of who hears whom: a customer with an agent, and guests beside the two.

A bridge joins a customer's leg with one agent's; guests are further agents' legs beside such a bridge,
up to `LEGS_MAX` legs in all. Who hears whom then is said in full by the floor (`core.hearing` decides
it) and carried out as it is. `LegEvent`, the base of all events of a leg, stands here too, for these
are built on it. Part of `ports`, whose rules hold here; use them by that name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vyzov.core.making import quickly_made

LEGS_MAX = 4
"""Legs in one call: the customer, their agent and two guests."""

# ---- verbs ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bridge:
    """Joins a customer's leg with an agent's leg, taking either out of a bridge it was in.

    The agent hears a cue tone first when `cue`; the customer hears nothing of it."""

    customer: str
    agent: str
    cue: bool = True


@dataclass(frozen=True, slots=True)
class Unbridge:
    """Parts a customer's leg from its agent; with `comfort` the customer hears a comfort tone."""

    customer: str
    comfort: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    customer: str
    on: bool


@dataclass(frozen=True, slots=True)
class Mute:
    """Stops the agent's sound towards the customer."""

    agent: str
    on: bool


@dataclass(frozen=True, slots=True)
class SetGuests:
    """Says who else is in a customer's bridge, and who hears whom there; no guests: the two again.

    `guests` maps the legs of agents to a word that `GuestJoined` gives back; one not named any more
    leaves, one that was in another bridge is taken out of it. `hears` are pairs (who hears, who is
    heard) over all legs, the customer's and the agent's included; what is no pair is not heard. A
    held customer hears and says nothing to anybody, a muted agent says nothing, whatever the pairs
    say. With `cue` those who are new hear a tone first. A guest that cannot come is told as left."""

    customer: str
    guests: Mapping[str, str] = field(default_factory=dict[str, str])
    hears: tuple[tuple[str, str], ...] = ()
    cue: bool = False


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegEvent:
    """Base of what happens to a leg: `seq` grows within the leg, `at` is monotonic seconds."""

    leg: str
    seq: int
    at: float


@quickly_made
@dataclass(frozen=True, slots=True)
class BridgeJoined(LegEvent):
    """The customer's leg `leg` now exchanges sound with `agent`."""

    agent: str


@quickly_made
@dataclass(frozen=True, slots=True)
class BridgeLeft(LegEvent):
    agent: str


@dataclass(frozen=True, slots=True)
class GuestJoined(LegEvent):
    """The leg `guest` is in the bridge of the customer's leg `leg`, under the word of its order."""

    guest: str
    role: str


@dataclass(frozen=True, slots=True)
class GuestLeft(LegEvent):
    """The leg `guest` is not, or no longer, in the bridge of the customer's leg `leg`."""

    guest: str
