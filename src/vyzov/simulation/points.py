"""The named points at which a floor's process can die: before and after each effect, and in a commit.

A name is `before EFFECT`, `after EFFECT`, or where in the database's work it happens. Verbs are told
apart, for each leaves another trace in the world; commits by whether they reserve.
"""

from typing import get_args

from vyzov.dialer import effects as fx
from vyzov.dialer import ports

RARE_VERBS = (
    ports.SetPhone, ports.RemovePhone, ports.DeviceCall, ports.RemoveTrunk, ports.CheckTrunk,
    ports.Unban, ports.SendDigits, ports.SetGuests,
)  # fmt: skip
"""What an administrator's work, a supervisor's or a desk phone is about, and no shift needs."""

IN_COMMIT = ("not written", "written and not told")


def name_of(effect: fx.Effect) -> str:
    """Returns what kind of an effect it is."""
    match effect:
        case fx.SendVerb(verb):
            return f"verb {type(verb).__name__}"
        case fx.Commit(giveup=giveup):
            return "commit of reservations" if giveup else "commit"
        case _:
            return type(effect).__name__


def all_points() -> tuple[str, ...]:
    """Returns the names of all points of a shift."""
    verbs = [cls.__name__ for cls in get_args(ports.Verb) if cls not in RARE_VERBS]
    kinds = [f"verb {name}" for name in verbs]
    kinds += ["commit of reservations", "commit"]
    kinds += [cls.__name__ for cls in get_args(fx.Effect) if cls not in (fx.SendVerb, fx.Commit)]
    around = [f"{when} {kind}" for kind in kinds for when in ("before", "after")]
    return (
        *around,
        *(f"{kind} {where}" for kind in kinds if "commit" in kind for where in IN_COMMIT),
    )
