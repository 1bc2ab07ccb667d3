"""The runs of a project as the rows of a table."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Slot,
)
from PySide6.QtGui import QFont, QIcon

from tlgui.core.project_runs import RunSummary
from tlgui.gui.project_runs import ProjectRuns
from tlgui.gui.runs_texts import Cell, RunsWords

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
ORDER = Qt.ItemDataRole.UserRole
FOLDER = Qt.ItemDataRole.UserRole + 1
_STAR, _NO_STAR = "★", "☆"


class Column(IntEnum):
    """The columns, from left to right."""

    STAR = 0
    NAME = 1
    DATE = 2
    BACKBONE = 3
    LEARNS = 4
    STRATEGY = 5
    EPOCHS = 6
    ACCURACY = 7
    TIME = 8


# As noted in the project; never the place of a column, which may change.
COLUMN_KEYS = {column: column.name.lower() for column in Column}


class RunsModel(QAbstractTableModel):
    """One row a run; names can be changed in place."""

    def __init__(self, runs: ProjectRuns, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._words = RunsWords(self)
        self._rows: tuple[RunSummary, ...] = ()
        self._icons: dict[str, QIcon] = {}
        self._titles = {
            Column.STAR: "",
            Column.NAME: self.tr("Run"),
            Column.DATE: self.tr("Date"),
            Column.BACKBONE: self.tr("Model"),
            Column.LEARNS: self.tr("What learns"),
            Column.STRATEGY: self.tr("Strategy"),
            Column.EPOCHS: self.tr("Epochs"),
            Column.ACCURACY: self.tr("Best accuracy"),
            Column.TIME: self.tr("Time"),
        }
        runs.changed.connect(self.take)
        self.take()

    @Slot()
    def take(self) -> None:
        """Takes the runs as they are now."""
        same = [r.folder for r in self._rows] == [r.folder for r in self._runs.runs]
        if same:
            self._rows = self._runs.runs
            if self._rows:
                last = self.index(len(self._rows) - 1, len(Column) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._rows = self._runs.runs
        self.endResetModel()

    def show_icons(self, icons: dict[str, QIcon]) -> None:
        """Marks runs as they are drawn in the plots."""
        self._icons = icons
        if self._rows:
            last = self.index(len(self._rows) - 1, Column.NAME)
            self.dataChanged.emit(
                self.index(0, Column.NAME), last, [Qt.ItemDataRole.DecorationRole]
            )

    def _cell(self, run: RunSummary, column: int) -> Cell:
        entry = self._runs.entry(run.folder)
        match column:
            case Column.STAR:
                tip = self.tr("Click to mark this run, or to take the mark away.")
                star = _STAR if entry.starred else _NO_STAR
                return Cell(star, float(entry.starred), tip)
            case Column.NAME:
                name = self._runs.name(run.folder)
                tip = self.tr("{name}\nFolder: {folder}\nF2 gives it another name.")
                tip = tip.format(name=name, folder=run.folder)
                return Cell(name, name.casefold(), tip)
            case Column.DATE:
                return self._words.date(self._runs.begun(run))
            case Column.BACKBONE:
                return self._words.backbone(run.spec)
            case Column.LEARNS:
                return self._words.learns(run.spec)
            case Column.STRATEGY:
                return self._words.strategy(run.spec, self._runs.origin(run))
            case Column.EPOCHS:
                return self._epochs(run)
            case Column.ACCURACY:
                return self._words.accuracy(run)
        return self._words.time(run)

    def _epochs(self, run: RunSummary) -> Cell:
        cell = self._words.epochs(run)
        if not self._runs.trains_elsewhere(run.folder):
            return cell
        text = self.tr("{0}, training").format(cell.text)
        return Cell(text, cell.order, self.tr("Training in another window"))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """One row a run."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """As many as there are titles."""
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Names can be changed."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == Column.NAME and self._runs.can_change:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, what it is sorted by, and its tooltip."""
        run = self._rows[index.row()]
        cell = self._cell(run, index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return cell.text
            case Qt.ItemDataRole.ToolTipRole:
                return cell.tip or cell.text
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case Qt.ItemDataRole.DecorationRole if index.column() == Column.NAME:
                return self._icons.get(run.folder)
            case Qt.ItemDataRole.FontRole if index.column() == Column.NAME:
                return self._name_font(run)
        return {ORDER: cell.order, FOLDER: run.folder}.get(role)

    def _name_font(self, run: RunSummary) -> QFont:
        font = QFont()
        if run.folder == self._runs.shown:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def setData(
        self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Calls a run something else."""
        if role != Qt.ItemDataRole.EditRole or index.column() != Column.NAME:
            return False
        self._runs.rename(self._rows[index.row()].folder, str(value))
        return True

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[Column(section)]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole and section == Column.ACCURACY:
            return self.tr(
                "Share of the validation photos named right, with its 95 % interval."
            )
        return None


class SortedRuns(QSortFilterProxyModel):
    """The same rows, sorted by numbers and moments and not by their texts."""

    def __init__(self, model: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSourceModel(model)
        self.setSortRole(ORDER)

    def folder(self, row: int) -> str:
        """The folder name of the run in a row."""
        return str(self.index(row, Column.NAME).data(FOLDER))

    def row_of(self, folder: str) -> int:
        """The row of a run; -1 if it is not there."""
        rows = range(self.rowCount())
        return next((row for row in rows if self.folder(row) == folder), -1)


def _alignment(column: int) -> Qt.AlignmentFlag:
    if column == Column.STAR:
        return Qt.AlignmentFlag.AlignCenter
    numeric = column in (Column.EPOCHS, Column.ACCURACY, Column.TIME)
    side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
