"""Runs the independent checker of a demo's books: `python tools/check_demo.py DIR [--json]`."""

import runpy
import sys
from pathlib import Path

CHECKER = Path(__file__).resolve().parent.parent / "src" / "vyzov" / "pstn" / "check_demo.py"

if __name__ == "__main__":
    sys.argv[0] = str(CHECKER)
    runpy.run_path(str(CHECKER), run_name="__main__")
