"""Takes the pictures of docs/shots: the built screens in Chromium, before a server that is acted.

What is pictured, in which states and sizes, stands in ui/tests/fake/shots.mjs; words given on the
command line choose pictures by name. Ends with 1 when a page reports an error or is wider than its
window.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "ui"


def main(names: list[str]) -> int:
    """Runs the picture script of the screens, with the packages it needs installed first."""
    node, npm = shutil.which("node"), shutil.which("npm")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if node is None or npm is None or chromium is None:
        sys.stderr.write(
            "Pictures need Node 20 with npm and Chromium. Debian: apt-get install chromium\n"
        )
        return 2
    if not (UI / "node_modules" / "playwright-core").is_dir():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=UI, check=True)
    done = subprocess.run(
        [node, "tests/shots.mjs", *names],
        cwd=UI,
        env={**os.environ, "CHROMIUM": chromium},
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
