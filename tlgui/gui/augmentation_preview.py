"""What augmentation does to the person's own photos."""

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QRect, Qt, Slot
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from tlgui.core.augmentation import augment
from tlgui.core.dataset import TRAIN
from tlgui.core.types import Pixels
from tlgui.gui import controls
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme

VARIANTS = 7
_SIDE = 72
_COLUMNS = 4
_MOST_PIXELS = 112
_RADIUS = 5.0
_TRIES = 5


class AugmentationPreview(QWidget):
    """One photo as it is, and how it looks to the model from epoch to epoch."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._generator = np.random.default_rng()
        self._awaited = ""
        self._tries = 0
        self._pixels: Pixels | None = None
        self.tiles = [QLabel() for _ in range(1 + VARIANTS)]
        self.told = controls.label("", "small", wrap=True)
        self.another = controls.button(self.tr("Show another photo"), "link")
        grid = QGridLayout()
        grid.setSpacing(6)
        grid.setContentsMargins(0, 0, 0, 0)
        for index, tile in enumerate(self.tiles):
            tile.setFixedSize(_SIDE, _SIDE)
            grid.addWidget(tile, index // _COLUMNS, index % _COLUMNS)
        grid.setColumnStretch(_COLUMNS, 1)
        self.tiles[0].setToolTip(self.tr("The photo as it is"))
        controls_row = controls.row(self.told, self.another)
        controls_row.setStretch(0, 1)
        self.setLayout(controls.column(grid, controls_row, gap=4))
        self._draw()
        self.another.clicked.connect(self.request_photo)
        session.dataset_changed.connect(self._on_dataset)
        session.spec_changed.connect(self._on_spec)
        session.reading.thumbnail_read.connect(self._on_thumbnail)

    @Slot()
    def request_photo(self) -> None:
        """Asks the reader thread for another photo of the training split."""
        self._tries = 0
        self._request()

    def _request(self) -> None:
        dataset = self._session.dataset
        samples = dataset.samples.get(TRAIN, ()) if dataset else ()
        if dataset is None or not samples:
            return
        index = int(self._generator.integers(len(samples)))
        if str(dataset.file(samples[index])) == self._awaited:
            index = (index + 1) % len(samples)
        self._awaited = str(dataset.file(samples[index]))
        self._session.reading.request_thumbnail(self._awaited, self._side())

    @Slot(str, object)
    def _on_thumbnail(self, file: str, pixels: Pixels | None) -> None:
        if file != self._awaited:
            return
        if pixels is None:
            self._tries += 1
            if self._tries < _TRIES:
                self._request()
            return
        self._pixels = _squared(pixels, self._side())
        self._draw()

    @Slot()
    def _on_dataset(self) -> None:
        self._pixels, self._awaited = None, ""
        self._draw()
        if self.isVisible():
            self.request_photo()

    @Slot()
    def _on_spec(self) -> None:
        self._draw()

    def _draw(self) -> None:
        name = self._session.spec.augmentation
        pixels, shown = self._pixels, name != "none"
        self._show_told()
        for index, tile in enumerate(self.tiles):
            tile.setVisible(pixels is not None and (index == 0 or shown))
            if pixels is None or (index and not shown):
                continue
            picture = augment(pixels, name, self._generator) if index else pixels
            tile.setPixmap(self._pixmap(picture, marked=index == 0))
            tile.setAccessibleName(
                self.tr("Changed at random") if index else self.tr("The photo as it is")
            )

    def _show_told(self) -> None:
        there = self._pixels is not None
        self.another.setVisible(self._session.dataset is not None)
        self.told.setVisible(not there or self._session.spec.augmentation != "none")
        if not there:
            text = self.tr("Examples appear here once a folder of photos is open.")
        else:
            text = self.tr("Framed: the photo as it is.")
        self.told.setText(text)

    def _side(self) -> int:
        return min(_MOST_PIXELS, round(_SIDE * self.devicePixelRatioF()))

    def _pixmap(self, pixels: Pixels, *, marked: bool) -> QPixmap:
        """Rounds the corners; the original gets a frame."""
        height, width, _ = pixels.shape
        data = np.ascontiguousarray(pixels)
        image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(_SIDE * ratio), round(_SIDE * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(0, 0, _SIDE, _SIDE, _RADIUS, _RADIUS)
        painter.setClipPath(path)
        painter.drawImage(QRect(0, 0, _SIDE, _SIDE), image)
        if marked:
            pen = painter.pen()
            pen.setColor(current_theme().accent)
            pen.setWidthF(6.0)
            painter.setPen(pen)
            painter.drawPath(path)
        painter.end()
        return pixmap

    def showEvent(self, event: QShowEvent) -> None:
        """Asks for a first photo once somebody looks."""
        super().showEvent(event)
        if self._pixels is None:
            self.request_photo()

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()


def _squared(pixels: Pixels, side: int) -> Pixels:
    """Squeezes a thumbnail to the square that the model sees."""
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(image)
