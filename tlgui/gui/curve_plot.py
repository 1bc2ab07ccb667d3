"""One plot of a quantity against epochs, drawn with pyqtgraph."""

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from tlgui.gui.batch_series import Series, thinned
from tlgui.gui.plot_ranges import nice_ticks, value_range, whole_step
from tlgui.gui.theme import Theme

_BATCH_SHARE = 0.43
_MANY_EPOCHS = 300
_MOST_MARKERS = 30
_NARROW = 200
_GRID_SHARE = 0.6
_TICK_HEIGHT = 44
_FAR = 1e5
_TICK_PIXELS = 16
_DIGIT_PIXELS = 8


class CurvePlot:
    """Training and validation curves, single batches, the best epoch, a cursor.

    Training is a solid line with circles, validation a dashed one with squares,
    so that they differ without colour too. Built only after the first paint,
    because it imports pyqtgraph.

    Args:
        layout: a pyqtgraph `GraphicsLayoutWidget` to put the plot into.
        cell: row and column in it.
        y_title: of the y axis.
        x_title: of the x axis.
        percent: whether values lie in 0..100.
    """

    def __init__(
        self,
        layout: Any,
        cell: tuple[int, int],
        y_title: str,
        x_title: str,
        *,
        percent: bool,
    ) -> None:
        import pyqtgraph as pg

        self._percent = percent
        self._titles = {"left": y_title, "bottom": x_title}
        self.item: Any = layout.addPlot(*cell)
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.item.setMouseEnabled(x=True, y=False)
        self.item.getViewBox().setDefaultPadding(0.0)
        self.item.getAxis("left").setWidth(58)
        self.item.getAxis("bottom").setStyle(hideOverlappingLabels=False)
        for name in self._titles:
            self.item.getAxis(name).enableAutoSIPrefix(False)
        # Single segments of one opaque pixel are drawn ten times faster than a path.
        self.batches: Any = pg.PlotCurveItem(segmentedLineMode="on")
        # An axis of pyqtgraph draws its own grid at twice the cost of the curves.
        self.grid: Any = pg.PlotCurveItem(segmentedLineMode="on", connect="pairs")
        self.lines: tuple[Any, Any] = (
            pg.PlotCurveItem(antialias=True, connect="finite"),
            pg.PlotCurveItem(antialias=True, connect="finite"),
        )
        self.markers: tuple[Any, Any] = (
            pg.ScatterPlotItem(symbol="o", size=7, pxMode=True),
            pg.ScatterPlotItem(symbol="s", size=7, pxMode=True),
        )
        self.best: Any = pg.InfiniteLine(angle=90)
        self.best_label: Any = pg.TextItem(anchor=(0, 0))
        self.cursor: Any = pg.InfiniteLine(angle=90)
        self.reading: Any = pg.TextItem(anchor=(0, 1))
        self._add_items()

    def _add_items(self) -> None:
        for part in (
            self.grid,
            self.batches,
            self.best,
            self.cursor,
            *self.lines,
            *self.markers,
        ):
            self.item.addItem(part, ignoreBounds=True)
        for part in (self.best_label, self.reading):
            self.item.addItem(part, ignoreBounds=True)
            part.setZValue(50)
        for part in (self.best, self.best_label, self.cursor, self.reading):
            part.setVisible(False)

    def dress(self, theme: Theme) -> None:
        """Takes a theme's colours."""
        import pyqtgraph as pg

        for name, title in self._titles.items():
            axis = self.item.getAxis(name)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
            axis.setLabel(title, color=theme.muted)
        grid = blend(theme.border, theme.card, _GRID_SHARE)
        self.grid.setPen(pg.mkPen(grid, width=1))
        faint = blend(theme.training, theme.card, _BATCH_SHARE)
        self.batches.setPen(pg.mkPen(faint, width=1))
        self._colours = (theme.training, theme.validation)
        for marker, colour in zip(self.markers, self._colours, strict=True):
            marker.setPen(pg.mkPen(theme.card, width=1))
            marker.setBrush(pg.mkBrush(colour))
        self.best.setPen(pg.mkPen(theme.muted, width=1, style=Qt.PenStyle.DotLine))
        self.cursor.setPen(pg.mkPen(theme.text, width=1))
        self.best_label.setColor(theme.muted)
        self.reading.setColor(theme.text)
        self.reading.fill = pg.mkBrush(theme.card)
        self.reading.border = pg.mkPen(theme.border)
        self._text_colour = theme.text
        self._pen_lines(0)

    def _pen_lines(self, epochs: int) -> None:
        import pyqtgraph as pg

        width = 1 if epochs > _MANY_EPOCHS else 2
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
        for line, colour, style in zip(self.lines, self._colours, styles, strict=True):
            line.setPen(pg.mkPen(colour, width=width, style=style))

    def draw(
        self,
        batches: tuple[Series, Series],
        epochs: Series,
        curves: tuple[Series, Series],
    ) -> None:
        """Draws everything anew.

        Args:
            batches: positions and values of single batches.
            epochs: numbers of the epochs, shape `(n,)`.
            curves: training and validation values, shape `(n,)` each.
        """
        width = max(_NARROW, round(self.item.getViewBox().width()))
        there = np.isfinite(batches[1])
        self.batches.setData(*thinned(batches[0][there], batches[1][there], 2 * width))
        self._pen_lines(len(epochs))
        stride = max(1, math.ceil(len(epochs) / _MOST_MARKERS))
        spots = slice((len(epochs) - 1) % stride if len(epochs) else 0, None, stride)
        for line, marker, values in zip(self.lines, self.markers, curves, strict=True):
            line.setData(*thinned(epochs, values, width))
            marker.setData(epochs[spots], values[spots])
        low, high = value_range(curves, batches[1], percent=self._percent)
        self.item.setYRange(low, high, padding=0.0)
        self.tick()

    def show_best(self, epoch: int | None, text: str) -> None:
        """Marks the best epoch."""
        self.best.setVisible(epoch is not None)
        self.best_label.setVisible(epoch is not None)
        if epoch is not None:
            self.best.setValue(epoch)
            self.best_label.setText(text)
            low, high = self.item.viewRange()[1]
            self._place(self.best_label, epoch, high if not self._percent else low)

    def show_reading(self, epoch: float, rows: Sequence[str]) -> None:
        """Puts the cursor at an epoch, with its values beside it."""
        self.cursor.setValue(epoch)
        self.cursor.setVisible(True)
        lines = "<br>".join(html.escape(line) for line in rows)
        self.reading.setHtml(f'<span style="color:{self._text_colour}">{lines}</span>')
        self.reading.setVisible(True)
        low, high = self.item.viewRange()[1]
        middle = (low + high) / 2
        left = self._is_left(epoch)
        self.reading.setAnchor((-0.06 if left else 1.06, 0.5))
        self.reading.setPos(epoch, middle)

    def hide_reading(self) -> None:
        """Takes the cursor away."""
        self.cursor.setVisible(False)
        self.reading.setVisible(False)

    def _is_left(self, x: float) -> bool:
        low, high = self.item.viewRange()[0]
        return bool(x < (low + high) / 2)

    def _place(self, label: Any, x: float, y: float) -> None:
        top = 1.0 if self._percent else 0.0
        label.setAnchor((0.0 if self._is_left(x) else 1.0, top))
        label.setPos(x, y)

    def tick(self) -> None:
        """Sets the ticks: whole epochs and round values, as many as fit."""
        (low, high), (bottom, top) = self.item.viewRange()
        view = self.item.getViewBox()
        values = nice_ticks(bottom, top, max(2, int(view.height() / _TICK_HEIGHT)))
        self.item.getAxis("left").setTicks([[(v, f"{v:g}") for v in values]])
        self.grid.setData(
            np.tile([0.0, _FAR], len(values)), np.repeat(np.array(values), 2)
        )
        needed = _TICK_PIXELS + _DIGIT_PIXELS * len(str(round(high)))
        room = max(1.0, view.width() / needed)
        step = whole_step((high - low) / room)
        self.item.getAxis("bottom").setTickSpacing(levels=[(step, 0)])


def blend(colour: str, ground: str, share: float) -> QColor:
    """A colour as it looks when a share of it lies on a ground, but opaque."""
    over, under = QColor(colour), QColor(ground)
    rest = 1 - share
    return QColor(
        round(share * over.red() + rest * under.red()),
        round(share * over.green() + rest * under.green()),
        round(share * over.blue() + rest * under.blue()),
    )
