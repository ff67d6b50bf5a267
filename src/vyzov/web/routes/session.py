"""Signing in and out, and how a person's own screens look."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Request, Response
from pydantic import ConfigDict, Field, SecretStr

from vyzov.dialer.access import Action, Door, Role, actions_of
from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.shapes import Asked, Named, Shape

router = room("session")


class SignIn(Asked):
    """Who signs in; the organisation is needed only where there are several, the code (of an app, or a
    recovery code) only where the account has a second factor."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"login": "anna", "password": "correct horse battery"}]}
    )

    login: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]
    organisation: Annotated[str | None, Field(max_length=200)] = None
    code: Annotated[str | None, Field(max_length=40)] = None


class Look(Asked):
    """How the person's screens look."""

    language: Literal["ru", "en"] | None = None
    theme: Literal["light", "dark", "system"] | None = None


class Myself(Shape):
    """The signed-in user."""

    id: str
    login: str
    name: str
    role: Role
    language: str
    theme: str
    principal: Named | None


class SessionShape(Shape):
    """The session: who, of what organisation, and what their role may do.

    With `needs_second_factor` nothing may be done but to set one up."""

    user: Myself
    organisation: Named
    actions: list[Action]
    server_time: datetime
    expires_at: datetime
    needs_second_factor: bool = False


def _session(house: House, caller: Caller) -> SessionShape:
    user, organisation = caller.door.myself(), caller.door.organisation()
    principal = caller.door.my_principal()
    return SessionShape(
        user=Myself(
            id=user.id,
            login=user.login,
            name=user.name,
            role=user.role,
            language=user.language,
            theme=user.theme,
            principal=Named(id=principal.id, name=principal.name) if principal else None,
        ),
        organisation=Named(id=organisation.id, name=organisation.name),
        actions=list(actions_of(user.role)),
        server_time=house.clock.utc(),
        expires_at=caller.signed_in.session.expires_at,
        needs_second_factor=caller.signed_in.limited,
    )


@router.post("/session", summary="Sign in")
async def sign_in(asked: SignIn, request: Request, response: Response, house: In) -> SessionShape:
    """Opens a session and gives the cookie; an old session of the browser ends."""
    source = request.client.host if request.client else "unknown"
    token, signed_in = await house.sessions.sign_in(
        asked.login, asked.password.get_secret_value(), asked.organisation, source,
        device=request.headers.get("user-agent", ""), code=asked.code,
    )  # fmt: skip
    old = request.cookies.get(house.sessions.cookie_name)
    await asyncio.to_thread(_end_old, house, old)
    house.sessions.set_cookie(response, token)
    caller = Caller(signed_in, Door(house.office, signed_in.person))
    return await asyncio.to_thread(_session, house, caller)


def _end_old(house: House, token: str | None) -> None:
    signed_in = house.sessions.find(token)
    if signed_in is not None:
        house.sessions.end(signed_in)


@router.get("/session", summary="The session")
def session(house: In, who: Who) -> SessionShape:
    """Gives the session of the cookie."""
    return _session(house, who)


@router.get("/me", summary="The session, by its other name")
def me(house: In, who: Who) -> SessionShape:
    """Gives the session of the cookie."""
    return _session(house, who)


@router.patch("/session", summary="Change language or theme")
def change_look(asked: Look, house: In, who: Who) -> SessionShape:
    """Changes how the person's screens look, on every device they sign in at."""
    who.door.change_myself(language=asked.language, theme=asked.theme)
    return _session(house, who)


@router.delete("/session", status_code=204, summary="Sign out")
async def sign_out(response: Response, house: In, who: Who) -> None:
    """Ends the session and closes its live sockets."""
    await asyncio.to_thread(house.sessions.end, who.signed_in)
    house.hub.close_session(who.signed_in.session.id_hash)
    house.sessions.clear_cookie(response)
