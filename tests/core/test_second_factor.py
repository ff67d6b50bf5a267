"""One-time codes: the vectors of RFC 6238, a clock that is off, and a code given twice."""

from datetime import UTC, datetime, timedelta

import pytest

from vyzov.core.second_factor import (
    STEP_S,
    accepted_step,
    code_of,
    grouped,
    otpauth_uri,
    secret_text,
    step_at,
)

KEY = b"12345678901234567890"
SECRET = secret_text(KEY)
NOW = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"), (1111111109, "081804"), (1111111111, "050471"),
        (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    assert code_of(KEY, second // STEP_S) == code
    moment = datetime.fromtimestamp(second, UTC)
    assert accepted_step(SECRET, f"{code[:3]} {code[3:]}", moment, 0) == step_at(moment)


@pytest.mark.parametrize(("off_s", "right"), [(-30, True), (30, True), (-60, False), (60, False)])
def test_a_clock_may_be_off_by_one_step(off_s: int, right: bool) -> None:
    code = code_of(KEY, step_at(NOW + timedelta(seconds=off_s)))
    assert (accepted_step(SECRET, code, NOW, 0) is not None) is right


def test_a_code_is_taken_once() -> None:
    code = code_of(KEY, step_at(NOW))
    taken = accepted_step(SECRET, code, NOW, 0)
    assert taken is not None
    assert accepted_step(SECRET, code, NOW, taken) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert accepted_step(SECRET, code, NOW, 0) is None


def test_a_secret_that_is_no_base32_takes_nothing() -> None:
    assert accepted_step("not base32!", "000000", NOW, 0) is None


def test_an_app_is_set_up_by_an_address_or_by_hand() -> None:
    uri = otpauth_uri(SECRET, "vera@x", "Ромашка & Co")
    assert uri.startswith("otpauth://totp/%D0%A0")
    assert f"secret={SECRET}" in uri
    assert "%26%20Co:vera%40x?" in uri
    assert grouped("ABCDEFGHIJ") == "ABCD EFGH IJ"
