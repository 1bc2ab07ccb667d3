"""The two linked plots, loss and accuracy, as one pyqtgraph canvas."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlgui.core.history import EpochRecord, best_epoch
from tlgui.gui.batch_series import BatchSeries, columns_of
from tlgui.gui.curve_plot import CurvePlot
from tlgui.gui.percent import percent
from tlgui.gui.plot_ranges import last_shown
from tlgui.gui.theme import Theme

_WIDE = 1.25
_MARGIN = 0.03
_FIXED = QSizePolicy.Policy.Fixed
_BETWEEN = "\N{EM SPACE}"


class PlotCanvas(QObject):
    """Loss and accuracy against epochs, with a legend and a common cursor.

    Signals:
        zoomed(bool): the person chose a stretch of epochs, or all are shown again.
        read(str): the cursor's values in words.
    """

    zoomed = Signal(bool)
    read = Signal(str)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        import pyqtgraph as pg

        self._records: Sequence[EpochRecord] = ()
        self._zoomed = False
        self._last = 1.0
        self._cursor = -1
        self._wide: bool | None = None
        self.widget: Any = pg.GraphicsLayoutWidget()
        self.widget.ci.layout.setContentsMargins(0, 0, 4, 0)
        self.widget.ci.layout.setSpacing(6)
        epoch = self.tr("Epoch")
        self.loss = CurvePlot(
            self.widget, (1, 0), self.tr("Loss"), epoch, percent=False
        )
        self.accuracy = CurvePlot(
            self.widget, (1, 1), self.tr("Accuracy (%)"), epoch, percent=True
        )
        self.plots = (self.loss, self.accuracy)
        self.accuracy.item.setXLink(self.loss.item)
        self.legend = self._make_legend()
        for plot in self.plots:
            view = plot.item.getViewBox()
            view.sigRangeChangedManually.connect(self._on_zoom)
            view.sigXRangeChanged.connect(self._on_range)
        self.widget.scene().sigMouseMoved.connect(self._on_mouse)
        self.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.widget.setAccessibleName(self.tr("Curves of loss and accuracy"))
        self.widget.installEventFilter(self)
        self.dress(theme)

    def _make_legend(self) -> Any:
        import pyqtgraph as pg

        legend = pg.LegendItem(colCount=3, horSpacing=8, verSpacing=0, offset=None)
        self.widget.addItem(legend, 0, 0, 1, 2)
        legend.setSizePolicy(_FIXED, _FIXED)
        self.widget.ci.layout.setAlignment(legend, Qt.AlignmentFlag.AlignLeft)
        return legend

    def _fill_legend(self, theme: Theme) -> None:
        import pyqtgraph as pg

        self.legend.clear()
        self.legend.setLabelTextColor(theme.text)
        self.legend.setLabelTextSize("9.5pt")
        entries = (
            (self.tr("Training"), "o", theme.training),
            (self.tr("Validation"), "s", theme.validation),
            (self.tr("Single batches"), None, theme.training),
        )
        lines = (*self.loss.lines, self.loss.batches)
        for (name, symbol, colour), line in zip(entries, lines, strict=True):
            sample = pg.PlotDataItem(
                [0.0],
                [0.0],
                pen=line.opts["pen"],
                symbol=symbol,
                symbolSize=7,
                symbolBrush=colour,
                symbolPen=theme.card,
            )
            self.legend.addItem(sample, name + _BETWEEN)

    def dress(self, theme: Theme) -> None:
        """Takes a theme's colours."""
        self.widget.setBackground(theme.card)
        for plot in self.plots:
            plot.dress(theme)
        self._fill_legend(theme)

    def draw(
        self, series: BatchSeries, records: Sequence[EpochRecord], planned: int
    ) -> None:
        """Draws everything anew.

        Args:
            series: single batches.
            records: whole epochs.
            planned: number of epochs that are planned, or 0.
        """
        self._records = records
        epochs, loss, val_loss, accuracy, val_accuracy = columns_of(records)
        self.loss.draw((series.x, series.loss), epochs, (loss, val_loss))
        self.accuracy.draw(
            (series.x, series.accuracy), epochs, (accuracy, val_accuracy)
        )
        reached = max(
            float(series.x[-1]) if len(series) else 0.0,
            float(epochs[-1]) if len(epochs) else 0.0,
        )
        self._last = last_shown(reached, planned)
        if not self._zoomed:
            self._show_all()
        self._mark_best()
        self._show_cursor()

    @Slot()
    def reset_zoom(self) -> None:
        """Shows all epochs again."""
        self._zoomed = False
        self._show_all()
        self.zoomed.emit(False)

    def _show_all(self) -> None:
        right = self._last * (1 + _MARGIN)
        for plot in self.plots:
            plot.item.getViewBox().setLimits(xMin=0.0, xMax=right)
        if self.loss.item.viewRange()[0] != [0.0, right]:
            self.loss.item.setXRange(0.0, right, padding=0.0)

    def _mark_best(self) -> None:
        best = best_epoch(self._records)
        text = self.tr("best: epoch {0}").format(best.epoch) if best else ""
        for plot in self.plots:
            plot.show_best(best.epoch if best else None, text)

    def _on_zoom(self, *_: object) -> None:
        if not self._zoomed:
            self._zoomed = True
            self.zoomed.emit(True)

    def _on_range(self, *_: object) -> None:
        for plot in self.plots:
            plot.tick()

    def _on_mouse(self, position: QPointF) -> None:
        for plot in self.plots:
            view = plot.item.getViewBox()
            if view.sceneBoundingRect().contains(position) and self._records:
                x = view.mapSceneToView(position).x()
                self.move_cursor(nearest(x, self._records))
                return
        self.move_cursor(-1)

    def move_cursor(self, index: int) -> None:
        """Reads the values of an epoch; -1 takes the cursor away."""
        if index != self._cursor:
            self._cursor = index
            self._show_cursor()

    def _show_cursor(self) -> None:
        if not 0 <= self._cursor < len(self._records):
            for plot in self.plots:
                plot.hide_reading()
            return
        record = self._records[self._cursor]
        title = self.tr("Epoch {0}").format(record.epoch)
        training, validation = self.tr("Training: {0}"), self.tr("Validation: {0}")
        losses = (f"{record.loss:.4g}", f"{record.val_loss:.4g}")
        shares = (
            percent(record.accuracy),
            percent(record.val_accuracy),
        )
        for plot, values in zip(self.plots, (losses, shares), strict=True):
            rows = (
                title,
                training.format(values[0]),
                validation.format(values[1]),
            )
            plot.show_reading(record.epoch, rows)
        text = self.tr(
            "Epoch {0}: training loss {1}, accuracy {2}; "
            "validation loss {3}, accuracy {4}."
        )
        self.read.emit(
            text.format(record.epoch, losses[0], shares[0], losses[1], shares[1])
        )

    def _step_cursor(self, step: int) -> None:
        last = len(self._records) - 1
        if last >= 0:
            start = self._cursor if self._cursor >= 0 else last + (step < 0)
            self.move_cursor(min(last, max(0, start + step)))

    def arrange(self, size: QSize) -> None:
        """Puts the plots side by side, or below each other where that is better."""
        wide = size.width() > _WIDE * size.height()
        if wide != self._wide:
            self._wide = wide
            layout = self.widget.ci
            for plot in self.plots:
                layout.removeItem(plot.item)
            layout.addItem(self.loss.item, 1, 0)
            layout.addItem(self.accuracy.item, *((1, 1) if wide else (2, 0)))
        self._on_range()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows size, keys and the mouse's leaving of the canvas."""
        match event.type():
            case QEvent.Type.Resize if isinstance(watched, QWidget):
                self.arrange(watched.size())
            case QEvent.Type.Leave:
                self.move_cursor(-1)
            case QEvent.Type.KeyPress if isinstance(event, QKeyEvent):
                return self._on_key(event.key())
        return False

    def _on_key(self, key: int) -> bool:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        for known, step in steps.items():
            if key == known:
                self._step_cursor(step)
                return True
        return False


def nearest(x: float, records: Sequence[EpochRecord]) -> int:
    """The index of the epoch nearest to a position on the x axis."""
    epochs = np.array([record.epoch for record in records])
    return int(np.abs(epochs - x).argmin())
