"""How a frozen and a learning block look, wherever they are drawn."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from tlgui.gui.theme import Theme

_STRIPE = 6.0


@dataclass(frozen=True)
class BlockColours:
    """The colours of one state of a block.

    Attributes:
        fill: of its ground.
        edge: of its outline.
        glyph: of the sign and what is written on it.
    """

    fill: QColor
    edge: QColor
    glyph: QColor


def block_colours(theme: Theme, learns: bool) -> BlockColours:
    """Cool for frozen, warm for learning; signs stand out from their ground."""
    tone = theme.validation if learns else theme.training
    return BlockColours(
        fill=_mix(theme.card, tone, 0.30 if learns else 0.18),
        edge=_mix(theme.card, tone, 1.0 if learns else 0.55),
        glyph=_mix(tone, theme.text, 0.45),
    )


def paint_block(
    painter: QPainter, ground: QRectF, theme: Theme, learns: bool, radius: float = 4.0
) -> None:
    """Draws the body of a block: plain when frozen, striped when it learns."""
    colours = block_colours(theme, learns)
    shape = QPainterPath()
    shape.addRoundedRect(ground, radius, radius)
    painter.fillPath(shape, colours.fill)
    if learns:
        painter.save()
        painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
        _paint_stripes(painter, ground, colours.edge)
        painter.restore()
    painter.setPen(QPen(colours.edge, 1.2))
    painter.drawPath(shape)


def paint_glyph(painter: QPainter, ground: QRectF, theme: Theme, learns: bool) -> None:
    """Draws a flame for what learns, a snowflake for what is frozen."""
    colour = block_colours(theme, learns).glyph
    if learns:
        painter.fillPath(_flame(ground), colour)
        return
    side = ground.width()
    pen = QPen(colour, max(1.2, side / 10))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    _paint_snowflake(painter, ground.center(), side / 2)


def _paint_stripes(painter: QPainter, ground: QRectF, tone: QColor) -> None:
    soft = QColor(tone)
    soft.setAlphaF(0.28)
    painter.setPen(QPen(soft, 1.6))
    height = ground.height()
    count = math.ceil((ground.width() + height) / _STRIPE)
    for index in range(count + 1):
        left = ground.left() - height + index * _STRIPE
        start = QPointF(left, ground.bottom())
        painter.drawLine(start, QPointF(left + height, ground.top()))


def _paint_snowflake(painter: QPainter, centre: QPointF, reach: float) -> None:
    for sixth in range(6):
        angle = math.pi / 6 + sixth * math.pi / 3
        painter.drawLine(centre, _towards(centre, angle, reach))
        fork = _towards(centre, angle, reach * 0.58)
        for turn in (-0.9, 0.9):
            painter.drawLine(fork, _towards(fork, angle + turn, reach * 0.36))


def _towards(start: QPointF, angle: float, length: float) -> QPointF:
    return start + QPointF(math.cos(angle) * length, -math.sin(angle) * length)


def _flame(ground: QRectF) -> QPainterPath:
    """A flame with a hollow at its foot, in a square of side 1 brought to size."""

    def at(x: float, y: float) -> QPointF:
        return ground.topLeft() + QPointF(x * ground.width(), y * ground.height())

    outer = QPainterPath(at(0.52, 0.0))
    outer.cubicTo(at(0.62, 0.28), at(0.92, 0.40), at(0.88, 0.68))
    outer.cubicTo(at(0.86, 0.90), at(0.68, 1.0), at(0.50, 1.0))
    outer.cubicTo(at(0.28, 1.0), at(0.12, 0.86), at(0.12, 0.64))
    outer.cubicTo(at(0.12, 0.48), at(0.22, 0.36), at(0.28, 0.26))
    outer.cubicTo(at(0.32, 0.38), at(0.36, 0.42), at(0.42, 0.44))
    outer.cubicTo(at(0.50, 0.30), at(0.46, 0.14), at(0.52, 0.0))
    hollow = QPainterPath(at(0.50, 0.60))
    hollow.cubicTo(at(0.58, 0.70), at(0.66, 0.74), at(0.64, 0.84))
    hollow.cubicTo(at(0.62, 0.94), at(0.38, 0.94), at(0.36, 0.82))
    hollow.cubicTo(at(0.35, 0.74), at(0.46, 0.72), at(0.50, 0.60))
    return outer.subtracted(hollow)


def _mix(first: str, second: str, share: float) -> QColor:
    """A colour between two: the first at share 0, the second at share 1."""
    one, two = QColor(first), QColor(second)

    def between(low: int, high: int) -> int:
        return round(low + (high - low) * share)

    return QColor(
        between(one.red(), two.red()),
        between(one.green(), two.green()),
        between(one.blue(), two.blue()),
    )
