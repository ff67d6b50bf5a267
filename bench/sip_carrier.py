"""The carrier of `bench sip`, and the caller that comes with it: SIPp twice, with scripts of ours.

SIPp shares no line and no misunderstanding with Vyzov. Its own log, statistics and message counts are
what the bench is judged by. All three paths meet the same script, each in a fresh SIPp.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

BUFFER_BYTES = 1 << 22
"""A burst of answers must not be lost in a socket: that would measure the kernel's patience."""
START_S = 8.0
LEAVE_S = 15.0

_SDP = """
      v=0
      o=carrier 1 1 IN IP4 127.0.0.1
      s=-
      c=IN IP4 127.0.0.1
      t=0 0
      m=audio @MEDIA@ RTP/AVP 8 0 101
      a=rtpmap:8 PCMA/8000
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000
      a=fmtp:101 0-15
      a=ptime:20
"""

_BACK = """
      [last_Via:]
      [last_From:]
      [last_To:];tag=carrier-[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:carrier@[local_ip]:[local_port]>"""

_ANSWERS = f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="answers">
  <recv request="INVITE">
    <action><log message="invite,[timestamp],[call_id]"/></action>
  </recv>
  <send><![CDATA[

      SIP/2.0 180 Ringing{_BACK}
      Content-Length: 0

  ]]></send>
  <pause milliseconds="@RING@"/>
  <send retrans="500"><![CDATA[

      SIP/2.0 200 OK{_BACK}
      Content-Type: application/sdp
      Content-Length: [len]
{_SDP}
  ]]></send>
  <recv request="ACK">
    <action><log message="ack,[timestamp],[call_id]"/></action>
  </recv>
  <recv request="BYE">
    <action><log message="bye,[timestamp],[call_id]"/></action>
  </recv>
  <send><![CDATA[

      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
  <timewait milliseconds="2000"/>
</scenario>
"""

_HEAD = """
      Via: SIP/2.0/UDP [local_ip]:[local_port];rport;branch=[branch]
      Max-Forwards: 70
      From: <sip:@CALLER@@[local_ip]:[local_port]>;tag=caller-[call_number]
      To: <sip:[field0]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]"""

_CALLS = f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="calls">
  <nop><action><log message="placed,[timestamp],[call_id]"/></action></nop>
  <send retrans="500"><![CDATA[

      INVITE sip:[field0]@[remote_ip]:[remote_port] SIP/2.0{_HEAD}
      CSeq: 1 INVITE
      Contact: <sip:caller@[local_ip]:[local_port]>
      Content-Type: application/sdp
      Content-Length: [len]
{_SDP}
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200">
    <action><log message="answered,[timestamp],[call_id]"/></action>
  </recv>
  <send><![CDATA[

      ACK sip:carrier@[remote_ip]:[remote_port] SIP/2.0{_HEAD}
      CSeq: 1 ACK
      Content-Length: 0

  ]]></send>
  <send retrans="500"><![CDATA[

      BYE sip:carrier@[remote_ip]:[remote_port] SIP/2.0{_HEAD}
      CSeq: 2 BYE
      Content-Length: 0

  ]]></send>
  <recv response="200">
    <action><log message="ended,[timestamp],[call_id]"/></action>
  </recv>
</scenario>
"""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def version() -> str:
    """What SIPp says of itself."""
    said = subprocess.run([_program(), "-v"], capture_output=True, text=True, check=False).stdout
    return said.strip().splitlines()[0].split()[1].rstrip(".") if said.strip() else "unknown"


def _program() -> str:
    found = shutil.which("sipp")
    if found is None:
        raise SystemExit(
            "SIPp is not on this machine; install it (Debian: apt-get install sip-tester)"
        )
    return found


class Sipp:
    """One SIPp: its files are `NAME.log`, `NAME.stat.csv` and `NAME.counts.csv` of its folder."""

    def __init__(self, folder: Path, name: str, script: str, *arguments: str) -> None:
        self.folder, self.name = folder, name
        self.port = free_port()
        self.log = folder / f"{name}.log"
        path = folder / f"{name}.xml"
        path.write_text(script, encoding="utf-8")
        with (folder / f"{name}.out").open("wb") as out:
            self.process = subprocess.Popen(
                [
                    _program(), "-sf", str(path), "-i", "127.0.0.1", "-p", str(self.port),
                    "-ci", "127.0.0.1", "-cp", str(free_port()),
                    "-mi", "127.0.0.1", "-mp", str(free_port() // 2 * 2), "-aa", "-nostdin",
                    "-trace_logs", "-log_file", str(self.log), "-trace_counts",
                    "-trace_stat", "-stf", str(folder / f"{name}.stat.csv"), "-fd", "1",
                    "-buff_size", str(BUFFER_BYTES), "-trace_err",
                    "-error_file", str(folder / f"{name}.errors"), *arguments,
                ],
                cwd=folder, stdout=out, stderr=out,
            )  # fmt: skip

    def settle(self) -> None:
        """Gives SIPp's own counts, which it names by its process id, a name that is known."""
        for found in self.folder.glob(f"*_{self.process.pid}_counts.csv"):
            found.rename(self.folder / f"{self.name}.counts.csv")


class Carrier(Sipp):
    """Answers every call after `ring_ms`; the caller hangs up."""

    def __init__(self, folder: Path, *, ring_ms: int, media_port: int) -> None:
        script = _ANSWERS.replace("@RING@", str(ring_ms)).replace("@MEDIA@", str(media_port))
        super().__init__(folder, "carrier", script)
        self._read = 0
        self._ended = 0
        self._wait_bound()

    def _wait_bound(self) -> None:
        wanted = f"0100007F:{self.port:04X}"
        limit = time.monotonic() + START_S
        while time.monotonic() < limit and self.process.poll() is None:
            if wanted in Path("/proc/net/udp").read_text(encoding="ascii"):
                return
            time.sleep(0.02)
        raise RuntimeError(f"SIPp did not start; read {self.folder / self.name}.out")

    def ended(self) -> int:
        """How many calls were hung up so far."""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            whole = fresh[: fresh.rfind(b"\n") + 1]
            self._read += len(whole)
            self._ended += sum(1 for line in whole.splitlines() if line.startswith(b"bye,"))
        return self._ended

    def wait_ended(self, count: int, limit_s: float, stuck_s: float = 45.0) -> bool:
        """Waits until so many calls were hung up; False where it takes too long or stands still."""
        limit, moved = time.monotonic() + limit_s, time.monotonic()
        before = -1
        while time.monotonic() < limit:
            now = self.ended()
            if now >= count:
                return True
            if now != before:
                before, moved = now, time.monotonic()
            if time.monotonic() - moved > stuck_s:
                return False
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        """Lets SIPp take leave and write down its statistics."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGUSR1)
            try:
                self.process.wait(LEAVE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.settle()


class Caller(Sipp):
    """SIPp's own caller: `count` calls, `lines` at once, as quickly as it can."""

    def __init__(
        self, folder: Path, carrier: Carrier, *, numbers: list[str], lines: int, caller: str,
        media_port: int,
    ) -> None:  # fmt: skip
        whom = folder / "numbers.csv"
        whom.write_text("SEQUENTIAL\n" + "\n".join(numbers) + "\n", encoding="ascii")
        script = _CALLS.replace("@CALLER@", caller).replace("@MEDIA@", str(media_port))
        super().__init__(
            folder, "caller", script, "-inf", str(whom), "-m", str(len(numbers)),
            "-l", str(lines), "-r", "10000", "-timeout", "600", f"127.0.0.1:{carrier.port}",
        )  # fmt: skip
