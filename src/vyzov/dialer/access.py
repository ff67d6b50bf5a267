"""Hands out the organisation's objects to one person: the only code that does.

*May this role do this at all?* is asked of `rights`. *Is this object within the person's reach?* is
asked here, of each object: what belongs to another organisation, to another principal (for
customers) or to another agent (for operators) does not exist for them, which is `NotFound`. The base
class in `access_history` hands out contacts and call history. Who the person is, sessions find out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from vyzov.core.campaign import CampaignSettings
from vyzov.core.campaign_file import Directory, read_campaign, write_campaign
from vyzov.core.disposition import must_agree, must_stay, removed_codes
from vyzov.core.readiness import Check, checks
from vyzov.dialer.access_audit import AuditDoor
from vyzov.dialer.access_contacts import ContactDoor
from vyzov.dialer.access_history import found
from vyzov.dialer.access_leads import LeadDoor
from vyzov.dialer.access_people import PeopleDoor
from vyzov.dialer.access_prompts import PromptDoor
from vyzov.dialer.access_scripts import ScriptDoor
from vyzov.dialer.access_security import SecurityDoor
from vyzov.dialer.access_webhooks import WebhookDoor
from vyzov.dialer.columns import Meaning
from vyzov.dialer.duplicates import Known
from vyzov.dialer.lists import columns_of_reading
from vyzov.dialer.office_records import (
    CampaignProgress,
    CampaignRecord,
    ContactList,
    ImportedRow,
    ImportRow,
    NewUser,
    Organisation,
    Page,
    Principal,
    Role,
    RowVerdict,
    Trunk,
    TrunkSettings,
    User,
    UserChange,
    Waterfall,
)
from vyzov.dialer.phone_records import DeskPhone, NewDeskPhone
from vyzov.dialer.ports import Json
from vyzov.dialer.quarantine import Quarantine
from vyzov.dialer.rights import (
    RIGHTS,
    Action,
    Forbidden,
    NotFound,
    Person,
    actions_of,
    may,
    may_grant,
)

__all__ = [
    "RIGHTS",
    "Action",
    "Door",
    "Forbidden",
    "NotFound",
    "Person",
    "Role",
    "actions_of",
    "may",
    "may_grant",
]


class Door(
    AuditDoor, SecurityDoor, PeopleDoor, LeadDoor, WebhookDoor, PromptDoor, ScriptDoor, ContactDoor
):
    """The organisation as one person may see and change it."""

    # ---- organisation and people ----------------------------------------------------------------

    def organisation(self) -> Organisation:
        """Gives the person's own organisation."""
        self.person.must(Action.SESSION_OWN)
        return found(self._office.organisation(self._own), "organisation")

    def myself(self) -> User:
        """Gives the person's own account."""
        self.person.must(Action.SESSION_OWN)
        return found(self._office.user(self._own, self.person.user), "user")

    def change_myself(self, *, language: str | None, theme: str | None) -> User:
        """Changes how the person's own screens look."""
        self.person.must(Action.SESSION_OWN)
        change = UserChange(language=language, theme=theme)
        return found(self._office.change_user(self._own, self.person.user, change), "user")

    def my_principal(self) -> Principal | None:
        """Gives the principal a customer speaks for."""
        self.person.must(Action.SESSION_OWN)
        mine = (p for p in self._office.principals(self._own) if p.id == self.person.principal)
        return next(mine, None)

    def principals(self) -> tuple[Principal, ...]:
        """Gives all principals of the organisation."""
        self.person.must(Action.PRINCIPAL_SEE)
        return self._office.principals(self._own)

    def names(self) -> Mapping[str, str]:
        """Maps ids of users and principals to names, to stand beside objects handed out."""
        people = {user.id: user.name for user in self._office.users(self._own)}
        return people | {one.id: one.name for one in self._office.principals(self._own)}

    def users(self) -> tuple[User, ...]:
        """Gives all users of the organisation."""
        self.person.must(Action.USER_SEE)
        return self._office.users(self._own)

    def user(self, user_id: str) -> User:
        """Gives one user."""
        self.person.must(Action.USER_SEE)
        return found(self._office.user(self._own, user_id), "user")

    def create_user(self, new: NewUser) -> User:
        """Creates a user of a role this person may grant."""
        self.person.must(Action.USER_EDIT)
        self._must_grant(new.role)
        return self._office.create_user(self._own, new)

    def change_user(self, user_id: str, change: UserChange) -> User:
        """Changes a user of a role this person may grant, to such a role.

        Ends the user's sessions where the role, the password or the right to sign in changes."""
        self.person.must(Action.USER_EDIT)
        before = self.user(user_id)
        self._must_grant(before.role)
        if change.role is not None:
            self._must_grant(change.role)
        self._keep_an_administrator(before, change)
        after = found(self._office.change_user(self._own, user_id, change), "user")
        if change.password_hash is not None or change.disabled or after.role is not before.role:
            self._office.end_sessions_of(self._own, user_id)
        return after

    def _must_grant(self, role: Role) -> None:
        if not may_grant(self.person.role, role):
            raise Forbidden(
                f"The role {self.person.role} may not give or change the role {role}.",
                "Ask an administrator.",
            )

    def _keep_an_administrator(self, before: User, change: UserChange) -> None:
        leaves = change.disabled or (change.role or before.role) is not Role.ADMINISTRATOR
        if before.role is not Role.ADMINISTRATOR or not leaves:
            return
        others = (
            user
            for user in self._office.users(self._own)
            if user.role is Role.ADMINISTRATOR and user.disabled_at is None and user.id != before.id
        )
        if next(others, None) is None:
            raise Forbidden(
                "This is the last administrator who can sign in.",
                "Make somebody else an administrator first.",
            )

    # ---- desk phones ----------------------------------------------------------------------------

    def phones(self) -> tuple[DeskPhone, ...]:
        """Gives the desk phones in use."""
        self.person.must(Action.USER_SEE)
        return self._office.phones(self._own)

    def phone(self, phone_id: str) -> DeskPhone:
        """Gives one desk phone."""
        self.person.must(Action.USER_SEE)
        return found(self._office.phone(self._own, phone_id), "desk phone")

    def create_phone(self, user_id: str, phone: NewDeskPhone) -> DeskPhone:
        """Makes a desk phone for a user of a role this person may grant."""
        self.person.must(Action.USER_EDIT)
        self._must_grant(self.user(user_id).role)
        return self._office.create_phone(self._own, user_id, phone)

    def change_phone(self, phone_id: str, phone: NewDeskPhone) -> DeskPhone:
        """Gives a desk phone another name and secret."""
        self._must_edit(phone_id)
        return found(self._office.change_phone(self._own, phone_id, phone), "desk phone")

    def revoke_phone(self, phone_id: str) -> DeskPhone:
        """Takes a desk phone out of use for good."""
        self._must_edit(phone_id)
        return found(self._office.revoke_phone(self._own, phone_id), "desk phone")

    def _must_edit(self, phone_id: str) -> None:
        self.person.must(Action.USER_EDIT)
        self._must_grant(self.user(self.phone(phone_id).user_id).role)

    # ---- campaigns ------------------------------------------------------------------------------

    def campaigns(self) -> tuple[CampaignRecord, ...]:
        """Gives the campaigns within reach, newest first."""
        self.person.must(Action.CAMPAIGN_SEE)
        return self._office.campaigns(self._own, self._principal)

    def campaign(self, campaign_id: str, action: Action = Action.CAMPAIGN_SEE) -> CampaignRecord:
        """Gives one campaign to somebody who is about to do `action` with it."""
        self.person.must(action)
        campaign = self._office.campaign(self._own, campaign_id)
        if campaign is not None and self._principal not in (None, campaign.principal_id):
            campaign = None
        return found(campaign, "campaign")

    def create_campaign(
        self, *, name: str, settings: Json, principal: str | None, contact_list: str | None
    ) -> CampaignRecord:
        """Creates a draft; `settings` are validated already."""
        self.person.must(Action.CAMPAIGN_EDIT)
        if principal is not None and principal not in {p.id for p in self.principals()}:
            raise NotFound("There is no such principal.", "Choose one from the list of principals.")
        if contact_list is not None:
            self.contact_list(contact_list)
        must_agree(CampaignSettings.from_json(settings).results)
        settings = self._with_script(settings, None)
        return self._office.create_campaign(
            self._own, name=name, settings=settings, principal_id=principal, list_id=contact_list
        )

    def change_campaign(
        self,
        campaign_id: str,
        *,
        if_version: int,
        name: str | None,
        settings: Json | None,
        contact_list: str | None,
    ) -> CampaignRecord:
        """Changes a campaign as it stood at `if_version`; results given to calls stay."""
        before = self.campaign(campaign_id, Action.CAMPAIGN_EDIT)
        if contact_list is not None:
            self.contact_list(contact_list)
        if settings is not None:
            settings = self._with_script(settings, before.settings)
        if settings is not None and settings["results"] != before.settings.get("results"):
            self._must_fit(campaign_id, before.settings, settings)
        changed = self._office.change_campaign(
            self._own,
            campaign_id,
            if_version=if_version,
            name=name,
            settings=settings,
            list_id=contact_list,
        )
        return found(changed, "campaign")

    def _must_fit(self, campaign_id: str, before: Json, after: Json) -> None:
        results = CampaignSettings.from_json(after).results
        must_agree(results)
        removed = removed_codes(CampaignSettings.from_json(before).results, results)
        if removed:
            must_stay(removed, self._office.used_results(self._own, campaign_id, removed))

    def campaign_checks(self, campaign_id: str) -> tuple[Check, ...]:
        """Looks over what a campaign still lacks before it starts."""
        one = self.campaign(campaign_id)
        trunks = self._office.trunks(self._own)
        return checks(
            CampaignSettings.from_json(one.settings),
            has_list=one.list_id is not None,
            trunks_on={trunk.id for trunk in trunks if trunk.settings.active},
        )

    def campaign_file(self, campaign_id: str) -> tuple[str, str]:
        """Gives a campaign's name and its file, as text."""
        one = self.campaign(campaign_id, Action.CAMPAIGN_EDIT)
        settings = CampaignSettings.from_json(one.settings)
        return one.name, write_campaign(one.name, settings, self._directory())

    def import_campaign(self, text: str, *, name: str | None = None) -> CampaignRecord:
        """Makes a draft of a campaign's file; `name` instead of the one in it."""
        self.person.must(Action.CAMPAIGN_EDIT)
        read = read_campaign(text, self._directory())
        return self.create_campaign(
            name=name or read.name,
            settings=read.settings.to_json(),
            principal=None,
            contact_list=None,
        )

    def copy_campaign(self, campaign_id: str, *, name: str, with_list: bool) -> CampaignRecord:
        """Makes a draft with the settings of a campaign, for the same principal."""
        one = self.campaign(campaign_id, Action.CAMPAIGN_EDIT)
        return self.create_campaign(
            name=name,
            settings=CampaignSettings.from_json(one.settings).to_json(),
            principal=one.principal_id,
            contact_list=one.list_id if with_list else None,
        )

    def _directory(self) -> Directory:
        return Directory(
            trunks={one.id: one.settings.name for one in self._office.trunks(self._own)},
            agents={one.id: one.login for one in self._office.users(self._own)},
        )

    def campaign_progress(self, campaign_id: str) -> CampaignProgress:
        """Counts how far a campaign is."""
        self.campaign(campaign_id)
        return found(self._office.campaign_progress(self._own, campaign_id), "campaign")

    def waterfall(
        self,
        campaign_id: str,
        now: datetime,
        open_in: Callable[[tuple[str, ...]], bool],
        *,
        needs_consent: bool = False,
    ) -> Waterfall:
        """Counts who could be called `now`."""
        self.campaign(campaign_id)
        counts = self._office.waterfall(
            self._own, campaign_id, now, open_in, needs_consent=needs_consent
        )
        return found(counts, "campaign")

    def campaign_names(self) -> Mapping[str, str]:
        """Maps ids of campaigns to names, to stand beside objects handed out."""
        return {one.id: one.name for one in self._office.campaigns(self._own, self._principal)}

    # ---- trunks and the stop of everything ------------------------------------------------------

    def trunks(self) -> tuple[Trunk, ...]:
        """Gives all trunks of the organisation."""
        self.person.must(Action.TRUNK_SEE)
        return self._office.trunks(self._own)

    def trunk_names(self) -> Mapping[str, str]:
        """Maps ids of trunks to names, to stand beside attempts handed out."""
        return {trunk.id: trunk.settings.name for trunk in self._office.trunks(self._own)}

    def trunk(self, trunk_id: str) -> Trunk:
        """Gives one trunk."""
        self.person.must(Action.TRUNK_SEE)
        return found(self._office.trunk(self._own, trunk_id), "trunk")

    def create_trunk(self, settings: TrunkSettings) -> Trunk:
        """Creates a trunk."""
        self.person.must(Action.TRUNK_EDIT)
        return self._office.create_trunk(self._own, settings)

    def change_trunk(self, trunk_id: str, settings: TrunkSettings) -> Trunk:
        """Replaces a trunk's settings; an empty password keeps the one there is."""
        self.person.must(Action.TRUNK_EDIT)
        return found(self._office.change_trunk(self._own, trunk_id, settings), "trunk")

    def set_emergency_stop(self, at: datetime | None) -> None:
        """Stops all dialling of the organisation from the next reservation on; None lifts it."""
        self.person.must(Action.FLOOR_STOP)
        self._office.set_emergency_stop(self._own, at)

    def quarantine(self) -> Quarantine | None:
        """Returns what a restored database waits for, None where people may be called."""
        self.person.must(Action.FLOOR_SEE)
        return self._office.quarantine(self._own)

    def lift_quarantine(self, reason: str) -> None:
        """Lets people be called again after a restore; nothing where nothing stood in the way."""
        self.person.must(Action.QUARANTINE_LIFT)
        self._office.lift_quarantine(self._own, by=self.person.user, reason=reason)

    def list_names(self) -> Mapping[str, str]:
        """Maps ids of lists to names, to stand beside campaigns and contacts handed out."""
        return {one.id: one.name for one in self._office.lists(self._own)}

    # ---- lists ----------------------------------------------------------------------------------

    def lists(self) -> tuple[ContactList, ...]:
        """Gives all imported lists."""
        self.person.must(Action.LIST_SEE)
        return self._office.lists(self._own)

    def contact_list(self, list_id: str) -> ContactList:
        """Gives one imported list."""
        self.person.must(Action.LIST_SEE)
        return found(self._office.contact_list(self._own, list_id), "list")

    def list_rows(
        self, list_id: str, verdict: RowVerdict | None, cursor: str | None, limit: int
    ) -> Page[ImportRow]:
        """Gives rows of an imported file with what became of them."""
        self.contact_list(list_id)
        return self._office.list_rows(
            self._own, list_id, verdict=verdict, cursor=cursor, limit=limit
        )

    def import_list(
        self,
        *,
        name: str,
        file_name: str,
        file_sha256: str,
        rows: Iterable[ImportedRow],
        progress: Callable[[int], None],
        reading: Json | None = None,
    ) -> ContactList:
        """Writes a list in short transactions; `progress` gets the rows done so far."""
        self.person.must(Action.LIST_EDIT)
        return self._office.import_list(
            self._own,
            name=name,
            file_name=file_name,
            file_sha256=file_sha256,
            rows=rows,
            progress=progress,
            reading=reading,
        )

    def known_numbers(self, numbers: Sequence[str]) -> Mapping[str, Known]:
        """Gives whose some numbers of a file are in other lists."""
        self.person.must(Action.LIST_EDIT)
        return self._office.known_numbers(self._own, numbers)

    def columns_of_titles(self, titles: Sequence[str]) -> Mapping[str, Meaning]:
        """Gives what columns of just these titles were for the last time."""
        self.person.must(Action.LIST_EDIT)
        return columns_of_reading(self._office.reading_of_titles(self._own, titles))

    def undo_list(self, list_id: str) -> ContactList:
        """Removes what an import brought while nobody of it was dialled."""
        self.person.must(Action.LIST_EDIT)
        return found(self._office.undo_list(self._own, list_id), "list")
