"""The best few trials of a search, each with its settings."""

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from tlgui.core.search import Trial
from tlgui.gui.controls import plain_table
from tlgui.gui.durations import duration_text
from tlgui.gui.percent import percent
from tlgui.gui.search_words import setting_titles, value_text
from tlgui.gui.theme import current_theme

_ROWS = 4
_ROW_HEIGHT = 30


class TrialsTable(QTableWidget):
    """One row a trial, the best first; a double click shows its run.

    Signals:
        trial_chosen(int): the person wants to see the run of this trial.
    """

    trial_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName(self.tr("The best trials"))
        plain_table(self, _ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self._numbers: list[int] = []
        self._dress()
        self.doubleClicked.connect(self._on_activated)
        self._fit()

    def _dress(self) -> None:
        theme = current_theme()
        sheet = (
            "QTableView { font-size: 9.5pt; "
            f"selection-background-color: {theme.accent_soft}; "
            f"selection-color: {theme.text}; }} "
            "QTableView::item { padding: 0 8px; } "
            "QHeaderView::section { font-size: 9.5pt; padding: 5px 8px; }"
        )
        if sheet != self.styleSheet():  # setting it changes the palette again
            self.setStyleSheet(sheet)

    def show_trials(self, trials: tuple[Trial, ...], settings: tuple[str, ...]) -> None:
        """Shows the best of them that have a model.

        Args:
            trials: all of a search.
            settings: those that were searched; each has a column.
        """
        titles = setting_titles()
        heads = [
            self.tr("Trial"),
            self.tr("Accuracy"),
            self.tr("Very likely"),
            self.tr("Time"),
            *(titles[name] for name in settings),
        ]
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels(heads)
        kept = [trial for trial in trials if trial.has_model]
        best = sorted(kept, key=lambda trial: trial.rank, reverse=True)[:_ROWS]
        self._numbers = [trial.number for trial in best]
        self.setRowCount(len(best))
        for row, trial in enumerate(best):
            for column, text in enumerate(self._texts(trial)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(row, column, item)
        self._fit()

    def _texts(self, trial: Trial) -> tuple[str, ...]:
        low, high = trial.interval
        between = self.tr("{0} to {1}").format(percent(low), percent(high))
        return (
            str(trial.number),
            percent(trial.accuracy),
            between,
            duration_text(float(trial.seconds)),
            *(value_text(name, value) for name, value in trial.values.items()),
        )

    def _fit(self) -> None:
        rows = max(1, self.rowCount())
        header = self.horizontalHeader().sizeHint().height()
        bar = self.horizontalScrollBar()
        room = bar.sizeHint().height() if bar.maximum() else 0
        height = header + rows * _ROW_HEIGHT + 2 * self.frameWidth() + room
        self.setFixedHeight(height)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        if index.row() < len(self._numbers):
            self.trial_chosen.emit(self._numbers[index.row()])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Makes room for a bar where the columns do not fit."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes the key for opening."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_activated(self.currentIndex())
        else:
            super().keyPressEvent(event)
