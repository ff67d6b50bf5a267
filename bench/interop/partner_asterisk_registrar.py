"""Asterisk as the registrar of a trunk that signs in, and what it holds of us before and after."""

import asyncio
import re

from check_list import Scene, check
from our_side import TRUNK, OurSide
from partner_asterisk import PASSWORD

from vyzov.dialer.ports import RemoveTrunk, TrunkState

USER = "vyzov"
EXPIRES_S = 60


def contacts(scene: Scene) -> int:
    """How many addresses the registrar holds for us."""
    told = scene.partner.asterisk.console("pjsip show contacts")
    return len(re.findall(rf"Contact:\s+{USER}/sip:", told))


async def held(scene: Scene) -> None:
    """Notes what the registrar holds now."""
    found = await asyncio.to_thread(contacts, scene)
    scene.notes.setdefault("contacts", []).append(found)


async def signed_in(scene: Scene, ours: OurSide, password: str) -> TrunkState:
    """Lets the trunk sign in, and returns the first word of it."""
    scene.notes["ours"] = ours.ports
    ours.trunk(
        scene.partner.ports[scene.transport], username=USER, password=password,
        realm="carrier.example", register=True, register_expires_s=EXPIRES_S, **scene.reach(),
    )  # fmt: skip
    return await ours.wait(TrunkState, where=lambda e: e.source == "registration")


@check("asterisk", "udp", "tcp", "tls")
async def signs_in_and_out(scene: Scene) -> None:
    """Signed in it holds one address of ours, signed out none."""
    async with scene.ours() as ours:
        await signed_in(scene, ours, PASSWORD)
        await held(scene)
        ours.send(RemoveTrunk(TRUNK))
        await asyncio.sleep(0.4)
        await held(scene)


@check("asterisk")
async def signs_in_with_a_wrong_password(scene: Scene) -> None:
    """Refused once it stays refused: no second try with the same password."""
    async with scene.ours() as ours:
        await signed_in(scene, ours, "wrong")
        await asyncio.sleep(1.0)
        await held(scene)


@check("asterisk", quick=False)
async def signs_in_again_before_it_expires(scene: Scene) -> None:
    """Of 60 seconds at most 54 pass before it signs in anew; its address never lapses."""
    async with scene.ours() as ours:
        await signed_in(scene, ours, PASSWORD)
        await asyncio.sleep(EXPIRES_S + 5)
        await held(scene)
