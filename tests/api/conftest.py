"""Fixtures: a town in a database, a floor's peer, and the running web process between them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from api_floor_peer import FloorPeer
from api_site import Site, running
from api_town import Town, build_town

from vyzov.web.settings import SAMPLE_PROMPTS, WebSettings


@pytest.fixture(scope="session")
def town_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrations and password hashes are slow: they are made once and copied."""
    path = tmp_path_factory.mktemp("town") / "vyzov.db"
    build_town(path)
    return path


@pytest.fixture
def town(town_template: Path, tmp_path: Path) -> Iterator[Town]:
    copy = Town.copy_of(town_template, tmp_path)
    yield copy
    copy.office.close()


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[FloorPeer]:
    with FloorPeer(tmp_path / "floor.sock") as one:
        yield one


@pytest.fixture
def settings(town: Town, peer: FloorPeer, tmp_path: Path) -> WebSettings:
    return WebSettings(
        port=0,
        recordings=town.recordings,
        prompt_folders=(tmp_path / "prompts", SAMPLE_PROMPTS),
        sip_trace=tmp_path / "sip",
        static=tmp_path / "static",
        ask_timeout=timedelta(seconds=2),
        floor_look_every=timedelta(milliseconds=200),
        floor_retry_first=timedelta(milliseconds=10),
        floor_retry_max=timedelta(milliseconds=50),
        new_campaign_pause=timedelta(milliseconds=1),
        session_recheck=timedelta(milliseconds=200),
    )


@pytest.fixture
def site(town: Town, peer: FloorPeer, settings: WebSettings) -> Iterator[Site]:
    with running(town, peer, settings) as one:
        yield one
