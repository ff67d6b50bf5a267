"""Fetches a real Asterisk 22 for tests and benches, and starts instances of it; needs no root.

The packages come from the Debian archive this machine itself is set up with (its `testing` suite),
by apt with its signatures checked, and are unpacked beside the system into the user's cache; nothing
is installed. Whoever starts an instance brings its dialplan and its endpoints. Asterisk is a program
of its own (GPL) that we speak to over sockets; its binaries are never part of this repository.
"""

import argparse
import base64
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

SUITE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
VERSION_MIN, VERSION_END = (22, 8), (23,)
FETCH_LIMIT_S = 300.0
READY_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
MISSING = 77
"""Exit code where this machine has no archive to take Asterisk from."""
NOT_UNPACKED = re.compile(
    r"(python3|libpython|perl|gnupg|gpg|dirmngr|pinentry|debconf|adduser|passwd|login)[^/]*$"
)
# What an instance of ours does not speak: loading it only costs time and lines in the log.
NOT_LOADED = (
    "chan_console", "chan_iax2", "chan_motif", "chan_unistim", "app_jack", "app_voicemail",
    "app_voicemail_imap", "app_voicemail_odbc", "res_snmp", "res_odbc", "res_config_odbc",
    "res_config_ldap", "res_config_pgsql", "res_phoneprov", "res_calendar", "res_xmpp",
    "res_fax", "res_fax_spandsp", "res_stasis_test", "pbx_dundi", "pbx_ael", "cdr_odbc",
    "cdr_adaptive_odbc", "cdr_tds", "cdr_radius", "cdr_pgsql", "cdr_csv", "cdr_custom",
    "cdr_manager", "cdr_syslog", "cdr_beanstalkd", "cel_odbc", "cel_tds", "cel_radius",
    "cel_pgsql", "cel_custom", "cel_manager", "cel_beanstalkd", "res_prometheus",
)  # fmt: skip
# Modules decline to load without their file, empty as it may be.
EMPTY_FILES = (
    "acl", "amd", "ccss", "cdr", "cel", "codecs", "confbridge", "features", "indications",
    "musiconhold", "queues", "stir_shaken", "udptl",
)  # fmt: skip


class Missing(RuntimeError):
    """Asterisk cannot be had on this machine; the text says why and what to do."""


# ---- fetching ------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where versions are kept, one folder each."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "vyzov" / "asterisk"


def version_of(text: str) -> tuple[int, ...]:
    """The upstream numbers of a Debian version, as (22, 10, 1)."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def fits(version: tuple[int, ...]) -> bool:
    """Whether a version is one we test with: from 22.8 until before 23."""
    return VERSION_MIN <= version < VERSION_END


def cached() -> Path | None:
    """The newest unpacked version that fits, None where there is none."""
    found = [
        (version_of(path.name), path)
        for path in (cache_folder().iterdir() if cache_folder().is_dir() else ())
        if fits(version_of(path.name)) and (path / "usr" / "sbin" / "asterisk").exists()
    ]
    return max(found)[1] if found else None


def fetch(*, refresh: bool = False) -> Path:
    """Returns the folder of an unpacked Asterisk, fetching it where none is cached.

    Raises `Missing` where this machine has no archive to take it from."""
    known = None if refresh else cached()
    if known is not None:
        return known
    for tool in ("apt-get", "apt-config", "dpkg", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Missing(f"Asterisk is fetched with {tool}, which this machine does not have")
    if not KEYRING.exists():
        raise Missing(f"{KEYRING} is missing: install debian-archive-keyring")
    cache_folder().mkdir(parents=True, exist_ok=True)
    work = cache_folder() / f".fetch-{os.getpid()}"
    try:
        return _fetched(work)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        text = error.stderr or b""
        told = text.decode(errors="replace").strip().splitlines()[-1:] or [str(error)]
        raise Missing(f"Asterisk could not be fetched: {told[0]}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fetched(work: Path) -> Path:
    tree = work / "tree"
    for folder in (
        "state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d",
        "etc/sources.list.d", "tree",
    ):  # fmt: skip
        (work / folder).mkdir(parents=True)
    # An empty list of what is installed: everything that Asterisk needs is fetched with it.
    (work / "status").touch()
    (work / "etc" / "sources.list").write_text(
        f"deb [signed-by={KEYRING} check-valid-until=no] {_archive()} {SUITE} main\n"
    )
    config = work / "apt.conf"
    config.write_text(_apt_conf(work))
    environment = os.environ | {"APT_CONFIG": str(config), "HOME": str(work)}
    _run(["apt-get", "update", "-qq"], environment)
    _run(["apt-get", "install", "-y", "-qq", "--download-only", "asterisk"], environment)
    debs = sorted((work / "cache" / "archives").glob("*.deb"))
    own = next(path for path in debs if path.name.startswith("asterisk_"))
    told = _run(["dpkg-deb", "-f", str(own), "Version"], environment).strip()
    version = version_of(told)
    if not fits(version):
        raise Missing(f"the archive's {SUITE} holds Asterisk {told}; tests need 22.8 up to 23")
    for path in debs:
        if not NOT_UNPACKED.match(path.name):
            _run(["dpkg-deb", "-x", str(path), str(tree)], environment)
    sounds = tree / "usr" / "share" / "asterisk" / "sounds" / "en"
    if not sounds.exists():
        sounds.unlink(missing_ok=True)
        sounds.symlink_to("en_US_f_Allison")
    target = cache_folder() / ".".join(str(part) for part in version)
    # Another process may have been quicker; either tree is as good.
    with suppress(OSError):
        tree.rename(target)
    return target


def _archive() -> str:
    """The address of the Debian archive, as this machine's own apt knows it."""
    form = ["--format", "$(REPO_URI)", "Origin: Debian", "Identifier: Packages"]
    listed = subprocess.run(
        ["apt-get", "indextargets", *form], capture_output=True, text=True, check=False
    )
    found = [line for line in listed.stdout.splitlines() if line and "security" not in line]
    if found:
        return found[0]
    # Nobody has ever run `apt-get update` here: the sources themselves tell.
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        named = re.search(r"^URIs:\s*(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if named:
            return named[1]
    raise Missing("this machine's apt names no Debian archive; Asterisk is taken from there")


def _apt_conf(work: Path) -> str:
    architecture = _run(["dpkg", "--print-architecture"], dict(os.environ)).strip()
    dumped = _run(["apt-config", "dump"], dict(os.environ)).splitlines()
    proxies = [line for line in dumped if re.match(r"Acquire::https?::Proxy", line, re.IGNORECASE)]
    return "\n".join(
        [
            f'Dir::State "{work}/state";', f'Dir::State::status "{work}/status";',
            f'Dir::Cache "{work}/cache";', f'Dir::Etc "{work}/etc";',
            f'Dir::Etc::parts "{work}/etc/apt.conf.d";', f'APT::Architecture "{architecture}";',
            'APT::Install-Recommends "false";', 'APT::Sandbox::User "";',
            'Acquire::Languages "none";', 'Acquire::Queue-Mode "host";', 'Debug::NoLocking "true";',
            *proxies, "",
        ]
    )  # fmt: skip


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environment, capture_output=True, check=True, timeout=FETCH_LIMIT_S
    )
    return done.stdout.decode(errors="replace")


# ---- an instance ---------------------------------------------------------------------------------


class Asterisk:
    """One running Asterisk; everything it writes stays in its own folder.

    `pjsip` and `extensions` are the texts of those files; `rtp` the range of its media ports;
    `http_port` 0 keeps ARI shut, otherwise the user `vyzov` with `password` may use it;
    `hep_port` tells where copies of its SIP messages go (0: nowhere); `real_time` has it ask
    to be served as Vyzov's engine does. `more` holds the texts of other files, as `manager`."""

    def __init__(
        self,
        folder: Path,
        *,
        pjsip: str,
        extensions: str,
        rtp: tuple[int, int],
        http_port: int = 0,
        password: str = "",
        hep_port: int = 0,
        real_time: bool = False,
        **more: str,
    ) -> None:
        """Writes the configuration and starts the program; `wait_ready` tells when it answers."""
        self.folder = folder.resolve()
        self.tree = fetch()
        self.http_port = http_port
        self._password = password
        # The path of its control socket has few characters; the instance's folder may be deep.
        self._run = tempfile.TemporaryDirectory(prefix="vyzov-asterisk-")
        self._write(rtp, hep_port, {"pjsip": pjsip, "extensions": extensions, **more})
        _allow_many_files()
        options = ["-C", str(self.folder / "asterisk.conf"), "-f", *(["-p"] if real_time else [])]
        with (self.folder / "asterisk.out").open("wb") as output:
            self.process = subprocess.Popen(
                [*self._program("sbin/asterisk"), *options],
                env=self._environment(), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def version(self) -> str:
        """The version, as `22.10.1`."""
        return self.tree.name

    def wait_ready(self) -> None:
        """Waits until calls are taken; raises RuntimeError with the end of its log."""
        limit = time.monotonic() + READY_LIMIT_S
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        log = self.folder / "log" / "full"
        text = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise RuntimeError(f"Asterisk did not start in {READY_LIMIT_S:.0f} s:\n{text}")

    def console(self, command: str) -> str:
        """What the console says to a command."""
        done = subprocess.run(
            [*self._program("sbin/asterisk"), "-C", str(self.folder / "asterisk.conf"), "-rx", command],
            env=self._environment(), capture_output=True, text=True, check=False, timeout=15,
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        """Ends it; one that does not leave is killed."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._run.cleanup()

    def _answers(self) -> bool:
        if self.http_port:
            ask = urllib.request.Request(f"http://127.0.0.1:{self.http_port}/ari/asterisk/info")
            token = base64.b64encode(f"vyzov:{self._password}".encode()).decode()
            ask.add_header("Authorization", f"Basic {token}")
            try:
                with urllib.request.urlopen(ask, timeout=2) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                return False
        if not (Path(self._run.name) / "asterisk.ctl").exists():
            return False
        return "fully booted" in self.console("core waitfullybooted").lower()

    def _program(self, name: str) -> list[str]:
        libraries = next((self.tree / "usr" / "lib").glob("*-linux-gnu*"))
        loader = next(libraries.glob("ld-linux*.so.*"))
        program = self.tree / "usr" / name
        # The libraries of the suite are newer than this machine's: they come with their own loader.
        return [str(loader), "--library-path", str(libraries), str(program)]

    def _environment(self) -> dict[str, str]:
        libraries = next((self.tree / "usr" / "lib").glob("*-linux-gnu*"))
        return os.environ | {"OPENSSL_MODULES": str(libraries / "ossl-modules"),
                             "MALLOC_ARENA_MAX": "4"}  # fmt: skip

    def _write(self, rtp: tuple[int, int], hep_port: int, given: dict[str, str]) -> None:
        libraries = next((self.tree / "usr" / "lib").glob("*-linux-gnu*"))
        here = self.folder
        for name in ("lib/keys", "db", "log", "spool/recording", "spool/monitor",
                     "spool/outgoing"):  # fmt: skip
            (here / name).mkdir(parents=True, exist_ok=True)
        folders = {
            "astetcdir": here, "astmoddir": libraries / "asterisk" / "modules",
            "astdatadir": self.tree / "usr" / "share" / "asterisk", "astvarlibdir": here / "lib",
            "astkeydir": here / "lib", "astdbdir": here / "db", "astspooldir": here / "spool",
            "astrundir": self._run.name, "astlogdir": here / "log",
        }  # fmt: skip
        lines = "\n".join(f"{name} => {path}" for name, path in folders.items())
        noload = "\n".join(f"noload = {name}.so" for name in NOT_LOADED)
        http = f"enabled = yes\nbindaddr = 127.0.0.1\nbindport = {self.http_port}\n"
        http += "sessionlimit = 2000\nsession_inactivity = 60000\nsession_keep_alive = 60000\n"
        hep = f"enabled = yes\ncapture_address = 127.0.0.1:{hep_port}\ncapture_id = 1\n"
        texts = {
            "asterisk": f"[directories]\n{lines}\n[options]\nmaxfiles = 60000\n",
            "modules": f"[modules]\nautoload = yes\n{noload}\n",
            "http": "[general]\n" + (http if self.http_port else "enabled = no\n"),
            "ari": "[general]\nenabled = yes\n[vyzov]\ntype = user\n"
            f"password = {self._password or 'unused'}\n",
            "rtp": f"[general]\nrtpstart = {rtp[0]}\nrtpend = {rtp[1]}\n",
            "hep": "[general]\n"
            + (hep + "uuid_type = call-id\n" if hep_port else "enabled = no\n"),
            "logger": "[general]\ndateformat = %F %T.%3q\n[logfiles]\nfull => notice,warning,error\n",
            "cdr": "[general]\nenable = no\n",
        }
        for name, text in (dict.fromkeys(EMPTY_FILES, "") | texts | given).items():
            (here / f"{name}.conf").write_text(text, encoding="utf-8")


def _allow_many_files() -> None:
    """Raises this process's own limit of open files, which the program started next inherits."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(60_000, most), most))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refresh", action="store_true", help="fetch even where one is cached")
    options = parser.parse_args()
    begun = time.monotonic()
    try:
        tree = fetch(refresh=options.refresh)
    except Missing as error:
        print(error, file=sys.stderr)
        return MISSING
    print(f"Asterisk {tree.name} in {tree}, {time.monotonic() - begun:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
