"""One fold over facts of any kind: contacts, agents and campaigns each give their part of the sums.

A roll-up folds the same parts, contact by contact and agent by agent, whenever a fact of theirs is
new: the sum of the parts is the fold.
"""

from collections.abc import Iterable

from vyzov.core.facts import FactKind
from vyzov.core.kpi.agents import agent_cells, is_of_agent
from vyzov.core.kpi.cells import Cells, Placed
from vyzov.core.kpi.measures import contact_cells, loaded_cells


def fold(facts: Iterable[Placed], until_ms: int | None = None) -> Cells:
    """Folds facts, in any order; agents' last states are counted up to `until_ms` if it is given."""
    contacts: dict[tuple[str, str], list[Placed]] = {}
    agents: dict[str, list[Placed]] = {}
    cells = Cells()
    for placed in {one.fact.dedupe: one for one in facts}.values():
        fact = placed.fact
        if is_of_agent(fact):
            agents.setdefault(fact.agent or "", []).append(placed)
        elif fact.kind is FactKind.CONTACTS_LOADED:
            cells.join(loaded_cells(fact))
        elif fact.contact is not None:
            contacts.setdefault((fact.campaign or "", fact.contact), []).append(placed)
    for found in contacts.values():
        cells.join(contact_cells(found))
    for found in agents.values():
        cells.join(agent_cells(found, until_ms))
    return cells
