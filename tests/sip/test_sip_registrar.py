"""Desk phones sign in: who may, from where, for how long, and what a stranger learns (nothing)."""

import pytest
from desk_phone import AT, DeskPhone, record, registrar
from sip_net import agent, tokens

from vyzov.sip.digest_gate import MAX_COUNTS, NONCE_LIFE_S
from vyzov.sip.events import (
    Hop,
    PhoneBound,
    PhoneUnbound,
    SignInRefused,
    SipEvent,
    Transport,
)
from vyzov.sip.registrar import (
    CONTACTS_PER_REQUEST_MAX,
    KEEP_OPEN_S,
    MAX_EXPIRES_S,
    MIN_EXPIRES_S,
    PHONES_MAX,
    Phone,
)
from vyzov.sip.user_agent import UserAgent

OVER_TCP = Hop("127.0.0.1", 40_001, Transport.TCP, "", 7)
ELSEWHERE = Hop("192.0.2.9", 5071)


def named(events: list[SipEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


# ---- who may sign in ---------------------------------------------------------------------------


def test_a_phone_that_proves_its_password_is_bound() -> None:
    phone = DeskPhone(registrar(record()))
    answer = phone.signs_in()
    assert answer.line == "200"
    assert answer["Contact"] == "<sip:desk1@127.0.0.1:5071>;expires=120"
    assert phone.events() == [PhoneBound("", 0.0, "phone-desk1", AT, "Desk 1.0")]


def test_the_challenge_offers_the_strongest_algorithm_alone_where_no_phone_is_weaker() -> None:
    answer = DeskPhone(registrar(record())).says(DeskPhone(registrar()).write())
    (challenge,) = answer.all("WWW-Authenticate")
    assert 'realm="vyzov"' in challenge
    assert "algorithm=SHA-256" in challenge
    assert 'qop="auth"' in challenge


def test_md5_is_offered_second_where_some_phone_needs_it() -> None:
    phone = DeskPhone(registrar(record(), record("old", algorithms=("SHA-256", "MD5"))), "old")
    first, second = phone.says(phone.write()).all("WWW-Authenticate")
    assert ("algorithm=SHA-256" in first, "algorithm=MD5" in second) == (True, True)
    assert phone.says(phone.write(phone.proof(second, "MD5"))).line == "200"


def test_md5_is_no_longer_offered_once_the_last_such_phone_is_gone() -> None:
    known = registrar(record(), record("old", algorithms=("MD5",)))
    assert known.registrar is not None
    known.registrar.remove("phone-old", 1.0)
    phone = DeskPhone(known)
    assert len(phone.says(phone.write()).all("WWW-Authenticate")) == 1


def test_a_phone_whose_record_has_no_md5_cannot_use_it() -> None:
    phone = DeskPhone(registrar(record(), record("old", algorithms=("MD5",))))
    proof = phone.proof(phone.challenge(), "MD5")
    assert phone.says(phone.write(proof)).line == "403"


@pytest.mark.parametrize(
    "changed",
    [
        {"algorithm": "SHA-512-256"},
        {"algorithm": "MD5"},
        {"qop": "auth-int"},
        {"nc": "1"},
        {"nc": "-0000001"},
        {"response": "0" * 64},
        {"response": "é"},
        {"uri": "sip:else", "response": "0" * 64},
    ],
)
def test_an_answer_that_is_not_quite_right_is_wrong(changed: dict[str, str]) -> None:
    phone = DeskPhone(registrar(record()))
    proof = phone.proof(phone.challenge(), **changed)
    assert phone.says(phone.write(proof)).line == "403"
    assert named(phone.events()) == ["SignInRefused"]


def test_a_wrong_password_is_told_with_its_source() -> None:
    phone = DeskPhone(registrar(record()), password="wrong")
    assert phone.signs_in().line == "403"
    assert phone.events() == [SignInRefused("", 0.0, AT, "desk1")]
    assert phone.bound() == []


def test_a_phone_cannot_sign_in_under_the_name_of_another() -> None:
    phone = DeskPhone(registrar(record(), record("desk2")), "desk2")
    proof = phone.proof(phone.challenge())
    data = phone.write(proof).replace(b"To: <sip:desk2@", b"To: <sip:desk1@")
    assert phone.says(data).line == "403"
    assert phone.bound() == []


@pytest.mark.parametrize(
    "header", ["Authorization: Basic eHl6", 'Authorization: Digest realm="else", nonce="x"']
)
def test_a_proof_for_somebody_else_is_no_proof(header: str) -> None:
    phone = DeskPhone(registrar(record()))
    assert phone.says(phone.write(header)).line == "401"


def test_an_agent_without_a_realm_takes_no_phones() -> None:
    phone = DeskPhone(agent())
    assert phone.says(phone.write()).line == "405"


# ---- nonces ------------------------------------------------------------------------------------


def test_a_nonce_serves_again_with_a_higher_count() -> None:
    phone = DeskPhone(registrar(record()))
    challenge = phone.challenge()
    for _ in range(3):
        assert phone.says(phone.write(phone.proof(challenge))).line == "200"


def test_an_answer_seen_before_is_stale_however_often_it_is_sent() -> None:
    phone = DeskPhone(registrar(record()))
    proof = phone.proof(phone.challenge())
    assert phone.says(phone.write(proof)).line == "200"
    for _ in range(2):
        answer = phone.says(phone.write(proof))
        assert answer.line == "401"
        assert "stale=true" in answer["WWW-Authenticate"]


def test_an_old_nonce_is_stale() -> None:
    phone = DeskPhone(registrar(record()))
    proof = phone.proof(phone.challenge())
    phone.now = NONCE_LIFE_S + 1
    answer = phone.says(phone.write(proof))
    assert (answer.line, "stale=true" in answer["WWW-Authenticate"]) == ("401", True)


def test_a_nonce_given_to_another_host_is_stale() -> None:
    known = registrar(record())
    thief = DeskPhone(known, source=ELSEWHERE)
    proof = thief.proof(DeskPhone(known).challenge())
    assert thief.says(thief.write(proof)).line == "401"


@pytest.mark.parametrize("nonce", ["", "zz-0", "1-0", "-", "1", "f" * 40])
def test_a_nonce_we_never_gave_is_stale(nonce: str) -> None:
    phone = DeskPhone(registrar(record()))
    proof = phone.proof(phone.challenge(), nonce=nonce)
    assert phone.says(phone.write(proof)).line == "401"


def test_a_nonce_of_an_earlier_run_is_stale() -> None:
    phone = DeskPhone(registrar(record()))
    proof = phone.proof(phone.challenge())
    again = UserAgent(
        local=("127.0.0.1", 5060), secret=b"secret", new_token=tokens("later"), realm="vyzov"
    )
    assert again.registrar is not None
    again.registrar.set(record(), 0.0)
    phone.registrar = again
    assert phone.says(phone.write(proof)).line == "401"


def test_counts_of_nonces_are_bounded() -> None:
    phone = DeskPhone(registrar(record()))
    assert phone.registrar.registrar is not None
    counts = phone.registrar.registrar._gate._counts
    counts.update({f"n{number}": 1 for number in range(MAX_COUNTS)})
    assert phone.signs_in().line == "200"
    assert len(counts) == MAX_COUNTS
    assert "n0" not in counts


def test_challenging_strangers_costs_no_memory() -> None:
    known = registrar(record())
    assert known.registrar is not None
    for number in range(500):
        phone = DeskPhone(known, f"stranger{number}")
        phone.signs_in()
    assert known.registrar._gate._counts == {}


# ---- where a phone is ----------------------------------------------------------------------------


def test_a_phone_is_reached_where_its_request_came_from_whatever_its_contact_says() -> None:
    phone = DeskPhone(registrar(record()), source=Hop("198.51.100.7", 40_002))
    phone.signs_in(contact="<sip:desk1@10.0.0.5:5060>")
    assert phone.bound() == [("sip:desk1@10.0.0.5:5060", Hop("198.51.100.7", 40_002))]


def test_a_phone_is_reached_on_the_connection_it_opened() -> None:
    phone = DeskPhone(registrar(record()), source=OVER_TCP)
    phone.signs_in()
    assert phone.bound()[0][1] == OVER_TCP


def test_a_phone_whose_connection_is_gone_cannot_be_rung() -> None:
    phone = DeskPhone(registrar(record(), record("desk2")), source=OVER_TCP)
    phone.signs_in()
    phone.events()
    phone.registrar.connection_lost(OVER_TCP._replace(flow=8), 1.0)
    phone.registrar.connection_lost(OVER_TCP._replace(flow=0), 1.0)
    assert phone.events() == []
    phone.registrar.connection_lost(OVER_TCP, 2.0)
    assert phone.events() == [PhoneUnbound("", 2.0, "phone-desk1", "lost")]
    assert phone.bound() == []


def test_a_phone_that_moves_is_told_once() -> None:
    known = registrar(record())
    phone = DeskPhone(known)
    phone.signs_in()
    phone.signs_in()
    assert named(phone.events()) == ["PhoneBound"]
    moved = DeskPhone(known, source=Hop("127.0.0.1", 5099))
    moved.signs_in()
    (event,) = moved.events()
    assert isinstance(event, PhoneBound)
    assert event.hop.port == 5099


def test_the_newest_place_takes_that_of_the_oldest() -> None:
    known = registrar(record(contacts_max=2))
    for port in (5071, 5072, 5073):
        DeskPhone(known, source=Hop("127.0.0.1", port)).signs_in()
    ways = [hop.port for _, hop in DeskPhone(known).bound()]
    assert ways == [5073, 5072]


def test_a_device_that_names_itself_replaces_itself() -> None:
    known = registrar(record(contacts_max=5))
    for port in (5071, 5072):
        contact = f'<sip:desk1@127.0.0.1:{port}>;+sip.instance="<urn:uuid:1>";reg-id=1'
        DeskPhone(known, source=Hop("127.0.0.1", port)).signs_in(contact=contact)
    assert len(DeskPhone(known).bound()) == 1


def test_hosts_of_phones_are_known_to_the_guard() -> None:
    known = registrar(record())
    assert known.registrar is not None
    assert known.registrar.sources() == frozenset()
    DeskPhone(known).signs_in()
    assert known.registrar.sources() == frozenset({"127.0.0.1"})


def test_the_way_to_a_phone_behind_translation_is_kept_open() -> None:
    known = registrar(record(), record("desk2"))
    DeskPhone(known).signs_in()
    DeskPhone(known, "desk2", source=OVER_TCP).signs_in()
    for at in (KEEP_OPEN_S, 2 * KEEP_OPEN_S):
        known.handle_deadline(at)
        assert known.messages_to_send() == [(b"\r\n\r\n", AT)]
    known.handle_deadline(MAX_EXPIRES_S + KEEP_OPEN_S)
    known.messages_to_send()
    known.handle_deadline(MAX_EXPIRES_S + 5 * KEEP_OPEN_S)
    assert known.messages_to_send() == [], "nobody is there any more"
    assert known.next_deadline() is None


def test_a_user_agent_is_shown_short_and_printable() -> None:
    phone = DeskPhone(registrar(record()))
    proof = phone.proof(phone.challenge())
    data = phone.write(proof).replace(b"Desk 1.0", b"\x1b[31m" + b"x" * 300)
    phone.says(data)
    (event,) = phone.events()
    assert isinstance(event, PhoneBound)
    assert event.user_agent.startswith("[31mx")
    assert len(event.user_agent) < 100


# ---- for how long --------------------------------------------------------------------------------


def test_a_phone_that_does_not_come_back_expires() -> None:
    phone = DeskPhone(registrar(record(), record("desk2")))
    phone.signs_in()
    phone.events()
    assert phone.registrar.next_deadline() is not None
    phone.registrar.handle_deadline(MAX_EXPIRES_S - 1.0)
    assert phone.events() == []
    phone.registrar.handle_deadline(MAX_EXPIRES_S + 0.0)
    assert phone.events() == [PhoneUnbound("", MAX_EXPIRES_S, "phone-desk1", "expired")]


def test_a_phone_that_comes_back_stays() -> None:
    known = registrar(record(), record("desk2"))
    phone, other = DeskPhone(known), DeskPhone(known, "desk2", source=Hop("127.0.0.1", 5072))
    phone.signs_in(expires="60")
    other.signs_in(expires="120")
    phone.now = 50.0
    phone.signs_in(expires="60")
    phone.events()
    for at in (60.0, 109.0):
        known.handle_deadline(at)
    assert phone.events() == []
    known.handle_deadline(110.0)
    known.handle_deadline(120.0)
    assert [e.phone for e in phone.events() if isinstance(e, PhoneUnbound)] == [
        "phone-desk1", "phone-desk2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expires", "contact", "granted"),
    [
        ("120", None, "120"),
        ("999999", None, str(MAX_EXPIRES_S)),
        ("99999999999999999999999", None, str(MAX_EXPIRES_S)),
        ("", None, "120"),
        ("soon", None, "120"),
        ("120", "<sip:desk1@127.0.0.1:5071>;expires=60;q=0.1", "60"),
    ],
)
def test_a_span_is_granted_within_its_bounds(
    expires: str, contact: str | None, granted: str
) -> None:
    phone = DeskPhone(registrar(record()))
    answer = phone.signs_in(expires=expires, contact=contact)
    assert answer["Contact"].endswith(f";expires={granted}")


def test_a_span_too_short_is_answered_with_the_least_one() -> None:
    phone = DeskPhone(registrar(record()))
    answer = phone.signs_in(expires="5")
    assert (answer.line, answer["Min-Expires"]) == ("423", str(MIN_EXPIRES_S))
    assert phone.bound() == []


def test_a_phone_signs_out_by_a_span_of_nothing() -> None:
    phone = DeskPhone(registrar(record()))
    phone.signs_in()
    answer = phone.signs_in(expires="0")
    assert answer.all("Contact") == []
    assert named(phone.events()) == ["PhoneBound", "PhoneUnbound"]


def test_a_star_takes_every_contact_back() -> None:
    phone = DeskPhone(registrar(record(contacts_max=3)))
    phone.signs_in()
    phone.signs_in(contact="<sip:desk1@127.0.0.1:5099>")
    assert len(phone.bound()) == 2
    assert phone.signs_in(contact="*", expires="0").line == "200"
    assert phone.bound() == []


@pytest.mark.parametrize(("contact", "expires"), [("*", "60"), ("*, <sip:a@b>", "0"), ("*", "")])
def test_a_star_that_is_not_alone_is_refused(contact: str, expires: str) -> None:
    phone = DeskPhone(registrar(record()))
    assert phone.signs_in(contact=contact, expires=expires).line == "400"


def test_a_question_without_a_contact_changes_nothing_and_tells_all() -> None:
    phone = DeskPhone(registrar(record()))
    phone.signs_in()
    phone.events()
    phone.now = 20.0
    answer = phone.signs_in(contact="", expires="")
    assert answer["Contact"] == "<sip:desk1@127.0.0.1:5071>;expires=100"
    assert phone.events() == []


def test_a_request_overtaken_by_a_later_one_changes_nothing() -> None:
    phone = DeskPhone(registrar(record()))
    phone.signs_in()
    phone.cseq = 0
    answer = phone.signs_in(expires="0")
    assert answer.line == "500"
    assert len(phone.bound()) == 1
    phone.cseq = 0
    assert phone.signs_in(contact="*", expires="0").line == "500"


@pytest.mark.parametrize(
    "contact",
    ["<mailto:a@b>", "<sip:a b@c>", "nonsense", f"<sip:{'x' * 600}@b>", "<tel:+70005550101>"],
)
def test_a_contact_no_call_could_follow_is_refused(contact: str) -> None:
    phone = DeskPhone(registrar(record()))
    assert phone.signs_in(contact=contact).line == "400"
    assert phone.bound() == []


def test_contacts_of_one_request_are_bounded() -> None:
    phone = DeskPhone(registrar(record(contacts_max=99)))
    many = ", ".join(f"<sip:d@127.0.0.1:{port}>" for port in range(1, 3 + CONTACTS_PER_REQUEST_MAX))
    assert phone.signs_in(contact=many).line == "400"


def test_an_expired_place_is_not_told_in_a_later_answer() -> None:
    phone = DeskPhone(registrar(record(contacts_max=3)))
    phone.signs_in(contact="<sip:desk1@127.0.0.1:5099>", expires="30")
    phone.now = 31.0
    assert phone.signs_in()["Contact"] == "<sip:desk1@127.0.0.1:5071>;expires=120"


# ---- the owner's verbs ---------------------------------------------------------------------------


def test_another_password_signs_a_phone_out_and_the_same_record_does_not() -> None:
    phone = DeskPhone(registrar(record()))
    phone.signs_in()
    phone.events()
    assert phone.registrar.registrar is not None
    phone.registrar.registrar.set(record(), 1.0)
    assert phone.events() == []
    phone.registrar.registrar.set(record(password="new"), 1.0)
    assert phone.events() == [PhoneUnbound("", 1.0, "phone-desk1", "removed")]
    assert phone.signs_in().line == "403"
    phone.password = "new"
    assert phone.signs_in().line == "200"


def test_a_removed_phone_is_a_stranger() -> None:
    phone = DeskPhone(registrar(record()))
    phone.signs_in()
    assert phone.registrar.registrar is not None
    phone.registrar.registrar.remove("phone-desk1", 1.0)
    phone.registrar.registrar.remove("phone-desk1", 1.0)
    assert named(phone.events()) == ["PhoneBound", "PhoneUnbound"]
    assert phone.signs_in().line == "403"


@pytest.mark.parametrize("username", ["", "a b", "a@b", "a\r\nb", "x" * 65, "é"])
def test_a_username_no_uri_can_hold_is_refused(username: str) -> None:
    known = registrar()
    assert known.registrar is not None
    with pytest.raises(ValueError, match="username"):
        known.registrar.set(Phone("p", username, {}), 0.0)


def test_two_phones_cannot_have_one_username() -> None:
    known = registrar(record())
    assert known.registrar is not None
    with pytest.raises(ValueError, match="another phone"):
        known.registrar.set(record(phone="else"), 0.0)


def test_phones_are_bounded() -> None:
    known = registrar(*(record(f"d{number}") for number in range(PHONES_MAX)))
    assert known.registrar is not None
    with pytest.raises(ValueError, match="remove one"):
        known.registrar.set(record("more"), 0.0)


def test_a_record_does_not_show_its_hashes() -> None:
    assert record().ha1["SHA-256"] not in repr(record())
