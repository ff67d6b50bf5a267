"""Lets these tests import the parts of `bench/verify_interop.py`."""

import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH), str(BENCH / "interop")]
