"""One-way sound: who does not hear whom, told from packets and reports alone."""

from vyzov.media import rtcp
from vyzov.media.rtcp import RtcpSession
from vyzov.media.rtp import ReceptionReport, RtpPacket, RtpReceiver, RtpSender
from vyzov.media.sound_watch import QUIET_S, SoundWatch, Unheard


class Talk:
    """A minute of a call, second by second; both sides do as they are told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.watch = SoundWatch(0.0)
        self.receiver = RtpReceiver()
        self.reports = RtcpSession(0.0, epoch_s=1e9, dice=lambda: 0.5)
        self.sent = 0
        self.far = RtpSender(22, 0, 0, 8)
        self.far_heard = 0
        self.seen: list[Unheard] = []

    def second(
        self, *, comes: bool = True, says: bool = True, hears: bool = True, reports: bool = True,
        expects: bool = True,
    ) -> Unheard:  # fmt: skip
        for _ in range(50):
            self.now += 0.02
            self.sent += 1
            self.far_heard += hears
            if says:
                self.far.packet(b"x" * 160)
            if comes and says:
                sequence = self.far.sequence
                packet = RtpPacket(8, False, sequence, sequence * 160, 22, b"x" * 160)
                self.receiver.receive(packet, self.now)
        if reports and round(self.now) % 5 == 0:
            block = ReceptionReport(11, 0, 0, self.far_heard, 0) if self.far_heard else None
            data = rtcp.report(self.far, block, utc_s=1.0 if says else None)
            assert self.reports.receive(data, 11, self.now) is not None
        return self.watch.look(self.now, self.receiver, self.reports, self.sent, expects=expects)

    def seconds(self, count: int, **how: bool) -> list[Unheard]:
        return [self.second(**how) for _ in range(count)]


def test_a_talk_both_ways_is_nothing_to_tell() -> None:
    assert set(Talk().seconds(40)) == {Unheard.NOBODY}
    assert set(Talk().seconds(40, reports=False)) == {Unheard.NOBODY}


def test_a_far_side_that_never_sends_anything_is_noticed_within_seconds() -> None:
    seen = Talk().seconds(10, comes=False, reports=False)
    assert seen.index(Unheard.FAR) + 1 == QUIET_S
    assert seen[-1] is Unheard.FAR


def test_a_far_side_that_fell_silent_in_mid_talk_is_noticed_and_its_return_too() -> None:
    talk = Talk()
    talk.seconds(10, reports=False)
    assert talk.seconds(6, comes=False, reports=False)[-1] is Unheard.FAR
    assert talk.second(reports=False) is Unheard.NOBODY


def test_sound_that_is_sent_and_blocked_on_the_way_is_noticed_in_spite_of_reports() -> None:
    assert Talk().seconds(20, comes=False)[-1] is Unheard.FAR


def test_silence_suppression_and_hold_are_no_fault() -> None:
    talk = Talk()
    talk.seconds(10)
    assert set(talk.seconds(30, says=False)) == {Unheard.NOBODY}
    assert set(talk.seconds(30, comes=False, reports=False, expects=False)) == {Unheard.NOBODY}


def test_a_far_side_that_reports_hearing_nothing_is_deaf() -> None:
    assert Talk().seconds(20, hears=False)[-1] is Unheard.US
    talk = Talk()
    talk.seconds(20)
    assert talk.seconds(20, hears=False)[-1] is Unheard.US
    assert talk.seconds(10)[-1] is Unheard.NOBODY


def test_when_nothing_goes_either_way_nobody_hears() -> None:
    assert Talk().seconds(20, comes=False, hears=False)[-1] is Unheard.BOTH


def test_reports_close_together_prove_as_much_as_rare_ones() -> None:
    talk = Talk()
    seen: list[Unheard] = []
    for _ in range(60):
        talk.now += 0.2
        talk.sent += 10
        for _ in range(10):
            talk.far.packet(b"x")
        talk.reports.receive(rtcp.report(talk.far, None, utc_s=1.0), 11, talk.now)
        seen.append(talk.watch.look(talk.now, talk.receiver, talk.reports, talk.sent, expects=True))
    assert seen[3] is Unheard.NOBODY
    assert seen[-1] is Unheard.BOTH


def test_reports_close_together_prove_nothing() -> None:
    talk = Talk()
    talk.seconds(5)
    for _ in range(5):
        talk.now += 0.1
        talk.sent += 5
        data = rtcp.report(talk.far, None, utc_s=None)
        talk.reports.receive(data, 11, talk.now)
        seen = talk.watch.look(talk.now, talk.receiver, talk.reports, talk.sent, expects=True)
        assert seen is Unheard.NOBODY
    assert talk.watch.quiet_since <= talk.now
