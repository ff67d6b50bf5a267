"""Takes one protection out of Vyzov as its modules are imported, to prove that the run notices.

The product knows nothing of this: `VYZOV_SABOTAGE` is read by `verify crash` alone. The third sabotage,
no unique indexes, needs no code: the run drops them from its database.
"""

import importlib
import time
from collections.abc import Callable, Mapping
from functools import partialmethod
from types import ModuleType
from typing import Any

AHEAD_S = 0.2
Act = Callable[..., None]


def around(owner: type, name: str, act: Act) -> None:
    """Puts `act` around a method; one that is gone stops the process, and so the run."""
    setattr(owner, name, partialmethod(act, getattr(owner, name)))


def originate_before_commit(module: ModuleType) -> None:
    """The floor takes its reservations for written a moment before it writes them."""
    effects = importlib.import_module("vyzov.dialer.effects")

    def hasty(self: Any, save: Act, group: Any) -> None:
        effect = group[0].effect
        if effect.giveup:
            self._back(effects.Committed(effect.batch, {}))
            time.sleep(AHEAD_S)
        save(self, group)

    around(module.StoreLine, "_save", hasty)


def no_fence(module: ModuleType) -> None:
    """The engine carries out the orders of whoever once owned a floor."""

    def trusting(self: Any, ask: Act, door: Any, message: Any) -> None:
        self._floors.pop(message.floor, None)
        ask(self, door, message)

    around(module.Control, "_ask", trusting)
    journal = importlib.import_module("vyzov.telephony.native.journal")
    journal.LegBook.raise_fence = lambda self, floor, _fence: self.fences.update({floor: 0})


SABOTAGES: Mapping[str, tuple[str, Callable[[ModuleType], None]]] = {
    "order": ("vyzov.dialer.store_line", originate_before_commit),
    "fence": ("vyzov.telephony.native.control", no_fence),
}
UNIQUE = "unique"
