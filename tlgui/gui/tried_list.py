"""The photos that were tried, each with the model's answer in short."""

from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from tlgui.core.events import Prediction
from tlgui.core.types import Pixels
from tlgui.gui.percent import percent
from tlgui.gui.session import Session
from tlgui.gui.thumbnails import whole

_ICON = 40
_WITH_ICON = 100


@dataclass
class Tried:
    """One photo that the model is asked about.

    Attributes:
        source: the file, or the name of a pasted picture.
        item: its line in the list.
        pasted: the picture, if it has no file.
        answer: None while it is awaited.
        has_icon: whether its line shows it.
    """

    source: str
    item: QListWidgetItem
    pasted: QPixmap | None = None
    answer: Prediction | None = None
    has_icon: bool = False

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.source if self.pasted is not None else PurePath(self.source).name


class TriedList(QListWidget):
    """One line a photo, in the order in which they were given."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._reading = session.reading
        self.photos: list[Tried] = []
        self.setIconSize(QSize(_ICON, _ICON))
        self.setFixedWidth(236)
        self.setSpacing(2)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(
            "QListView::item:selected { background: palette(highlight);"
            " color: palette(highlighted-text); border-radius: 4px; }"
        )
        self.setAccessibleName(self.tr("Photos that were tried"))
        session.reading.thumbnail_read.connect(self._take_thumbnail)

    @property
    def current(self) -> Tried | None:
        """The photo that is chosen."""
        place = self.currentRow()
        return self.photos[place] if 0 <= place < len(self.photos) else None

    @property
    def waiting(self) -> list[Tried]:
        """Those without an answer."""
        return [tried for tried in self.photos if tried.answer is None]

    @property
    def pasted(self) -> int:
        """How many have no file."""
        return sum(tried.pasted is not None for tried in self.photos)

    def add(self, source: str, pasted: QPixmap | None = None) -> Tried:
        """Adds a line for a file, or for a picture without one."""
        tried = Tried(source, QListWidgetItem(), pasted)
        self.photos.append(tried)
        tried.item.setText(f"{tried.name}\n…")
        tried.item.setToolTip(source)
        self.addItem(tried.item)
        tried.item.setIcon(_no_icon())
        if pasted is not None:
            tried.item.setIcon(_icon(pasted))
        elif len(self.photos) <= _WITH_ICON:
            side = round(2 * _ICON * self.devicePixelRatioF())
            self._reading.request_thumbnail(source, side)
        self.setVisible(len(self.photos) > 1)
        return tried

    def answer(self, tried: Tried, answer: Prediction) -> None:
        """Writes an answer to its line."""
        tried.answer = answer
        told = self.tr("no answer")
        if answer.probabilities:
            told = f"{answer.class_names[0]} {percent(answer.probabilities[0])}"
        if answer.probabilities and answer.labels is not None:
            told = ", ".join(answer.labels) or self.tr("none of the classes")
        tried.item.setText(f"{tried.name}\n{told}")

    def drop_folder(self, tried: Tried) -> bool:
        """Drops the line of a folder whose files were answered.

        Returns:
            Whether it was one.
        """
        folder = PurePath(tried.source)
        if not any(folder in PurePath(p.source).parents for p in self.photos):
            return False
        place = self.photos.index(tried)
        # In this order: the signals of taking it still count the old places.
        self.takeItem(place)
        del self.photos[place]
        self.setVisible(len(self.photos) > 1)
        return True

    def forget(self) -> None:
        """Drops all lines."""
        self.photos = []
        self.clear()

    @Slot(str, object)
    def _take_thumbnail(self, file: str, pixels: Pixels | None) -> None:
        for tried in self.photos[:_WITH_ICON]:
            new = tried.source == file and not tried.has_icon
            if new and tried.pasted is None and pixels is not None:
                tried.item.setIcon(_icon(whole(pixels)))
                tried.has_icon = True


def _no_icon() -> QIcon:
    """Keeps the place, so that names stand below each other."""
    empty = QPixmap(_ICON, _ICON)
    empty.fill(Qt.GlobalColor.transparent)
    return QIcon(empty)


def _icon(pixmap: QPixmap) -> QIcon:
    """The middle square, so that all stand in one line."""
    side = min(pixmap.width(), pixmap.height())
    square = QRect(0, 0, side, side)
    square.moveCenter(pixmap.rect().center())
    return QIcon(
        pixmap.copy(square).scaled(
            2 * _ICON,
            2 * _ICON,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
