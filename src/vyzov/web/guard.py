"""Guards every request before any code of ours sees it: size, origin, headers, request id.

A plain ASGI layer, so that it also covers files, errors and the answers of the framework itself.
Who the caller is and what they may do is decided later, by `admission`.
"""

import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vyzov.web.problems import MEDIA_TYPE, Problem
from vyzov.web.settings import WebSettings
from vyzov.web.tokens import is_bearer

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LIST_UPLOAD = "/api/v1/lists"
PROMPT_UPLOAD = "/api/v1/prompts"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Recordings play from our own address or a blob; the live socket is ours; nothing else is loaded.
_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'{sockets}; media-src 'self' blob: mediastream:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def own_origin(origin: str, host: str, extra: tuple[str, ...]) -> bool:
    """Tells whether an `Origin` header names the site the `Host` header names, or a friend."""
    return origin in extra or urlsplit(origin).netloc.lower() == host.lower()


def _crosses(scope: Scope, headers: Headers, extra: tuple[str, ...]) -> bool:
    """Tells whether a change was asked by a page that is not ours."""
    if scope["method"] in SAFE_METHODS:
        return False
    origin = headers.get("origin")
    if origin is not None and not own_origin(origin, headers.get("host", ""), extra):
        return True
    # A token is no cookie: no browser adds it to what a foreign page sends.
    if is_bearer(headers.get("authorization", "")):
        return False
    # A foreign page cannot set this header without a preflight, which nobody here answers.
    return "x-vyzov" not in headers


class _TooLarge(HTTPException):
    """The body grew beyond its limit while it was read."""

    def __init__(self) -> None:
        super().__init__(413)


class Guard:
    """The ASGI layer around the whole app."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        offered = headers.get("x-request-id", "")
        request_id = offered if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)
        scope["vyzov.request_id"] = request_id
        answer = _Answer(send, request_id, self._headers(scope, headers))
        limit = self._limit(scope)
        declared = headers.get("content-length", "0")
        if _crosses(scope, headers, self._settings.extra_origins):
            await self._refuse(scope, receive, answer, Problem("foreign_origin"), request_id)
        elif not declared.isascii() or not declared.isdigit() or int(declared) > limit:
            await self._refuse(scope, receive, answer, Problem("too_large"), request_id)
        else:
            await self._pass(scope, _Bounded(receive, limit), answer, request_id)

    async def _pass(
        self, scope: Scope, receive: "_Bounded", answer: "_Answer", request_id: str
    ) -> None:
        try:
            await self._app(scope, receive, answer)
        except _TooLarge:
            await self._refuse(scope, receive, answer, Problem("too_large"), request_id)

    def _limit(self, scope: Scope) -> int:
        if scope["method"] == "POST" and scope["path"] == LIST_UPLOAD:
            return self._settings.list_max
        if scope["method"] == "POST" and scope["path"] == PROMPT_UPLOAD:
            return self._settings.prompt_max
        return self._settings.body_max

    def _headers(self, scope: Scope, headers: Headers) -> dict[str, str]:
        host = headers.get("host", "")
        # Browsers differ in whether 'self' covers the socket's scheme, so it is named as well.
        clean = re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,255}", host)
        sockets = f" ws://{host} wss://{host}" if clean else ""
        given = {
            "Content-Security-Policy": _CSP.format(sockets=sockets),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        }
        if self._settings.secure_cookie:
            given["Strict-Transport-Security"] = "max-age=31536000"
        if scope["path"].startswith("/api/"):
            given["Cache-Control"] = "no-store"
        return given

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, problem: Problem, request_id: str
    ) -> None:
        response = JSONResponse(
            problem.body(request_id), status_code=problem.status, media_type=MEDIA_TYPE
        )
        await response(scope, receive, send)


class _Bounded:
    """Lets a body in up to its limit, whatever its Content-Length said."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise _TooLarge
        return message


class _Answer:
    """Puts the guard's headers on whatever is answered, without overwriting what was chosen."""

    def __init__(self, send: Send, request_id: str, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = {**headers, "X-Request-ID": request_id}
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)
