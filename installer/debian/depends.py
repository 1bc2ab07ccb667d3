"""Which other packages a folder of programs and libraries needs, and from when on.

Debian's own dpkg-shlibdeps looks at every symbol, which takes ten minutes and 3 GB of
memory for TensorFlow. Here the versions that libraries put on groups of their symbols
(GLIBC_2.34) are looked at, in the same files of dpkg's; a library without such groups
is asked for in any version, which wheels, built on far older systems, allow.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from installer.console import Trouble
from installer.freeze import elf

BESIDE_LIBRARIES = (
    "fontconfig-config",
    "fonts-dejavu-core | fonts-noto-core | fonts-liberation | fonts-freefont-ttf",
)
"""Without a font, and without word of where fonts are, all text is boxes."""
_REQUIRED = re.compile(r"^\s+required from (\S+):$")
_GROUP = re.compile(r"^\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)$")
_CACHED = re.compile(r"^\s+(\S+) \([^)]*x86-64[^)]*\) => (\S+)$", re.MULTILINE)
_INFO = Path("/var/lib/dpkg/info")


def depends(tree: Path) -> list[str]:
    """Packages with versions, as the field Depends wants them.

    Args:
        tree: programs and libraries, which also need each other.

    Raises:
        Trouble: a library is in no package of this computer, nor in the tree.
    """
    files = list(elf.elf_files(tree))
    own = {path.name for path in tree.rglob("*.so*")}
    told = [elf.headers(file) for file in files]
    needed = {n: set[str]() for text in told for n in elf.needed(text) if n not in own}
    for text in told:
        for soname, groups in wanted_groups(text).items():
            if soname in needed:
                needed[soname] |= groups
    found = packages_of(needed)
    return [*with_versions(found, needed), *BESIDE_LIBRARIES]


def wanted_groups(told: str) -> dict[str, set[str]]:
    """The groups of symbols that a file takes from other libraries.

    Args:
        told: its headers.
    """
    found: dict[str, set[str]] = {}
    soname = ""
    for line in told.splitlines():
        if named := _REQUIRED.match(line):
            soname = named[1]
        elif soname and (group := _GROUP.match(line)):
            found.setdefault(soname, set()).add(group[1])
        else:
            soname = ""
    return found


def packages_of(sonames: Iterable[str]) -> dict[str, str]:
    """The package that each library comes from on this computer.

    Raises:
        Trouble: one comes from none.
    """
    places = dict(reversed(_CACHED.findall(_said("/sbin/ldconfig", "-p"))))
    found = {}
    for soname in sorted(sonames):
        place = places.get(soname, "")
        # /lib is a link to /usr/lib, and dpkg knows a file by either name.
        real = str(Path(place).resolve()) if place else ""
        asked = [real, real.removeprefix("/usr")] if real else [f"*/{soname}"]
        told = _said("dpkg-query", "--search", *asked)
        if not told:
            raise Trouble(
                f"Expected the library {soname} in a package of this computer, but it "
                "is in none. Install what brings it, or leave out what needs it."
            )
        found[soname] = told.partition(":")[0]
    return found


def _said(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, check=False
    ).stdout.strip("\n")


def with_versions(
    found: Mapping[str, str], needed: Mapping[str, Iterable[str]]
) -> list[str]:
    """The packages, each with the version from which on it has what is wanted.

    Args:
        found: from a library to its package.
        needed: from a library to the groups of symbols that are wanted of it.
    """
    versions: dict[str, str] = {}
    for soname, package in found.items():
        since = [_since(package, group) for group in needed[soname]]
        versions[package] = max([versions.get(package, ""), *since], key=_order)
    return [
        f"{package} (>= {version})" if version else package
        for package, version in sorted(versions.items())
    ]


def _since(package: str, group: str) -> str:
    for file in _INFO.glob(f"{package}*.symbols"):
        line = re.escape(f"{group}@{group}")
        text = file.read_text(encoding="utf-8")
        if told := re.search(rf"^ {line} (\S+)", text, re.MULTILINE):
            return told[1]
    return ""


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
