"""What office screens and reports ask of a store, topic by topic.

Every method is synchronous, thread-safe and one short transaction of its own; every method takes
the organisation first (the two that find out which organisation it is say so) and sees nothing of
another. An object that is not there is None, never an error; a rule that is broken raises
`InvalidRequest`; a store that cannot answer raises `StoreFault`. Attempts and call facts are
written by the floor only.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from vyzov.core.facts import Fact
from vyzov.dialer.alarm_store import AlarmStore
from vyzov.dialer.audit_records import AuditStore
from vyzov.dialer.contact_edits import ContactEdits
from vyzov.dialer.duplicates import Known
from vyzov.dialer.erasure import Person
from vyzov.dialer.floor_places import FloorBook
from vyzov.dialer.kpi_store import KpiStore
from vyzov.dialer.leads import LeadStore
from vyzov.dialer.office_records import (
    AttemptQuery,
    AttemptRecord,
    CallbackRecord,
    CallbackState,
    CampaignProgress,
    CampaignRecord,
    ContactCard,
    ContactList,
    DispositionRecord,
    EntryRecord,
    FactQuery,
    FactRecord,
    ImportedRow,
    ImportRow,
    NewUser,
    Organisation,
    Page,
    Principal,
    RecordingRecord,
    RememberedAnswer,
    RowVerdict,
    StopEntry,
    Trunk,
    TrunkSettings,
    User,
    UserChange,
    Waterfall,
    WebSession,
)
from vyzov.dialer.people_records import PeopleStore
from vyzov.dialer.phone_records import PhoneStore
from vyzov.dialer.ports import Json
from vyzov.dialer.prompt_records import PromptStore
from vyzov.dialer.quarantine import QuarantineBook
from vyzov.dialer.scripts import ScriptStore
from vyzov.dialer.security_records import SecurityStore
from vyzov.dialer.token_records import TokenStore
from vyzov.dialer.webhooks import WebhookStore


class UserStore(Protocol):
    """Organisations, the people who sign in, and their sessions."""

    def organisations(self) -> tuple[Organisation, ...]:
        """Returns all organisations; the one method besides `session` without an organisation."""
        ...

    def organisation(self, organisation: str) -> Organisation | None: ...

    def set_emergency_stop(self, organisation: str, at: datetime | None) -> None:
        """Stops all dialling of the organisation from the next reservation on; None lifts it."""
        ...

    def floors(self, organisation: str) -> tuple[str, ...]:
        """Returns the ids of the organisation's floors, the first made first."""
        ...

    def principals(self, organisation: str) -> tuple[Principal, ...]: ...
    def create_principal(self, organisation: str, name: str) -> Principal: ...

    def users(self, organisation: str) -> tuple[User, ...]: ...
    def user(self, organisation: str, user_id: str) -> User | None: ...

    def user_by_login(self, organisation: str, login: str) -> User | None:
        """Returns the user of this login (case does not matter), disabled or not."""
        ...

    def create_user(self, organisation: str, user: NewUser) -> User:
        """Creates a user; a login already taken raises `InvalidRequest`."""
        ...

    def change_user(self, organisation: str, user_id: str, change: UserChange) -> User | None:
        """Changes a user; a disabled user's sessions end in the same transaction."""
        ...

    def create_session(self, session: WebSession) -> None: ...

    def session(self, id_hash: str) -> WebSession | None:
        """Returns the session whatever its organisation; the caller compares `expires_at`."""
        ...

    def touch_session(self, organisation: str, id_hash: str, seen: datetime) -> None: ...
    def end_session(self, organisation: str, id_hash: str) -> None: ...
    def end_sessions_of(self, organisation: str, user_id: str) -> int: ...
    def forget_expired_sessions(self, now: datetime) -> int: ...


class CampaignStore(Protocol):
    """Campaigns, versions of their settings, and how far they are."""

    def campaigns(
        self, organisation: str, principal_id: str | None = None
    ) -> tuple[CampaignRecord, ...]:
        """Returns campaigns, newest first; of one principal only where one is given."""
        ...

    def campaign(self, organisation: str, campaign_id: str) -> CampaignRecord | None: ...

    def create_campaign(
        self,
        organisation: str,
        *,
        name: str,
        settings: Json,
        principal_id: str | None = None,
        list_id: str | None = None,
        floor_id: str | None = None,
    ) -> CampaignRecord:
        """Creates a draft; mode and purpose are copied from `settings` (already validated).

        Without `principal_id` or `floor_id` the organisation's first is meant."""
        ...

    def change_campaign(
        self,
        organisation: str,
        campaign_id: str,
        *,
        if_version: int | None = None,
        name: str | None = None,
        settings: Json | None = None,
        list_id: str | None = None,
    ) -> CampaignRecord | None:
        """Changes a campaign; new settings make a new version valid from now.

        `if_version` other than the current raises `InvalidRequest` (somebody was quicker); so does
        another list once the campaign has called."""
        ...

    def set_campaign_state(self, organisation: str, campaign_id: str, state: str) -> None:
        """Writes the state while no floor is there to do it; the floor's own write is the rule."""
        ...

    def campaign_settings(
        self, organisation: str, campaign_id: str, version: int
    ) -> Json | None: ...

    def used_results(
        self, organisation: str, campaign_id: str, codes: Collection[str]
    ) -> frozenset[str]:
        """Returns those of these results that were ever given to a call of the campaign."""
        ...

    def campaign_progress(self, organisation: str, campaign_id: str) -> CampaignProgress | None: ...

    def waterfall(
        self,
        organisation: str,
        campaign_id: str,
        now: datetime,
        open_in: Callable[[tuple[str, ...]], bool],
        *,
        needs_consent: bool = False,
    ) -> Waterfall | None:
        """Counts who could be called now; `open_in`: all these zones are within hours."""
        ...

    def trunks(self, organisation: str) -> tuple[Trunk, ...]: ...
    def trunk(self, organisation: str, trunk_id: str) -> Trunk | None: ...
    def create_trunk(self, organisation: str, settings: TrunkSettings) -> Trunk: ...

    def change_trunk(
        self, organisation: str, trunk_id: str, settings: TrunkSettings
    ) -> Trunk | None:
        """Replaces a trunk's settings; an empty password keeps the one there is."""
        ...


class ListStore(Protocol):
    """Imported lists and what became of each row."""

    def import_list(
        self,
        organisation: str,
        *,
        name: str,
        file_name: str,
        file_sha256: str,
        rows: Iterable[ImportedRow],
        progress: Callable[[int], None] | None = None,
        reading: Json | None = None,
    ) -> ContactList:
        """Writes a list, taking rows as they come; `progress` is told how many are done.

        `reading` says how its file was read, for the next one (see `lists.reading_of`).
        It goes in short transactions, so that calls go on meanwhile; the list is seen by nobody
        until it is complete, and an error from `rows` removes what was written."""
        ...

    def known_numbers(self, organisation: str, numbers: Sequence[str]) -> Mapping[str, Known]:
        """Returns whose some numbers are in finished lists; the oldest contact counts."""
        ...

    def reading_of_titles(self, organisation: str, titles: Sequence[str]) -> Json:
        """Returns how the latest list of just these titles was read, empty where there is none."""
        ...

    def discard_unfinished_lists(self, organisation: str) -> int:
        """Removes what imports left that a crash cut short; returns how many there were."""
        ...

    def lists(self, organisation: str) -> tuple[ContactList, ...]: ...
    def contact_list(self, organisation: str, list_id: str) -> ContactList | None: ...

    def list_rows(
        self,
        organisation: str,
        list_id: str,
        *,
        verdict: RowVerdict | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[ImportRow]: ...

    def undo_list(self, organisation: str, list_id: str) -> ContactList | None:
        """Removes what an import brought and puts back what it changed on contacts of other lists;
        once anybody of it was dialled: `InvalidRequest`."""
        ...


class ContactStore(Protocol):
    """Contacts, the stop-list, and promises to call back."""

    def contacts(
        self,
        organisation: str,
        *,
        search: str = "",
        list_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ContactCard]:
        """Returns contacts whose name or number contains `search`, in order of import."""
        ...

    def contact(self, organisation: str, contact_id: str) -> ContactCard | None: ...
    def contact_entries(self, organisation: str, contact_id: str) -> tuple[EntryRecord, ...]: ...

    def contacts_of_number(self, organisation: str, e164: str) -> tuple[str, ...]:
        """Returns the ids of contacts that have a number and are not erased."""
        ...

    def person(self, organisation: str, contact_id: str) -> Person | None:
        """Returns all that is known of a contact in words, None where there is no such contact."""
        ...

    def erase_contact(
        self, organisation: str, contact_id: str, *, by: str = "", stop: bool = False
    ) -> tuple[str, ...] | None:
        """Erases the personal part for good; facts, attempts and the stop-list stay whole.

        Returns the paths of the contact's recordings, whose files the caller removes. With `stop`
        the contact's numbers are never to be called, known by their references alone."""
        ...

    def erase_number(self, organisation: str, e164: str) -> bool:
        """Forgets the plain form of a number that only the stop-list has; its reference stays."""
        ...

    def number_ref(self, organisation: str, e164: str) -> str:
        """Returns the salted reference under which facts and the stop-list know a number."""
        ...

    def stop_entries(
        self,
        organisation: str,
        *,
        e164: str | None = None,
        lifted: bool = False,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[StopEntry]:
        """Returns the stop-list, newest first; `lifted` adds entries no longer valid."""
        ...

    def add_stop(self, organisation: str, e164: str, *, reason: str, source: str) -> StopEntry:
        """Stops a number at once; one already stopped returns the entry there is."""
        ...

    def lift_stop(self, organisation: str, stop_id: str) -> StopEntry | None:
        """Ends an entry's validity now; the entry itself stays."""
        ...

    def callbacks(
        self,
        organisation: str,
        *,
        state: CallbackState | None = CallbackState.OPEN,
        campaign_id: str | None = None,
        agent_id: str | None = None,
        limit: int = 200,
    ) -> tuple[CallbackRecord, ...]:
        """Returns promises by due time, earliest first."""
        ...


class HistoryStore(Protocol):
    """Attempts, facts, results, recordings: read here, written by the floor."""

    def attempts(
        self, organisation: str, query: AttemptQuery, *, cursor: str | None = None, limit: int = 50
    ) -> Page[AttemptRecord]:
        """Returns attempts, latest first."""
        ...

    def attempt(self, organisation: str, attempt_id: str) -> AttemptRecord | None: ...
    def dispositions(self, organisation: str, attempt_id: str) -> tuple[DispositionRecord, ...]: ...

    def facts(
        self, organisation: str, query: FactQuery, *, after: int = 0, limit: int = 200
    ) -> tuple[FactRecord, ...]:
        """Returns facts with `seq` greater than `after`, in order of `seq`."""
        ...

    def report_facts(self, organisation: str, query: FactQuery) -> Iterator[Fact]:
        """Yields all facts of a query in order, in bounded memory, for a fold of `core.report`."""
        ...

    def append_facts(self, organisation: str, facts: Sequence[Fact]) -> None:
        """Appends to the organisation's own stream (settings); a known dedupe is skipped."""
        ...

    def recordings(
        self, organisation: str, *, attempt_id: str | None = None, limit: int = 100
    ) -> tuple[RecordingRecord, ...]: ...
    def recording(self, organisation: str, recording_id: str) -> RecordingRecord | None: ...


class AnswerMemory(Protocol):
    """Answers once given, so that a repeated request does nothing twice."""

    def remembered_answer(
        self, organisation: str, key: str, route: str
    ) -> RememberedAnswer | None: ...

    def remember_answer(
        self, organisation: str, key: str, route: str, status: int, body: str
    ) -> RememberedAnswer:
        """Keeps an answer; where one is kept already, returns that one and changes nothing."""
        ...

    def forget_answers(self, before: datetime) -> int: ...


class OfficeStore(
    UserStore,
    FloorBook,
    PhoneStore,
    CampaignStore,
    ListStore,
    ContactStore,
    HistoryStore,
    AnswerMemory,
    KpiStore,
    QuarantineBook,
    AlarmStore,
    TokenStore,
    WebhookStore,
    LeadStore,
    PromptStore,
    AuditStore,
    SecurityStore,
    PeopleStore,
    ScriptStore,
    ContactEdits,
    Protocol,
):
    """Everything the office asks of a store."""
