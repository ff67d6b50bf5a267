"""Asterisk as carrier and registrar: its endpoints, its dialplan, and what is done with it.

The number dialled chooses what happens to the call; the number shown chooses how strictly Asterisk
speaks (challenge, session timers, 100rel, digits by INFO, SRTP).
"""

import asyncio
import json
import secrets
import sys
import threading
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
from check_list import Scene, check
from our_side import free_port

from vyzov.dialer.ports import Answered, Digit, SendDigits

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from asterisk import Asterisk

PLAIN, CHALLENGED, TIMED, RELIABLE, BY_INFO, STRICT_MD5, SECURED, ULAW, PATIENT = (
    f"+7000555014{n}" for n in range(9)
)
ANSWERS, BUSY, CONGESTED, RINGS, ANNOUNCES, HOLDS, REINVITES, UPDATES, ECHO_DIGITS, HANGS_UP = (
    f"+7000555010{n}" for n in range(10)
)
SENDS_DIGITS = "+70005550110"
UNKNOWN = "+70005550130"
MOH_HZ = 760
PASSWORD = "correct horse"

# What each endpoint has beside the ordinary.
ENDPOINTS = {
    PLAIN: "",
    CHALLENGED: "auth = sha256\n",
    STRICT_MD5: "auth = md5\n",
    TIMED: "timers = always\ntimers_min_se = 90\ntimers_sess_expires = 90\n",
    RELIABLE: "100rel = required\n",
    BY_INFO: "dtmf_mode = info\n",
    SECURED: "media_encryption = sdes\n",
    ULAW: "",
    PATIENT: "timers = always\ntimers_min_se = 120\ntimers_sess_expires = 120\n",
}


def pjsip(ports: dict[str, int], certificate: Path | None) -> str:
    """The endpoints: each caller has its own, found by the number in From."""
    parts = ["[global]\ntype = global\nendpoint_identifier_order = username,ip\n"]
    for transport, port in ports.items():
        part = f"[{transport}]\ntype = transport\nprotocol = {transport}\nbind = 127.0.0.1:{port}\n"
        if transport == "tls":
            assert certificate is not None
            part += f"cert_file = {certificate / 'partner.pem'}\n"
            part += f"priv_key_file = {certificate / 'partner.key'}\nmethod = tlsv1_2\n"
        parts.append(part)
    for name, extra in ENDPOINTS.items():
        allow = "ulaw" if name == ULAW else "alaw,ulaw"
        parts.append(
            f"[{name}]\ntype = endpoint\ncontext = carrier\ndisallow = all\nallow = {allow}\n"
            "direct_media = no\nrtp_symmetric = yes\nmoh_passthrough = yes\n"
            + ("" if "dtmf_mode" in extra else "dtmf_mode = rfc4733\n")
            + extra
        )
    for name, digest in (("sha256", "SHA-256"), ("md5", "MD5")):
        parts.append(
            f"[{name}]\ntype = auth\nauth_type = digest\nusername = vyzov\npassword = {PASSWORD}\n"
            f"supported_algorithms_uas = {digest}\nrealm = carrier.example\n"
        )
    parts.append(
        "[vyzov]\ntype = endpoint\ncontext = carrier\ndisallow = all\nallow = alaw\n"
        "auth = sha256\naors = vyzov\n"
        "[vyzov]\ntype = aor\nmax_contacts = 3\nminimum_expiration = 60\n"
    )
    return "\n".join(parts)


def extensions(folder: Path) -> str:
    """The dialplan; recordings go into `folder` under the id of the channel."""
    record = f"MixMonitor({folder}/${{UNIQUEID}}.wav,r({folder}/heard-${{UNIQUEID}}.wav))"
    other = ["Wait(0.4)", "Set(PJSIP_MEDIA_OFFER(audio)=!all,ulaw)"]
    again = "Set(PJSIP_SEND_SESSION_REFRESH()"
    plan = {
        ANSWERS: ["Ringing()", "Wait(0.2)", "Answer()", record, "Milliwatt()"],
        BUSY: ["Hangup(17)"],
        CONGESTED: ["Hangup(34)"],
        RINGS: ["Ringing()", "Wait(30)"],
        ANNOUNCES: ["Progress()", "PlayTones(425)", "Wait(1.2)", "Hangup(20)"],
        HOLDS: ["Answer()", record, "Stasis(vyzov)"],
        REINVITES: [
            "Answer()",
            record,
            *other,
            f"{again}=invite)",
            "Milliwatt()",
        ],
        UPDATES: ["Answer()", record, *other, f"{again}=update)", "Milliwatt()"],
        ECHO_DIGITS: ["Answer()", "Read(KEYS,,4,,1,6)", "SendDTMF(${KEYS},80,100)", "Wait(8)"],
        SENDS_DIGITS: ["Answer()", "Wait(0.5)", "SendDTMF(1950,80,100)", "Wait(8)"],
        HANGS_UP: ["Answer()", "Wait(0.7)", "Hangup(21)"],
    }
    lines = ["[carrier]"]
    for number, steps in plan.items():
        lines += [f"exten => {number},{place},{step}" for place, step in enumerate(steps, start=1)]
    return "\n".join(lines) + "\n"


class AsteriskPartner:
    """One Asterisk for all its checks."""

    kind = "asterisk"

    def __init__(self, folder: Path, hep_port: int, certificate: Path | None) -> None:
        folder.mkdir(parents=True)
        self.heard = folder / "heard"
        self.heard.mkdir()
        self.ports = {"udp": free_port(), "tcp": free_port()}
        if certificate is not None:
            self.ports["tls"] = free_port()
        first = 20_000 + secrets.randbelow(500) * 20
        moh = folder / "moh"
        moh.mkdir()
        write_tone(moh / "hold.wav", MOH_HZ)
        self._password = secrets.token_hex(8)
        self.asterisk = Asterisk(
            folder / "instance",
            pjsip=pjsip(self.ports, certificate),
            extensions=extensions(self.heard),
            rtp=(first, first + 400),
            http_port=free_port(),
            password=self._password,
            hep_port=hep_port,
            musiconhold=f"[default]\nmode = files\ndirectory = {moh}\n",
        )
        self.asterisk.wait_ready()
        self.version = f"Asterisk {self.asterisk.version}"
        self.ari = Ari(self.asterisk.http_port, self._password)

    def stop(self) -> None:
        """Ends it."""
        self.ari.close()
        self.asterisk.stop()

    def recordings(self) -> set[Path]:
        """What it has written so far of what it heard."""
        return set(self.heard.glob("heard-*.wav"))


class Ari:
    """Just enough of the REST interface to hold a call: events of one application, and requests."""

    def __init__(self, port: int, password: str) -> None:
        from websockets.sync.client import connect

        self._socket = connect(
            f"ws://127.0.0.1:{port}/ari/events?app=vyzov&api_key=vyzov:{password}"
        )
        self._lock = threading.Lock()
        self.channels: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def request(self, method: str, uri: str) -> None:
        """Sends a request over the event socket; its answer is not waited for."""
        self._socket.send(json.dumps({
            "type": "RESTRequest", "transaction_id": "t", "request_id": secrets.token_hex(4),
            "method": method, "uri": uri,
        }))  # fmt: skip

    def wait_channel(self, limit_s: float = 5.0) -> str:
        """The channel that entered the application last, waiting for it."""
        end = time.monotonic() + limit_s
        while not self.channels:
            if time.monotonic() > end:
                raise TimeoutError("no channel entered the application")
            time.sleep(0.02)
        return self.channels.pop()

    def close(self) -> None:
        """Leaves."""
        self._socket.close()

    def _read(self) -> None:
        for line in self._socket:
            event: dict[str, Any] = json.loads(line)
            if event.get("type") == "StasisStart":
                self.channels.append(event["channel"]["id"])


def write_tone(path: Path, hz: float, seconds: float = 10.0) -> None:
    """A tone at -14 dBm0, mono, 8 kHz."""
    times = np.arange(int(8000 * seconds)) / 8000
    samples = (32_124 * 10 ** (-17.14 / 20) * np.sin(2 * np.pi * hz * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())


def partner_heard(scene: Scene, before: set[Path]) -> None:
    """Names the recording that the partner made of us in this check."""
    made = sorted(scene.partner.recordings() - before)
    scene.notes["partner_heard"] = [str(path) for path in made]


async def outcome(scene: Scene, number: str, **options: Any) -> None:
    """One call to a number, with everything it leaves."""
    before = scene.partner.recordings()
    trunk = {k: options.pop(k) for k in list(options) if k in TRUNK_OPTIONS}
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        ours.trunk(scene.partner.ports[scene.transport], **scene.reach(), **trunk)
        await ours.call(number, **options)
    # MixMonitor closes its file a moment after the call.
    await asyncio.sleep(0.3)
    partner_heard(scene, before)


TRUNK_OPTIONS = frozenset({
    "username", "password", "realm", "allow_md5", "srtp", "codecs", "session_expires_s", "register",
})  # fmt: skip


@check("asterisk", "tls")
async def answers_with_encrypted_sound(scene: Scene) -> None:
    """It takes SRTP by SDES and nothing else; so do we."""
    await outcome(scene, ANSWERS, caller_id=SECURED, srtp="required")


@check("asterisk", "tls")
async def refuses_encrypted_sound(scene: Scene) -> None:
    """Our trunk requires SRTP, the endpoint does not know it."""
    await outcome(scene, ANSWERS, srtp="required")


@check("asterisk", "udp", "tcp", "tls")
async def answers(scene: Scene) -> None:
    """It rings, answers, speaks a milliwatt, and we hang up."""
    await outcome(scene, ANSWERS)


@check("asterisk")
async def busy(scene: Scene) -> None:
    """It is busy: 486."""
    await outcome(scene, BUSY)


@check("asterisk")
async def congested(scene: Scene) -> None:
    """It has no circuits: 503."""
    await outcome(scene, CONGESTED)


@check("asterisk")
async def unknown_number(scene: Scene) -> None:
    """The number does not exist: 404."""
    await outcome(scene, UNKNOWN)


@check("asterisk")
async def rings_until_we_give_up(scene: Scene) -> None:
    """We give up while it rings."""
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        ours.trunk(scene.partner.ports[scene.transport])
        await ours.over(ours.dial(RINGS, ring_s=0.8))


@check("asterisk")
async def announces_and_refuses(scene: Scene) -> None:
    """Early media, then the refusal."""
    await outcome(scene, ANNOUNCES)


@check("asterisk")
async def challenges_with_sha256(scene: Scene) -> None:
    """It asks for a password by SHA-256."""
    await outcome(
        scene, ANSWERS, caller_id=CHALLENGED, username="vyzov", password=PASSWORD,
        realm="carrier.example",
    )  # fmt: skip


@check("asterisk")
async def wrong_password(scene: Scene) -> None:
    """Our password is wrong: tried once, and told."""
    await outcome(
        scene, ANSWERS, caller_id=CHALLENGED, username="vyzov", password="wrong",
        realm="carrier.example",
    )  # fmt: skip


@check("asterisk")
async def challenges_with_md5_only(scene: Scene) -> None:
    """The trunk does not allow MD5: the call is refused here and not answered."""
    await outcome(
        scene, ANSWERS, caller_id=STRICT_MD5, username="vyzov", password=PASSWORD,
        realm="carrier.example",
    )  # fmt: skip


@check("asterisk")
async def challenges_with_md5_allowed(scene: Scene) -> None:
    """It asks by MD5, and the trunk allows that."""
    await outcome(
        scene, ANSWERS, caller_id=STRICT_MD5, username="vyzov", password=PASSWORD,
        realm="carrier.example", allow_md5=True,
    )  # fmt: skip


@check("asterisk")
async def speaks_ulaw_only(scene: Scene) -> None:
    """It takes G.711 in its other law."""
    await outcome(scene, ANSWERS, caller_id=ULAW)


@check("asterisk")
async def hangs_up_with_a_cause(scene: Scene) -> None:
    """It hangs up first and says why."""
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        ours.trunk(scene.partner.ports[scene.transport])
        await ours.over(ours.dial(HANGS_UP))


@check("asterisk")
async def holds_and_resumes(scene: Scene) -> None:
    """It holds by re-INVITE, we go on in silence, it takes us back."""
    before = scene.partner.recordings()
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        ours.trunk(scene.partner.ports[scene.transport])
        leg = ours.dial(HOLDS)
        await ours.talk(leg, 0.6)
        loop = asyncio.get_running_loop()
        channel = await loop.run_in_executor(None, scene.partner.ari.wait_channel)
        scene.partner.ari.request("POST", f"channels/{channel}/hold")
        await asyncio.sleep(0.8)
        scene.partner.ari.request("DELETE", f"channels/{channel}/hold")
        await asyncio.sleep(0.8)
        await ours.hang_up(leg)
    await asyncio.sleep(0.3)
    partner_heard(scene, before)


@check("asterisk")
async def invites_again(scene: Scene) -> None:
    """It changes the codec within the call by re-INVITE."""
    await outcome(scene, REINVITES)


@check("asterisk")
async def updates(scene: Scene) -> None:
    """It changes the codec within the call by UPDATE."""
    await outcome(scene, UPDATES)


@check("asterisk")
async def wants_session_timers(scene: Scene) -> None:
    """It agrees on session timers of 90 seconds."""
    await outcome(scene, ANSWERS, caller_id=TIMED, session_expires_s=90)


@check("asterisk")
async def wants_longer_session_timers(scene: Scene) -> None:
    """We offer 90 seconds, it says 422 and 120, and we call again with that."""
    await outcome(scene, ANSWERS, caller_id=PATIENT, session_expires_s=90)


@check("asterisk", quick=False)
async def refreshes_the_session(scene: Scene) -> None:
    """Long enough for one refresh at half of 90 seconds."""
    await outcome(scene, ANSWERS, caller_id=TIMED, session_expires_s=90, seconds=50.0)


@check("asterisk")
async def wants_reliable_provisionals(scene: Scene) -> None:
    """It insists on PRACK (100rel required)."""
    await outcome(scene, ANSWERS, caller_id=RELIABLE)


async def digits(scene: Scene, number: str, caller_id: str, keys: str) -> None:
    """We send keys as telephone events, if any; Asterisk sends four back."""
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        ours.trunk(scene.partner.ports[scene.transport])
        leg = ours.dial(number, caller_id=caller_id)
        await ours.wait(Answered, leg=leg)
        await asyncio.sleep(0.3)
        if keys:
            ours.send(SendDigits(leg, keys))
        await ours.wait(Digit, leg=leg, count=4)
        await ours.hang_up(leg)


@check("asterisk")
async def digits_by_telephone_event(scene: Scene) -> None:
    """Asterisk sends back the keys that it understood."""
    await digits(scene, ECHO_DIGITS, PLAIN, "1950")


@check("asterisk")
async def digits_by_info(scene: Scene) -> None:
    """Asterisk tells its keys by INFO, and offers no telephone events."""
    await digits(scene, SENDS_DIGITS, BY_INFO, "")
