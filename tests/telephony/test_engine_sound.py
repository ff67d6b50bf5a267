"""Sound without a network: the media clock, ports, what a leg hears, browsers' offers."""

import asyncio
import resource
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media import prompts
from vyzov.media.frame import Samples
from vyzov.media.g711 import SILENCE, Law, decode, encode
from vyzov.media.rtp import RtpPacket, RtpReceiver, RtpSender
from vyzov.media.tones import Tone, dominant, level_dbm0
from vyzov.telephony.native import webrtc
from vyzov.telephony.native.browser_sdp import BadOffer, advertise, narrow
from vyzov.telephony.native.clock import BACKLOG_FRAMES, FRAME_S, MediaClock, Schedule
from vyzov.telephony.native.port_pairs import NoFreePort, Pair, PortRange, take_files
from vyzov.telephony.native.rtp_port import RtpPort, Terms
from vyzov.telephony.native.sources import Hearing, SoundShelf, UnknownSound

# ---- the clock


@given(st.lists(st.floats(0, 0.09), max_size=60))
def test_every_frame_falls_due_once_and_on_its_own_time(waits: list[float]) -> None:
    schedule = Schedule(100.0)
    now, taken = 100.0, schedule.due(100.0)
    assert taken == 1
    for wait in waits:
        now += wait
        taken += schedule.due(now)
        assert taken == int((now - 100.0 + 1e-6) / FRAME_S) + 1
        assert schedule.next_at() == pytest.approx(100.0 + taken * FRAME_S)
        assert schedule.next_at() > now - 1e-5
    assert schedule.restarts == 0


def test_a_suspended_machine_floods_nobody() -> None:
    schedule = Schedule(0.0)
    schedule.due(0.0)
    assert schedule.due(60.0) == 1
    assert schedule.due(60.02) == 1
    assert schedule.restarts == 1
    assert schedule.due(60.02 + BACKLOG_FRAMES * FRAME_S) == BACKLOG_FRAMES


def test_the_clock_stands_still_with_nothing_to_tick_and_survives_a_fault() -> None:
    async def story() -> None:
        clock = MediaClock(asyncio.get_running_loop())
        ticks: list[float] = []

        def fail(now: float) -> None:
            raise RuntimeError(f"planted at {now}")

        clock.add("bad", fail)
        clock.add("good", ticks.append)
        await asyncio.sleep(0.21)
        clock.discard("good")
        assert 9 <= len(ticks) <= 12
        await asyncio.sleep(0.05)
        frames = clock.frames
        await asyncio.sleep(0.05)
        assert clock.frames == frames
        clock.add("again", ticks.append)
        await asyncio.sleep(0.05)
        clock.close()
        assert clock.frames > frames

    uvloop.run(story())


def packet(sequence: int, timestamp: int, ssrc: int = 9, payload: bytes = b"x" * 160) -> RtpPacket:
    return RtpPacket(8, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, payload)


# ---- ports


def test_ports_are_handed_out_in_turn_and_run_out() -> None:
    ports = PortRange("127.0.0.1", 42_001, 42_005)
    with ports.open() as one, ports.open() as two:
        assert [s.getsockname()[1] for s in (one, two)] == [42_002, 42_004]
        with pytest.raises(NoFreePort, match="widen the range"):
            ports.open()
    with ports.open() as again:
        assert again.getsockname()[1] == 42_002
    with PortRange("127.0.0.1", 0, 0).open() as chosen:
        assert chosen.getsockname()[1] > 0


class Peer:
    """A bare UDP socket on loopback."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(2)
        self.address: tuple[str, int] = self.socket.getsockname()
        self.sender = RtpSender(5, 1, 1, 8)

    def say(self, port: RtpPort) -> None:
        self.socket.sendto(self.sender.packet(SILENCE[Law.PCMA]), ("127.0.0.1", port.port))


def test_a_foreign_source_cannot_pull_the_stream_away() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        port = RtpPort(Pair(loop, *PortRange("127.0.0.1", 0, 0).open_pair()))
        agreed, real, thief = Peer(), Peer(), Peer()
        heard: list[RtpPacket] = []
        port.on_hear = lambda packet, now: heard.append(packet)
        port.play(SILENCE[Law.PCMA], time.monotonic())
        thief.say(port)
        await asyncio.sleep(0.02)
        assert port.foreign == 1
        # The carrier sends from another port than its SDP said, all the time, and is learned.
        port.agree(Terms(agreed.address, Law.PCMA), time.monotonic())
        for _ in range(20):
            real.say(port)
            await asyncio.sleep(0.02)
        assert 5 <= len(heard) <= 10
        thief.say(port)
        await asyncio.sleep(0.02)
        taken, foreign = len(heard), port.foreign
        thief.say(port)
        await asyncio.sleep(0.02)
        assert (len(heard), port.foreign) == (taken, foreign + 1)
        port.play(SILENCE[Law.PCMA], time.monotonic())
        assert len(real.socket.recv(500)) == 172
        # The agreed address itself is always believed.
        agreed.say(port)
        await asyncio.sleep(0.07)
        agreed.say(port)
        await asyncio.sleep(0.02)
        port.play(SILENCE[Law.PCMA], time.monotonic())
        assert len(agreed.socket.recv(500)) == 172
        port.close()
        port.close()
        port.play(SILENCE[Law.PCMA], time.monotonic())
        for peer in (agreed, real, thief):
            peer.socket.close()

    uvloop.run(story())


def test_noise_on_an_rtp_port_is_no_sound_and_no_fault() -> None:
    async def story() -> None:
        port = RtpPort(Pair(asyncio.get_running_loop(), PortRange("127.0.0.1", 0, 0).open()))
        peer = Peer()
        port.agree(Terms(peer.address, Law.PCMA), time.monotonic())
        for noise in (b"", b"\x80", b"\xff" * 200, b"\x80\xc8" + b"\x00" * 30):
            peer.socket.sendto(noise, ("127.0.0.1", port.port))
        peer.say(port)
        await asyncio.sleep(0.05)
        assert port.receiver.received == 1
        port.close()
        peer.socket.close()

    uvloop.run(story())


# ---- what a leg hears


class TapeLine:
    """A line onto a tape."""

    def __init__(self, law: Law = Law.PCMA) -> None:
        self.law = law
        self.last_sent = 0.0
        self.receiver = RtpReceiver()
        self.on_hear = None
        self.on_sent = None
        self.tape: list[Samples] = []

    def play(self, payload: bytes, now: float) -> None:
        self.tape.append(decode(payload, self.law))

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        self.tape.append(decode(packet.payload, law))

    def stats(self) -> dict[str, float]:
        return {}

    def close(self) -> None:
        return


def test_a_leg_hears_exactly_one_thing_at_a_time() -> None:
    line, ended = TapeLine(), list[tuple[str, bool]]()
    hearing = Hearing(line, lambda play, completed: ended.append((play, completed)))
    shelf = SoundShelf([])
    voice = Tone(1300)
    now = 0.0

    def run(frames: int, *, relayed: bool = True) -> "tuple[float, float]":
        nonlocal now
        line.tape.clear()
        for turn in range(frames):
            now += 0.02
            hearing.tick(now)
            if relayed:
                payload = encode(voice.frame(), Law.PCMA)
                hearing.relay(packet(turn, turn * 160, payload=payload), Law.PCMA, now)
        heard = np.concatenate(line.tape)
        assert len(heard) == frames * 160
        return dominant(heard)[0], level_dbm0(heard)

    assert run(10)[1] < -60
    hearing.join(cue=False)
    now += 1
    line.tape.clear()
    hearing.relay(packet(0, 0), Law.PCMA, now)
    assert run(20)[0] == pytest.approx(1300, abs=2)
    hearing.play("p", shelf.sound("tone:700:-15", loop=True))
    assert run(20)[0] == pytest.approx(700, abs=2)
    hearing.stop("other")
    hearing.stop("p")
    assert ended == [("p", False)]
    assert run(20)[0] == pytest.approx(1300, abs=2)
    hearing.hold(shelf.hold())
    assert abs(run(50)[0] - 1300) > 50
    hearing.hold(None)
    assert run(20)[0] == pytest.approx(1300, abs=2)
    hearing.part()
    assert run(20)[1] < -60
    hearing.comfort(on=True)
    assert run(8)[0] == pytest.approx(400, abs=5)


def test_a_silent_other_side_is_replaced_by_silence_after_a_moment() -> None:
    line = TapeLine()
    hearing = Hearing(line, lambda play, completed: None)
    hearing.join(cue=False)
    now = 100.0
    hearing.relay(packet(0, 0), Law.PCMA, now)
    for _ in range(50):
        now += 0.02
        hearing.tick(now)
    assert 38 <= len(line.tape) - 1 <= 41


def test_a_cue_sounds_even_when_the_customer_is_still_silent() -> None:
    line = TapeLine()
    hearing = Hearing(line, lambda play, completed: None)
    hearing.join(cue=True)
    for turn in range(8):
        hearing.tick(50.0 + turn * 0.02)
    assert dominant(line.tape[0])[0] == pytest.approx(660, abs=30)
    assert level_dbm0(np.concatenate(line.tape)) > -30
    hearing.tick(50.2)
    assert level_dbm0(line.tape[-1]) < -30


def test_hold_music_is_found_beside_the_prompts_of_a_language(tmp_path: Path) -> None:
    folder = Path(prompts.__file__).parent / "prompts"
    music = SoundShelf([tmp_path, folder]).hold()
    assert isinstance(music, prompts.PromptPlayer)
    (tmp_path / "hold.wav").write_bytes(b"no music")
    assert not isinstance(SoundShelf([tmp_path]).hold(), prompts.PromptPlayer)


def test_a_sound_nobody_has_says_what_to_do(tmp_path: Path) -> None:
    shelf = SoundShelf([tmp_path])
    for source in ("prompt:none", "prompt:../etc/passwd", "tone:loud", "song:x", ""):
        with pytest.raises(UnknownSound):
            shelf.sound(source, loop=False)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(UnknownSound, match="broken"):
        shelf.sound("prompt:broken", loop=False)
    timed = shelf.sound("tone:700:-15:50", loop=False)
    assert [timed.frame() is None for _ in range(4)] == [False, False, False, True]


# ---- browsers' offers

OFFER = """\
v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2122260223 3f0c.local 50000 typ host
a=candidate:2 1 tcp 1518214911 127.0.0.1 9 typ host tcptype active
a=end-of-candidates
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10
a=rtpmap:63 red/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:110 telephone-event/48000
""".replace("\n", "\r\n")


def test_one_codec_is_left_of_an_offer_g711_first() -> None:
    offer = narrow(OFFER, ["192.0.2.1"])
    assert offer.codec == "PCMA"
    lines = offer.sdp.split("\r\n")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 8" in lines
    assert [line for line in lines if line.startswith("a=rtpmap")] == ["a=rtpmap:8 PCMA/8000"]
    assert not any("extmap" in line or "rtcp-fb" in line or ".local" in line for line in lines)
    # Something must be left for ICE to begin with.
    assert [line for line in lines if line.startswith("a=candidate")] == [
        "a=candidate:0 1 udp 1 192.0.2.1 9 typ host"
    ]
    assert narrow(OFFER.replace(" 0 8 13", " 0 13"), []).codec == "PCMU"
    assert narrow(OFFER.replace(" 9 0 8 13", " 9 13"), []).codec == "opus"


@pytest.mark.parametrize(
    "offer",
    [
        "", "v=0\r\n", OFFER + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        OFFER.replace("m=audio", "m=video"), OFFER.replace("111 63 9 0 8 13 110", "9 13"),
        "v=0\r\n" + "a=x\r\n" * 20_000,
    ],
)  # fmt: skip
def test_an_offer_we_cannot_answer_is_refused(offer: str) -> None:
    with pytest.raises(BadOffer):
        narrow(offer, ["127.0.0.1"])


def test_an_address_outside_gets_a_twin_of_each_candidate() -> None:
    answer = "v=0\r\na=candidate:7 1 udp 100 10.0.0.5 4000 typ host\r\na=end-of-candidates\r\n"
    assert advertise(answer, "192.0.2.7").split("\r\n") == [
        "v=0",
        "a=candidate:7 1 udp 100 10.0.0.5 4000 typ host",
        "a=candidate:79 1 udp 99 192.0.2.7 4000 typ host",
        "a=end-of-candidates",
        "",
    ]
    assert advertise(answer, "10.0.0.5") == answer


def test_an_aiortc_without_the_methods_we_ride_on_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    webrtc.probe()
    monkeypatch.delattr(webrtc.RTCDtlsTransport, "_send_rtp")
    with pytest.raises(webrtc.EngineUnfit, match=r"RTCDtlsTransport\._send_rtp"):
        webrtc.probe()


def test_an_engine_may_open_as_many_files_as_the_system_allows() -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, most), most))
        take_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
