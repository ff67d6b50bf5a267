"""`./run verify attack`: looks for users, guesses passwords, floods and stalls a real engine.

First an engine without limits is asked for 10,000 users in five ways: the answers to those that exist
and those that do not must be alike, in bytes and in time, and tell nothing of this machine. Then
an engine as it is shipped holds bridged calls while passwords are guessed, and while ten times the
design rate of 100 calls a second comes in from many addresses, with stalled connections and giants beside
it. Live calls must not notice, new calls of a known carrier must come through, memory stays bounded.
`check_attack.py` works out the result from DIR and imports nothing of Vyzov.
"""

import argparse
import asyncio
import csv
import json
import random
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop
from attack_peers import Asker
from media import DRAIN_S, WAYS, VyzovSwitch, asked
from media_peers import CUSTOMERS
from processes import HERE, Part, cpu_s, judged
from sip_words import request, status_of

from vyzov.cli.precedence import take_niceness
from vyzov.dialer.phone_secrets import REALM
from vyzov.dialer.ports import Answered, Ended, Hangup, SetPhone
from vyzov.sip.auth import secret_hash

DESIGN_CALLS_PER_S = 100
MESSAGES_PER_CALL = 4
"""What comes in of one call placed by us: 100, 180, 200, and 200 to the BYE."""
FIRST_USER = 1000
KNOWN_SHARE = 0.05
MEMORY_EVERY_S = 0.5
SETUP_EVERY_S = 0.5
QUIET_S = 10.0
AFTER_S = 5.0
ADVERTISED = "203.0.113.9"
FLOOD_HOSTS = [f"127.0.{net}.{host}" for net in (2, 3) for host in range(1, 13)]
STREAM_HOSTS = [f"127.0.4.{host}" for host in range(1, 9)]


def free_port() -> int:
    """A port with nothing on it and on the one after it, over UDP and TCP."""
    while True:
        with socket.socket() as one, socket.socket(type=socket.SOCK_DGRAM) as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with suppress(OSError), socket.socket() as next_one:
                other.bind(("127.0.0.1", port))
                next_one.bind(("127.0.0.1", port + 1))
                return port


def phone_of(user: str, password: str) -> SetPhone:
    ha1 = {"SHA-256": secret_hash("SHA-256", user, REALM, password)}
    return SetPhone(f"phone-{user}", user, ha1)


def password_of(user: str, seed: int) -> str:
    return random.Random(f"{seed} {user}").randbytes(12).hex()


class Target(VyzovSwitch):
    """An engine under attack."""

    def __init__(self, out: Path, operators: Part | None, name: str, **options: Any) -> None:
        self.sip_port = free_port()
        self.ended: list[str] = []
        self._options = options
        self._name = name
        super().__init__(out, operators, phones=True)  # type: ignore[arg-type]

    def _engine(self, out: Path, socket: Path) -> Part:
        name = self._name
        return Part(
            "attack_peers.py", "engine", out, log=name, journal=name, out=str(out),
            socket=str(socket), sip_port=self.sip_port,
            certificates=str(out / "certificates"), **self._options,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._part.pid

    def memory_mb(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096 / 1e6

    async def set_phones(self, passwords: dict[str, str]) -> None:
        for user, password in passwords.items():
            self._floor.link.send(phone_of(user, password))
        await asyncio.sleep(0.5)

    async def place(self, number: int, count: int) -> bool:
        """One more call of the known carrier: placed, answered, hung up."""
        leg = f"{self._floor.run_id}-extra-{count}"
        answer = self._floor.call(leg, CUSTOMERS[number], "carrier")
        try:
            told = await asyncio.wait_for(answer, 8.0)
        except TimeoutError:
            return False
        if not isinstance(told, Answered):
            return False
        over = self._floor.expect(leg, Ended)
        self._floor.link.send(Hangup(leg))
        await asyncio.wait([over], timeout=5.0)
        return over.done()

    def watch(self, bridged: int, number: int) -> None:
        """Notes when either leg of a call ends."""
        for of in ("customer", "operator"):
            leg = self._leg(bridged, number, of)
            self._floor.expect(leg, Ended).add_done_callback(
                lambda _done, leg=leg: self.ended.append(leg)
            )


class Attack:
    """One run; everything noted goes into DIR."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        self.options = options
        self.out = out
        self.notes: dict[str, Any] = {
            "live": options.calls, "rate": options.rate, "seconds": options.seconds,
            "users": options.users, "guesses": options.guesses, "advertised": ADVERTISED,
        }  # fmt: skip
        self.rtp: list[dict[str, Any]] = []
        self.memory: list[tuple[float, str, float]] = []
        self.phase = "quiet"

    async def run(self) -> None:
        sys.path.insert(0, str(HERE / "interop"))
        from partners import make_certificates

        make_certificates(self.out / "certificates")
        await self._recon()
        await self._under_load()

    def part(self, name: str, log: str = "", **options: Any) -> Part:
        return Part("attack_peers.py", name, self.out, log=log or name, **options)

    # ---- users and passwords

    async def _recon(self) -> None:
        options = self.options
        users = [str(FIRST_USER + number) for number in range(options.users)]
        dice = random.Random(options.seed)
        known = sorted(dice.sample(users, max(20, int(KNOWN_SHARE * options.users))))
        passwords = {user: password_of(user, options.seed) for user in known}
        target = Target(self.out, None, "engine-open", open=True, advertised_host=ADVERTISED)
        sweep = None
        try:
            await target.start({"carrier": 9, "operators": 9})
            await target.set_phones(passwords)
            sweep = self.part(
                "sweep", host="127.0.0.1", port=target.sip_port, source="127.0.6.1",
                first=FIRST_USER, count=options.users, seed=options.seed,
                file=str(self.out / "sweep.csv"), samples=str(self.out / "answers.txt"),
            )  # fmt: skip
            self.notes["swept"] = (await told(sweep, 1800))["asked"]
            own = Asker("127.0.6.2", ("127.0.0.1", target.sip_port))
            answer, _ = await asyncio.to_thread(own.guess, known[0], passwords[known[0]])
            self.notes["right_password"] = status_of(answer)
            own.close()
        finally:
            target.close()
            if sweep is not None:
                sweep.end()
        (self.out / "known.json").write_text(json.dumps(known), encoding="utf-8")

    # ---- live calls under attack

    async def _under_load(self) -> None:
        options = self.options
        peers = {
            "carrier": Part("media_peers.py", "carrier", self.out, seed=options.seed),
            "operators": Part(
                "media_peers.py", "carrier", self.out, log="operators", seed=options.seed,
                phones=True,
            ),
        }  # fmt: skip
        target = Target(self.out, peers["operators"], "engine")
        watch = None
        try:
            ports = {name: (await asked(part))["port"] for name, part in peers.items()}
            await target.start(ports)
            users = [str(number) for number in range(2000, 2050)]
            await target.set_phones({user: password_of(user, options.seed) for user in users})
            for number in range(options.calls):
                await target.join(0, number)
                target.watch(0, number)
            await asyncio.sleep(2.0)
            watch = asyncio.create_task(self._watch_memory(target))
            await self._window(1, "quiet", QUIET_S, peers)
            await self._guesses(target, users)
            await self._attack(target, peers)
            await self._window(4, "after", AFTER_S, peers)
            self.notes["ended"] = target.ended
        finally:
            if watch is not None:
                watch.cancel()
            target.close()
            for part in peers.values():
                part.end()

    async def _watch_memory(self, target: Target) -> None:
        while True:
            self.memory.append((time.monotonic(), self.phase, target.memory_mb()))
            await asyncio.sleep(MEMORY_EVERY_S)

    async def _guesses(self, target: Target, users: list[str]) -> None:
        self.phase = "guess"
        part = self.part(
            "guess", host="127.0.0.1", port=target.sip_port, users=users,
            count=self.options.guesses, seed=self.options.seed, file=str(self.out / "guesses.csv"),
        )  # fmt: skip
        try:
            self.notes["guessed"] = (await told(part, 1800))["tries"]
        finally:
            part.end()

    async def _attack(self, target: Target, peers: dict[str, Part]) -> None:
        options = self.options
        where = {"host": "127.0.0.1", "port": target.sip_port, "seed": options.seed}
        stalled = max(10.0, options.seconds / 4)
        whole = options.seconds + stalled + 2 * DRAIN_S
        good = self.part("good", **where, source="127.0.0.1", seconds=whole,
                         file=str(self.out / "good.csv"))  # fmt: skip
        setups = asyncio.create_task(self._setups(target, time.monotonic() + whole))
        try:
            self.notes["flood"] = await self._under(
                "flood", 2, options.seconds, target, peers,
                {**where, "sources": FLOOD_HOSTS, "rate": options.rate, "row": 400},
            )  # fmt: skip
            self.notes["stranger_after_ms"] = await asyncio.to_thread(new_stranger, target.sip_port)
            self.notes["streams"] = await self._under(
                "streams", 3, stalled, target, peers,
                {**where, "tls_port": target.sip_port + 1, "sources": STREAM_HOSTS, "each": 20},
            )  # fmt: skip
            self.notes["setups"] = await setups
            self.notes["good_asked"] = (await told(good, 60))["asked"]
        finally:
            setups.cancel()
            good.end()

    async def _under(
        self, name: str, window: int, seconds: float, target: Target, peers: dict[str, Part],
        attack: dict[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        """Holds a window open under an attack, and returns what the attacker and the engine did."""
        part = self.part(name, **attack, seconds=seconds)
        before, begun = cpu_s(target.pid), time.monotonic()
        try:
            await self._window(window, name, seconds, peers)
            share = (cpu_s(target.pid) - before) / (time.monotonic() - begun)
            return await told(part, 60) | {"engine_share": round(share, 3)}
        finally:
            part.end()

    async def _setups(self, target: Target, until: float) -> dict[str, int]:
        """New calls of the known carrier while the flood lasts."""
        placed = answered = 0
        while time.monotonic() < until:
            placed += 1
            number = 400 + placed % 50
            answered += await target.place(number, placed)
            await asyncio.sleep(SETUP_EVERY_S)
        return {"placed": placed, "answered": answered}

    async def _window(self, window: int, name: str, seconds: float, peers: dict[str, Part]) -> None:
        """Holds a window open and notes what became of each leg's packets."""
        self.phase = name
        sides = ("carrier", "operators")
        for side in sides:
            await asked(peers[side], open=window)
        await asyncio.sleep(seconds)
        spoken = {side: (await asked(peers[side], close=window))["legs"] for side in sides}
        await asyncio.sleep(DRAIN_S)
        heard = {side: (await asked(peers[side], report=window))["legs"] for side in sides}
        for number in range(self.options.calls):
            for way, (mouth, ear) in zip(WAYS, (sides, sides[::-1]), strict=True):
                row = {"window": name, "call": number, "way": way}
                self.rtp.append(row | spoken[mouth][str(number)] | heard[ear][str(number)])

    def write(self) -> None:
        (self.out / "notes.json").write_text(json.dumps(self.notes), encoding="utf-8")
        with (self.out / "memory.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("at", "phase", "mb"))
            table.writerows(self.memory)
        columns = ["window", "call", "way", "sent", "missed", "carried", "twice", "strays",
                   "late_max_ms", "transit_p50_ms", "transit_p99_ms", "transit_max_ms"]  # fmt: skip
        with (self.out / "rtp.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.rtp)


async def told(part: Part, limit_s: float) -> dict[str, Any]:
    """The next line of a part that says only one."""
    loop = asyncio.get_running_loop()
    return await asyncio.wait_for(loop.run_in_executor(None, part.read), limit_s)


def new_stranger(port: int) -> float | None:
    """How long somebody never heard of waits for an answer once the flood is over, with repeats."""
    with socket.socket(type=socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.7.1", 0))
        mine.settimeout(0.5)
        place = "{}:{}".format(*mine.getsockname())
        begun = time.monotonic()
        for number in range(10):
            mine.sendto(request("OPTIONS", place, number + 1, "x"), ("127.0.0.1", port))
            with suppress(TimeoutError):
                if status_of(mine.recv(65_535)) == 200:
                    return round(1000 * (time.monotonic() - begun), 1)
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the flood lasts")
    parser.add_argument(
        "--rate", type=int, default=10 * DESIGN_CALLS_PER_S * MESSAGES_PER_CALL,
        help="datagrams a second",
    )  # fmt: skip
    parser.add_argument("--calls", type=int, default=10, help="bridged calls held meanwhile")
    parser.add_argument("--users", type=int, default=10_000, help="user names asked for")
    parser.add_argument("--guesses", type=int, default=10_000, help="passwords tried")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-attack-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    # A generator that waits for its turn would measure itself.
    take_niceness()
    attack = Attack(options, out)
    try:
        uvloop.run(attack.run())
    finally:
        attack.write()
    return judged("check_attack.py", out, begun, options.seed)


if __name__ == "__main__":
    sys.exit(main())
