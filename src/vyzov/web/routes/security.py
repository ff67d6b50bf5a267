"""Guarding an account: one's own password, sessions, second factor; and other people's, by right."""

import asyncio
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.second_factor import accepted_step, grouped, otpauth_uri
from vyzov.dialer.access import Role
from vyzov.dialer.office_records import WebSession
from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.factors import hash_code, new_codes, new_key
from vyzov.web.passwords import hash_password
from vyzov.web.problems import Problem
from vyzov.web.routes.users import checked_password
from vyzov.web.shapes import Asked, PathId, Shape

router = room("session")

Password = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
ISSUER = "Vyzov"


class PasswordAsked(Asked):
    """One's own password, old and new."""

    old: Password
    new: Password


class ProofAsked(Asked):
    """One's own password, to prove that it is not somebody at a screen left open."""

    password: Password


class CodeAsked(Asked):
    """A code of the app that was set up."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "287082"}]})

    code: Annotated[str, Field(min_length=1, max_length=40)]


class RolesAsked(Asked):
    """Whose sign-in needs a second factor."""

    roles: Annotated[list[Role], Field(max_length=len(Role))]


class OneSession(Shape):
    """A session: what the browser says of itself, from where, since when, last used."""

    id: str
    device: str
    source: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class SessionsShape(Shape):
    """Sessions, the latest used first."""

    items: list[OneSession]


class FactorShape(Shape):
    """Whether signing in asks for a second factor, since when, and how many codes are left."""

    on: bool
    since: datetime | None = None
    codes_left: int = 0
    needed: bool = False


class FactorBegun(Shape):
    """What an authenticator app needs; `grouped` is the secret to be typed by hand."""

    secret: str
    grouped: str
    uri: str


class CodesMade(Shape):
    """Recovery codes, each good for one sign-in; told this once."""

    recovery_codes: list[str]


class RolesShape(Shape):
    """Whose sign-in needs a second factor."""

    roles: list[Role]


# ---- the password


async def _prove(house: House, who: Caller, password: SecretStr) -> None:
    await house.sessions.prove(who.signed_in, password.get_secret_value())


@router.put("/session/password", status_code=204, summary="Change one's own password")
async def change_password(asked: PasswordAsked, house: In, who: Who) -> None:
    """Changes the password with the old one; everywhere but here one is signed out."""
    new = checked_password(house, asked.new, field="new")
    await _prove(house, who, asked.old)
    keep = who.signed_in.session.id_hash
    others = [one.id_hash for one in await asyncio.to_thread(who.door.my_sessions)]
    await asyncio.to_thread(lambda: who.door.change_my_password(hash_password(new), keep))
    for one in others:
        if one != keep:
            _close(house, one)


# ---- sessions


@router.get("/session/list", summary="One's own sessions")
def my_sessions(who: Who) -> SessionsShape:
    """Gives where one is signed in."""
    here = who.signed_in.session.id_hash
    return SessionsShape(items=[_session(one, here) for one in who.door.my_sessions()])


@router.delete("/session/list/{session_id}", status_code=204, summary="End one's own session")
async def end_session(session_id: PathId, house: In, who: Who) -> None:
    """Signs one out of one place."""
    await asyncio.to_thread(who.door.end_my_session, session_id)
    _close(house, session_id)


@router.get("/users/{user_id}/sessions", summary="Somebody's sessions")
def sessions_of(user_id: PathId, who: Who) -> SessionsShape:
    """Gives where somebody is signed in."""
    return SessionsShape(items=[_session(one, "") for one in who.door.sessions_of(user_id)])


@router.delete("/users/{user_id}/sessions", status_code=204, summary="Sign somebody out")
async def end_sessions(user_id: PathId, house: In, who: Who) -> None:
    """Signs somebody out everywhere."""
    await asyncio.to_thread(who.door.end_sessions, user_id)
    house.sessions.forget_user(user_id)
    house.hub.close_user(user_id)


def _close(house: House, id_hash: str) -> None:
    house.sessions.forget(id_hash)
    house.hub.close_session(id_hash)


def _session(one: WebSession, here: str) -> OneSession:
    return OneSession(
        id=one.id_hash,
        device=one.device,
        source=one.source,
        created_at=one.created_at,
        last_seen_at=one.last_seen_at,
        expires_at=one.expires_at,
        current=one.id_hash == here,
    )


# ---- the second factor


@router.get("/session/second-factor", summary="One's own second factor")
def my_factor(house: In, who: Who) -> FactorShape:
    """Says whether signing in asks for a second factor."""
    factor = who.door.my_second_factor()
    needed = house.factors.is_needed(who.signed_in.user)
    if factor is None or not factor.holds:
        return FactorShape(on=False, needed=needed)
    return FactorShape(on=True, since=factor.since, codes_left=factor.codes_left, needed=needed)


# No Idempotency-Key for what tells secrets: an answer that is kept would keep them.
@router.post("/session/second-factor", summary="Set a second factor up")
async def begin_factor(asked: ProofAsked, house: In, who: Who) -> FactorBegun:
    """Makes a secret for an authenticator app; it holds once a code of it was confirmed."""
    await _prove(house, who, asked.password)
    secret = new_key()
    try:
        await asyncio.to_thread(who.door.begin_second_factor, secret)
    except InvalidRequest as refusal:
        raise Problem("conflict", refusal.what, next_step=refusal.next_step) from refusal
    login = who.signed_in.user.login
    return FactorBegun(
        secret=secret, grouped=grouped(secret), uri=otpauth_uri(secret, login, ISSUER)
    )


@router.post("/session/second-factor/confirm", summary="Confirm a second factor")
async def confirm_factor(asked: CodeAsked, house: In, who: Who) -> CodesMade:
    """Has signing in ask for codes from now on; gives recovery codes, told this once."""

    def work() -> list[str]:
        factor = who.door.my_second_factor()
        if factor is None or factor.holds:
            raise Problem("conflict", "There is no second factor to be confirmed.")
        step = accepted_step(factor.secret, asked.code, house.clock.utc(), factor.step)
        if step is None:
            raise Problem(
                "invalid_request", "This code is not the one of now.",
                next_step="Look at the app once more, and at the clock of the telephone.",
                fields=(Fault("code", "is not the one of now", "wrong_code"),),
            )  # fmt: skip
        codes = new_codes()
        hashes = [hash_code(who.person.user, one) for one in codes]
        who.door.confirm_second_factor(step, hashes)
        return codes

    return CodesMade(recovery_codes=await asyncio.to_thread(work))


@router.post("/session/second-factor/off", status_code=204, summary="Take a second factor away")
async def drop_factor(asked: ProofAsked, house: In, who: Who) -> None:
    """Signs in by password alone from now on, where the role does not need more."""
    await _prove(house, who, asked.password)
    await asyncio.to_thread(who.door.drop_my_second_factor)


@router.get("/users/{user_id}/second-factor", summary="Somebody's second factor")
def factor_of(user_id: PathId, who: Who) -> FactorShape:
    """Says whether somebody signs in with a second factor."""
    factor = who.door.second_factor_of(user_id)
    if factor is None or not factor.holds:
        return FactorShape(on=False)
    return FactorShape(on=True, since=factor.since, codes_left=factor.codes_left)


@router.delete("/users/{user_id}/second-factor", status_code=204, summary="Reset a second factor")
def reset_factor(user_id: PathId, who: Who) -> None:
    """Takes somebody's second factor away: where their role needs one, they set up another."""
    who.door.reset_second_factor(user_id)


@router.get("/security", summary="Who needs a second factor")
def security(who: Who) -> RolesShape:
    """Gives whose sign-in needs a second factor."""
    return RolesShape(roles=sorted(who.door.second_factor_roles()))


@router.put("/security", summary="Decide who needs a second factor")
def set_security(asked: RolesAsked, who: Who) -> RolesShape:
    """Those of these roles who have none yet can do nothing but set one up."""
    who.door.set_second_factor_roles(list(dict.fromkeys(asked.roles)))
    return RolesShape(roles=sorted(who.door.second_factor_roles()))
