"""Draws one class: name, counts, a bar and some of its photos."""

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tlgui.gui.class_rows import FEW, ClassRow
from tlgui.gui.theme import Theme, current_theme
from tlgui.gui.thumbnails import Thumbnails

TILE = 60
_TILE_GAP = 6
_PAD = 12
_BETWEEN = 8
_TEXT_WIDTH = 230
_TILES_LEFT = _TEXT_WIDTH + 3 * _PAD
# Side of a photo and lines of them, the roomiest first.
_ARRANGEMENTS = ((84, 3), (TILE, 3), (TILE, 2), (TILE, 1))
_GROWTH = 12
_BAR = 6


class ClassDelegate(QStyledItemDelegate):
    """A card a class; photos are asked for only when they are painted.

    Attributes:
        most: samples of the largest class; its bar is full.
        ring: whether the current class is framed, once the keyboard is used.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._lines = 1
        self._columns = 1
        self._tile = TILE
        self._text_height = 0
        self.most = 0
        self.ring = False

    def fit(self, room: QSize, count: int, font: QFont) -> bool:
        """Chooses the size of the photos, and how many lines of them a class gets.

        Args:
            room: there is for all classes, in pixels.
            count: of classes.
            font: of the view.

        Returns:
            Whether the height of a row is another one now.
        """
        before = self._height()
        self._text_height = 2 * QFontMetrics(font).height() + _BAR + 2 * _BETWEEN
        for side, lines in _ARRANGEMENTS:
            self._arrange(side, lines, room.width())
            if count * self._height() <= room.height():
                break
        return self._height() != before

    def _arrange(self, side: int, lines: int, width: int) -> None:
        """Fills the width with photos of at least `side` pixels."""
        wide = max(side, width - _TILES_LEFT - _PAD) + _TILE_GAP
        self._columns = wide // (side + _TILE_GAP)
        self._tile = min(wide // self._columns - _TILE_GAP, side + _GROWTH)
        self._lines = lines

    def _height(self) -> int:
        tiles = self._lines * (self._tile + _TILE_GAP) - _TILE_GAP
        return max(tiles, self._text_height) + 2 * _PAD + _BETWEEN

    def _paint_card(
        self, painter: QPainter, box: QRect, state: QStyle.StateFlag, theme: Theme
    ) -> None:
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        focused = chosen and has_focus and self.ring
        width = 2 if focused else 1
        painter.setPen(QPen(QColor(theme.accent if focused else theme.border), width))
        painter.setBrush(QColor(theme.card))
        inset = width / 2
        painter.drawRoundedRect(
            QRectF(box).adjusted(inset, inset, -inset, -inset), 10, 10
        )

    def _paint_words(
        self, painter: QPainter, box: QRect, row: ClassRow, counts: str, font: QFont
    ) -> None:
        theme = current_theme()
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(bold)
        left, width = box.left(), box.width()
        top = box.top() + max(0, (box.height() - self._text_height) // 2)
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, width)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        line = QRect(left, top, width, metrics.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
        bar_top = line.bottom() + 1 + _BETWEEN
        self._paint_bar(painter, QRectF(left, bar_top, width, _BAR), row, theme)
        painter.setFont(font)
        few = 0 < row.train < FEW
        painter.setPen(QColor(theme.warning if few else theme.muted))
        line = QRect(left, bar_top + _BAR + _BETWEEN, width, metrics.height())
        counts = QFontMetrics(font).elidedText(
            counts, Qt.TextElideMode.ElideRight, width
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, counts)

    def _paint_bar(
        self, painter: QPainter, box: QRectF, row: ClassRow, theme: Theme
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(box, _BAR / 2, _BAR / 2)
        left = box.left()
        for count, colour in zip(
            row.counts, (theme.training, theme.validation, theme.muted), strict=True
        ):
            width = box.width() * count / max(1, self.most)
            painter.setBrush(QColor(colour))
            painter.drawRect(QRectF(left, box.top(), width, box.height()))
            left += width

    def _paint_tiles(self, painter: QPainter, box: QRect, row: ClassRow) -> None:
        theme = current_theme()
        step = self._tile + _TILE_GAP
        used = self._lines * step - _TILE_GAP
        top = box.top() + (box.height() - used) // 2
        for place, file in enumerate(row.files[: self._columns * self._lines]):
            line, column = divmod(place, self._columns)
            spot = QRect(
                box.left() + column * step, top + line * step, self._tile, self._tile
            )
            pixmap = self._thumbnails.pixmap(file)
            if pixmap is None or pixmap.isNull():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.sunken))
                painter.drawRoundedRect(spot, 5, 5)
            else:
                painter.drawPixmap(spot, pixmap)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draws the card of a class."""
        row: ClassRow = index.data(Qt.ItemDataRole.UserRole)
        counts: str = index.data(Qt.ItemDataRole.StatusTipRole)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        box = option.rect.adjusted(0, 0, 0, -_BETWEEN)
        self._paint_card(painter, box, option.state, current_theme())
        inner = box.adjusted(_PAD + 4, _PAD, -_PAD, -_PAD)
        words = QRect(inner.topLeft(), QSize(_TEXT_WIDTH, inner.height()))
        self._paint_words(painter, words, row, counts, option.font)
        tiles = box.adjusted(_TILES_LEFT, _PAD, -_PAD, -_PAD)
        self._paint_tiles(painter, tiles, row)
        painter.restore()

    def sizeHint(
        self,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QSize:
        """As wide as the view, and the height chosen by `fit`."""
        return QSize(_TEXT_WIDTH + 3 * TILE, self._height())
