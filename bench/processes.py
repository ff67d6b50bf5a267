"""What the benches ask the machine about processes, and how they start and end those of their own."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from vyzov import __version__

HERE = Path(__file__).resolve().parent
PARTS = ("engine", "floor", "web")
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Processor seconds of a process with all its threads, also of one that has just ended.

    The scheduler counts nanoseconds but forgets threads that are gone; the older book forgets
    nothing but counts hundredths of a second. Neither tells too much."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    finest = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            finest += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return max((int(fields[11]) + int(fields[12])) * _TICK_S, finest / 1e9)


def machine_s() -> float:
    """Seconds for which the machine's processors worked for anybody."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    user, nice, system, _, _, irq, soft, _ = (int(field) for field in fields)
    return (user + nice + system + irq + soft) * _TICK_S


def udp_drops(pid: int) -> int:
    """Datagrams the kernel threw away because a socket of this process was full."""
    own: set[str] = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            own.add(str(entry.readlink()))
    lost = 0
    for line in Path(f"/proc/{pid}/net/udp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if f"socket:[{fields[9]}]" in own:
            lost += int(fields[12])
    return lost


def children_of(pid: int) -> list[int]:
    """The processes a process has started."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
                if int(fields[1]) == pid:
                    found.append(int(entry.name))
    return found


def vyzov_parts(pid: int) -> dict[str, int]:
    """The process ids of the parts (engine, floor, web) that a supervising process runs."""
    found: dict[str, int] = {}
    for child in children_of(pid):
        with suppress(OSError, IndexError):
            words = (Path("/proc") / str(child) / "cmdline").read_bytes().split(b"\0")
            if words[3].decode() in PARTS:
                found[words[3].decode()] = child
    return found


class Part:
    """A process of a bench; it speaks JSON lines on its standard input and output."""

    def __init__(
        self, script: str, name: str, folder: Path, *, log: str = "", **options: Any
    ) -> None:
        """Starts `script NAME OPTIONS`; what it says on its standard error goes to FOLDER/LOG.log."""
        log_path = folder / f"{log or name}.log"
        with log_path.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / script), name, json.dumps(options)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told,
            )  # fmt: skip
        self._what = f"{name} of {script}, see {log_path}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def say(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._what}: it ended")
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        """Asks it to leave, and ends it where it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def judged(checker: str, out: Path, begun: float, seed: int, **versions: str) -> int:
    """Lets the checker speak and prints its last line, completed; 0 where it says ok."""
    done = subprocess.run(
        [sys.executable, "-I", str(HERE / checker), str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        print(done.stderr, file=sys.stderr)
        return 1
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result |= {
        "seed": seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0], **versions},
    }
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1
