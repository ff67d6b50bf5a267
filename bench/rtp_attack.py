"""The attacker of `verify rtp`: sprays RTP, RTCP and noise at a call's ports and listens for anything.

It knows the ports (the worst case: an onlooker told it), and with the right to make raw packets it
forges the far side's address too. Its sound is marked and has a pitch of its own, so that a judge can
find it wherever it got through. Imports nothing of Vyzov. Speaks JSON lines: an attack in, counts out.
"""

import json
import math
import os
import random
import select
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from typing import Any

MAGIC = b"\x9c\x3aEv"
"""What every frame of the attacker's sound begins with (docs/formats.md)."""
ATTACK_HZ = 2600.0
ELSEWHERE = "127.0.0.66"
TICK_S = 0.005


def alaw(level: int) -> int:
    """One A-law byte of a 16-bit level (ITU-T G.711)."""
    rest = (level if level >= 0 else ~level) >> 4
    segment = max(0, rest.bit_length() - 4)
    code = rest if segment < 2 else segment << 4 | rest >> segment - 1 & 15
    return (code | (0x80 if level >= 0 else 0)) ^ 0x55


def frame(number: int) -> bytes:
    """20 ms of the attacker's sound."""
    first = number * 160
    tone = bytes(
        alaw(round(9000 * math.sin(2 * math.pi * ATTACK_HZ * (first + at) / 8000)))
        for at in range(160)
    )
    return MAGIC + tone[len(MAGIC) :]


FRAMES = [frame(number) for number in range(20)]


def rtp(ssrc: int, number: int, payload: bytes, kind: int = 8) -> bytes:
    head = struct.pack("!BBHII", 0x80, kind, number & 0xFFFF, number * 160 & 0xFFFFFFFF, ssrc)
    return head + payload


def goodbye(ssrc: int) -> bytes:
    """A receiver report and a BYE in one."""
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc) + struct.pack("!BBHI", 0x81, 203, 1, ssrc)


class Raw:
    """Sends datagrams under a forged source address, where the system lets us."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        with suppress(PermissionError):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    @property
    def allowed(self) -> bool:
        return self._socket is not None

    def send(self, data: bytes, source: tuple[str, int], target: tuple[str, int]) -> None:
        assert self._socket is not None
        udp = struct.pack("!HHHH", source[1], target[1], 8 + len(data), 0) + data
        ip = struct.pack(
            "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
            socket.inet_aton(source[0]), socket.inet_aton(target[0]),
        )  # fmt: skip
        self._socket.sendto(ip + udp, target)


class Ears:
    """Counts every byte that comes back to any of the attacker's sockets."""

    def __init__(self) -> None:
        self.bytes = 0
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        threading.Thread(target=self._run, daemon=True).start()

    def open(self, host: str) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, 0))
        made.setblocking(False)
        self._sockets[made.fileno()] = made
        self._poll.register(made.fileno(), select.EPOLLIN)
        return made

    def _run(self) -> None:
        while True:
            for number, _ in self._poll.poll():
                # An ICMP "port unreachable" of a closed port raises and holds no byte of ours.
                with suppress(OSError):
                    self.bytes += len(self._sockets[number].recv(65_535))


class Attacker:
    """All attacks, each a thread."""

    def __init__(self, seed: int) -> None:
        self.ears = Ears()
        self.raw = Raw()
        self._seed = seed
        self._lock = threading.Lock()

    def run(self, order: dict[str, Any]) -> None:
        """Sends `count` packets of one kind within `seconds` and tells how many left."""
        dice = random.Random(f"{self._seed} {order['id']} {order['phase']}")
        engine, victim = tuple(order["engine"]), tuple(order["victim"])
        senders = [self.ears.open(ELSEWHERE), self.ears.open(victim[0])]
        sent = faults = 0
        begun = time.monotonic()
        while sent + faults < order["count"]:
            due = int((time.monotonic() - begun) / order["seconds"] * order["count"]) + 1
            for _ in range(min(due, order["count"]) - sent - faults):
                try:
                    self._send(order, sent + faults, dice, senders, engine, victim)
                    sent += 1
                except OSError:
                    faults += 1
            time.sleep(TICK_S)
        self._tell(id=order["id"], phase=order["phase"], sent=sent, faults=faults)

    def _send(
        self, order: dict[str, Any], number: int, dice: random.Random,
        senders: list[socket.socket], engine: Any, victim: Any,
    ) -> None:  # fmt: skip
        kind = order["kind"]
        data, port = self._packet(kind, number, dice, engine[1], order["heard"])
        target = (engine[0], port)
        # Turn by turn from another host, from another port of the right host, and as that port.
        turn = {"other_host": 0, "other_port": 1, "forged": 2}.get(kind, number % 3)
        if kind == "replay":
            turn = 2 if order["sealed"] else number % 2
        if turn == 2 and not self.raw.allowed:
            turn = number % 2
        if turn == 2:
            source = victim if port == engine[1] else (victim[0], victim[1] + 1)
            self.raw.send(data, source, target)
        else:
            senders[turn].sendto(data, target)

    def _packet(
        self, kind: str, number: int, dice: random.Random, port: int, heard: list[str]
    ) -> tuple[bytes, int]:
        if kind == "goodbye":
            return goodbye(dice.getrandbits(32)), port + number // 3 % 2
        if kind == "garbage":
            noise = dice.randbytes(dice.choice((0, 1, 3, 11, 12, 40, 172, 400, 1400)))
            head = dice.choice(
                (b"", b"\x80\x08", b"\x90\x08", b"\xbf\x88", b"\x80\xc8", b"\x81\xcb")
            )
            return head + noise[len(head) :], port + number // 3 % 2
        if kind == "replay":
            return bytes.fromhex(heard[number % len(heard)]), port
        # Half the packets make one steady stream, half come each from a source of their own.
        steady = number % 2
        ssrc = 0xEBEBEBEB if steady else dice.getrandbits(32)
        count = number // 2 if steady else dice.getrandbits(16)
        return rtp(ssrc, count, FRAMES[number % len(FRAMES)]), port

    def _tell(self, **message: Any) -> None:
        with self._lock:
            sys.stdout.write(json.dumps(message | {"leaked": self.ears.bytes}) + "\n")
            sys.stdout.flush()

    def serve(self) -> None:
        own = self.ears.open(ELSEWHERE)
        self._tell(raw=self.raw.allowed, port=own.getsockname()[1])
        for line in sys.stdin:
            order = json.loads(line)
            if order.get("count"):
                threading.Thread(target=self.run, args=(order,), daemon=True).start()
            else:
                self._tell(pid=os.getpid())


if __name__ == "__main__":
    Attacker(json.loads(sys.argv[2])["seed"]).serve()
