"""Serves the built screens: files as they are, and `index.html` for every address of a screen.

Where the screens were not built, a plain page says so and how to build them. Nothing here knows
anybody's data.
"""

import mimetypes
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from vyzov.web.admission import house_of
from vyzov.web.problems import Problem

router = APIRouter(include_in_schema=False)

# Vite puts a hash of the content into the names below this folder: they never change.
_HASHED = "assets"
_FOREVER = "public, max-age=31536000, immutable"

# Some machines' registries name these wrongly, and nosniff makes a wrong name a blank page.
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Vyzov</title>
<h1>The screens are not built</h1>
<p>The server works; its programming interface is described in
<a href="/api/openapi.json">/api/openapi.json</a>.</p>
<p>To build the screens from a clone: <code>cd ui &amp;&amp; npm ci &amp;&amp; npm run build</code>,
then reload this page. A package installed with pip has them built in.</p>
<hr>
<div lang="ru">
<h1>Экраны не собраны</h1>
<p>Сервер работает; его программный интерфейс описан в
<a href="/api/openapi.json">/api/openapi.json</a>.</p>
<p>Собрать экраны: <code>cd ui &amp;&amp; npm ci &amp;&amp; npm run build</code>,
затем обновите страницу. В пакете, поставленном через pip, они уже есть.</p>
</div>
</html>
"""


def _file(static: Path, path: str) -> Path | None:
    """Finds a file of the built screens; what is outside their folder is not there."""
    if "\x00" in path:
        return None
    file = (static / path).resolve()
    return file if file.is_relative_to(static.resolve()) and file.is_file() else None


def _type(file: Path) -> str:
    known = _TYPES.get(file.suffix.lower()) or mimetypes.guess_type(file.name)[0]
    return known or "application/octet-stream"


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def page(path: str, request: Request) -> Response:
    """Serves a file of the screens, or the screens themselves for an address within them."""
    if path == "api" or path.startswith("api/"):
        raise Problem("not_found")
    static = house_of(request).settings.static
    file = _file(static, path) if path else None
    if file is not None and file.name != "index.html":
        hashed = path.split("/", maxsplit=1)[0] == _HASHED
        return FileResponse(
            file,
            media_type=_type(file),
            headers={"Cache-Control": _FOREVER if hashed else "no-cache"},
        )
    if "." in path.rsplit("/", 1)[-1] and not path.endswith("index.html"):
        # A missing script must not come back as a page that is then run as one.
        raise Problem("not_found")
    index = _file(static, "index.html")
    if index is None:
        return HTMLResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
    return FileResponse(index, media_type="text/html", headers={"Cache-Control": "no-cache"})
