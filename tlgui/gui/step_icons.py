"""Numbered circles for the steps, a tick when one is done; lines for the runs."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPen, QPixmap

from tlgui.gui.theme import current_theme


def step_icon(number: str, side: int, *, done: bool) -> QIcon:
    """Draws a circle with a number, or filled with a tick.

    Args:
        number: the step.
        side: of the icon, in device-independent pixels.
        done: whether the step is done.
    """
    theme, picture = current_theme(), _ground(side)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    circle = QRectF(1.5, 1.5, side - 3, side - 3)
    painter.setPen(QPen(QColor(theme.accent if done else theme.muted), 1.5))
    if done:
        painter.setBrush(QColor(theme.accent))
    painter.drawEllipse(circle)
    if done:
        _draw_tick(painter, side, QColor(theme.accent_text))
    else:
        painter.setPen(QColor(theme.text))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, number)
    painter.end()
    return QIcon(picture)


def list_icon(side: int) -> QIcon:
    """Draws the lines of a list, for what is no step."""
    picture = _ground(side)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(current_theme().muted), 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for share in (0.28, 0.5, 0.72):
        painter.drawPoint(QPointF(0.2 * side, share * side))
        painter.drawLine(
            QPointF(0.36 * side, share * side), QPointF(0.84 * side, share * side)
        )
    painter.end()
    return QIcon(picture)


def _ground(side: int) -> QPixmap:
    ratio = max(screen.devicePixelRatio() for screen in QGuiApplication.screens())
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def _draw_tick(painter: QPainter, side: int, colour: QColor) -> None:
    pen = QPen(colour, 2.2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    points = [(0.30, 0.52), (0.45, 0.66), (0.71, 0.36)]
    painter.drawPolyline([QPointF(x * side, y * side) for x, y in points])
