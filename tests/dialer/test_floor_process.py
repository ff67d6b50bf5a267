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
        time.sleep(3.0)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(LEAVES_WITHIN_S) == 0
    finally:
        process.kill()
        store.close()
