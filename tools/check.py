"""`./run check`: every gate that needs no running product, in the order of their speed.

Prints one line a gate and the whole output of the first that fails; exit 1 then.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# Types, lint, format and unit tests of the screens, with npm of the machine or of the Node wheel.
SCREENS = """
from pathlib import Path
import hatch_build
npm = hatch_build.npm_of_machine() or hatch_build.npm_of_wheel()
ui = Path("ui")
if not (ui / "node_modules").is_dir():
    npm(["ci", "--no-audit", "--no-fund"], ui)
npm(["run", "check"], ui)
"""
GATES = (
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("lint", [BIN / "ruff", "check", "."]),
    ("layers", [BIN / "lint-imports", "--no-cache"]),
    ("types", [BIN / "pyright", "--pythonpath", sys.executable]),
    ("screens", [sys.executable, "-c", SCREENS]),
    ("tidy", [sys.executable, "-m", "pytest", "-q", "tests/test_tidy.py"]),
)


def main() -> int:
    wanted = sys.argv[1:]
    failed = 0
    for name, command in GATES:
        if wanted and name not in wanted:
            continue
        begun = time.monotonic()
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - begun
        print(f"{name:8} {'ok' if done.returncode == 0 else 'FAILED'} {seconds:.1f} s", flush=True)
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
