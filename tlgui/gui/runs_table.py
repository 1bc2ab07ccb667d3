"""The table of runs: sorting, choosing, marking, renaming."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from tlgui.gui.controls import plain_table
from tlgui.gui.project_runs import ProjectRuns
from tlgui.gui.runs_model import COLUMN_KEYS, Column, SortedRuns
from tlgui.gui.runs_style import ICON_HEIGHT, ICON_WIDTH
from tlgui.gui.theme import current_theme

_ROW_HEIGHT = 34
_STAR_WIDTH = 36
_NAME_WIDTH = 140


class RunsTable(QTableView):
    """One row a run; a click on a title sorts, F2 renames.

    Signals:
        chosen_changed: other runs are chosen.
        enter_pressed: the chosen run is to be shown.
    """

    chosen_changed = Signal()
    enter_pressed = Signal()

    def __init__(self, model: SortedRuns, runs: ProjectRuns) -> None:
        super().__init__()
        self._sorted = model
        self._runs = runs
        self._is_choosing = False
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAlternatingRowColors(True)
        self.setIconSize(QSize(ICON_WIDTH, ICON_HEIGHT))
        self.setMinimumHeight(4 * _ROW_HEIGHT)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("Runs of this project"))
        plain_table(self, _ROW_HEIGHT)
        self._set_up_header()
        self._dress()
        self.clicked.connect(self._on_clicked)
        self.selectionModel().selectionChanged.connect(self._on_selection)

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.STAR, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(Column.STAR, _STAR_WIDTH)
        header.setHighlightSections(False)
        header.sectionResized.connect(self._on_section)
        self.setSortingEnabled(True)
        self.show_sorting()
        header.sortIndicatorChanged.connect(self._on_sorted)

    def show_sorting(self) -> None:
        """Sorts as the project notes."""
        key, descending = self._runs.sorting
        column = next((c for c, k in COLUMN_KEYS.items() if k == key), Column.DATE)
        down, up = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
        self._is_choosing = True
        self.sortByColumn(column, down if descending else up)
        self._is_choosing = False

    def _dress(self) -> None:
        # On the usual ground of what is chosen the pieces of curves would not show.
        theme = current_theme()
        sheet = (
            "QTableView { font-size: 9.5pt; "
            f"selection-background-color: {theme.accent_soft}; "
            f"selection-color: {theme.text}; }} "
            "QTableView::item { padding: 0 5px; } "
            "QHeaderView::section { font-size: 9.5pt; padding: 6px 5px; }"
        )
        if sheet != self.styleSheet():  # setting it changes the palette again
            self.setStyleSheet(sheet)

    def _fit_name(self) -> None:
        """Gives the names what is left, but never too little to read them."""
        header = self.horizontalHeader()
        others = (c for c in Column if c is not Column.NAME)
        left = self.viewport().width() - sum(header.sectionSize(c) for c in others)
        width = max(_NAME_WIDTH, left)
        if width != header.sectionSize(Column.NAME):
            header.resizeSection(Column.NAME, width)

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

    @Slot(int, Qt.SortOrder)
    def _on_sorted(self, section: int, order: Qt.SortOrder) -> None:
        if not self._is_choosing:
            descending = order == Qt.SortOrder.DescendingOrder
            self._runs.sort(COLUMN_KEYS[Column(section)], descending=descending)

    @Slot()
    def _on_selection(self) -> None:
        if not self._is_choosing:
            self._runs.compare(self.chosen())
            self.chosen_changed.emit()

    @Slot(int, int, int)
    def _on_section(self, section: int, before: int, after: int) -> None:
        if section != Column.NAME:
            self._fit_name()

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits the names anew."""
        super().resizeEvent(event)
        self._fit_name()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes the key for opening; while a name is written it is not seen here."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enter_pressed.emit()
        else:
            super().keyPressEvent(event)
