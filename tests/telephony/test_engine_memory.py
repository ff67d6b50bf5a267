"""An engine that has made many calls holds no more than one that has made a few."""

import asyncio
import gc
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop
from engine_lab import Lab, originate

from vyzov.dialer.ports import (
    Ended,
    Failed,
    Forget,
    Hangup,
    Play,
    RecordFinished,
    RecordStart,
)
from vyzov.sip import sdp
from vyzov.sip.transaction import GIVE_UP
from vyzov.telephony.native import collector

pytestmark = pytest.mark.timeout(120)

CALLS = 40
AT_ONCE = 10


class Answerer:
    """A far side of a few lines, so that what is counted is the engine's: answers every INVITE.

    Numbers that end in 9 are busy."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _readable(self) -> None:
        data, source = self._socket.recvfrom(65_535)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        if first.startswith(("ACK", "SIP/2.0")):
            return
        kept = [one for one in lines if one.startswith(("Via", "From", "Call-ID", "CSeq"))]
        (to,) = [one for one in lines if one.startswith("To")]
        if "tag=" not in to:
            to += ";tag=them"
        answer, code = b"", "200 OK"
        if first.startswith("INVITE") and first.split("@", 1)[0].endswith("9"):
            code = "486 Busy Here"
        elif first.startswith("INVITE"):
            answer = sdp.answer(
                sdp.parse(body), address="127.0.0.1", port=self.port + 1, session_id=1
            )
        out = [
            f"SIP/2.0 {code}", *kept, to, f"Contact: <sip:them@127.0.0.1:{self.port}>",
            "Content-Type: application/sdp", f"Content-Length: {len(answer)}",
        ]  # fmt: skip
        self._socket.sendto(("\r\n".join(out) + "\r\n\r\n").encode() + answer, source)


async def short_call(lab: Lab, number: int) -> None:
    """Makes one call with a recording and a play, hangs up and forgets it."""
    leg, floor = f"leg-{number}", lab.floor
    floor.send(originate(leg, to=f"+700055501{number % 100:02d}", classify=True))
    floor.send(RecordStart(leg, f"rec-{number}", f"{number}.wav"))
    if number % 10 == 9:
        await floor.wait(Failed, leg)
    else:
        await asyncio.sleep(0.2)
        floor.send(RecordStart(leg, f"rec-{number}", f"{number}.wav"))
        floor.send(Play(leg, "tone", "tone:440:-20", loop=True))
        await asyncio.sleep(0.2)
        floor.send(Hangup(leg))
        await floor.wait(Ended, leg)
        await floor.wait(RecordFinished, leg)
    floor.send(Forget(leg))


async def calls(lab: Lab, first: int) -> None:
    for start in range(first, first + CALLS, AT_ONCE):
        await asyncio.gather(*(short_call(lab, n) for n in range(start, start + AT_ONCE)))
    lab.floor.events.clear()
    await asyncio.sleep(0.1)


def let_time_pass(lab: Lab) -> None:
    """Fires every SIP timer now, as if the half minute after the last call were over."""
    agent = lab.engine.signalling.agent
    later = time.monotonic() + GIVE_UP + 1
    while (due := agent.next_deadline()) is not None and due < later:
        agent.handle_deadline(due)
    agent.events()
    agent.messages_to_send()


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    gc.freeze()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_calls_that_are_over_leave_nothing_in_an_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            far = Answerer()
            lab.floor.trunk(far.port)
            await calls(lab, 0)
            let_time_pass(lab)
            gc.collect()
            await calls(lab, CALLS)
            let_time_pass(lab)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            gc.set_debug(0)
            found = Counter(type(one).__qualname__ for one in gc.garbage)
            engine, agent = lab.engine, lab.engine.signalling.agent
            tables = {
                "calls": engine.calls.living,
                "records": engine.book.legs,
                "ticked": engine.clock._ticked,
                "orphans": engine.orphans._since,
                "harbour": engine.orphans._harbour,
                "legs": agent._legs,
                "early": agent._early,
                "dialogs": agent._dialogs,
                "clients": agent._layer._clients,
                "servers": agent._layer._servers,
                "timers": agent._layer.schedule._due,
            }
            far.close()
        assert {name: len(table) for name, table in tables.items() if table} == {}
        assert found.total() < 2 * CALLS, found.most_common(12)

    uvloop.run(story())


@pytest.mark.usefixtures("no_collector")
def test_what_cycles_are_left_is_collected_before_it_grows_large() -> None:
    """Cycles that lived long enough to be old, as a call's would, are still found in time."""
    before = gc.get_threshold()
    try:
        collector.settle()
        gc.enable()
        living: deque[list[object]] = deque(maxlen=30_000)
        most = 0
        for number in range(1_000_000):
            one: list[object] = []
            one.append(one)
            living.append(one)
            if number % 5_000 == 0:
                most = max(most, len(gc.get_objects()))
    finally:
        gc.set_threshold(*before)
    assert most < 500_000


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(("legs", "left"), [(collector.FEW_LEGS, 0), (collector.FEW_LEGS + 1, 50)])
def test_cycles_are_swept_up_while_there_are_few_legs(legs: int, left: int) -> None:
    class Left:
        living = 0

        def __init__(self) -> None:
            self.itself = self
            Left.living += 1

        def __del__(self) -> None:
            Left.living -= 1

    for _ in range(50):
        Left()
    collector.sweep(legs)
    assert Left.living == left
