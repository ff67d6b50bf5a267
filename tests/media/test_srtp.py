"""SRTP: what was sealed opens once; everything else is counted, dropped, and harms nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.media.rtcp import report
from vyzov.media.rtp import RtpSender, build, parse
from vyzov.media.srtp import KEY_BYTES, PROFILES, Opener, Sealer

SUITES = list(PROFILES)
SOUND = b"\xd5" * 160


def pair(suite: str = SUITES[0], key: bytes | None = None) -> tuple[Sealer, Opener]:
    secret = bytes(range(KEY_BYTES[suite])) if key is None else key
    return Sealer(suite, secret), Opener(suite, secret)


@pytest.mark.parametrize("suite", SUITES)
def test_what_was_sealed_opens_and_cannot_be_read_on_the_way(suite: str) -> None:
    sealer, opener = pair(suite)
    packet = build(8, 1, 160, 7, SOUND)
    sealed = sealer.seal(packet)
    assert sealed is not None
    assert SOUND[:16] not in sealed
    assert opener.open(sealed, 0.0) == packet
    told = report(RtpSender(7, 1, 1, 8), None, utc_s=1000.0, cname="abc")
    assert opener.open_rtcp(sealer.seal_rtcp(told)) == told


@pytest.mark.parametrize("suite", SUITES)
def test_a_packet_opens_once_in_any_order_and_over_the_wrap_of_its_number(suite: str) -> None:
    sealer, opener = pair(suite)
    sealed = [sealer.seal(build(8, at % 65_536, at, 7, SOUND)) for at in range(65_500, 65_700)]
    kept = [one for one in sealed if one is not None]
    late = kept[50]
    for one in [*kept[:50], *kept[51:], late]:
        assert opener.open(one, 0.0) is not None
    for one in kept:
        assert opener.open(one, 0.0) is None
    assert opener.refused == len(kept)


@given(st.binary(max_size=300), st.integers(0, 181))
@settings(max_examples=200)
def test_noise_and_a_changed_byte_open_nothing(noise: bytes, place: int) -> None:
    sealer, opener = pair()
    sealed = bytearray(sealer.seal(build(8, 1, 160, 7, SOUND)) or b"")
    sealed[place] ^= 0x40
    assert opener.open(bytes(sealed), 0.0) is None
    assert opener.open(noise, 0.0) is None
    assert opener.open_rtcp(noise) is None
    assert opener.open(bytes(1400), 0.0) is None
    assert opener.refused == 4
    assert opener.open(sealer.seal(build(8, 2, 320, 7, SOUND)) or b"", 0.0) is not None


def test_new_keys_are_taken_and_those_before_only_for_what_was_under_way() -> None:
    old, opener = pair()
    new = Sealer(SUITES[1], bytes(KEY_BYTES[SUITES[1]]))
    under_way = old.seal(build(8, 1, 160, 7, SOUND)) or b""
    too_late = old.seal(build(8, 2, 320, 7, SOUND)) or b""
    opener.rekey(SUITES[1], bytes(KEY_BYTES[SUITES[1]]), 10.0)
    assert opener.open(new.seal(build(8, 3, 480, 7, SOUND)) or b"", 10.1) is not None
    assert opener.open(under_way, 10.2) is not None
    assert opener.open(under_way, 10.3) is None
    assert opener.open(too_late, 13.0) is None
    assert opener.refused == 2


def test_a_number_is_never_used_twice_under_one_key() -> None:
    sealer, _ = pair()
    assert sealer.seal(build(8, 5, 160, 7, SOUND)) is not None
    assert sealer.seal(build(8, 5, 160, 7, bytes(160))) is None
    assert sealer.seal(bytes(2000)) is None
    assert sealer.faults == 2


def test_a_new_source_of_the_same_far_side_opens_too() -> None:
    sealer, opener = pair()
    for ssrc in (7, 8):
        opened = opener.open(sealer.seal(build(8, 9, 160, ssrc, SOUND)) or b"", 0.0)
        found = parse(opened or b"")
        assert found is not None
        assert found.ssrc == ssrc


def test_a_suite_nobody_knows_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="AES_CM_128_HMAC_SHA1_80"):
        Sealer("F8_128_HMAC_SHA1_80", bytes(30))
