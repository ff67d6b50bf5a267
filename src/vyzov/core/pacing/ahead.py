"""How many calls a campaign places ahead of its operators, and why so many: the predictive law.

Calls are added while the risk that one more finds nobody is no more than what the abandonment
budget allows now; never fewer than one for each free operator without a call on its way, never more
than the hard veto lets through. Limits of lines, trunks and calls per second come after it, in
`pace`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from operator import itemgetter, mul
from typing import TypeAlias

from vyzov.core.making import quickly_made
from vyzov.core.pacing.budget import Price
from vyzov.core.pacing.exact import ExactOutlook
from vyzov.core.pacing.histograms import HORIZONS_S
from vyzov.core.pacing.reasons import PaceReason
from vyzov.core.pacing.risk import Facing, NormalOutlook, Outlook, Ringing
from vyzov.core.pacing.veto import InFlight, dials_allowed, too_many
from vyzov.core.pacing.watch import Watch

Weight: TypeAlias = float
"""The share, 0..1, of another campaign's answers that will take the operators of this one."""

_TOLD_AT = 3
TOLD_AT_S = HORIZONS_S[_TOLD_AT]
"""So far ahead the expected answers and free operators are told, seconds."""

_MOST_AT_ONCE, _MOST_PER_AGENT = 20, 0.1
"""No tick places more ahead: a large crew that starts together is met by a stream, not by a wave."""

_MOST_PER_ENDED = 1.0
"""So many calls may ring beyond the free operators for each that has ended: what a wrong guess of how
people answer costs grows with the crew, and what was seen of them in the first seconds does not."""

_NO_VETO = 1_000_000
_RING_MOST_S = 90.0
"""Whoever is called within so many seconds of the end of a window may answer after it."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Scene:
    """The floor as one campaign sees it.

    `free` operators, answers `waiting` for one, and for how many seconds each of the others has
    been talking or writing up; `agents` are all of them. `others` are campaigns whose calls may
    take the same operators; their waiting answers are among `waiting`. `has_left`: somebody who was
    free went away since this was asked last. `yields`: the others are owed calls, so none is placed
    ahead (`turns`).
    """

    free: int
    waiting: int
    talk_ages: Sequence[float]
    wrap_ages: Sequence[float]
    agents: int
    others: Sequence[tuple[Watch, Weight]] = ()
    has_left: bool = False
    yields: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Ahead:
    """How many calls to place, at least 0, and all that the sentence about it needs.

    `rate` and `rate_spread` are the mean and the standard deviation of the answer rate; `risk` is
    that of the last call that may be placed (where none may, as much of the first one's as is too
    much), `threshold` what is allowed; `price` is abandoned calls per answer. The tightest window
    is named and counted in whole calls, `limit` is its share. `free` and `answers` are expected
    within `horizon_s` seconds, the placed ones included; `lines_per_agent` counts all calls, talks
    as well. `charged`: so many calls at most may be abandoned beyond what the veto keeps, because
    operators left.
    """

    count: int
    reason: PaceReason
    rate: float
    rate_spread: float
    risk: float
    threshold: float
    price: float
    window: str
    abandoned: int
    answered: int
    limit: float
    free: float
    answers: float
    horizon_s: int
    lines_per_agent: float
    charged: int


def dial_ahead(watch: Watch, scene: Scene, at: float) -> Ahead:
    """Returns how many calls the campaign would place now.

    It brings the watch up to this moment and leaves the price with it, which later outcomes are
    held against; it changes nothing else.
    """
    watch.advance(at, scene.talk_ages)
    for other, _ in scene.others:
        other.advance(at)
    ages = watch.ages(at)
    releases = watch.service.releases(scene.talk_ages, scene.wrap_ages)
    others = [
        (Ringing(other.ages(at), other.ring), other.rate.mean, share)
        for other, share in scene.others
    ]
    facing = Facing(
        sure=scene.free - scene.waiting,
        releases=releases,
        own=Ringing(ages, watch.ring),
        points=watch.rate.points,
        others=others,
    )
    is_small = scene.agents <= watch.policy.exact_agents_max
    outlook: Outlook = ExactOutlook(facing) if is_small else NormalOutlook(facing)
    # Where our own window does not decide, nothing asks what is in flight.
    flight = outlook.flight if watch.calm < 1 else 0.0
    price = watch.price(at, max(1, scene.agents), flight)
    scarcity = price.scarcity
    rate = watch.rate.mean
    threshold = watch.aim * price.now * (1 + 0.15 * scarcity) * (rate / 0.25) ** 0.8
    wished, risk = 0, 0.0
    known = int(_MOST_PER_ENDED * watch.ended) + facing.sure - watch.ringing
    bound = min(known, max(_MOST_AT_ONCE, int(_MOST_PER_AGENT * scene.agents)))
    if scene.agents > 0 and threshold > 0 and bound > 0:
        wished, risk = outlook.dials_within(threshold, scarcity, bound)
    forbids = _forbids(watch, at, known)
    wished = 0 if forbids or scene.yields else wished
    count, reason = _bounded(watch, scene, at, (wished, forbids))
    return _told(watch, scene, facing, price, (count, reason, risk, threshold))


def _forbids(watch: Watch, at: float, known: int) -> PaceReason | None:
    """Returns why only one call for each free operator may be placed, None where more may be."""
    if watch.is_stopped(at):
        return PaceReason.LAST_RESORT
    return PaceReason.LEARNING if watch.is_learning or known <= 0 else None


def _bounded(
    watch: Watch, scene: Scene, at: float, wish: tuple[int, PaceReason | None]
) -> tuple[int, PaceReason]:
    """Puts the wish between the veto and one call for each free operator; with the wish stands what
    forbids any."""
    wished, forbids = wish
    theirs = sum(other.ringing for other, _ in scene.others)
    flight = InFlight(watch.ringing, scene.waiting, scene.free - theirs)
    least = max(0, flight.free - flight.waiting - flight.ringing)
    spent = PaceReason.AGENTS_COVERED if scene.yields else PaceReason.RISK_SPENT
    reason = forbids or (PaceReason.DIALS_AHEAD if wished else spent)
    if watch.policy.veto:
        allowed, is_charged = _vetoed(watch, flight, at, has_left=scene.has_left)
        if wished > max(allowed, least):
            wished = max(0, allowed)
            reason = PaceReason.VETO_LEFT if is_charged else PaceReason.VETO
    if least > wished:
        wished = least
        reason = forbids or PaceReason.ONE_PER_FREE_AGENT
    if scene.agents <= 0:
        reason = PaceReason.NO_FREE_AGENT
    return wished, reason


def _vetoed(watch: Watch, flight: InFlight, at: float, *, has_left: bool) -> tuple[int, bool]:
    """Returns how many calls no window can be broken by, and whether one can be by somebody's going;
    keeps in mind what was asked for and what is charged to those who went."""
    found, room = _NO_VETO, 0.0
    over = flight.ringing + flight.waiting - flight.free
    for account in watch.vetoed:
        limit = account.window.limit
        account.charge(too_many(flight, account.answered, account.abandoned, limit), has_left)
        counts = [(account.answered, account.abandoned)]
        if account.ends_at is not None and at + _RING_MOST_S >= account.ends_at:
            counts.append((0, 0))
        for answered, abandoned in counts:
            allowed = dials_allowed(flight, answered, abandoned, limit)
            found = found if allowed is None else min(found, allowed)
        room = max(room, over + account.carried_abandoned - limit * account.carried_answered)
    watch.wish(at, room)
    return found, any(account.charged > 0 for account in watch.vetoed)


def _told(
    watch: Watch,
    scene: Scene,
    facing: Facing,
    price: Price,
    decided: tuple[int, PaceReason, float, float],
) -> Ahead:
    count, reason, risk, threshold = decided
    times, rate = watch.ring, watch.rate.mean
    own = facing.own
    chances = map(mul, own.odds(rate), own.columns[_TOLD_AT])
    coming = count * times.by_horizon[_TOLD_AT] * rate + sum(map(mul, own.counts, chances))
    busy = watch.ringing + scene.waiting + len(scene.talk_ages) + count
    return Ahead(
        count=count,
        reason=reason,
        rate=rate,
        rate_spread=watch.rate.spread,
        risk=risk,
        threshold=threshold,
        price=price.now,
        window=price.window,
        abandoned=price.abandoned,
        answered=price.answered,
        limit=price.limit,
        free=facing.sure + sum(map(itemgetter(_TOLD_AT), facing.releases)),
        answers=coming,
        horizon_s=TOLD_AT_S,
        lines_per_agent=busy / max(1, scene.agents),
        charged=ceil(max((one.charged for one in watch.vetoed), default=0.0)),
    )


def said(ahead: Ahead) -> Mapping[str, int | float]:
    """Returns the numbers of the sentence about it; shares are in percent, for people."""
    share = 100 * ahead.abandoned / ahead.answered if ahead.answered else 0.0
    return {
        "count": ahead.count,
        "abandon_percent": round(share, 1),
        "limit_percent": round(100 * ahead.limit, 1),
        "abandoned": ahead.abandoned,
        "answered": ahead.answered,
        "lines_per_agent": round(ahead.lines_per_agent, 1),
        "rate_percent": round(100 * ahead.rate),
        "rate_spread_percent": round(100 * ahead.rate_spread),
        "free": round(ahead.free, 1),
        "answers": round(ahead.answers, 1),
        "horizon_s": ahead.horizon_s,
        "charged": ahead.charged,
    }
