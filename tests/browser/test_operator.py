"""An operator's first call, through the shipped page only: real Chromium, real SIP, real sound.

A whole Vyzov and the network in a box run as processes. The browser's microphone is a file with one
tone; the callee speaks in another. What each side heard is measured on the wire's side by the box, on
the page's side by the sound of its audio element, and once more in the recording.
"""

import contextlib
import json
import math
import shutil
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import settings_of
from vyzov.simulation.people import CalleeKind, town

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MICROPHONE_HZ = 1250
SEED = 7
NUMBERS = [f"+7000555{index:04d}" for index in range(60)]
BACK_WITHIN_S = 5.0

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LISTEN = """async () => {
  const audio = document.querySelector('audio');
  if (!audio || !audio.srcObject) return null;
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaStreamSource(audio.srcObject).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  let best = {hz: 0, db: -200};
  for (let round = 0; round < 40; round++) {
    await new Promise((done) => setTimeout(done, 50));
    analyser.getFloatFrequencyData(bins);
    for (let bin = 5; bin < 700; bin++) {
      if (bins[bin] > best.db) best = {hz: bin * context.sampleRate / 8192, db: bins[bin]};
    }
  }
  await context.close();
  return best;
}"""


def write_tone(path: Path, hz: int, seconds: float = 10.0) -> None:
    """A microphone that says one tone at about -14 dBFS."""
    rate = 48_000
    samples = np.sin(2 * math.pi * hz * np.arange(int(rate * seconds)) / rate) * 6500
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def talker() -> tuple[str, int]:
    """A number whose person answers and talks, and the tone of their voice."""
    people = town(NUMBERS, SEED)
    for number in NUMBERS:
        if people[number].kind is CalleeKind.ANSWERS_AND_SPEAKS:
            return number, people[number].voice_hz
    raise AssertionError("this town has nobody who talks")


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[tuple[Centre, Manager, str]]:
    """A Vyzov with one operator and a trunk to a box whose people take their time."""
    made = Centre(tmp_path, SEED, free_port(0))
    try:
        manager, trunk = open_empty(made, NUMBERS, hurry=0.3)
        yield made, manager, trunk
    finally:
        made.stop()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A fresh Chromium whose microphone says one tone."""
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed. Debian: apt-get install chromium")
    microphone = tmp_path / "microphone.wav"
    write_tone(microphone, MICROPHONE_HZ)
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=CHROMIUM,
            headless=True,
            locale="en-GB",
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--allow-loopback-in-peer-connection",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        try:
            yield context.pages[0]
        finally:
            context.pages[0].screenshot(path=str(tmp_path / "last.png"))
            context.close()


def campaign(centre: Centre, manager: Manager, trunk: str, number: str) -> tuple[str, str]:
    """One operator, one contact, one progressive campaign that runs."""
    user = manager.post(
        "/users", login="nora", name="Nora Hill", role="operator", language="en",
        password=centre.password,
    )  # fmt: skip
    file = centre.out / "one.csv"
    file.write_text(
        f"Phone,Name,Timezone,Language,Plan\n{number},Owen Brook,Europe/London,en,Home 100\n",
        encoding="utf-8",
    )
    contacts = manager.upload(file, "One")
    settings = settings_of("progressive", trunk, [user["id"]], quick=True) | {
        "wrap_up_s": 60,
        "ring_timeout_s": 90,
    }
    made = manager.post(
        "/campaigns", name="One call", purpose="service", mode="progressive",
        list=contacts["id"], principal=None, settings=settings,
    )  # fmt: skip
    manager.post(f"/campaigns/{made['id']}/start")
    return made["id"], user["id"]


def until(holds: Any, seconds: float, what: str) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds} s")


def heard_by_callee(centre: Centre) -> list[dict[str, Any]]:
    found = []
    for line in (centre.out / "ledger.jsonl").read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            record = json.loads(line)
            if record["rec"] in ("heard", "call"):
                found.append(record)
    return found


def dominant(samples: np.ndarray) -> tuple[float, float]:
    """The strongest frequency and the level (dBFS) of the loudest second."""
    seconds = [samples[i : i + 8000] for i in range(0, max(1, len(samples) - 8000), 4000)]
    best = max(seconds, key=lambda part: float(np.mean(part.astype(float) ** 2)))
    spectrum = np.abs(np.fft.rfft(best * np.hanning(len(best))))
    rms = float(np.sqrt(np.mean(best.astype(float) ** 2)))
    return float(np.argmax(spectrum)) * 8000 / len(best), 20 * math.log10(max(rms, 1) / 32768)


def sign_in_and_go_ready(page: Page, centre: Centre) -> None:
    page.goto(centre.url)
    page.get_by_label("Login", exact=True).fill("nora")
    page.locator("#password").fill(centre.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Keys and headset").click()
    page.get_by_role("switch", name="Headset processing").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Go ready").first.click()


def test_an_operator_talks_reloads_talks_again_and_saves_a_result(
    centre: tuple[Centre, Manager, str], page: Page
) -> None:
    home, manager, trunk = centre
    number, voice_hz = talker()
    campaign_id, user = campaign(home, manager, trunk, number)
    sign_in_and_go_ready(page, home)
    expect(page.get_by_role("button", name="End call")).to_be_visible(timeout=90_000)
    heard = page.evaluate(LISTEN)
    assert heard is not None
    assert abs(heard["hz"] - voice_hz) < 15, heard
    assert heard["db"] > -60, heard

    page.reload()
    begun = time.monotonic()
    expect(page.get_by_role("button", name="End call")).to_be_visible(timeout=5_000)
    until(lambda: (page.evaluate(LISTEN) or {"db": -200})["db"] > -60, 5.0, "the callee's voice")
    back_s = time.monotonic() - begun
    time.sleep(2.0)
    page.keyboard.press("e")
    expect(page.get_by_role("status").get_by_text("Wrap-up")).to_be_visible(timeout=5_000)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Result saved")).to_be_visible(timeout=5_000)

    attempt = until(
        lambda: [
            one
            for one in manager.get("/attempts", campaign=campaign_id)["items"]
            if one["result"] and one["recording"]
        ],
        10.0,
        "the attempt with its result and recording",
    )[0]
    assert attempt["outcome"] == "answered_human"
    assert attempt["agent"]["id"] == user
    assert attempt["result"] == "agreed"
    facts = [fact["kind"] for fact in manager.get(f"/attempts/{attempt['id']}")["facts"]]
    assert facts.count("answered") == 1
    assert {"agent_away", "agent_back", "disposed", "recording_finished"} <= set(facts)
    assert back_s < BACK_WITHIN_S + 2.0, "the measuring itself takes two seconds"

    check_callee(home, attempt["call_id"], back_s)
    recording = manager.get(f"/recordings/{attempt['recording']['id']}")
    check_recording(home, attempt, recording["seconds"], voice_hz)
    rows = manager.get("/reports/results", campaign=campaign_id)["rows"]
    assert [(row["result"], row["count"]["value"]) for row in rows] == [("agreed", 1)]


def check_callee(home: Centre, call_id: str, back_s: float) -> None:
    """The callee heard the microphone's tone before and after the reload."""
    call = until(
        lambda: [
            record
            for record in heard_by_callee(home)
            if record["rec"] == "call" and record["call_id"] == call_id
        ],
        10.0,
        "the end of the call in the ledger",
    )[0]
    tones = [one for one in call["operators"] if abs(one["hz"] - MICROPHONE_HZ) <= 25]
    assert call["joined"]
    assert tones
    segments = [
        record
        for record in heard_by_callee(home)
        if record["rec"] == "heard"
        and record["call_id"] == call_id
        and record["what"] == "operator"
    ]
    assert len(segments) >= 2, "heard before and after the reload"
    gap = segments[-1]["from_s"] - segments[0]["to_s"]
    assert gap < BACK_WITHIN_S, f"the callee waited {gap} s, the page {back_s} s"


def check_recording(
    home: Centre, attempt: dict[str, Any], recorded_s: float, voice_hz: int
) -> None:
    """Both channels hold what they should, and it is as long as the talk."""
    files = list((home.out / "data" / "recordings").rglob(f"{attempt['id']}.wav"))
    assert len(files) == 1
    with wave.open(str(files[0])) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    seconds = len(samples) / 8000
    assert abs(seconds - recorded_s) < 0.1
    assert abs(seconds - attempt["talk_s"]) < 1.0
    left_hz, left_db = dominant(samples[:, 0])
    right_hz, right_db = dominant(samples[:, 1])
    assert abs(left_hz - voice_hz) < 5, (left_hz, voice_hz)
    assert abs(right_hz - MICROPHONE_HZ) < 5, right_hz
    assert left_db > -40
    assert right_db > -40
