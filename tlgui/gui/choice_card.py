"""A card of which one among several is chosen."""

from PySide6.QtCore import QEvent, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from tlgui.gui.controls import GAP
from tlgui.gui.theme import current_theme

INDENT = 26
_RADIUS = 10
_DOT = 8.0


class ChoiceCard(QAbstractButton):
    """A framed ground with the dot of a choice; others lay out what stands on it.

    Args:
        top: where the dot begins, beside the first line.
    """

    def __init__(self, top: int = 14, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top = top
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._follow_choice)
        self._follow_choice()
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    @Slot()
    def _follow_choice(self) -> None:
        """The tab key goes to the chosen one; arrow keys go from there."""
        focus = Qt.FocusPolicy
        self.setFocusPolicy(focus.StrongFocus if self.isChecked() else focus.ClickFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the ground, the frame and the dot of the choice."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        marked = chosen or (self.underMouse() and self.isEnabled())
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setBrush(QColor(theme.accent_soft if chosen else theme.card))
        edge = QColor(theme.accent if marked else theme.border)
        painter.setPen(QPen(edge, 2.0 if chosen else 1.0))
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(QColor(theme.accent), 1.0, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            inner = frame.adjusted(4, 4, -4, -4)
            painter.drawRoundedRect(inner, _RADIUS - 3, _RADIUS - 3)
        self._paint_dot(painter)

    def _paint_dot(self, painter: QPainter) -> None:
        theme = current_theme()
        ring = QRectF(GAP, self._top, 2 * _DOT, 2 * _DOT)
        tone = QColor(theme.accent if self.isChecked() else theme.muted)
        painter.setBrush(QColor(theme.card))
        painter.setPen(QPen(tone, 1.6))
        painter.drawEllipse(ring)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tone)
            painter.drawEllipse(ring.center(), _DOT / 2, _DOT / 2)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
