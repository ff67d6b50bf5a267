"""Trunks: how carriers are reached and what each is like; a look at one, step by step."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Response
from pydantic import ConfigDict, Field, SecretStr

from vyzov.dialer.office_records import Trunk, TrunkSettings
from vyzov.dialer.trunk_settings import check_trunk
from vyzov.web.admission import In, Who, room
from vyzov.web.etags import IfMatch, etag_of, must_match
from vyzov.web.floor_link import speaker
from vyzov.web.shapes import Asked, Cursor, Limit, PageOf, PathId, Shape, page_of

Json = dict[str, Any]

router = room("trunks", under="/trunks")

CHECK_LIMIT = timedelta(seconds=40)
"""Longer than all steps of a look at a trunk can take together."""

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$")]
OptionalHost = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)?$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
User = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9+*#._-]*$")]
Codec = Annotated[str, Field(pattern=r"^(PCMA|PCMU)$")]
Codecs = Annotated[list[Codec], Field(min_length=1, max_length=2)]
CallerHeader = Annotated[str, Field(pattern=r"^(from|pai|ppi|rpid|diversion)$")]
CallerHeaders = Annotated[list[CallerHeader], Field(min_length=1, max_length=5)]
LinesMax = Annotated[int, Field(ge=1, le=10_000)]
Rate = Annotated[float, Field(gt=0, le=1000)]
Transport = Annotated[str, Field(pattern=r"^(udp|tcp|tls)$")]
Srtp = Annotated[str, Field(pattern=r"^(off|required)$")]
Redirects = Annotated[str, Field(pattern=r"^(report|same_host)$")]
NumberFormat = Annotated[str, Field(pattern=r"^(e164|plain|national:[0-9]{0,4})$")]
Prefix = Annotated[str, Field(pattern=r"^[0-9*#]{0,8}$")]
Expires = Annotated[int, Field(ge=60, le=86_400)]
Probe = Annotated[float, Field(ge=0, le=3600)]
SessionExpires = Annotated[int, Field(ge=0, le=86_400)]


class TrunkShape(Shape):
    """A way to a carrier; its password never leaves. The members are as in `NewTrunk`."""

    id: str
    name: str
    host: str
    port: int
    transport: str
    tls_name: str
    srtp: str
    username: str
    realm: str
    allow_md5: bool
    sign_in: bool
    register_expires_s: int
    number_format: str
    prefix: str
    caller_headers: list[str]
    from_user: str
    from_domain: str
    codecs: list[str]
    lines_max: int
    calls_per_second: float
    probe_s: float
    session_expires_s: int
    redirects: str
    active: bool
    has_password: bool
    etag: str = ""


class NewTrunk(Asked):
    """A trunk to be created.

    `port` 0 asks the name's own records (NAPTR, SRV). `sign_in` registers and stays registered.
    `probe_s` and `session_expires_s` 0 switch
    off. `number_format` is e164, plain or national:PREFIX, `caller_headers` where the number shown
    stands, `from_user` and `from_domain` replace the halves of From."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Carrier", "host": "sip.example.org", "port": 5060}]
        },
    )

    name: Annotated[Word, Field(min_length=1)]
    host: Host
    port: Port = 5060
    transport: Transport = "udp"
    tls_name: OptionalHost = ""
    srtp: Srtp = "off"
    username: Word = ""
    password: SecretStr = SecretStr("")
    realm: Word = ""
    allow_md5: bool = False
    sign_in: bool = False
    register_expires_s: Expires = 300
    number_format: NumberFormat = "e164"
    prefix: Prefix = ""
    caller_headers: Annotated[CallerHeaders, Field(default_factory=lambda: ["from"])]
    from_user: User = ""
    from_domain: OptionalHost = ""
    codecs: Annotated[Codecs, Field(default_factory=lambda: ["PCMA", "PCMU"])]
    lines_max: LinesMax = 30
    calls_per_second: Rate = 5.0
    probe_s: Probe = 30.0
    session_expires_s: SessionExpires = 1800
    redirects: Redirects = "report"
    active: bool = True


class TrunkChange(Asked):
    """What to change of a trunk; what is left out stays, an empty password too."""

    name: Annotated[Word | None, Field(min_length=1)] = None
    host: Host | None = None
    port: Port | None = None
    transport: Transport | None = None
    tls_name: OptionalHost | None = None
    srtp: Srtp | None = None
    username: Word | None = None
    password: SecretStr | None = None
    realm: Word | None = None
    allow_md5: bool | None = None
    sign_in: bool | None = None
    register_expires_s: Expires | None = None
    number_format: NumberFormat | None = None
    prefix: Prefix | None = None
    caller_headers: CallerHeaders | None = None
    from_user: User | None = None
    from_domain: OptionalHost | None = None
    codecs: Codecs | None = None
    lines_max: LinesMax | None = None
    calls_per_second: Rate | None = None
    probe_s: Probe | None = None
    session_expires_s: SessionExpires | None = None
    redirects: Redirects | None = None
    active: bool | None = None


class CheckStep(Shape):
    """One step of a look at a trunk: ids to be worded, and what was seen."""

    step: str
    finding: str
    detail: str


class TrunkCheck(Shape):
    """What a look at a trunk found, in the order in which it looked."""

    steps: list[CheckStep]


_LISTS = frozenset({"codecs", "caller_headers"})


def _trunk(trunk: Trunk) -> TrunkShape:
    settings = trunk.settings
    shown: Json = {
        name: getattr(settings, name) for name in TrunkShape.model_fields if hasattr(settings, name)
    }
    shown |= {name: list(shown[name]) for name in _LISTS}
    shown |= {"id": trunk.id, "has_password": bool(settings.password)}
    shape = TrunkShape.model_validate(shown)
    return shape.model_copy(update={"etag": etag_of(shape)})


def _given(asked: Asked) -> Json:
    given: Json = asked.model_dump(exclude_none=True)
    password: SecretStr = given.pop("password", SecretStr(""))
    for name in _LISTS & given.keys():
        given[name] = tuple(given[name])
    return {**given, "password": password.get_secret_value()}


@router.get("", summary="Trunks")
def trunks(who: Who, limit: Limit = 50, cursor: Cursor = None) -> PageOf[TrunkShape]:
    """Gives the trunks of the organisation."""
    return page_of(who.door.trunks(), _trunk, cursor, limit)


@router.post("", status_code=201, summary="Create a trunk")
async def create_trunk(asked: NewTrunk, house: In, who: Who) -> TrunkShape:
    """Creates a trunk; the engine learns it at once."""
    settings = TrunkSettings(**_given(asked))
    check_trunk(settings)
    made = await asyncio.to_thread(who.door.create_trunk, settings)
    await house.floor.tell("office.trunks_changed", who.person)
    return _trunk(made)


@router.get("/{trunk_id}", summary="One trunk")
def trunk(trunk_id: PathId, response: Response, who: Who) -> TrunkShape:
    """Gives a trunk and the ETag an edit must name."""
    shape = _trunk(who.door.trunk(trunk_id))
    response.headers["ETag"] = shape.etag
    return shape


@router.patch("/{trunk_id}", summary="Change a trunk")
async def change_trunk(
    trunk_id: PathId,
    asked: TrunkChange,
    response: Response,
    house: In,
    who: Who,
    if_match: IfMatch = None,
) -> TrunkShape:
    """Changes a trunk; calls already up keep what they have."""

    def work() -> TrunkShape:
        before = who.door.trunk(trunk_id)
        must_match(if_match, _trunk(before).etag)
        settings = replace(before.settings, **_given(asked))
        check_trunk(settings)
        return _trunk(who.door.change_trunk(trunk_id, settings))

    shape = await asyncio.to_thread(work)
    await house.floor.tell("office.trunks_changed", who.person)
    response.headers["ETag"] = shape.etag
    return shape


@router.post("/{trunk_id}/test", summary="Look at a trunk step by step")
async def test_trunk(trunk_id: PathId, house: In, who: Who) -> TrunkCheck:
    """Resolves, connects, reads the certificate, asks OPTIONS and looks at the sign-in.

    Nobody is called. Takes up to half a minute where nothing answers."""
    await asyncio.to_thread(who.door.trunk, trunk_id)
    asked = speaker(who.person)
    told = await house.floor.ask("office.check_trunk", asked, within=CHECK_LIMIT, trunk=trunk_id)
    return TrunkCheck(steps=[CheckStep(**step) for step in told.get("steps", [])])
