"""What people change on a contact's card and of promises to call back; writing it is the store's part.

Who may is decided in `access_contacts`. What was changed, by whom and when, is written into the log of
changes by the store itself (`audit_records`), so a card's history is read there.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from vyzov.core.callback import Promise
from vyzov.dialer.office_records import CallbackRecord, CallbackState, ContactCard, ImportPhone


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What to change on a card; None leaves it. `phones` are all numbers, the first to call first."""

    name: str | None = None
    note: str | None = None
    fields: Mapping[str, str] | None = None
    phones: tuple[ImportPhone, ...] | None = None


class CancelReason(StrEnum):
    """Why somebody of the office takes a promise back."""

    ASKED = "asked"
    REACHED = "reached"
    MISTAKE = "mistake"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CallbackCounts:
    """How promises ended that were due within a span; `late` are open ones whose hour is over."""

    open: int = 0
    late: int = 0
    kept: int = 0
    missed: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class CallbackQuery:
    """Which promises; every field given narrows. Times bound `due_at`: `until` is outside."""

    state: CallbackState | None = None
    campaign_id: str | None = None
    agent_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def card_tag(card: ContactCard) -> str:
    """Names this very state of what can be changed on a card."""
    shown = (
        card.name, card.note, sorted(card.fields.items()), [one.e164 for one in card.phones],
        [str(one.revoked_at) for one in card.consents],
    )  # fmt: skip
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:20]


class ContactEdits(Protocol):
    """Writes changes of cards and of promises."""

    def change_contact(
        self, organisation: str, contact_id: str, change: ContactChange, *, if_tag: str
    ) -> bool:
        """Changes a card as it stood at `if_tag`; False where it stands otherwise by now.

        Numbers of somebody who is in a call cannot change: `InvalidRequest`."""
        ...

    def revoke_consents(self, organisation: str, contact_id: str) -> int:
        """Ends every consent that stands; returns how many."""
        ...

    def callback(self, organisation: str, callback_id: str) -> CallbackRecord | None: ...

    def move_callback(self, organisation: str, callback_id: str, promise: Promise) -> bool:
        """Promises the call for another hour or from another agent.

        False where the promise is over, or the contact is in a call by now."""
        ...

    def cancel_callback(self, organisation: str, callback_id: str, reason: CancelReason) -> bool:
        """Takes a promise back: the contact is called no more in that campaign; False as above."""
        ...

    def callbacks_of(
        self, organisation: str, query: CallbackQuery, *, limit: int
    ) -> tuple[CallbackRecord, ...]:
        """Returns promises by due time, earliest first."""
        ...

    def callback_counts(self, organisation: str, query: CallbackQuery) -> CallbackCounts:
        """Counts promises by how they ended."""
        ...
