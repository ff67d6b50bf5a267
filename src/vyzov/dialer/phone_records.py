"""What the office keeps of desk phones: whose they are and what they may prove, never a password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class DeviceKind(StrEnum):
    """What an agent talks with."""

    BROWSER = "browser"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class DeskPhone:
    """A desk phone of a person. `username` is what it signs in as; `ha1` maps an algorithm to the
    hash of username, realm and password (RFC 7616 3.4.2)."""

    id: str
    user_id: str
    name: str
    username: str
    ha1: Mapping[str, str] = field(repr=False)
    created_at: datetime
    changed_at: datetime

    @property
    def allows_md5(self) -> bool:
        """Tells whether the phone may use the weak algorithm old devices know."""
        return "MD5" in self.ha1


@dataclass(frozen=True, slots=True)
class NewDeskPhone:
    """A desk phone to be made, or the new secret of one there is."""

    name: str
    username: str
    ha1: Mapping[str, str] = field(repr=False)


class PhoneStore(Protocol):
    """Desk phones, one a person."""

    def phones(self, organisation: str) -> tuple[DeskPhone, ...]:
        """Returns the desk phones in use, by name."""
        ...

    def phone(self, organisation: str, phone_id: str) -> DeskPhone | None: ...

    def create_phone(self, organisation: str, user_id: str, phone: NewDeskPhone) -> DeskPhone:
        """Makes a person's desk phone; one they had, or a username in use: `InvalidRequest`."""
        ...

    def change_phone(
        self, organisation: str, phone_id: str, phone: NewDeskPhone
    ) -> DeskPhone | None:
        """Gives a desk phone another name and secret; its username stays."""
        ...

    def revoke_phone(self, organisation: str, phone_id: str) -> DeskPhone | None:
        """Takes a desk phone out of use for good; returns what it was."""
        ...
