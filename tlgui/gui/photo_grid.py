"""Thumbnails of some photos, a bounded number at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QUrl,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFontMetrics,
    QPainter,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from tlgui.core.types import Pixels
from tlgui.gui.controls import button, column, row
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme
from tlgui.gui.thumbnails import whole

BATCH = 24
SIDE = 98
_PICTURE = Qt.ItemDataRole.UserRole
_FILE = Qt.ItemDataRole.UserRole + 1
_STATE = Qt.ItemDataRole.UserRole + 2
_PAD = 6


@dataclass(frozen=True)
class Photo:
    """One photo of the grid.

    Attributes:
        file: where it is.
        lines: what stands below it, each shortened where it is too long.
        sentence: all in full, for the tooltip and for screen readers.
    """

    file: str
    lines: tuple[str, ...]
    sentence: str


def open_photo(file: str) -> None:
    """Opens a photo with the program that the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(file))


class PhotoDelegate(QStyledItemDelegate):
    """Paints a thumbnail with two lines below it."""

    def _draw_picture(
        self, painter: QPainter, place: QRect, index: QModelIndex
    ) -> None:
        pixmap = index.data(_PICTURE)
        if not isinstance(pixmap, QPixmap):
            painter.setPen(QColor(current_theme().muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(place.adjusted(4, 4, -4, -4), flags, index.data(_STATE))
            return
        size = pixmap.size()
        size.scale(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        corner = place.center() - QPoint(size.width() // 2 - 1, size.height() // 2 - 1)
        painter.drawPixmap(QRect(corner, size), pixmap)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paints one photo."""
        theme, rect = current_theme(), option.rect.adjusted(2, 2, -2, -2)
        cell = index.model().index(index.row(), 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setBrush(QColor(theme.accent_soft if chosen else theme.sunken))
        edge = QPen(QColor(theme.accent), 2)
        painter.setPen(edge if chosen or focused else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, 6, 6)
        place = QRect(rect.left() + _PAD, rect.top() + _PAD, SIDE, SIDE)
        self._draw_picture(painter, place, cell)
        metrics = QFontMetrics(painter.font())
        line = QRect(place.left(), place.bottom() + 4, SIDE, metrics.height())
        painter.setPen(QColor(theme.text))
        for text in str(cell.data()).split("\n"):
            elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, SIDE)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, elided)
            line.translate(0, metrics.height())
            painter.setPen(QColor(theme.muted))
        painter.restore()

    def sizeHint(
        self,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QSize:
        """A square photo and the lines below it."""
        lines = len(str(index.data()).split("\n"))
        text = lines * QFontMetrics(option.font).height()
        return QSize(SIDE + 2 * _PAD + 4, SIDE + text + 2 * _PAD + 10)


class PhotoGrid(QWidget):
    """Thumbnails that come in one after the other; a double click opens a photo."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._reading = session.reading
        self._photos: tuple[Photo, ...] = ()
        self._waiting: dict[str, list[QListWidgetItem]] = {}
        self.view = QListWidget()
        self.view.setViewMode(QListView.ViewMode.IconMode)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMovement(QListView.Movement.Static)
        self.view.setUniformItemSizes(True)
        self.view.setSpacing(2)
        self.view.setItemDelegate(PhotoDelegate(self.view))
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setFrameShape(QListWidget.Shape.NoFrame)
        self.view.setStyleSheet("QListView { border: none; background: transparent; }")
        self.view.setAccessibleName(self.tr("Photos"))
        self.view.itemActivated.connect(self._open)
        self.more = button("", "link")
        self.more.clicked.connect(self._show_more)
        self.setLayout(column(self.view, row(self.more, None), gap=0))
        session.reading.thumbnail_read.connect(self._take_thumbnail)

    def show_photos(self, photos: Sequence[Photo]) -> None:
        """Shows other photos, from the first."""
        self._photos = tuple(photos)
        self._waiting.clear()
        self.view.clear()
        self._show_more()

    @Slot()
    def _show_more(self) -> None:
        first = self.view.count()
        for photo in self._photos[first : first + BATCH]:
            self._add(photo)
        left = len(self._photos) - self.view.count()
        self.more.setVisible(left > 0)
        self.more.setText(
            self.tr("Show {0} more of {1}").format(min(BATCH, left), left)
        )
        if first:
            self.view.setCurrentRow(first)
            self.view.setFocus()

    def _add(self, photo: Photo) -> None:
        item = QListWidgetItem("\n".join(photo.lines))
        item.setToolTip(f"{photo.sentence}\n{photo.file}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, photo.sentence)
        item.setData(_FILE, photo.file)
        item.setData(_STATE, "…")
        self.view.addItem(item)
        self._waiting.setdefault(photo.file, []).append(item)
        side = round(SIDE * self.devicePixelRatioF())
        self._reading.request_thumbnail(photo.file, side)

    @Slot(str, object)
    def _take_thumbnail(self, file: str, pixels: Pixels | None) -> None:
        for item in self._waiting.pop(file, ()):
            if pixels is None:
                item.setData(_STATE, self.tr("This photo is no longer there."))
            else:
                item.setData(_PICTURE, whole(pixels))

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        open_photo(item.data(_FILE))
