"""The person's photo at the beginning of the picture of a backbone."""

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from tlgui.core.dataset import TRAIN
from tlgui.core.types import Pixels
from tlgui.gui.block_backdrop import paint_photo
from tlgui.gui.block_tile import small_font, text_height
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme
from tlgui.gui.thumbnails import whole

_SIDE = 160


class PhotoTile(QWidget):
    """Shows the first photo of the data set, and what the rows below blocks mean."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._file = ""
        self._photo: QPixmap | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        session.dataset_changed.connect(self.show_dataset)
        session.reading.thumbnail_read.connect(self.show_photo)
        self.show_dataset()

    @property
    def has_photo(self) -> bool:
        """Whether a photo of the person is shown, not the sign for one."""
        return self._photo is not None

    @Slot()
    def show_dataset(self) -> None:
        """Asks for the first photo of the session's data set."""
        dataset = self._session.dataset
        samples = dataset.samples.get(TRAIN, ()) if dataset else ()
        file = str(dataset.file(samples[0])) if dataset and samples else ""
        if file == self._file:
            return
        self._file, self._photo = file, None
        self.update()
        if file:
            self._session.reading.request_thumbnail(file, _SIDE)

    @Slot(str, object)
    def show_photo(self, file: str, pixels: Pixels | None) -> None:
        """Takes the thumbnail that was asked for."""
        if file == self._file and pixels is not None:
            self._photo = whole(pixels)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the photo and names the rows."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = (self.tr("block"), self.tr("parameters"), self.tr("layers"))
        height = text_height(self)
        top = self.height() - 3 - len(rows) * height
        room = QRectF(1, 3, self.width() - 2, top - 6)
        side = min(room.width(), room.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(room.center())
        paint_photo(painter, theme, square, self._photo)
        painter.setFont(small_font(self))
        painter.setPen(QColor(theme.muted))
        for index, text in enumerate(rows):
            line = QRectF(0, top + index * height, self.width() - 4, height)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, text)
