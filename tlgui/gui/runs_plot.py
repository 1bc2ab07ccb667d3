"""The validation curves of several runs in one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Slot
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from tlgui.core.history import EpochRecord
from tlgui.gui import controls
from tlgui.gui.batch_series import Series, columns_of, thinned
from tlgui.gui.curve_plot import CurvePlot
from tlgui.gui.percent import percent
from tlgui.gui.plot_library import PlotLibrary
from tlgui.gui.plot_ranges import last_shown, value_range
from tlgui.gui.runs_style import RunStyle
from tlgui.gui.theme import Theme, current_theme

_NOTHING: Series = np.empty(0)
_MOST_MARKERS = 24
_MARGIN = 0.03
_WIDE = 1.25
_LONGEST = 16


def shortened(name: str) -> str:
    """As much of a name as fits beside its value in a plot."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


@dataclass(frozen=True)
class DrawnRun:
    """One run with its style."""

    name: str
    history: tuple[EpochRecord, ...]
    style: RunStyle


class OverlayPlot(CurvePlot):
    """One quantity of several runs against epochs.

    Attributes:
        runs: the lines of the runs, in their order.
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
        super().__init__(layout, cell, y_title, x_title, percent=percent)
        self.runs: list[Any] = []
        self._marks: list[Any] = []

    def draw_runs(self, runs: Sequence[tuple[Series, Series, RunStyle]]) -> None:
        """Draws the runs in place of those before.

        Args:
            runs: epochs and values, shape `(n,)` each, and the style.
        """
        import pyqtgraph as pg

        for part in (*self.runs, *self._marks):
            self.item.removeItem(part)
        self.runs, self._marks = [], []
        ground = current_theme().card
        for epochs, values, style in runs:
            line = pg.PlotCurveItem(antialias=True, connect="finite")
            line.setPen(style.pen(2))
            line.setData(*thinned(epochs, values))
            stride = max(1, -(-len(epochs) // _MOST_MARKERS))
            marks = pg.ScatterPlotItem(symbol=style.symbol, size=8, pxMode=True)
            marks.setPen(pg.mkPen(ground, width=1))
            marks.setBrush(pg.mkBrush(style.colour))
            marks.setData(epochs[::stride], values[::stride])
            self.runs.append(line)
            self._marks.append(marks)
        for part in (*self.runs, *self._marks):
            self.item.addItem(part, ignoreBounds=True)
        every = np.concatenate([_NOTHING, *(values for _, values, _ in runs)])
        low, high = value_range((every, _NOTHING), _NOTHING, percent=self._percent)
        self.item.setYRange(low, high, padding=0.0)
        right = max((float(epochs[-1]) for epochs, _, _ in runs), default=1.0)
        right = last_shown(right, 0) * (1 + _MARGIN)
        self.item.getViewBox().setLimits(xMin=0.0, xMax=right)
        self.item.setXRange(0.0, right, padding=0.0)
        self.tick()


class RunsPlot(QWidget):
    """Validation loss and accuracy of the chosen runs, laid over each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[DrawnRun, ...] = ()
        self._library = PlotLibrary(self)
        self._library.loaded.connect(self._build)
        self.canvas: Any = None
        self.plots: tuple[OverlayPlot, ...] = ()
        self.hint = controls.label("", "muted", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._views = QStackedLayout(self)
        self._views.addWidget(self.hint)
        self.setMinimumHeight(180)

    def show_runs(self, runs: Sequence[DrawnRun], hint: str) -> None:
        """Draws runs; where none has an epoch, a hint stands in their place."""
        self._runs = tuple(run for run in runs if run.history)
        waits = self.tr("The curves are being drawn …")
        self.hint.setText(waits if self._runs else hint)
        self._draw()

    @Slot()
    def _build(self) -> None:
        import pyqtgraph as pg

        if self.canvas is not None:
            return
        self.canvas = pg.GraphicsLayoutWidget()
        self.canvas.ci.layout.setContentsMargins(0, 8, 4, 0)
        epoch = self.tr("Epoch")
        self.plots = (
            OverlayPlot(
                self.canvas, (0, 0), self.tr("Validation loss"), epoch, percent=False
            ),
            OverlayPlot(
                self.canvas,
                (0, 1),
                self.tr("Validation accuracy (%)"),
                epoch,
                percent=True,
            ),
        )
        self.plots[1].item.setXLink(self.plots[0].item)
        for plot in self.plots:
            plot.item.getViewBox().sigXRangeChanged.connect(self._on_range)
        self.canvas.scene().sigMouseMoved.connect(self._on_mouse)
        self.canvas.setAccessibleName(self.tr("Curves of the chosen runs"))
        self.canvas.installEventFilter(self)
        self._views.addWidget(self.canvas)
        self._dress(current_theme())
        self._draw()

    def _dress(self, theme: Theme) -> None:
        if self.canvas is not None:
            self.canvas.setBackground(theme.card)
            for plot in self.plots:
                plot.dress(theme)

    def _draw(self) -> None:
        if self.canvas is None:
            return
        rows = [(columns_of(run.history), run.style) for run in self._runs]
        loss, accuracy = self.plots
        loss.draw_runs([(row[0], row[2], style) for row, style in rows])
        accuracy.draw_runs([(row[0], row[4], style) for row, style in rows])
        self._views.setCurrentIndex(1 if self._runs else 0)
        self.canvas.setAccessibleDescription(self._in_words())

    def _in_words(self) -> str:
        text = self.tr("{name}: best validation accuracy {share}, {epochs} epochs.")
        return " ".join(
            text.format(
                name=run.name,
                share=percent(max(record.val_accuracy for record in run.history)),
                epochs=len(run.history),
            )
            for run in self._runs
        )

    def _on_range(self, *_: object) -> None:
        for plot in self.plots:
            plot.tick()

    def _on_mouse(self, position: QPointF) -> None:
        for plot in self.plots:
            view = plot.item.getViewBox()
            if view.sceneBoundingRect().contains(position):
                self._read(round(view.mapSceneToView(position).x()))
                return
        self._hide_reading()

    def _read(self, epoch: int) -> None:
        there = [
            (run.name, run.history[epoch - 1])
            for run in self._runs
            if 0 < epoch <= len(run.history)
        ]
        if not there:
            self._hide_reading()
            return
        title = self.tr("Epoch {0}").format(epoch)
        losses = [f"{shortened(name)}: {record.val_loss:.4g}" for name, record in there]
        shares = [
            f"{shortened(name)}: {percent(record.val_accuracy)}"
            for name, record in there
        ]
        for plot, rows in zip(self.plots, (losses, shares), strict=True):
            plot.show_reading(epoch, [title, *rows])

    def _hide_reading(self) -> None:
        for plot in self.plots:
            plot.hide_reading()

    def _arrange(self, size: QSize) -> None:
        wide = size.width() > _WIDE * size.height()
        layout = self.canvas.ci
        for plot in self.plots:
            layout.removeItem(plot.item)
        layout.addItem(self.plots[0].item, 0, 0)
        layout.addItem(self.plots[1].item, *((0, 1) if wide else (1, 0)))
        self._on_range()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the size, and the mouse's leaving of the canvas."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self._arrange(watched.size())
        elif event.type() == QEvent.Type.Leave:
            self._hide_reading()
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress(current_theme())
            self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Has the plots made once the page has been seen."""
        super().paintEvent(event)
        self._library.load()
