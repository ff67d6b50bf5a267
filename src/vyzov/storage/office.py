"""The office's store on SQL: all topics of `dialer.office_store.OfficeStore` in one object."""

from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock, Randomness
from vyzov.storage.address import Address
from vyzov.storage.office_alarms import Alarms
from vyzov.storage.office_audit import Audit
from vyzov.storage.office_campaigns import Campaigns
from vyzov.storage.office_contact_edits import ContactEdits
from vyzov.storage.office_contacts import Contacts, StopList
from vyzov.storage.office_erasure import Erasure
from vyzov.storage.office_floors import Floors
from vyzov.storage.office_history import Answers, History
from vyzov.storage.office_journal import StopJournal
from vyzov.storage.office_kpi import KeyFigures
from vyzov.storage.office_leads import Leads
from vyzov.storage.office_lists import Lists
from vyzov.storage.office_people import People
from vyzov.storage.office_phones import Phones
from vyzov.storage.office_prices import PriceBook
from vyzov.storage.office_prompts import Prompts
from vyzov.storage.office_quarantine import Quarantines
from vyzov.storage.office_scripts import Scripts
from vyzov.storage.office_security import Security
from vyzov.storage.office_tokens import Tokens
from vyzov.storage.office_trunks import Trunks
from vyzov.storage.office_users import Users
from vyzov.storage.office_webhooks import Webhooks
from vyzov.storage.prompt_files import PromptFiles


class SqlOffice(
    Users,
    Floors,
    Phones,
    Campaigns,
    Trunks,
    Lists,
    Contacts,
    ContactEdits,
    Erasure,
    StopList,
    History,
    Answers,
    PriceBook,
    KeyFigures,
    Quarantines,
    Alarms,
    Tokens,
    Leads,
    Webhooks,
    Prompts,
    Audit,
    Security,
    People,
    Scripts,
):
    """An `OfficeStore` on a database that is migrated already; safe to use from any thread."""


def open_office(
    path: Address, *, clock: Clock, randomness: Randomness, clock_id: str = "office",
    stops: StopJournal | None = None, prompts: PromptFiles | None = None,
) -> OfficeStore:  # fmt: skip
    """Opens the office's store; `clock_id` names this process's monotonic clock in facts.

    `stops` is where entries of the stop-list are noted, beside the database that has them; `prompts`
    where the sound of prompts is kept."""
    office = SqlOffice(path, clock=clock, randomness=randomness, clock_id=clock_id)
    if stops is not None:
        office.keep_stops(stops)
    if prompts is not None:
        office.keep_prompts(prompts)
    return office
