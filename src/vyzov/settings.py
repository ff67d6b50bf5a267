"""The settings of an installation: `DIR/vyzov.toml`, the environment and the flags of one run.

Where things are and how much of them; what a setting means is decided by whoever is told it.
"""

import json
import os
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

from vyzov.core.errors import InvalidRequest
from vyzov.storage.address import fits, is_postgres

FILE = "vyzov.toml"
DATABASE_VARIABLE = "VYZOV_DATABASE"
FILE_HEAD = (
    "# The settings of this Vyzov, read at its start; docs/reference/settings.md explains them.",
    "# A line behind # is a default. A flag of `vyzov serve` holds for that run only.",
    "",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a Vyzov lives and listens. Read from `DIR/vyzov.toml`; the command line overrides it
    for one run."""

    data: Path
    database: str = field(default="", repr=False)
    floor: str = "main"
    floor_processes: int = 1
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    sip_host: str = "127.0.0.1"
    sip_port: int = 5062
    rtp_first: int = 30000
    rtp_last: int = 33999
    sip_tcp_port: int = 0
    sip_tls_port: int = 0
    tls_certificate: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    sip_product: str = "Vyzov"
    sip_connections_max: int = 512
    sip_connections_per_source: int = 32
    sip_stranger_rate: int = 20
    sip_strangers_rate: int = 100
    sip_known_rate: int = 3000
    sip_ban_failures: int = 10
    sip_ban_s: int = 600
    sip_trace_mb: int = 256
    sip_trace_numbers: bool = False
    advertised_host: str = ""
    dns_servers: tuple[str, ...] = ()
    webrtc_hosts: tuple[str, ...] = ()
    prompt_folders: tuple[str, ...] = ()
    prompt_voice: str = ""
    secure_cookie: bool = False
    trusted_proxies: tuple[str, ...] = ()
    extra_origins: tuple[str, ...] = ()
    journal_folder: str = ""
    journal_mb: int = 1024
    backlog_batches: int = 20_000
    anchor_minutes: int = 60
    record_inputs_mb: int = 256
    webhook_private: bool = False
    webhook_dead_days: int = 5
    webhook_keep_days: int = 30

    def __post_init__(self) -> None:
        """Settles where the database is: `database` is an address from here on."""
        if "://" not in self.database:
            object.__setattr__(self, "database", str(self.data / (self.database or "vyzov.db")))
        elif not fits(self.database):
            # What was given is not repeated: it may hold a password.
            raise InvalidRequest(
                "The setting `database` is no address Vyzov can take.",
                "Leave it empty, or write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
            )

    def is_there(self) -> bool:
        """Says whether a Vyzov lives here: its file is there, or its database is elsewhere."""
        return is_postgres(self.database) or Path(self.database).exists()

    @property
    def engine_socket(self) -> Path:
        return self.data / "run" / "engine.sock"

    def floor_socket(self, floor: str) -> Path:
        """Where this process listens as the owner of a floor; the lease tells it to others."""
        return self.data / "run" / f"floor-{os.getpid()}-{floor[-6:]}.sock"

    @property
    def sip_trace(self) -> Path:
        return self.data / "sip"

    @property
    def recordings(self) -> Path:
        return self.data / "recordings"

    @property
    def prompts(self) -> Path:
        """Where organisations' own prompts are kept; the engine looks here first."""
        return self.data / "prompts"

    @property
    def journal(self) -> Path:
        return self.data / (self.journal_folder or "journal")

    @property
    def worker_pulse(self) -> Path:
        """Where the worker says every few seconds that it lives, and what it has brought."""
        return self.data / "run" / "worker.json"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    def secret(self) -> bytes:
        """The installation's secret, from which Call-IDs are derived; made at the first start."""
        path = self.data / "secret.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(os.urandom(32).hex().encode())
        return bytes.fromhex(path.read_text(encoding="ascii"))


def load_settings(data: Path, **overrides: Any) -> Settings:
    """Reads `DIR/vyzov.toml` where there is one; what it cannot take is an error that says why.

    The environment's `VYZOV_DATABASE` goes before the file: an address with a password need not stand
    in either the file or a command line, which others on the machine can read."""
    path = data / FILE
    found = _read(path) if path.exists() else {}
    known = {one.name for one in fields(Settings)} - {"data"}
    unknown = sorted(set(found) - known)
    if unknown:
        raise InvalidRequest(
            f"{path} has settings Vyzov does not know: {', '.join(unknown)}.",
            f"Take them out or correct them; known are {', '.join(sorted(known))}.",
        )
    given = {name: value for name, value in overrides.items() if value is not None}
    if os.environ.get(DATABASE_VARIABLE):
        given.setdefault("database", os.environ[DATABASE_VARIABLE])
    plain = Settings(data=data.resolve())
    told = {
        name: _fitting(path, name, value, getattr(plain, name))
        for name, value in (found | given).items()
    }
    return replace(plain, **told)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"{path} cannot be read: {error}.", "Correct it, then start again."
        ) from error


def _fitting(path: Path, name: str, value: Any, plain: Any) -> Any:
    """Takes a value of the kind its default has; lists become tuples."""
    if isinstance(plain, tuple) and isinstance(value, list | tuple):
        several = cast("tuple[Any, ...]", tuple(value))
        if all(isinstance(one, str) for one in several):
            return several
    elif type(value) is type(plain):
        return value
    kinds = {str: "a text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}
    raise InvalidRequest(
        f"{path} gives {name} the value {value!r}.",
        f"It must be {kinds[type(plain)]}, like {_toml(plain)}.",
    )


def save_settings(settings: Settings) -> None:
    """Writes the file anew with what differs from the defaults; the rest stands in comments."""
    plain = Settings(data=settings.data)
    lines: list[str] = [*FILE_HEAD]
    for one in fields(Settings):
        value = getattr(settings, one.name)
        if one.name != "data":
            mark = "# " if value == getattr(plain, one.name) else ""
            lines.append(f"{mark}{one.name} = {_toml(value)}")
    path = settings.data / FILE
    path.touch(mode=0o600)  # It may hold a password.
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """Writes a value as TOML; a JSON string or list of them is one as well."""
    return json.dumps(value, ensure_ascii=False)


def write_first(settings: Settings) -> None:
    """Writes the file of a new installation; one that exists belongs to whoever edits it."""
    if not (settings.data / FILE).exists():
        save_settings(settings)
