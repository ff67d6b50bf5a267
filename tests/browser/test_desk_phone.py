"""An operator who talks with a desk phone and works in the browser: made, chosen, rung, used, hung up.

The phone is a program of its own that signs in over SIP; the browser has no part in the sound.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from test_operator import (
    MICROPHONE_HZ,
    campaign,
    centre,
    check_recording,
    page,
    talker,
    until,
)

from vyzov.cli.demo import Centre, Manager

__all__ = ["centre", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SAID = ("Signed in.", "It rings.", "The call is over.")


class Program:
    """`vyzov phone run` as a process, and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process, self._log = process, log

    def said(self, line: str) -> int:
        return self._log.read_text().count(line)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@contextmanager
def program_phone(folder: Path, made: dict[str, Any]) -> Iterator[Program]:
    log = folder / f"phone-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable, "-u", "-m", "vyzov", "phone", "run", made["servers"][0],
                "--user", made["username"], "--password", made["password"],
                "--tone", str(MICROPHONE_HZ), "--ring", "0.7",
            ],
            stdout=out, stderr=out,
        )  # fmt: skip
        try:
            yield Program(process, log)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(5)


def sign_in(page: Page, centre: Centre) -> None:
    page.goto(centre.url)
    page.get_by_label("Login", exact=True).fill("nora")
    page.locator("#password").fill(centre.password)
    page.get_by_role("button", name="Sign in").click()


def test_an_operator_talks_with_a_desk_phone_and_works_in_the_browser(
    centre: tuple[Centre, Manager, str],
    page: Page,
) -> None:
    home, manager, trunk = centre
    number, voice_hz = talker()
    campaign_id, user = campaign(home, manager, trunk, number)
    made = manager.post("/phones", user=user, name="Desk 4")
    sign_in(page, home)
    page.get_by_role("button", name="My desk phone").click()
    page.get_by_role("button", name="Go ready").first.click()
    expect(page.get_by_text("Your desk phone is not signed in.")).to_be_visible(timeout=10_000)

    with program_phone(home.out, made) as phone:
        until(lambda: phone.said("Signed in."), 15.0, "the sign-in")
        until(lambda: phone.said("It rings."), 10.0, "the one ring of the shift")
        expect(page.get_by_role("button", name="End call")).to_be_visible(timeout=90_000)
        # The browser asks for no microphone and plays nothing: all sound is the phone's.
        assert page.evaluate("document.querySelector('audio')?.srcObject ?? null") is None
        [listed] = manager.get("/phones")["items"]
        assert listed["registered"] is True
        time.sleep(4.0)
        page.keyboard.press("e")
        expect(page.get_by_role("status").get_by_text("Wrap-up")).to_be_visible(timeout=5_000)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Result saved")).to_be_visible(timeout=5_000)
        assert phone.said("It rings.") == 1
        assert phone.said("The call is over.") == 0, "the line to the phone stays for the next call"

        attempt = until(
            lambda: [
                one
                for one in manager.get("/attempts", campaign=campaign_id)["items"]
                if one["result"] and one["recording"]
            ],
            10.0,
            "the attempt with its result and recording",
        )[0]
        recording = manager.get(f"/recordings/{attempt['recording']['id']}")
        check_recording(home, attempt, recording["seconds"], voice_hz)

        # The choice is kept: after a reload the desk still talks with the phone.
        page.reload()
        chosen = page.get_by_role("button", name="My desk phone")
        expect(chosen).to_have_attribute("aria-pressed", "true", timeout=10_000)
        phone.end()
    gone = page.get_by_text("Your desk phone is not signed in.")
    expect(gone).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="Use this browser").click()
    expect(chosen).to_have_attribute("aria-pressed", "false", timeout=5_000)
