"""Kamailio as the proxy between us and a callee (SIPp): it records routes, loose or strict, and forks.

It listens on UDP, TCP and TLS at once; the callee behind it is always reached by UDP, so that over the
other two the proxy puts two routes of its own into the dialog.
"""

import shutil
import subprocess
from pathlib import Path

from check_list import Scene, check
from our_side import free_port
from partner_sipp import Sipp, finished, wait_bound

FORKED, STRICT = "+70005550120", "+70005550121"


def module_folders() -> list[Path]:
    """Where packages put Kamailio's modules."""
    return [*Path("/usr/lib").glob("*/kamailio/modules"), Path("/usr/lib/kamailio/modules")]


def configuration(
    ports: dict[str, int], callees: tuple[int, int], hep_port: int, certificates: Path
) -> str:
    """The proxy's script; of two children, one would hand on a BYE before the other an ACK."""
    modules = next(folder for folder in module_folders() if folder.is_dir())
    listens = "\n".join(f"listen={name}:127.0.0.1:{port}" for name, port in ports.items())
    loaded = "\n".join(
        f'loadmodule "{name}.so"'
        for name in (
            "tls",
            "tm",
            "sl",
            "rr",
            "pv",
            "maxfwd",
            "textops",
            "siputils",
            "siptrace",
            "corex",
        )
    )
    own = f"127.0.0.1:{ports['udp']}"
    return f"""#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
enable_tls=yes
auto_aliases=no
{listens}
mpath="{modules}"
{loaded}
modparam("tls", "config", "{certificates}/kamailio-tls.cfg")
modparam("rr", "enable_double_rr", 1)
modparam("rr", "append_fromtag", 0)
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "hep_capture_id", 1)
modparam("siptrace", "duplicate_uri", "sip:127.0.0.1:{hep_port}")
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (is_method("CANCEL")) {{
    if (t_check_trans()) {{ t_relay(); }}
    exit;
  }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
    if (!is_method("ACK")) {{ sl_send_reply("404", "No route"); }}
    exit;
  }}
  if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
  if (!is_method("INVITE")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
  if ($rU == "{STRICT}") {{
    append_hf("Record-Route: <sip:{own}>\\r\\n");
  }} else {{
    record_route();
  }}
  if ($rU == "{FORKED}") {{
    append_branch("sip:$rU@127.0.0.1:{callees[1]}");
  }}
  $rd = "127.0.0.1";
  $rp = {callees[0]};
  t_relay();
}}
"""


TLS = """[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = {folder}/partner.key
certificate = {folder}/partner.pem
[client:default]
verify_certificate = no
require_certificate = no
"""


class KamailioPartner:
    """One Kamailio for all its checks."""

    kind = "kamailio"

    def __init__(self, folder: Path, hep_port: int, certificates: Path) -> None:
        folder.mkdir(parents=True)
        # One port number each, and one for the two callees that check after check sit behind it.
        self.ports = {name: free_port() for name in ("udp", "tcp", "tls")}
        self.callees = (free_port(), free_port())
        (certificates / "kamailio-tls.cfg").write_text(TLS.format(folder=certificates))
        path = folder / "kamailio.cfg"
        path.write_text(configuration(self.ports, self.callees, hep_port, certificates))
        program = shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        assert program is not None
        self._log = folder / "kamailio.log"
        with self._log.open("wb") as log:
            # Its children form a group of their own, so that they can be ended with it.
            self.process = subprocess.Popen(
                [program, "-f", str(path), "-DD", "-E", "-w", str(folder), "-Y", str(folder),
                 "-m", "32", "-M", "4"],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            wait_bound(self.ports["udp"], "udp", self.process)
            wait_bound(self.ports["tls"], "tcp", self.process)
        except RuntimeError as error:
            text = self._log.read_text(errors="replace")[-1500:]
            raise RuntimeError(f"Kamailio did not start:\n{text}") from error
        told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stdout
        self.version = f"Kamailio {told.split()[2]}"

    def stop(self) -> None:
        """Ends it; its main process takes the children along."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


async def through(
    scene: Scene, *scripts: str, to: str = "+70005550101", seconds: float = 1.2, ring_s: float = 8.0
) -> None:
    """One call of ours through the proxy to one callee or two."""
    callees = [
        Sipp(scene.folder / "sipp", script, port=scene.partner.callees[place])
        for place, script in enumerate(scripts)
    ]
    scene.notes["behind"] = list(scene.partner.callees)
    try:
        async with scene.ours() as ours:
            scene.notes["ours"] = ours.ports
            ours.trunk(scene.partner.ports[scene.transport], **scene.reach())
            leg = ours.dial(to, ring_s=ring_s)
            await ours.talk(leg, seconds)
            if scripts[0] == "hangs_up":
                await ours.over(leg)
            else:
                await ours.hang_up(leg)
            await finished(scene, *callees)
    finally:
        for callee in callees:
            callee.stop()


@check("kamailio", "udp", "tcp", "tls", name="proxy_answers")
async def _answers(scene: Scene) -> None:
    """A call through a proxy that stays in the way (Record-Route)."""
    await through(scene, "answers")


@check("kamailio", "udp", "tcp", "tls", name="proxy_callee_hangs_up")
async def _hangs_up(scene: Scene) -> None:
    """The callee hangs up through the proxy."""
    await through(scene, "hangs_up", seconds=0.2)


@check("kamailio", "udp", "tcp", "tls", name="proxy_callee_refuses")
async def _refuses(scene: Scene) -> None:
    """The callee is busy."""
    await through(scene, "refuses")


@check("kamailio", name="proxy_routes_strictly")
async def _strict(scene: Scene) -> None:
    """The proxy routes strictly: its route has no `lr`."""
    await through(scene, "answers", to=STRICT)


@check("kamailio", name="proxy_forks_and_both_answer")
async def _forks(scene: Scene) -> None:
    """It rings two callees and both answer: one is kept, one is hung up on."""
    await through(scene, "answers_at_once", "answers_at_once", to=FORKED)


@check("kamailio", "udp", "tcp", "tls", name="proxy_cancelled")
async def _cancelled(scene: Scene) -> None:
    """We give up while it rings."""
    await through(scene, "rings", ring_s=0.7)


@check("kamailio", "tls", name="proxy_bears_another_name")
async def _wrong_name(scene: Scene) -> None:
    """The certificate is from the right authority but for somebody else: nothing may be said."""
    async with scene.ours() as ours:
        scene.notes["ours"] = ours.ports
        port = scene.partner.ports["tls"]
        ours.trunk(port, transport="tls", tls_name="elsewhere.example")
        await ours.over(ours.dial("+70005550101"))
