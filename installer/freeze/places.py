"""Where a build works and where it leaves what it made: below `build/` and `dist/`."""

from dataclasses import dataclass
from pathlib import Path

from installer import product

ICON_SIZES = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)
"""Sides of the icon in pixels, as Linux's icon theme has folders for them."""


@dataclass(frozen=True)
class Places:
    """The folders of one build.

    Attributes:
        root: the source tree.
        work: what may be deleted at any time.
        out: what is handed out.
    """

    root: Path
    work: Path
    out: Path

    @property
    def environment(self) -> Path:
        """The virtual environment that is frozen."""
        return self.work / "environment"

    @property
    def pictures(self) -> Path:
        """The icon in every size and format."""
        return self.work / "pictures"

    def icon(self, size: int) -> Path:
        """The icon of a size in pixels."""
        return icon_file(self.pictures, size)

    @property
    def prepared(self) -> Path:
        """What a first run need not prepare."""
        return self.work / "prepared"

    @property
    def pyinstaller(self) -> Path:
        """PyInstaller's own working folder."""
        return self.work / "pyinstaller"

    @property
    def tree(self) -> Path:
        """The frozen program."""
        return self.work / "frozen" / product.PACKAGE

    @property
    def content(self) -> Path:
        """The folder inside the frozen program with all but the executables."""
        return self.tree / "_internal"

    @property
    def system_libraries(self) -> Path:
        """Libraries that PyInstaller found and that a package names instead."""
        return self.work / "system-libraries"

    @property
    def log(self) -> Path:
        """What the programs said that a build starts."""
        return self.work / "build.log"


def icon_file(folder: Path, size: int) -> Path:
    """The icon of a size in pixels, in the folder of the icons."""
    return folder / f"{product.COMMAND}-{size}.png"


def usual(root: Path) -> Places:
    """The places of a build of a source tree."""
    return Places(root, root / "build" / "installer", root / "dist")
