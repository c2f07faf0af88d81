#!/usr/bin/env python3
"""Compares our log templates with those of logdrain and drain3 (crates) and Drain3 (PyPI), all in one run.

    tests/triage/peers.py LOGHUB-2K

LOGHUB-2K is a folder with one of Loghub-2k's folders for each system (github.com/logpai/loghub): the log and its labels,
the corrected ones where they are there. The crates come with `cargo run`; Drain3 is installed with pip, at the versions
below, into an environment of its own that is gone afterwards. Prints a row for each program, given whole lines and given
them without headers: for each system grouping accuracy (GA) and F1 of group accuracy (FGA), their means, and lines a second
on one core. Everyone has one setting for all systems: its defaults.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PACKAGES = ["drain3==0.9.11", "jsonpickle==1.5.1", "cachetools==4.2.1"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    logs = Path(sys.argv[1]).resolve()
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(install, check=True)
        # The whole workspace: with its features everything is compiled already.
        build = ["cargo", "build", "--release", "--workspace", "--examples"]
        subprocess.run(build, cwd=root, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
        environment = {**os.environ, "DRAIN3_PYTHON": str(python)}
        subprocess.run([target / "release/examples/loghub", logs], env=environment, check=True)


if __name__ == "__main__":
    main()
