"""Writes docs/reference/key-figures.md: every key figure with its formula, window and exclusions."""

from pathlib import Path

from vyzov.core.kpi.registry import FORMULAS, Percentile
from vyzov.core.kpi.words import WINDOWS, WORDS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "key-figures.md"

HEAD = """# Key figures

Written by `tools/kpi_doc.py` from the formulas themselves. A figure is a numerator and a
denominator, both whole numbers, folded from [facts](../formats.md) and from the prices and shifts
of the house; its value is their quotient times the unit's scale. `./run verify figures` has a
script that imports nothing of Vyzov work all of them out again.

## What they stand on

- **Half hours.** An attempt belongs, whole, to the half hour (UTC) in which it was reserved, and
  to the agent who talked last. Time belongs to the half hour in which it passed. A period asked
  for is widened to half hours.
- **Time** is whole milliseconds. Within one clock (`clock_id`) both ends are rounded down before
  they are subtracted, so states laid end to end add up exactly to the time signed in; across
  clocks UTC is taken. A state lasts until the next fact `agent_state` of its agent in the order
  of floor, epoch and place; what an older epoch says of the time after the first word of a newer
  one is left out. An agent of several floors: heads of their lines by UTC.
- **A live answer**: the fact `abandoned`, or the outcome `answered_human` or `abandoned`; without
  an outcome yet, a join. **Late**: live, joined with `within_limit` false, and not abandoned.
- **A promise** counts when it is due; one replaced, taken back with its result or overtaken by
  `contact_closed` before it was due does not. It is kept where another attempt was reserved
  within 15 minutes of it.
- **Closed**: the last `contact_closed` that no `contact_reopened` follows.
- **Money** is whole minor units. Costs are summed in minor units times 86,400,000 (milliseconds
  of a day): a wage by the hour times milliseconds times 24, a minute of a trunk times
  milliseconds times 1440 (each call rounded up to the trunk's step), what is paid by the day
  times milliseconds, an attempt or a contact times 86,400,000. Prices are those valid in the half
  hour. Paid time is that of the shifts that begin in the stretch for whoever has a shift in the
  period; others are paid for the time signed in.
- **95 of 100**: the nearest rank, rounded up to the edge of its bin: 100 ms for delays, 1 s for
  waits.

## The figures
"""


def _form(form: object) -> str:
    if isinstance(form, Percentile):
        return f"95 of 100 of `{form.prefix}`"
    assert isinstance(form, tuple)
    parts = [
        f"{'' if abs(factor) == 1 else f'{abs(factor):,} x '}`{name}`{'' if factor > 0 else ' (less)'}"
        for name, factor in form
    ]
    return " + ".join(parts)


def page() -> str:
    """Gives the whole page."""
    rows = [
        "| figure | formula | window | unit | numerator | denominator |",
        "|---|---|---|---|---|---|",
    ]
    for one in FORMULAS:
        words = WORDS[one.id]
        rows.append(
            f"| `{one.id}`: {words.name.en} | {words.formula.en}. {words.without.en} |"
            f" {WINDOWS[one.window].en} | {one.unit.value} | {_form(one.numerator)} |"
            f" {_form(one.denominator)} |"
        )
    return HEAD + "\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
