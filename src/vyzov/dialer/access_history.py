"""Hands out contacts, the stop-list and call history to one person; the rest is in `access`.

Operators reach what is theirs, customers what was done for their principal, the others everything
of their organisation. Reach is put into the query where the store can narrow, and asked of the
object where it cannot.
"""

from collections.abc import Iterator
from typing import TypeVar

from vyzov.core.changing import replace
from vyzov.core.facts import Fact
from vyzov.dialer.audit_records import Actor
from vyzov.dialer.office_records import (
    AttemptQuery,
    AttemptRecord,
    ContactCard,
    DispositionRecord,
    EntryRecord,
    FactQuery,
    FactRecord,
    Page,
    RecordingRecord,
    Role,
    StopEntry,
)
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.rights import Action, Forbidden, NotFound, Person

Thing = TypeVar("Thing")


def found(thing: Thing | None, kind: str) -> Thing:
    """Gives the thing, or raises NotFound where there is none."""
    if thing is None:
        raise NotFound(f"There is no such {kind}.", "Check the address, or go back to the list.")
    return thing


class HistoryDoor:
    """The lower half of `access.Door`: contacts, the stop-list, attempts, facts and recordings."""

    def __init__(self, office: OfficeStore, person: Person) -> None:
        if person.role is Role.CUSTOMER and person.principal is None:
            # Without a principal the store would narrow by nothing and show everything.
            raise Forbidden(
                "This customer's account belongs to no principal.",
                "Ask an administrator to set the principal of the account.",
            )
        self.person = person
        # Whatever is changed through this door is put down to whoever it was opened for.
        self._office = office.acting(Actor(person.user, person.token))
        self._own = person.organisation

    # ---- reach ----------------------------------------------------------------------------------

    @property
    def _principal(self) -> str | None:
        return self.person.principal if self.person.role is Role.CUSTOMER else None

    @property
    def _agent(self) -> str | None:
        return self.person.user if self.person.role is Role.OPERATOR else None

    def _reaches(self, campaign_id: str, agent_id: str | None) -> bool:
        """Tells whether a thing of this campaign and this agent is within reach."""
        if self._agent is not None:
            return agent_id == self._agent
        if self._principal is not None:
            campaign = self._office.campaign(self._own, campaign_id)
            return campaign is not None and campaign.principal_id == self._principal
        return True

    # ---- contacts and the stop-list -------------------------------------------------------------

    def contacts(
        self, *, search: str, list_id: str | None, cursor: str | None, limit: int
    ) -> Page[ContactCard]:
        """Gives contacts by name, number or list."""
        self.person.must(Action.CONTACT_FIND)
        return self._office.contacts(
            self._own, search=search, list_id=list_id, cursor=cursor, limit=limit
        )

    def contact(self, contact_id: str, action: Action = Action.CONTACT_SEE) -> ContactCard:
        """Gives one contact; an operator reaches those they have called."""
        self.person.must(action)
        card = found(self._office.contact(self._own, contact_id), "contact")
        if self._agent is not None:
            query = AttemptQuery(contact_id=contact_id, agent_id=self._agent)
            if not self._office.attempts(self._own, query, limit=1).items:
                return found(None, "contact")
        return card

    def origin(self, contact_id: str) -> ContactCard | None:
        """Gives the card of an attempt's contact to those who may open cards, else None."""
        try:
            return self.contact(contact_id)
        except (Forbidden, NotFound):
            return None

    def contact_entries(self, contact_id: str) -> tuple[EntryRecord, ...]:
        """Gives the contact's place in each campaign."""
        self.contact(contact_id)
        return self._office.contact_entries(self._own, contact_id)

    def stop_entries(
        self, *, e164: str | None, lifted: bool, cursor: str | None, limit: int
    ) -> Page[StopEntry]:
        """Gives the stop-list, newest first."""
        self.person.must(Action.STOP_SEE)
        return self._office.stop_entries(
            self._own, e164=e164, lifted=lifted, cursor=cursor, limit=limit
        )

    def add_stop(self, e164: str, *, reason: str, source: str) -> StopEntry:
        """Stops a number at once."""
        self.person.must(Action.STOP_ADD)
        return self._office.add_stop(self._own, e164, reason=reason, source=source)

    def lift_stop(self, stop_id: str) -> StopEntry:
        """Ends a stop now; the entry stays as evidence."""
        self.person.must(Action.STOP_LIFT)
        return found(self._office.lift_stop(self._own, stop_id), "stop-list entry")

    # ---- history --------------------------------------------------------------------------------

    def _narrowed_attempts(self, query: AttemptQuery) -> AttemptQuery:
        self._only_own(query.agent_id)
        return replace(query, agent_id=self._agent or query.agent_id, principal_id=self._principal)

    def _narrowed_facts(self, query: FactQuery) -> FactQuery:
        self._only_own(query.agent_id)
        return replace(query, agent_id=self._agent or query.agent_id, principal_id=self._principal)

    def _only_own(self, agent_id: str | None) -> None:
        if self._agent is not None and agent_id not in (None, self._agent):
            raise NotFound("There is no such agent.", "Leave the agent out to see your own calls.")

    def attempts(self, query: AttemptQuery, cursor: str | None, limit: int) -> Page[AttemptRecord]:
        """Gives attempts within reach, latest first."""
        self.person.must(Action.ATTEMPT_SEE)
        return self._office.attempts(
            self._own, self._narrowed_attempts(query), cursor=cursor, limit=limit
        )

    def attempt(self, attempt_id: str) -> AttemptRecord:
        """Gives one attempt."""
        self.person.must(Action.ATTEMPT_SEE)
        one = self._office.attempt(self._own, attempt_id)
        if one is not None and not self._reaches(one.campaign_id, one.agent_id):
            one = None
        return found(one, "attempt")

    def ladder_of(self, attempt_id: str) -> AttemptRecord:
        """Gives an attempt to those who may see what crossed the wire for it."""
        self.person.must(Action.LADDER_SEE)
        return self.attempt(attempt_id)

    def dispositions(self, attempt_id: str) -> tuple[DispositionRecord, ...]:
        """Gives all results ever saved for an attempt, undone ones too."""
        self.attempt(attempt_id)
        return self._office.dispositions(self._own, attempt_id)

    def facts(self, query: FactQuery, after: int, limit: int) -> tuple[FactRecord, ...]:
        """Gives facts within reach whose `seq` is above `after`."""
        self.person.must(Action.FACT_SEE)
        return self._office.facts(self._own, self._narrowed_facts(query), after=after, limit=limit)

    def report_facts(self, query: FactQuery) -> Iterator[Fact]:
        """Yields all facts a report is folded from."""
        self.person.must(Action.REPORT_SEE)
        return self._office.report_facts(self._own, self._narrowed_facts(query))

    def recording(self, recording_id: str) -> RecordingRecord:
        """Gives one recording's record; its file is opened by the caller."""
        self.person.must(Action.RECORDING_HEAR)
        one = self._office.recording(self._own, recording_id)
        if one is not None and not self._reaches(one.campaign_id, one.agent_id):
            one = None
        return found(one, "recording")

    def recordings_of(self, attempt_id: str) -> tuple[RecordingRecord, ...]:
        """Gives the recordings of an attempt."""
        self.attempt(attempt_id)
        return self._office.recordings(self._own, attempt_id=attempt_id)
