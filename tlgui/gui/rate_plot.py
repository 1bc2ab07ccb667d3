"""The loss against the learning rate, where a rate can be chosen."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from tlgui.core.rate_finder import (
    HIGHEST,
    LOWEST,
    RateCurve,
    rounded,
    smoothed,
)
from tlgui.gui.curve_plot import blend
from tlgui.gui.plot_ranges import nice_ticks
from tlgui.gui.theme import Theme

_RAW_SHARE, _GRID_SHARE = 0.43, 0.6
_MOST_TICKS = 5
# Above the largest loss that matters.
_ROOM = 1.15
# Anchors of a label beside a line.
_LEFT, _RIGHT = 1.05, -0.05
_MARGIN = 0.25


class RatePlot(QObject):
    """A test's curve with a mark that can be moved.

    Built only when there is something to show, because it imports pyqtgraph.

    Signals:
        chosen(float): the person chose a rate.
    """

    chosen = Signal(float)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        import pyqtgraph as pg

        self._curve: RateCurve | None = None
        self._rate, self._now = 0.0, 0.0
        self.widget: Any = pg.GraphicsLayoutWidget()
        self.widget.ci.layout.setContentsMargins(0, 0, 4, 0)
        self.item: Any = self.widget.addPlot(0, 0)
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.item.setMouseEnabled(x=False, y=False)
        self.item.getAxis("left").setWidth(58)
        self.item.getAxis("bottom").setStyle(hideOverlappingLabels=False)
        self.grid: Any = pg.PlotCurveItem(connect="pairs")
        self.raw: Any = pg.PlotCurveItem(antialias=True)
        self.smooth: Any = pg.PlotCurveItem(antialias=True)
        self.spot: Any = pg.ScatterPlotItem(symbol="o", size=10, pxMode=True)
        self.mark: Any = pg.InfiniteLine(angle=90)
        self.present: Any = pg.InfiniteLine(angle=90)
        self.mark_label: Any = pg.TextItem()
        self.present_label: Any = pg.TextItem()
        for part in (self.grid, self.raw, self.present, self.smooth, self.mark):
            self.item.addItem(part, ignoreBounds=True)
        for part in (self.spot, self.mark_label, self.present_label):
            self.item.addItem(part, ignoreBounds=True)
            part.setZValue(50)
        self.choose(0.0)
        self.widget.scene().sigMouseClicked.connect(self._on_click)
        self.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.widget.setAccessibleName(self.tr("Loss against learning rate"))
        self.widget.installEventFilter(self)
        self.dress(theme)

    def dress(self, theme: Theme) -> None:
        """Takes a theme's colours."""
        import pyqtgraph as pg

        self.widget.setBackground(theme.card)
        titles = {
            "left": self.tr("Loss (how wrong the answers are)"),
            "bottom": self.tr("Learning rate (size of the steps)"),
        }
        for name, title in titles.items():
            axis = self.item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
            axis.setLabel(title, color=theme.muted)
        raw = blend(theme.training, theme.card, _RAW_SHARE)
        self.grid.setPen(pg.mkPen(blend(theme.border, theme.card, _GRID_SHARE)))
        self.raw.setPen(pg.mkPen(raw, width=1))
        self.smooth.setPen(pg.mkPen(theme.training, width=3))
        self.spot.setPen(pg.mkPen(theme.card, width=1))
        self.spot.setBrush(pg.mkBrush(theme.accent))
        self.mark.setPen(pg.mkPen(theme.accent, width=2))
        self.present.setPen(pg.mkPen(theme.muted, width=1, style=Qt.PenStyle.DotLine))
        for label, colour in (
            (self.mark_label, theme.accent),
            (self.present_label, theme.muted),
        ):
            label.setColor(colour)
            label.fill = pg.mkBrush(theme.card)

    def draw(
        self, rates: Sequence[float], losses: Sequence[float], present: float
    ) -> None:
        """Draws a test that goes on; there is nothing to choose yet.

        Args:
            rates: tested so far, at least two.
            losses: beside them.
            present: the rate that the person has chosen so far.
        """
        places, smooth = np.log10(rates), smoothed(losses)
        self.raw.setData(places, np.array(losses))
        self.smooth.setData(places, smooth)
        top = _ROOM * float(smooth[: int(smooth.argmin()) + 1].max())
        self._show_range((math.log10(LOWEST), math.log10(HIGHEST)), top)
        self._now = present
        self._show_now()

    def end(self, curve: RateCurve) -> None:
        """Marks what came of a test that was drawn, and lets the person choose."""
        self._curve = curve
        ends = math.log10(curve.rates[0]), math.log10(curve.rates[-1])
        self._show_range(ends, self.item.viewRange()[1][1])
        self.widget.setCursor(Qt.CursorShape.PointingHandCursor)
        self.choose(curve.suggested or 0.0)

    def _show_range(self, ends: tuple[float, float], top: float) -> None:
        left, right = ends[0] - _MARGIN, ends[1] + _MARGIN
        self.item.setYRange(0.0, top, padding=0.0)
        self.item.setXRange(left, right, padding=0.0)
        heights = nice_ticks(0.0, top, _MOST_TICKS)
        powers = range(math.ceil(left), math.floor(right) + 1)
        names = [(power, rate_text(10.0**power)) for power in powers]
        self.item.getAxis("left").setTicks([[(y, f"{y:g}") for y in heights]])
        self.item.getAxis("bottom").setTicks([names])
        self.grid.setData(
            np.tile([left, right], len(heights)), np.repeat(np.array(heights), 2)
        )

    def _show_now(self) -> None:
        """Where the present rate lies, named on the side away from the mark."""
        place, (low, high) = math.log10(self._now), self.item.viewRange()[0]
        top = self.item.viewRange()[1][1]
        for part in (self.present, self.present_label):
            part.setVisible(low <= place <= high)
        self.present.setValue(place)
        self.present_label.setText(self.tr("now: {0}").format(rate_text(self._now)))
        self.present_label.setAnchor((_LEFT if self._now < self._rate else _RIGHT, 0.0))
        self.present_label.setPos(place, top)

    def choose(self, rate: float) -> None:
        """Puts the mark at a rate; 0 takes it away."""
        self._rate = rate
        is_there = self._curve is not None and rate > 0
        for part in (self.mark, self.mark_label, self.spot):
            part.setVisible(is_there)
        if self._curve is None or not is_there:
            return
        place, (_, top) = math.log10(rate), self.item.viewRange()[1]
        rates, losses = self._curve.rates, self._curve.smoothed
        height = float(np.interp(place, np.log10(rates), losses))
        self.spot.setData([place], [height])
        self.mark.setValue(place)
        text = self.tr("chosen: {0}")
        if rate == self._curve.suggested:
            text = self.tr("suggested: {0}")
        self.mark_label.setText(text.format(rate_text(rate)))
        self.mark_label.setAnchor((_RIGHT if self._now < rate else _LEFT, 0.0))
        self.mark_label.setPos(place, top)
        self._show_now()
        self.widget.setAccessibleDescription(
            self.tr("At {0} the loss is {1}.").format(rate_text(rate), f"{height:.3g}")
        )

    def _on_click(self, event: Any) -> None:
        view = self.item.getViewBox()
        if self._curve is not None and view.sceneBoundingRect().contains(
            event.scenePos()
        ):
            x = view.mapSceneToView(event.scenePos()).x()
            self._take(10.0**x)

    def _take(self, rate: float) -> None:
        assert self._curve is not None
        low, high = self._curve.rates[0], self._curve.rates[-1]
        rate = rounded(min(max(rate, low), high))
        self.choose(rate)
        self.chosen.emit(rate)

    def _step(self, step: int) -> None:
        """To the next of the rates that were tested."""
        if self._curve is None:
            return
        rates = np.array(self._curve.rates)
        now = self._rate or float(rates[len(rates) // 2])
        nearest = int(np.abs(np.log(rates / now)).argmin())
        self._take(float(rates[min(max(nearest + step, 0), len(rates) - 1)]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move the mark."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            for key, step in ((Qt.Key.Key_Left, -1), (Qt.Key.Key_Right, 1)):
                if event.key() == key:
                    self._step(step)
                    return True
        return False


def rate_text(rate: float) -> str:
    """A rate as a plain decimal, with the local decimal sign."""
    text = np.format_float_positional(rate, precision=12, trim="-")
    return text.replace(".", QLocale().decimalPoint())
