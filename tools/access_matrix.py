"""Writes docs/reference/access-matrix.md: every door of the web process, and who may pass it.

Run it after a change of `web/access_table.py` or `dialer/rights.py`; a test fails while the page is
stale.
"""

from collections.abc import Iterator
from pathlib import Path

from vyzov.dialer.access import Action, Role, may
from vyzov.web.access_table import ROUTES, TOPICS, VERBS, Open

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "access-matrix.md"

# These two reach only what is theirs, whatever the door: see `dialer/access_history.py`.
NARROWED = frozenset({Role.OPERATOR, Role.CUSTOMER})
OF_THE_PERSON = frozenset({Action.SESSION_OWN, Action.LIVE_OPEN})

HEAD = """# Who may do what

Made by `tools/access_matrix.py` from `src/vyzov/web/access_table.py` and
`src/vyzov/dialer/rights.py`; do not edit.

- **yes**: everything of the person's organisation. **own**: for operators their own desk, calls,
  call-backs and recordings; for customers what belongs to their principal. **–**: 403.
- Not signed in: 401 everywhere but at *public* doors.
- Whatever the cell says, an object of another organisation (or out of reach) is 404, the same as
  one that does not exist.
- A door without a row is refused for everybody and fails the build.
"""


def cell(action: Action | Open, role: Role) -> str:
    """Words one cell."""
    if isinstance(action, Open):
        return "public"
    if not may(role, action):
        return "–"
    return "own" if role in NARROWED and action not in OF_THE_PERSON else "yes"


def rows(doors: Iterator[tuple[str, Action | Open]]) -> Iterator[str]:
    """Yields a table's lines."""
    yield "| door | action | " + " | ".join(Role) + " |"
    yield "|---|---|" + "---|" * len(Role)
    for name, action in doors:
        cells = " | ".join(cell(action, role) for role in Role)
        yield f"| {name} | {action.value} | {cells} |"


def matrix() -> str:
    """Gives the whole page."""
    parts = [HEAD, "## Routes"]
    parts += ["\n".join(rows((f"`{m} {path}`", a) for (m, path), a in ROUTES.items()))]
    parts += ["## Verbs of the live socket"]
    parts += ["\n".join(rows((f"`{verb}`", action) for verb, action in VERBS.items()))]
    parts += ["## Topics of the live socket"]
    parts += ["\n".join(rows((f"`{topic}`", action) for topic, action in TOPICS.items()))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(matrix(), encoding="utf-8")
