"""Lays the frozen program out as a Debian package and packs it."""

import gzip
import os
import shutil
import subprocess
import time
from pathlib import Path

from installer import desktop, product
from installer.console import say
from installer.debian import texts
from installer.debian.depends import depends
from installer.freeze import environment
from installer.freeze.places import ICON_SIZES, Places

OPT = Path("opt") / product.PACKAGE
COMPRESSION = ("-Zzstd", "-z9", "--no-uniform-compression")
"""Ten seconds on an idle machine, where xz takes nine minutes for a fifth less."""


def make(places: Places) -> Path:
    """Makes the `.deb` from the frozen program.

    Returns:
        Its file.

    Raises:
        Trouble: what it depends on cannot be found out, or packing failed.
    """
    root = places.work / "debian"
    shutil.rmtree(root, ignore_errors=True)
    say("Laying out the package.")
    _copy_tree(places, root)
    _write_shared(places, root)
    _write_documents(places, root)
    architecture = _architecture()
    control = texts.control(architecture, _kibibytes(root), depends(root))
    _write(root / "DEBIAN" / "control", control)
    _write(root / "DEBIAN" / "md5sums", _md5sums(root))
    _set_modes_and_dates(root)
    file = places.out / f"{product.PACKAGE}_{product.version()}_{architecture}.deb"
    return _pack(places, root, file)


def _pack(places: Places, root: Path, file: Path) -> Path:
    began = time.monotonic()
    command: list[str | Path] = ["dpkg-deb", "--build", "--root-owner-group"]
    date = {"SOURCE_DATE_EPOCH": str(product.source_date())}
    environment.run(places, [*command, *COMPRESSION, root, file], date)
    size = file.stat().st_size / 1e6
    say(f"{file}: {size:.1f} MB, packed in {time.monotonic() - began:.0f} s.")
    return file


def _copy_tree(places: Places, root: Path) -> None:
    """By hard links, since it is large and stays as it is."""
    shutil.copytree(places.tree, root / OPT, symlinks=True, copy_function=os.link)
    commands = root / "usr" / "bin"
    commands.mkdir(parents=True)
    for name in (product.COMMAND, product.CONSOLE_COMMAND):
        (commands / name).symlink_to(f"/{OPT}/{name}")


def _write_shared(places: Places, root: Path) -> None:
    """What the desktop reads."""
    share = root / "usr" / "share"
    entry = desktop.desktop_entry(product.COMMAND, product.COMMAND)
    _write(share / "applications" / f"{product.COMMAND}.desktop", entry)
    kind = share / "mime" / "packages" / f"{product.PACKAGE}.xml"
    _write(kind, desktop.project_kind())
    page = desktop.metainfo(
        os.environ.get("TLGUI_SCREENSHOTS", ""),
        os.environ.get("TLGUI_HOME_PAGE", ""),
    )
    _write(share / "metainfo" / f"{product.APP_ID}.metainfo.xml", page)
    icons = share / "icons" / "hicolor"
    for size in ICON_SIZES:
        _copy(
            places.icon(size),
            icons / f"{size}x{size}" / "apps" / f"{product.COMMAND}.png",
        )
    drawing = places.root / "resources" / "icons" / "tlgui.svg"
    _copy(drawing, icons / "scalable" / "apps" / f"{product.COMMAND}.svg")


def _write_documents(places: Places, root: Path) -> None:
    share = root / "usr" / "share"
    documents = share / "doc" / product.PACKAGE
    _write(documents / "copyright", texts.copyright_file())
    _write_packed(documents / "changelog.gz", texts.changelog())
    news = (places.root / "CHANGELOG.md").read_text(encoding="utf-8")
    _write_packed(documents / "CHANGELOG.md.gz", news)
    page = places.work / "tlgui.1"
    python = environment.python_of(places.environment)
    module = "installer.debian.man_page"
    date = {"SOURCE_DATE_EPOCH": str(product.source_date())}
    environment.run(places, [python, "-m", module, page], date)
    manuals = share / "man" / "man1"
    _write_packed(manuals / f"{product.COMMAND}.1.gz", page.read_text(encoding="utf-8"))
    (manuals / f"{product.CONSOLE_COMMAND}.1.gz").symlink_to(f"{product.COMMAND}.1.gz")
    lintian = share / "lintian" / "overrides" / product.PACKAGE
    _write(lintian, texts.overrides())


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _write_packed(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _architecture() -> str:
    command = ["dpkg", "--print-architecture"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    return asked.stdout.strip()


def _kibibytes(root: Path) -> int:
    """As dpkg-gencontrol counts: a kibibyte for each folder and link."""
    total = 0
    for path in root.rglob("*"):
        plain = path.is_file() and not path.is_symlink()
        total += -(-path.stat().st_size // 1024) if plain else 1
    return total


def _md5sums(root: Path) -> str:
    import hashlib

    lines = []
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and place.parts[0] != "DEBIAN":
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "md5").hexdigest()
            lines.append(f"{digest}  {place.as_posix()}\n")
    return "".join(lines)


def _set_modes_and_dates(root: Path) -> None:
    seconds = product.source_date()
    for path in [root, *root.rglob("*")]:
        if path.is_symlink():
            os.utime(path, (seconds, seconds), follow_symlinks=False)
            continue
        if path.is_dir():
            path.chmod(0o755)
        elif OPT.parts[0] not in path.relative_to(root).parts:
            path.chmod(0o644)
        os.utime(path, (seconds, seconds))
