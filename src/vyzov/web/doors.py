"""Finds every door an app really has, to be held against the access table."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI


def doors_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Yields method and path of every route, LIVE for a WebSocket; what is neither fails."""
    yield from _doors(app.router)


def _doors(router: Any) -> Iterator[tuple[str, str]]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _doors(inner)
            continue
        methods: set[str] | None = getattr(route, "methods", None)
        # A mounted app or a route of an unknown sort would slip past admission: say so.
        assert hasattr(route, "endpoint"), f"{route} is a door the access table cannot guard"
        for method in sorted(methods - {"HEAD"}) if methods else ("LIVE",):
            yield method, route.path
