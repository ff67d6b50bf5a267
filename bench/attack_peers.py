"""The attackers of `verify attack`, each a process of its own, and the good neighbour beside them.

`flood` sends INVITE, REGISTER, OPTIONS and garbage from several addresses, `streams` holds and drips
connections, `sweep` asks for users and guesses passwords, `good` is a carrier's machine that asks
OPTIONS ten times a second and notes how long each answer took. `engine` is the one attacked.
"""

import asyncio
import csv
import itertools
import json
import os
import random
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop
from processes import HERE
from sip_words import digest_answer, field_of, request, shape_of, status_of

Address = tuple[str, int]
GOOD_EVERY_S = 0.1
GOOD_LIMIT_S = 2.0
SWEEP_LIMIT_S = 1.0
SWEEP_PER_S = 200
"""Users asked for in a second, in six messages each. The engine remembers each for 32 s (RFC 3261
timer J) and no more than 50,000, so that who sweeps faster is the sweep's own undoing."""
GUESSES_EACH = 25
PATIENCE = 12
"""How often one address tries to guess before it moves on; it should not get that far."""
ATTACKER_NICENESS = 5


def bound(host: str, receive: int = 1 << 20) -> socket.socket:
    """A UDP socket on one loopback address."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    made.bind((host, 0))
    return made


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


# ---- the engine ----------------------------------------------------------------------------------


async def run_engine(options: dict[str, Any]) -> None:
    """The attacked. With `open` nobody is limited or banned, so that every question is answered."""
    from vyzov.sip.guard import Limits
    from vyzov.telephony.native.engine import EngineSettings, serve
    from vyzov.telephony.native.signalling import Listening
    from vyzov.telephony.native.tls import TlsFiles

    out = Path(options["out"])
    many = 1e6
    wide = Limits(many, many, many, many, many, many, failures_max=0)
    certificates = Path(options["certificates"])
    listening = Listening(
        guard=wide if options.get("open") else Limits(),
        tls=TlsFiles(certificates / "partner.pem", certificates / "partner.key"),
    )
    await serve(
        EngineSettings(
            socket=Path(options["socket"]),
            secret=b"a secret of thirty-two bytes ...",
            journal=out / f"{options['journal']}.jsonl",
            recordings=out / "recordings",
            webrtc_hosts=("127.0.0.1",),
            sip_port=options["sip_port"],
            advertised_host=options.get("advertised_host", ""),
            listening=listening,
        )
    )


# ---- the flood -----------------------------------------------------------------------------------


def flood_mix(host: str, port: int, dice: random.Random) -> Iterator[bytes]:
    """What one address sends, without end: a row made once, told apart by its numbers."""
    sys.path.insert(0, str(HERE.parent / "tests" / "sip"))
    from rfc4475 import REQUESTS, Sender

    body = (HERE.parent / "fuzz" / "corpus" / "sdp").iterdir()
    bodies = [path.read_bytes() for path in body] or [b"v=0\r\n"]
    place, number = f"{host}:{port}", 0
    while True:
        number += 1
        kind = dice.random()
        user = f"{dice.randrange(10_000):04d}"
        if kind < 0.35:
            kinds = ("Content-Type: application/sdp",)
            yield request("INVITE", place, number, user, kinds, dice.choice(bodies))
        elif kind < 0.6:
            yield request("REGISTER", place, number, user)
        elif kind < 0.75:
            yield request("OPTIONS", place, number, user)
        elif kind < 0.85:
            yield request(dice.choice(("MESSAGE", "SUBSCRIBE", "BYE", "ACK")), place, number, user)
        elif kind < 0.95:
            yield dice.choice(REQUESTS).make(Sender(place, number))
        elif kind < 0.99:
            yield dice.randbytes(dice.randrange(1, 1400))
        else:
            yield request("OPTIONS", place, number, user) + dice.randbytes(60_000)


def run_flood(options: dict[str, Any]) -> None:
    """Sends `rate` datagrams a second for so many seconds, in turn from every address."""
    dice = random.Random(options["seed"])
    target: Address = (options["host"], options["port"])
    sockets = [bound(host, 4096) for host in options["sources"]]
    rows: list[list[bytes]] = []
    for one in sockets:
        one.setblocking(False)
        host, port = one.getsockname()
        mix = flood_mix(host, port, dice)
        rows.append([next(mix) for _ in range(options["row"])])
    sent = refused = 0
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < options["seconds"]:
        due = int(now * options["rate"])
        while sent + refused < due:
            which = (sent + refused) % len(sockets)
            row = rows[which]
            place = (sent + refused) // len(sockets) % len(row)
            try:
                sockets[which].sendto(row[place], target)
                sent += 1
            except OSError:
                refused += 1
        time.sleep(0.001)
    say(sent=sent, refused=refused, seconds=round(time.monotonic() - begun, 2))


# ---- connections ---------------------------------------------------------------------------------


class Streams:
    """Connections that are held, dripped into, or fed giants, over TCP and TLS."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self.opened = self.refused = self.dropped = 0
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    async def run(self) -> None:
        options = self._options
        work = [
            self._keep(source, kind)
            for source in options["sources"]
            for kind in ("silent", "drip", "giant", "many")
            for _ in range(options["each"])
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(options["seconds"]):
                await asyncio.gather(*work)
        say(opened=self.opened, refused=self.refused, dropped=self.dropped)

    async def _keep(self, source: str, kind: str) -> None:
        dice = random.Random(f"{source} {kind}")
        while True:
            await asyncio.sleep(dice.random() * 2)
            over_tls = dice.random() < 0.3
            port = self._options["tls_port" if over_tls else "port"]
            try:
                reader, writer = await asyncio.open_connection(
                    self._options["host"], port, local_addr=(source, 0),
                    ssl=self._tls if over_tls else None,
                )  # fmt: skip
            except OSError:
                self.refused += 1
                continue
            self.opened += 1
            with suppress(OSError):
                await self._abuse(kind, reader, writer, dice)
            self.dropped += 1
            writer.close()

    async def _abuse(
        self, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        dice: random.Random,
    ) -> None:  # fmt: skip
        head = b"OPTIONS sip:x@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
        if kind == "silent":
            await reader.read(1)
        elif kind == "drip":
            for byte in head * 50:
                writer.write(bytes((byte,)))
                await writer.drain()
                if reader.at_eof():
                    return
                await asyncio.sleep(0.5)
        elif kind == "giant":
            writer.write(head + b"Content-Length: 99999999\r\n\r\n")
            for _ in range(200):
                writer.write(dice.randbytes(65_536))
                await writer.drain()
        else:
            host, port = writer.get_extra_info("sockname")[:2]
            for number in range(10_000):
                writer.write(request("OPTIONS", f"{host}:{port}", number, "x", transport="TCP"))
                await writer.drain()
                await asyncio.sleep(0)
            await reader.read()


async def run_streams(options: dict[str, Any]) -> None:
    await Streams(options).run()


# ---- the good neighbour --------------------------------------------------------------------------


def run_good(options: dict[str, Any]) -> None:
    """Asks OPTIONS without repeating it, until told to end; each asking is a row of a table."""
    target: Address = (options["host"], options["port"])
    mine = bound(options["source"])
    mine.settimeout(GOOD_LIMIT_S)
    place = "{}:{}".format(*mine.getsockname())
    until = time.monotonic() + options["seconds"]
    with Path(options["file"]).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("at", "ms"))
        number = 0
        while time.monotonic() < until:
            number += 1
            begun = time.monotonic()
            mine.sendto(request("OPTIONS", place, number, "vyzov"), target)
            wanted = f"Call-ID: {place}-{number}\r\n".encode()
            ms: float | str = ""
            with suppress(TimeoutError):
                while True:
                    answer = mine.recv(65_535)
                    if wanted in answer and status_of(answer) == 200:
                        ms = round(1000 * (time.monotonic() - begun), 3)
                        break
            table.writerow((round(begun, 4), ms))
            time.sleep(max(0.0, GOOD_EVERY_S - (time.monotonic() - begun)))
    say(asked=number)


# ---- the sweep -----------------------------------------------------------------------------------


class Asker:
    """One address that asks and waits."""

    def __init__(self, host: str, target: Address) -> None:
        self._socket = bound(host)
        self._socket.settimeout(SWEEP_LIMIT_S)
        self._socket.connect(target)
        self.place = "{}:{}".format(*self._socket.getsockname())
        self._number = 0

    def ask(self, method: str, user: str, *headers: str, body: bytes = b"") -> tuple[bytes, float]:
        """The final answer and its milliseconds; b"" where none comes."""
        self._number += 1
        data = request(method, self.place, self._number, user, headers, body)
        wanted = f"Call-ID: {self.place}-{self._number}\r\n".encode()
        begun = time.perf_counter()
        self._socket.send(data)
        try:
            while True:
                answer = self._socket.recv(65_535)
                if wanted in answer and status_of(answer) >= 200:
                    return answer, 1000 * (time.perf_counter() - begun)
        except (TimeoutError, ConnectionError):
            return b"", 0.0

    def guess(self, user: str, password: str) -> tuple[bytes, float]:
        """Asks to be challenged and answers with a password."""
        challenge, _ = self.ask("REGISTER", user)
        line = field_of(challenge, "WWW-Authenticate")
        if not line:
            return b"", 0.0
        answer = digest_answer(line, user, password, "REGISTER", "sip:hall.example")
        return self.ask("REGISTER", user, f"Authorization: {answer}")

    def close(self) -> None:
        self._socket.close()


def run_sweep(options: dict[str, Any]) -> None:
    """Asks every user in every way, and notes what can be told of the answer."""
    dice = random.Random(f"{options['seed']} sweep")
    users = [str(number) for number in range(options["first"], options["first"] + options["count"])]
    dice.shuffle(users)
    target: Address = (options["host"], options["port"])
    asker = Asker(options["source"], target)
    samples: set[bytes] = set()
    with Path(options["file"]).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("way", "user", "status", "shape", "ms"))
        begun = time.monotonic()
        for number, user in enumerate(users):
            time.sleep(max(0.0, begun + number / SWEEP_PER_S - time.monotonic()))
            ways = ["OPTIONS", "INVITE", "REGISTER", "SUBSCRIBE", "guess"]
            dice.shuffle(ways)
            for way in ways:
                password = f"{user}" if dice.random() < 0.5 else "password"
                asked = asker.guess(user, password) if way == "guess" else asker.ask(way, user)
                answer, ms = asked
                shape = shape_of(answer, user, asker.place)
                if len(samples) < 200:
                    samples.add(answer)
                table.writerow((way, user, status_of(answer), shape, round(ms, 4)))
    with Path(options["samples"]).open("wb") as file:
        file.write(b"\n----\n".join(sorted(samples)))
    say(asked=5 * len(users))


def run_guess(options: dict[str, Any]) -> None:
    """Guesses passwords of users that exist, moving from address to address; each try is a row."""
    dice = random.Random(options["seed"])
    target: Address = (options["host"], options["port"])
    tries = 0
    with Path(options["file"]).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("source", "try", "status"))
        for number in itertools.count():
            if tries >= options["count"]:
                break
            source = f"127.{5 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}"
            asker = Asker(source, target)
            asker._socket.settimeout(0.05)  # noqa: SLF001 - whoever is banned need not wait
            for index in range(GUESSES_EACH):
                user = dice.choice(options["users"])
                answer, _ = asker.guess(user, str(dice.randrange(10_000)))
                table.writerow((source, index + 1, status_of(answer)))
                tries += 1
                # Where nobody answers any more a patient guesser tries a few times again.
                if not answer and index >= PATIENCE:
                    break
            asker.close()
    say(tries=tries)


def main() -> None:
    name, options = sys.argv[1], json.loads(sys.argv[2])
    if name not in ("engine", "good"):
        # Attackers sit elsewhere: here they must not take the processor from whom is measured.
        os.setpriority(os.PRIO_PROCESS, 0, ATTACKER_NICENESS)
    if name == "engine":
        uvloop.run(run_engine(options))
    elif name == "streams":
        asyncio.run(run_streams(options))
    else:
        {"flood": run_flood, "good": run_good, "sweep": run_sweep, "guess": run_guess}[name](
            options
        )


if __name__ == "__main__":
    main()
