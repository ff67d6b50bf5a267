"""The one list of every door of the web process and the action it asks for.

A route, a live verb or a live topic without a row here is refused at run time and fails the build.
What a role may do is not said here but in `vyzov.dialer.rights`.
"""

from collections.abc import Mapping
from enum import StrEnum

from vyzov.dialer.rights import Action


class Open(StrEnum):
    """Why a door needs no sign-in."""

    PUBLIC = "public"


PUBLIC = Open.PUBLIC
API = "/api/v1"

ROUTES: Mapping[tuple[str, str], Action | Open] = {
    ("GET", "/api/openapi.json"): PUBLIC,
    ("GET", f"{API}/health"): PUBLIC,
    ("POST", f"{API}/session"): PUBLIC,
    ("GET", f"{API}/session"): Action.SESSION_OWN,
    ("PATCH", f"{API}/session"): Action.SESSION_OWN,
    ("DELETE", f"{API}/session"): Action.SESSION_OWN,
    ("GET", f"{API}/me"): Action.SESSION_OWN,
    ("GET", f"{API}/campaigns"): Action.CAMPAIGN_SEE,
    ("POST", f"{API}/campaigns"): Action.CAMPAIGN_EDIT,
    ("GET", f"{API}/campaigns/{{campaign_id}}"): Action.CAMPAIGN_SEE,
    ("PATCH", f"{API}/campaigns/{{campaign_id}}"): Action.CAMPAIGN_EDIT,
    ("POST", f"{API}/campaigns/{{campaign_id}}/start"): Action.CAMPAIGN_RUN,
    ("POST", f"{API}/campaigns/{{campaign_id}}/pause"): Action.CAMPAIGN_RUN,
    ("POST", f"{API}/campaigns/{{campaign_id}}/finish"): Action.CAMPAIGN_RUN,
    ("POST", f"{API}/campaigns/{{campaign_id}}/leads"): Action.LEAD_ADD,
    ("GET", f"{API}/campaigns/{{campaign_id}}/progress"): Action.CAMPAIGN_SEE,
    ("GET", f"{API}/campaigns/{{campaign_id}}/callable"): Action.CAMPAIGN_SEE,
    ("GET", f"{API}/principals"): Action.PRINCIPAL_SEE,
    ("GET", f"{API}/lists"): Action.LIST_SEE,
    ("POST", f"{API}/lists"): Action.LIST_EDIT,
    ("GET", f"{API}/lists/{{list_id}}"): Action.LIST_SEE,
    ("DELETE", f"{API}/lists/{{list_id}}"): Action.LIST_EDIT,
    ("GET", f"{API}/lists/{{list_id}}/rows"): Action.LIST_SEE,
    ("GET", f"{API}/lists/{{list_id}}/problems.csv"): Action.LIST_SEE,
    ("GET", f"{API}/contacts"): Action.CONTACT_FIND,
    ("GET", f"{API}/contacts/{{contact_id}}"): Action.CONTACT_SEE,
    ("GET", f"{API}/contacts/{{contact_id}}/verdict"): Action.CONTACT_EXPLAIN,
    ("GET", f"{API}/stop-list"): Action.STOP_SEE,
    ("POST", f"{API}/stop-list"): Action.STOP_ADD,
    ("DELETE", f"{API}/stop-list/{{stop_id}}"): Action.STOP_LIFT,
    ("GET", f"{API}/trunks"): Action.TRUNK_SEE,
    ("POST", f"{API}/trunks"): Action.TRUNK_EDIT,
    ("GET", f"{API}/trunks/{{trunk_id}}"): Action.TRUNK_SEE,
    ("PATCH", f"{API}/trunks/{{trunk_id}}"): Action.TRUNK_EDIT,
    ("POST", f"{API}/trunks/{{trunk_id}}/test"): Action.TRUNK_EDIT,
    ("GET", f"{API}/users"): Action.USER_SEE,
    ("POST", f"{API}/users"): Action.USER_EDIT,
    ("GET", f"{API}/users/{{user_id}}"): Action.USER_SEE,
    ("PATCH", f"{API}/users/{{user_id}}"): Action.USER_EDIT,
    ("GET", f"{API}/phones"): Action.USER_SEE,
    ("POST", f"{API}/phones"): Action.USER_EDIT,
    ("POST", f"{API}/phones/{{phone_id}}/password"): Action.USER_EDIT,
    ("DELETE", f"{API}/phones/{{phone_id}}"): Action.USER_EDIT,
    ("GET", f"{API}/callbacks"): Action.CALLBACK_SEE,
    ("POST", f"{API}/desk/result"): Action.DESK_WORK,
    ("POST", f"{API}/desk/undo"): Action.DESK_WORK,
    ("POST", f"{API}/desk/note"): Action.DESK_WORK,
    ("GET", f"{API}/floor"): Action.FLOOR_SEE,
    ("POST", f"{API}/floor/emergency-stop"): Action.FLOOR_STOP,
    ("DELETE", f"{API}/floor/emergency-stop"): Action.FLOOR_STOP,
    ("POST", f"{API}/floor/clock"): Action.CLOCK_CONFIRM,
    ("GET", f"{API}/floor/quarantine"): Action.FLOOR_SEE,
    ("POST", f"{API}/floor/quarantine/lift"): Action.QUARANTINE_LIFT,
    ("GET", f"{API}/protection"): Action.TRUNK_SEE,
    ("POST", f"{API}/protection/unban"): Action.TRUNK_EDIT,
    ("GET", f"{API}/reports/outcomes"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/outcomes.csv"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/results"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/results.csv"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/agents"): Action.REPORT_AGENTS,
    ("GET", f"{API}/reports/agents.csv"): Action.REPORT_AGENTS,
    ("GET", f"{API}/reports/abandonment"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/abandonment.csv"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/abandonment/attempts"): Action.REPORT_SEE,
    ("GET", f"{API}/reports/kpis"): Action.REPORT_AGENTS,
    ("GET", f"{API}/reports/kpis.csv"): Action.REPORT_AGENTS,
    ("GET", f"{API}/reports/kpis/{{figure}}/facts"): Action.REPORT_AGENTS,
    ("GET", f"{API}/whatif"): Action.WHATIF_SEE,
    ("POST", f"{API}/whatif"): Action.WHATIF_ASK,
    ("GET", f"{API}/plan"): Action.WHATIF_SEE,
    ("POST", f"{API}/plan"): Action.WHATIF_ASK,
    ("GET", f"{API}/campaigns/{{campaign_id}}/plan"): Action.WHATIF_SEE,
    ("GET", f"{API}/prices"): Action.PRICE_SEE,
    ("POST", f"{API}/prices"): Action.PRICE_EDIT,
    ("GET", f"{API}/shifts"): Action.SHIFT_SEE,
    ("POST", f"{API}/shifts"): Action.SHIFT_EDIT,
    ("DELETE", f"{API}/shifts/{{shift_id}}"): Action.SHIFT_EDIT,
    ("GET", f"{API}/tokens"): Action.TOKEN_SEE,
    ("POST", f"{API}/tokens"): Action.TOKEN_EDIT,
    ("DELETE", f"{API}/tokens/{{token_id}}"): Action.TOKEN_EDIT,
    ("GET", f"{API}/facts"): Action.FACT_SEE,
    ("GET", f"{API}/attempts"): Action.ATTEMPT_SEE,
    ("GET", f"{API}/attempts/{{attempt_id}}"): Action.ATTEMPT_SEE,
    ("GET", f"{API}/attempts/{{attempt_id}}/ladder"): Action.LADDER_SEE,
    ("GET", f"{API}/recordings/{{recording_id}}"): Action.RECORDING_HEAR,
    ("GET", f"{API}/recordings/{{recording_id}}/audio"): Action.RECORDING_HEAR,
    ("LIVE", f"{API}/live"): Action.LIVE_OPEN,
    ("GET", "/{path:path}"): PUBLIC,  # the screens: no data of anybody's
}

VERBS: Mapping[str, Action] = {
    "ping": Action.LIVE_OPEN,
    "ready": Action.DESK_WORK,
    "pause": Action.DESK_WORK,
    "offline": Action.DESK_WORK,
    "offer": Action.DESK_WORK,
    "close_device": Action.DESK_WORK,
    "hangup": Action.DESK_WORK,
    "mute": Action.DESK_WORK,
    "hold": Action.DESK_WORK,
    "digits": Action.DESK_WORK,
    "result": Action.DESK_WORK,
    "undo_result": Action.DESK_WORK,
    "note": Action.DESK_WORK,
    "help": Action.DESK_WORK,
    "take": Action.DESK_WORK,
    "skip": Action.DESK_WORK,
    "postpone": Action.DESK_WORK,
    "stop_contact": Action.DESK_WORK,
    "take_over": Action.DESK_WORK,
    "device": Action.DESK_WORK,
    "ring": Action.DESK_WORK,
    "listen": Action.CALL_ENTER,
    "take_call": Action.CALL_ENTER,
    "leave": Action.DESK_WORK,
    "colleagues": Action.DESK_WORK,
    "consult": Action.DESK_WORK,
    "consult_end": Action.DESK_WORK,
    "conference": Action.DESK_WORK,
    "transfer": Action.DESK_WORK,
}

TOPICS: Mapping[str, Action] = {
    "desk": Action.DESK_WORK,
    "floor": Action.FLOOR_SEE,
    "campaign": Action.CAMPAIGN_SEE,
}
