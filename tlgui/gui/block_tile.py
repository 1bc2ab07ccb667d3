"""One block of the picture of a backbone."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from tlgui.gui.block_paint import paint_block, paint_glyph
from tlgui.gui.theme import current_theme

_GLYPH = 15.0
_FADED = 0.55


@dataclass(frozen=True)
class TileFace:
    """What a tile shows.

    Attributes:
        rows: texts below the block, from top to bottom.
        height: share of the height there is, 0..1.
        width: share of the width there is, 0..1.
    """

    rows: tuple[str, ...]
    height: float
    width: float


def small_font(widget: QWidget, *, bold: bool = False) -> QFont:
    """The font of what is written in the picture."""
    font = QFont(widget.font())
    font.setPointSizeF(font.pointSizeF() * 0.77)
    font.setBold(bold)
    return font


def text_height(widget: QWidget) -> int:
    """The height of one text in the picture."""
    return QFontMetrics(small_font(widget)).height()


class BlockTile(QAbstractButton):
    """A block; checked while it learns.

    The picture that holds it deals with the mouse and the arrow keys.
    """

    def __init__(self, name: str, face: TileFace, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self.face = face
        self.pointed = False
        self.current = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_pointed(self, pointed: bool) -> None:
        """Shows whether the mouse is on it."""
        if pointed != self.pointed:
            self.pointed = pointed
            self.update()

    def set_current(self, current: bool) -> None:
        """Shows whether it is the one that is spoken of; Tab leads to it."""
        policy = Qt.FocusPolicy.StrongFocus if current else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(policy)
        self.current = current
        self.update()

    def body(self) -> QRectF:
        """Where the block itself is drawn, above its texts."""
        room = QRectF(self.rect()).adjusted(2.5, 3, -2.5, -3)
        rows = len(self.face.rows) * text_height(self)
        room.setHeight(room.height() - rows - 3)
        width = room.width() * self.face.width
        height = room.height() * self.face.height
        left = room.center().x() - width / 2
        return QRectF(left, room.center().y() - height / 2, width, height)

    def _paint_rows(self, painter: QPainter) -> None:
        theme = current_theme()
        height = text_height(self)
        top = self.height() - 3 - len(self.face.rows) * height
        for index, text in enumerate(self.face.rows):
            painter.setFont(small_font(self, bold=index == 0))
            painter.setPen(QColor(theme.text if index == 0 else theme.muted))
            line = QRectF(0, top + index * height, self.width(), height)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the block, its sign and its texts."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = self.body()
        painter.fillRect(body.adjusted(1, 1, -1, -1), QColor(theme.card))
        if not self.isEnabled():
            painter.setOpacity(_FADED)
        paint_block(painter, body, theme, self.isChecked())
        side = min(max(body.width() * 0.45, _GLYPH), 1.6 * _GLYPH)
        glyph = QRectF(0, 0, side, side)
        glyph.moveCenter(body.center())
        paint_glyph(painter, glyph, theme, self.isChecked())
        painter.setOpacity(1.0)
        self._paint_rows(painter)
        if self.current and not self.hasFocus():
            accent = QRectF(4, self.height() - 4, self.width() - 8, 3)
            painter.fillRect(accent, QColor(theme.accent))
        if self.hasFocus() or self.pointed:
            width = 2.0 if self.hasFocus() else 1.0
            painter.setPen(QPen(QColor(theme.accent), width))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves all keys but the space bar to the picture."""
        # The button would take the arrow keys to walk among its siblings.
        if event.key() == Qt.Key.Key_Space:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
