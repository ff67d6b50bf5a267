"""Session descriptions: what is read, what is offered, what two sides agree on."""

import pytest
from sip_net import ANSWER, OFFER

from vyzov.sip import sdp
from vyzov.sip.sdp import Direction, NoCommonCodec

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
