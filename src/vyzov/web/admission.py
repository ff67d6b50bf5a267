"""Lets a request in: finds its row in the access table, its session, and asks the rights.

Default deny: a route without a row is refused for everybody. Handlers get a `Caller` whose `door` is
the only way to the organisation's objects.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from starlette.requests import HTTPConnection

from vyzov.dialer.access import Action, Door, Person
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.web.access_table import API, PUBLIC, ROUTES, Open
from vyzov.web.factors import Factors
from vyzov.web.floor_links import FloorLinks
from vyzov.web.imports import Imports
from vyzov.web.live_hub import LiveHub
from vyzov.web.once import Once
from vyzov.web.problems import Problem
from vyzov.web.prompt_room import PromptRoom
from vyzov.web.sessions import Sessions, SignedIn
from vyzov.web.settings import WebSettings
from vyzov.web.tokens import Tokens, is_bearer
from vyzov.web.whatif_runs import WhatIfRuns


@dataclass(frozen=True, slots=True)
class House:
    """What the composition gave the web process, for handlers to reach."""

    settings: WebSettings
    clock: Clock
    office: OfficeStore
    sessions: Sessions
    factors: Factors
    tokens: Tokens
    floor: FloorLinks
    hub: LiveHub
    imports: Imports
    once: Once
    whatif: WhatIfRuns
    prompts: PromptRoom
    prompt_turn: asyncio.Semaphore


def house_of(connection: HTTPConnection) -> House:
    """Gives the house a connection came to."""
    return cast("House", connection.app.state.house)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the door they may use; a program with a token has no `session`."""

    session: SignedIn | None
    door: Door

    @property
    def signed_in(self) -> SignedIn:
        """Gives the session of a person; doors that ask for it are closed to tokens."""
        assert self.session is not None, "no token has a scope for what needs a session"
        return self.session

    @property
    def person(self) -> Person:
        """Gives the person who asks."""
        return self.door.person


def row_of(connection: HTTPConnection, method: str) -> Action | Open | None:
    """Finds the access table's row of the route a connection matched; None where it has none."""
    path = getattr(connection.scope.get("route"), "path", None)
    return ROUTES.get((method, str(path)))


def caller_of(house: House, connection: HTTPConnection) -> Caller:
    """Finds who holds the cookie, or raises Problem not_signed_in; blocking."""
    signed_in = house.sessions.find(connection.cookies.get(house.sessions.cookie_name))
    if signed_in is None:
        raise Problem("not_signed_in")
    return Caller(signed_in, Door(house.office, signed_in.person))


def program_of(house: House, connection: HTTPConnection) -> Caller:
    """Finds whose token a request brings, whatever cookies it has; blocking."""
    return Caller(None, Door(house.office, house.tokens.person_of(connection)))


def admit(request: Request) -> Caller | None:
    """Refuses whoever may not pass; gives the caller, None at public doors."""
    row = row_of(request, request.method)
    if isinstance(row, Open):
        assert row is PUBLIC
        return None
    by_token = is_bearer(request.headers.get("authorization", ""))
    caller = (program_of if by_token else caller_of)(house_of(request), request)
    if row is None:
        raise Problem("forbidden", "This address has no row in the access table.")
    caller.person.must(row)
    if caller.session is not None and caller.session.limited and row is not Action.SESSION_OWN:
        raise Problem("second_factor_required")
    return caller


def signed_in_caller(admitted: Annotated[Caller | None, Depends(admit)]) -> Caller:
    """Gives the caller of a door that is not public."""
    assert admitted is not None, "a public door has no caller"
    return admitted


def room(tag: str | None = None, *, under: str = "") -> APIRouter:
    """Gives a router for one room of the API, whose every route asks `admit` first."""
    return APIRouter(
        prefix=f"{API}{under}", tags=[tag] if tag else None, dependencies=[Depends(admit)]
    )


Who = Annotated[Caller, Depends(signed_in_caller)]
In = Annotated[House, Depends(house_of)]
