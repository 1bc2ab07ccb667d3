"""What Linux's libraries need of one another, as binutils tells it."""

import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

_NEEDED = re.compile(r"^\s+NEEDED\s+(\S+)$", re.MULTILINE)
_GLIBC = re.compile(r"\bGLIBC_(\d+)\.(\d+)\b")
_MAGIC = b"\x7fELF"


def elf_files(folder: Path) -> Iterator[Path]:
    """Every program and library in a folder, links left out."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink() and _is_elf(file):
            yield file


def _is_elf(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def headers(file: Path) -> str:
    """What `objdump` says of a file's headers."""
    command = ["objdump", "--private-headers", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return told.stdout


def needed(told: str) -> tuple[str, ...]:
    """The libraries that a file is linked with.

    Args:
        told: its headers.
    """
    return tuple(_NEEDED.findall(told))


def oldest_glibc(told: Iterable[str]) -> tuple[int, int]:
    """The oldest version of glibc that serves all of some files.

    Args:
        told: their headers.
    """
    found = (_GLIBC.findall(headers) for headers in told)
    return max((int(a), int(b)) for versions in found for a, b in versions)


def unreferenced(
    needs: Mapping[str, Collection[str]], candidates: Collection[str]
) -> set[str]:
    """Which libraries no other file needs, also not through another such library.

    Args:
        needs: from a file's name to the names of the libraries it needs.
        candidates: names of libraries that may go.
    """
    gone: set[str] = set()
    while True:
        wanted = {n for name, ns in needs.items() if name not in gone for n in ns}
        more = {name for name in candidates if name not in wanted} - gone
        if not more:
            return gone
        gone |= more
