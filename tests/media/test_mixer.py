"""What several say at once: kept for its moment, added up, cut at full scale."""

import numpy as np

from vyzov.media.g711 import Law, encode
from vyzov.media.mixer import Voice, mix
from vyzov.media.rtp import RtpPacket, RtpSender, parse
from vyzov.media.tones import Tone, dominant


def packets(law: Law, count: int, hz: float = 440.0) -> list[RtpPacket]:
    tone, sender = Tone(hz), RtpSender(7, 1, 1000, law.payload_type)
    made = [parse(sender.packet(encode(tone.frame(), law))) for _ in range(count)]
    return [one for one in made if one is not None]


def test_one_speaker_alone_is_heard_as_they_are() -> None:
    frame = np.arange(160, dtype=np.int16)
    assert mix([frame]).tolist() == frame.tolist()
    assert mix([]).tolist() == [0] * 160


def test_a_voice_gives_each_frame_once_in_the_law_it_came_in() -> None:
    for law in Law:
        voice = Voice()
        assert voice.frame(9.99) is None
        said = []
        for place, packet in enumerate(packets(law, 25)):
            voice.put(packet, law, 10.0 + place * 0.02)
            said.append(voice.frame(10.001 + place * 0.02))
        heard = np.concatenate([one for one in said if one is not None])
        assert 23 * 160 <= len(heard) <= 25 * 160
        assert abs(dominant(heard)[0] - 440) < 3
        # Who stops speaking is silent, and does not say the last word for ever.
        assert [voice.frame(10.5 + n * 0.02) for n in range(3)][-1] is None
