"""Telephones that know MD5 alone and give up at what they never heard of can sign in all the same."""

import pytest
from desk_phone import DeskPhone, record, registrar

from vyzov.sip.digest_gate import MAX_UNANSWERED, NONCE_LIFE_S
from vyzov.sip.events import Hop

OLD = record("old", algorithms=("SHA-256", "MD5"))


def offered(phone: DeskPhone, *headers: str) -> list[str]:
    """Which algorithms the next answer names, in order."""
    answer = phone.says(phone.write(*headers))
    assert answer.line == "401"
    challenges = answer.all("WWW-Authenticate")
    return ["MD5" if "algorithm=MD5" in one else "SHA-256" for one in challenges]


def test_who_asks_again_without_an_answer_is_offered_md5_alone_and_then_all_again() -> None:
    phone = DeskPhone(registrar(OLD), "old")
    assert [offered(phone) for _ in range(4)] == [["SHA-256", "MD5"], ["MD5"]] * 2


def test_a_phone_that_knows_md5_alone_signs_in_at_its_second_try() -> None:
    phone = DeskPhone(registrar(OLD), "old")
    phone.says(phone.write())
    (challenge,) = phone.says(phone.write()).all("WWW-Authenticate")
    assert phone.says(phone.write(phone.proof(challenge, "MD5"))).line == "200"


def test_a_phone_that_answers_is_offered_all_of_them_the_next_time() -> None:
    phone = DeskPhone(registrar(OLD), "old")
    assert phone.signs_in().line == "200"
    assert offered(phone) == ["SHA-256", "MD5"]


def test_where_no_phone_is_weak_asking_again_changes_nothing() -> None:
    phone = DeskPhone(registrar(record()))
    assert [offered(phone) for _ in range(3)] == [["SHA-256"]] * 3


def test_who_asks_again_much_later_is_offered_all_of_them() -> None:
    phone = DeskPhone(registrar(OLD), "old")
    offered(phone)
    phone.now = NONCE_LIFE_S + 1
    assert offered(phone) == ["SHA-256", "MD5"]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_who_is_stale_is_offered_what_it_answered_with(algorithm: str) -> None:
    phone = DeskPhone(registrar(OLD), "old")
    challenge = phone.challenge()
    phone.now = NONCE_LIFE_S + 1
    assert offered(phone, phone.proof(challenge, algorithm)) == [algorithm]


def test_others_asking_do_not_change_what_a_phone_is_offered() -> None:
    known = registrar(OLD)
    phone = DeskPhone(known, "old")
    offered(phone)
    for other in (DeskPhone(known, "young"), DeskPhone(known, "old", source=Hop("192.0.2.9", 1))):
        assert offered(other) == ["SHA-256", "MD5"]
    assert offered(phone) == ["MD5"]


def test_unknown_and_known_users_are_offered_the_same() -> None:
    known = registrar(OLD, record("new"))
    told = [[offered(phone) for _ in range(3)] for phone in (
        DeskPhone(known, "old"), DeskPhone(known, "new"), DeskPhone(known, "nobody"),
    )]  # fmt: skip
    assert told[0] == told[1] == told[2]


def test_those_who_ask_and_never_answer_are_bounded() -> None:
    known = registrar(OLD)
    first = DeskPhone(known, "first")
    offered(first)
    for number in range(MAX_UNANSWERED):
        offered(DeskPhone(known, f"stranger{number}"))
    assert known.registrar is not None
    assert len(known.registrar._gate._unanswered) == MAX_UNANSWERED
    assert offered(first) == ["SHA-256", "MD5"]
