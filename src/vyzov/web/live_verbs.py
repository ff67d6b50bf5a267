"""The verbs a browser may send, what each must carry, and the floor's name for it.

Checks shape and reach only; whether the verb makes sense now is the floor's to decide.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from vyzov.core.errors import Fault
from vyzov.web.problems import Problem, reason_of

Json = dict[str, Any]

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
FieldText = Annotated[str, Field(max_length=2000)]


class Args(BaseModel):
    """What a verb carries; unknown members are refused so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", str_max_length=60_000)


class Pause(Args):
    """A pause with its reason (a word of the organisation's list)."""

    reason: Annotated[str, Field(max_length=64)] = ""


class Offer(Args):
    """The browser's SDP offer."""

    sdp: Annotated[str, Field(min_length=1, max_length=60_000)]


class Switch(Args):
    """Something to be put on or off."""

    on: bool


class Digits(Args):
    """Keys to be sent into the call."""

    digits: Annotated[str, Field(pattern=r"^[0-9*#A-D]{1,32}$")]


class ResultWords(Args):
    """The result of an attempt, as the agent chose it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"attempt": "0199-a", "result": "sale", "note": "", "fields": {"plan": "M"}}
            ]
        },
    )

    attempt: Id
    result: Annotated[str, Field(min_length=1, max_length=64)]
    note: Annotated[str, Field(max_length=4000)] = ""
    callback_at: AwareDatetime | None = None
    callback_mine: bool = False
    fields: Annotated[dict[str, FieldText], Field(max_length=100)] = {}


class KeyedResult(ResultWords):
    """A result over the live socket, where the idempotency key travels in the frame."""

    key: Annotated[str, Field(min_length=1, max_length=200)]


class Undo(Args):
    """The attempt whose result is taken back."""

    attempt: Id


class Note(Args):
    """A note kept with a contact."""

    contact: Id
    text: Annotated[str, Field(max_length=4000)]


class Device(Args):
    """What the agent talks with from now on."""

    kind: Literal["browser", "phone"]


class ReadMessage(Args):
    """The message an agent has read."""

    message: Id


class OfCard(Args):
    """The card that was on the screen when the agent decided."""

    card: Id


class Take(OfCard):
    """The number to call, by its place on the card; the marked one where none is named."""

    position: Annotated[int, Field(ge=0, le=99)] | None = None


class Skip(OfCard):
    """Why the contact is left for later."""

    reason: Literal["not_now", "not_mine", "wrong_card", "other"]


class Postpone(OfCard):
    """The hour at which the call is promised, and whether the agent keeps it."""

    callback_at: AwareDatetime
    callback_mine: bool = False


class Listening(Args):
    """Whose call a supervisor enters, and how."""

    agent: Id
    how: Literal["listen", "whisper", "barge"] = "listen"


class Whom(Args):
    """An agent: whose call is taken over, or who is called in."""

    agent: Id


class Transfer(Args):
    """Who gets the call; nobody named is the colleague who was called in."""

    agent: Id | None = None


class Dial(Args):
    """A number as an agent typed it, and the campaign it is called for; `default_region` is the
    country of numbers without one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"campaign": "0199-c", "number": "+7 000 555-01-17"}]},
    )

    campaign: Id
    number: Annotated[str, Field(min_length=1, max_length=200)]
    default_region: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] = "RU"


class Nothing(Args):
    """A verb that carries nothing."""


ARGS: Mapping[str, type[Args]] = {
    "ready": Nothing,
    "pause": Pause,
    "offline": Nothing,
    "offer": Offer,
    "close_device": Nothing,
    "hangup": Nothing,
    "mute": Switch,
    "hold": Switch,
    "digits": Digits,
    "result": KeyedResult,
    "undo_result": Undo,
    "note": Note,
    "help": Switch,
    "read_message": ReadMessage,
    "take": Take,
    "skip": Skip,
    "postpone": Postpone,
    "stop_contact": OfCard,
    "take_over": Nothing,
    "device": Device,
    "ring": Nothing,
    "listen": Listening,
    "take_call": Whom,
    "leave": Nothing,
    "colleagues": Nothing,
    "consult": Whom,
    "consult_end": Nothing,
    "conference": Switch,
    "transfer": Transfer,
}


def frame_of(text: str, most: int) -> Json:
    """Reads a frame of at most so many characters; Problem too_large or bad_frame for no frame."""
    if len(text) > most:
        raise Problem("too_large")
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Problem("bad_frame", "The frame is not JSON.") from error
    if not isinstance(frame, dict):
        raise Problem("bad_frame", "A frame is one JSON object.")
    return frame


def args_of(verb: str, frame: Mapping[str, Any]) -> Json:
    """Checks what a verb's frame carries and gives it as JSON; Problem invalid_request else."""
    given = {name: value for name, value in frame.items() if name not in ("id", "do")}
    try:
        return ARGS[verb].model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        faults = [
            Fault(".".join(map(str, one["loc"])), one["msg"], *reason_of(one))
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise Problem("invalid_request", fields=tuple(faults[:50])) from error
