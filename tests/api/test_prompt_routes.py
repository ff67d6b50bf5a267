"""Prompts over the API: taken, levelled, heard as the engine finds them; flows on trial."""

import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_floor_peer import FloorPeer
from api_site import Site, running
from api_town import Town

from vyzov.dialer.audit_records import AuditQuery
from vyzov.media.prompts import PromptShelf, prompt_from_wav
from vyzov.media.tones import amplitude, dominant
from vyzov.media.wav import Encoding, build_wav
from vyzov.web.settings import WebSettings

FLOW: dict[str, Any] = {
    "start": "hello",
    "steps": {
        "hello": {"do": "announce", "prompt": "offer", "keys": {"9": "stop"}, "on_silence": "bye"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "farewell"},
    },
}


def wav(hz: float = 700, seconds: float = 1.0, dbm0: float = -30, rate: int = 16000) -> bytes:
    sound = amplitude(dbm0) * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)
    row = np.clip(np.rint(sound), -32768, 32767).astype("<i2")
    return build_wav(row.tobytes(), Encoding.PCM16, 1, rate)


def upload(site: Site, data: bytes, name: str = "hello", language: str = "ru", **words: str) -> Any:
    file = {"file": (f"C:\\sounds\\{name}.wav", data)}
    told = {"name": name, "language": language, **words}
    return site.browser_of("manager").post("/prompts", files=file, data=told)


def listed(site: Site, who: str = "manager") -> dict[tuple[str, str], dict[str, Any]]:
    items = site.browser_of(who).get("/prompts?limit=200").json()["items"]
    return {(one["name"], one["language"]): one for one in items}


def test_an_uploaded_file_is_levelled_and_is_what_the_engine_plays(site: Site) -> None:
    made = upload(site, wav())
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["source"], told["origin"], told["file"]) == ("own", "uploaded", "hello.wav")
    assert (told["seconds"], told["given_dbm0"], told["level_dbm0"]) == (1.0, -30.0, -20.0)
    assert told["by"]["name"] == "own manager"
    heard = site.browser_of("supervisor").get("/prompts/ru/hello/audio")
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/wav")
    # What the page plays and what an engine with the same folders finds are the same file.
    found = PromptShelf(site.settings.prompt_folders).find(f"{site.town.own.organisation}/ru/hello")
    assert found is not None
    played = found[0].load(found[1])
    assert np.array_equal(played.samples, prompt_from_wav(heard.content).samples)
    hz, level = dominant(played.samples[800:7200])
    assert (hz, level) == (pytest.approx(700, abs=1), pytest.approx(-20, abs=0.3))


def test_a_prompt_of_the_same_name_is_replaced_only_where_that_is_wanted(site: Site) -> None:
    first = upload(site, wav(700)).json()
    again = upload(site, wav(900))
    assert again.status_code == 422
    assert [(one["field"], one["reason"]) for one in again.json()["fields"]] == [("name", "taken")]
    replaced = upload(site, wav(900), replace="true", recorded="true").json()
    assert (replaced["id"], replaced["origin"]) == (first["id"], "recorded")
    assert replaced["sha256"] != first["sha256"]
    sound = site.browser_of("manager").get("/prompts/ru/hello/audio").content
    assert dominant(prompt_from_wav(sound).samples[800:7200])[0] == pytest.approx(900, abs=1)
    told = site.town.office.audit_entries(site.town.own.organisation, AuditQuery(kind="prompt"))
    assert {(one.action.value, one.by) for one in told.items if one.object_id == first["id"]} == {
        ("create", site.town.own["manager"]),
        ("change", site.town.own["manager"]),
    }


def test_an_own_prompt_goes_before_the_sample_and_only_in_its_organisation(site: Site) -> None:
    sample = site.browser_of("manager").get("/prompts/ru/offer/audio").content
    assert listed(site)["offer", "ru"]["source"] == "sample"
    made = upload(site, wav(), "offer").json()
    assert made["source"] == "own"
    assert site.browser_of("manager").get("/prompts/ru/offer/audio").content != sample
    assert site.browser_of("manager", "other").get("/prompts/ru/offer/audio").content == sample
    found = listed(site)
    assert (found["offer", "ru"]["source"], found["offer", "en"]["source"]) == ("own", "sample")
    assert found["offer", "en"]["seconds"] > 3
    assert -25 < found["offer", "en"]["level_dbm0"] < -10
    assert site.browser_of("manager").get("/prompts/ru/nowhere/audio").status_code == 404
    assert site.browser_of("manager").get("/prompts/fr/offer/audio").status_code == 422
    assert site.browser_of("manager").get("/prompts/ru/..%2F..%2Fkey/audio").status_code in {
        404,
        422,
    }


@pytest.mark.parametrize(
    ("data", "reason", "args"),
    [
        (b"%PDF-1.7 no sound", "no_audio", {}),
        (b"", "no_audio", {}),
        (wav()[:-50], "audio_format", {}),
        (wav(seconds=0.05), "audio_short", {"least": 0.2}),
        (wav(seconds=121, rate=8000), "audio_long", {"most": 120.0}),
        (wav(dbm0=-70), "audio_silent", {}),
        (wav(dbm0=15), "audio_clipped", {}),
    ],
)
def test_a_file_that_is_no_prompt_is_refused_with_a_reason(
    site: Site, data: bytes, reason: str, args: dict[str, float]
) -> None:
    answer = upload(site, data)
    assert answer.status_code == 422
    [fault] = answer.json()["fields"]
    assert (fault["field"], fault["reason"], fault["args"]) == ("file", reason, args)
    assert ("hello", "ru") not in listed(site)
    assert not list((site.town.path.parent / "prompts").rglob("*hello*"))


def test_a_name_no_flow_could_use_is_refused_before_the_sound_is_looked_at(site: Site) -> None:
    answer = upload(site, b"no sound", "../Hello", "fr")
    reasons = {one["field"]: one["reason"] for one in answer.json()["fields"]}
    assert reasons == {"name": "name", "language": "choice"}
    bare = site.browser_of("manager").post("/prompts", data={"name": "hello", "language": "ru"})
    assert [one["reason"] for one in bare.json()["fields"]] == ["needed"]


def test_more_than_a_prompt_can_be_is_not_even_read(site: Site) -> None:
    answer = upload(site, bytes(site.settings.prompt_max))
    assert answer.status_code == 413


def test_a_prompt_that_a_campaign_plays_stays(site: Site) -> None:
    made = upload(site, wav(), "farewell").json()
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    headers = {"If-Match": manager.get(path).headers["etag"]}
    assert (
        manager.patch(path, json={"settings": {"flow": FLOW}}, headers=headers).status_code == 200
    )
    assert [one["name"] for one in listed(site)["farewell", "ru"]["campaigns"]] == ["own campaign"]
    refused = manager.delete(f"/prompts/{made['id']}")
    assert refused.status_code == 422
    [fault] = refused.json()["fields"]
    assert (fault["reason"], fault["args"]) == ("prompt_played", {"by": "own campaign"})
    assert manager.get("/prompts/ru/farewell/audio").status_code == 200
    headers = {"If-Match": manager.get(path).headers["etag"]}
    manager.patch(path, json={"settings": {"flow": None}}, headers=headers)
    assert manager.delete(f"/prompts/{made['id']}").status_code == 204
    assert manager.get("/prompts/ru/farewell/audio").status_code == 404
    assert not list((site.town.path.parent / "prompts").rglob("farewell.wav"))
    # Whoever apologises to those nobody took plays `safe_harbour`, by whatever flow.
    harbour = upload(site, wav(), "safe_harbour").json()
    assert manager.delete(f"/prompts/{harbour['id']}").status_code == 422


def test_without_a_voice_no_text_is_spoken(site: Site) -> None:
    asked = {"name": "hello", "language": "ru", "text": "Здравствуйте"}
    assert site.browser_of("manager").get("/prompts").json()["voice"] is False
    answer = site.browser_of("manager").post("/prompts/spoken", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "voice_off")


VOICE = """
import math, struct, sys
text, language = sys.stdin.read(), sys.argv[1]
if text == "fail":
    sys.exit(3)
hz = {"ru": 500, "en": 900}[language]
pcm = b"".join(
    struct.pack("<h", int(4000 * math.sin(2 * math.pi * hz * at / 8000))) for at in range(8000)
)
head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1,
                   8000, 16000, 2, 16, b"data", len(pcm))
sys.stdout.buffer.write(head + pcm)
"""


def test_a_voice_speaks_by_a_command_without_a_shell(
    town: Town, peer: FloorPeer, settings: WebSettings, tmp_path: Path
) -> None:
    program = tmp_path / "voice.py"
    program.write_text(VOICE, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    command = f"'{sys.executable}' '{program}' {{language}}"
    with running(town, peer, replace(settings, prompt_voice=command)) as site:
        manager = site.browser_of("manager")
        assert manager.get("/prompts").json()["voice"] is True
        asked = {"name": "hello", "language": "en", "text": "Hello; rm -rf $(pwd)"}
        made = manager.post("/prompts/spoken", json=asked)
        assert made.status_code == 201, made.text
        assert made.json()["origin"] == "spoken"
        sound = prompt_from_wav(manager.get("/prompts/en/hello/audio").content)
        assert dominant(sound.samples[800:7200])[0] == pytest.approx(900, abs=1)
        failed = manager.post("/prompts/spoken", json=asked | {"text": "fail", "replace": True})
        assert (failed.status_code, failed.json()["code"]) == (502, "voice_failed")
    with running(town, peer, replace(settings, prompt_voice="/nowhere/voice")) as site:
        asked = {"name": "hello", "language": "en", "text": "Hello", "replace": True}
        failed = site.browser_of("manager").post("/prompts/spoken", json=asked)
        assert (failed.status_code, failed.json()["code"]) == (502, "voice_failed")


# ---- flows ---------------------------------------------------------------------------------------


def test_a_flow_is_checked_step_by_step_and_its_prompts_are_looked_for(site: Site) -> None:
    upload(site, wav(), "farewell")
    checked = site.browser_of("supervisor").post("/flows/check", json={"flow": FLOW}).json()
    assert checked["problems"] == []
    assert {one["name"]: one["languages"] for one in checked["prompts"]} == {
        "offer": ["ru", "en"],
        "removed": ["ru", "en"],
        "farewell": ["ru"],
        "safe_harbour": ["ru", "en"],
    }
    broken = {
        "start": "hello",
        "on_machine": {"leave": "message"},
        "steps": {
            "hello": {"do": "announce", "prompt": "offer", "keys": {"A": "bye", "1": "gone"},
                      "on_silence": "hello"},
            "bye": {"do": "hang_up"},
            "lost": {"do": "hang_up"},
        },
    }  # fmt: skip
    asked = {"flow": broken, "safe_harbour_prompt": "sorry"}
    checked = site.browser_of("supervisor").post("/flows/check", json=asked).json()
    assert {(one["field"], one["reason"]) for one in checked["problems"]} == {
        ("steps.hello.keys.A", "key"),
        ("steps.hello.keys.1", "no_step"),
        ("steps.hello", "endless"),
        ("steps.lost", "unreachable"),
    }
    there = {one["name"]: one["languages"] for one in checked["prompts"]}
    assert (there["message"], there["sorry"]) == ([], [])
    for odd in ({"flow": {"steps": ["a"], "on_machine": 7}}, {"flow": {"steps": {"a": 7}}}):
        answer = site.browser_of("manager").post("/flows/check", json=odd)
        assert answer.status_code == 200, answer.text
        assert answer.json()["problems"]


def test_a_walk_answers_with_what_is_heard_and_when_it_goes_on(site: Site) -> None:
    supervisor = site.browser_of("supervisor")
    begun = supervisor.post("/flows/walk", json={"flow": FLOW, "now_s": 0}).json()
    assert (begun["says"], begun["step"], begun["over"]) == ("offer", "hello", False)
    deeds = [{"at_s": 2.5, "kind": "key", "key": "9"}, {"at_s": 4, "kind": "prompt_over"}]
    ended = supervisor.post("/flows/walk", json={"flow": FLOW, "deeds": deeds, "now_s": 5}).json()
    assert [(line["did"], line["what"]) for line in ended["lines"]] == [
        ("step", "hello"), ("say", "offer"), ("key", "9"), ("stop_list", "9"), ("step", "stop"),
        ("say", "removed"), ("hang_up", "stop"),
    ]  # fmt: skip
    assert ended["over"]
    stops = site.town.office.stop_entries(site.town.own.organisation)
    assert [one.id for one in stops.items] == [site.town.own["stop"]]
    wrong = supervisor.post("/flows/walk", json={"flow": {"steps": {}}, "now_s": 0})
    assert wrong.status_code == 422
