"""Takes leads from one person or program; the rest of the door is in `access`."""

from vyzov.core.campaign import DialMode
from vyzov.core.errors import Fault, InvalidRequest, Reason
from vyzov.dialer.access_history import found
from vyzov.dialer.access_tokens import TokenDoor
from vyzov.dialer.leads import Lead, LeadResult
from vyzov.dialer.list_words import said, sentence
from vyzov.dialer.lists import CELL_CHARS_MAX, PHONES_MAX
from vyzov.dialer.office_records import ImportedRow, RowVerdict
from vyzov.dialer.rights import Action

_REASONS: dict[str, tuple[Reason, dict[str, float | str]]] = {
    "phone_missing": ("needed", {}),
    "phones_too_many": ("too_long", {"most": PHONES_MAX}),
    "zone_unknown": ("choice", {}),
    "cell_too_long": ("too_long", {"most": CELL_CHARS_MAX}),
    "row_has_nul": ("text", {}),
}


class LeadRefused(InvalidRequest):
    """A lead got the verdict that a row of a file with a problem gets; `row` tells it."""

    def __init__(self, lead: Lead, row: ImportedRow) -> None:
        told = said("row", row.reason, row.args, "en")
        reason, args = _REASONS.get(row.reason, ("phone", {}))
        fault = Fault(lead.wrong_field(row.reason), sentence(told), reason, args)
        super().__init__(sentence(told), "Mend the named member and send the lead again.", [fault])
        self.row = row


class LeadDoor(TokenDoor):
    """The part of `access.Door` about leads."""

    def add_lead(self, campaign_id: str, lead: Lead) -> LeadResult:
        """Brings a person into a campaign; raises `LeadRefused` where a file's row would be one."""
        self.person.must(Action.LEAD_ADD)
        row = lead.judged()
        if row.verdict is RowVerdict.PROBLEM:
            found(self._office.campaign(self._own, campaign_id), "campaign")
            raise LeadRefused(lead, row)
        return found(self._office.add_lead(self._own, campaign_id, lead, row), "campaign")

    def typed_number(self, campaign_id: str, number: str, region: str) -> LeadResult:
        """Finds the contact of a number that an agent of the campaign typed, or makes one; raises
        `LeadRefused` for what is no number. Somebody who waits already goes on waiting."""
        self.person.must(Action.DESK_WORK)
        campaign = found(self._office.campaign(self._own, campaign_id), "campaign")
        mine = self.person.user in campaign.settings.get("agents", ())
        campaign = found(campaign if mine else None, "campaign")
        if campaign.mode not in (DialMode.MANUAL, DialMode.PREVIEW):
            raise InvalidRequest(
                "Numbers cannot be typed in this campaign.",
                "Choose a campaign of yours whose mode is manual or preview.",
            )
        lead = Lead(phones=(number,), region=region, moves_known=False)
        row = lead.judged()
        if row.verdict is RowVerdict.PROBLEM:
            raise LeadRefused(lead, row)
        return found(self._office.add_lead(self._own, campaign_id, lead, row), "campaign")
