"""Saves the plots as a picture, a drawing or numbers."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

from tlgui.core import storage
from tlgui.core.errors import TlguiError
from tlgui.core.history import EpochRecord, to_csv

PNG_SCALE = 2
Write = Callable[[Path], None]


class PlotFormat(StrEnum):
    """What the plots can be saved as; the value is the file's ending."""

    PNG = "png"
    SVG = "svg"
    CSV = "csv"


class FileWriter(QObject):
    """Writes files in a thread of its own, whole or not at all.

    Signals:
        written(str, str): a file, and what went wrong as a sentence, or "".
    """

    written = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def write(self, path: Path, write: Write) -> None:
        """Queues a file."""
        self._pool.start(partial(self._write, path, write))

    def wait(self) -> None:
        """Waits for the files that are queued."""
        self._pool.waitForDone()

    def _write(self, path: Path, write: Write) -> None:
        try:
            storage.write_whole(path, write)
        except TlguiError as error:
            self.written.emit(str(path), str(error))
        else:
            self.written.emit(str(path), "")


def write_picture(drawing: bytes, path: Path) -> None:
    """Paints a drawing (SVG) and writes it as PNG.

    Raises:
        OSError: the system refused.
    """
    renderer = QSvgRenderer(QByteArray(drawing))
    image = QImage(renderer.defaultSize() * PNG_SCALE, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    writer = QImageWriter(str(path), QByteArray(b"png"))
    if not writer.write(image):
        raise OSError(0, writer.errorString(), str(path))


def write_bytes(content: bytes, path: Path) -> None:
    """Writes a file as it is."""
    path.write_bytes(content)


def numbers_of(records: Sequence[EpochRecord]) -> bytes:
    """The history as CSV, as in a run folder."""
    return to_csv(records).encode("utf-8")
