"""A small drawing of how a folder of photos should look."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlgui.gui.theme import Theme, current_theme

_INDENT = 24
_ICON = QSize(17, 13)
_PHOTO = 14


@dataclass(frozen=True)
class Branch:
    """One folder of the drawing.

    Attributes:
        depth: 0 for the folder that is chosen.
        name: as shown.
        photos: how many are drawn beside it.
    """

    depth: int
    name: str
    photos: int = 0


class FolderPicture(QWidget):
    """Draws folders below each other, those with photos in them with some."""

    def __init__(
        self, branches: Sequence[Branch], meaning: str, parent: QWidget | None = None
    ) -> None:
        """Makes the drawing.

        Args:
            branches: the folders, from top to bottom.
            meaning: what it shows, for those who do not see it.
            parent: owns it.
        """
        super().__init__(parent)
        self._branches = branches
        self.setAccessibleName(meaning)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _step(self) -> int:
        return QFontMetrics(self.font()).height() + 3

    def _paint_branch(
        self, painter: QPainter, branch: Branch, top: float, theme: Theme
    ) -> None:
        left = branch.depth * _INDENT
        middle = top + self._step() / 2
        icon = QRectF(
            left + 0.5, middle - _ICON.height() / 2, _ICON.width(), _ICON.height()
        )
        painter.setPen(QPen(QColor(theme.accent), 1.2))
        painter.setBrush(QColor(theme.accent_soft))
        painter.drawPath(_folder(icon))
        painter.setPen(QColor(theme.text))
        text = QRectF(icon.right() + 8, top, self.width(), self._step())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, branch.name)
        x = text.left() + QFontMetrics(self.font()).horizontalAdvance(branch.name) + 12
        for index in range(branch.photos):
            spot = QRectF(x + index * (_PHOTO + 4), middle - 7, _PHOTO, _PHOTO)
            _paint_photo(painter, spot, theme)

    def _paint_stem(
        self, painter: QPainter, line: int, branch: Branch, theme: Theme
    ) -> None:
        """Joins a folder with the one it lies in."""
        if not branch.depth:
            return
        above = line - 1
        while self._branches[above].depth >= branch.depth:
            above -= 1
        step = self._step()
        x = (branch.depth - 1) * _INDENT + _ICON.width() / 2
        y = (line + 0.5) * step
        painter.setPen(QPen(QColor(theme.muted), 1))
        painter.drawLine(
            QPointF(x, (above + 0.5) * step + _ICON.height() / 2), QPointF(x, y)
        )
        painter.drawLine(QPointF(x, y), QPointF(branch.depth * _INDENT - 2, y))

    def sizeHint(self) -> QSize:
        """Room for every folder and the photos beside it."""
        metrics = QFontMetrics(self.font())
        width = max(
            branch.depth * _INDENT
            + _ICON.width()
            + 24
            + metrics.horizontalAdvance(branch.name)
            + branch.photos * (_PHOTO + 4)
            for branch in self._branches
        )
        return QSize(width, len(self._branches) * self._step())

    def minimumSizeHint(self) -> QSize:
        """All of it."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws in the colours of the day."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line, branch in enumerate(self._branches):
            self._paint_stem(painter, line, branch, theme)
            self._paint_branch(painter, branch, line * self._step(), theme)
        painter.end()


def _folder(box: QRectF) -> QPainterPath:
    """A folder with its tab."""
    path = QPainterPath()
    tab = box.top() + box.height() * 0.2
    path.moveTo(box.left(), box.bottom())
    path.lineTo(box.left(), box.top())
    path.lineTo(box.left() + box.width() * 0.38, box.top())
    path.lineTo(box.left() + box.width() * 0.5, tab)
    path.lineTo(box.right(), tab)
    path.lineTo(box.right(), box.bottom())
    path.closeSubpath()
    return path


def _paint_photo(painter: QPainter, box: QRectF, theme: Theme) -> None:
    """A photo of a hill and the sun."""
    painter.setPen(QPen(QColor(theme.muted), 1))
    painter.setBrush(QColor(theme.card))
    painter.drawRoundedRect(box, 2, 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.muted))
    hill = QPainterPath()
    hill.moveTo(box.left() + 2, box.bottom() - 2)
    hill.lineTo(box.left() + box.width() * 0.45, box.top() + box.height() * 0.45)
    hill.lineTo(box.right() - 2, box.bottom() - 2)
    hill.closeSubpath()
    painter.drawPath(hill)
    painter.drawEllipse(
        QPointF(box.right() - box.width() * 0.3, box.top() + box.height() * 0.3),
        1.4,
        1.4,
    )
