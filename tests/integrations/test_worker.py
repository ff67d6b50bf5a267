"""The worker with a real database and real receivers: at least once, in order, and for each its own."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from receiver import Receiver

sys.path.insert(0, str(Path(__file__).parent.parent / "contract"))

from contract_house import SALT, CountedDice, House, TestClock

from vyzov.core.errors import StoreFault
from vyzov.core.facts import FactKind
from vyzov.core.webhook import HookEvent, event_id, secret_of
from vyzov.dialer.webhooks import NewWebhook, OffReason, Settled, Turn
from vyzov.integrations import worker as at_work
from vyzov.integrations.sending import Send, Sender
from vyzov.integrations.signature import sign
from vyzov.integrations.worker import Patience, Worker
from vyzov.storage.database import open_floor_store
from vyzov.storage.first_run import first_run
from vyzov.storage.office_webhooks import Webhooks
from vyzov.storage.outbox import Outbox

SECRET = secret_of(b"\x05" * 32)
LIMIT = timedelta(seconds=0.2)


class Office(Webhooks, Outbox):
    """The two topics this is about."""


class Centre:
    """A database, its webhooks, and workers that come and go."""

    def __init__(self, path: Path) -> None:
        self.clock, self.dice = TestClock(), CountedDice(first=1_000)
        made = first_run(
            path, clock=self.clock, randomness=CountedDice(stream=99), number_salt=SALT,
            organisation="O", login="admin", name="Admin", password_hash="$argon2id$",
        )  # fmt: skip
        assert made is not None
        self.organisation = made.organisation
        self.office = Office(path, clock=self.clock, randomness=self.dice)
        self.house = House(
            path, self.office, self.clock, self.dice, made.organisation, made.floor,  # type: ignore[arg-type]
            made.administrator, lambda: open_floor_store(path, randomness=self.dice), str,
        )  # fmt: skip

    def hook(self, url: str, *events: HookEvent) -> str:
        new = NewWebhook("CRM", url, events or tuple(HookEvent))
        return self.office.create_webhook(self.organisation, new, SECRET).id

    def happens(self, *facts: tuple[str, str]) -> list[str]:
        """Attempts of contacts finish: (key, contact); returns the ids of their events."""
        store = self.house.store("first")
        store.commit(
            [
                self.house.fact(
                    None, FactKind.FINAL, dedupe=key, contact=contact, data={"number": 1}
                )
                for key, contact in facts
            ]
        )
        return [event_id(self.organisation, key) for key, _ in facts]

    def worker(self, send: Send, holder: str = "w1", patience: Patience | None = None) -> Worker:
        return Worker(
            self.office, lambda: [self.organisation], send, clock=self.clock, dice=self.dice,
            holder=holder, version="1", patience=patience,
        )  # fmt: skip


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path / "vyzov.db")
    yield made
    made.house.close()


Work = Callable[[Sender, Receiver, str], Awaitable[None]]


def with_receiver(
    work: Work, *, otherwise: str = "200", script: list[str] | None = None
) -> Receiver:
    """Runs work with a sender and a receiver on loopback."""

    async def run() -> Receiver:
        receiver = Receiver(otherwise=otherwise, script=script or [])
        sender = Sender(private=True, limit=LIMIT)
        try:
            await work(sender, receiver, await receiver.open())
        finally:
            await sender.close()
            await receiver.close()
        return receiver

    return asyncio.run(run())


async def turns(worker: Worker, centre: Centre, count: int, go_on_s: float = 0.0) -> None:
    """Lets the worker take turns, each after all that was sent has come to its end."""
    for _ in range(count):
        await worker.turn()
        tasks = [task for lane in worker._lanes.values() for task in lane.tasks]
        if tasks:
            await asyncio.wait(tasks)
        centre.clock.go_on(seconds=go_on_s)


def states(centre: Centre, hook: str) -> list[str]:
    page = centre.office.deliveries(centre.organisation, hook)
    return [one.state.value for one in reversed(page.items)]


def test_events_come_signed_once_each_and_in_the_order_of_their_contact(centre: Centre) -> None:
    expected: list[str] = []

    async def work(sender: Sender, _: Receiver, url: str) -> None:
        centre.hook(url)
        expected.extend(centre.happens(("a1", "a"), ("b1", "b"), ("a2", "a"), ("a3", "a")))
        await turns(centre.worker(sender), centre, 5)

    receiver = with_receiver(work)
    assert sorted(got.id for got in receiver.got) == sorted(expected)
    of_a = [got.id for got in receiver.got if got.told["data"]["contact"] == "a"]
    assert of_a == [expected[0], expected[2], expected[3]]
    first = receiver.got[0]
    timestamp = int(first.headers["webhook-timestamp"])
    assert first.headers["webhook-signature"] == sign(SECRET, first.id, timestamp, first.body)
    assert timestamp == int(centre.clock.now.timestamp())
    assert first.told == {
        "type": "attempt.finished",
        "timestamp": "2026-11-23T12:00:00.000000Z",
        "version": 1,
        "data": {
            "campaign": None, "contact": "a", "attempt": None, "agent": None, "person": None,
            "details": {"number": 1},
        },
    }  # fmt: skip
    assert first.headers["content-type"] == "application/json"


def test_a_receiver_that_fails_gets_it_again_and_nothing_overtakes_it(centre: Centre) -> None:
    expected: list[str] = []

    async def work(sender: Sender, _: Receiver, url: str) -> None:
        hook = centre.hook(url)
        expected.extend(centre.happens(("a1", "a"), ("a2", "a")))
        await turns(centre.worker(sender), centre, 8, go_on_s=40)
        assert states(centre, hook) == ["delivered", "delivered"]
        [first] = centre.office.deliveries(centre.organisation, hook).items[1:]
        tries = centre.office.delivery_tries(centre.organisation, hook, first.number)
        assert [(one.status, one.error) for one in tries] == [
            (500, "not_accepted"),
            (None, "timeout"),
            (200, ""),
        ]

    receiver = with_receiver(work, script=["500", "hang", "200"])
    ids = [got.id for got in receiver.got]
    assert ids == [expected[0]] * 3 + [expected[1]]


def test_a_receiver_that_hangs_is_waited_for_by_no_other(centre: Centre) -> None:
    async def work(sender: Sender, receiver: Receiver, url: str) -> None:
        hanging = Receiver(otherwise="hang")
        centre.hook(await hanging.open())
        centre.hook(url)
        centre.happens(*((f"k{n}", f"c{n}") for n in range(20)))
        worker = centre.worker(Sender(private=True, limit=timedelta(seconds=30)))
        begun = asyncio.get_running_loop().time()
        for _ in range(40):
            await worker.turn()
            await asyncio.sleep(0.02)
            if len(receiver.answered) == 20:
                break
        assert asyncio.get_running_loop().time() - begun < 5.0
        assert hanging.most_at_once <= at_work.PARALLEL
        assert hanging.answered == []
        for lane in worker._lanes.values():
            for task in lane.tasks:
                task.cancel()
        await hanging.close()

    assert len(with_receiver(work).answered) == 20


def test_one_that_hangs_is_left_alone_and_tried_by_one_event_at_a_time(centre: Centre) -> None:
    async def work(sender: Sender, receiver: Receiver, url: str) -> None:
        centre.hook(url)
        centre.happens(*((f"k{n}", f"c{n}") for n in range(60)))
        worker = centre.worker(sender)
        await turns(worker, centre, 1)
        knocked = len(receiver.got)
        # Eight at once, and some that began before the third of them failed.
        assert knocked <= 2 * at_work.PARALLEL
        await turns(worker, centre, 3)
        assert len(receiver.got) == knocked  # Its rest is not over.
        await turns(worker, centre, 2, go_on_s=301)
        assert len(receiver.got) <= knocked + 2
        receiver.otherwise = "200"
        await turns(worker, centre, 6, go_on_s=301)

    receiver = with_receiver(work, otherwise="hang")
    assert len(set(receiver.answered)) == 60


def test_a_worker_that_dies_between_sending_and_noting_sends_it_again_under_its_id(
    centre: Centre,
) -> None:
    expected: list[str] = []

    async def work(sender: Sender, receiver: Receiver, url: str) -> None:
        hook = centre.hook(url)
        expected.extend(centre.happens(("a1", "a"), ("a2", "a")))
        dying = centre.worker(sender)
        await turns(dying, centre, 1)
        assert receiver.answered == expected[:1]
        assert states(centre, hook) == ["waiting", "waiting"]
        # It is gone with what it knew; another takes its place once its lease is over.
        centre.clock.go_on(seconds=at_work.LEASE.total_seconds())
        await turns(centre.worker(sender, holder="w2"), centre, 4)
        assert states(centre, hook) == ["delivered", "delivered"]

    receiver = with_receiver(work)
    assert [got.id for got in receiver.got] == [expected[0], expected[0], expected[1]]
    assert receiver.got[0].body == receiver.got[1].body


def test_while_one_worker_lives_another_sends_nothing(centre: Centre) -> None:
    async def work(sender: Sender, receiver: Receiver, url: str) -> None:
        centre.hook(url)
        await turns(centre.worker(sender), centre, 1)
        centre.happens(("a1", "a"))
        await turns(centre.worker(sender, holder="w2"), centre, 3)
        assert receiver.got == []

    with_receiver(work)


def test_a_worker_told_to_leave_notes_what_it_sent_and_lets_go(centre: Centre) -> None:
    async def work(sender: Sender, receiver: Receiver, url: str) -> None:
        hook = centre.hook(url)
        centre.happens(("a1", "a"))
        stop = asyncio.Event()
        running = asyncio.create_task(centre.worker(sender).run(stop))
        for _ in range(500):
            if receiver.answered:
                break
            await asyncio.sleep(0.01)
        stop.set()
        await running
        assert states(centre, hook) == ["delivered"]
        centre.happens(("a2", "a"))
        await turns(centre.worker(sender, holder="w2"), centre, 2)
        assert len(receiver.answered) == 2

    with_receiver(work)


def test_what_a_store_did_not_take_is_noted_later_and_not_overtaken(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Office.worker_turn

    def away(
        self: Office, organisation: str, holder: str, span: timedelta, settled: list[Settled]
    ) -> Turn:
        if settled and not failed:
            failed.append(True)
            raise StoreFault("The database is away.", "Wait.")
        return real(self, organisation, holder, span, settled)

    failed: list[bool] = []
    monkeypatch.setattr(Office, "worker_turn", away)

    async def work(sender: Sender, _: Receiver, url: str) -> None:
        hook = centre.hook(url)
        centre.happens(("a1", "a"), ("a2", "a"))
        worker = centre.worker(sender)
        for _ in range(5):
            await worker._safely(worker.turn)
            await asyncio.sleep(0.05)
        assert failed
        assert states(centre, hook) == ["delivered", "delivered"]

    assert len(with_receiver(work).got) == 2


@pytest.mark.parametrize(
    ("status", "days", "reason"), [(500, 5, OffReason.DEAD), (410, 0, OffReason.GONE)]
)
def test_a_receiver_that_is_dead_or_says_so_is_switched_off(
    centre: Centre, status: int, days: int, reason: OffReason
) -> None:
    async def work(sender: Sender, _: Receiver, url: str) -> None:
        hook = centre.hook(url)
        centre.happens(("a1", "a"), ("b1", "b"))
        worker = centre.worker(sender, patience=Patience(dead_after=timedelta(days=5)))
        await turns(worker, centre, 2)
        centre.clock.go_on(days=days)
        await turns(worker, centre, 4, go_on_s=301)
        found = centre.office.webhook(centre.organisation, hook)
        assert found is not None
        assert (found.settings.active, found.off_reason) == (False, reason)
        assert found.waiting == 2

    with_receiver(work, otherwise=str(status))


def test_an_event_nobody_will_ever_take_is_given_up_and_the_next_goes(centre: Centre) -> None:
    async def work(sender: Sender, receiver: Receiver, url: str) -> None:
        hook = centre.hook(url)
        centre.happens(("a1", "a"), ("a2", "a"))
        patience = Patience(dead_after=timedelta(days=400))
        worker = centre.worker(sender, patience=patience)
        for _ in range(30):
            receiver.otherwise = "500" if len({got.id for got in receiver.got}) < 2 else "200"
            await turns(worker, centre, 1, go_on_s=70_000)
        assert states(centre, hook) == ["given_up", "delivered"]

    with_receiver(work, otherwise="500")


def test_what_is_old_is_forgotten(centre: Centre) -> None:
    async def work(sender: Sender, _: Receiver, url: str) -> None:
        hook = centre.hook(url)
        centre.happens(("a1", "a"))
        worker = centre.worker(sender, patience=Patience(keep=timedelta(days=30)))
        await turns(worker, centre, 2)
        assert states(centre, hook) == ["delivered"]
        centre.clock.go_on(days=31)
        await turns(worker, centre, 2, go_on_s=3_600)
        assert states(centre, hook) == []

    with_receiver(work)
