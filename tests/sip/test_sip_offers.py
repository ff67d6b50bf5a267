"""Offers and answers of one dialog: one at a time, versions that only grow, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import ANSWER, OFFER

from vyzov.sip import sdp
from vyzov.sip.offers import Negotiation
from vyzov.sip.sdp import Direction

HELD = ANSWER.replace(b"sendrecv", b"sendonly")


def talking() -> Negotiation:
    begun = Negotiation.begun(OFFER)
    begun.accept(ANSWER)
    return begun


def without_origin(text: bytes) -> list[bytes]:
    return [line for line in text.split(b"\r\n") if not line.startswith(b"o=")]


def test_an_offer_waits_for_its_answer() -> None:
    begun = Negotiation.begun(OFFER)
    assert begun.waiting
    assert begun.direction is Direction.INACTIVE
    begun.accept(ANSWER)
    assert not begun.waiting
    assert (begun.local, begun.remote, begun.direction) == (OFFER, ANSWER, Direction.SENDRECV)


def test_a_call_without_a_session_waits_for_nothing() -> None:
    assert not Negotiation.begun(b"").waiting
    assert Negotiation().full() == b""


def test_a_first_offer_keeps_the_words_of_its_owner() -> None:
    nothing = Negotiation()
    assert nothing.propose(OFFER) == OFFER
    nothing.accept(ANSWER)
    assert b"o=- 7 2 IN" in nothing.propose(nothing.held())


def test_an_offer_taken_back_twice_is_taken_back_once() -> None:
    agreed = talking()
    agreed.propose(agreed.held())
    agreed.withdraw()
    agreed.withdraw()
    assert agreed.local == OFFER
    assert b"a=sendrecv" in agreed.answer(ANSWER)


def test_an_offer_of_an_owner_is_made_under_our_sessions_id() -> None:
    agreed = talking()
    theirs = sdp.offer(address="127.0.0.1", port=4444, session_id=99, version=5)
    assert b"o=- 7 2 IN" in agreed.propose(theirs)


@given(st.lists(st.sampled_from(
    ["hold", "unhold", "move", "same", "accept", "refuse", "they hold", "they resume", "they ask"]
), max_size=40))  # fmt: skip
def test_the_version_grows_by_one_with_each_change_and_never_otherwise(steps: list[str]) -> None:
    agreed = talking()
    port = 4000
    highest = 1
    known: dict[int, list[bytes]] = {1: without_origin(OFFER)}

    def said(text: bytes) -> None:
        nonlocal highest
        session = sdp.parse(text)
        assert session.session_id == 7
        assert session.version <= highest + 1
        if session.version in known:
            # A version means one text, whoever hears it.
            assert known[session.version] == without_origin(text)
        highest = max(highest, session.version)
        known[session.version] = without_origin(text)

    for step in steps:
        if step in ("accept", "refuse") or agreed.waiting:
            if step == "refuse":
                agreed.withdraw()
            else:
                agreed.accept(ANSWER)
        elif step.startswith("they"):
            if step == "they ask":
                said(agreed.propose(agreed.full()))
            else:
                said(agreed.answer(HELD if step == "they hold" else ANSWER))
        else:
            port += step == "move"
            moved = agreed.local.replace(b"m=audio 4000", f"m=audio {port}".encode(), 1)
            texts = {"hold": agreed.held(), "unhold": agreed.resumed(), "move": moved}
            said(agreed.propose(texts.get(step, agreed.local)))


@pytest.mark.parametrize("wanted", list(Direction))
def test_what_we_want_outlives_what_they_ask(wanted: Direction) -> None:
    agreed = talking()
    agreed.propose(sdp.with_direction(OFFER, wanted))
    agreed.accept(ANSWER)
    agreed.answer(HELD)
    back = sdp.parse(agreed.answer(ANSWER)).audio
    assert back is not None
    assert back.direction is wanted
    assert f"a={wanted}".encode() in agreed.full()
