"""Words every refusal as a problem document (RFC 9457) with a code a screen can translate.

Raised here or below, each error becomes one `Problem`; what nobody expected becomes `internal` and
says nothing of its cause to the outside, only the request's id, which is also in the log.
"""

import errno
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vyzov.core.errors import DiskFull, Fault, InvalidRequest, Reason, StoreFault, VyzovError
from vyzov.dialer.rights import Forbidden, NotFound

Json = dict[str, Any]

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of refusal: its HTTP status, its title and what to do next, in plain English."""

    status: int
    title: str
    next_step: str


KINDS: Mapping[str, Kind] = {
    "not_signed_in": Kind(401, "You are not signed in.", "Sign in and try again."),
    "wrong_token": Kind(
        401,
        "The token is unknown, has ended or was revoked.",
        "Make a new one on the page API access, and send it as Authorization: Bearer.",
    ),
    "wrong_login": Kind(
        401, "Login or password is wrong.", "Check both, mind the keyboard layout, try again."
    ),
    "wrong_password": Kind(
        403, "The password is wrong.", "Check it, mind the keyboard layout, try again."
    ),
    "second_factor_needed": Kind(
        401,
        "This account signs in with a code as well.",
        "Send `code`: of the authenticator app, or a recovery code.",
    ),
    "wrong_code": Kind(
        401, "The code is wrong or was used already.", "Wait for the next one and try again."
    ),
    "second_factor_required": Kind(
        403,
        "Your role signs in with a second factor here, and you have none yet.",
        "Set one up on the page of your account.",
    ),
    "pause_reason_needed": Kind(
        409, "This is no reason of the list.", "Choose a reason from the list."
    ),
    "too_many_tries": Kind(429, "Too many tries to sign in.", "Wait as long as Retry-After says."),
    "forbidden": Kind(403, "This is not yours to do.", "Ask a manager or an administrator."),
    "foreign_origin": Kind(
        403,
        "The request came from a foreign page.",
        "Send the header X-Vyzov with every change, from the product's own pages only.",
    ),
    "not_found": Kind(404, "There is no such thing.", "Check the address, or go back to the list."),
    "method_not_allowed": Kind(
        405, "This address cannot be used like that.", "See /api/openapi.json."
    ),
    "invalid_request": Kind(422, "Something in the request is wrong.", "Mend the named fields."),
    "conflict": Kind(409, "This cannot be done in the present state.", "Load it anew and decide."),
    "login_taken": Kind(409, "Somebody has this login already.", "Choose another login."),
    "has_phone": Kind(
        409, "This person has a desk phone already.", "Give it a new password, or revoke it first."
    ),
    "list_already_dialled": Kind(
        409, "Somebody of this list was called already.", "Finish the campaign instead."
    ),
    "not_startable": Kind(409, "The campaign cannot start yet.", "Mend what is named in `detail`."),
    "changed_meanwhile": Kind(
        412, "Somebody changed it while you were editing.", "Load it anew and repeat your change."
    ),
    "if_match_missing": Kind(
        428, "The edit does not say which version it is of.", "Send If-Match with the ETag you got."
    ),
    "key_missing": Kind(
        400, "This request needs an Idempotency-Key.", "Send one; repeat it when you retry."
    ),
    "key_reused": Kind(
        422, "This Idempotency-Key was used for another request.", "Use a new key per request."
    ),
    "too_large": Kind(413, "The request is too large.", "Send less at once."),
    "too_busy": Kind(503, "Too much of this is going on already.", "Wait a little and try again."),
    "range_unsatisfiable": Kind(
        416, "The recording has no such part.", "Ask for a range within its size."
    ),
    "recording_missing": Kind(
        410, "The recording's file is gone.", "Ask an administrator where recordings are kept."
    ),
    "voice_off": Kind(
        409, "No voice is set up.", "Upload or record the prompt, or set `prompt_voice`."
    ),
    "voice_failed": Kind(
        502, "The voice did not speak the text.", "Look at the log of the web process."
    ),
    "floor_away": Kind(
        503, "The dialer is restarting.", "Try again in a second; talks go on meanwhile."
    ),
    "store_away": Kind(
        503, "Database is unreachable: no new calls, talks go on.", "Try again in a few seconds."
    ),
    "disk_full": Kind(
        507,
        "The server's disk is full: nothing was saved.",
        "Make room where the data folder is (see `vyzov status`), then try again.",
    ),
    "floor_refused": Kind(409, "The dialer refused.", "Do what `detail` says."),
    "bad_frame": Kind(422, "Nobody understood this frame.", "See the API overview."),
    "internal": Kind(
        500, "Something broke on our side.", "Try again; report the request id if it stays."
    ),
}


class FieldProblem(BaseModel):
    """One wrong field of a request: word it by `reason` and `args`, `detail` is the fallback."""

    field: str
    detail: str
    reason: str
    args: dict[str, Any]


class ProblemShape(BaseModel):
    """A refusal (RFC 9457): translate by `code` and `args`, the English words are the fallback."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:vyzov:problem:wrong_login",
                    "title": "Login or password is wrong.",
                    "status": 401,
                    "detail": "Login or password is wrong.",
                    "code": "wrong_login",
                    "next_step": "Check both, mind the keyboard layout, try again.",
                    "args": {},
                    "fields": [],
                    "request_id": "6b1f0c2a9d3e4f55",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    next_step: str
    args: dict[str, Any]
    fields: list[FieldProblem]
    request_id: str


class Problem(Exception):
    """A refusal on its way out; `code` is a key of KINDS or a code the floor gave."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        next_step: str = "",
        status: int | None = None,
        args: Mapping[str, Any] | None = None,
        fields: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        kind = KINDS.get(code, KINDS["floor_refused"])
        super().__init__(detail or kind.title)
        self.code = code
        self.kind = kind
        self.status = status or kind.status
        self.detail = detail or kind.title
        self.next_step = next_step or kind.next_step
        self.args_of_words = dict(args or {})
        self.fields = fields
        self.headers = dict(headers or {})

    def body(self, request_id: str = "") -> Json:
        """Gives the problem document."""
        return {
            "type": f"urn:vyzov:problem:{self.code}",
            "title": self.kind.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "next_step": self.next_step,
            "args": self.args_of_words,
            "fields": [
                {"field": f.field, "detail": f.problem, "reason": f.reason, "args": dict(f.args)}
                for f in self.fields
            ],
            "request_id": request_id,
        }


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})

_FRAMEWORK = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    416: "range_unsatisfiable",
}


def problem_of(error: Exception) -> Problem:
    """Turns any error into the problem the outside may see."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotFound):
        return Problem("not_found", error.what, next_step=error.next_step)
    if isinstance(error, Forbidden):
        return Problem("forbidden", error.what, next_step=error.next_step)
    if isinstance(error, InvalidRequest):
        return Problem(
            "invalid_request", error.what, next_step=error.next_step, fields=error.faults
        )
    if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return Problem("disk_full", headers={"Retry-After": "60"})
    if isinstance(error, StoreFault):
        return Problem("store_away", headers={"Retry-After": "2"})
    if isinstance(error, VyzovError):
        return Problem("conflict", error.what, next_step=error.next_step)
    if isinstance(error, RequestValidationError):
        return Problem("invalid_request", fields=_faults(error))
    if isinstance(error, HTTPException):
        code = _FRAMEWORK.get(error.status_code, "invalid_request")
        return Problem(code, status=error.status_code)
    return Problem("internal")


def _faults(error: RequestValidationError) -> tuple[Fault, ...]:
    """Names wrong fields without repeating what was sent: it may be a password."""
    faults: list[Fault] = []
    for one in error.errors():
        where = [str(part) for part in one["loc"] if part not in ("body", "query", "path")]
        reason, args = reason_of(one)
        faults.append(Fault(".".join(where) or "body", str(one["msg"]), reason, args))
    return tuple(faults[:50])


# What pydantic calls a fault, as the id that screens have words for, and the bound it speaks of.
_REASONS: Mapping[str, tuple[Reason, str]] = {
    "missing": ("needed", ""),
    "extra_forbidden": ("unknown_field", ""),
    "string_too_short": ("too_short", "min_length"),
    "string_too_long": ("too_long", "max_length"),
    "greater_than_equal": ("least", "ge"),
    "less_than_equal": ("most", "le"),
    "int_parsing": ("whole", ""),
    "int_type": ("whole", ""),
    "int_from_float": ("whole", ""),
    "float_parsing": ("number", ""),
    "float_type": ("number", ""),
    "bool_parsing": ("flag", ""),
    "bool_type": ("flag", ""),
    "enum": ("choice", ""),
    "literal_error": ("choice", ""),
    "string_type": ("text", ""),
    "list_type": ("list", ""),
    "dict_type": ("object", ""),
    "model_attributes_type": ("object", ""),
    "timezone_aware": ("moment", ""),
    "datetime_parsing": ("moment", ""),
    "datetime_from_date_parsing": ("moment", ""),
}


def reason_of(fault: Mapping[str, Any]) -> tuple[Reason, dict[str, float | str]]:
    """Gives the reason of one of pydantic's faults with its bound, empty where it has no words."""
    reason, bound = _REASONS.get(fault["type"], ("", ""))
    limit = fault.get("ctx", {}).get(bound) if bound else None
    if reason == "too_short" and limit == 1:
        return "needed", {}
    if not isinstance(limit, int | float):
        return reason, {}
    return reason, {"least" if bound in ("min_length", "ge") else "most": limit}


def request_id_of(request: Request) -> str:
    """Gives the id the guard put on the request."""
    return str(request.scope.get("vyzov.request_id", ""))


def respond(request: Request, error: Exception) -> Response:
    """Answers a request with the problem an error amounts to, and logs what was our own fault."""
    problem = problem_of(error)
    if problem.status >= 500 and problem.code == "internal":
        log.error("request %s failed", request_id_of(request), exc_info=error)
    return JSONResponse(
        problem.body(request_id_of(request)),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


async def _handle(request: Request, error: Exception) -> Response:
    return respond(request, error)


def install(app: FastAPI) -> None:
    """Makes every error of the app leave as a problem document."""
    for kind in (Problem, VyzovError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _handle)
