"""What a supervisor or manager may ask of a floor: start, pause, finish or put away a campaign, stop
everything, take note.

Who may ask is decided in `access` before it comes here; what state a campaign may go to, in
`core.campaign`. A change is answered when it is durable, and dialling follows it at once.
"""

from collections.abc import Callable, Mapping

from vyzov.core import call_events as ce
from vyzov.core.call import CallState
from vyzov.core.campaign import CampaignEvent, campaign_step
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.dialer.calls import Calls
from vyzov.dialer.desk_phones import DeskPhones
from vyzov.dialer.effects import Ask, LoadDue, Reload
from vyzov.dialer.room import LiveCampaign
from vyzov.dialer.scene import Scene
from vyzov.dialer.trunks import Trunks
from vyzov.dialer.writes import NoteChange, SetCampaignState, SetEmergencyStop

UNANSWERED = (CallState.RESERVING, CallState.DIALING, CallState.RINGING)


class Office:
    """Carries out the asks of those who run the floor."""

    def __init__(
        self,
        scene: Scene,
        calls: Calls,
        trunks: Trunks,
        phones: DeskPhones,
        more: Mapping[str, Callable[[Ask], None]],
    ) -> None:
        """`more` are verbs that other desks answer."""
        self._scene = scene
        self._calls = calls
        self._verbs: dict[str, Callable[[Ask], None]] = {
            "start_campaign": lambda ask: self._campaign(ask, CampaignEvent.START),
            "pause_campaign": lambda ask: self._campaign(ask, CampaignEvent.PAUSE),
            "finish_campaign": lambda ask: self._campaign(ask, CampaignEvent.FINISH),
            "archive_campaign": lambda ask: self._campaign(ask, CampaignEvent.ARCHIVE),
            "emergency_stop": self._emergency_stop,
            "settings_changed": self._reload,
            "trunks_changed": self._reload,
            "check_trunk": trunks.check,
            "lists_changed": self._reload,
            "lead_added": self._lead_added,
            "users_changed": self._reload,
            "phones": phones.states,
            "stop_list_changed": self._reload,
            **more,
        }

    def take(self, ask: Ask) -> None:
        """Carries out one ask of the form `office.VERB`."""
        verb = self._verbs.get(ask.do.removeprefix("office."))
        if verb is None:
            self._scene.out.refuse(
                ask.ask, "unknown_verb", f"There is no '{ask.do}'.", "Update the page."
            )
        elif ask.organisation != self._scene.room.organisation:
            self._scene.out.refuse(
                ask.ask, "not_found", "This floor has no such object.", "Look at your own lists."
            )
        else:
            verb(ask)

    def _reload(self, ask: Ask) -> None:
        for campaign in self._scene.room.campaigns.values():
            campaign.hopper.clear()
            campaign.held.clear()
            campaign.dry_until = None
        self._scene.out.effects.append(Reload())
        self._scene.out.reply(ask.ask)

    def _lead_added(self, ask: Ask) -> None:
        """Looks again at who is next: somebody came who goes before those who wait."""
        campaign = self._scene.room.campaigns.get(str(ask.args.get("campaign") or ""))
        if campaign is None or not campaign.record.takes_leads:
            self._scene.out.effects.append(Reload())
        if campaign is not None:
            contact = str(ask.args.get("contact") or "")
            # One who waited already is read anew, in the place they have now.
            for due in [one for one in campaign.hopper if one.contact == contact]:
                campaign.hopper.remove(due)
            campaign.held.pop(contact, None)
            campaign.look_again = True
            self._scene.room.pace_wanted = True
        self._scene.out.reply(ask.ask)

    def _campaign(self, ask: Ask, event: CampaignEvent) -> None:
        campaign = self._scene.room.campaigns.get(str(ask.args.get("campaign") or ""))
        if campaign is None:
            self._scene.out.refuse(
                ask.ask, "not_found", "This floor has no such campaign.",
                "Save the campaign, then try again.",
            )  # fmt: skip
            return
        if event is CampaignEvent.START and campaign.record.list_id is None:
            self._scene.out.refuse(
                ask.ask, "no_list", f"'{campaign.record.name}' has no list to call.",
                "Import a list on the campaign's page, then start.",
            )  # fmt: skip
            return
        try:
            self.move(campaign, event, by=ask.user)
        except InvalidRequest as error:
            self._scene.out.refuse(ask.ask, "wrong_state", error.what, error.next_step)
            return
        self._scene.out.reply_when_saved(ask.ask, state=campaign.state.value)

    def move(self, campaign: LiveCampaign, event: CampaignEvent, *, by: str | None = None) -> None:
        """Moves a campaign along its life; what rings is hung up when it is no longer to run."""
        scene, now = self._scene, self._scene.now.utc
        was, state = campaign.state, campaign_step(campaign.state, event)
        if state is was:
            return
        campaign.state = state
        scene.out.write(SetCampaignState(campaign.record.id, state.value, now))
        scene.out.write(
            scene.fact(
                FactKind.CAMPAIGN_STATE, f"campaign:{campaign.record.id}:{scene.dice.new_id()}",
                campaign=campaign.record.id, agent=by,
                data={"state": state.value, "event": event.value},
            )
        )  # fmt: skip
        if by is not None:
            scene.out.write(
                NoteChange(
                    scene.dice.new_id(), now, by, "campaign", campaign.record.id,
                    {"state": was.value}, {"state": state.value},
                )
            )  # fmt: skip
        campaign.hopper.clear()
        campaign.dry_until = None
        if event in (CampaignEvent.PAUSE, CampaignEvent.FINISH):
            self.cancel_ringing(campaign.record.id, "campaign_paused")
        scene.room.pace_wanted = True
        scene.out.effects.append(LoadDue(campaign.record.id, 0, frozenset(), campaign.hours))

    def cancel_ringing(self, campaign: str | None, reason: str) -> None:
        """Gives up what rings, of one campaign or (None) of all.

        A former life's call of which no engine has told yet may be anything, a talk as well: what is
        to be done about it is seen when one does."""
        room = self._scene.room
        for live in list(room.calls.values()):
            if not room.engine_up and live.seq < 0 and live.call.id in room.silent:
                continue
            if live.call.state in UNANSWERED and campaign in (None, live.campaign):
                self._calls.feed(live, ce.Cancel(reason))

    def _emergency_stop(self, ask: Ask) -> None:
        scene, on = self._scene, bool(ask.args.get("on"))
        now = scene.now.utc
        kind = FactKind.EMERGENCY_STOP if on else FactKind.EMERGENCY_STOP_LIFTED
        scene.room.stopped = on
        scene.out.write(SetEmergencyStop(scene.room.organisation, now if on else None))
        scene.out.write(
            scene.fact(kind, f"stop:{scene.dice.new_id()}", agent=ask.user, data={"by": ask.user})
        )
        if on:
            self.cancel_ringing(None, "emergency_stop")
        scene.room.pace_wanted = not on
        scene.out.reply_when_saved(ask.ask, stopped=on)
