"""Keeps a watch on each campaign that dials ahead, and asks the predictive law what it would place.

The watch is told by the very facts this floor writes, as it writes them; a floor that begins anew
reads those of the last hours first (`FloorState.recent`), so that it goes on with what was known.
Its clock is this process's monotonic one. What follows from a watch is `core.pacing.ahead`'s word.
"""

from datetime import date, datetime, timedelta

from vyzov.core import agent as ca
from vyzov.core.campaign import AbandonGuard, CampaignSettings, DialMode
from vyzov.core.facts import Fact, FactKind
from vyzov.core.pacing.ahead import Ahead, dial_ahead
from vyzov.core.pacing.ahead import Scene as Faced
from vyzov.core.pacing.regulation import DAY_S, AheadPolicy, Regulation, Window
from vyzov.core.pacing.seen import Seen
from vyzov.core.pacing.watch import Watch
from vyzov.dialer.agents import wants_agent
from vyzov.dialer.room import LiveCampaign, Out
from vyzov.dialer.scene import Scene
from vyzov.dialer.writes import AppendFact, Write

PAST_SPAN = timedelta(hours=2)
"""How far back a floor that begins reads facts to know its campaigns' estimates again."""

_AWAY = frozenset({
    ca.AgentState.PAUSE.value, ca.AgentState.OFFLINE.value, ca.AgentState.NO_DEVICE.value,
})  # fmt: skip

DAY, PERIOD = "day", "period"
"""The windows a campaign's abandoned share is kept in beside our own of 30 minutes: the UTC day, and
as many days as its regulator counts, today the last of them."""


def policy_of(settings: CampaignSettings) -> AheadPolicy:
    """Returns how a campaign with these settings dials ahead."""
    limit = settings.abandon_limit
    windows = [Window(DAY, limit)]
    if settings.abandon_window_days > 1:
        windows.append(Window(PERIOD, limit, settings.abandon_window_days * DAY_S))
    counted = Regulation(
        limit=limit, wait_s=settings.connect_limit.total_seconds(), windows=tuple(windows)
    )
    return AheadPolicy(
        regulation=counted, calm=settings.abandon_guard is AbandonGuard.DAY,
        veto=settings.abandon_veto,
    )  # fmt: skip


class Watching:
    """The watches of a floor."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen: dict[str, Seen] = {}
        self._days: dict[str, date] = {}
        self._left: set[str] = set()
        self._out: Out | None = None
        self._writes_told = self._reserves_told = 0

    def open(self, recent: tuple[Fact, ...]) -> None:
        """Begins with what the last hours' facts say, oldest first."""
        if not recent:
            return
        first = self._mono(recent[0].at)
        for campaign in self._ahead():
            self._begin(campaign, first)
        for fact in recent:
            self._tell(fact, self._mono(fact.at))
        # Only now: told first of what rings today, the watch would take all of its past for today's.
        for campaign in self._ahead():
            self._settle(campaign, self._seen[campaign.record.id])

    def fold(self) -> None:
        """Tells the watches the facts of this step that they were not told yet."""
        out = self._scene.out
        if out is not self._out:
            self._out, self._writes_told, self._reserves_told = out, 0, 0
        if self._seen:
            for write in (*out.writes[self._writes_told :], *out.reserves[self._reserves_told :]):
                self._take(write)
        self._writes_told, self._reserves_told = len(out.writes), len(out.reserves)

    def wish(self, campaign: LiveCampaign, free: int, *, gives_way: bool) -> Ahead | None:
        """Returns what the law would place for a campaign that dials ahead, None for others.

        `free` are the operators a call of it can be handed to now, those left out whom calls of
        campaigns without a watch are meant for; `gives_way`: others with the same are owed calls."""
        if campaign.settings.mode is not DialMode.PREDICTIVE:
            self._seen.pop(campaign.record.id, None)
            return None
        self.fold()
        now = self._scene.now.mono
        seen = self._seen.get(campaign.record.id)
        if seen is None:
            seen = self._begin(campaign, now)
            self._settle(campaign, seen)
        policy = policy_of(campaign.settings)
        if seen.watch.policy != policy:
            seen.watch = Watch.from_state(policy, seen.watch.to_state())
            self._days.pop(campaign.record.id, None)
        self._turn_day(campaign, seen.watch)
        faced = self._faced(campaign, free, gives_way=gives_way)
        self._left.discard(campaign.record.id)
        return dial_ahead(seen.watch, faced, now)

    def withdrawn(self, attempt: str) -> None:
        """A reservation was refused, or nobody knows whether it was written: nothing was dialled."""
        for seen in self._seen.values():
            seen.withdrawn(attempt, self._scene.now.mono)

    def watch_of(self, campaign: str) -> Watch | None:
        """Returns what was seen of a campaign, None for one that does not dial ahead."""
        seen = self._seen.get(campaign)
        return seen.watch if seen else None

    # ---- what it is told

    def _ahead(self) -> list[LiveCampaign]:
        campaigns = self._scene.room.campaigns.values()
        return [one for one in campaigns if one.settings.mode is DialMode.PREDICTIVE]

    def _begin(self, campaign: LiveCampaign, at: float) -> Seen:
        key = campaign.record.id
        seen = Seen(key, Watch(policy_of(campaign.settings), at))
        self._seen[key] = seen
        self._days.pop(key, None)
        return seen

    def _settle(self, campaign: LiveCampaign, seen: Seen) -> None:
        """Calls that ring as a watch begins were placed in another mode, or by a former life."""
        now = self._scene.now
        ringing = {
            live.call.id: min(now.mono, now.mono_of(live.call.since))
            for live in self._scene.room.calls.on_the_way(campaign.record.id)
            if live.call.answered_at is None
        }
        seen.settle(ringing, now.mono)

    def _take(self, write: Write) -> None:
        if isinstance(write, AppendFact):
            # Seen now, whatever the fact says of when it was: the watch's clock never goes back.
            self._tell(write.fact, self._scene.now.mono)
            if _goes_away(write.fact):
                self._left.update(
                    one.record.id
                    for one in self._ahead()
                    if write.fact.agent in one.settings.agents
                )

    def _tell(self, fact: Fact, at: float) -> None:
        for seen in self._seen.values():
            seen.take(fact, at)

    def _mono(self, at: datetime) -> float:
        return min(self._scene.now.mono, self._scene.now.mono_of(at))

    def _turn_day(self, campaign: LiveCampaign, watch: Watch) -> None:
        """Begins the windows anew when the UTC day does, with what the books of past days hold."""
        now = self._scene.now
        today = now.utc.date()
        if self._days.get(campaign.record.id) == today:
            return
        self._days[campaign.record.id] = today
        midnight = now.utc.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        ends_at = now.mono_of(midnight)
        books = {date.fromisoformat(day): book for day, book in campaign.abandon.items()}
        for window, days in ((DAY, 1), (PERIOD, campaign.settings.abandon_window_days)):
            if days == 1 and window == PERIOD:
                continue
            since = today - timedelta(days=days - 1)
            held = [book for day, book in books.items() if since <= day <= today]
            watch.begin(
                window, now.mono, answered=sum(one.answered for one in held),
                abandoned=sum(one.abandoned for one in held), ends_at=ends_at,
            )  # fmt: skip

    # ---- what it faces

    def _faced(self, campaign: LiveCampaign, free: int, *, gives_way: bool) -> Faced:
        room, now = self._scene.room, self._scene.now.utc
        talks: list[float] = []
        wraps: list[float] = []
        staffed = 0
        for agent in campaign.settings.agents:
            found = room.agents.get(agent)
            if found is None:
                continue
            age = max(0.0, (now - found.agent.since).total_seconds())
            match found.agent.work:
                case ca.Work.TALKING if _comes_back(found.agent):
                    talks.append(age)
                case ca.Work.RESERVED if _comes_back(found.agent):
                    talks.append(0.0)
                case ca.Work.WRAP_UP if _comes_back(found.agent):
                    wraps.append(age)
                case ca.Work.NONE if ca.is_free(found.agent):
                    pass
                case _:
                    continue
            staffed += 1
        waiting = sum(
            1
            for one in room.campaigns.values()
            if one is campaign or not campaign.crew.isdisjoint(one.crew)
            for live in room.calls_of(one.record.id)
            if wants_agent(live)
        )
        return Faced(
            free=free, waiting=waiting, talk_ages=talks, wrap_ages=wraps, agents=staffed,
            others=self._others(campaign), has_left=campaign.record.id in self._left,
            yields=gives_way,
        )  # fmt: skip

    def _others(self, campaign: LiveCampaign) -> list[tuple[Watch, float]]:
        others: list[tuple[Watch, float]] = []
        for key, seen in self._seen.items():
            other = self._scene.room.campaigns.get(key)
            if other is None or other is campaign or not other.crew:
                continue
            share = len(campaign.crew & other.crew) / len(other.crew)
            if share:
                others.append((seen.watch, share))
        return others


def _goes_away(fact: Fact) -> bool:
    """True where somebody who was free for the next call is so no more, and has none."""
    if fact.kind is not FactKind.AGENT_STATE:
        return False
    before, state = fact.data.get("before"), fact.data.get("state")
    return before == ca.AgentState.READY.value and state in _AWAY


def _comes_back(agent: ca.Agent) -> bool:
    """True where nothing is known by which the agent would take no call after this one."""
    return agent.wish is ca.Wish.READY and not agent.pause_after and bool(agent.device_leg)
