"""Packs a frozen program for Windows into a setup program, with NSIS.

makensis runs on Windows and on Linux alike.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from installer import product
from installer.console import Trouble, say
from installer.freeze import environment
from installer.freeze.places import Places

SCRIPT = Path(__file__).resolve().parent / "setup.nsi"
COMPRESSORS = {"small": "/SOLID lzma", "quick": "zlib"}
"""175 MB in half an hour, or 381 MB in a minute."""


def values(tree: Path, icon: Path, file: Path, compressor: str) -> dict[str, str]:
    """What the script is told.

    Args:
        tree: the frozen program.
        icon: a `.ico`.
        file: the setup program to be made.
        compressor: one of `COMPRESSORS`.

    Raises:
        Trouble: the folder is no frozen program for Windows.
    """
    missing = [n for n in expected(tree) if not n.exists()]
    if missing:
        raise Trouble(
            f"Expected a program frozen on Windows in {tree}, but it lacks "
            f"{', '.join(path.name for path in missing)}. Build it on Windows first."
        )
    files = [path for path in tree.rglob("*") if path.is_file()]
    places = [str(path.relative_to(tree)) for path in files]
    return {
        "NAME": product.NAME,
        "VERSION": product.version(),
        "PACKAGE": product.PACKAGE,
        "COMMAND": product.COMMAND,
        "CONSOLE": product.CONSOLE_COMMAND,
        "PUBLISHER": product.MAINTAINER,
        "SUMMARY": product.SUMMARY,
        "TREE": str(tree),
        "ICON": str(icon),
        "OUT": str(file),
        "SIZE_KIB": str(sum(path.stat().st_size for path in files) // 1024),
        "LONGEST": str(max(map(len, places))),
        "COMPRESSOR": COMPRESSORS[compressor],
    }


def expected(tree: Path) -> list[Path]:
    """What every frozen program for Windows has."""
    programs = (product.COMMAND, product.CONSOLE_COMMAND)
    return [
        *(tree / f"{name}.exe" for name in programs),
        tree / "_internal",
        tree / "LICENSE.txt",
        tree / "THIRD-PARTY-NOTICES.txt",
    ]


def command(told: Mapping[str, str]) -> list[str | Path]:
    """The call of makensis."""
    defined = [f"-D{name}={value}" for name, value in told.items()]
    return ["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defined, SCRIPT]


def make(places: Places, tree: Path, compressor: str = "small") -> Path:
    """Makes the setup program.

    Raises:
        Trouble: makensis is missing or failed, or the tree is no program.
    """
    if shutil.which("makensis") is None:
        raise Trouble(
            "Expected makensis, found none. Install NSIS (on Debian: apt-get install "
            "nsis) and run this again."
        )
    places.out.mkdir(parents=True, exist_ok=True)
    name = f"{product.PACKAGE}-{product.version()}-windows-x64-setup.exe"
    file = places.out / name
    told = values(tree, places.pictures / f"{product.COMMAND}.ico", file, compressor)
    environment.run(places, command(told))
    say(f"{file}: {file.stat().st_size / 1e6:.1f} MB.")
    return file
