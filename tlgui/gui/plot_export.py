"""Saves the plots as a picture, a drawing or numbers."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QObject,
    QRectF,
    QSize,
    QThreadPool,
    Signal,
)
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsScene

from tlgui.core import storage
from tlgui.core.errors import TlguiError
from tlgui.core.history import EpochRecord, to_csv

PNG_SCALE = 3
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


def picture_of(scene: QGraphicsScene, ground: str) -> QImage:
    """Paints a scene, three times as fine as on a plain screen."""
    area = scene.sceneRect()
    image = QImage((area.size() * PNG_SCALE).toSize(), QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    _paint(scene, image, QRectF(image.rect()), area)
    return image


def drawing_of(scene: QGraphicsScene, ground: str, title: str) -> bytes:
    """Draws a scene as SVG."""
    area = scene.sceneRect()
    size = area.size().toSize()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(size))
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(ground))
    scene.render(painter, QRectF(0, 0, size.width(), size.height()), area)
    painter.end()
    return bytes(content.data())


def write_picture(image: QImage, path: Path) -> None:
    """Writes a PNG file.

    Raises:
        OSError: the system refused.
    """
    writer = QImageWriter(str(path), QByteArray(b"png"))
    if not writer.write(image):
        raise OSError(0, writer.errorString(), str(path))


def write_bytes(content: bytes, path: Path) -> None:
    """Writes a file as it is."""
    path.write_bytes(content)


def numbers_of(records: Sequence[EpochRecord]) -> bytes:
    """The history as CSV, as in a run folder."""
    return to_csv(records).encode("utf-8")


def _paint(
    scene: QGraphicsScene, image: QImage, target: QRectF, source: QRectF
) -> None:
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    scene.render(painter, target, source)
    painter.end()
