"""baresip, a telephone by other hands: as the callee behind a trunk, over UDP, TCP and TLS with SRTP.

It speaks a tone of its own (`ausine`) and keeps what it hears (`sndfile`); a control connection lets it
hold, resume, press keys and hang up.
"""

import asyncio
import hashlib
import json
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from check_list import Scene, check
from our_side import free_port
from partner_sipp import wait_bound
from wire_watch import Seen

from vyzov.dialer.phone_secrets import REALM
from vyzov.dialer.ports import (
    Answered,
    Bridge,
    BridgeJoined,
    DeviceCall,
    DeviceClose,
    DeviceDown,
    DeviceUp,
    PhoneRegistered,
    RecordFinished,
    RecordStart,
    RecordStop,
    SetPhone,
)
from vyzov.sip.events import Transport

NUMBER = "+70005550101"
DESK_USER, DESK_PASSWORD = "1001", "battery-staple"
MODULES = Path("/usr/lib/baresip/modules")
TRACED = re.compile(
    r"#\r?\n(?:UDP|TCP|TLS) ([\d.]+):(\d+) -> ([\d.]+):(\d+)\r?\n(.*?)\x1b\[;m", re.DOTALL
)
CONFIG = """module_path {modules}
module g711.so
module ausine.so
module aubridge.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
sip_listen 127.0.0.1:{port}
sip_certificate {certificates}/baresip.pem
sip_cafile {certificates}/ca.pem
net_interface 127.0.0.1
ausrc_srate 48000
ausrc_channels 2
auplay_srate 8000
auplay_channels 1
audio_source ausine,{hz}
audio_player aubridge,ear
audio_alert aubridge,bell
snd_path {folder}
ctrl_tcp_listen 127.0.0.1:{control}
rtp_ports {rtp}-{rtp_last}
"""


class Baresip:
    """One running baresip with one account in its own folder."""

    def __init__(self, folder: Path, certificates: Path, account: str, *, hz: int = 700) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        # It cuts long paths short, so it hears into a folder with a brief one.
        self._ear = tempfile.TemporaryDirectory(prefix="vyzov-")
        # TLS is spoken on the port after the plain one.
        self.port = pair_of_ports()
        self.control_port = free_port(socket.SOCK_STREAM)
        rtp = free_port() & ~1
        key, leaf = (certificates / name for name in ("partner.key", "partner.pem"))
        (certificates / "baresip.pem").write_bytes(key.read_bytes() + leaf.read_bytes())
        (folder / "config").write_text(
            CONFIG.format(
                hz=hz, modules=MODULES, folder=self._ear.name, port=self.port, control=self.control_port,
                certificates=certificates, rtp=rtp, rtp_last=min(65_000, rtp + 40),
            )
        )  # fmt: skip
        (folder / "accounts").write_text(account + "\n")
        (folder / "contacts").touch()
        (folder / "uuid").write_text("00000000-0000-0000-0000-000000000001\n")
        program = shutil.which("baresip")
        assert program is not None
        with (folder / "baresip.log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-f", str(folder), "-v", "-s"], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        wait_bound(self.port, "udp", self.process)
        wait_bound(self.control_port, "tcp", self.process)

    def command(self, command: str, parameters: str = "") -> dict[str, Any]:
        """Gives an order over the control connection and returns the answer."""
        asked = json.dumps({"command": command, "params": parameters}).encode()
        with socket.create_connection(("127.0.0.1", self.control_port), 3) as connection:
            connection.sendall(b"%d:%s," % (len(asked), asked))
            while True:
                told: dict[str, Any] = json.loads(netstring(connection))
                if told.get("response"):
                    return told

    def heard(self) -> list[Path]:
        """What it heard, once it has been ended."""
        return sorted(self.folder.glob("dump-*-dec.wav"))

    def messages(self) -> list[Seen]:
        """Its own trace of its messages, the only reading of what goes under TLS."""
        text = (self.folder / "baresip.log").read_text(encoding="latin-1")
        found: list[Seen] = []
        for match in TRACED.finditer(text):
            ends = [(host, int(port)) for host, port in (match.group(1, 2), match.group(3, 4))]
            message = match[5].replace("\r\n", "\n").replace("\n", "\r\n").lstrip()
            found.append(Seen(0.0, "log", ends[0], ends[1], message))
        return found

    def stop(self) -> None:
        """Ends it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._keep_sound()

    def kill(self) -> None:
        """Ends it without a word to anybody."""
        self.process.kill()
        self.process.wait()
        self._keep_sound()

    def _keep_sound(self) -> None:
        for path in Path(self._ear.name).glob("dump-*-dec.wav"):
            shutil.copy(path, self.folder)
        self._ear.cleanup()


def pair_of_ports() -> int:
    """A free port whose neighbour above is free too."""
    for _ in range(20):
        port = free_port()
        with socket.socket() as above:
            try:
                above.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports next to each other")


def netstring(connection: socket.socket) -> bytes:
    """Reads one netstring."""
    size = b""
    while (one := connection.recv(1)) != b":":
        if not one.isdigit():
            raise ConnectionError(f"the control connection ended after {size!r}")
        size += one
    left, data = int(size) + 1, b""
    while left:
        part = connection.recv(left)
        if not part:
            raise ConnectionError("the control connection ended within an answer")
        data += part
        left -= len(part)
    return data[:-1]


class BaresipPartner:
    """baresip is started anew for each check; this only knows where and what."""

    kind = "baresip"

    def __init__(self, folder: Path, hep_port: int, certificates: Path) -> None:  # noqa: ARG002 - as all partners
        self.folder = folder
        self.certificates = certificates
        self.ports: dict[str, int] = {}
        self.version = "baresip 1.0"
        program = shutil.which("baresip")
        assert program is not None
        told = subprocess.run([program, "-h"], capture_output=True, text=True, check=False)
        words = (told.stdout + told.stderr).split()
        if len(words) > 1 and words[0] == "baresip":
            self.version = f"baresip {words[1].lstrip('v')}"

    def stop(self) -> None:
        """Nothing is left running."""


class Called:
    """A baresip that waits for our call, and a scene that knows it."""

    def __init__(self, scene: Scene, *, answers: str = "auto") -> None:
        secure = ";mediaenc=srtp-mand" if scene.transport == "tls" else ""
        self.phone = Baresip(
            scene.folder / "baresip",
            scene.certificates,
            f"<sip:{NUMBER}@127.0.0.1;transport={scene.transport}>;regint=0;answermode={answers};"
            f"audio_codecs=pcma{secure}",
        )
        self.port = self.phone.port + (scene.transport == "tls")
        scene.notes["near"] = self.port
        self._scene = scene

    def trunk(self) -> dict[str, Any]:
        """What the trunk needs beside host and port; under TLS the sound is encrypted too."""
        secure = {"srtp": "required"} if self._scene.transport == "tls" else {}
        return self._scene.reach() | secure

    async def order(self, command: str, parameters: str = "") -> None:
        """Gives the phone an order without holding our side up."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.phone.command, command, parameters)

    def stop(self) -> None:
        """Ends the phone, names what it heard, and keeps its own book of messages."""
        self.phone.stop()
        self._scene.copies += self.phone.messages()
        self._scene.notes["partner_heard"] = [str(path) for path in self.phone.heard()]


async def talk(scene: Scene, *orders: tuple[float, str, str], over: bool = False) -> None:
    """One call to the phone; `orders` are (seconds to wait first, command, parameters)."""
    called = Called(scene)
    try:
        async with scene.ours() as ours:
            scene.notes["ours"] = ours.ports
            ours.trunk(called.port, **called.trunk())
            leg = ours.dial(NUMBER)
            await ours.talk(leg, 0.2 if orders else 1.2)
            for wait, command, parameters in orders:
                await asyncio.sleep(wait)
                await called.order(command, parameters)
            if over:
                await ours.over(leg)
            else:
                await asyncio.sleep(0.8 if orders else 0.0)
                await ours.hang_up(leg)
    finally:
        called.stop()


@check("baresip", "udp", "tcp", "tls", name="phone_answers")
async def _answers(scene: Scene) -> None:
    """It rings, answers and speaks; under TLS the sound is SRTP."""
    await talk(scene)


@check("baresip", "udp", name="phone_hangs_up")
async def _hangs_up(scene: Scene) -> None:
    """It answers and hangs up first."""
    await talk(scene, (1.0, "hangup", ""), over=True)


@check("baresip", "udp", name="phone_holds_and_resumes")
async def _holds(scene: Scene) -> None:
    """It holds the call and takes it back."""
    await talk(scene, (0.8, "hold", ""), (0.8, "resume", ""))


@check("baresip", "udp", name="phone_presses_keys")
async def _keys(scene: Scene) -> None:
    """It presses two keys."""
    await talk(scene, (0.3, "sndcode", "1"), (0.3, "sndcode", "5"))


@check("baresip", "udp", name="phone_rings_until_we_give_up")
async def _rings(scene: Scene) -> None:
    """We give up while it rings."""
    called = Called(scene, answers="manual")
    try:
        async with scene.ours() as ours:
            scene.notes["ours"] = ours.ports
            ours.trunk(called.port)
            await ours.over(ours.dial(NUMBER, ring_s=0.8))
    finally:
        called.stop()


@check("baresip", "udp", name="phone_refuses")
async def _refuses(scene: Scene) -> None:
    """It rejects the call."""
    called = Called(scene, answers="manual")
    try:
        async with scene.ours() as ours:
            scene.notes["ours"] = ours.ports
            ours.trunk(called.port)
            leg = ours.dial(NUMBER)
            await asyncio.sleep(0.5)
            await called.order("hangup")
            await ours.over(leg)
    finally:
        called.stop()


@check("baresip", "udp", "tcp", "tls", name="phone_at_the_desk")
async def _desk(scene: Scene) -> None:
    """It signs in to us as an operator's phone, is rung once, and talks with a customer."""
    customer = Baresip(
        scene.folder / "customer", scene.certificates, hz=900,
        account=f"<sip:{NUMBER}@127.0.0.1>;regint=0;answermode=auto;audio_codecs=pcma",
    )  # fmt: skip
    phones: list[Baresip] = []
    scene.notes["behind"] = [customer.port]
    try:
        async with scene.ours() as ours:
            scene.notes["ours"] = ours.ports
            ours.send(SetPhone("desk", DESK_USER, desk_hashes()))
            port = ours.engine.signalling.ports.get(Transport(scene.transport), ours.port)
            account = (
                f"<sip:{DESK_USER}@127.0.0.1:{port};transport={scene.transport}>;"
                f"auth_user={DESK_USER};auth_pass={DESK_PASSWORD};regint=60;answermode=auto;"
                "audio_codecs=pcma"
            )
            # It gives up at a challenge that names SHA-256. Asking again, as it does half a minute
            # later by itself and at once when it is started anew, it is offered MD5.
            for turn in ("phone", "phone-again"):
                phones.append(Baresip(scene.folder / turn, scene.certificates, account))
                if turn == "phone":
                    await asyncio.sleep(0.5)
                    phones[0].kill()
            await ours.wait(PhoneRegistered)
            ours.send(DeviceCall("desk-leg", "operator", "desk"))
            await ours.wait(DeviceUp, leg="desk-leg")
            ours.trunk(customer.port)
            leg = ours.dial(NUMBER)
            await ours.wait(Answered, leg=leg)
            ours.send(
                RecordStart(leg, f"record-{leg}", f"{leg}.wav"), Bridge(leg, "desk-leg", cue=False)
            )
            await ours.wait(BridgeJoined, leg=leg)
            await asyncio.sleep(1.2)
            ours.send(RecordStop(leg, f"record-{leg}"))
            await ours.wait(RecordFinished, leg=leg)
            await ours.hang_up(leg)
            ours.send(DeviceClose("desk-leg"))
            await ours.wait(DeviceDown, leg="desk-leg")
    finally:
        customer.stop()
        for phone in phones:
            # Its sign-out would come to an engine that is gone.
            phone.kill()
            scene.copies += phone.messages()
        heard = [path for one in (customer, *phones) for path in one.heard()]
        scene.notes["partner_heard"] = [str(path) for path in heard]


def desk_hashes() -> dict[str, str]:
    """What the engine keeps instead of the phone's password; this baresip knows MD5 only."""
    text = f"{DESK_USER}:{REALM}:{DESK_PASSWORD}".encode()
    found = {"SHA-256": hashlib.sha256(text).hexdigest()}
    return found | {"MD5": hashlib.md5(text, usedforsecurity=False).hexdigest()}
