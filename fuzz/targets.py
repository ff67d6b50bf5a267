"""What is fuzzed: each parser of the product with the promises that must hold for any bytes.

A target takes bytes and returns, or raises: whatever it raises is a finding. Declared refusals are
caught inside. The same functions are run by `fuzz_one.py` under coverage guidance and by
`tests/test_fuzz_corpus.py` over everything ever kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import media_targets
import sip_targets
import text_targets


@dataclass(frozen=True, slots=True)
class Target:
    """One parser: `share` is the part of the asked runs it gets, `tokens` words worth trying,
    `json` tells that its inputs are better changed as JSON than as bytes."""

    name: str
    run: Callable[[bytes], None] = field(repr=False)
    seeds: Callable[[], list[bytes]] = field(repr=False)
    longest: int
    share: float = 1.0
    tokens: tuple[bytes, ...] = ()
    json: bool = False


SIP_WORDS = (
    b"SIP/2.0", b"INVITE", b"ACK", b"BYE", b"CANCEL", b"OPTIONS", b"REGISTER", b"PRACK", b"UPDATE",
    b"INFO", b"\r\n", b"\r\n\r\n", b"\r\n ", b"Via: ", b"v:", b"From: ", b"To: ", b"Call-ID: ",
    b"CSeq: ", b"Contact: ", b"Content-Length: ", b"l:", b"Content-Type: application/sdp",
    b"multipart/mixed;boundary=x", b"--x", b"Record-Route: <sip:h;lr>", b"Route: ", b"Require: ",
    b"RSeq: 1", b"RAck: 1 1 INVITE", b"Reason: Q.850;cause=16", b"Retry-After: 5",
    b"Session-Expires: 90;refresher=uas", b"Max-Forwards: 0", b"Expires: 0", b"WWW-Authenticate: ",
    b"Authorization: ", b"Digest ", b"realm=", b"nonce=", b"algorithm=SHA-256", b'qop="auth"',
    b"stale=true", b";tag=", b";branch=z9hG4bK", b";rport", b";received=", b";lr", b"sip:", b"sips:",
    b"tel:", b"[::1]", b"*", b'"', b'\\"', b"<", b">", b"%00", b"\xff", b"4294967296", b"-1",
)  # fmt: skip
SDP_WORDS = (
    b"v=0\r\n", b"o=- 1 1 IN IP4 0.0.0.0\r\n", b"c=IN IP4 0.0.0.0\r\n", b"c=IN IP6 ::1\r\n",
    b"m=audio 0 RTP/AVP 0 8 101\r\n", b"m=audio 4000 RTP/SAVP 8\r\n", b"m=video 1 RTP/AVP 9\r\n",
    b"a=rtpmap:101 telephone-event/8000\r\n", b"a=fmtp:101 0-15\r\n", b"a=ptime:20\r\n",
    b"a=maxptime:60\r\n", b"a=sendonly\r\n", b"a=inactive\r\n", b"a=rtcp:5 IN IP4 h\r\n",
    b"a=rtcp-mux\r\n", b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:",
    b"WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz", b"|2^20|1:4", b"65536", b"-1",
)  # fmt: skip
JSON_WORDS = (
    b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"1e999", b"-0", b'"', b"\\u0000",
    b"\\ud800", b'"type"', b'"leg"', b'"Originate"', b'"do"', b'"id"', b'"result"',
)  # fmt: skip

TARGETS = {
    target.name: target
    for target in (
        Target("sip_message", sip_targets.message, sip_targets.message_seeds, 4096,
               tokens=SIP_WORDS),
        Target("sip_agent", sip_targets.agent, sip_targets.agent_seeds, 6144, 0.05, SIP_WORDS),
        Target("sip_stream", sip_targets.stream, sip_targets.stream_seeds, 4096,
               tokens=SIP_WORDS),
        Target("sip_digest", sip_targets.digest, sip_targets.digest_seeds, 1024,
               tokens=SIP_WORDS),
        Target("sdp", sip_targets.description, sip_targets.description_seeds, 2048,
               tokens=SDP_WORDS),
        Target("rtp", media_targets.rtp_stream, media_targets.rtp_seeds, 2048),
        Target("rtcp", media_targets.rtcp_packets, media_targets.rtcp_seeds, 1024),
        Target("digits", media_targets.digits, media_targets.digits_seeds, 1024),
        Target("live_socket", text_targets.live_frame, text_targets.live_seeds, 4096,
               tokens=JSON_WORDS, json=True),
        Target("engine_wire", text_targets.engine_line, text_targets.engine_seeds, 4096,
               tokens=JSON_WORDS, json=True),
    )
}  # fmt: skip
