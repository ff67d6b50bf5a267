"""Session descriptions: what is read, what is offered, what two sides agree on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import ANSWER, OFFER

from vyzov.sip import sdp
from vyzov.sip.sdp import Direction, NoCommonCodec, NotSecure, SrtpKeys

THEIRS = (
    "v=0\r\no=them 5 6 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    "m=audio 6000 RTP/AVP 18 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n"
)


def offered(text: str = THEIRS) -> sdp.Session:
    return sdp.parse(text.encode())


def answered(text: str = THEIRS, **options: object) -> bytes:
    return sdp.answer(
        offered(text),
        address="127.0.0.1",
        port=4000,
        session_id=1,
        **options,  # type: ignore[arg-type]
    )


def test_our_offer_holds_both_laws_and_telephone_events() -> None:
    audio = sdp.parse(OFFER).audio
    assert audio is not None
    assert [(c.payload, c.name) for c in audio.codecs] == [
        (8, "PCMA"), (0, "PCMU"), (101, "telephone-event"),
    ]  # fmt: skip
    assert (audio.port, audio.ptime, audio.direction) == (4000, 20, Direction.SENDRECV)
    assert OFFER.endswith(b"a=sendrecv\r\n")
    assert b"o=- 7 1 IN IP4 127.0.0.1\r\n" in OFFER


def test_static_payloads_need_no_rtpmap() -> None:
    audio = offered().audio
    assert audio is not None
    assert [c.name for c in audio.codecs] == ["PCMU", "PCMA", "telephone-event"]
    assert audio.formats == ("18", "0", "8", "96")


def test_the_offerers_order_and_payload_numbers_are_kept() -> None:
    audio = sdp.parse(answered()).audio
    assert audio is not None
    assert audio.formats == ("0", "96")
    both = sdp.parse(answered(one_codec=False)).audio
    assert both is not None
    assert both.formats == ("0", "8", "96")


def test_an_answer_has_one_line_for_each_offered_line() -> None:
    text = THEIRS.replace("m=audio", "m=image 7000 udptl t38\r\nm=audio", 1) + (
        "m=video 6002 RTP/AVP 99\r\n"
    )
    media = sdp.parse(answered(text)).media
    assert [(m.kind, m.port) for m in media] == [("image", 0), ("audio", 4000), ("video", 0)]
    assert media[2].formats == ("99",)


def test_a_second_audio_line_is_refused_and_a_refused_one_skipped() -> None:
    text = THEIRS.replace("m=audio 6000", "m=audio 0") + THEIRS[THEIRS.index("m=") :]
    text += "m=audio 6010 RTP/SAVP 0\r\n"
    assert [m.port for m in sdp.parse(answered(text)).media] == [0, 4000, 0]


def test_an_offer_without_a_common_codec_is_refused() -> None:
    for text in (THEIRS.replace("18 0 8", "18"), THEIRS.replace("RTP/AVP", "RTP/SAVP"), "v=0\r\n"):
        with pytest.raises(NoCommonCodec):
            answered(text)


def test_a_renumbered_codec_is_found_by_its_name() -> None:
    text = THEIRS.replace("18 0 8 96", "110 96") + "a=rtpmap:110 pcma/8000/1\r\n"
    assert sdp.agree(OFFER, text.encode()).payload == 110


def test_a_codec_of_another_rate_is_another_codec() -> None:
    text = THEIRS.replace("18 0 8 96", "110 96") + "a=rtpmap:110 PCMA/16000\r\n"
    with pytest.raises(NoCommonCodec):
        answered(text)


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "recvonly", "inactive"),
        ("sendrecv", "recvonly", "recvonly"),
    ],
)
def test_an_answer_mirrors_the_offered_direction(theirs: str, wanted: str, ours: str) -> None:
    audio = sdp.parse(answered(THEIRS + f"a={theirs}\r\n", direction=Direction(wanted))).audio
    assert audio is not None
    assert audio.direction == ours


def test_session_level_lines_hold_where_the_media_says_nothing() -> None:
    audio = offered(THEIRS.replace("t=0 0", "t=0 0\r\na=sendonly")).audio
    assert audio is not None
    assert (audio.address, audio.direction, audio.held) == ("10.0.0.1", Direction.SENDONLY, True)
    audio = offered(THEIRS + "c=IN IP6 2001:db8::2\r\na=inactive\r\n").audio
    assert audio is not None
    assert (audio.address, audio.direction) == ("2001:db8::2", Direction.INACTIVE)
    assert offered(THEIRS.replace("c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.1/127")).audio == (
        offered().audio
    )


def test_the_old_way_to_hold_is_understood() -> None:
    text = THEIRS.replace("c=IN IP4 10.0.0.1", "c=IN IP4 0.0.0.0")
    audio = offered(text).audio
    assert audio is not None
    assert audio.held
    assert not sdp.agree(OFFER, text.encode()).sending
    normal = offered().audio
    assert normal is not None
    assert not normal.held


@pytest.mark.parametrize(
    ("line", "ptime"),
    [("a=ptime:30", 30), ("a=ptime:20.0", 20), ("a=ptime:0", None), ("a=ptime:x", None),
     ("a=ptime:1000", None), ("a=ptime:", None)],
)  # fmt: skip
def test_ptime_is_taken_where_it_makes_sense(line: str, ptime: int | None) -> None:
    audio = offered(THEIRS + line + "\r\n").audio
    assert audio is not None
    assert audio.ptime == ptime


def test_broken_attributes_cost_only_themselves() -> None:
    text = THEIRS + (
        "a=rtpmap:x PCMA/8000\r\na=rtpmap:200 PCMA/8000\r\na=rtpmap:97\r\na=rtpmap:98 X/y\r\n"
        "a=fmtp:97 z\r\na=rtcp-mux\r\nnonsense\r\n\r\nxx=1\r\n"
    )
    audio = offered(text.replace("8 96", "8 96 97 300 x")).audio
    assert audio is not None
    assert [c.name for c in audio.codecs] == ["PCMU", "PCMA", "telephone-event"]
    assert audio.rtcp_mux


def test_lines_closed_by_lf_alone_are_read() -> None:
    assert sdp.parse(THEIRS.replace("\r\n", "\n").encode()) == offered()


def test_an_unreadable_origin_is_zero() -> None:
    assert offered().session_id == 5
    for origin in ("o=them 5", "o=them a 6 IN IP4 h", "x=1"):
        assert offered(THEIRS.replace("o=them 5 6 IN IP4 10.0.0.1", origin)).version == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"o=1", b"v=0\r\nm=audio\r\n", b"v=0\r\nm=audio x RTP/AVP 0\r\n",
     b"v=0\r\nm=audio 70000 RTP/AVP 0\r\n", b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * 17,
     b"v=0\r\n" + b"a=x\r\n" * 5000],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        sdp.parse(data)


def test_what_two_sides_agree_on_is_seen_from_ours() -> None:
    agreed = sdp.agree(OFFER, THEIRS.encode())
    assert (agreed.codec, agreed.payload, agreed.event_payload) == ("PCMU", 0, 96)
    assert (agreed.address, agreed.port, agreed.ptime) == ("10.0.0.1", 6000, 20)
    assert agreed.sending
    assert agreed.receiving
    no_digits = sdp.agree(OFFER, THEIRS.replace("telephone-event", "x").encode())
    assert no_digits.event_payload is None


def test_a_held_side_neither_sends_nor_hears() -> None:
    held = sdp.agree(OFFER, (THEIRS + "a=inactive\r\n").encode())
    assert not held.sending
    assert not held.receiving
    quiet = sdp.agree(OFFER, (THEIRS + "a=sendonly\r\n").encode())
    assert not quiet.sending
    assert quiet.receiving


@pytest.mark.parametrize(
    "text",
    [THEIRS.replace("6000", "0"), THEIRS.replace("c=IN IP4 10.0.0.1\r\n", ""),
     THEIRS.replace("18 0 8 96", "96")],
)  # fmt: skip
def test_nothing_is_agreed_with_a_side_that_describes_nothing(text: str) -> None:
    with pytest.raises(NoCommonCodec):
        sdp.agree(OFFER, text.encode())


def test_an_unchanged_offer_in_mid_call_keeps_the_version() -> None:
    text = THEIRS.replace("18 0 8", "8").encode()
    ours = sdp.answer(sdp.parse(text), address="127.0.0.1", port=4000, session_id=1)
    assert sdp.renewed(ours, text) == ours


def test_a_hold_grows_the_version_by_one_and_nothing_else_changes() -> None:
    text = THEIRS.replace("18 0 8", "8")
    ours = sdp.answer(offered(text), address="127.0.0.1", port=4000, session_id=1, version=4)
    held = sdp.renewed(ours, (text + "a=sendonly\r\n").encode())
    assert held == ours.replace(b"- 1 4 IN", b"- 1 5 IN").replace(b"sendrecv", b"recvonly")
    resumed = sdp.renewed(held, text.encode())
    assert resumed == ours.replace(b"- 1 4 IN", b"- 1 6 IN")


def test_a_change_we_cannot_follow_is_refused() -> None:
    with pytest.raises(NoCommonCodec):
        sdp.renewed(ANSWER, THEIRS.replace("18 0 8", "18").encode())
    with pytest.raises(NoCommonCodec, match="of our own"):
        sdp.renewed(ANSWER.replace(b"m=audio 5000", b"m=audio 0"), THEIRS.encode())
    with pytest.raises(ValueError, match="v=0"):
        sdp.renewed(b"", THEIRS.encode())


def test_an_ipv6_address_is_written_as_one() -> None:
    text = sdp.offer(address="2001:db8::1", port=4000, session_id=1)
    assert b"c=IN IP6 2001:db8::1" in text


# ---- packet times, RTCP, SRTP ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "ptime"),
    [("", 20), ("a=ptime:10", 10), ("a=ptime:30", 30), ("a=ptime:60", 60), ("a=ptime:5", 10),
     ("a=ptime:90", 60), ("a=ptime:25", 20), ("a=ptime:40\r\na=maxptime:30", 30),
     ("a=maxptime:10", 10), ("a=maxptime:200", 20), ("a=PTIME: 40", 40)],
)  # fmt: skip
def test_packets_are_cut_as_the_far_side_asks_from_10_to_60_ms(lines: str, ptime: int) -> None:
    text = THEIRS + (lines + "\r\n" if lines else "")
    assert sdp.agree(OFFER, text.encode()).ptime == ptime
    assert f"a=ptime:{ptime}\r\n".encode() in answered(text)


@pytest.mark.parametrize(
    ("line", "rtcp"),
    [("", ("10.0.0.1", 6001)), ("a=rtcp:7001", ("10.0.0.1", 7001)),
     ("a=rtcp:7001 IN IP4 10.0.0.2", ("10.0.0.2", 7001)), ("a=rtcp:x", ("10.0.0.1", 6001)),
     ("a=rtcp:0", ("10.0.0.1", 6001)), ("a=rtcp:", ("10.0.0.1", 6001))],
)  # fmt: skip
def test_reports_go_where_the_far_side_says(line: str, rtcp: tuple[str, int]) -> None:
    text = THEIRS + (line + "\r\n" if line else "")
    assert sdp.agree(OFFER, text.encode()).rtcp == rtcp


def test_reports_are_muxed_only_where_both_say_so() -> None:
    muxed = (THEIRS + "a=rtcp-mux\r\n").encode()
    assert not sdp.agree(OFFER, muxed).muxed
    assert b"rtcp-mux" not in answered(THEIRS, rtcp_mux=True)
    ours = answered(muxed.decode(), rtcp_mux=True)
    assert b"a=rtcp-mux\r\n" in ours
    agreed = sdp.agree(ours, muxed)
    assert (agreed.muxed, agreed.rtcp) == (True, ("10.0.0.1", 6000))
    offer = sdp.offer(address="127.0.0.1", port=4000, session_id=1, rtcp_mux=True)
    assert b"a=rtcp-mux\r\n" in offer


def test_events_of_another_clock_are_not_ours() -> None:
    text = THEIRS.replace("8 96", "8 96 97").replace(
        "telephone-event/8000", "telephone-event/16000\r\na=rtpmap:97 telephone-event/8000"
    )
    assert sdp.agree(OFFER, text.encode()).event_payload == 97


KEY = SrtpKeys("AES_CM_128_HMAC_SHA1_80", bytes(range(30)))
GCM = SrtpKeys("AEAD_AES_256_GCM", bytes(44), tag=2)
SEALED = THEIRS.replace("RTP/AVP", "RTP/SAVP")


def sealed(*keys: SrtpKeys) -> str:
    return SEALED + "".join(key.line + "\r\n" for key in keys)


def test_an_offer_with_keys_is_srtp_only() -> None:
    text = sdp.offer(address="127.0.0.1", port=4000, session_id=1, crypto=KEY)
    assert b"m=audio 4000 RTP/SAVP 8 0 101\r\n" in text
    assert (
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
        in (text)
    )
    session = sdp.parse(text)
    assert session.audio is None
    assert session.secure_audio is not None
    assert session.secure_audio.crypto == (KEY,)


def test_both_sides_agree_on_one_suite_and_each_on_its_own_key() -> None:
    theirs = SrtpKeys("AEAD_AES_256_GCM", bytes(range(44)), tag=5)
    ours = answered(sealed(SrtpKeys(KEY.suite, bytes(30), 4), theirs), crypto=(GCM, KEY))
    audio = sdp.parse(ours).secure_audio
    assert audio is not None
    # The answer wears the tag of the offered line (RFC 4568 §5.1.2).
    assert audio.crypto == (SrtpKeys(GCM.suite, GCM.key, 5),)
    agreed = sdp.agree(ours, sealed(theirs).encode())
    assert (agreed.our_keys, agreed.their_keys) == (audio.crypto[0], theirs)
    offer = sdp.offer(address="127.0.0.1", port=4000, session_id=1, crypto=(KEY, GCM))
    chosen = SrtpKeys(GCM.suite, bytes(range(44)), tag=2)
    agreed = sdp.agree(offer, sealed(chosen).encode())
    assert (agreed.our_keys, agreed.their_keys) == (GCM, chosen)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (sdp.offer(address="h", port=1, session_id=1, crypto=KEY), THEIRS),
        (OFFER, sealed(KEY)),
        (sdp.offer(address="h", port=1, session_id=1, crypto=KEY), SEALED),
        (sdp.offer(address="h", port=1, session_id=1, crypto=KEY), sealed(GCM)),
        (sdp.offer(address="h", port=1, session_id=1, crypto=KEY),
         sealed(SrtpKeys(KEY.suite, KEY.key, 9))),
    ],
    ids=["plain answer", "unasked", "no key", "another suite", "another tag"],
)  # fmt: skip
def test_sound_never_falls_back_to_the_clear(ours: bytes, theirs: str) -> None:
    with pytest.raises(NotSecure):
        sdp.agree(ours, theirs.encode())


@pytest.mark.parametrize(
    ("text", "crypto"), [(THEIRS, KEY), (sealed(GCM), KEY), (sealed(KEY), None)]
)
def test_an_offer_of_the_other_kind_is_refused(text: str, crypto: SrtpKeys | None) -> None:
    with pytest.raises(NotSecure):
        answered(text, crypto=crypto)


def test_a_change_in_mid_call_keeps_our_key_and_takes_theirs() -> None:
    ours = answered(sealed(KEY), crypto=KEY)
    fresh = SrtpKeys(KEY.suite, bytes(30), 1)
    again = sdp.renewed(ours, sealed(fresh).encode())
    assert again == ours
    assert sdp.agree(again, sealed(fresh).encode()).their_keys == fresh
    with pytest.raises(NotSecure):
        sdp.renewed(ours, THEIRS.encode())


@pytest.mark.parametrize(
    "line",
    [
        "1 AES_CM_128_HMAC_SHA1_80 inline:short",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + "|2^20|1:4",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + " UNENCRYPTED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 other:" + "A" * 40,
        "x AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40,
        "1 UNKNOWN inline:" + "A" * 40,
        "1 AES_CM_128_HMAC_SHA1_80",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "é" * 40,
    ],
)
def test_a_key_that_cannot_be_kept_to_is_left_out(line: str) -> None:
    audio = sdp.parse((SEALED + f"a=crypto:{line}\r\n").encode()).secure_audio
    assert audio is not None
    assert audio.crypto == ()


def test_a_keys_lifetime_and_window_change_nothing() -> None:
    line = "7 aes_cm_128_hmac_sha1_80 INLINE:" + "A" * 40 + "|2^31 WSH=64"
    audio = sdp.parse((SEALED + f"a=crypto:{line}\r\n" * 20).encode()).secure_audio
    assert audio is not None
    assert audio.crypto == (SrtpKeys(KEY.suite, bytes(30), 7),) * 8


def test_a_key_has_the_length_of_its_suite_and_is_not_shown() -> None:
    for suite, key in (("AES_CM_128_HMAC_SHA1_80", bytes(29)), ("OTHER", bytes(30))):
        with pytest.raises(ValueError, match="AES_CM_128_HMAC_SHA1_80 \\(30\\)"):
            SrtpKeys(suite, key)
    assert "key" not in repr(KEY)


# ---- texts changed in place ------------------------------------------------------------------------


@pytest.mark.parametrize("direction", list(Direction))
def test_a_direction_is_changed_and_nothing_else(direction: Direction) -> None:
    text = sdp.with_direction(OFFER, direction)
    assert text == OFFER.replace(b"sendrecv", direction.encode())
    old = THEIRS.replace("t=0 0", "t=0 0\r\na=inactive").replace(
        "m=audio", "m=image 0 x y\r\nm=audio"
    )
    changed = sdp.parse(sdp.with_direction(old.replace("\r\n", "\n").encode(), direction))
    assert changed.audio is not None
    assert changed.audio.direction is direction
    assert b"\r" not in sdp.with_direction(old.replace("\r\n", "\n").encode(), direction)
    two = THEIRS + THEIRS[THEIRS.index("m=") :]
    assert sdp.with_direction(two.encode(), direction).count(f"a={direction}".encode()) == 2
    assert sdp.with_direction(b"v=0\r\nm=\r\n", direction) == b"v=0\r\nm=\r\n"


def test_an_origin_is_renumbered_where_there_is_one() -> None:
    assert sdp.with_origin(OFFER, 8, 9) == OFFER.replace(b"o=- 7 1 IN", b"o=- 8 9 IN")
    assert sdp.with_origin(b"v=0\no=- 7 1 IN IP4 h\n", 8, 9) == b"v=0\no=- 8 9 IN IP4 h\n"
    assert sdp.with_origin(b"v=0\r\no=x\r\n", 8, 9) == b"v=0\r\no=x\r\n"


def test_an_offer_is_refused_stream_by_stream() -> None:
    text = sdp.refusal(offered(THEIRS + "m=video 6002 RTP/AVP 99\r\n"), OFFER)
    assert [(m.kind, m.port) for m in sdp.parse(text).media] == [("audio", 0), ("video", 0)]
    assert b"o=- 7 2 IN IP4 127.0.0.1" in text
    assert b"IP4 0.0.0.0" in sdp.refusal(offered(), b"v=0\r\n")


@pytest.mark.parametrize(
    "line", ["m=audio 1 RTP/AVP" + " 0" * 65, "m=audio 1 RTP/AVP \x07", "m=audio 1 RTP/ÄVP 0"]
)
def test_a_stream_nobody_could_repeat_safely_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="m= line"):
        sdp.parse(f"v=0\r\n{line}\r\n".encode())


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_reading_a_session_fails_in_one_way_only(data: bytes) -> None:
    for text in (data, b"v=0\r\n" + data, THEIRS.encode() + data):
        try:
            session = sdp.parse(text)
        except ValueError:
            continue
        assert len(session.media) <= sdp.MAX_MEDIA


@given(
    st.lists(st.sampled_from(THEIRS.split("\r\n") + sealed(KEY, GCM).split("\r\n") + [
        "a=sendonly", "c=IN IP6 ::", "c=IN IP4 0.0.0.0", "a=ptime:30", "a=rtcp-mux", "m=audio 0 x y",
    ]), max_size=20),
    st.sampled_from([None, KEY]),
)  # fmt: skip
def test_whatever_is_offered_the_answer_can_be_agreed_on(
    lines: list[str], crypto: SrtpKeys | None
) -> None:
    text = "v=0\r\nc=IN IP4 10.0.0.1\r\n" + "\r\n".join(lines) + "\r\n"
    try:
        ours = answered(text, crypto=crypto)
    except ValueError:
        return
    described = sdp.parse(ours)
    assert len(described.media) == len(offered(text).media)
    agreed = sdp.agree(ours, text.encode())
    assert agreed.codec in ("PCMA", "PCMU")
    assert agreed.ptime in range(10, 70, 10)
    assert (agreed.our_keys is None) == (crypto is None)
    assert agreed.direction.sends <= (agreed.address not in ("0.0.0.0", "::"))


def test_nothing_is_agreed_where_we_describe_nothing() -> None:
    with pytest.raises(NoCommonCodec):
        sdp.agree(b"v=0\r\n", THEIRS.encode())
