"""Gets the system's own packages: installs them on Debian, names them elsewhere."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from installer.console import Trouble, call, on_terminal, say
from installer.system_libraries import (
    DRAWING,
    WINDOW,
    Library,
    has_font,
    missing_libraries,
    packages_for,
)

APT_LISTS = Path("/var/lib/apt/lists")
UNFINISHED = "dpkg --configure -a"
"""What apt-get asks for after an interruption, and what is then done."""
LINES_SHOWN = 12
"""How much of a failed package manager's words is shown."""
INSTALL = {
    "apt-get": "apt-get install -y --no-install-recommends",
    "dnf": "dnf install -y",
    "zypper": "zypper install -y",
    "pacman": "pacman -S --needed",
}


@dataclass(frozen=True)
class Missing:
    """What the system lacks.

    Attributes:
        libraries: Shared libraries that cannot be loaded.
        font: Whether there is no font at all.
        extra: Packages of Debian's that are wanted under their own names.
    """

    libraries: tuple[Library, ...] = ()
    font: bool = False
    extra: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.libraries or self.font or self.extra)

    def __add__(self, other: "Missing") -> "Missing":
        return Missing(
            tuple(dict.fromkeys(self.libraries + other.libraries)),
            self.font or other.font,
            tuple(dict.fromkeys(self.extra + other.extra)),
        )

    def described(self) -> str:
        """Names everything for a person who knows their system."""
        names = [library.soname for library in self.libraries]
        names += ["a font"] if self.font else []
        return ", ".join([*names, *self.extra])


def missing_for_qt(window: bool) -> Missing:
    """Looks for what Qt needs to draw, and to open a window if asked to.

    Args:
        window: Whether windows are to be opened on an X11 display.
    """
    if not sys.platform.startswith("linux"):
        return Missing()
    libraries = missing_libraries(DRAWING + WINDOW if window else DRAWING)
    return Missing(libraries, font=not has_font())


def missing_for_venv() -> Missing:
    """Looks for what Debian leaves out of Python's own library.

    Raises:
        Trouble: It is missing, and this Python is not one of Debian's.
    """
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return Missing()
    if sys.base_prefix != "/usr" or package_manager() != "apt-get":
        raise Trouble(
            f"The Python in {sys.base_prefix} lacks its modules venv and ensurepip. "
            "Install a complete Python and start again with it."
        )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Missing(extra=(f"python{version}-venv",))


def missing_for_xvfb() -> Missing:
    """Looks for the display that tests of the real window start for themselves.

    And for what moves its mouse (xdotool) and frames its windows (openbox).
    """
    if package_manager() != "apt-get":
        return Missing()
    programs = {p: p.lower() for p in ("Xvfb", "xauth", "xdotool", "openbox")}
    return Missing(extra=tuple(programs[p] for p in programs if not shutil.which(p)))


def package_manager() -> str:
    """The package manager of this system; empty for one that is not known here."""
    return next((name for name in INSTALL if shutil.which(name)), "")


def names_of(missing: Missing, manager: str) -> tuple[str, ...]:
    """The names of the packages that bring what is missing."""
    return packages_for(manager, missing.libraries, missing.font) + missing.extra


def line_to_paste(manager: str, names: Iterable[str], rights: str) -> str:
    """The line that a person pastes into a terminal to install packages.

    Args:
        manager: The package manager, one of the keys of `INSTALL`.
        names: What it is asked for.
        rights: What stands before a command to run it as root, with a space.
    """
    line = f"{rights}{INSTALL[manager]} {' '.join(map(shlex.quote, names))}"
    if manager == "apt-get" and not _has_lists():
        return f"{rights}apt-get update && {line}"
    return line


def _has_lists() -> bool:
    return any(APT_LISTS.glob("*_Packages*"))


def provide(needed: Missing, welcome: Missing) -> None:
    """Installs what the system lacks.

    Args:
        needed: What nothing can be done without.
        welcome: What is installed where that needs no question.

    Raises:
        Trouble: What is needed cannot be installed from here; says what to type.
    """
    if not needed and not welcome:
        return
    manager = package_manager()
    prefix = privileges()
    if manager == "apt-get" and prefix == []:
        needed += welcome
    elif welcome.libraries:
        say("Qt's libraries are missing here: going on without a window.")
    if not needed:
        return
    if not manager:
        raise Trouble(
            f"This system lacks {needed.described()}. Install that with your "
            "system's package manager and run this again."
        )
    names = names_of(needed, manager)
    if manager == "apt-get" and prefix is not None:
        _apt_install(names, prefix)
        return
    rights = "sudo " if prefix != [] and shutil.which("sudo") else ""
    raise Trouble(
        "This system lacks some of what the program needs. Install it "
        f"{'' if rights else 'as root '}with this line and run this again:\n\n"
        f"    {line_to_paste(manager, names, rights)}\n"
    )


def privileges() -> list[str] | None:
    """What to put before a command to run it as root; None where that cannot be."""
    if sys.platform == "win32" or os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    if on_terminal():
        return ["sudo"]
    asks = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asks.returncode == 0 else None


def _apt_install(names: Iterable[str], prefix: list[str]) -> None:
    command = apt_command(prefix, "install", *names)
    say(f"Installing what this system lacks, within a few minutes: {' '.join(names)}")
    began = time.monotonic()
    if not _has_lists():
        _quietly(apt_command(prefix, "update"))
    code, words = _quietly(command)
    if code != 0:
        if UNFINISHED in words:
            _quietly([*prefix, *UNFINISHED.split()])
        _quietly(apt_command(prefix, "update"))
        code, words = _quietly(command)
    if code != 0:
        last = "\n".join(words.splitlines()[-LINES_SHOWN:])
        raise Trouble(
            f"apt-get could not install them:\n\n{last}\n\nThe line that failed:\n\n"
            f"    {line_to_paste('apt-get', names, 'sudo ' if prefix else '')}\n"
        )
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def apt_command(prefix: list[str], action: str, *names: str) -> list[str]:
    """A call of apt-get that asks nothing and waits for other package managers."""
    options = ["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"]
    flags = ["-y", "--no-install-recommends"] if action == "install" else []
    settings = ["env", "DEBIAN_FRONTEND=noninteractive"]
    return [*prefix, *settings, "apt-get", *options, action, *flags, *names]


def _quietly(command: list[str]) -> tuple[int, str]:
    """Runs a command whose words matter only where it fails.

    Raises:
        KeyboardInterrupt: We were asked to stop; the command has ended by itself,
            since a package manager that is killed leaves its work half done.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        ended = call(command, Path("/"), output=output)
        if ended.interrupted:
            raise KeyboardInterrupt
        output.seek(0)
        return ended.code, output.read()
