"""What is drawn behind and around the blocks of a backbone."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap

from tlgui.gui.theme import Theme

_ARROW = 5.0


def paint_path(
    painter: QPainter, theme: Theme, left: float, right: float, height: float
) -> None:
    """Draws the way that a photo takes through the blocks."""
    painter.setPen(QPen(QColor(theme.muted), 1.4))
    painter.drawLine(QPointF(left, height), QPointF(right - _ARROW, height))
    _paint_arrow(painter, QColor(theme.muted), QPointF(right, height))


def paint_bracket(
    painter: QPainter, theme: Theme, span: tuple[float, float], bottom: float, text: str
) -> None:
    """Writes what a run of blocks has in common above a bracket over it.

    Args:
        painter: its font is that of the text.
        theme: the colours.
        span: left and right of the bracket.
        bottom: where its feet stand.
        text: what is written.
    """
    left, right = span[0] + 1, span[1] - 1
    painter.setPen(QPen(QColor(theme.border), 1.2))
    top = bottom - 4
    painter.drawPolyline(
        [
            QPointF(left, bottom),
            QPointF(left, top),
            QPointF(right, top),
            QPointF(right, bottom),
        ]
    )
    metrics = QFontMetrics(painter.font())
    middle, width = (left + right) / 2, metrics.horizontalAdvance(text) + 2
    line = QRectF(middle - width / 2, top - metrics.height() - 1, width, 0)
    line.setHeight(metrics.height())
    painter.setPen(QColor(theme.muted))
    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)


def paint_scale(
    painter: QPainter, theme: Theme, ground: QRectF, words: Sequence[str]
) -> None:
    """Writes what early to late blocks look for, spread over an arrow."""
    metrics = QFontMetrics(painter.font())
    middle = ground.center().y()
    painter.setPen(QPen(QColor(theme.border), 1.2))
    painter.drawLine(
        QPointF(ground.left(), middle), QPointF(ground.right() - _ARROW, middle)
    )
    _paint_arrow(painter, QColor(theme.border), QPointF(ground.right(), middle))
    last = len(words) - 1
    for index, word in enumerate(words):
        width = metrics.horizontalAdvance(word) + 16
        room = ground.width() - width - 2 * _ARROW
        left = ground.left() + room * (index / last if last else 0.5)
        place = QRectF(left, ground.top(), width, ground.height())
        painter.fillRect(place, QColor(theme.card))
        painter.setPen(QColor(theme.muted))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)


def paint_photo(
    painter: QPainter, theme: Theme, ground: QRectF, photo: QPixmap | None
) -> None:
    """Draws the person's photo, squeezed to a square as the model sees it."""
    shape = QPainterPath()
    shape.addRoundedRect(ground, 5, 5)
    painter.fillPath(shape, QColor(theme.sunken))
    painter.save()
    painter.setClipPath(shape)
    if photo is None:
        _paint_landscape(painter, theme, ground)
    else:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(ground, photo, QRectF(photo.rect()))
    painter.restore()
    painter.setPen(QPen(QColor(theme.border), 1.2))
    painter.drawPath(shape)


def _paint_landscape(painter: QPainter, theme: Theme, ground: QRectF) -> None:
    """A hill and a sun: the sign for a picture."""

    def at(x: float, y: float) -> QPointF:
        return ground.topLeft() + QPointF(x * ground.width(), y * ground.height())

    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.border))
    painter.drawPolygon([at(-0.1, 1), at(0.34, 0.46), at(0.78, 1)])
    painter.drawPolygon([at(0.5, 1), at(0.74, 0.62), at(1.1, 1)])
    painter.drawEllipse(at(0.70, 0.32), ground.width() / 10, ground.width() / 10)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_arrow(painter: QPainter, colour: QColor, tip: QPointF) -> None:
    head = QPainterPath(tip)
    head.lineTo(tip + QPointF(-1.4 * _ARROW, -_ARROW * 0.8))
    head.lineTo(tip + QPointF(-1.4 * _ARROW, _ARROW * 0.8))
    head.closeSubpath()
    painter.fillPath(head, colour)
