"""Makes the prompts that come with Vyzov: speech by espeak-ng, a hold melody by arithmetic.

    python tools/make_prompts.py            the product's: src/vyzov/media/prompts/{ru,en}
    python tools/make_prompts.py --pilot    the network in a box's: src/vyzov/pstn/prompts/{ru,en}

The second set is the same with one steady tone under each prompt, of its own frequency, and the
speech taken away around all those frequencies: a callee made of software then knows by ear which
prompt it hears. The frequencies are written to `pilots.json` beside them. Needs `espeak-ng` on the
machine; its output is a work of its own. The same version gives the same bytes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vyzov.media.frame import SAMPLE_RATE
from vyzov.media.g711 import Law, encode
from vyzov.media.prompts import prompt_from_wav
from vyzov.media.tones import amplitude
from vyzov.media.wav import Encoding, build_wav

ROOT: Final = Path(__file__).resolve().parent.parent
PILOT_DBM0: Final = -26.0
PILOTS: Final = {
    "offer": 620,
    "please_wait": 680,
    "will_call_back": 740,
    "removed": 800,
    "goodbye": 860,
    "safe_harbour": 920,
    "hold": 980,
}
VOICES: Final = {"ru": ("ru", 150, 42), "en": ("en-us", 150, 45)}
"""espeak-ng voice, words per minute, pitch."""
TEXTS: Final = {
    "ru": {
        "offer": (
            "Здравствуйте! Вам звонит компания «Северный свет». До конца месяца мы бесплатно "
            "проверяем окна и даём скидку двадцать процентов на утепление. "
            "Чтобы поговорить с оператором, нажмите один. Чтобы мы перезвонили, нажмите два. "
            "Чтобы мы больше никогда не звонили, нажмите девять."
        ),
        "please_wait": "Соединяю с оператором. Пожалуйста, оставайтесь на линии.",
        "will_call_back": "Спасибо! Мы обязательно вам перезвоним. До свидания.",
        "removed": (
            "Ваш номер внесён в стоп-лист. Больше мы вам не позвоним. "
            "Извините за беспокойство, и всего доброго."
        ),
        "goodbye": "Спасибо за внимание. До свидания!",
        "safe_harbour": (
            "Здравствуйте! Вам звонила компания «Северный свет». К сожалению, сейчас все операторы "
            "заняты, и мы не можем с вами поговорить. Извините за беспокойство. До свидания."
        ),
    },
    "en": {
        "offer": (
            "Hello! This is a call from Northern Light. Until the end of the month we check your "
            "windows for free, and give twenty percent off their insulation. "
            "Press one to speak to an operator. Press two to be called back. "
            "Press nine, and we will never call you again."
        ),
        "please_wait": "I am connecting you to an operator. Please stay on the line.",
        "will_call_back": "Thank you! We will certainly call you back. Goodbye.",
        "removed": (
            "Your number is now on our do not call list. We will not call you again. "
            "Sorry for the trouble, and all the best."
        ),
        "goodbye": "Thank you for your time. Goodbye!",
        "safe_harbour": (
            "Hello! This was a call from Northern Light. I am sorry, all our operators are busy "
            "and nobody can speak to you right now. Sorry for the trouble. Goodbye."
        ),
    },
}

SPEECH_RMS: Final = 32768 * 10 ** (-20 / 20)
HOLD_RMS: Final = 32768 * 10 ** (-25 / 20)
LEAD_IN_MS: Final = 100
LEAD_OUT_MS: Final = 200
LARGEST_PEAK: Final = 26000.0
NOTCH_HZ: Final = 22.0
EDGE_HZ: Final = 8.0

Sound = NDArray[np.float64]


def spoken(text: str, language: str) -> Sound:
    """Return a text read aloud, at 8 kHz, cut to where the voice begins and ends."""
    voice, speed, pitch = VOICES[language]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(file), text],
            check=True,
        )
        sound = prompt_from_wav(file.read_bytes()).samples.astype(np.float64)
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


def filtered(sound: Sound, keep: Sound) -> Sound:
    """Return the sound with each frequency of its spectrum multiplied; phase stays."""
    return np.fft.irfft(np.fft.rfft(sound) * keep, len(sound))


def telephone_band(size: int) -> Sound:
    """Return what a telephone passes: 250 to 3400 Hz, with soft edges."""
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    return np.clip((hz - 180) / 100, 0, 1) * np.clip((3600 - hz) / 250, 0, 1)


def without_pilots(size: int) -> Sound:
    """Return a comb that takes away what lies around the pilots' frequencies."""
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    nearest = np.min(np.abs(hz[:, None] - np.asarray(list(PILOTS.values()))[None, :]), axis=1)
    return np.clip((nearest - NOTCH_HZ) / EDGE_HZ, 0, 1)


def levelled(sound: Sound, rms: float) -> Sound:
    """Return the sound with its voiced parts at that RMS and its peaks bent below the limit."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    power = np.mean(frames**2, axis=1)
    voiced = power > 0.01 * power.max()
    for _ in range(4):
        # Bending peaks takes level away, so the two are done in turns.
        frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)[voiced]
        sound = sound * (rms / np.sqrt(np.mean(frames**2)))
        sound = LARGEST_PEAK * np.tanh(sound / LARGEST_PEAK)
    return sound


def melody() -> Sound:
    """Return sixteen seconds of slow broken chords that go on from their end into their start."""
    chords = ((262, 330, 392), (220, 262, 330), (175, 262, 349), (196, 294, 392))
    total = np.zeros(16 * SAMPLE_RATE)
    size = len(total)
    times = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    shape = np.minimum(times / 0.02, 1) * np.exp(-times / 0.7)
    for bar in range(8):
        low, middle, high = chords[bar // 2]
        for step, hz in enumerate((low, middle, high, middle)):
            strength = 1.0 if step == 0 else 0.7
            note = np.sin(2 * np.pi * hz * times) + 0.25 * np.sin(4 * np.pi * hz * times)
            start = (bar * 4 + step) * SAMPLE_RATE // 2
            places = (start + np.arange(len(note))) % size
            total[places] += strength * shape * note
    return total


def finished(name: str, language: str, *, pilot: bool) -> Sound:
    """Return one prompt ready to be encoded."""
    hold = name == "hold"
    if hold:
        sound = melody()
    else:
        before, after = (np.zeros(ms * SAMPLE_RATE // 1000) for ms in (LEAD_IN_MS, LEAD_OUT_MS))
        sound = np.concatenate([before, spoken(TEXTS[language][name], language), after])
        sound = filtered(sound, telephone_band(len(sound)))
    if pilot:
        sound = filtered(sound, without_pilots(len(sound)))
    sound = levelled(sound, HOLD_RMS if hold else SPEECH_RMS)
    if pilot:
        # Bent peaks bring a little back where the comb had taken it away.
        sound = filtered(sound, without_pilots(len(sound)))
        times = np.arange(len(sound)) / SAMPLE_RATE
        sound += amplitude(PILOT_DBM0) * np.sin(2 * np.pi * PILOTS[name] * times)
    elif not hold:
        sound[: LEAD_IN_MS * SAMPLE_RATE // 1000] = 0
    return sound


def write_all(folder: Path, *, pilot: bool) -> None:
    """Write all prompts of both languages below `folder`, and say how loud they are."""
    for language in TEXTS:
        (folder / language).mkdir(parents=True, exist_ok=True)
        for name in PILOTS:
            sound = finished(name, language, pilot=pilot)
            samples = np.rint(sound).astype(np.int16)
            payload = encode(samples, Law.PCMA)
            data = build_wav(payload, Encoding.ALAW, 1, SAMPLE_RATE)
            (folder / language / f"{name}.wav").write_bytes(data)
            peak = 20 * np.log10(np.abs(sound).max() / 32768)
            print(f"{language}/{name:15} {len(data):6} bytes, peak {peak:.1f} dBFS")
    if pilot:
        text = json.dumps(PILOTS, indent=2)
        (folder / "pilots.json").write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """Write one of the two sets."""
    parser = argparse.ArgumentParser(description="Make the prompts that come with Vyzov.")
    parser.add_argument("--pilot", action="store_true", help="the set with a tone for each prompt")
    parser.add_argument("--out", type=Path, help="another folder to write to")
    chosen = parser.parse_args()
    package = "pstn" if chosen.pilot else "media"
    folder = chosen.out or ROOT / "src" / "vyzov" / package / "prompts"
    write_all(folder, pilot=chosen.pilot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
