"""Starts a private PostgreSQL server for tests and proofs: a folder, a unix socket, no password.

It takes the server programs there are (Debian's folders, else PATH). PostgreSQL refuses to run as
root, so a run by root gives the cluster to an unprivileged user. `kill` is a crash: nothing of the
server is left, and `start` recovers the same data behind the same address.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

DEBIAN = Path("/usr/lib/postgresql")
VERSION_LEAST = 15
START_S = 60.0
STOP_S = 30.0
OWNERS = ("postgres", "nobody")
NAME = "vyzov"
SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}
UNSAFE = {"fsync": "off", "full_page_writes": "off"}


class NoPostgres(Exception):
    """This machine has no PostgreSQL server programs of a version Vyzov runs on."""


def find_programs() -> Path:
    """Returns the newest folder with `initdb` and `postgres`; raises `NoPostgres`."""
    folders = [path / "bin" for path in DEBIAN.glob("*") if path.name.isdigit()]
    folders.sort(key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        programs = (folder / "postgres", folder / "initdb")
        if all(os.access(program, os.X_OK) for program in programs) and _version(folder):
            return folder
    raise NoPostgres(
        f"There is no PostgreSQL server of version {VERSION_LEAST} or newer on this machine: "
        "install one (Debian: apt-get install postgresql)."
    )


def _version(folder: Path) -> bool:
    told = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout.split()
    words = [word.split(".")[0] for word in told if word[:1].isdigit()]
    return bool(words) and int(words[0]) >= VERSION_LEAST


@dataclass
class Server:
    """A server of one's own; `url` names its database and stays the same over restarts."""

    home: Path
    programs: Path
    owner: str | None
    fsync: bool
    log: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return self.url_of(NAME)

    @property
    def pid(self) -> int:
        assert self.process is not None, "the server is not running"
        return self.process.pid

    def url_of(self, database: str) -> str:
        """Returns the address of a database of this server."""
        return f"postgresql://{NAME}@/{database}?host={quote(str(self.home), safe='')}"

    def start(self) -> None:
        """Starts the server and waits until it answers; raises RuntimeError where it does not."""
        assert self.process is None, "the server is running already"
        settings = {**SETTINGS, **({} if self.fsync else UNSAFE)}
        options = [f"--{name}={value.strip(chr(39))}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.home / "data", "-k", self.home, *options],
                stdout=log, stderr=log, cwd="/", start_new_session=True, **_as(self.owner),
            )  # fmt: skip
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url_of("postgres")).close()
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start; its log is {self.log}")

    def stop(self) -> None:
        """Ends the server in order: connections are cut, transactions rolled back."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self._wait()

    def kill(self) -> None:
        """Ends the server and all its processes at once, as a power cut would."""
        if self.process is None:
            return
        children = _children(self.process.pid)
        self.process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._wait()
        end = time.monotonic() + STOP_S
        while time.monotonic() < end and any(_alive(child) for child in children):
            time.sleep(0.01)

    def remove(self) -> None:
        """Stops the server and takes its data away."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def cpu_s(self) -> float:
        """Returns the processor seconds of the server's processes, those that ended included."""
        ticks = sum(_times(self.pid)) + sum(sum(_times(child)[:2]) for child in _children(self.pid))
        return ticks / os.sysconf("SC_CLK_TCK")

    def create(self, database: str, template: str | None = None) -> str:
        """Makes a database, as a copy of `template` where one is named; returns its address."""
        like = template or "template0"
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{like}"')
        return self.url_of(database)

    def drop(self, database: str) -> None:
        """Takes a database away, whoever is connected."""
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait(self) -> None:
        assert self.process is not None
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_S)
        self.process = None


def start_postgres(folder: Path, *, fsync: bool = True) -> Server:
    """Makes a new cluster and starts it; its log stands in `folder`.

    With `fsync=False` it is quicker and does not outlive a power cut: for tests only. Raises
    `NoPostgres` where there are no server programs. Whoever starts a server removes it."""
    programs = find_programs()
    owner = _owner()
    folder.mkdir(parents=True, exist_ok=True)
    # A socket's path is short by its nature, and the owner must be able to reach it.
    home = Path(tempfile.mkdtemp(prefix="vyzov-pg-"))
    server = Server(home, programs, owner, fsync, folder / "postgres.log")
    try:
        if owner is not None:
            shutil.chown(home, owner)
        made = subprocess.run(
            [programs / "initdb", "-D", home / "data", "-U", NAME, "--auth=trust",
             "--encoding=UTF8", "--locale=C", *([] if fsync else ["--no-sync"])],
            cwd="/", capture_output=True, text=True, check=False, **_as(owner),
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"PostgreSQL made no cluster: {made.stderr.strip()}")
        server.start()
        server.create(NAME)
    except BaseException:
        server.remove()
        raise
    return server


def _owner() -> str | None:
    """The user the server runs as, where it cannot be ours; None for ours."""
    if os.geteuid() != 0:
        return None
    for name in OWNERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise NoPostgres(f"PostgreSQL does not run as root, and there is none of {', '.join(OWNERS)}.")


def _as(owner: str | None) -> dict[str, Any]:
    if owner is None:
        return {}
    entry = pwd.getpwnam(owner)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name may hold anything but ends with the last parenthesis.
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(words[1]) == parent:
                    found.append(int(entry.name))
    return found


def _times(pid: int) -> tuple[int, ...]:
    """Clock ticks of a process, user's and system's, and the same of its children that ended."""
    try:
        words = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return (0, 0, 0, 0)
    return tuple(int(word) for word in words[11:15])


def _alive(pid: int) -> bool:
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
