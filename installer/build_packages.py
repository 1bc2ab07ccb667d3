"""Gets what a build needs of the system: binutils, dpkg's tools, Qt's libraries."""

import shutil
import sys
import sysconfig
from pathlib import Path

from installer import packages
from installer.console import Trouble
from installer.packages import Missing
from installer.system_libraries import DRAWING, WINDOW, missing_libraries

PROGRAMS = {
    "objdump": "binutils",
    "strip": "binutils",
    "dpkg-deb": "dpkg",
}


def provide_for_linux() -> None:
    """Installs what is missing, or says what to install.

    Raises:
        Trouble: something cannot be installed from here; or this is not a Linux with
            Debian's tools.
    """
    if not sys.platform.startswith("linux") or not shutil.which("dpkg"):
        raise Trouble(
            "Expected a Debian or Ubuntu, where packages for Linux are built; found "
            f"{sys.platform} without dpkg. Build in a container of Debian 12."
        )
    packages.provide(missing_for_linux(), Missing())


def missing_for_linux() -> Missing:
    """What this Linux lacks for a build."""
    extra = {package for program, package in PROGRAMS.items() if not found(program)}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not _has_shared_python():
        extra.add(f"libpython{version}")
    libraries = Missing(missing_libraries(DRAWING + WINDOW))
    return packages.missing_for_venv() + libraries + Missing(extra=tuple(sorted(extra)))


def found(program: str) -> bool:
    """Whether a program is on the PATH."""
    return shutil.which(program) is not None


def _has_shared_python() -> bool:
    """Whether there is the library with which a frozen program runs Python."""
    name = sysconfig.get_config_var("INSTSONAME") or ""
    folders = (sysconfig.get_config_var("LIBDIR"), "/usr/lib/x86_64-linux-gnu")
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    places = [Path(str(folder)) for folder in folders if folder]
    places += [place / triplet for place in places]
    return any((place / name).is_file() for place in places if ".so" in name)


FOR_WINDOWS = {
    "makensis": "nsis",
    "osslsigncode": "osslsigncode",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64",
    "x86_64-w64-mingw32-windres": "binutils-mingw-w64-x86-64",
}


def provide_for_windows() -> None:
    """Installs what the program for Windows is put together with, on Debian.

    Raises:
        Trouble: something cannot be installed from here.
    """
    extra = {name for program, name in FOR_WINDOWS.items() if not found(program)}
    drawing = Missing(missing_libraries(DRAWING))
    wanted = packages.missing_for_venv() + drawing + Missing(extra=tuple(sorted(extra)))
    packages.provide(wanted, Missing())
