"""`./run verify interop`: real third parties on loopback, each check with sound and the wire counted.

Partners: SIPp, baresip, Kamailio and Asterisk 22, each a program of its own on free ports, inside a
network of its own where the machine allows that. A check leaves in DIR/PARTNER/CHECK-TRANSPORT what our
engine reported, what both sides heard and every SIP message; `check_interop.py` works out from that
alone what held. A partner that is missing is red where CI=true, and one line elsewhere.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "interop"), str(HERE.parent / "tools"), str(HERE.parent / "src")]

import uvloop  # noqa: E402
from check_list import CHECKS, Check, Scene  # noqa: E402
from partners import PARTNERS, absent, make_certificates  # noqa: E402
from wire_watch import Watch, loopback_up, write  # noqa: E402

OWN_NET = "VYZOV_OWN_NET"
CHECK_LIMIT_S = 120.0


def into_own_net() -> None:
    """Starts this program again inside a network of its own, where the machine allows that."""
    if OWN_NET in os.environ:
        if os.environ[OWN_NET] == "yes":
            loopback_up()
        return
    unshare = shutil.which("unshare")
    allowed = unshare is not None and (
        subprocess.run([unshare, "-Urn", "true"], capture_output=True, check=False).returncode == 0
    )
    os.environ[OWN_NET] = "yes" if allowed else "no"
    if allowed and unshare is not None:
        os.execv(unshare, [unshare, "-Urn", sys.executable, *sys.argv])


class Run:
    """One run of some checks."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        self.options = options
        self.out = out
        self.certificates = make_certificates(out / "certificates")
        self.missing: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self.versions: dict[str, str] = {}

    def wanted(self, partner: str) -> list[Check]:
        """The checks to run with a partner."""
        only = set(self.options.only)
        named = {name for name in only if name not in PARTNERS}
        return [
            check
            for check in CHECKS
            if check.partner == partner
            and (check.quick or not self.options.quick)
            and (not named or check.name in named)
        ]

    def run(self) -> None:
        """Runs partner after partner."""
        for name in PARTNERS:
            partners = [p for p in self.options.only if p in PARTNERS]
            if (partners and name not in partners) or not self.wanted(name):
                continue
            why = absent(name)
            if why:
                self.missing[name] = why
                print(f"{name}: {why}", file=sys.stderr, flush=True)
                continue
            self._with(name)

    def _with(self, name: str) -> None:
        try:
            watch = Watch()
        except PermissionError:
            self.broken[name] = (
                "the loopback may not be watched: allow user namespaces (unshare -Urn), or run as root"
            )
            print(f"{name}: {self.broken[name]}", file=sys.stderr, flush=True)
            return
        partner: Any = None
        try:
            # One that does not start must not keep the others from their checks.
            partner = PARTNERS[name](self.out / name / "partner", watch.hep_port, self.certificates)
            self.versions[name] = partner.version
            for check in self.wanted(name):
                for transport in check.transports:
                    if not self.options.transport or transport in self.options.transport:
                        self._check(check, transport, partner, watch)
        except RuntimeError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            self.broken[name] = str(error)
        finally:
            if partner is not None:
                partner.stop()
            watch.stop()

    def _check(self, check: Check, transport: str, partner: Any, watch: Watch) -> None:
        folder = self.out / check.partner / f"{check.name}-{transport}"
        folder.mkdir(parents=True)
        scene = Scene(folder, partner, transport, self.certificates)
        watch.clear()
        begun = time.monotonic()
        error = ""
        try:
            uvloop.run(asyncio.wait_for(check.drive(scene), CHECK_LIMIT_S))
        except Exception as problem:  # noqa: BLE001 - what a check trips over is its evidence
            error = f"{type(problem).__name__}: {problem}"
        time.sleep(0.05)
        write(folder / "wire.jsonl", watch.messages() + scene.copies)
        told = {
            "check": check.name, "partner": check.partner, "transport": transport, "error": error,
            "seconds": round(time.monotonic() - begun, 2),
            "near": partner.ports.get(transport, 0),
            **scene.notes,
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], help="a partner or a check; may be repeated"
    )
    parser.add_argument("--transport", action="append", default=[], help="udp, tcp or tls only")
    parser.add_argument("--quick", action="store_true", help="leave out the long checks")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    if options.out is None:
        options.out = Path(tempfile.mkdtemp(prefix="vyzov-interop-"))
        sys.argv += ["--out", str(options.out)]
    out = options.out.resolve()
    # Asterisk is fetched before the network is left behind.
    partners = [name for name in options.only if name in PARTNERS]
    if OWN_NET not in os.environ and (not partners or "asterisk" in partners):
        absent("asterisk")
    into_own_net()
    # Asked to leave, it takes the partners along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    run = Run(options, out)
    run.run()
    (out / "missing.json").write_text(json.dumps(run.missing), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(HERE / "check_interop.py"), str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        print(done.stderr, file=sys.stderr)
        return 1
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result |= {
        "versions": run.versions,
        "broken": run.broken,
        "seconds": round(time.monotonic() - begun, 1),
    }
    print(json.dumps(result, ensure_ascii=False))
    if run.broken or (run.missing and os.environ.get("CI") == "true"):
        return 1
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
