"""`./run verify xss`: writes markup into every field and SIP header, then looks at every screen.

A whole Vyzov runs with a carrier (`xss_carrier.py`) that puts a probe of its own into each header it
may write, and calls in with more. Every text the API takes, made from its own description, holds a
probe too. A real Chromium, signed in as an administrator and as an operator, opens every screen, opens
what can be opened there, and counts what ran, what became markup and what the content security policy
had to stop: all three have to be nothing, while the probes themselves are read as plain words.
"""

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "api"))

from api_throws import Door, Thrower, doors_in  # noqa: E402
from xss_carrier import HostileCarrier  # noqa: E402

from vyzov.app import load_settings  # noqa: E402
from vyzov.cli import demo  # noqa: E402
from vyzov.cli.demo import Centre, Manager, free_port, open_empty  # noqa: E402
from vyzov.cli.demo_lists import settings_of  # noqa: E402

MISSING = 77
HEADERS_LEAST = 12
CALLED_WAIT_S = 120.0
OPENERS = (
    "summary", "[role=tab]", ".cellbtn", "[aria-expanded=false]:not(.who)", ".fact .line",
    ".fact .detail .btn", ".rung", "main tbody tr", "aside .btn",
)  # fmt: skip
CLICKS_EACH = 4
NEVER_SENT = {"/api/v1/session", "/api/v1/floor/emergency-stop"}
WATCH = """
globalThis.stopped = []
document.addEventListener('securitypolicyviolation', (event) =>
  globalThis.stopped.push(`${event.violatedDirective} ${event.blockedURI}`))
"""
MARKUP = (
    "document.querySelectorAll('img[src=\"x\"], [onerror], [onload], a[href^=javascript]').length"
)
SEEN = """() => {
  const parts = [document.body.innerText]
  for (const one of document.querySelectorAll('[title], [aria-label], input, textarea, option'))
    parts.push(one.title ?? '', one.getAttribute('aria-label') ?? '', one.value ?? '', one.text ?? '')
  return parts.join('\\n')
}"""


class Probes:
    """Gives each place a number and a text that runs if anybody takes it for markup."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def __call__(self, place: str) -> str:
        """Gives the probe of a place, the same each time."""
        if place not in self.places:
            self.places.append(place)
        number = self.places.index(place)
        return f"x{number}x'\"><img src=x onerror=xssHit({number})>"

    def places_in(self, text: str) -> set[str]:
        """Names the places whose probe stands in `text` as words."""
        return {self.places[int(one)] for one in re.findall(r"x(\d+)x'\"?", text)}


@dataclass(slots=True)
class ProbeThrower(Thrower):
    """Fills every text of a request with the probe of its place, and sends nothing broken."""

    probes: Probes = field(default_factory=Probes)
    door: str = ""
    used: set[str] = field(default_factory=set[str])

    def _text(self, schema: dict[str, Any], name: str) -> str:
        # Who wants a date or a pattern gets one most of the time, so that the rest is taken.
        if (schema.get("format") or "phone" in name) and self.dice.random() < 0.9:
            return Thrower._text(self, schema, name)  # noqa: SLF001
        place = f"{self.door} {name}"
        self.used.add(place)
        return self.probes(place)


@dataclass(slots=True)
class Found:
    """What the browser met."""

    hits: list[str] = field(default_factory=list[str])
    markup: list[str] = field(default_factory=list[str])
    stopped: list[str] = field(default_factory=list[str])
    dialogs: list[str] = field(default_factory=list[str])
    unprotected: list[str] = field(default_factory=list[str])
    seen: set[str] = field(default_factory=set[str])
    pages: int = 0
    clicks: int = 0


demo.READY_S = 300.0  # A proof may run beside others on a slow machine.


class House:
    """A running Vyzov with probes in it."""

    def __init__(self, out: Path, seed: int) -> None:
        self.centre = Centre(out, seed, free_port(0))
        self.probes = Probes()
        self.carrier = HostileCarrier(self.probes)
        self.broken = HostileCarrier(self.probes, broken=True)
        self.ids: dict[str, str] = {}
        self.known: dict[str, list[str]] = {}
        self.taken: set[str] = set()
        self.refused: set[str] = set()

    def open(self) -> Manager:
        """Starts it and lets the hostile carrier be called and call."""
        manager, _ = open_empty(self.centre, ["+70005550100"])
        trunk = self._trunk(manager, self.carrier)
        broken = self._trunk(manager, self.broken)
        file = self.centre.out / f"{self.probes('file name')[:6]}<img>.csv"
        probe = self.probes
        rows = ["Phone;Name;Language;" + _quoted(probe("column of a list"))]
        rows += [
            f"+7000555011{i};{_quoted(probe('name in a list'))};en;{_quoted(probe('cell of a list'))}"
            for i in range(1, 5)
        ]
        rows.append(f"12;{_quoted(probe('name in a bad row'))};;{_quoted(probe('bad cell'))}")
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        people = manager.upload(file, probe("name of a list")[:100])["id"]
        user = manager.post(
            "/users", login="nora", name=probe("name of a user"), role="operator", language="en",
            password=self.centre.password,
        )["id"]  # fmt: skip
        settings = settings_of("agentless", trunk, [], quick=True)
        settings["script"] = [
            {"id": "one", "title": probe("title of a step"), "text": probe("text of a step")}
        ]
        made = manager.post(
            "/campaigns", name=probe("name of a campaign"), purpose="service", mode="agentless",
            principal=None, list=people, settings=settings,
        )["id"]  # fmt: skip
        self.ids = {"campaigns": made, "trunks": broken}
        self.known = {"campaign": [made], "list": [people], "trunk": [broken], "user": [user]}
        self.known["agent"] = [user]
        manager.post(f"/campaigns/{made}/start")
        sip = load_settings(self.centre.out / "data").sip_port
        for one in (self.carrier, self.broken):
            one.strike(("127.0.0.1", sip))
        self._until_called(manager, made)
        contacts = manager.get("/contacts")["items"]
        self.ids["contacts"] = contacts[0]["id"]
        self.known["contact"] = [one["id"] for one in contacts]
        self.known["attempt"] = [one["id"] for one in manager.get("/attempts")["items"]]
        manager.post(f"/trunks/{broken}/test")
        return manager

    def _trunk(self, manager: Manager, carrier: HostileCarrier) -> str:
        made = manager.post(
            "/trunks", name=self.probes("name of a trunk"), host="127.0.0.1", port=carrier.port,
            codecs=["PCMA"], lines_max=10, calls_per_second=4, active=True,
        )  # fmt: skip
        return str(made["id"])

    def _until_called(self, manager: Manager, campaign: str) -> None:
        end = time.monotonic() + CALLED_WAIT_S
        while time.monotonic() < end:
            attempts = manager.get("/attempts", campaign=campaign)["items"]
            if sum(one["state"] == "final" for one in attempts) >= 4:
                return
            time.sleep(0.5)

    def fill(self, client: httpx.Client, document: dict[str, Any], rounds: int) -> None:
        """Sends a probe in every text of every door that takes a body."""
        for door in doors_in(document):
            if "application/json" not in door.content or door.path in NEVER_SENT:
                continue
            for number in range(rounds):
                self._fill_one(client, document, door, number)
        self.refused -= self.taken

    def _fill_one(
        self, client: httpx.Client, document: dict[str, Any], door: Door, number: int
    ) -> None:
        dice = random.Random(f"{door} {number}")
        thrower = ProbeThrower(document, dice, self.known, wild=0.0)
        thrower.probes, thrower.door = self.probes, str(door).replace("/api/v1", "")
        asked = thrower.request(door)
        headers = [pair for pair in asked["headers"] if pair[0] != b"If-Match"]
        if door.method == "PATCH":
            seen = client.get(asked["url"])
            headers.append((b"If-Match", seen.headers.get("etag", '"1"').encode()))
        headers.append((b"Idempotency-Key", f"{door}{number}".encode()))
        answer = client.request(**{**asked, "headers": headers})
        (self.taken if answer.is_success else self.refused).update(thrower.used)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def screens() -> list[str]:
    """Reads the addresses of all screens from their source."""
    text = (ROOT / "ui" / "src" / "routes.tsx").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"path: '([^']+)'", text)) - {"/"})


def look(house: House, found: Found, login: str, lang: str) -> None:
    """Opens every screen as one person and everything that opens on it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium(), headless=True,
            args=["--no-sandbox", "--use-fake-device-for-media-stream",
                  "--use-fake-ui-for-media-stream"],
        )  # fmt: skip
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.expose_binding("xssHit", lambda _, one: found.hits.append(_place(house, one)))
        context.add_init_script(WATCH + f"localStorage.setItem('vyzov.lang', '{lang}')")
        signed = context.request.post(
            f"{house.centre.url}/api/v1/session", headers={"X-Vyzov": "1"},
            data={"login": login, "password": house.centre.password},
        )  # fmt: skip
        assert signed.ok, signed.text()
        page = context.new_page()
        page.on("dialog", lambda dialog: (found.dialogs.append(dialog.message), dialog.dismiss()))
        for path in screens():
            kind = path.split("/")[1]
            address = house.centre.url + path.replace("$id", house.ids.get(kind, "none"))
            answer = page.goto(address)
            policy = answer.headers.get("content-security-policy", "") if answer else ""
            if "script-src 'self'" not in policy or "unsafe" in policy:
                found.unprotected.append(path)
            page.wait_for_timeout(700)
            note(page, house, found, path)
            explore(page, house, found, path, address)
            found.pages += 1
        browser.close()


def explore(page: Any, house: House, found: Found, path: str, address: str) -> None:
    """Clicks what opens something, a few of each kind."""
    from playwright.sync_api import Error

    for opener in OPENERS:
        for index in range(CLICKS_EACH):
            try:
                one = page.locator(opener).nth(index)
                if not one.is_visible():
                    break
                one.click(timeout=1_000)
                found.clicks += 1
                page.wait_for_timeout(150)
                note(page, house, found, f"{path} {opener}")
            except Error:
                break
            if page.url.partition("?")[0] != address.partition("?")[0]:
                page.goto(address)
                page.wait_for_timeout(400)


def note(page: Any, house: House, found: Found, where: str) -> None:
    """Writes down what stands on the page now."""
    found.seen |= house.probes.places_in(page.evaluate(SEEN))
    if page.evaluate(MARKUP):
        found.markup.append(where)
    found.stopped += [f"{where}: {one}" for one in page.evaluate("globalThis.stopped.splice(0)")]


def _place(house: House, number: int) -> str:
    return house.probes.places[number] if number < len(house.probes.places) else f"? {number}"


def control(house: House) -> dict[str, bool]:
    """Shows that the judges see: a probe runs on a bare page, and is stopped by the policy on ours."""
    from playwright.sync_api import sync_playwright

    hits: list[int] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium(), headless=True, args=["--no-sandbox"]
        )
        context = browser.new_context()
        context.expose_binding("xssHit", lambda _, one: hits.append(one))
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_content(f"<p>{house.probes('a bare page')}</p>")
        page.wait_for_timeout(500)
        bare = len(hits)
        page.goto(f"{house.centre.url}/sign-in")
        page.evaluate("(html) => { document.body.innerHTML += html }", house.probes("our page"))
        page.wait_for_timeout(500)
        stopped, markup = page.evaluate("globalThis.stopped.length"), page.evaluate(MARKUP)
        browser.close()
    return {
        "runs_on_a_bare_page": bare > 0,
        "is_stopped_on_ours": len(hits) == bare and stopped > 0,
        "is_seen_as_markup": markup > 0,
    }


def chromium() -> str:
    return shutil.which(os.environ.get("CHROMIUM", "chromium")) or ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="requests per door with a body")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    built = ROOT / "src" / "vyzov" / "web" / "static" / "index.html"
    if not chromium() or not built.is_file():
        sys.stderr.write("This needs Chromium and the built screens (npm run build in ui/).\n")
        return 1 if os.environ.get("CI") == "true" else MISSING
    out = (args.out or Path(tempfile.mkdtemp(prefix="vyzov-xss-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    house, found = House(out, args.seed), Found()
    try:
        house.open()
        document = httpx.get(f"{house.centre.url}/api/openapi.json", timeout=60).json()
        for login in ("admin", "nora"):
            client = httpx.Client(
                base_url=house.centre.url, headers={"X-Vyzov": "1"}, timeout=60, trust_env=False
            )
            signed = {"login": login, "password": house.centre.password}
            client.post("/api/v1/session", json=signed).raise_for_status()
            house.fill(client, document, args.rounds)
        controls = control(house)
        for login, lang in (("admin", "ru"), ("nora", "en")):
            look(house, found, login, lang)
    finally:
        house.carrier.close()
        house.broken.close()
        house.centre.stop()
    headers = sorted(one for one in house.probes.places if one.split(" ")[0] in SIP_WAYS)
    result = {
        "controls": controls,
        "headers_sent": len(headers),
        "headers_seen": sorted(found.seen & set(headers)),
        "fields_taken": len(house.taken),
        "fields_refused": sorted(house.refused),
        "probes_seen": len(found.seen),
        "pages": found.pages,
        "clicks": found.clicks,
        "calls": house.carrier.calls,
        "executed": found.hits,
        "dialogs": found.dialogs,
        "markup": found.markup,
        "stopped": found.stopped,
        "without_policy": found.unprotected,
    }
    result["ok"] = (
        all(controls.values())
        and not any((found.hits, found.dialogs, found.markup, found.stopped, found.unprotected))
        and len(result["headers_seen"]) >= HEADERS_LEAST
        and found.pages >= 2 * len(screens())
    )
    (out / "xss.json").write_text(
        json.dumps(result | {"seen": sorted(found.seen)}, indent=1), encoding="utf-8"
    )
    print(json.dumps(result) if args.json else f"{'ok' if result['ok'] else 'WRONG'}: {out}")
    return 0 if result["ok"] else 1


SIP_WAYS = ("in", "out", "bye", "phrase", "sdp")


if __name__ == "__main__":
    sys.exit(main())
