"""A test of learning rates: its curve, and the rate that follows from it."""

from PySide6.QtCore import QEvent, QTimer, Slot
from PySide6.QtWidgets import QDialog, QLabel, QProgressBar, QWidget

from tlgui.core.events import Stage
from tlgui.core.phases import FINE_TUNING_SHARE
from tlgui.core.rate_finder import RateCurve
from tlgui.gui import controls
from tlgui.gui.plot_library import PlotLibrary
from tlgui.gui.rate_plot import RatePlot, rate_text
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme

REDRAW_MS = 50
_WIDTH, _HEIGHT = 620, 560
_FULL = 1_000
_MARGIN = 20


class RateDialog(QDialog):
    """Shows the session's test; nothing changes before *Use* is pressed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._search = session.rate_search
        self._chosen = 0.0
        self.plot: RatePlot | None = None
        self._library = PlotLibrary(self)
        self._timer = QTimer(self, interval=REDRAW_MS, singleShot=True)
        self.setWindowTitle(self.tr("Find a good learning rate"))
        self.told = controls.label("", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _FULL)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the test"))
        self._room = controls.column()
        self.tested = controls.label("", "small", wrap=True)
        self.use = controls.button("", "primary")
        self.close_button = controls.button(self.tr("Cancel"))
        self._lay_out()
        self._connect()
        self.show_state()
        self._library.load()

    def _lay_out(self) -> None:
        below = controls.row(None, self.use, self.close_button)
        head = controls.column(self.told, self.bar, gap=10)
        page = controls.column(
            *(self._explanation(), head, self._room, self.tested, below),
            gap=controls.GAP,
            margin=_MARGIN,
        )
        page.setStretch(2, 1)
        self.setLayout(page)
        self.resize(_WIDTH, _HEIGHT)

    def _explanation(self) -> QLabel:
        text = controls.label(
            self.tr(
                "The model takes some steps on your photos, each a little larger than "
                "the one before. The loss falls fastest near a good learning rate, and "
                "grows where the steps are too large. Nothing is changed until you "
                "press Use."
            ),
            "muted",
            wrap=True,
        )
        text.setToolTip(
            self.tr(
                "Learning-rate range test (L. N. Smith, arXiv 1506.01186). Suggested "
                "is the steepest fall of the smoothed loss (exponential moving "
                "average) against the logarithm of the rate."
            )
        )
        return text

    def _connect(self) -> None:
        self.use.clicked.connect(self._on_use)
        self.close_button.clicked.connect(self.reject)
        self._library.loaded.connect(self._build)
        self._timer.timeout.connect(self._draw)
        self._search.changed.connect(self.show_state)
        self.finished.connect(self._on_finished)

    @Slot()
    def show_state(self) -> None:
        """Tells what there is to tell."""
        running, curve = self._search.is_running, self._search.curve
        if not running and curve is None:
            # Stopped, or something was wrong, which the window tells.
            self.reject()
            return
        self.bar.setVisible(running)
        if curve is None:
            self._show_progress()
        elif not running:
            self._show_curve(curve)
        self.use.setVisible(self._chosen > 0)
        if not self._timer.isActive():
            self._timer.start()

    def _show_progress(self) -> None:
        done, total = self._search.progress
        self.bar.setValue(round(_FULL * done / max(total, 1)))
        self.told.setText(self._doing(done, total))

    def _doing(self, done: int, total: int) -> str:
        if self._search.tested[0]:
            text = self.tr("Testing learning rates: step {0} of at most {1}…")
            return text.format(done, total)
        match self._search.stage:
            case Stage.DOWNLOADING if total:
                text = self.tr("Downloading the pretrained weights: {0} of {1} MB…")
                return text.format(f"{done / 1e6:.0f}", f"{total / 1e6:.0f}")
            case Stage.DOWNLOADING:
                return self.tr("Downloading the pretrained weights…")
            case Stage.READING:
                return self.tr("Reading the photos…")
            case Stage.LOADING | Stage.TRACING:
                return self.tr("Getting the first photos ready…")
        return self.tr("Starting…")

    def _show_curve(self, curve: RateCurve) -> None:
        self.close_button.setText(self.tr("Close"))
        self.tested.setText(self._explain(curve))
        if curve.suggested is None:
            self.told.setText(curve.reason)
            return
        text = self.tr("The loss falls fastest near {0}.")
        self.told.setText(text.format(rate_text(curve.suggested)))
        controls.set_role(self.told, "heading")
        self._choose(curve.suggested)
        self.use.setFocus()

    def _explain(self, curve: RateCurve) -> str:
        parts = [self.tr("Tested with the head and the chosen blocks.")]
        if not curve.trainable:
            parts = [
                self.tr("Tested with the head alone, which this training begins with.")
            ]
        if self._session.spec.trainable and not curve.trainable:
            text = self.tr("The chosen blocks follow at 1/{0} of the rate.")
            parts.append(text.format(round(1 / FINE_TUNING_SHARE)))
        if len(curve.rates) > 1:
            parts.append(
                self.tr(
                    "Bold: the loss, smoothed; thin: single batches. Click in the "
                    "curve, or use the arrow keys, to choose another rate."
                )
            )
        return " ".join(parts)

    @Slot(float)
    def _choose(self, rate: float) -> None:
        self._chosen = rate
        self.use.setText(self.tr("Use {0}").format(rate_text(rate)))
        self.use.setDefault(True)
        self.use.show()

    @Slot()
    def _build(self) -> None:
        """Makes the plot, once its library is there."""
        if self.plot is None:
            self.plot = RatePlot(current_theme(), self)
            self.plot.chosen.connect(self._choose)
            self.plot.widget.hide()
            self._room.addWidget(self.plot.widget)
            self._draw()

    @Slot()
    def _draw(self) -> None:
        rates, losses = self._search.tested
        if self.plot is None or len(rates) < 2:
            return
        self.plot.draw(rates, losses, self._session.spec.learning_rate)
        self.plot.widget.show()
        if not self._search.is_running and self._search.curve is not None:
            self.plot.end(self._search.curve)

    @Slot()
    def _on_use(self) -> None:
        self._session.change_spec(learning_rate=self._chosen)
        self.accept()

    @Slot()
    def _on_finished(self) -> None:
        self._search.changed.disconnect(self.show_state)
        self._timer.stop()
        self._search.stop()
        self.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.plot is not None:
            self.plot.dress(current_theme())
