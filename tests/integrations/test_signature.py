"""Signatures are those of Standard Webhooks 1.0: by its published vector and by its rules."""

import base64
import hashlib
import hmac

import pytest

from vyzov.core.webhook import SECRET_BYTES, secret_of
from vyzov.integrations.signature import headers_of, sign

# The example of the standard's own libraries.
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, TIMESTAMP = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", [SECRET, f"whsec_{SECRET}"])
def test_the_published_example_is_signed_as_published(secret: str) -> None:
    assert sign(secret, MESSAGE, TIMESTAMP, BODY) == SIGNATURE


def test_a_receiver_that_knows_the_secret_verifies_what_it_got() -> None:
    secret = secret_of(b"\x07" * SECRET_BYTES)
    body = '{"name":"Ольга"}'.encode()
    told = headers_of((secret,), "evt_1", 1_790_000_000, body)
    content = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert told["webhook-signature"] == f"v1,{expected}"


def test_two_secrets_make_two_signatures_of_which_either_will_do() -> None:
    old, new = secret_of(b"\x01" * 32), secret_of(b"\x02" * 32)
    told = headers_of((new, old), "evt_1", 1, b"{}")["webhook-signature"].split(" ")
    assert told == [sign(new, "evt_1", 1, b"{}"), sign(old, "evt_1", 1, b"{}")]


def test_a_body_altered_on_its_way_has_another_signature() -> None:
    assert sign(SECRET, MESSAGE, TIMESTAMP, BODY + b" ") != SIGNATURE
    assert sign(SECRET, MESSAGE, TIMESTAMP + 1, BODY) != SIGNATURE
    assert sign(SECRET, MESSAGE + "x", TIMESTAMP, BODY) != SIGNATURE


def test_a_secret_that_is_none_says_so() -> None:
    with pytest.raises(ValueError, match="base64"):
        sign("whsec_!", MESSAGE, TIMESTAMP, BODY)
