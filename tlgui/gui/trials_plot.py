"""The trials of a search in one picture: accuracy by number, and the best so far."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QWidget

from tlgui.core.search import Trial, TrialOutcome
from tlgui.gui import controls
from tlgui.gui.curve_plot import CurvePlot
from tlgui.gui.percent import percent
from tlgui.gui.plot_library import PlotLibrary
from tlgui.gui.search_words import value_lines
from tlgui.gui.theme import Theme, current_theme

_NEAR = 24.0
# What is far worse than the best lies at the lower edge, so that the others differ.
_FURTHEST = 25.0
_LEAST_SPAN = 4.0


class TrialMarks(CurvePlot):
    """Finished trials as filled circles, others hollow, failed ones as crosses."""

    def __init__(self, layout: Any, y_title: str, x_title: str) -> None:
        import pyqtgraph as pg

        super().__init__(layout, (0, 0), y_title, x_title, percent=True)
        self.item.setMouseEnabled(x=False, y=False)
        self.so_far: Any = pg.PlotCurveItem(antialias=True)
        self.marks: Any = pg.ScatterPlotItem(pxMode=True)
        for part in (self.so_far, self.marks):
            self.item.addItem(part, ignoreBounds=True)

    def dress(self, theme: Theme) -> None:
        """Takes a theme's colours."""
        import pyqtgraph as pg

        super().dress(theme)
        self.so_far.setPen(pg.mkPen(theme.validation, width=2))

    def draw_trials(self, trials: Sequence[Trial], best: int, planned: int) -> None:
        """Draws everything anew.

        Args:
            trials: in their order.
            best: the number of the best one; 0 for none.
            planned: how many there will be at most.
        """
        heights = self._heights(trials)
        spots = [
            {"pos": (trial.number, height), **self._look(trial, trial.number == best)}
            for trial, height in zip(trials, heights, strict=True)
        ]
        self.marks.setData(spots=spots)
        self._draw_best_so_far(trials)
        right = max(planned, len(trials), 1) + 0.6
        self.item.getViewBox().setLimits(xMin=0.4, xMax=right)
        self.item.setXRange(0.4, right, padding=0.0)
        self.tick()

    def _heights(self, trials: Sequence[Trial]) -> list[float]:
        """Where each lies, in percent; the axis fits around them."""
        shares = [100 * trial.accuracy for trial in trials if trial.total]
        if not shares:
            self.item.setYRange(0.0, 102.0, padding=0.0)
            return [0.0] * len(trials)
        top = max(shares)
        low = max(min(shares), top - _FURTHEST)
        span = max(top - low, _LEAST_SPAN)
        bottom, ceiling = max(low - 0.3 * span, 0.0), min(top + 0.3 * span, 101.0)
        self.item.setYRange(bottom, ceiling, padding=0.0)
        edge = bottom + 0.06 * (ceiling - bottom)
        return [max(100 * trial.accuracy, edge) for trial in trials]

    def _look(self, trial: Trial, is_best: bool) -> dict[str, Any]:
        import pyqtgraph as pg

        theme = current_theme()
        colour = theme.validation if is_best else theme.training
        look = {"size": 13 if is_best else 10, "symbol": "o"}
        if trial.outcome is TrialOutcome.FAILED:
            return look | {"symbol": "x", "brush": theme.bad, "pen": theme.bad}
        if not trial.has_model:
            hollow = pg.mkPen(theme.training, width=1.6)
            return look | {"brush": pg.mkBrush(theme.card), "pen": hollow}
        return look | {"brush": colour, "pen": pg.mkPen(theme.card, width=1)}

    def _draw_best_so_far(self, trials: Sequence[Trial]) -> None:
        kept = [trial for trial in trials if trial.has_model]
        if not kept:
            self.so_far.setData([], [], stepMode=None)
            return
        best = np.maximum.accumulate([100 * trial.accuracy for trial in kept])
        x = [float(trial.number) for trial in kept]
        # Flat until the next trial, and to the last one that was made.
        edges = [*x, max(float(trials[-1].number), x[-1]) + 0.4]
        self.so_far.setData(np.array(edges), best, stepMode="center")


class TrialsPlot(QWidget):
    """The picture, with a cursor that tells the settings of a trial.

    Signals:
        trial_chosen(int): the person wants to see the run of this trial.
    """

    trial_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trials: tuple[Trial, ...] = ()
        self._best, self._planned = 0, 0
        self._cursor = -1
        self._library = PlotLibrary(self)
        self._library.loaded.connect(self._build)
        self.canvas: Any = None
        self.plot: TrialMarks | None = None
        self.hint = controls.label("", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._views = QStackedLayout(self)
        self._views.addWidget(self.hint)
        self.setMinimumHeight(170)

    def show_trials(self, trials: tuple[Trial, ...], best: int, planned: int) -> None:
        """Draws trials; see `TrialMarks.draw_trials`."""
        if (trials, best, planned) == (self._trials, self._best, self._planned):
            return
        self._trials, self._best, self._planned = trials, best, planned
        waits = self.tr("The trials are being drawn …")
        self.hint.setText(waits if trials else self.tr("The trials appear here."))
        self._draw()

    @Slot()
    def _build(self) -> None:
        import pyqtgraph as pg

        if self.canvas is not None:
            return
        self.canvas = pg.GraphicsLayoutWidget()
        self.canvas.ci.layout.setContentsMargins(0, 8, 4, 0)
        self.plot = TrialMarks(
            self.canvas, self.tr("Validation accuracy (%)"), self.tr("Trial")
        )
        self.plot.item.getViewBox().sigResized.connect(self._on_resized)
        scene = self.canvas.scene()
        scene.sigMouseMoved.connect(self._on_mouse)
        scene.sigMouseClicked.connect(self._on_click)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.canvas.setAccessibleName(self.tr("Accuracy of the trials"))
        self.canvas.installEventFilter(self)
        policy = QSizePolicy.Policy.Ignored  # it takes what is left
        self.canvas.setSizePolicy(policy, policy)
        self._views.addWidget(self.canvas)
        self._dress()
        self._draw()

    def _dress(self) -> None:
        if self.plot is not None:
            theme = current_theme()
            self.canvas.setBackground(theme.card)
            self.plot.dress(theme)

    def _draw(self) -> None:
        if self.plot is None:
            return
        self.plot.draw_trials(self._trials, self._best, self._planned)
        self._views.setCurrentIndex(1 if self._trials else 0)
        self.move_cursor(min(self._cursor, len(self._trials) - 1))

    def _on_resized(self, *_: object) -> None:
        if self.plot is not None:
            self.plot.tick()

    def _nearest(self, position: QPointF) -> int:
        """The place of the trial below the mouse; -1 for none."""
        assert self.plot is not None
        view = self.plot.item.getViewBox()
        places = [view.mapViewToScene(spot.pos()) for spot in self.plot.marks.points()]
        far = [(place - position).manhattanLength() for place in places]
        nearest = int(np.argmin(far)) if far else -1
        return nearest if far and far[nearest] <= _NEAR else -1

    def _on_mouse(self, position: QPointF) -> None:
        self.move_cursor(self._nearest(position))

    def _on_click(self, event: Any) -> None:
        place = self._nearest(event.scenePos())
        if place >= 0:
            self.choose(place)

    def choose(self, place: int) -> None:
        """Asks for the run of a trial, if it has one."""
        trial = self._trials[place]
        if trial.run:
            self.trial_chosen.emit(trial.number)

    def move_cursor(self, place: int) -> None:
        """Tells the settings of a trial; -1 takes the cursor away."""
        self._cursor = place
        if self.plot is None:
            return
        if not 0 <= place < len(self._trials):
            self.plot.hide_reading()
            self.canvas.unsetCursor()
            return
        trial = self._trials[place]
        lines = self.told(trial)
        self.plot.show_reading(trial.number, lines)
        self.canvas.setAccessibleDescription(". ".join(lines))
        if trial.run:
            self.canvas.setCursor(Qt.CursorShape.PointingHandCursor)

    def told(self, trial: Trial) -> list[str]:
        """What the cursor says of a trial."""
        lines = [self.tr("Trial {0}").format(trial.number), *value_lines(trial.values)]
        if trial.outcome is TrialOutcome.FAILED:
            return [*lines, self.tr("failed: {0}").format(trial.trouble)]
        text = self.tr("{0} of {1} right ({2})")
        share = percent(trial.accuracy)
        lines.insert(1, text.format(trial.right, trial.total, share))
        if trial.outcome is TrialOutcome.PRUNED:
            text = self.tr("behind the others: ended after {0} epochs")
            lines.append(text.format(len(trial.course)))
        elif trial.outcome is TrialOutcome.CUT:
            lines.append(self.tr("ended before its last epoch"))
        return lines

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the keys, and the mouse's leaving of the canvas."""
        if event.type() == QEvent.Type.Leave:
            self.move_cursor(-1)
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event.key())
        return False

    def _on_key(self, key: int) -> bool:
        last = len(self._trials) - 1
        steps = {int(Qt.Key.Key_Left): -1, int(Qt.Key.Key_Right): 1}
        if key in steps and last >= 0:
            start = self._cursor if self._cursor >= 0 else last + (steps[key] < 0)
            self.move_cursor(min(last, max(0, start + steps[key])))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._cursor <= last:
            self.choose(self._cursor)
            return True
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
            self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Has the plot made once the page has been seen."""
        super().paintEvent(event)
        self._library.load()
