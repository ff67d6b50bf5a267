"""Where a carrier's name leads: NAPTR, SRV and A from a real name server, and which address is taken."""

import asyncio
from collections import Counter

import pytest
import uvloop
from dns_server import NameServer
from hypothesis import given
from hypothesis import strategies as st

from vyzov.sip.events import Hop, Transport
from vyzov.telephony.native.dns import (
    TTL_LEAST_S,
    TTL_MOST_S,
    Found,
    NoNameServer,
    NotFound,
    Resolver,
    Resting,
    Target,
    choose,
    is_v4,
)

ZONE: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {
    ("carrier.test", "NAPTR"): (
        60,
        (
            '20 10 "s" "SIP+D2T" "" _sip._tcp.carrier.test.',
            '10 10 "s" "SIP+D2U" "" _sip._udp.inner.test.',
            '5 10 "u" "E2U+sip" "!^.*$!sip:x@y!" .',
        ),
    ),
    ("_sip._udp.inner.test", "SRV"): (30, ("10 60 5070 one.test.", "20 0 5080 two.test.")),
    ("_sip._tcp.carrier.test", "SRV"): (600, ("0 0 5060 one.test.",)),
    ("_sips._tcp.carrier.test", "SRV"): (600, ("0 0 0 .",)),
    ("plain.test", "A"): (1, ("127.0.0.7", "127.0.0.8")),
    ("only-srv.test", "TXT"): (60, ('"x"',)),
    ("_sip._udp.only-srv.test", "SRV"): (60, ("1 1 5090 one.test.", "1 1 5091 gone.test.")),
    ("_sip._udp.lost.test", "SRV"): (60, ("1 1 5090 gone.test.",)),
    ("chain.test", "NAPTR"): (60, ('10 10 "" "SIP+D2U" "" next.test.',)),
    ("next.test", "NAPTR"): (60, ('10 10 "s" "SIP+D2U" "" _sip._udp.inner.test.',)),
    ("circle.test", "NAPTR"): (60, ('10 10 "" "SIP+D2U" "" circle.test.',)),
    ("circle.test", "A"): (60, ("127.0.0.4",)),
    ("one.test", "A"): (90, ("127.0.0.2",)),
    ("two.test", "A"): (10**6, ("127.0.0.3",)),
}


def resolved(
    host: str, port: int = 0, transport: Transport = Transport.UDP, *, silent: bool = False
) -> tuple[Found, list[tuple[str, str]]]:
    async def story() -> tuple[Found, list[tuple[str, str]]]:
        async with NameServer(ZONE) as server:
            server.silent = silent
            resolver = Resolver(asyncio.get_running_loop(), [server.address])
            name = host if transport is Transport.TLS else ""
            return await resolver.find(host, port, transport, name), server.asked

    return uvloop.run(story())


def hops(found: Found) -> list[tuple[str, int]]:
    """All addresses; within one priority their order says nothing."""
    ranked = sorted(found.targets, key=lambda one: (one.priority, one.hop.host))
    return [(one.hop.host, one.hop.port) for one in ranked]


def test_a_name_leads_by_naptr_to_srv_to_addresses() -> None:
    found, _ = resolved("carrier.test")
    assert hops(found) == [("127.0.0.2", 5070), ("127.0.0.3", 5080)]
    assert [one.priority for one in found.targets] == [10, 20]
    assert (found.how, found.ttl_s) == ("NAPTR, SRV", 30.0)


def test_each_transport_follows_its_own_records() -> None:
    found, _ = resolved("carrier.test", transport=Transport.TCP)
    assert found.targets == (Target(Hop("127.0.0.2", 5060, Transport.TCP), 0, 0),)


def test_a_service_that_is_said_not_to_be_there_is_not_looked_for_elsewhere() -> None:
    with pytest.raises(NotFound, match="takes no calls by tls"):
        resolved("carrier.test", transport=Transport.TLS)


def test_without_naptr_the_srv_of_the_transport_is_asked() -> None:
    found, asked = resolved("only-srv.test")
    assert hops(found) == [("127.0.0.2", 5090)]
    assert asked[:2] == [("only-srv.test", "NAPTR"), ("_sip._udp.only-srv.test", "SRV")]


def test_without_srv_the_address_is_taken_at_the_usual_port() -> None:
    found, _ = resolved("plain.test")
    assert hops(found) == [("127.0.0.7", 5060), ("127.0.0.8", 5060)]
    assert (found.how, found.ttl_s) == ("A", TTL_LEAST_S)
    sealed, _ = resolved("plain.test", transport=Transport.TLS)
    assert Hop("127.0.0.7", 5061, Transport.TLS, "plain.test") in [
        one.hop for one in sealed.targets
    ]


def test_a_port_that_was_given_asks_for_the_address_alone() -> None:
    found, asked = resolved("plain.test", 5099)
    assert hops(found) == [("127.0.0.7", 5099), ("127.0.0.8", 5099)]
    assert asked == [("plain.test", "A")]


def test_an_address_asks_nobody() -> None:
    found, asked = resolved("127.0.0.9", 0)
    assert hops(found) == [("127.0.0.9", 5060)]
    assert (asked, found.ttl_s) == ([], TTL_MOST_S)


def test_a_naptr_may_lead_to_another_one_but_not_in_a_circle() -> None:
    assert hops(resolved("chain.test")[0])[0] == ("127.0.0.2", 5070)
    assert hops(resolved("circle.test")[0]) == [("127.0.0.4", 5060)]


@pytest.mark.parametrize("name", ["nowhere.test", "lost.test"])
def test_a_name_that_leads_nowhere_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        resolved(name)


def test_a_name_server_that_is_silent_says_nothing_about_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vyzov.telephony.native.dns.LOOK_UP_LIMIT_S", 0.3)
    with pytest.raises(NoNameServer):
        resolved("plain.test", 5060, silent=True)
    with pytest.raises(NoNameServer):
        resolved("carrier.test", silent=True)


def test_the_systems_own_names_are_known_without_a_name_server() -> None:
    async def story() -> Found:
        resolver = Resolver(asyncio.get_running_loop())
        return await resolver.find("localhost", 5060, Transport.UDP, "")

    assert ("127.0.0.1", 5060) in hops(uvloop.run(story()))


def test_a_name_the_system_does_not_know_is_not_found_or_nobody_answers() -> None:
    async def story() -> None:
        resolver = Resolver(asyncio.get_running_loop())
        await resolver.find("no-such-host.invalid", 5060, Transport.UDP, "")

    with pytest.raises(LookupError):
        uvloop.run(story())


@pytest.mark.parametrize("server", ["ns.example.org", "127.0.0.1:x", "127.0.0.1:0", ""])
def test_a_name_server_must_be_an_address(server: str) -> None:
    async def story() -> None:
        Resolver(asyncio.get_running_loop(), [server])

    with pytest.raises(ValueError, match="is no name server"):
        uvloop.run(story())


def target(host: int, priority: int = 0, weight: int = 0) -> Target:
    return Target(Hop(f"127.0.0.{host}", 5060), priority, weight)


def test_the_lowest_priority_is_taken_and_the_next_when_it_rests() -> None:
    targets, resting = [target(1, 10), target(2, 20)], Resting()
    assert choose(targets, resting, 0.0, 0.5) == (targets[0].hop, 1)
    resting.rest(targets[0].hop, 60.0)
    assert choose(targets, resting, 59.0, 0.5) == (targets[1].hop, 0)
    assert choose(targets, resting, 60.0, 0.5) == (targets[0].hop, 1)


def test_an_address_that_answered_is_awake_at_once() -> None:
    targets, resting = [target(1), target(2)], Resting()
    resting.rest(targets[0].hop, 60.0)
    resting.wake(targets[0].hop)
    assert choose(targets, resting, 1.0, 0.0) == (targets[0].hop, 1)


def test_where_all_rest_they_are_asked_all_the_same() -> None:
    targets, resting = [target(1)], Resting()
    resting.rest(targets[0].hop, 60.0)
    assert choose(targets, resting, 1.0, 0.0) == (targets[0].hop, 0)
    assert choose([], resting, 1.0, 0.0) is None


def test_weights_share_the_calls_as_they_stand() -> None:
    targets = [target(1, weight=30), target(2, weight=10), target(3, weight=0)]
    throws = [place / 4010 for place in range(4010)]
    taken = Counter(
        chosen[0].host for dice in throws if (chosen := choose(targets, Resting(), 0.0, dice))
    )
    assert taken == {"127.0.0.1": 3000, "127.0.0.2": 1000, "127.0.0.3": 10}


@given(
    st.lists(
        st.builds(target, st.integers(1, 200), st.integers(0, 3), st.integers(0, 9)), min_size=1
    ),
    st.floats(0, 1),
)
def test_whatever_the_dice_say_an_address_of_the_lowest_priority_is_taken(
    targets: list[Target], dice: float
) -> None:
    chosen = choose(targets, Resting(), 0.0, dice)
    assert chosen is not None
    lowest = min(one.priority for one in targets)
    assert chosen[0] in [one.hop for one in targets if one.priority == lowest]


def test_only_four_numbers_are_an_address() -> None:
    assert [host for host in ("127.0.0.1", "1.2.3", "::1", "a.b") if is_v4(host)] == ["127.0.0.1"]
