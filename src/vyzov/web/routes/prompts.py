"""Prompts: what callees hear, from where; new ones uploaded, recorded or spoken by a voice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path as InPath
from fastapi import Request
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from vyzov.core.errors import Fault, InvalidRequest, Reason
from vyzov.dialer.access import Door
from vyzov.dialer.orders import LANGUAGES
from vyzov.dialer.prompt_records import (
    LONGEST_MS,
    PROMPTS_MOST,
    NewPromptFile,
    PromptOrigin,
    PromptRecord,
)
from vyzov.media.new_prompt import NewPrompt, take_prompt
from vyzov.media.prompts import Flaw, PromptRefused
from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.prompt_room import CommonPrompt
from vyzov.web.shapes import Asked, Cursor, Limit, Named, PageOf, PathId, Shape, named, page_of
from vyzov.web.voice import spoken

router = room("prompts", under="/prompts")

Language = Literal["ru", "en"]
PromptName = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
_FILE_NAME_MAX = 200

_REASONS: Mapping[Flaw, Reason] = {
    Flaw.NONE: "",
    Flaw.NO_AUDIO: "no_audio",
    Flaw.FORMAT: "audio_format",
    Flaw.RATE: "audio_rate",
    Flaw.EMPTY: "audio_empty",
    Flaw.SHORT: "audio_short",
    Flaw.LONG: "audio_long",
    Flaw.SILENT: "audio_silent",
    Flaw.CLIPPED: "audio_clipped",
}

_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "name", "language"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "WAV."},
                        "name": {"type": "string", "examples": ["offer"]},
                        "language": {"type": "string", "enum": list(LANGUAGES)},
                        "recorded": {
                            "type": "string",
                            "enum": ["true", "false"],
                            "description": "Whether it was recorded on the page.",
                        },
                        "replace": {
                            "type": "string",
                            "enum": ["true", "false"],
                            "description": "Whether it may take the place of one that is there.",
                        },
                    },
                }
            }
        },
    }
}


class PromptShape(Shape):
    """A prompt as a callee hears it. Of one that lies in a folder only its sound is known.

    `source` is `own`, `folder` or `sample`; levels are in dBm0; `campaigns` are those that play the
    name and are not over."""

    id: str | None
    name: str
    language: str
    source: Literal["own", "folder", "sample"]
    origin: PromptOrigin | None
    file: str | None
    seconds: float | None
    level_dbm0: float | None
    given_dbm0: float | None
    sha256: str | None
    by: Named | None
    at: datetime | None
    campaigns: list[Named]
    audio: str


class PromptsPage(PageOf[PromptShape]):
    """Prompts; how long one may last; how many there may be; whether a voice speaks texts."""

    seconds_most: float
    prompts_most: int
    voice: bool


class SpeakAsked(Asked):
    """A prompt to be spoken by the voice."""

    name: Annotated[str, Field(min_length=1, max_length=48)]
    language: Language
    text: Annotated[str, Field(min_length=1, max_length=4_000)]
    replace: bool = False


def _audio(language: str, name: str) -> str:
    return f"/api/v1/prompts/{language}/{name}/audio"


def _own(
    one: PromptRecord, names: Mapping[str, str], played: Mapping[str, list[Named]]
) -> PromptShape:
    return PromptShape(
        id=one.id,
        name=one.name,
        language=one.language,
        source="own",
        origin=one.origin,
        file=one.file_name,
        seconds=one.ms / 1000,
        level_dbm0=one.level_dbm0,
        given_dbm0=one.given_dbm0,
        sha256=one.sha256,
        by=named(one.by or None, names),
        at=one.at,
        campaigns=played.get(one.name, []),
        audio=_audio(one.language, one.name),
    )


def _of_everybody(one: CommonPrompt, played: Mapping[str, list[Named]]) -> PromptShape:
    return PromptShape(
        id=None,
        name=one.name,
        language=one.language,
        source="sample" if one.is_sample else "folder",
        origin=None,
        file=None,
        seconds=None if one.ms is None else one.ms / 1000,
        level_dbm0=None if one.level_dbm0 is None else round(one.level_dbm0, 1),
        given_dbm0=None,
        sha256=None,
        by=None,
        at=None,
        campaigns=played.get(one.name, []),
        audio=_audio(one.language, one.name),
    )


def played_in(door: Door) -> dict[str, list[Named]]:
    """Maps names of prompts to the campaigns that say them and are not over."""
    return {
        name: [Named(id=one, name=called) for one, called in campaigns]
        for name, campaigns in door.prompts_played().items()
    }


@router.get("", summary="Prompts, by name")
def prompts(house: In, who: Who, limit: Limit = 50, cursor: Cursor = None) -> PromptsPage:
    """Gives what callees hear: the organisation's own first, then those of folders and samples."""
    own = who.door.prompts()
    played = played_in(who.door)
    names = who.door.names()
    mine = {(one.name, one.language) for one in own}
    rest = [one for one in house.prompts.common(LANGUAGES) if (one.name, one.language) not in mine]
    shapes = [_own(one, names, played) for one in own]
    shapes += [_of_everybody(one, played) for one in rest]
    found = page_of(shapes, lambda one: one, cursor, limit)
    return PromptsPage(
        items=found.items,
        next_cursor=found.next_cursor,
        seconds_most=LONGEST_MS / 1000,
        prompts_most=PROMPTS_MOST,
        voice=bool(house.settings.prompt_voice),
    )


@router.post(
    "", status_code=201, openapi_extra=_UPLOAD, summary="Upload a prompt",
    response_model=PromptShape,
)  # fmt: skip
async def upload_prompt(request: Request, house: In, who: Who) -> PromptShape:
    """Takes a WAV file, brings it to telephone form and level, and plays it from now on."""
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Problem(
                "invalid_request", "There is no file in the form.",
                fields=(Fault("file", "is not in the form", "needed"),),
            )  # fmt: skip
        words = {
            word: str(form.get(word) or "").strip()
            for word in ("name", "language", "recorded", "replace")
        }
        who.door.may_name_prompt(words["name"], words["language"])
        data = await file.read()
        told = file.filename or ""
    bare = "".join(c for c in told.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    recorded = words["recorded"] == "true"
    return await _keep(
        house, who, data,
        _Wanted(
            words["name"], words["language"],
            PromptOrigin.RECORDED if recorded else PromptOrigin.UPLOADED,
            "" if recorded else bare[:_FILE_NAME_MAX], words["replace"] == "true",
        ),
    )  # fmt: skip


@router.post("/spoken", status_code=201, summary="Have a prompt spoken", response_model=PromptShape)
async def speak_prompt(asked: SpeakAsked, house: In, who: Who) -> PromptShape:
    """Has a text spoken by the command `prompt_voice`; where there is none it is refused."""
    who.door.may_name_prompt(asked.name, asked.language)
    data = await spoken(
        house.settings.prompt_voice, asked.text, asked.language,
        bytes_max=house.settings.prompt_max,
    )  # fmt: skip
    wanted = _Wanted(asked.name, asked.language, PromptOrigin.SPOKEN, "", asked.replace)
    return await _keep(house, who, data, wanted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a sound is to become."""

    name: str
    language: str
    origin: PromptOrigin
    file_name: str
    replace: bool


async def _keep(house: House, who: Caller, data: bytes, wanted: _Wanted) -> PromptShape:
    def work() -> PromptShape:
        made = _taken(data)
        new = NewPromptFile(
            name=wanted.name,
            language=wanted.language,
            origin=wanted.origin,
            file_name=wanted.file_name,
            ms=made.ms,
            level_dbm0=made.level_dbm0,
            given_dbm0=made.given_dbm0,
            wav=made.wav,
        )
        kept = who.door.save_prompt(new, replace=wanted.replace)
        return _own(kept, who.door.names(), played_in(who.door))

    # Filtering two minutes of sound takes a processor's whole attention: one at a time.
    async with house.prompt_turn:
        return await asyncio.to_thread(work)


def _taken(data: bytes) -> NewPrompt:
    try:
        return take_prompt(data, longest_ms=LONGEST_MS)
    except PromptRefused as refused:
        fault = Fault("file", str(refused), _REASONS[refused.flaw], refused.args_of_words)
        raise InvalidRequest(
            str(refused), "Mend the sound and send it again.", [fault]
        ) from refused


@router.get("/{language}/{name}/audio", response_class=Response, summary="What a callee hears")
def audio(language: Language, name: PromptName, house: In, who: Who) -> Response:
    """Plays what the engine would play for this organisation under that name and language."""
    file = house.prompts.file_of(who.door.prompt_path(name, language))
    if file is None:
        raise Problem(
            "not_found", f"There is no prompt {name} in {language}.",
            next_step="Upload or record it on the page Prompts.",
        )  # fmt: skip
    return FileResponse(file, media_type="audio/wav")


@router.get("/{prompt_id}", summary="One prompt")
def prompt(prompt_id: PathId, who: Who) -> PromptShape:
    """Gives one of the organisation's own prompts."""
    return _own(who.door.prompt(prompt_id), who.door.names(), played_in(who.door))


@router.delete("/{prompt_id}", status_code=204, summary="Remove a prompt")
def delete_prompt(prompt_id: PathId, who: Who) -> None:
    """Removes a prompt that no campaign plays; a sample of its name is heard again."""
    who.door.delete_prompt(prompt_id)
