"""A process that sleeps on the database's lock is told from all others, and ended by its supervisor."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vyzov import app
from vyzov.cli.lock_keepers import is_stopped, keepers, sleeping_on
from vyzov.cli.supervisor import HOPELESS_S, Child, Supervisor

LIMIT_S = 30.0
WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE" if sys.argv[2] == "writes" else "BEGIN")
connection.execute("SELECT * FROM one").fetchall()
print("here", flush=True)
time.sleep(600)
"""
TABLE = """1: POSIX  ADVISORY  WRITE 41 fe:00:77 120 120
1: -> POSIX  ADVISORY  WRITE 42 fe:00:77 120 120
2: POSIX  ADVISORY  READ 43 fe:00:77 120 120
3: POSIX  ADVISORY  WRITE 44 fe:00:78 120 120
4: POSIX  ADVISORY  WRITE 45 fe:00:77 121 121
5: POSIX  ADVISORY  WRITE 46 fe:00:77 121 127
6: FLOCK  ADVISORY  WRITE 47 fe:00:77 0 EOF
7: POSIX  ADVISORY  WRITE 48 fe:00:77 0 EOF
"""


def await_true(question: Callable[[], bool]) -> bool:
    end = time.monotonic() + LIMIT_S
    while not question() and time.monotonic() < end:
        time.sleep(0.02)
    return question()


def test_only_who_has_a_writing_lock_of_this_file_keeps_others_from_it() -> None:
    assert list(keepers(TABLE, 77)) == [41, 46, 48]


@pytest.mark.parametrize(("act", "sleeps"), [("writes", True), ("reads", False)])
def test_a_stopped_process_sleeps_on_the_database_if_it_was_writing(
    tmp_path: Path, act: str, sleeps: bool
) -> None:
    path = tmp_path / "one.db"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE one (a)")
    made.close()
    asked = sleeping_on(str(path))
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), act], stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"here\n"
        assert not asked(writer.pid)
        writer.send_signal(signal.SIGSTOP)
        assert await_true(lambda: is_stopped(writer.pid))
        assert asked(writer.pid) is sleeps
        writer.send_signal(signal.SIGCONT)
        assert await_true(lambda: not asked(writer.pid))
    finally:
        writer.kill()
        writer.communicate()
    assert not asked(writer.pid)


def test_nobody_sleeps_on_a_server() -> None:
    assert not sleeping_on("postgresql://vyzov@/vyzov?host=here")(os.getpid())


def test_a_hopeless_child_is_ended_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(app.__file__).parent.parent))
    child = Child("box", ["pstn", "--port", "0", "--ledger", str(tmp_path / "ledger.jsonl")])

    async def run() -> list[tuple[str, int]]:
        news: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        keeper = Supervisor(
            [child], lambda what, _name, number: news.put_nowait((what, number)), (), is_stopped
        )
        keeping = asyncio.create_task(keeper.run())
        async with asyncio.timeout(LIMIT_S):
            told = [await news.get()]
            os.kill(told[0][1], signal.SIGSTOP)
            stopped_at = time.monotonic()
            told += [await news.get() for _ in range(3)]
            assert time.monotonic() - stopped_at >= HOPELESS_S
        keeper.stop()
        await keeping
        return told

    told = asyncio.run(run())
    first, again = told[0][1], told[3][1]
    assert told == [
        ("started", first), ("hopeless", first), ("died", -signal.SIGKILL), ("started", again),
    ]  # fmt: skip
    assert again != first
