"""Digest: known answers, the strongest challenge, no loop and no leak."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import tokens

from vyzov.sip.auth import (
    ALGORITHMS,
    MAX_CHALLENGES,
    MAX_NONCES_COUNTED,
    NO_ACCOUNT,
    Account,
    Challenge,
    Credentials,
    check,
    check_secret,
    digest_response,
    secret_hash,
    split_challenges,
    write_challenge,
)
from vyzov.sip.message import parse

ACCOUNT = Account("vyzov", "secret", allow_md5=True)


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


@pytest.mark.parametrize("algorithm", ALGORITHMS)
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
    texts = [write_challenge("r", f"n-{name}", name) for name in ("MD5", "SHA-512-256", "SHA-256")]
    for order in (texts, texts[::-1]):
        assert 'nonce="n-SHA-512-256"' in challenged(*order)["Authorization"]
    assert 'nonce="n-SHA-256"' in challenged(texts[0], texts[2])["Authorization"]


@pytest.mark.parametrize(
    "text",
    ['Basic realm="r"', 'Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=SHA-512',
     'Digest realm="r", nonce="n", qop="auth-conf"', "", "Digest"],
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
    with pytest.raises(ValueError, match="choose one of SHA-512-256, SHA-256, MD5"):
        write_challenge("r", "n", "SHA-512")


@given(st.text(max_size=200))
def test_reading_a_challenge_never_fails(text: str) -> None:
    found = Challenge.parse(text, proxy=False)
    assert found is None or found.nonce is not None


# ---- MD5, and why a challenge was refused ----------------------------------------------------


def refused(*texts: str, account: Account, code: int = 401) -> str:
    """Returns why a challenge is left unanswered."""
    credentials = Credentials(account, tokens("c"))
    assert not credentials.take(code, texts)
    assert credentials.headers("INVITE", "sip:x@h") == []
    return credentials.refusal


@pytest.mark.parametrize("algorithm", ["MD5", "md5", "MD5-sess"])
def test_md5_alone_is_refused_unless_it_is_allowed_and_the_reason_says_what_to_do(
    algorithm: str,
) -> None:
    text = f'Digest realm="r", nonce="n", algorithm={algorithm}'
    reason = refused(text, account=Account("vyzov", "secret"))
    assert reason.startswith("the carrier offers only MD5")
    assert "allow MD5 for this trunk" in reason
    assert challenged(text, account=Account("vyzov", "secret", allow_md5=True))


def test_md5_beside_something_stronger_needs_no_permission() -> None:
    texts = [write_challenge("r", f"n-{name}", name) for name in ("MD5", "SHA-256")]
    value = challenged(*texts, account=Account("vyzov", "secret"))["Authorization"]
    assert 'nonce="n-SHA-256"' in value


@pytest.mark.parametrize(
    ("text", "account", "reason"),
    [
        (write_challenge("r", "n"), NO_ACCOUNT, "asks for a user name and password"),
        (write_challenge("evil", "n"), Account("u", "p", "r"), "from the realm 'evil'"),
        ('Basic realm="r"', Account("u", "p"), "cannot give: 'Basic realm"),
        ("Basic \x1b[2J", Account("u", "p"), "cannot give: 'Basic \\x1b[2J'"),
    ],
)
def test_every_refusal_is_told_in_words(text: str, account: Account, reason: str) -> None:
    assert reason in refused(text, account=account)


def test_a_second_challenge_to_one_request_means_that_the_password_is_wrong() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    assert credentials.take(401, [write_challenge("r", "n1")])
    assert not credentials.take(401, [write_challenge("r", "n2")])
    assert credentials.refusal == "the far side refused the user name or the password"


# ---- several challenges, several requests ----------------------------------------------------


def test_several_realms_are_each_proved_with_their_strongest_algorithm() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    texts = [write_challenge("a", "a-md5", "MD5"), write_challenge("b", "b-256"),
             write_challenge("a", "a-512", "SHA-512-256")]  # fmt: skip
    assert credentials.take(407, texts)
    values = [value for _, value in credentials.headers("INVITE", "sip:x@h")]
    assert ['nonce="a-512"' in values[0], 'nonce="b-256"' in values[1]] == [True, True]
    assert len(values) == 2
    assert credentials.proved == ("a", "SHA-512-256")


def test_challenges_on_one_line_are_taken_apart() -> None:
    line = (
        'Digest realm="a, b", nonce="1", algorithm=MD5, DIGEST  Realm = c,nonce=2 , Basic realm=d'
    )
    assert split_challenges([line]) == [
        'Digest realm="a, b", nonce="1", algorithm=MD5',
        "DIGEST  Realm = c, nonce=2",
        "Basic realm=d",
    ]
    assert len(split_challenges([", ".join(["Digest nonce=1"] * 50)])) == MAX_CHALLENGES


@pytest.mark.parametrize(
    "text", ['dIgEsT ReAlM=r,NONCE=n,ALGORITHM="sha-256",Qop=Auth', "Digest nonce=n , realm = r "]
)
def test_odd_case_and_unquoted_parameters_are_read(text: str) -> None:
    found = Challenge.parse(text, proxy=False)
    assert found is not None
    assert (found.realm, found.nonce) == ("r", "n")


def response(code: int, *headers: str) -> bytes:
    lines = [f"SIP/2.0 {code} X", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", "From: <sip:a@h>;tag=1",
             "To: <sip:b@h>;tag=2", "Call-ID: c", "CSeq: 1 INVITE", *headers]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_challenges_of_both_kinds_in_one_response_are_both_answered() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    both = response(
        401,
        "WWW-Authenticate: " + write_challenge("server", "n1"),
        "Proxy-Authenticate: " + write_challenge("proxy", "n2"),
    )
    assert credentials.take_response(parse(both))
    names = [name for name, _ in credentials.headers("INVITE", "sip:x@h")]
    assert names == ["Authorization", "Proxy-Authorization"]
    assert credentials.refusal == ""


def test_a_401_that_brings_no_challenge_is_refused() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    assert not credentials.take_response(parse(response(401)))
    assert credentials.refusal == "the far side asks for proof but brings no challenge to answer"
    assert credentials.proved is None
    assert not credentials.take_response(parse(response(403)))


def test_the_next_request_proves_itself_and_may_be_asked_once_more() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    assert credentials.take(401, [write_challenge("r", "n1")])
    assert "nc=00000001" in credentials.headers("INVITE", "sip:x@h")[0][1]
    credentials.begin()
    assert "nc=00000002" in credentials.headers("BYE", "sip:x@h")[0][1]
    assert credentials.take(401, [write_challenge("r", "n2")])
    assert "nc=00000001" in credentials.headers("BYE", "sip:x@h")[0][1]
    assert not credentials.take(401, [write_challenge("r", "n3")])


@given(
    st.lists(
        st.one_of(
            st.just("begin"), st.just("send"),
            st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 4), st.booleans()),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_each_nonce_counts_one_by_one_whatever_is_asked(
    steps: list[str | tuple[str, int, bool]],
) -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    counts: dict[str, int] = {}
    for step in steps:
        if step == "begin":
            credentials.begin()
        elif isinstance(step, tuple):
            realm, number, stale = step
            credentials.take(401, [write_challenge(realm, f"{realm}{number}", stale=stale)])
        else:
            for _, value in credentials.headers("INVITE", "sip:x@h"):
                nonce = value.partition('nonce="')[2].partition('"')[0]
                counts[nonce] = counts.get(nonce, 0) + 1
                assert f"nc={counts[nonce]:08x}" in value


def test_the_nonces_counted_are_bounded() -> None:
    credentials = Credentials(ACCOUNT, tokens("c"))
    for number in range(MAX_NONCES_COUNTED + 10):
        credentials.begin()
        assert credentials.take(401, [write_challenge("r", f"n{number}")])
        credentials.headers("INVITE", "sip:x@h")
    assert len(credentials._uses) == MAX_NONCES_COUNTED


# ---- body protection and stored secrets ------------------------------------------------------


def test_where_only_auth_int_is_offered_the_body_is_proved() -> None:
    text = 'Digest realm="r", nonce="n", qop="auth-int", algorithm=SHA-256'
    credentials = Credentials(ACCOUNT, tokens("c"))
    assert credentials.take(401, [text])
    values = [credentials.headers("INVITE", "sip:x@h", body)[0][1] for body in (b"one", b"two")]
    for body, value, uses in zip((b"one", b"two"), values, (1, 2), strict=True):
        assert f"qop=auth-int, nc=0000000{uses}" in value
        expected = digest_response(
            "SHA-256", "vyzov", "r", "secret", method="INVITE", uri="sip:x@h", nonce="n",
            count=f"0000000{uses}", cnonce=value.partition('cnonce="')[2].partition('"')[0],
            qop="auth-int", body=body,
        )  # fmt: skip
        assert f'response="{expected}"' in value
    # By hand, as RFC 7616 §3.4.3 writes it.
    body_hash = hashlib.sha256(b"one").hexdigest()
    second = hashlib.sha256(f"INVITE:sip:x@h:{body_hash}".encode()).hexdigest()
    first = hashlib.sha256(b"vyzov:r:secret").hexdigest()
    cnonce = values[0].partition('cnonce="')[2].partition('"')[0]
    whole = hashlib.sha256(f"{first}:n:00000001:{cnonce}:auth-int:{second}".encode()).hexdigest()
    assert f'response="{whole}"' in values[0]


def test_sha_512_256_is_the_truncated_hash_and_not_sha_512() -> None:
    # FIPS 180-4 names the value of the empty text.
    assert hashlib.new("sha512_256", b"").hexdigest().startswith("c672b8d1ef56ed28")
    assert secret_hash("SHA-512-256", "u", "r", "p") == (
        hashlib.new("sha512_256", b"u:r:p").hexdigest()
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_stored_secret_serves_in_place_of_the_password(algorithm: str) -> None:
    text = write_challenge("r", "n1", algorithm)
    value = challenged(text)["Authorization"]
    issued = Challenge.parse(text, proxy=False)
    assert issued is not None
    for password, right in (("secret", True), ("other", False)):
        secret = secret_hash(algorithm, "vyzov", "r", password)
        assert right is check_secret(
            value, method="INVITE", username="vyzov", secret=secret, challenge=issued
        )


@given(st.lists(st.text(max_size=80), max_size=12))
def test_taking_challenges_apart_never_fails_and_is_bounded(lines: list[str]) -> None:
    assert len(split_challenges(lines)) <= MAX_CHALLENGES
