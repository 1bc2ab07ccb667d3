"""The table of runs: sorting, choosing, marking, renaming."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from tlgui.gui.project_runs import ProjectRuns
from tlgui.gui.runs_model import Column, SortedRuns

_ROW_HEIGHT = 34
_STAR_WIDTH = 40


class RunsTable(QTableView):
    """One row a run; a click on a title sorts, F2 renames.

    Signals:
        chosen_changed: other runs are chosen.
    """

    chosen_changed = Signal()

    def __init__(self, model: SortedRuns, runs: ProjectRuns) -> None:
        super().__init__()
        self._sorted = model
        self._runs = runs
        self._is_choosing = False
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMinimumHeight(4 * _ROW_HEIGHT)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setStyleSheet("QTableView::item { padding: 0 6px; }")
        self.setAccessibleName(self.tr("Runs of this project"))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self._set_up_header()
        self.clicked.connect(self._on_clicked)
        self.selectionModel().selectionChanged.connect(self._on_selection)

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(Column.STAR, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(Column.STAR, _STAR_WIDTH)
        header.setHighlightSections(False)
        self.sortByColumn(Column.DATE, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)

    def chosen(self) -> tuple[str, ...]:
        """The folder names of the chosen runs, from top to bottom."""
        rows = sorted(i.row() for i in self.selectionModel().selectedRows())
        return tuple(self._sorted.folder(row) for row in rows)

    def choose(self, folders: Sequence[str]) -> None:
        """Chooses runs by their folder names."""
        if set(folders) == set(self.chosen()):
            return
        self._is_choosing = True
        chosen = QItemSelection()
        for folder in folders:
            row = self._sorted.row_of(folder)
            if row >= 0:
                index = self._sorted.index(row, Column.NAME)
                chosen.select(index, index)
        flag = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(chosen, flag.ClearAndSelect | flag.Rows)
        self._is_choosing = False

    def rename(self) -> None:
        """Lets the person write another name for the chosen run."""
        rows = self.selectionModel().selectedRows(Column.NAME)
        if len(rows) == 1:
            self.setCurrentIndex(rows[0])
            self.edit(rows[0])

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.STAR:
            folder = self._sorted.folder(index.row())
            self._runs.star(folder, not self._runs.entry(folder).starred)

    @Slot()
    def _on_selection(self) -> None:
        if not self._is_choosing:
            self._runs.compare(self.chosen())
            self.chosen_changed.emit()
