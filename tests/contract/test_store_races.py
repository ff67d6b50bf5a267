"""What a store promises when processes race for a number, or die with a call half made."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from contract_house import House, row

from vyzov.dialer.office_records import AttemptQuery, AttemptRecord

HERE = Path(__file__).parent
WORKER = HERE / "store_worker.py"
KILLS = 6
LIVES_MAX = 40


def start(
    house: House, holder: str, ledger: Path, stream: int, *campaigns: str
) -> subprocess.Popen[str]:
    command = [
        sys.executable, str(WORKER), str(house.address), house.floor, holder, str(ledger),
        str(stream), *campaigns,
    ]  # fmt: skip
    paths = os.pathsep.join([str(HERE), *(path for path in sys.path if path)])
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


def go(workers: list[subprocess.Popen[str]]) -> None:
    """Lets workers begin once all of them are ready."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()


def end(worker: subprocess.Popen[str], code: int) -> None:
    assert worker.wait(timeout=50) == code
    for pipe in (worker.stdin, worker.stdout):
        assert pipe is not None
        pipe.close()


def ledger_text(ledger: Path) -> str:
    return ledger.read_text() if ledger.exists() else ""


def ledger_lines(ledger: Path) -> list[tuple[int, str, str, str]]:
    rows = (line.split() for line in ledger_text(ledger).splitlines())
    return sorted((int(at), what, attempt, number) for at, what, attempt, number in rows)


def all_attempts(house: House) -> list[AttemptRecord]:
    found: list[AttemptRecord] = []
    cursor: str | None = None
    while True:
        page = house.office.attempts(house.organisation, AttemptQuery(), cursor=cursor, limit=500)
        found += page.items
        if page.next is None:
            return found
        cursor = page.next


def most_at_once(lines: list[tuple[int, str, str, str]]) -> int:
    """Returns how many calls to one number the network ever saw at once."""
    live: Counter[str] = Counter()
    most = 0
    for _, what, _, number in lines:
        live[number] += 1 if what == "dial" else -1
        most = max(most, live[number])
    return most


def test_two_processes_with_one_fence_never_have_two_calls_to_a_number(
    house: House, tmp_path: Path
) -> None:
    rows = [row(n, f"+7000555{n:04d}") for n in range(2, 22)]
    campaigns = [house.campaign(rows).id, house.campaign(rows).id]
    ledger = tmp_path / "ledger"
    # Both believe in the same lease: the worst case, where only the indexes stand between them.
    racers = [start(house, "same", ledger, n, *campaigns[:: 1 if n else -1]) for n in (0, 1)]
    go(racers)
    for racer in racers:
        end(racer, 0)
    lines = ledger_lines(ledger)
    attempts = all_attempts(house)
    dialled = Counter(attempt for _, what, attempt, _ in lines if what == "dial")
    assert set(dialled.values()) == {1}
    assert set(dialled) == {attempt.id for attempt in attempts}
    assert len(attempts) == 2 * 20 * 3, "every contact of both campaigns was called three times"
    assert len({attempt.id[-12:] for attempt in attempts}) == 2, "both processes placed calls"
    assert most_at_once(lines) == 1


def test_a_floor_killed_again_and_again_dials_no_attempt_twice_and_loses_none(
    house: House, tmp_path: Path
) -> None:
    campaign = house.campaign([row(n) for n in range(2, 2000)]).id
    ledger = tmp_path / "ledger"
    dice = random.Random(7)
    lives = 0
    # A machine with much else to do needs more lives until the same is done.
    while lives < KILLS or (lives < LIVES_MAX and ledger_text(ledger).count(" dial ") <= KILLS):
        worker = start(house, "recovering", ledger, lives, campaign)
        go([worker])
        time.sleep(dice.uniform(0.02, 0.25))
        worker.kill()
        # Minus nine: it was killed at work, it had not finished before.
        end(worker, -9)
        lives += 1
    house.clock.go_on(days=365)
    left = house.another_store()
    assert left.take_lease(house.floor, "after", house.clock.now, timedelta(seconds=6)) is not None
    attempts = {attempt.id: attempt for attempt in all_attempts(house)}
    dialled = Counter(attempt for _, what, attempt, _ in ledger_lines(ledger) if what == "dial")
    assert len(dialled) > KILLS
    assert set(dialled.values()) == {1}, "no attempt was dialled twice"
    assert set(dialled) <= set(attempts), "every call has its attempt"
    silent = set(attempts) - set(dialled)
    assert len(silent) <= lives, "at most one reservation per kill never became a call"
    finals = {name for name, attempt in attempts.items() if attempt.state == "final"}
    assert finals <= set(dialled), "what was never dialled is not called made"
    still_open = {item.id for item in left.load_floor(house.floor).open_attempts}
    assert len(still_open) <= 1, "each life but the last was recovered from"
    states = Counter(attempt.state for attempt in attempts.values())
    assert sum(states.values()) == len(finals) + states["unknown"] + len(still_open)
    numbers: dict[str, list[int]] = {}
    for attempt in attempts.values():
        numbers.setdefault(attempt.contact_id, []).append(attempt.number)
    assert all(sorted(made) == list(range(1, len(made) + 1)) for made in numbers.values())


def test_threads_that_reserve_one_contact_at_once_get_it_once(house: House) -> None:
    campaign = house.campaign([row(2)]).id
    stores = [house.store("same") for _ in range(4)]
    due = house.due(stores[0], campaign)[0]
    reserves = [house.reserve(due, number=n) for n in range(1, 5)]
    begin = threading.Barrier(4)
    accepted: list[str] = []

    def reserve(index: int) -> None:
        begin.wait()
        if not stores[index].commit((reserves[index],)).refused:
            accepted.append(reserves[index].attempt)

    threads = [threading.Thread(target=reserve, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accepted) == 1


def test_two_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    code = f"from vyzov.storage.migrate import migrate; migrate({str(path)!r})"
    paths = os.pathsep.join(path for path in sys.path if path)
    starts = [
        subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths})
        for _ in range(3)
    ]
    assert [one.wait(timeout=30) for one in starts] == [0, 0, 0]


def test_the_count_of_calls_at_once_sees_an_overlap() -> None:
    whats = ("dial", "dial", "end", "end")
    assert most_at_once([(at, what, "a", "n") for at, what in enumerate(whats)]) == 2
