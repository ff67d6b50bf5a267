"""A tiny floor in a process of its own, made to be killed: reserves, "dials" into a ledger, finishes.

The ledger stands for the telephone network: a line is written there only after the commit that allows
it. `python store_worker.py DATABASE FLOOR HOLDER LEDGER STREAM CAMPAIGN...` runs until it is killed or
nobody is left to call.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta

from contract_house import CountedDice

from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.storage.database import open_floor_store

SPAN = timedelta(seconds=60)
ATTEMPTS_EACH = 3


class Worker:
    def __init__(self, path: str, floor: str, holder: str, ledger: str, stream: str) -> None:
        self.dice = CountedDice(int(stream))
        self.store: FloorStore = open_floor_store(path, randomness=self.dice)
        self.floor, self.stream = floor, stream
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        fence = self.store.take_lease(floor, holder, datetime.now(UTC), SPAN)
        assert fence is not None
        self.fence = fence

    def tell(self, what: str, attempt: str, number_ref: str) -> None:
        line = f"{time.monotonic_ns()} {what} {attempt} {number_ref}\n"
        os.write(self.ledger, line.encode())

    def recover(self) -> None:
        """What a crash left open counts as made and is never dialled again by itself."""
        for left in self.store.load_floor(self.floor).open_attempts:
            assert left.due is not None
            self.tell("end", left.id, left.number_ref)
            self.store.commit(
                (
                    w.FinishAttempt(left.id, "unknown", "unknown", datetime.now(UTC)),
                    self.entry(left.due, left.number, left.id),
                )
            )

    def entry(self, due: DueContact, made: int, attempt: str) -> w.SetEntry:
        state = "closed" if made >= ATTEMPTS_EACH else "due"
        return w.SetEntry(
            due.campaign, due.contact, state, datetime.now(UTC), made, attempt=attempt
        )

    def call(self, due: DueContact) -> None:
        attempt = self.dice.new_id()
        number = due.attempts_made + 1
        now = datetime.now(UTC)
        reserve = w.Reserve(
            attempt=attempt, campaign=due.campaign, contact=due.contact, phone=due.phone,
            number_ref=due.number_ref, number=number, fence=self.fence, floor=self.floor,
            lease_until=now + SPAN, campaign_version=1, rule_version="1", verdict={},
            trunk="t", caller_id="+70005559999", call_id=attempt, at=now,
        )  # fmt: skip
        in_call = w.SetEntry(due.campaign, due.contact, "in_call", None, number, attempt=attempt)
        if attempt in self.store.commit((reserve, in_call)).refused:
            return
        self.tell("dial", attempt, due.number_ref)
        # The callee's time: the other process gets its turn at the database and at this number.
        time.sleep(0.002)
        self.tell("end", attempt, due.number_ref)
        self.store.commit(
            (
                w.FinishAttempt(attempt, "final", "no_answer", datetime.now(UTC)),
                self.entry(due, number, attempt),
            )
        )

    def run(self, campaigns: list[str]) -> None:
        while True:
            found = [
                due
                for campaign in campaigns
                for due in self.store.due(campaign, datetime.now(UTC), 5, frozenset())
            ]
            if not found:
                return
            for due in found:
                self.call(due)


def main() -> None:
    path, floor, holder, ledger, stream, *campaigns = sys.argv[1:]
    worker = Worker(path, floor, holder, ledger, stream)
    if holder.startswith("recovering"):
        worker.recover()
    print("ready", flush=True)
    sys.stdin.readline()
    worker.run(campaigns)


if __name__ == "__main__":
    main()
