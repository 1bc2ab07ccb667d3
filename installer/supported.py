"""Which Pythons and which machines the program runs on.

TensorFlow decides: it has wheels for Python 3.11-3.13 (among those we support) on
Linux with glibc (x86_64, aarch64), on Macs with Apple silicon and on 64-bit Windows
for Intel and AMD processors. This module is written for Python 3.6 and later.
"""

import platform
import shutil
import sys
import sysconfig
from typing import NamedTuple

OLDEST = 11
"""The first minor version of Python 3 that is supported."""
NEWEST = 13
"""The last minor version of Python 3 that is supported."""

PLATFORMS = {
    "linux": ("x86_64", "aarch64"),
    "darwin": ("arm64",),
    "win32": ("AMD64",),
}
OLDEST_GLIBC = 28
"""The minor version of glibc 2 that PySide6's wheels were built for."""


class Machine(NamedTuple):
    """What matters about the Python that runs and the machine it runs on."""

    major: int
    minor: int
    implementation: str = "CPython"
    free_threaded: bool = False
    system: str = "linux"
    processor: str = "x86_64"
    bits: int = 64
    glibc: str = "2.36"


def this_machine() -> Machine:
    """Describes the Python that runs this line."""
    return Machine(
        major=sys.version_info[0],
        minor=sys.version_info[1],
        implementation=platform.python_implementation(),
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        system="linux" if sys.platform.startswith("linux") else sys.platform,
        processor=platform.machine(),
        bits=64 if sys.maxsize > 2**32 else 32,
        glibc=_glibc(),
    )


def trouble_with(machine: Machine) -> str:
    """Tells why the program cannot run there.

    Returns:
        Whole sentences with what to do about it, or an empty string.
    """
    return _platform_trouble(machine) or _python_trouble(machine)


def _python_trouble(machine: Machine) -> str:
    if machine.implementation != "CPython" or machine.free_threaded:
        kind = "a free-threaded one" if machine.free_threaded else ""
        return (
            "Transfer Learning Studio needs the usual Python from python.org, and "
            f"this is {kind or machine.implementation}: TensorFlow is not made for it."
        )
    if machine.major == 3 and OLDEST <= machine.minor <= NEWEST:
        return ""
    return (
        f"Transfer Learning Studio needs Python 3.{OLDEST} to 3.{NEWEST}, and this is "
        f"Python {machine.major}.{machine.minor}. {_other_python(machine.system)}"
    )


def _other_python(system: str) -> str:
    """Says which Python to use instead: one that is there, or one to install."""
    for minor in range(NEWEST, OLDEST - 1, -1):
        command = f"python3.{minor}"
        if system != "win32" and shutil.which(command):
            return f"This machine has one: start again with {command}."
    start = f"py -3.{NEWEST}" if system == "win32" else f"python3.{NEWEST}"
    source = "from your system's packages or python.org"
    if system in ("win32", "darwin"):
        source = "from python.org"
    return f"Install Python 3.{NEWEST} {source} and start again with {start}."


def _platform_trouble(machine: Machine) -> str:
    if machine.bits != 64:
        return (
            "Transfer Learning Studio needs a 64-bit Python, and this one has "
            f"{machine.bits} bits. Install the 64-bit Python from python.org."
        )
    if machine.system == "darwin" and machine.processor == "x86_64":
        return (
            "TensorFlow is no longer made for Macs with Intel processors, so Transfer "
            "Learning Studio cannot run here. If this Mac has Apple silicon, install "
            "Python from python.org: the present one is an Intel program."
        )
    known = PLATFORMS.get(machine.system, ())
    if machine.processor not in known:
        return (
            "Transfer Learning Studio runs on Linux (x86_64, aarch64), on Macs with "
            "Apple silicon and on Windows with an Intel or AMD processor, and this is "
            f"{machine.system} on {machine.processor or 'an unknown processor'}: "
            "there is no TensorFlow for it."
        )
    if machine.system == "linux" and _minor(machine.glibc) < OLDEST_GLIBC:
        return (
            f"Transfer Learning Studio needs Linux with glibc 2.{OLDEST_GLIBC} or "
            f"later (Debian 10, Ubuntu 20.04), and this one has "
            f"{'glibc ' + machine.glibc if machine.glibc else 'another C library'}."
        )
    return ""


def _minor(version: str) -> int:
    parts = version.split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def _glibc() -> str:
    name, version = platform.libc_ver()
    return version if name == "glibc" else ""
