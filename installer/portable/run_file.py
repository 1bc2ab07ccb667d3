"""Packs the frozen program into one file that installs itself for one person."""

import fnmatch
import gzip
import hashlib
import platform
import shutil
import stat
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

from installer import desktop, product
from installer.console import say
from installer.freeze import elf
from installer.freeze.places import ICON_SIZES, Places

HEADER = Path(__file__).resolve().parent / "header.sh"
LIBRARIES = (
    "libxcb-cursor.so.*",
    "libxcb-icccm.so.*",
    "libxcb-image.so.*",
    "libxcb-keysyms.so.*",
    "libxcb-render-util.so.*",
    "libxcb-util.so.*",
    "libxkbcommon-x11.so.*",
    "libbz2.so.*",
    "libsqlite3.so.*",
)
"""Few systems have all of these, or under these names; all have what lies below.

What drivers use too (zlib, expat, libX11, …) is never brought: a newer driver would
get an older library.
"""
COMPRESSION = 6
"""gzip, which every Linux can unpack."""
PROGRAM = "@PROGRAM@"
_ROOM = 1.2


def make(places: Places) -> Path:
    """Makes the `.run` from the frozen program.

    Returns:
        Its file.
    """
    root = places.work / "portable"
    shutil.rmtree(root, ignore_errors=True)
    _lay_out(places, root)
    payload = places.work / "portable.tar.gz"
    began = time.monotonic()
    pack(root, payload, product.source_date())
    machine = platform.machine()
    name = f"{product.PACKAGE}-{product.version()}-{machine}.run"
    file = places.out / name
    told = [elf.headers(found) for found in elf.elf_files(root)]
    values = {
        "NAME": product.NAME,
        "VERSION": product.version(),
        "PACKAGE": product.PACKAGE,
        "COMMAND": product.COMMAND,
        "CONSOLE": product.CONSOLE_COMMAND,
        "FILE": name,
        "MACHINE": machine,
        "GLIBC": ".".join(map(str, elf.oldest_glibc(told))),
        "KIBIBYTES": str(round(_size(root) * _ROOM / 1024)),
        "SIZES": " ".join(map(str, ICON_SIZES)),
        "SHA256": _sum(payload),
    }
    header = filled(HEADER.read_text(encoding="utf-8"), values)
    with file.open("wb") as written, payload.open("rb") as packed:
        written.write(header.encode("utf-8"))
        shutil.copyfileobj(packed, written, 1 << 20)
    file.chmod(0o755)
    payload.unlink()
    size, seconds = file.stat().st_size / 1e6, time.monotonic() - began
    say(f"{file}: {size:.1f} MB, packed in {seconds:.0f} s.")
    return file


def _lay_out(places: Places, root: Path) -> None:
    import os

    shutil.copytree(places.tree, root, symlinks=True, copy_function=os.link)
    for file in sorted(places.system_libraries.iterdir()):
        if any(fnmatch.fnmatchcase(file.name, pattern) for pattern in LIBRARIES):
            shutil.copyfile(file, root / "_internal" / file.name)
    share = root / "share"
    share.mkdir()
    entry = desktop.desktop_entry("PROGRAM", product.COMMAND)
    entry = entry.replace("Exec=PROGRAM ", f'Exec="{PROGRAM}" ')
    (share / f"{product.COMMAND}.desktop").write_text(entry, encoding="utf-8")
    kind = share / f"{product.PACKAGE}.xml"
    kind.write_text(desktop.project_kind(), encoding="utf-8")
    for size in ICON_SIZES:
        shutil.copyfile(places.icon(size), share / places.icon(size).name)
    shutil.copyfile(
        places.root / "resources" / "icons" / "tlgui.svg",
        share / f"{product.COMMAND}.svg",
    )


def filled(header: str, values: Mapping[str, str]) -> str:
    """The script with its values, which also tell where it ends.

    Args:
        header: with `@NAME@` wherever the value NAME belongs.
        values: all but `LINES`, the number of the line after the script.
    """
    lines = header.count("\n") + 1
    for name, value in {**values, "LINES": str(lines)}.items():
        header = header.replace(f"@{name}@", value)
    return header


def pack(folder: Path, file: Path, seconds: int) -> None:
    """Packs a folder so that the same content gives the same bytes.

    Args:
        folder: what is packed.
        file: a `.tar.gz`.
        seconds: since 1970, for every file in it.
    """

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = seconds
        runs = member.mode & stat.S_IXUSR or member.isdir() or member.issym()
        member.mode = 0o755 if runs else 0o644
        return member

    with (
        file.open("wb") as stream,
        gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name, filter=plain)


def _size(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if not path.is_symlink())
    return sum(path.stat().st_size for path in files if path.is_file())


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
