"""Redirections: reported by default, followed by policy to the same number on the same host only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import (
    ANSWER,
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    Call,
    agent,
    place,
    rejected,
    reply,
    sent,
)

from vyzov.sip.auth import write_challenge
from vyzov.sip.events import CallAnswered, Hop
from vyzov.sip.fields import NameAddr
from vyzov.sip.redirect import MAX_REDIRECTIONS, Redirects, next_hop
from vyzov.sip.user_agent import Account

HOME = Hop("127.0.0.1", 5070)
HERE = f"<sip:{NUMBER}@127.0.0.1:5099>"


def follow(*contacts: str, code: int = 302, policy: str = "same_host") -> Hop | None:
    named = [NameAddr.parse(contact) for contact in contacts]
    return next_hop(Redirects(policy), code, named, NUMBER, [HOME])


@pytest.mark.parametrize(
    ("contact", "port"),
    [
        (HERE, 5099),
        (f"<SIP:{NUMBER}@127.0.0.1:5099;Transport=UDP>;q=0.1", 5099),
        (f"<sip:%2B{NUMBER[1:]}@127.0.0.1:5099>", 5099),
        # Another number, host, transport, scheme or a way around are never followed.
        ("<sip:+70005550199@127.0.0.1:5099>", None),
        ("<sip:127.0.0.1:5099>", None),
        (f"<sip:{NUMBER}@127.0.0.2:5099>", None),
        (f"<sip:{NUMBER}@evil.example:5099>", None),
        (f"<sip:{NUMBER}@127.0.0.1:5099;transport=tcp>", None),
        (f"<sip:{NUMBER}@127.0.0.1:5099;maddr=10.0.0.1>", None),
        (f"<sips:{NUMBER}@127.0.0.1:5099>", None),
        (f"<tel:{NUMBER}>", None),
        ("<nonsense>", None),
        # Where we have been already.
        (f"<sip:{NUMBER}@127.0.0.1:5070>", None),
        (f"<sip:{NUMBER}@127.0.0.1>", None),
    ],
)
def test_only_the_same_number_on_the_same_host_is_followed(contact: str, port: int | None) -> None:
    found = follow(contact)
    assert (found and found.port) == port
    assert found is None or found == HOME._replace(port=port)


def test_the_most_wanted_contact_is_tried_first() -> None:
    contacts = [f"<sip:{NUMBER}@127.0.0.1:{port}>;q={q}"
                for port, q in ((1, "0.5"), (2, "0.9"), (3, "nan"), (4, "7"))]  # fmt: skip
    found = follow(*contacts)
    assert found is not None
    assert found.port == 2
    assert follow(*contacts[2:]) == HOME._replace(port=3)


@pytest.mark.parametrize("code", [300, 301, 302])
def test_these_redirections_are_followed(code: int) -> None:
    assert follow(HERE, code=code) is not None


@pytest.mark.parametrize("code", [305, 380, 404, 486])
def test_every_other_code_is_reported(code: int) -> None:
    assert follow(HERE, code=code) is None


def test_by_default_nothing_is_followed() -> None:
    assert follow(HERE, policy="report") is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_contact_says_the_hop_stays_at_home(user: str, rest: str) -> None:
    contact = NameAddr("", f"sip:{user}@127.0.0.1{rest}", {})
    found = next_hop(Redirects.SAME_HOST, 302, [contact], NUMBER, [HOME])
    assert found is None or found._replace(port=0) == HOME._replace(port=0)


# ---- calls -----------------------------------------------------------------------------------------


def test_a_followed_redirection_is_the_same_call_to_another_port() -> None:
    call = place(redirects="same_host")
    ack, again = call.answers(302, contact="", headers=[f"Contact: {HERE}"])
    assert (ack.line, ack.target) == ("ACK", PEER)
    assert (again.line, again["CSeq"], again.target.port) == ("INVITE", "2 INVITE", 5099)
    assert again.uri == f"sip:{NUMBER}@127.0.0.1:5099"
    assert again["Call-ID"] == call.invite["Call-ID"]
    assert again.branch != call.invite.branch
    call.hears(reply(again, 200, body=ANSWER))
    (event,) = call.events()
    assert isinstance(event, CallAnswered)


def test_redirections_in_a_circle_end() -> None:
    call = place(redirects="same_host")
    current, ports = call.invite, [5070]
    while True:
        port = 5100 + len(ports) % 7
        contact = f"Contact: <sip:{NUMBER}@127.0.0.1:{port}>"
        found = call.hears(reply(current, 302, contact="", headers=[contact]))
        if len(found) == 1:
            break
        current = found[1]
        ports.append(current.target.port)
    assert len(ports) == 1 + MAX_REDIRECTIONS
    assert len(set(ports)) == len(ports)
    assert rejected(call).code == 302


def test_a_followed_redirection_may_challenge_anew() -> None:
    caller = agent()
    caller.invite(
        "leg-1", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, now=0.0,
        account=Account("vyzov", "secret", "carrier"), redirects="same_host",
    )  # fmt: skip
    (invite,) = sent(caller)
    call = Call(caller, invite)
    _, second = call.answers(401, headers=["WWW-Authenticate: " + write_challenge("carrier", "a")])
    contact = f"Contact: {HERE}"
    _, third = call.hears(reply(second, 302, contact="", headers=[contact]))
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "b")
    _, fourth = call.hears(reply(third, 401, headers=[challenge]))
    assert 'nonce="b"' in fourth["Authorization"]


def test_a_redirection_that_crosses_the_wish_to_give_up_is_not_followed() -> None:
    call = place(redirects="same_host")
    call.answers(180)
    call.user_agent.cancel("leg-1", 0.0)
    sent(call.user_agent)
    assert len(call.answers(302, contact="", headers=[f"Contact: {HERE}"])) == 1


def test_a_policy_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="everywhere"):
        place(redirects="everywhere")


def test_the_contacts_of_a_redirection_are_told_in_full() -> None:
    call = place()
    contacts = 'Contact: "Boss" <sip:a@h>;q=0.9;expires=60, <tel:+70005550199>'
    call.answers(302, contact="", headers=[contacts])
    event = rejected(call)
    assert event.contacts == ("sip:a@h", "tel:+70005550199")
    assert event.evidence.contacts == ('"Boss" <sip:a@h>;q=0.9;expires=60', "<tel:+70005550199>")


# ---- how a call is written -------------------------------------------------------------------------


def test_the_callers_domain_stands_in_the_from() -> None:
    invite = place(caller_domain="carrier.example").invite
    assert f"<sip:{CALLER}@carrier.example>" in invite["From"]
    assert "carrier.example" not in invite["Contact"]


@pytest.mark.parametrize("domain", ["a b", "a\r\nVia: x", "-a", "a>", "a;b", "x" * 300])
def test_a_callers_domain_is_a_host_name(domain: str) -> None:
    with pytest.raises(ValueError, match="is no host name"):
        place(caller_domain=domain)
