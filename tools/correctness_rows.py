"""How a rule of SIP or RTP and the tests that hold it are written down.

The rules stand in `correctness_calls.py` and `correctness_talks.py`; `correctness.py` writes the
page. `tests/test_docs_sip.py` checks that every test named exists, that no rule is without one, and
that every SIPp scenario holds some rule.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One rule and what holds it: tests as `file::name`, scenarios as their folder's file."""

    rule: str
    held_by: tuple[str, ...]


def row(rule: str, *held_by: tuple[str, ...]) -> Row:
    return Row(rule, tuple(name for names in held_by for name in names))


def sip(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/sip/test_sip_{file}.py::test_{name}" for name in names)


def engine(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/telephony/test_engine_{file}.py::test_{name}" for name in names)


def media(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/media/test_{file}.py::test_{name}" for name in names)


def core(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/core/test_{file}.py::test_{name}" for name in names)


def names_of_trunks(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/telephony/test_trunk_names.py::test_{name}" for name in names)


def wire(*scenarios: str) -> tuple[str, ...]:
    return tuple(f"tests/telephony/scenarios/{name}.xml" for name in scenarios)
