"""Signing out at a carrier, and many sign-ins of one agent."""

import pytest
from sign_in_carrier import ACCOUNT, AOR, Carrier, challenge
from sip_net import PEER, Sent, agent, reply, sent

from vyzov.sip.registration import SignIn


def leaves(carrier: Carrier) -> list[Sent]:
    carrier.agent.registrations.stop_all(carrier.now)
    found = carrier.out()
    if found:
        carrier.asked = found[-1]
    return found


def test_signing_out_takes_the_contact_back() -> None:
    carrier = Carrier()
    carrier.grants()
    (last,) = leaves(carrier)
    assert (last["Expires"], last["Contact"]) == ("0", "<sip:vyzov@127.0.0.1:5060>;expires=0")
    assert not carrier.agent.registrations.quiet
    carrier.says(200, "OK")
    assert carrier.told().state == "stopped"
    assert carrier.agent.registrations.quiet
    assert carrier.waits(1000.0) == []
    assert carrier.pings == 0


def test_a_sign_out_that_is_challenged_is_proven() -> None:
    carrier = Carrier()
    carrier.grants()
    leaves(carrier)
    (again,) = carrier.says(401, "Unauthorized", challenge())
    assert again["Expires"] == "0"
    carrier.says(200, "OK")
    assert carrier.told().state == "stopped"


@pytest.mark.parametrize("code", [403, 423, 500])
def test_a_sign_out_that_is_refused_is_not_repeated(code: int) -> None:
    carrier = Carrier()
    carrier.grants()
    leaves(carrier)
    assert carrier.says(code, "No", "Min-Expires: 900") == []
    event = carrier.told()
    assert (event.state, event.code) == ("stopped", code)


def test_a_sign_out_nobody_answers_ends_too() -> None:
    carrier = Carrier()
    carrier.grants()
    leaves(carrier)
    carrier.waits(40.0)
    assert carrier.told().state == "stopped"
    assert carrier.agent.registrations.quiet


def test_a_sign_in_under_way_is_overtaken_by_the_sign_out() -> None:
    carrier = Carrier()
    (last,) = leaves(carrier)
    assert (last["CSeq"], last["Expires"]) == ("2 REGISTER", "0")
    assert [one["CSeq"] for one in carrier.waits(3.0)] == ["2 REGISTER", "2 REGISTER"]


def test_who_was_never_signed_in_has_nothing_to_take_back() -> None:
    carrier = Carrier()
    carrier.says(403, "Forbidden")
    carrier.told()
    assert leaves(carrier) == []
    assert carrier.told().state == "stopped"


def test_signing_out_twice_is_signing_out_once() -> None:
    carrier = Carrier()
    carrier.grants()
    one = carrier.agent.registrations._living["trunk-1"]
    one.stop(1.0)
    one.stop(2.0)
    assert len(carrier.out()) == 1


# ---- many --------------------------------------------------------------------------------------


def test_the_same_plan_again_changes_nothing_and_another_takes_its_place() -> None:
    carrier = Carrier()
    carrier.grants()
    plan = SignIn("trunk-1", PEER, AOR, ACCOUNT, 300)
    carrier.agent.registrations.start(plan, 1.0)
    assert carrier.out() == []
    carrier.agent.registrations.start(
        SignIn("trunk-1", PEER, "77002@carrier.example", ACCOUNT, 60), 1.0
    )
    last, first = carrier.out()
    assert (last["Expires"], first["To"]) == ("0", "<sip:77002@carrier.example>")
    carrier.agent.registrations.stop("unknown", 1.0)
    assert carrier.out() == []


@pytest.mark.parametrize("aor", ["77001", "@x", "77001@", "a b@x", "a@x@y", "a\r\nb@x", "a;b@x"])
def test_an_address_of_record_nobody_could_have_is_refused(aor: str) -> None:
    with pytest.raises(ValueError, match="user@domain"):
        SignIn("trunk-1", PEER, aor, ACCOUNT, 300)


def test_refreshes_of_many_trunks_do_not_fall_on_one_instant() -> None:
    user_agent = agent()
    dues: set[float] = set()
    for number in range(20):
        plan = SignIn(f"t{number}", PEER, AOR, ACCOUNT, 300)
        user_agent.registrations.start(plan, 0.0)
    for one in sent(user_agent):
        user_agent.receive(reply(one, 200, "OK", contact="", headers=["Expires: 300"]), PEER, 0.0)
    while (due := user_agent.next_deadline()) is not None and due < 271.0:
        user_agent.handle_deadline(due)
        if any(data != b"\r\n\r\n" for data, _ in user_agent.messages_to_send()):
            dues.add(due)
    assert len([due for due in dues if 240.0 <= due <= 270.0]) >= 20
