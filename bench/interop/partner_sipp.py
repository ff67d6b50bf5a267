"""SIPp: a carrier whose callee sends back the sound it gets, and a caller who tries to call us.

Also the callee behind the proxy of `partner_kamailio`. Scripts are short; the long list of awkward
carriers is in the tests of the engine.
"""

import asyncio
import shutil
import subprocess
import time
from pathlib import Path

from check_list import Scene, check
from our_side import OurSide, free_port

START_S = 5.0
BACK = """      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]callee[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      [last_Record-Route:]
      Contact: <sip:callee@[local_ip]:[local_port];transport=@TRANSPORT@>
"""
SDP = """      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=callee 1 1 IN IP4 127.0.0.1
      s=-
      c=IN IP4 127.0.0.1
      t=0 0
      m=audio [media_port] RTP/AVP 8 101
      a=rtpmap:8 PCMA/8000
      a=rtpmap:101 telephone-event/8000
      a=fmtp:101 0-15
"""
RESPONSE = """
  <send><![CDATA[

      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
"""
RINGING = f"""
  <send><![CDATA[

      SIP/2.0 180 Ringing
{BACK}      Content-Length: 0

  ]]></send>
  <pause milliseconds="200"/>
"""
ANSWER = f"""
  <send @RETRANS@><![CDATA[

      SIP/2.0 200 OK
{BACK}{SDP}
  ]]></send>
"""
BYE_OF_CALLEE = """
  <pause milliseconds="900"/>
  <send retrans="500"><![CDATA[

      BYE [next_url] SIP/2.0
      Via: SIP/2.0/@UPPER@ [local_ip]:[local_port];branch=[branch]
      [routes]
      From: [$own]
      To: [$peer]
      Call-ID: [call_id]
      CSeq: 7 BYE
      Max-Forwards: 70
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
"""
CATCH_ENDS = """
  <recv request="INVITE" rrs="true">
    <action>
      <ereg regexp=".*" search_in="hdr" header="From:" assign_to="peer"/>
      <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
      <assignstr assign_to="own" value="[$to];tag=[pid]callee[call_number]"/>
    </action>
  </recv>
"""
# A proxy's CANCEL has fewer Vias than the INVITE, whose final response needs all of them.
KEEPS_VIA = """
  <recv request="INVITE" rrs="true">
    <action>
      <ereg regexp=".*" search_in="hdr" header="Via:" occurrence="1" assign_to="via"/>
      <ereg regexp=".*" search_in="hdr" header="Via:" occurrence="2" assign_to="via_below"/>
    </action>
  </recv>
"""
PLAIN_INVITE = '\n  <recv request="INVITE" rrs="true"/>\n'
ACK = '\n  <recv request="ACK" rrs="true"/>\n'
BYE = '\n  <recv request="BYE"/>\n'
# Of two that answer, the proxy cancels the later one; its CANCEL may come after the answer, before
# or after the ACK, or not at all.
ACK_OR_CANCEL = f"""
  <recv request="CANCEL" optional="true" next="1"/>
  <recv request="ACK" rrs="true" next="2"/>
  <label id="1"/>
{RESPONSE}
  <recv request="ACK" rrs="true"/>
  <label id="2"/>
"""
BYE_OR_CANCEL = f"""
  <recv request="CANCEL" optional="true" next="3"/>
  <recv request="BYE" next="4"/>
  <label id="3"/>
{RESPONSE}
  <recv request="BYE"/>
  <label id="4"/>
"""
GIVEN_UP = f"""
  <recv request="CANCEL"/>
{RESPONSE}
  <send retrans="500"><![CDATA[

      SIP/2.0 487 Request Terminated
      Via:[$via]
      Via:[$via_below]
      [last_From:]
      [last_To:];tag=[pid]callee[call_number]
      [last_Call-ID:]
      CSeq: 1 INVITE
      Content-Length: 0

  ]]></send>
"""
SCRIPTS = {
    "rings": [KEEPS_VIA, RINGING, GIVEN_UP, ACK],
    "answers": [PLAIN_INVITE, RINGING, ANSWER, ACK, BYE, RESPONSE],
    "answers_at_once": [PLAIN_INVITE, ANSWER, ACK_OR_CANCEL, BYE_OR_CANCEL, RESPONSE],
    "hangs_up": [CATCH_ENDS, RINGING, ANSWER, ACK, BYE_OF_CALLEE],
    "refuses": [
        PLAIN_INVITE,
        f"\n  <send><![CDATA[\n\n      SIP/2.0 486 Busy Here\n{BACK}"
        "      Content-Length: 0\n\n  ]]></send>\n",
        ACK,
    ],
    "calls": [
        """
  <send retrans="500"><![CDATA[

      INVITE sip:+70005550140@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/@UPPER@ [local_ip]:[local_port];branch=[branch]
      From: <sip:stranger@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
      To: <sip:+70005550140@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:stranger@[local_ip]:[local_port];transport=@TRANSPORT@>
      Max-Forwards: 70
"""
        + SDP
        + """
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="403"/>
  <send><![CDATA[

      ACK sip:+70005550140@[remote_ip]:[remote_port] SIP/2.0
      [last_Via:]
      [last_From:]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      Content-Length: 0

  ]]></send>
"""
    ],
    "asks": [
        """
  <send retrans="500"><![CDATA[

      OPTIONS sip:[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/@UPPER@ [local_ip]:[local_port];branch=[branch]
      From: <sip:stranger@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
      To: <sip:[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 OPTIONS
      Max-Forwards: 70
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
"""
    ],
}


class Sipp:
    """One running SIPp with one script; it sends back the sound it gets."""

    def __init__(
        self, folder: Path, script: str, *, transport: str = "udp", port: int = 0, remote: str = ""
    ) -> None:
        text = "".join(SCRIPTS[script])
        text = text.replace("@UPPER@", transport.upper()).replace("@TRANSPORT@", transport)
        text = text.replace("@RETRANS@", 'retrans="500"')
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        path = folder / f"{script}-{self.port}.xml"
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="{script}">{text}</scenario>\n',
            encoding="utf-8",
        )
        program = shutil.which("sipp")
        assert program is not None
        self._output = path.with_suffix(".out")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    program, *([remote] if remote else []), "-sf", str(path),
                    "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1",
                    "-mp", str(free_port()), "-ci", "127.0.0.1", "-cp", str(free_port()),
                    "-t", {"udp": "u1", "tcp": "t1"}[transport], "-rtp_echo", "-nostdin",
                    "-m", "1", "-timeout", "60", "-timeout_error",
                ],
                stdout=output, stderr=output, cwd=folder,
            )  # fmt: skip
        if not remote:
            wait_bound(self.port, transport, self.process)

    def finish(self, limit_s: float = 8.0) -> int:
        """Waits for its end; 0 where every step of the script was seen."""
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.stop()
            return -1

    def stop(self) -> None:
        """Ends it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def wait_bound(port: int, transport: str, process: "subprocess.Popen[bytes]") -> None:
    """Waits until a program listens; raises RuntimeError where it ended or never did."""
    wanted = f"0100007F:{port:04X} "
    table = Path("/proc/net/udp" if transport == "udp" else "/proc/net/tcp")
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended at its start")
        if wanted in table.read_text(encoding="ascii"):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


class SippPartner:
    """SIPp is started anew for each check."""

    kind = "sipp"

    def __init__(self, folder: Path, hep_port: int, certificates: Path) -> None:  # noqa: ARG002 - as all partners
        self.folder = folder
        self.ports = {"udp": free_port(), "tcp": free_port()}
        program = shutil.which("sipp")
        assert program is not None
        told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
        found = [word for word in told.stdout.split() if word.startswith("v")]
        self.version = f"SIPp {found[0].lstrip('v').split('-')[0]}" if found else "SIPp"

    def stop(self) -> None:
        """Nothing is left running."""


async def carried(scene: Scene, script: str, seconds: float = 1.2) -> None:
    """One call of ours to SIPp."""
    port = scene.partner.ports[scene.transport]
    sipp = Sipp(scene.folder / "sipp", script, transport=scene.transport, port=port)
    try:
        async with scene.ours() as ours:
            scene.notes["ours"] = ours.ports
            ours.trunk(port, **scene.reach())
            leg = ours.dial("+70005550101")
            await ours.talk(leg, seconds)
            if script == "hangs_up":
                await ours.over(leg)
            else:
                await ours.hang_up(leg)
            await finished(scene, sipp)
    finally:
        sipp.stop()


async def finished(scene: Scene, *sipps: Sipp) -> None:
    """Notes how each SIPp ended."""
    loop = asyncio.get_running_loop()
    ends = [await loop.run_in_executor(None, sipp.finish) for sipp in sipps]
    scene.notes["partner_exit"] = ends


@check("sipp", "udp", "tcp", name="sipp_answers")
async def _answers(scene: Scene) -> None:
    """It rings, answers, and sends our own sound back."""
    await carried(scene, "answers")


@check("sipp", "udp", "tcp", name="sipp_hangs_up")
async def _hangs_up(scene: Scene) -> None:
    """It answers and hangs up first."""
    await carried(scene, "hangs_up", seconds=0.2)


@check("sipp", "udp", "tcp", name="sipp_refuses")
async def _refuses(scene: Scene) -> None:
    """It is busy."""
    await carried(scene, "refuses")


async def calls_us(scene: Scene, script: str) -> None:
    """SIPp as the one who begins."""
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        await strange(scene, ours, script)


async def strange(scene: Scene, ours: OurSide, script: str) -> None:
    sipp = Sipp(
        scene.folder / "sipp", script, transport=scene.transport,
        port=scene.partner.ports[scene.transport], remote=f"127.0.0.1:{ours.port}",
    )  # fmt: skip
    try:
        await finished(scene, sipp)
    finally:
        sipp.stop()


@check("sipp", name="sipp_calls_us")
async def _calls_us(scene: Scene) -> None:
    """A stranger calls us: refused."""
    await calls_us(scene, "calls")


@check("sipp", name="sipp_asks_whether_we_live")
async def _asks(scene: Scene) -> None:
    """A stranger asks by OPTIONS whether we live."""
    await calls_us(scene, "asks")
