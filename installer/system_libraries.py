"""Which of Linux's own libraries and fonts Qt needs, and who packages them.

PySide6 brings Qt, not what lies below it. The two lists are what `ldd` misses on a
bare Debian 12 for the libraries and plugins of PySide6 6.9 to 6.11. Windows and macOS
have all of it.
"""

import ctypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """A shared library and the packages that bring it."""

    soname: str
    debian: str
    arch: str


DRAWING = (
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libEGL.so.1", "libegl1", "libglvnd"),
    Library("libGL.so.1", "libgl1", "libglvnd"),
    Library("libX11.so.6", "libx11-6", "libx11"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype2"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus"),
    Library("libbrotlidec.so.1", "libbrotli1", "brotli"),
    Library("libgssapi_krb5.so.2", "libgssapi-krb5-2", "krb5"),
)
"""Without these QtCore, QtGui, QtWidgets or QtNetwork cannot be imported."""

WINDOW = (
    Library("libxcb.so.1", "libxcb1", "libxcb"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libx11"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Library("libxcb-glx.so.0", "libxcb-glx0", "libxcb"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    Library("libxcb-render.so.0", "libxcb-render0", "libxcb"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    Library("libxcb-shm.so.0", "libxcb-shm0", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
)
"""Without these Qt's plugin for X11 cannot open a window."""

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/usr/share/texmf/fonts/opentype"),
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
)
FONT_ENDINGS = frozenset({".ttf", ".otf", ".ttc", ".otc"})
FONT_PACKAGES = {
    "apt-get": "fonts-dejavu-core",
    "dnf": "dejavu-sans-fonts",
    "zypper": "dejavu-fonts",
    "pacman": "ttf-dejavu",
}


def missing_libraries(
    libraries: Iterable[Library],
    load: Callable[[str], object] = ctypes.CDLL,
) -> tuple[Library, ...]:
    """Finds out which libraries the dynamic linker cannot load.

    Args:
        libraries: What is needed.
        load: Loads a library by its name, raising OSError where it is not there.
    """
    return tuple(wanted for wanted in libraries if not _loads(wanted.soname, load))


def _loads(soname: str, load: Callable[[str], object]) -> bool:
    try:
        load(soname)
    except OSError:
        return False
    return True


def has_font(folders: Sequence[Path] = FONT_FOLDERS) -> bool:
    """Tells whether there is any scalable font: without one all text is boxes."""
    return any(
        file.suffix.lower() in FONT_ENDINGS
        for folder in folders
        for file in folder.expanduser().rglob("*")
    )


def packages_for(
    manager: str, libraries: Iterable[Library], font: bool = False
) -> tuple[str, ...]:
    """Names what brings the missing libraries and, if asked, a font.

    Red Hat's and SUSE's managers are asked for the library itself, which they
    resolve to a package; Debian's and Arch's need the package's name.

    Args:
        manager: One of the keys of `FONT_PACKAGES`.
        libraries: The missing libraries.
        font: Whether a font is missing as well.

    Returns:
        Names for the manager's command line, each once, in order.
    """
    names = [_package(manager, library) for library in libraries]
    if font:
        names.append(FONT_PACKAGES[manager])
    return tuple(dict.fromkeys(names))


def _package(manager: str, library: Library) -> str:
    if manager == "apt-get":
        return library.debian
    if manager == "pacman":
        return library.arch
    return f"{library.soname}()(64bit)"
