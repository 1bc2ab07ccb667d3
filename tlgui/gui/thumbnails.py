"""Small pictures, read in the background and kept while there is room."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap

from tlgui.core.types import Pixels
from tlgui.gui.threads import Reading

SIDE = 96
_AT_ONCE = 4


class Thumbnails(QObject):
    """Asks the reader thread for what is looked at, the latest first.

    Only a few requests are with the reader at any time; what was scrolled away
    before its turn is forgotten, and asked for again when it is looked at again.

    Signals:
        thumbnail_ready(str): a file; its `pixmap` is there now.
    """

    thumbnail_ready = Signal(str)

    def __init__(
        self,
        reading: Reading,
        parent: QObject | None = None,
        *,
        shape: Callable[[Pixels], QPixmap] | None = None,
        capacity: int = 1_000,
    ) -> None:
        """Makes an empty store.

        Args:
            reading: the reader thread.
            parent: owns it.
            shape: makes the picture to keep, `tile` unless told otherwise.
            capacity: how many are kept, and half as many may wait.
        """
        super().__init__(parent)
        self._reading = reading
        self._shape = shape or tile
        self._capacity = capacity
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._asked: set[str] = set()
        reading.thumbnail_read.connect(self._on_thumbnail_read)

    def __len__(self) -> int:
        return len(self._kept)

    def pixmap(self, file: str) -> QPixmap | None:
        """The picture; null if it cannot be read, None while it is on its way."""
        kept = self._kept.get(file)
        if kept is not None:
            self._kept.move_to_end(file)
            return kept
        if file not in self._asked:
            self._waiting[file] = None
            self._waiting.move_to_end(file)
            if len(self._waiting) > self._capacity // 2:
                self._waiting.popitem(last=False)
            self._ask()
        return None

    def clear(self) -> None:
        """Forgets everything, because the files may be others now."""
        self._kept.clear()
        self._waiting.clear()
        self._asked.clear()

    def _ask(self) -> None:
        while self._waiting and len(self._asked) < _AT_ONCE:
            file, _ = self._waiting.popitem()
            self._asked.add(file)
            self._reading.request_thumbnail(file, SIDE)

    @Slot(str, object)
    def _on_thumbnail_read(self, file: str, pixels: Pixels | None) -> None:
        if file not in self._asked:
            return  # somebody else's
        self._asked.discard(file)
        self._kept[file] = QPixmap() if pixels is None else self._shape(pixels)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        self._ask()
        self.thumbnail_ready.emit(file)


def whole(pixels: Pixels) -> QPixmap:
    """A picture in its own proportions."""
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    image = QImage(
        pixels.data, width, height, channels * width, QImage.Format.Format_RGB888
    )
    return QPixmap.fromImage(image)


def tile(pixels: Pixels) -> QPixmap:
    """The middle square of a picture, with rounded corners."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = whole(pixels[top : top + side, left : left + side])
    made = QPixmap(side, side)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(square))
    painter.drawRoundedRect(QRectF(0, 0, side, side), 0.09 * side, 0.09 * side)
    painter.end()
    return made
