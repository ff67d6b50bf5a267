"""Users: who signs in, in what role; a manager may make operators, supervisors and customers."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import ConfigDict, Field, SecretStr

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.access import Door, Role
from vyzov.dialer.office_records import NewUser, User, UserChange
from vyzov.web.admission import House, In, Who, room
from vyzov.web.etags import IfMatch, etag_of, must_match
from vyzov.web.passwords import hash_password
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, Cursor, Limit, Named, PageOf, PathId, Shape, named, page_of

router = room("users")

Login = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.@+-]+$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[SecretStr, Field(max_length=1000)]
Language = Literal["ru", "en"]


class UserShape(Shape):
    """A user; the password never leaves."""

    id: str
    login: str
    name: str
    role: Role
    language: str
    principal: Named | None
    disabled: bool
    created_at: datetime
    etag: str = ""


class NewUserAsked(Asked):
    """A user to be created; a customer needs a principal, nobody else has one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "login": "vera",
                    "name": "Vera Example",
                    "role": "operator",
                    "password": "correct horse battery",
                    "language": "ru",
                }
            ]
        },
    )

    login: Login
    name: Name
    role: Role
    password: Password
    language: Language = "en"
    principal: PathId | None = None


class UserChangeAsked(Asked):
    """What to change of a user; what is left out stays."""

    name: Name | None = None
    role: Role | None = None
    language: Language | None = None
    password: Password | None = None
    disabled: bool | None = None


def _user(user: User, names: dict[str, str]) -> UserShape:
    shape = UserShape(
        id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        language=user.language,
        principal=named(user.principal_id, names),
        disabled=user.disabled_at is not None,
        created_at=user.created_at,
    )
    return shape.model_copy(update={"etag": etag_of(shape)})


def checked_password(house: House, password: SecretStr, field: str = "password") -> str:
    """Gives a password that is long enough; Problem invalid_request for others."""
    text = password.get_secret_value()
    least = house.settings.password_length_min
    if len(text) < least:
        raise Problem(
            "invalid_request",
            f"The password is shorter than {least} characters.",
            next_step="Choose a longer one; a few unrelated words are easy to remember.",
            args={"least": least},
            fields=(Fault(field, "is too short", "too_short", {"least": least}),),
        )
    return text


@router.get("/users", summary="Users")
def users(
    who: Who,
    role: Annotated[Role | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[UserShape]:
    """Gives the users of the organisation, disabled ones too."""
    names = dict(who.door.names())
    found = [one for one in who.door.users() if role in (None, one.role)]
    return page_of(found, lambda one: _user(one, names), cursor, limit)


@router.post("/users", status_code=201, summary="Create a user")
async def create_user(asked: NewUserAsked, house: In, who: Who) -> UserShape:
    """Creates a user; give them the password by a way that others do not see."""
    password = checked_password(house, asked.password)
    if (asked.role is Role.CUSTOMER) != (asked.principal is not None):
        raise Problem(
            "invalid_request", "A customer has a principal, and nobody else has one.",
            fields=(Fault("principal", "goes with the role customer alone", "customer_only"),),
        )  # fmt: skip
    made = await asyncio.to_thread(_create, who.door, asked, password)
    await house.floor.tell("office.users_changed", who.person)
    return await asyncio.to_thread(lambda: _user(made, dict(who.door.names())))


def _create(door: Door, asked: NewUserAsked, password: str) -> User:
    if asked.principal is not None and asked.principal not in {p.id for p in door.principals()}:
        raise Problem("not_found", "There is no such principal.")
    new = NewUser(
        login=asked.login,
        name=asked.name,
        role=asked.role,
        password_hash=hash_password(password),
        language=asked.language,
        principal_id=asked.principal,
    )
    try:
        return door.create_user(new)
    except InvalidRequest as refusal:
        raise Problem("login_taken", refusal.what) from refusal


@router.get("/users/{user_id}", summary="One user")
def user(user_id: PathId, response: Response, who: Who) -> UserShape:
    """Gives a user and the ETag an edit must name."""
    shape = _user(who.door.user(user_id), dict(who.door.names()))
    response.headers["ETag"] = shape.etag
    return shape


@router.patch("/users/{user_id}", summary="Change a user")
async def change_user(
    user_id: PathId,
    asked: UserChangeAsked,
    response: Response,
    house: In,
    who: Who,
    if_match: IfMatch = None,
) -> UserShape:
    """Changes a user; a new role or password, or disabling, signs them out everywhere."""

    def work() -> tuple[UserShape, bool]:
        names = dict(who.door.names())
        before = who.door.user(user_id)
        must_match(if_match, _user(before, names).etag)
        given = asked.password
        change = UserChange(
            name=asked.name,
            role=asked.role,
            language=asked.language,
            password_hash=hash_password(checked_password(house, given)) if given else None,
            disabled=asked.disabled,
        )
        if change.role is Role.CUSTOMER and before.principal_id is None:
            raise Problem(
                "invalid_request", "Create a new user for a customer instead.",
                fields=(Fault("role", "cannot become customer", "new_user"),),
            )  # fmt: skip
        after = who.door.change_user(user_id, change)
        signed_out = bool(given) or bool(asked.disabled) or after.role is not before.role
        return _user(after, names), signed_out

    shape, signed_out = await asyncio.to_thread(work)
    if signed_out:
        house.hub.close_user(user_id)
    await house.floor.tell("office.users_changed", who.person)
    response.headers["ETag"] = shape.etag
    return shape
