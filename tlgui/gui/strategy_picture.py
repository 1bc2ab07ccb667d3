"""Which blocks learn in which epochs, and how fast, as a small picture."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from tlgui.core.errors import TlguiError
from tlgui.core.layers import HEAD_ONLY
from tlgui.core.rate_table import RateTable, rate_table
from tlgui.gui.block_words import BlockWords
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme

_HEIGHT, _GAP = 104, 1.0
_LABEL = 46.0
# So many powers of ten from the palest to the fullest colour.
_DECADES = 4.0
_PALEST = 0.18
_MOST_COLUMNS = 60


class StrategyPicture(QWidget):
    """Time runs to the right, the photo is at the top, the head at the bottom."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = BlockWords()
        self.table: RateTable | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        session.spec_changed.connect(self.show_spec)
        self.show_spec()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(240, _HEIGHT)

    @Slot()
    def show_spec(self) -> None:
        """Draws the session's plan."""
        try:
            self._session.spec.check()
            self.table = rate_table(self._session.spec)
        except TlguiError:
            self.table = None
        self.setVisible(self.table is not None and bool(self._session.spec.trainable))
        self.setAccessibleName(self.tr("What learns when"))
        self.setAccessibleDescription(self._described())
        self.update()

    def _described(self) -> str:
        """For those who cannot see it: when each part begins to learn."""
        if self.table is None:
            return ""
        lines = []
        for part, rates in zip(self.table.parts, self.table.rates, strict=True):
            first = next((epoch for epoch, rate in enumerate(rates, 1) if rate), 0)
            if first:
                text = self.tr("{0}: from epoch {1} on, at most {2}")
                lines.append(text.format(self._name(part), first, f"{max(rates):.2g}"))
        return "\n".join(lines)

    def _name(self, part: str) -> str:
        return self.tr("Head") if part == HEAD_ONLY else self._words.title(part)

    def _grid(self) -> QRectF:
        return QRectF(
            _LABEL, 0.0, max(self.width() - _LABEL, 1.0), self.height() - 16.0
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws a cell for every block and epoch."""
        if self.table is None:
            return
        theme = current_theme()
        painter = QPainter(self)
        grid, columns = self._grid(), self._columns()
        rows = len(self.table.parts)
        largest = max(max(rates) for rates in self.table.rates) or 1.0
        width, height = grid.width() / len(columns), grid.height() / rows
        gap = _GAP if height > 3 * _GAP else 0.0
        for row, rates in enumerate(self.table.rates):
            for column, epoch in enumerate(columns):
                place = QRectF(
                    grid.left() + column * width,
                    grid.top() + row * height,
                    width - gap,
                    height - gap,
                )
                painter.fillRect(place, _colour(rates[epoch], largest))
        painter.setPen(QColor(theme.muted))
        font = painter.font()
        font.setPointSizeF(8.0)
        painter.setFont(font)
        left = QRectF(0, grid.top(), _LABEL - 6, grid.height())
        flags = Qt.AlignmentFlag
        painter.drawText(left, flags.AlignTop | flags.AlignRight, self.tr("photo"))
        painter.drawText(left, flags.AlignBottom | flags.AlignRight, self.tr("head"))
        below = QRectF(grid.left(), grid.bottom() + 2, grid.width(), 14)
        painter.drawText(below, flags.AlignLeft, self.tr("epoch 1"))
        last = str(len(self.table.rates[0]))
        painter.drawText(below, flags.AlignRight, last)

    def _columns(self) -> list[int]:
        """The epochs that are drawn: all, or some evenly spread ones of very many."""
        assert self.table is not None
        count = len(self.table.rates[0])
        shown = min(count, _MOST_COLUMNS)
        return [count * column // shown for column in range(shown)]

    def text_at(self, place: QPointF) -> str:
        """What the cell at a place means; "" where there is none."""
        grid = self._grid()
        if self.table is None or not grid.contains(place):
            return ""
        columns = self._columns()
        epoch = columns[int((place.x() - grid.left()) / grid.width() * len(columns))]
        row = int((place.y() - grid.top()) / grid.height() * len(self.table.parts))
        rate, name = self.table.rates[row][epoch], self._name(self.table.parts[row])
        if not rate:
            return self.tr("{0}, epoch {1}: stays as it is").format(name, epoch + 1)
        text = self.tr("{0}, epoch {1}: learns, learning rate {2}")
        if self.table.finds_shares and self.table.parts[row] != HEAD_ONLY:
            text = self.tr("{0}, epoch {1}: learns, learning rate up to {2}")
        return text.format(name, epoch + 1, f"{rate:.2g}")

    def event(self, event: QEvent) -> bool:
        """Explains the cell under the pointer."""
        if isinstance(event, QHelpEvent):
            text = self.text_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)


def _colour(rate: float, largest: float) -> QColor:
    """The fuller, the faster; by powers of ten."""
    theme = current_theme()
    if not rate:
        frozen = QColor(theme.training)
        frozen.setAlphaF(0.14)
        return frozen
    share = max(0.0, 1.0 + math.log10(rate / largest) / _DECADES)
    colour = QColor(theme.validation)
    colour.setAlphaF(_PALEST + (1.0 - _PALEST) * share)
    return colour
