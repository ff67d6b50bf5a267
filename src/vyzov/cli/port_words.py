"""Sees before the start whether the ports Vyzov is to listen on are free, and says which are not.

It keeps nobody from starting: the ports of a Vyzov that is just ending are free in a moment, and its
successor waits for them. Words are in the language of the terminal.
"""

import errno
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from vyzov.app import Settings


@dataclass(frozen=True, slots=True)
class Taken:
    """A port somebody else has; `setting` is what names another one."""

    what: str
    host: str
    port: int
    setting: str
    flag: str


WORDS: Mapping[str, tuple[str, str]] = {
    "en": (
        "Port {port} at {host} ({what}) is in use by another program.",
        "End that program, or take another port: --{flag} {other}, or {setting} in vyzov.toml. "
        "Until then Vyzov tries again.",
    ),
    "ru": (
        "Порт {port} на {host} ({what}) занят другой программой.",
        "Завершите её или возьмите другой порт: --{flag} {other} или {setting} в vyzov.toml. "
        "До тех пор Vyzov пробует снова.",
    ),
}
"""What is wrong and what to do, by language."""


def taken_ports(settings: Settings) -> Iterator[Taken]:
    """Yields the ports of the settings that cannot be listened on now."""
    wanted = (
        (socket.SOCK_STREAM, Taken("http", settings.web_host, settings.web_port, "web_port", "port")),
        (socket.SOCK_DGRAM, Taken("SIP", settings.sip_host, settings.sip_port, "sip_port", "sip-port")),
    )  # fmt: skip
    for kind, place in wanted:
        if place.port and not _free(kind, place.host, place.port):
            yield place


def say_taken(one: Taken, language: str) -> str:
    """Words a taken port: what, where, what next."""
    what, next_step = WORDS["ru" if language.startswith("ru") else "en"]
    args = {
        "port": one.port, "host": one.host, "what": one.what, "setting": one.setting,
        "flag": one.flag, "other": one.port + 1,
    }  # fmt: skip
    return f"{what.format_map(args)} {next_step.format_map(args)}"


def _free(kind: socket.SocketKind, host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, kind)) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True
