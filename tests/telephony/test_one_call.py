"""`vyzov call`: one call through an engine of its own, with every event told as it came."""

from typing import Any

import pytest
import uvloop
from callee import Callee

from vyzov.telephony.native.one_call import place_one_call

pytestmark = pytest.mark.timeout(60)


def test_an_answered_call_is_told_from_its_first_event_to_its_end() -> None:
    told: list[dict[str, Any]] = []

    async def story() -> dict[str, Any]:
        async with Callee() as callee:
            return await place_one_call(
                "+70005550101", f"sip:127.0.0.1:{callee.port}", talk_s=0.5, on_event=told.append
            )

    result = uvloop.run(story())
    assert (result["outcome"], result["code"], result["answered_events"]) == ("answered", 200, 1)
    assert result["ended_by"] == "us"
    assert result["rtp"]["rtp_received"] > 10
    kinds = [event["event"] for event in told]
    assert kinds[0] == "dialing"
    assert "answered" in kinds
    assert kinds[-1] == "ended"


def test_a_call_nobody_takes_is_given_up() -> None:
    async def story() -> dict[str, Any]:
        async with Callee(answers=False) as callee:
            return await place_one_call(
                "+70005550101", f"sip:127.0.0.1:{callee.port}", ring_timeout_s=0.5
            )

    result = uvloop.run(story())
    assert (result["outcome"], result["stage"]) == ("failed", "cancelled")
    assert result["answered_events"] == 0
