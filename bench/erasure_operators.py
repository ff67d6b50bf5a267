"""Program operators who write about people: a note and a field with each result, a note besides.

Everything else about them is `vyzov.pstn.operators`.
"""

import asyncio
from pathlib import Path
from typing import Any

from vyzov.pstn import operators
from vyzov.pstn.desk_client import Desk
from vyzov.pstn.operators import OperatorSettings, run_operators

_SAVE = Desk.save_result


async def _save(self: Desk, body: dict[str, Any], key: str) -> tuple[int, str]:
    call = self.state.get("call") or {}
    contact = call.get("contact") or {}
    name = str(contact.get("name") or "")
    if name:
        body = body | {"note": f"{name}: договорились", "fields": {"agreed": f"{name} согласна"}}
    return await _SAVE(self, body, key)


def talk(wanted: dict[str, Any]) -> None:
    """Runs operators of these settings until a signal."""
    Desk.save_result = _save  # type: ignore[method-assign]
    settings = OperatorSettings(**{**wanted, "out": Path(wanted["out"])})
    asyncio.run(run_operators(settings))


assert operators.Desk is Desk
