"""The floor's process leaves when it is told to, also while another holder has its lease."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from vyzov import app
from vyzov.dialer.runtime import SystemDice
from vyzov.storage.floors import find_floor
from vyzov.storage.sqlite import SqliteStore

LEAVES_WITHIN_S = 8.0


def catches_signals(pid: int) -> bool:
    """Whether the process has come so far as to look after SIGTERM itself."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def test_a_floor_that_waits_for_its_lease_leaves_at_a_signal(tmp_path: Path) -> None:
    settings = app.Settings(data=tmp_path / "data")
    app.prepare(settings)
    app.first_run(
        settings, login="admin", name="Admin", password_hash=PasswordHasher().hash("a password")
    )
    store = SqliteStore(settings.database, randomness=SystemDice())
    floor = find_floor(settings.database, "main")
    store.take_lease(floor, "somebody else", datetime.now(UTC), timedelta(minutes=5))
    process = subprocess.Popen(
        [sys.executable, "-m", "vyzov", "floor", "--data", str(settings.data)],
        env=os.environ | {"PYTHONPATH": str(Path(app.__file__).parent.parent)},
    )
    try:
        end = time.monotonic() + 30.0
        while not catches_signals(process.pid) and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1.0)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(LEAVES_WITHIN_S) == 0
    finally:
        process.kill()
        store.close()
