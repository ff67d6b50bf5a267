"""Puts the web process together: the app over a store and a floor, and the server that runs it.

It never touches telephony and never decides about calls: settings go to the store, asks to the floor.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from fastapi import FastAPI

from vyzov.core.errors import VyzovError
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.dialer.runtime import SystemClock
from vyzov.web import live_socket, pages, problems
from vyzov.web.admission import House
from vyzov.web.alarm_watch import AlarmWatch
from vyzov.web.factors import Factors
from vyzov.web.floor_links import FloorLinks
from vyzov.web.guard import Guard
from vyzov.web.imports import Imports
from vyzov.web.live_hub import LiveHub
from vyzov.web.once import Once
from vyzov.web.prompt_room import PromptRoom
from vyzov.web.rolling import keep_sums
from vyzov.web.routes import (
    alarms,
    answers,
    audit,
    callbacks,
    campaign_files,
    campaigns,
    contact_edits,
    contacts,
    desk,
    explain,
    floor,
    flows,
    health,
    kpis,
    leading,
    leads,
    lists,
    office,
    peaks,
    people,
    phones,
    plans,
    prices,
    prompts,
    protection,
    records,
    report_files,
    report_tables,
    reports,
    scripts,
    security,
    session,
    tokens,
    trunks,
    users,
    wall,
    webhooks,
    whatif,
)
from vyzov.web.sessions import Sessions
from vyzov.web.settings import WebSettings
from vyzov.web.tokens import Tokens
from vyzov.web.whatif_runs import WhatIfRuns

log = logging.getLogger(__name__)

_ROOMS = (
    prompts,
    flows,
    health,
    session,
    campaigns,
    campaign_files,
    leads,
    lists,
    contact_edits,
    callbacks,
    contacts,
    explain,
    office,
    trunks,
    users,
    tokens,
    phones,
    desk,
    floor,
    wall,
    alarms,
    reports,
    report_tables,
    report_files,
    peaks,
    records,
    kpis,
    prices,
    whatif,
    plans,
    protection,
    webhooks,
    scripts,
    answers,
    audit,
    leading,
    security,
    people,
)


def create_app(
    office: OfficeStore,
    floor: FloorLinks,
    *,
    settings: WebSettings,
    clock: Clock | None = None,
) -> FastAPI:
    """Builds the app; the links to the floors run while the app does."""
    machine = clock or SystemClock()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        app.state.house = _house(office, floor, settings, machine)
        await asyncio.to_thread(_tidy, office, machine)
        tasks = (
            asyncio.create_task(floor.run()),
            asyncio.create_task(keep_sums(office, settings.roll_up_every)),
            asyncio.create_task(AlarmWatch(office, floor, machine).run()),
        )
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await app.state.house.imports.close()
            await app.state.house.whatif.close()

    app = FastAPI(
        title="Vyzov",
        version="1",
        summary="Calls a list of people for you and shows what happened and why.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={
            "default": {"description": "A problem (RFC 9457).", "model": problems.ProblemShape}
        },
        redirect_slashes=False,
    )
    problems.install(app)
    app.add_middleware(Guard, settings=settings)
    for room in (*_ROOMS, live_socket, pages):
        app.include_router(room.router)
    return app


def _tidy(office: OfficeStore, clock: Clock) -> None:
    """Removes what an earlier run of this process left half done."""
    try:
        for organisation in office.organisations():
            office.discard_unfinished_lists(organisation.id)
        office.forget_expired_sessions(clock.utc())
    except VyzovError:
        # Screens that say what is wrong are better than no screens; the next start tidies up.
        log.exception("what an earlier run left half done could not be removed")


def _house(office: OfficeStore, floor: FloorLinks, settings: WebSettings, clock: Clock) -> House:
    def is_store_away(organisation: str) -> bool:
        return floor.state(f"floor:{organisation}").get("database") == "away"

    factors = Factors(office, clock)
    return House(
        settings=settings,
        clock=clock,
        office=office,
        sessions=Sessions(office, clock, settings, factors, is_store_away),
        factors=factors,
        tokens=Tokens(office, clock, settings),
        floor=floor,
        hub=LiveHub(floor, settings.live_sockets_per_user),
        imports=Imports(clock, settings),
        once=Once(office, clock, settings, is_store_away),
        whatif=WhatIfRuns(clock, settings.data, settings.whatif_limit),
        prompts=PromptRoom(settings.prompt_folders),
        prompt_turn=asyncio.Semaphore(settings.prompts_at_once),
    )


def server_config(app: FastAPI, settings: WebSettings) -> uvicorn.Config:
    """Says how to serve: loopback unless told, no version in the answers, bounded frames."""
    ping_s = settings.live_ping.total_seconds()
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_max_size=settings.live_frame_max,
        ws_ping_interval=ping_s,
        ws_ping_timeout=ping_s,
        ws_per_message_deflate=False,
        server_header=False,
        date_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )


class _Server(uvicorn.Server):
    """A server whose process looks after signals itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leaves signals alone: whoever runs us sets `stop`."""
        yield


async def serve(
    office: OfficeStore, settings: WebSettings, *, stop: asyncio.Event | None = None
) -> None:
    """Runs the web process until `stop` is set, or until a signal where there is no `stop`."""
    floor = FloorLinks(office.floor_map, settings)
    config = server_config(create_app(office, floor, settings=settings), settings)
    if stop is None:
        await uvicorn.Server(config).serve()
        return
    server = _Server(config)

    async def leave() -> None:
        await stop.wait()
        server.should_exit = True

    leaving = asyncio.create_task(leave())
    try:
        await server.serve()
    finally:
        leaving.cancel()
