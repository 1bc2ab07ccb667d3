"""Draws the program's icon in every size and format that systems ask for.

    python -m installer.freeze.pictures FOLDER

Run by the build, with Qt and Pillow installed.
"""

import os
import sys
from pathlib import Path

from PIL import Image

from installer.freeze.places import ICON_SIZES, icon_file
from installer.product import COMMAND, ROOT

SIZES = (*ICON_SIZES, 1024)
"""Sides in pixels; only macOS asks for the largest."""
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
DRAWING = ROOT / "resources" / "icons" / "tlgui.svg"


def draw(folder: Path) -> None:
    """Writes `tlgui-SIZE.png` for every size, `tlgui.ico` and `tlgui.icns`."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        _draw_one(size, icon_file(folder, size))
    largest = Image.open(icon_file(folder, SIZES[-1]))
    others = [Image.open(icon_file(folder, size)) for size in SIZES[:-1]]
    fitting = [p for p in others if p.size[0] in ICO_SIZES]
    fitting[-1].save(
        folder / f"{COMMAND}.ico",
        sizes=[(size, size) for size in ICO_SIZES],
        append_images=fitting[:-1],
    )
    largest.save(folder / f"{COMMAND}.icns", append_images=others)


def _draw_one(size: int, file: Path) -> None:
    from PySide6.QtGui import QColorConstants, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    drawn = QImage(size, size, QImage.Format.Format_ARGB32)
    drawn.fill(QColorConstants.Transparent)
    painter = QPainter(drawn)
    QSvgRenderer(str(DRAWING)).render(painter)
    painter.end()
    if not drawn.save(str(file)):
        raise OSError(f"{file} could not be written")


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication(sys.argv[:1])
    draw(Path(sys.argv[1]))
    del application


if __name__ == "__main__":
    main()
