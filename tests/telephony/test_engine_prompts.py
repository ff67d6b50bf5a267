"""Prompts somebody uploaded, played by the engine to a callee on the wire and measured there."""

import asyncio
from pathlib import Path

import numpy as np
import uvloop
from callee import Callee, CalleeCall
from engine_lab import Lab, originate

from vyzov.dialer.ports import Answered, Play, PlayFinished
from vyzov.media.loudness import SPOKEN_DBM0
from vyzov.media.new_prompt import take_prompt
from vyzov.media.tones import amplitude, dominant
from vyzov.media.wav import Encoding, build_wav
from vyzov.storage.prompt_files import PromptFiles

ORGANISATION = "0190c0de-0000-7000-8000-000000000001"


def uploaded(hz: float, rate: int, channels: int, dbm0: float) -> bytes:
    """A file as a studio or a browser makes it, brought to what is kept."""
    sound = amplitude(dbm0) * np.sin(2 * np.pi * hz * np.arange(rate * 3) / rate)
    row = np.repeat(np.rint(sound).astype("<i2")[:, None], channels, axis=1)
    return take_prompt(
        build_wav(row.tobytes(), Encoding.PCM16, channels, rate), longest_ms=120_000
    ).wav


async def until_heard(call: CalleeCall, hz: float) -> None:
    """Waits until 200 ms at the callee are this tone at the level of all prompts, without a gap.

    A busy machine leaves gaps; a prompt of another level never comes to this one."""
    seen: list[tuple[float, float]] = []
    for _ in range(250):
        await asyncio.sleep(0.04)
        sound = call.heard_sound(0.2)
        if len(sound) >= 1600:
            seen.append(dominant(sound))
            if abs(seen[-1][0] - hz) < 4 and abs(seen[-1][1] - SPOKEN_DBM0) < 0.7:
                return
    raise AssertionError(f"{hz} Hz was not heard; heard were {seen[-10:]}")


def test_an_uploaded_prompt_is_heard_by_a_callee_at_the_telephones_level(tmp_path: Path) -> None:
    files = PromptFiles(tmp_path / "prompts")
    files.put(ORGANISATION, "ru", "hello", uploaded(640, 48000, 2, -38))
    files.put(ORGANISATION, "en", "hello", uploaded(940, 16000, 1, -5))
    name = f"prompt:{ORGANISATION}"

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"))
            await lab.floor.wait(Answered, "a")
            call = await callee.call(0)
            lab.floor.send(Play("a", "one", f"{name}/ru/hello", loop=True))
            await until_heard(call, 640)
            lab.floor.send(Play("a", "two", f"{name}/en/hello", loop=True))
            await until_heard(call, 940)
            # A new sound under the name is heard as soon as it is played; nothing is restarted.
            files.put(ORGANISATION, "ru", "hello", uploaded(1240, 8000, 1, -20))
            lab.floor.send(Play("a", "three", f"{name}/ru/hello", loop=True))
            await until_heard(call, 1240)
            files.remove(ORGANISATION, "en", "hello")
            lab.floor.send(Play("a", "four", f"{name}/en/hello"))
            ended = await lab.floor.wait(PlayFinished, "a", where=lambda e: e.play == "four")
            assert not ended.completed

    uvloop.run(story())
