"""Pictures of a run of the pacing bench, as SVG written by hand: what laws reach, and how a day went."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 176, 40, 44
COLOURS: Mapping[str, str] = {
    "progressive": "#7f7f7f",
    "ratio": "#bc8f5f",
    "leader": "#d62728",
    "leader-tuned": "#ff9896",
    "optimum": "#2ca02c",
    "product": "#1f4fb4",
    "product-strict": "#8fb4f0",
    "product-veto": "#17becf",
}
Points = Sequence[tuple[float, float]]


class Chart:
    """Axes and what is drawn between them."""

    def __init__(self, title: str, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            _text(LEFT, 22, title, size=15),
        ]
        self.notes = 0

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Returns the place of a value on the picture, kept within its axes."""
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        across, up = min(1.0, max(0.0, across)), min(1.0, max(0.0, up))
        return round(LEFT + across * wide, 1), round(HEIGHT - BOTTOM - up * high, 1)

    def axes(self, xs: Sequence[float], ys: Sequence[float], x_name: str, y_name: str) -> None:
        """Draws lines at round values; shares are told in percent."""
        for value in xs:
            x, bottom = self.at(value, self.y[0])
            self.parts.append(_line(((x, TOP), (x, bottom)), "#e4e4e4"))
            self.parts.append(_text(x - 10, bottom + 16, _told(value, self.x[1])))
        for value in ys:
            left, y = self.at(self.x[0], value)
            self.parts.append(_line(((left, y), (WIDTH - RIGHT, y)), "#e4e4e4"))
            self.parts.append(_text(14, y + 4, _told(value, self.y[1])))
        self.parts.append(_text(LEFT, HEIGHT - 8, x_name))
        self.parts.append(_text(LEFT, TOP - 4, y_name))

    def limit(self, points: Points) -> None:
        """Draws a dashed line: a limit."""
        self.parts.append(_line([self.at(*one) for one in points], "#d62728", dashed=True))

    def line(self, points: Points, name: str, note: str = "") -> None:
        """Draws a curve, and its name beside the picture."""
        colour = COLOURS.get(name, "#555555")
        self.parts.append(_line([self.at(*one) for one in points], colour, wide=1.6))
        self._note(colour, note or name)

    def dots(self, points: Sequence[tuple[float, float, str]], name: str) -> None:
        """Draws named dots joined by a line."""
        colour = COLOURS.get(name, "#555555")
        places = [self.at(x, y) for x, y, _ in points]
        self.parts.append(_line(places, colour, wide=1))
        for (x, y), (_, _, label) in zip(places, points, strict=True):
            self.parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>')
            self.parts.append(_text(x + 6, y - 4, label, size=10))
        self._note(colour, name)

    def _note(self, colour: str, text: str) -> None:
        y = TOP + 14 + 18 * self.notes
        self.notes += 1
        left = WIDTH - RIGHT + 16
        self.parts.append(f'<rect x="{left}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        self.parts.append(_text(left + 16, y, text))

    def svg(self) -> str:
        """Returns the picture."""
        return "\n".join([*self.parts, "</svg>", ""])


def _text(x: float, y: float, text: str, size: int = 12) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="#222222">{escape(text)}</text>'


def _line(points: Points, colour: str, wide: float = 1.0, *, dashed: bool = False) -> str:
    places = " ".join(f"{x},{y}" for x, y in points)
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return (
        f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{wide}"{dash}/>'
    )


def _told(value: float, most: float) -> str:
    return f"{value:.0%}" if most <= 1 else f"{value:g}"


def pictures(result: Mapping[str, Any]) -> dict[str, str]:
    """Returns the pictures of a run by the names of their files."""
    made = dict[str, str]()
    cases: list[Mapping[str, Any]] = result["cases"]
    for scenario in dict.fromkeys(case["scenario"] for case in cases):
        group = [case for case in cases if case["scenario"] == scenario]
        made[f"pacing-{scenario}.svg"] = _frontier(scenario, group)
        for case in group:
            if case["traces"]:
                made[f"pacing-{scenario}-{case['agents']}-day.svg"] = _day(case)
    return made


def _frontier(scenario: str, group: Sequence[Mapping[str, Any]]) -> str:
    chart = Chart(f"{scenario}: busy operators against abandoned calls", (0.0, 0.04), (0.5, 1.0))
    chart.axes([0, 0.01, 0.02, 0.03, 0.04], [0.5, 0.6, 0.7, 0.8, 0.9, 1.0], "abandoned", "busy")
    chart.limit([(0.03, 0.5), (0.03, 1.0)])
    for law in group[0]["laws"]:
        chart.dots(
            [
                (
                    case["laws"][law]["abandoned"],
                    case["laws"][law]["occupancy"],
                    str(case["agents"]),
                )
                for case in group
                if law in case["laws"]
            ],
            law,
        )
    best = [(0.03, case["optimum"], str(case["agents"])) for case in group if case["optimum"]]
    if best:
        chart.dots(best, "optimum")
    return chart.svg()


def _day(case: Mapping[str, Any]) -> str:
    traces: Mapping[str, Mapping[str, Sequence[float]]] = case["traces"]
    hours = max(len(one["window"]) for one in traces.values()) / 60
    title = f"{case['scenario']}, {case['agents']} operators: abandoned in the last 30 minutes"
    chart = Chart(title, (0.0, hours), (0.0, 0.1))
    chart.axes(range(int(hours) + 1), [0, 0.02, 0.04, 0.06, 0.08, 0.1], "hours", "abandoned")
    chart.limit([(0.0, 0.03), (hours, 0.03)])
    for law, trace in traces.items():
        points = [(minute / 60, share) for minute, share in enumerate(trace["window"])]
        chart.line(points, law)
    return chart.svg()
