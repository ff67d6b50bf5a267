"""The search for planted bugs of SIP: clean agents break no rule, and a wire that was doctored does."""

import sys
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from planted_exchange import HardExchange, HoldingNetwork, breaches, exchange_of  # noqa: E402


@pytest.fixture(scope="module")
def lived() -> HardExchange:
    return exchange_of(1)


def rules(exchange: HardExchange) -> set[str]:
    """Which rules are broken, in their own words without the call they were broken in."""
    return {" ".join(word for word in one.split() if len(word) < 32) for one in breaches(exchange)}


def doctored(
    exchange: HardExchange, monkeypatch: pytest.MonkeyPatch, method: bytes, by: int
) -> None:
    """Takes the words of a method off the record of what was sent (0), or has each said twice (2)."""
    wire = exchange.network.wire
    changed = [
        (at + 0.1 * copy, source, target, data)
        for at, source, target, data in wire
        for copy in range(by if data.startswith(method) else 1)
    ]
    assert len(changed) != len(wire), "nothing of that kind was said"
    monkeypatch.setattr(exchange.network, "wire", changed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agents_as_they_are_break_no_rule(seed: int) -> None:
    assert rules(exchange_of(seed)) == set()


def test_a_second_cancel_within_t1_is_noticed(
    lived: HardExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctored(lived, monkeypatch, b"CANCEL", 2)
    assert "D3 was cancelled twice" in rules(lived)


def test_a_200_without_an_ack_is_noticed(
    lived: HardExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctored(lived, monkeypatch, b"ACK", 0)
    found = rules(lived)
    assert "D3 a 200 of was not acknowledged" in found
    assert any("BYE before ACK" in one for one in found)


def test_a_network_that_holds_back_delivers_in_the_end() -> None:
    network = HoldingNetwork(1, [(1.0, 8.0)])
    exchange = HardExchange(network, Random(1))
    for number in range(4):
        network.at(0.4 * number, lambda n=number: exchange.place(n))
    network.run(60.0)
    moments = [at for at, *_ in network.delivered]
    assert [at for at in moments if 1.1 < at < 8.0] == []
    assert [at for at in moments if 8.0 <= at < 8.1] != []
