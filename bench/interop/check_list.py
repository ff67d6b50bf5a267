"""The checks of `verify interop`: what is done with which partner; each leaves evidence in its folder.

A check is a coroutine that drives both sides. It asserts nothing: `check_interop.py` judges what it left.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from our_side import OurSide
from wire_watch import Seen

from vyzov.telephony.native.signalling import Listening
from vyzov.telephony.native.tls import TlsFiles

TLS_NAME = "partner.example"
"""The name that every partner's certificate bears."""


@dataclass
class Scene:
    """What a check has at hand."""

    folder: Path
    partner: Any
    transport: str
    certificates: Path
    """Where `ca.pem` is, the only authority that signed for the partners."""
    notes: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the judge must know besides: ports, files, answers of the partner."""

    copies: list[Seen] = field(default_factory=list[Seen])
    """Messages that only a partner's own book tells of."""

    def ours(self) -> OurSide:
        """An engine and floor that leave their evidence in this check's folder.

        The engine believes the partners' authority only, and takes calls by TCP and TLS too."""
        tls = TlsFiles(
            self.certificates / "partner.pem", self.certificates / "partner.key",
            self.certificates / "ca.pem",
        )  # fmt: skip
        return OurSide(self.folder, listening=Listening(tls=tls))

    def reach(self) -> dict[str, Any]:
        """How a trunk reaches the partner by this check's transport."""
        if self.transport == "udp":
            return {}
        found = {"transport": self.transport}
        return found | ({"tls_name": TLS_NAME} if self.transport == "tls" else {})


Drive = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Check:
    """One check, run once for each of its transports."""

    name: str
    partner: str
    drive: Drive
    transports: tuple[str, ...]
    quick: bool
    """Whether CI runs it too."""


CHECKS: list[Check] = []


def check(
    partner: str, *transports: str, quick: bool = True, name: str = ""
) -> Callable[[Drive], Drive]:
    """Enters a coroutine into the list."""

    def enter(drive: Drive) -> Drive:
        own = name or getattr(drive, "__name__", "").strip("_")
        CHECKS.append(Check(own, partner, drive, transports or ("udp",), quick))
        return drive

    return enter
