"""The predictive law once more, as its definition says it: one line after the other, no tables kept,
no early end. The product's law is held against it; nothing here is fast or clever."""

from collections.abc import Mapping, Sequence
from math import erfc, exp, log, pi, sqrt

from vyzov.core.pacing import Scene, Watch
from vyzov.core.pacing.histograms import HORIZONS_S

WINDOW = 1800.0


def cdf(z: float) -> float:
    return 0.5 * erfc(-z / sqrt(2))


def pdf(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)


def room_mean(room: float, z: float) -> float:
    count = room + 1
    if count <= 0.05:
        return 0.0
    y = 1 - 1 / (9 * count) + z / (3 * sqrt(count))
    return count * y**3 if y > 0 else 0.0


def price(
    now: float,
    agents: int,
    answers: Sequence[float],
    abandons: Sequence[float],
    steadiness: float,
    flight: float,
    extra: float,
) -> float:
    """Abandoned calls per answer at `now`; moments count from the start of the day."""
    minutes = [0] * (int(now / 60) + 1)
    for moment in answers:
        minutes[min(len(minutes) - 1, int(moment / 60))] += 1
    last = len(minutes) - 1
    part = 1 - (now / 60 - last)

    def left_by(u: float) -> float:
        """How many answers that are in the window now have left it in `u` seconds, whole minutes."""
        gone = 0.0
        for minute in range(last - 30, last):
            held = minutes[minute] if minute >= 0 else 0
            if (minute + 1) * 60 + WINDOW - now <= u:
                gone += held * (part if minute == last - 30 else 1)
        return gone

    seen = sum(minutes[max(0, last - 29) :]) + (minutes[last - 30] * part if last >= 30 else 0)
    rho = (seen + 0.6 * agents) / (min(now, WINDOW) + 120)
    burst = min(2.0, max(1.0, 0.75 + 0.1 * 0.03 * rho * WINDOW))
    held = [moment for moment in abandons if moment > now - WINDOW]
    best = 0.03
    for place in range(len(held) + 1):
        u = max(1.0, held[place] + WINDOW - now) if place < len(held) else WINDOW
        stay = len(held) - place
        room = 0.03 * (seen - left_by(u) + rho * u) - stay - 2 * flight - extra - 0.4
        best = min(best, room_mean(room / burst, -1.65) * burst / (rho * u))
    best = max(best, 0.0008)
    calm = min(1.0, max(0.0, (steadiness - 0.62) / 0.15))
    best = exp((1 - calm) * log(best) + calm * log(0.04))
    for u in (3600.0, 600.0):
        room = 0.029 * (len(answers) + rho * u) - len(abandons) - 2.25
        best = min(best, room_mean(room, -1.28) / (rho * u))
    return max(0.0008, best)


def chances(watch: Watch, scene: Scene, rate: float, ages: Mapping[int, int]) -> tuple[
    list[list[float]], list[list[float]]
]:  # fmt: skip
    """For each horizon, who becomes free with what chance, and who answers with what chance."""
    released = watch.service.releases(scene.talk_ages, scene.wrap_ages)
    by, failed = watch.ring.answered_by, watch.ring.failed_by
    free, answered = list[list[float]](), list[list[float]]()
    for place, ahead in enumerate(HORIZONS_S):
        free.append([row[place] for row in released])
        answers = list[float]()
        for age, count in ages.items():
            left = max(0.01, 1 - rate * by[age] - (1 - rate) * failed[age])
            gain = by[min(61, age + ahead)] - by[age]
            answers += [min(0.99, rate * gain / left)] * count
        answered.append(answers)
    return free, answered


def exact_part(sure: int, free: Sequence[float], answered: Sequence[float], over: float) -> float:
    """P(X <= 0) + over * E max(0, -X), X = sure + who becomes free - who answers, by enumeration."""
    found = {sure: 1.0}
    for step, many in ((1, free), (-1, answered)):
        for chance in many:
            after = dict[int, float]()
            for x, p in found.items():
                after[x] = after.get(x, 0.0) + p * (1 - chance)
                after[x + step] = after.get(x + step, 0.0) + p * chance
            found = after
    nobody = sum(p for x, p in found.items() if x <= 0)
    return nobody + over * sum(-x * p for x, p in found.items() if x < 0)


def moments(
    sure: int, free: Sequence[float], answered: Sequence[float]
) -> tuple[float, float, float]:
    mean, variance, third = float(sure), 0.01, 0.0
    for sign, many in ((1, free), (-1, answered)):
        for r in many:
            mean += sign * r
            variance += r * (1 - r)
            third += sign * r * (1 - r) * (1 - 2 * r)
    return mean, variance, third


def shortfall(mean: float, variance: float) -> float:
    sd = sqrt(variance)
    return sd * (-mean / sd * cdf(-mean / sd) + pdf(-mean / sd))


def normal_part(sure: int, free: Sequence[float], answered: Sequence[float], over: float) -> float:
    mean, variance, third = moments(sure, free, answered)
    sd = sqrt(variance)
    z = (0.5 - mean) / sd
    nobody = cdf(z) - third / (6 * sd**3) * (z * z - 1) * pdf(z)
    return min(1.0, max(0.0, nobody)) + over * shortfall(mean, variance)


def decide(
    watch: Watch,
    scene: Scene,
    ages: Mapping[int, int],
    history: tuple[float, Sequence[float], Sequence[float]],
    bound: int,
) -> tuple[int, float]:
    """The number of calls to place, and the price; `history` is now, answers, abandons."""
    now, answers, abandons = history
    is_small = scene.agents <= watch.policy.exact_agents_max
    part = exact_part if is_small else normal_part
    sure, points = scene.free - scene.waiting, watch.rate.points
    flight = 0.0
    for point in points:
        free, answered = chances(watch, scene, point.rate, ages)
        if is_small:
            parts = [
                exact_part(sure, f, a, 1.0) - exact_part(sure, f, a, 0.0)
                for f, a in zip(free, answered, strict=True)
            ]
        else:
            parts = [
                shortfall(*moments(sure, f, a)[:2]) for f, a in zip(free, answered, strict=True)
            ]
        flight += point.weight * max(parts)
    usual = (now, scene.agents, answers, abandons, watch.rate.steadiness, flight)
    lam, after = price(*usual, 0.0), price(*usual, 1.0)
    omega = min(10.0, max(0.0, lam / after - 1))
    theta = watch.aim * lam * (1 + 0.15 * omega) * (watch.rate.mean / 0.25) ** 0.8
    whole = sum(point.weight * point.rate for point in points)
    for added in range(bound):
        risk = 0.0
        for point in points:
            free, answered = chances(watch, scene, point.rate, ages)
            for place, mass in enumerate(watch.ring.masses):
                more = [point.rate * watch.ring.by_horizon[place]] * added
                both = [*answered[place], *more]
                risk += point.weight * point.rate * mass * part(sure, free[place], both, omega)
        if risk / whole > theta:
            return max(added, sure - sum(ages.values()), 0), lam
    return max(bound, sure - sum(ages.values()), 0), lam
