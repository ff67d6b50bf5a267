"""Digest: known answers, the strongest challenge, no loop and no leak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import tokens

from vyzov.sip.auth import (
    MAX_CHALLENGES,
    NO_ACCOUNT,
    Account,
    Challenge,
    Credentials,
    check,
    digest_response,
    write_challenge,
)

ACCOUNT = Account("vyzov", "secret")


def challenged(*texts: str, account: Account = ACCOUNT, code: int = 401) -> dict[str, str]:
    """Returns the headers that answer one challenge, {} where it is refused."""
    credentials = Credentials(account, tokens("c"))
    if not credentials.take(code, texts):
        return {}
    return dict(credentials.headers("INVITE", "sip:x@127.0.0.1"))


def test_the_examples_of_the_rfcs_come_out() -> None:
    # RFC 2617 §3.5 and RFC 7616 §3.9.1, whose method and URI are those of HTTP.
    assert (
        digest_response(
            "MD5", "Mufasa", "testrealm@host.com", "Circle Of Life", method="GET",
            uri="/dir/index.html", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
            count="00000001", cnonce="0a4f113b",
        ) == "6629fae49393a05397450978507c4ef1"
    )  # fmt: skip
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        assert (
            digest_response(
                algorithm, "Mufasa", "http-auth@example.org", "Circle of Life", method="GET",
                uri="/dir/index.html", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                count="00000001", cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            ) == response
        )  # fmt: skip


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("code", [401, 407])
def test_what_we_ask_we_can_answer(algorithm: str, code: int) -> None:
    text = write_challenge('a "quoted" realm', "n1", algorithm)
    name = "Authorization" if code == 401 else "Proxy-Authorization"
    value = challenged(text, code=code)[name]
    issued = Challenge.parse(text, proxy=code == 407)
    assert issued is not None

    def checks(method: str = "INVITE", user: str = "vyzov", password: str = "secret") -> bool:
        return check(value, method=method, username=user, password=password, challenge=issued)

    assert checks()
    assert not checks(password="other")
    assert not checks(user="other")
    assert not checks(method="BYE")


@pytest.mark.parametrize(
    "change",
    [("Digest", "Basic"), ('realm="r"', 'realm="s"'), ('nonce="n1"', 'nonce="n2"'),
     ("algorithm=SHA-256", "algorithm=MD5"), ("qop=auth", "qop=x"), ("nc=00000001", "nc=00000002"),
     ('response="', 'response="é'), ("response=", "other=")],
)  # fmt: skip
def test_an_answer_with_one_wrong_part_is_refused(change: tuple[str, str]) -> None:
    text = write_challenge("r", "n1", "SHA-256")
    value = challenged(text)["Authorization"]
    issued = Challenge.parse(text, proxy=False)
    assert issued is not None
    assert change[0] in value
    wrong = value.replace(*change)
    assert not check(wrong, method="INVITE", username="vyzov", password="secret", challenge=issued)


def test_a_challenge_without_qop_is_answered_the_old_way() -> None:
    text = 'Digest realm="r", nonce="n", opaque="o"'
    value = challenged(text)["Authorization"]
    assert "qop" not in value
    assert "cnonce" not in value
    assert 'opaque="o"' in value
    issued = Challenge.parse(text, proxy=False)
    assert issued is not None
    assert check(value, method="INVITE", username="vyzov", password="secret", challenge=issued)


def test_a_session_algorithm_is_answered_with_its_cnonce() -> None:
    text = 'Digest realm="r", nonce="n", algorithm=md5-sess'
    value = challenged(text)["Authorization"]
    assert "cnonce=" in value
    assert "algorithm=MD5-sess" in value
    issued = Challenge.parse(text, proxy=False)
    assert issued is not None
    assert check(value, method="INVITE", username="vyzov", password="secret", challenge=issued)


def test_the_strongest_of_several_challenges_is_answered() -> None:
    texts = [write_challenge("r", f"n-{name}", name) for name in ("MD5", "SHA-256")]
    for order in (texts, texts[::-1]):
        assert 'nonce="n-SHA-256"' in challenged(*order)["Authorization"]


@pytest.mark.parametrize(
    "text",
    ['Basic realm="r"', 'Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=SHA-512-256',
     'Digest realm="r", nonce="n", qop="auth-int"', "", "Digest"],
)  # fmt: skip
def test_a_challenge_we_cannot_answer_is_refused(text: str) -> None:
    assert challenged(text) == {}


def test_auth_is_found_among_several_qops() -> None:
    value = challenged('Digest realm="r", nonce="n", qop="auth-int, auth"')["Authorization"]
    assert "qop=auth, nc=00000001" in value


def test_a_foreign_realm_is_never_answered() -> None:
    text = write_challenge("attacker", "n")
    assert challenged(text, account=Account("vyzov", "secret", "carrier")) == {}
    assert challenged(write_challenge("carrier", "n"), account=Account("u", "p", "carrier")) != {}


def test_without_an_account_nothing_is_answered() -> None:
    assert challenged(write_challenge("r", "n"), account=NO_ACCOUNT) == {}


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(ACCOUNT)


def test_a_second_challenge_is_answered_only_when_the_nonce_was_stale() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    assert credentials.take(401, [write_challenge("r", "n1")])
    assert not credentials.take(401, [write_challenge("r", "n2")])
    assert not credentials.take(401, [write_challenge("r", "n1", stale=True)])
    assert credentials.take(401, [write_challenge("r", "n3", stale=True)])
    headers = credentials.headers("INVITE", "sip:x@h")
    assert len(headers) == 1
    assert 'nonce="n3"' in headers[0][1]


def test_server_and_proxy_are_both_answered() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    assert credentials.take(407, [write_challenge("proxy", "n1")])
    credentials.headers("INVITE", "sip:x@h")
    assert credentials.take(401, [write_challenge("server", "n2")])
    first, second = credentials.headers("INVITE", "sip:x@h")
    assert (first[0], second[0]) == ("Proxy-Authorization", "Authorization")
    # Each use of a nonce is counted (RFC 7616 §3.4).
    assert "nc=00000002" in first[1]
    assert "nc=00000001" in second[1]


def test_a_peer_that_always_says_stale_is_left_in_the_end() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    taken = 0
    for number in range(100):
        taken += credentials.take(401, [write_challenge("r", f"n{number}", stale=True)])
    assert taken == MAX_CHALLENGES


def test_an_algorithm_we_cannot_check_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="choose one of SHA-256, MD5"):
        write_challenge("r", "n", "SHA-512")


@given(st.text(max_size=200))
def test_reading_a_challenge_never_fails(text: str) -> None:
    found = Challenge.parse(text, proxy=False)
    assert found is None or found.nonce is not None
