"""Desk phones: one a person, its password shown once, and whether it is signed in now."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.phone_records import DeskPhone
from vyzov.dialer.phone_secrets import REALM, new_password, new_username, with_password
from vyzov.sip.auth import secret_hash
from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.floor_link import speaker
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, Named, PageOf, PathId, Shape, named, page_of

router = room("phones", under="/phones")

PhoneName = Annotated[str, Field(min_length=1, max_length=100)]
PHONES_MAX = 5_000


class PhoneShape(Shape):
    """A desk phone. `registered` is null while the dialer is away and nobody knows."""

    id: str
    user: Named | None
    name: str
    username: str
    allow_md5: bool
    created_at: datetime
    changed_at: datetime
    registered: bool | None
    since: datetime | None
    address: str
    user_agent: str


class PhoneMade(PhoneShape):
    """A desk phone with what has to be typed into it; the password is told this once."""

    password: str
    realm: str
    servers: tuple[str, ...]


class PhoneAsked(Asked):
    """A desk phone to be made for a person; MD5 only for phones that know nothing better."""

    user: PathId
    name: PhoneName = "Desk phone"
    allow_md5: bool = False


class SecretAsked(Asked):
    """Another password for a desk phone; what is left out stays."""

    name: PhoneName | None = None
    allow_md5: bool | None = None


async def _states(house: House, who: Caller) -> Mapping[str, Any] | None:
    """Asks the floor which phones are signed in; None while it is away."""
    try:
        answer = await house.floor.ask("office.phones", speaker(who.person))
    except Problem:
        return None
    phones: Mapping[str, Any] = answer.get("phones", {})
    return phones


def _shape(phone: DeskPhone, names: Mapping[str, str], states: Mapping[str, Any] | None) -> Any:
    state = {} if states is None else states.get(phone.id, {})
    return {
        "id": phone.id,
        "user": named(phone.user_id, names),
        "name": phone.name,
        "username": phone.username,
        "allow_md5": phone.allows_md5,
        "created_at": phone.created_at,
        "changed_at": phone.changed_at,
        "registered": None if states is None else bool(state.get("registered")),
        "since": state.get("since"),
        "address": state.get("address", ""),
        "user_agent": state.get("user_agent", ""),
    }


@router.get("", summary="Desk phones")
async def phones(house: In, who: Who) -> PageOf[PhoneShape]:
    """Gives all desk phones in use and which of them are signed in now."""
    states = await _states(house, who)

    def work() -> PageOf[PhoneShape]:
        names = who.door.names()
        found = who.door.phones()
        return page_of(
            found, lambda one: PhoneShape(**_shape(one, names, states)), None, PHONES_MAX
        )

    return await asyncio.to_thread(work)


@router.post("", status_code=201, summary="Make a desk phone")
async def create_phone(asked: PhoneAsked, house: In, who: Who) -> PhoneMade:
    """Makes a person's desk phone. The answer holds its password, which is told this once."""
    password = new_password(secrets.choice)

    def work() -> DeskPhone:
        new = with_password(
            asked.name, new_username(secrets.choice), password, secret_hash,
            allow_md5=asked.allow_md5,
        )  # fmt: skip
        try:
            return who.door.create_phone(asked.user, new)
        except InvalidRequest as refusal:
            raise Problem("has_phone", refusal.what) from refusal

    return await _made(await asyncio.to_thread(work), password, house, who)


@router.post("/{phone_id}/password", summary="Another password for a desk phone")
async def renew_phone(phone_id: PathId, asked: SecretAsked, house: In, who: Who) -> PhoneMade:
    """Gives a desk phone another password, told this once; with the old one it is signed out."""
    password = new_password(secrets.choice)

    def work() -> DeskPhone:
        before = who.door.phone(phone_id)
        weak = before.allows_md5 if asked.allow_md5 is None else asked.allow_md5
        new = with_password(
            asked.name or before.name, before.username, password, secret_hash, allow_md5=weak
        )
        return who.door.change_phone(phone_id, new)

    return await _made(await asyncio.to_thread(work), password, house, who)


async def _made(phone: DeskPhone, password: str, house: House, who: Caller) -> PhoneMade:
    await house.floor.tell("office.users_changed", who.person)
    names = await asyncio.to_thread(who.door.names)
    return PhoneMade(
        **_shape(phone, names, await _states(house, who)),
        password=password,
        realm=REALM,
        servers=house.settings.sip_servers,
    )


@router.delete("/{phone_id}", summary="Take a desk phone out of use")
async def revoke_phone(phone_id: PathId, house: In, who: Who) -> PhoneShape:
    """Takes a desk phone out of use at once: it is hung up, signed out and forgotten."""
    was = await asyncio.to_thread(who.door.revoke_phone, phone_id)
    await house.floor.tell("office.users_changed", who.person)
    names = await asyncio.to_thread(who.door.names)
    return PhoneShape(**_shape(was, names, {}))
