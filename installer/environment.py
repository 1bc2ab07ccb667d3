"""The folder `.venv`: made once, brought up to date, and made again when broken.

A stamp inside it tells what was installed and for which Python. It says so before
the work begins and again when it is complete, so that a run which was interrupted in
between is recognised by the next one.
"""

import enum
import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from installer.console import (
    Trouble,
    call,
    child_environment,
    on_terminal,
    say,
)

DISK_NEEDED = 3_000_000_000
"""Bytes: what is installed (2.2 GB with all extras) and the downloads beside it."""


class Plan(enum.Enum):
    """What has to be done before the program can start."""

    READY = enum.auto()
    UPDATE = enum.auto()
    MAKE = enum.auto()


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from."""

    python: str
    folder: str
    project: str
    extras: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class Environment:
    """The virtual environment of one source tree."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder of the environment itself."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.script("python")

    def script(self, name: str) -> Path:
        """A program that was installed into it."""
        windows = sys.platform == "win32"
        if windows:
            return self.folder / "Scripts" / f"{name}.exe"
        return self.folder / "bin" / name

    @property
    def stamp_file(self) -> Path:
        """The file that tells what it was made from."""
        return self.folder / "from_source.json"

    def wanted(self, extras: Collection[str]) -> Stamp:
        """The stamp of an environment that serves now."""
        return Stamp(
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            folder=str(self.folder),
            project=hashlib.sha256(
                (self.root / "pyproject.toml").read_bytes()
            ).hexdigest(),
            extras=tuple(sorted(extras)),
            complete=True,
        )

    def found(self) -> Stamp | None:
        """The stamp of the environment that is there, if it can be read."""
        try:
            read = json.loads(self.stamp_file.read_text(encoding="utf-8"))
            return Stamp(**(read | {"extras": tuple(read["extras"])}))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def usable(self) -> bool:
        """Tells whether it has a Python; one that we did not make also needs pip."""
        if not self.python.exists() or self.stamp_file.exists():
            return self.python.exists()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        asked = subprocess.run(
            [self.python, "-m", "pip", "--version"],
            capture_output=True,
            text=True,
            env=child_environment(),
            check=False,
        )
        return asked.returncode == 0 and f"(python {version})" in asked.stdout

    def write(self, stamp: Stamp) -> None:
        """Says what is being made, or what has been."""
        self.folder.mkdir(exist_ok=True)
        self.stamp_file.write_text(json.dumps(asdict(stamp)), encoding="utf-8")


def plan(found: Stamp | None, wanted: Stamp, usable: bool) -> Plan:
    """Decides what has to be done.

    Args:
        found: The stamp in the folder; None where there is none.
        wanted: What is needed.
        usable: Whether the environment can be installed into.
    """
    if found is None:
        return Plan.UPDATE if usable else Plan.MAKE
    if not found.complete or not usable:
        return Plan.MAKE
    if (found.python, found.folder) != (wanted.python, wanted.folder):
        return Plan.MAKE
    if found.project != wanted.project or not set(wanted.extras) <= set(found.extras):
        return Plan.UPDATE
    return Plan.READY


def install_command(
    python: Path, extras: Collection[str], terminal: bool
) -> list[str | Path]:
    """The command that installs the project and what it needs."""
    chosen = f"[{','.join(sorted(extras))}]" if extras else ""
    command: list[str | Path] = [python, "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "--no-warn-script-location"]
    if not terminal:
        command += ["--quiet", "--progress-bar", "off"]
    return [*command, "--editable", f".{chosen}"]


def carry_out(environment: Environment, wanted: Stamp, what: Plan) -> None:
    """Makes the environment or brings it up to date.

    Raises:
        Trouble: There is too little room, or making or installing failed.
        KeyboardInterrupt: Ctrl-C was pressed while pip worked.
    """
    if what is Plan.READY:
        return
    began = time.monotonic()
    found = environment.found()
    if what is Plan.MAKE:
        _check_room(environment.root)
        _remove(environment.folder)
        say(
            f"Preparing {environment.folder}: this first time about 500 MB are "
            "downloaded, and it takes 2 to 15 minutes."
        )
        environment.write(_unfinished(wanted))
        _make(environment)
    else:
        say(f"Bringing {environment.folder} up to date.")
        earlier = found.extras if found else ()
        wanted = Stamp(
            **(asdict(wanted) | {"extras": tuple(sorted({*wanted.extras, *earlier}))})
        )
        environment.write(_unfinished(wanted))
    _install(environment, wanted.extras)
    environment.write(wanted)
    say(f"Prepared in {time.monotonic() - began:.0f} s.")


def _unfinished(stamp: Stamp) -> Stamp:
    return Stamp(**(asdict(stamp) | {"complete": False}))


def _check_room(root: Path) -> None:
    free = shutil.disk_usage(root).free
    if free < DISK_NEEDED:
        raise Trouble(
            f"About {DISK_NEEDED / 1e9:.0f} GB of room are needed in {root}, and "
            f"{free / 1e9:.1f} GB are free there. Make room and run this again."
        )


def _remove(folder: Path) -> None:
    """Removes what is left of an environment, and nothing but an environment."""
    if not folder.exists() and not folder.is_symlink():
        return
    ours = (folder / "pyvenv.cfg").is_file() or Environment(
        folder.parent
    ).stamp_file.is_file()
    if folder.is_symlink() or not folder.is_dir() or not ours:
        raise Trouble(
            f"{folder} is in the way: it is not a virtual environment of Python's. "
            "Move it elsewhere and run this again."
        )
    say(f"{folder} is half-made, moved or for another Python: making it again.")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise Trouble(
            f"{folder} could not be removed ({error}). Close the programs that use "
            "it and run this again."
        ) from error


def _make(environment: Environment) -> None:
    """Makes the empty environment with the Python this one was made from."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [base, "-m", "venv", str(environment.folder)],
        capture_output=True,
        text=True,
        env=child_environment(),
        check=False,
    )
    if made.returncode != 0:
        raise Trouble(
            f"Python could not make the virtual environment {environment.folder}:\n"
            f"{made.stdout}{made.stderr}".rstrip()
        )


def _install(environment: Environment, extras: Collection[str]) -> None:
    command = install_command(environment.python, extras, on_terminal())
    ended = call(command, environment.root, {"PIP_USER": "0"})
    if ended.interrupted:
        raise KeyboardInterrupt
    if ended.code != 0:
        raise Trouble(
            "pip could not install what the program needs; its own words stand above. "
            "Is the network there? Run the same command again to go on."
        )
