"""ETags of what people edit: an edit names the state it is of, so that nobody overwrites another."""

import hashlib
from typing import Annotated

from fastapi import Header

from vyzov.web.problems import Problem
from vyzov.web.shapes import Shape

IfMatch = Annotated[str | None, Header(description="The ETag of what is edited.")]


def etag_of(shape: Shape) -> str:
    """Names this very state of an object, made of all that is shown of it."""
    shown = shape.model_dump_json(exclude={"etag"})
    return f'"{hashlib.sha256(shown.encode()).hexdigest()[:20]}"'


def must_match(if_match: str | None, etag: str) -> None:
    """Raises Problem unless an edit names the state it is of."""
    if if_match is None:
        raise Problem("if_match_missing")
    if if_match != etag:
        raise Problem("changed_meanwhile")
