"""The virtual environment that is frozen: exactly what the lock file says."""

import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from installer.console import Trouble, call, say
from installer.freeze.places import Places

LOCKS = ("requirements.txt", "build-requirements.txt")
"""In `installer/`: every package with its version and the sums of its files."""


def make(places: Places) -> Path:
    """Makes the environment unless it is there as the lock files want it.

    Returns:
        Its Python.

    Raises:
        Trouble: pip could not install something.
    """
    python = python_of(places.environment)
    stamp = places.environment / "locked.sha256"
    wanted = _sum(places.root)
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return python
    say("Making the environment that is frozen.")
    shutil.rmtree(places.environment, ignore_errors=True)
    base = getattr(sys, "_base_executable", None) or sys.executable
    run(places, [base, "-m", "venv", places.environment])
    for lock in LOCKS:
        file = places.root / "installer" / lock
        run(places, [python, "-m", "pip", *install_options(), "-r", file])
    stamp.write_text(wanted)
    return python


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    if sys.platform == "win32":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def install_options() -> list[str]:
    """What pip is told: to install nothing that the lock file does not name."""
    options = ["install", "--no-input", "--disable-pip-version-check", "--quiet"]
    return [*options, "--no-deps", "--require-hashes", "--only-binary", ":all:"]


def _sum(root: Path) -> str:
    content = b"".join((root / "installer" / lock).read_bytes() for lock in LOCKS)
    return hashlib.sha256(content + sys.version.encode()).hexdigest()


def run(
    places: Places,
    command: Sequence[str | Path],
    changes: dict[str, str] | None = None,
) -> None:
    """Runs a step of a build, its words going to the log.

    Raises:
        Trouble: it failed; with its last words.
    """
    places.work.mkdir(parents=True, exist_ok=True)
    with places.log.open("a+", encoding="utf-8", errors="replace") as log:
        began = log.tell()
        ended = call(command, places.root, changes, output=log)
        if ended.interrupted:
            raise KeyboardInterrupt
        if ended.code != 0:
            log.seek(began)
            last = "\n".join(log.read().splitlines()[-15:])
            shown = " ".join(map(str, command[:6]))
            raise Trouble(f"This step of the build failed: {shown} …\n\n{last}")
