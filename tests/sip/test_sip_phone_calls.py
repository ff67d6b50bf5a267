"""A desk phone is rung where it signed in, and hung up there, also by a restarted agent."""

import pytest
from desk_phone import AT, DeskPhone, record, registrar
from sip_net import ANSWER, OFFER, Sent, agent, lines, reply, sent

from vyzov.sip.events import Hop, Transport
from vyzov.sip.user_agent import DialogState

OVER_TCP = Hop("127.0.0.1", 40_001, Transport.TCP, "", 7)


def rung(source: Hop = AT, contact: str | None = None) -> tuple[DeskPhone, Sent]:
    phone = DeskPhone(registrar(record()), source=source)
    phone.signs_in(contact=contact)
    phone.events()
    place = phone.registrar.invite_phone(
        "leg-1", "phone-desk1", sdp=OFFER, now=1.0, caller_name='The "desk"'
    )
    assert place == (source, phone.bound()[0][0])
    (invite,) = sent(phone.registrar)
    return phone, invite


@pytest.mark.parametrize("source", [AT, OVER_TCP])
def test_a_phone_is_rung_at_the_uri_it_gave_on_the_way_it_came(source: Hop) -> None:
    _, invite = rung(source, "<sip:desk1@10.0.0.5:5060;line=x>")
    assert invite.uri == "sip:desk1@10.0.0.5:5060;line=x"
    assert invite.target == source
    assert invite["From"].startswith('"The \\"desk\\"" <sip:vyzov@')


def test_requests_in_its_call_go_the_same_way_though_its_contact_leads_nowhere() -> None:
    source = Hop("198.51.100.7", 40_002)
    phone, invite = rung(source, "<sip:desk1@10.0.0.5:5060>")
    answer = reply(invite, 200, "OK", contact="sip:desk1@10.0.0.5:5060", body=ANSWER)
    phone.registrar.receive(answer, source, 2.0)
    (ack,) = sent(phone.registrar)
    assert (ack.line, ack.uri, ack.target) == ("ACK", "sip:desk1@10.0.0.5:5060", source)
    state = phone.registrar.dialog_state("leg-1")
    assert state is not None
    assert DialogState.from_json(state.to_json()) == state
    phone.registrar.bye("leg-1", 3.0)
    (bye,) = sent(phone.registrar)
    assert (bye.line, bye.target) == ("BYE", source)


def test_a_restarted_agent_hangs_a_phone_up_on_the_way_it_had() -> None:
    source = Hop("198.51.100.7", 40_002)
    phone, invite = rung(source, "<sip:desk1@10.0.0.5:5060>")
    answer = reply(invite, 200, "OK", contact="sip:desk1@10.0.0.5:5060", body=ANSWER)
    phone.registrar.receive(answer, source, 2.0)
    state = phone.registrar.dialog_state("leg-1")
    later = agent()
    later.reap("leg-1", target=source, to="", caller_id="", dialog=state, now=0.0,
               uri="sip:desk1@10.0.0.5:5060")  # fmt: skip
    (bye,) = sent(later)
    assert (bye.line, bye.target, bye["Call-ID"]) == ("BYE", source, invite["Call-ID"])


def test_a_restarted_agent_cancels_a_phone_that_still_rings() -> None:
    phone, invite = rung()
    later = agent()
    later.reap("leg-1", target=AT, to="", caller_id="", dialog=None, now=0.0,
               uri=phone.bound()[0][0])  # fmt: skip
    cancel = sent(later)[0]
    assert (cancel.line, cancel.branch) == ("CANCEL", invite.branch)


def test_a_phone_that_is_nowhere_is_not_rung() -> None:
    known = registrar(record())
    for phone in ("phone-desk1", "unknown"):
        assert known.invite_phone("leg", phone, sdp=OFFER, now=0.0) is None
    assert agent().invite_phone("leg", "phone-desk1", sdp=OFFER, now=0.0) is None
    assert lines(known) == []
