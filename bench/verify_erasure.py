"""`./run verify erasure`: people with canaries everywhere are called, then erased; none may be found.

A whole centre runs against the network in a box: lists with canaries in every column are imported,
people are called by an offer and by operators who write notes about them, everything is exported.
Then `vyzov erase` erases all of them while the centre runs on. `check_erasure.py`, which imports
nothing of Vyzov, looks through every file and column before and after. The last line is JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from vyzov.app import load_settings
from vyzov.cli.demo import Centre, Manager, free_port, open_empty
from vyzov.cli.demo_lists import settings_of
from vyzov.storage.export import export_calls, export_facts

HERE = Path(__file__).resolve().parent
OPERATORS = 9
CALLER_ID = "+70007779999"
"""Our own number, outside the range in which the people live."""
HURRY = 3.0
BATCH = 50
SETTLE_S = 12.0
TALKATIVE = (
    "import asyncio,sys,json;"
    "from pathlib import Path;"
    "sys.path.insert(0, sys.argv[1]);"
    "from erasure_operators import talk;"
    "talk(json.loads(sys.argv[2]))"
)


def numbers_of(person: int) -> tuple[str, str]:
    """A person's two numbers, of the range kept for fiction."""
    return f"+7000555{person:04d}", f"+7000555{person + 5000:04d}"


def write_lists(folder: Path, count: int) -> list[Path]:
    """Two lists in which every cell is a canary, with rows that come twice."""
    paths = []
    for part in range(2):
        path = folder / f"clients-{part}.csv"
        lines = ["Телефон;Телефон 2;Имя;Часовой пояс;Город;Почта;Комментарий"]
        for person in range(part, count, 2):
            first, second = numbers_of(person)
            spaced = f"8 ({first[2:5]}) {first[5:8]}-{first[8:10]}-{first[10:]}"
            rest = (
                f"Анна Канарейка{person:04d};Europe/Moscow;Город Канарейка{person:04d};"
                f"canary{person:04d}@example.org;просила canary{person:04d} звонить утром"
            )
            lines.append(f"{spaced};{second};{rest}")
            if person % 10 == part:
                lines.append(f"{first};;Ещё раз {rest}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


class Run:
    """One run: a centre, its people, and what is noted for the judge."""

    def __init__(self, out: Path, count: int, seed: int, talk_s: float) -> None:
        self.out = out
        self.count = count
        self.talk_s = talk_s
        self.data = out / "data"
        self.elsewhere = out / "elsewhere"
        self.centre = Centre(out, seed, free_port(0))
        self.told: dict[str, Any] = {"people": count}

    def go(self) -> None:
        """Calls, exports, erases, calls again."""
        self.data.mkdir(parents=True)
        # Whole numbers on the tape are the harder case.
        (self.data / "vyzov.toml").write_text("sip_trace_numbers = true\n", encoding="utf-8")
        everybody = [number for n in range(self.count) for number in numbers_of(n)]
        manager, trunk = open_empty(self.centre, everybody, hurry=HURRY)
        self.call(manager, trunk)
        self.edit(manager)
        self.export(manager)
        self.look("before")
        self.erase()
        self.look("after")
        self.prove()
        self.call_again(manager, trunk)

    def call(self, manager: Manager, trunk: str) -> None:
        """Has everybody called, some by an offer, the others by operators who write about them."""
        crew = [
            str(
                manager.post(
                    "/users", login=f"op{n + 1}", name=f"Оператор {n + 1}", role="operator",
                    language="ru", password=self.centre.password,
                )["id"]
            )
            for n in range(OPERATORS)
        ]  # fmt: skip
        for number in (numbers_of(n)[0] for n in range(0, self.count, 20)):
            manager.post("/stop-list", number=number, reason="asked")
        campaigns = []
        for path, mode in zip(
            write_lists(self.out, self.count), ("progressive", "agentless"), strict=True
        ):
            campaigns.append(self.campaign(manager, path, mode, trunk, crew))
        self.operators()
        # Told of people, and nowhere to be found: what waits for it must hold no one's words.
        manager.post(
            "/webhooks", name="CRM", url="https://receiver.invalid/in", with_person=True,
            events=["attempt.finished", "result.saved", "callback.promised", "stop_list.added"],
        )  # fmt: skip
        for one in campaigns:
            manager.post(f"/campaigns/{one}/start")
        end = time.monotonic() + self.talk_s
        while time.monotonic() < end:
            time.sleep(2.0)
            states = [manager.get(f"/campaigns/{one}")["state"] for one in campaigns]
            if all(state == "completed" for state in states):
                break
        for one in campaigns:
            manager.post(f"/campaigns/{one}/finish")
        time.sleep(SETTLE_S)
        progress = [manager.get(f"/campaigns/{one}/progress") for one in campaigns]
        self.told["called"] = sum(
            one["total"] - one["fresh"] if "fresh" in one else one["attempts"] for one in progress
        )

    def campaign(self, manager: Manager, path: Path, mode: str, trunk: str, crew: list[str]) -> str:
        contacts = manager.upload(path, path.stem)
        settings = settings_of(mode, trunk, crew, quick=True)
        settings["redial"]["attempts_max"] = 1
        settings["caller_id"] = CALLER_ID
        made = manager.post(
            "/campaigns", name=path.stem, purpose="service", mode=mode, list=contacts["id"],
            principal=None, settings=settings,
        )  # fmt: skip
        return str(made["id"])

    def operators(self) -> None:
        """Starts operators who write a note and a field about everybody they talked with."""
        wanted = {
            "password": self.centre.password, "url": self.centre.url, "login": "op1",
            "tone": 1150, "count": OPERATORS, "seed": self.centre.seed, "hurry": HURRY,
            "out": str(self.out / "operators.jsonl"),
        }  # fmt: skip
        log = (self.out / "operators.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-c", TALKATIVE, str(HERE), json.dumps(wanted)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        self.centre.processes.append(("operators", process))

    def edit(self, manager: Manager) -> None:
        """Changes everybody's card: the log of changes holds what stood there before, and after."""
        for one in self.pages(manager, "/contacts"):
            manager.patch(
                f"/contacts/{one['id']}", name=f"{one['name']} младший", note=f"сын: {one['name']}"
            )

    def export(self, manager: Manager) -> None:
        """Leaves what a manager would: lists and exports, in the data folder and elsewhere."""
        database = load_settings(self.data).database
        for folder in (self.data / "exports", self.elsewhere):
            folder.mkdir()
            export_facts(database, folder / "facts.jsonl")
            export_calls(database, folder / "calls.csv")
            for part in range(2):
                name = f"clients-{part}.csv"
                (folder / name).write_bytes((self.out / name).read_bytes())

        exports = self.data / "exports"
        people = self.pages(manager, "/contacts")
        attempts = self.pages(manager, "/attempts")
        self.keep(exports / "contacts.json", people)
        self.keep(exports / "attempts.jsonl", *attempts)
        self.keep(exports / "stop-list.json", self.pages(manager, "/stop-list"))
        self.keep(exports / "card.json", manager.get(f"/contacts/{people[0]['id']}"))
        ladders = [manager.get(f"/attempts/{one['id']}/ladder") for one in attempts[:20]]
        self.keep(exports / "ladders.json", ladders)
        rows = "".join(f"<tr><td>{one['name']}<td>{one['id']}\n" for one in people)
        (exports / "people.html").write_text(f"<table>\n{rows}</table>\n", encoding="utf-8")
        cards = [manager.get(f"/contacts/{one['id']}") for one in people[:10]]
        numbers = "".join(f"{one['phones'][0]['e164'][1:]}\n" for one in cards)
        (exports / "numbers.txt").write_text(numbers, encoding="ascii")
        mails = "".join(f"To: {one['name']}\n" for one in cards)
        (exports / "letters.txt").write_text(mails, encoding="utf-8")
        words = "".join(f"WARNING support: {one['name']} complained\n" for one in people)
        (self.data / "log" / "support.log").write_text(words, encoding="utf-8")

    @staticmethod
    def keep(path: Path, *values: Any) -> None:
        """Writes values as JSON, one on each line."""
        lines = (json.dumps(value, ensure_ascii=False) + "\n" for value in values)
        path.write_text("".join(lines), encoding="utf-8")

    @staticmethod
    def pages(manager: Manager, path: str) -> list[Any]:
        """Everything a list of the API has."""
        items: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            asked = {"cursor": cursor} if cursor else {}
            page = manager.get(path, limit=100, **asked)
            items += page["items"]
            cursor = page.get("next_cursor") or page.get("next")
        return items

    def look(self, when: str) -> None:
        judge = [sys.executable, "-I", str(HERE / "check_erasure.py"), "look"]
        done = subprocess.run(
            [*judge, str(self.data), str(self.elsewhere)], check=True, capture_output=True
        )
        (self.out / f"{when}.json").write_bytes(done.stdout)

    def erase(self) -> None:
        """Erases everybody by number, by the command, while the centre runs."""
        erased: set[str] = set()
        for begin in range(0, self.count, BATCH):
            some = [numbers_of(n)[0] for n in range(begin, min(begin + BATCH, self.count))]
            told = self.command(
                "erase", "--by", "verify erasure", "--also", str(self.elsewhere), "--json",
                "--act", str(self.out / "act.txt"), *(f"--number={one}" for one in some),
            )  # fmt: skip
            if not told["ok"]:
                print(json.dumps({key: told[key] for key in ("places", "found")}, indent=1))
            erased |= set(told["contacts"])
        self.told |= {"erased": len(erased), "erased_t": time.monotonic()}

    def prove(self) -> None:
        """The chain verifies, and says who was erased."""
        self.told["facts_verified"] = self.command("facts", "verify", "--json")["ok"]
        file = self.out / "facts.jsonl"
        export_facts(load_settings(self.data).database, file)
        kinds = [json.loads(line)["kind"] for line in file.open(encoding="utf-8")]
        self.told["facts_erased"] = kinds.count("contact_erased")

    def call_again(self, manager: Manager, trunk: str) -> None:
        """The same people are imported anew and a campaign is started: nobody may be called."""
        for part in range(2):
            path = self.out / f"clients-{part}.csv"
            again = self.campaign(manager, path, "agentless", trunk, [])
            manager.post(f"/campaigns/{again}/start")
            time.sleep(SETTLE_S / 2)
            manager.post(f"/campaigns/{again}/finish")
        listed = self.pages(manager, "/stop-list")
        self.told["stop_listed_after"] = sum(one["reason"] in ("erased", "asked") for one in listed)

    def command(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "vyzov", *arguments, "--data", str(self.data)],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if not done.stdout.strip():
            raise RuntimeError(f"vyzov {arguments[0]}: {done.stderr}")
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return told


def main() -> int:
    """Runs, has it judged."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=200, help="people")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--seconds", type=float, default=200.0, help="how long to call at most")
    asked.add_argument("--out", type=Path, help="where the evidence is left")
    asked.add_argument("--json", action="store_true", help="the last line is JSON (always)")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="vyzov-erasure-") as folder:
        out = (given.out or Path(folder)).resolve()
        out.mkdir(parents=True, exist_ok=True)
        run = Run(out, given.count, given.seed, given.seconds)
        try:
            run.go()
        finally:
            run.centre.stop()
        (out / "told.json").write_text(json.dumps(run.told), encoding="utf-8")
        judge = [sys.executable, "-I", str(HERE / "check_erasure.py"), str(out)]
        return subprocess.run(judge, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
