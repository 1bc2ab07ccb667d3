"""The curves of a run, drawn while it goes on."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from tlgui.gui import controls
from tlgui.gui.batch_series import BatchSeries
from tlgui.gui.current_run import CurrentRun
from tlgui.gui.plot_canvas import PlotCanvas
from tlgui.gui.plot_export import (
    FileWriter,
    PlotFormat,
    Write,
    numbers_of,
    write_bytes,
    write_picture,
)
from tlgui.gui.plot_figure import FigureWords, figure_of
from tlgui.gui.plot_library import PlotLibrary
from tlgui.gui.plots_explained import PlotsExplained
from tlgui.gui.run_numbers import RunNumbers
from tlgui.gui.theme import current_theme

REDRAW_MS = 100
_TOP_RIGHT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight


class LivePlots(QWidget):
    """Loss and accuracy against epochs, and the numbers that matter.

    New values only mark the plots as out of date; a timer redraws them.

    Signals:
        redrawn: the plots show everything there is.
        exported(str, str): a file, and what went wrong as a sentence, or "".
    """

    redrawn = Signal()
    exported = Signal(str, str)

    def __init__(self, run: CurrentRun) -> None:
        super().__init__()
        self._run = run
        self._series = BatchSeries()
        self._dirty = True
        self.canvas: PlotCanvas | None = None
        self._library = PlotLibrary(self)
        self._library.loaded.connect(self._build)
        self._writer = FileWriter(self)
        self._writer.written.connect(self._on_written)
        self.empty = PlotsExplained()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self.numbers = RunNumbers(run)
        self.told = controls.label("", "small", wrap=True)
        self.show_all = controls.button(self.tr("Show all epochs"), "link")
        self.save = self._make_save()
        self._lay_out()
        self._timer = QTimer(self, interval=REDRAW_MS)
        self._connect()
        self._show_page()

    def _lay_out(self) -> None:
        corner = QWidget()
        corner.setLayout(controls.row(self.show_all, self.save))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._pages, 0, 0)
        grid.addWidget(corner, 0, 0, _TOP_RIGHT)
        grid.addWidget(self.numbers, 1, 0)
        grid.addWidget(self.told, 2, 0)
        grid.setRowStretch(0, 1)
        self.setLayout(grid)
        self.show_all.hide()
        self.told.hide()

    def _connect(self) -> None:
        run = self._run
        self._timer.timeout.connect(self.redraw)
        run.batch_ended.connect(self._on_news)
        run.epoch_ended.connect(self._on_news)
        run.started.connect(self._on_news)
        run.emptied.connect(self._on_reset)
        run.opened.connect(self._on_news)
        run.ended.connect(self._on_news)

    def _make_save(self) -> QToolButton:
        save = QToolButton()
        save.setText(self.tr("Save plots…"))
        save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(save)
        titles = {
            PlotFormat.PNG: self.tr("Picture (PNG)…"),
            PlotFormat.SVG: self.tr("Drawing for print (SVG)…"),
            PlotFormat.CSV: self.tr("Numbers for a spreadsheet (CSV)…"),
        }
        for kind, title in titles.items():
            menu.addAction(title, partial(self.ask_where, kind))
        save.setMenu(menu)
        return save

    @Slot()
    def _on_news(self) -> None:
        self._dirty = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _on_reset(self) -> None:
        self._series.clear()
        self.told.hide()
        if self.canvas is not None:
            self.canvas.reset_zoom()
        self._on_news()

    @Slot()
    def redraw(self) -> None:
        """Draws what is new; rests once there is nothing new."""
        if not self._dirty:
            self._timer.stop()
            return
        self._dirty = False
        self._series.take(self._run.batches)
        self._show_page()
        if self.canvas is not None:
            plan = self._run.plan
            running = plan is not None and self._run.ending is None
            planned = plan.epochs if plan is not None and running else 0
            self.canvas.draw(self._series, self._run.history, planned)
        self.redrawn.emit()

    def _show_page(self) -> None:
        there = bool(self._run.history or self._run.batches)
        filled = there and self.canvas is not None
        self._pages.setCurrentIndex(1 if filled else 0)
        self.save.setEnabled(bool(self._run.history))
        self.save.setVisible(there)
        self.numbers.setVisible(there)

    @Slot()
    def _build(self) -> None:
        """Makes the plots, once their library is there."""
        if self.canvas is None:
            self.canvas = PlotCanvas(current_theme(), self)
            self.canvas.zoomed.connect(self.show_all.setVisible)
            self.canvas.read.connect(self.canvas.widget.setAccessibleDescription)
            self.show_all.clicked.connect(self.canvas.reset_zoom)
            self._pages.addWidget(self.canvas.widget)
            self._on_news()

    def ask_where(self, kind: PlotFormat) -> None:
        """Asks for a file to save the plots as."""
        folder = self._run.folder or Path.home()
        name = self._run.folder.name if self._run.folder else "run"
        dialog = QFileDialog(self, self.tr("Save plots"), str(folder))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind.value)
        dialog.setNameFilter(f"{kind.value.upper()} (*.{kind.value})")
        dialog.selectFile(f"{name}.{kind.value}")
        dialog.fileSelected.connect(partial(self.save_as, kind))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_as(self, kind: PlotFormat, file: str) -> None:
        """Saves the course of the run as it is now, in the background."""
        if self._run.history:
            self._series.take(self._run.batches)
            self._writer.write(Path(file), self._content(kind))

    def _content(self, kind: PlotFormat) -> Write:
        records = tuple(self._run.history)
        if kind is PlotFormat.CSV:
            return partial(write_bytes, numbers_of(records))
        figure = figure_of(self._series, records, self._words())
        if kind is PlotFormat.PNG:
            return partial(write_picture, figure)
        return partial(write_bytes, figure)

    def _words(self) -> FigureWords:
        return FigureWords(
            title=self.tr("Loss and accuracy against epochs"),
            epoch=self.tr("Epoch"),
            loss=self.tr("Loss"),
            accuracy=self.tr("Accuracy (%)"),
            training=self.tr("Training"),
            validation=self.tr("Validation"),
            batches=self.tr("Single batches"),
            best=self.tr("best: epoch {0}"),
        )

    @Slot(str, str)
    def _on_written(self, file: str, trouble: str) -> None:
        self.told.setText(trouble or self.tr("Saved as {0}").format(file))
        controls.set_role(self.told, "bad" if trouble else "small")
        self.told.show()
        self.exported.emit(file, trouble)

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.canvas is not None:
            self.canvas.dress(current_theme())
            self._on_news()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what happened out of sight."""
        super().showEvent(event)
        if self._dirty:
            self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Has the plots made once the page has been seen."""
        super().paintEvent(event)
        self._library.load()
