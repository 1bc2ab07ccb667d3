"""The files that are left out, each with its reason."""

from pathlib import Path

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
    Slot,
)
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QGuiApplication,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableView,
    QToolButton,
    QWidget,
)

from tlgui.core.dataset import Dataset
from tlgui.gui.controls import button, column, row
from tlgui.gui.data_texts import DataTexts

Index = QModelIndex | QPersistentModelIndex
_LINE, _LINES_SHOWN, _WRAPPED = 28, 3, 100
_CELL_PAD = 6
_FILE_WIDTH = (160, 360)


class ProblemTableModel(QAbstractTableModel):
    """File and reason."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dataset: Dataset | None = None

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Shows what a data set leaves out."""
        self.beginResetModel()
        self.dataset = dataset
        self.endResetModel()

    def file(self, line: int) -> Path:
        """The full path of a file."""
        assert self.dataset is not None
        return self.dataset.root / self.dataset.problems[line].path

    def text(self, lines: list[int]) -> str:
        """Files and reasons, a line each, to paste anywhere."""
        if self.dataset is None:
            return ""
        problems = [self.dataset.problems[line] for line in lines]
        return "\n".join(f"{p.path}\t{p.reason}" for p in problems)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The number of files."""
        if parent.isValid() or self.dataset is None:
            return 0
        return len(self.dataset.problems)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """File and reason."""
        return 0 if parent.isValid() else 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The text of a cell, whole in the tooltip."""
        shown = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
        if role not in shown or self.dataset is None:
            return None
        problem = self.dataset.problems[index.row()]
        return (problem.path, problem.reason)[index.column()]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The titles."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("File"), self.tr("Why it is left out"))[section]


class ProblemList(QFrame):
    """A line that unfolds into the list; hidden where nothing is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._texts = DataTexts(self)
        self.table_model = ProblemTableModel(self)
        self.fold = self._make_fold()
        self.table = self._make_table()
        self.copy_button = button(self.tr("Copy list"))
        self.show_button = button(self.tr("Show in folder"))
        self.copy_button.clicked.connect(self.copy_all)
        self.show_button.clicked.connect(self.show_current)
        self._opened = QWidget()
        self._opened.setLayout(
            column(self.table, row(self.show_button, self.copy_button, None))
        )
        layout = column(self.fold, self._opened)
        layout.setContentsMargins(12, 6, 12, 6)
        self.setLayout(layout)
        self._unfold(unfolded=False)

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Shows what a data set leaves out, folded."""
        count = len(dataset.problems) if dataset is not None else 0
        self.table_model.show_dataset(dataset)
        self.fold.setText(self._texts.left_out(count))
        self.fold.setChecked(False)
        self.table.selectionModel().setCurrentIndex(
            self.table_model.index(0, 0), QItemSelectionModel.SelectionFlag.NoUpdate
        )
        wished = self.table.sizeHintForColumn(0) + 2 * _CELL_PAD
        self.table.horizontalHeader().resizeSection(
            0, max(_FILE_WIDTH[0], min(wished, _FILE_WIDTH[1]))
        )
        wrap = QHeaderView.ResizeMode.ResizeToContents
        plain = QHeaderView.ResizeMode.Fixed  # thousands of lines are not measured
        self.table.verticalHeader().setSectionResizeMode(
            wrap if count <= _WRAPPED else plain
        )
        self.setVisible(count > 0)

    def _make_fold(self) -> QToolButton:
        fold = QToolButton()
        fold.setProperty("role", "link")
        fold.setCheckable(True)
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.setCursor(Qt.CursorShape.PointingHandCursor)
        fold.setToolTip(self.tr("Shows which files are not used, and why"))
        fold.toggled.connect(self._on_toggled)
        return fold

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.table_model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setStyleSheet(f"QTableView::item {{ padding: 3px {_CELL_PAD}px; }}")
        table.verticalHeader().hide()
        table.verticalHeader().setMinimumSectionSize(_LINE)
        table.verticalHeader().setDefaultSectionSize(_LINE)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        table.setAccessibleName(self.tr("Files that are left out"))
        table.doubleClicked.connect(self.show_current)
        copy = QAction(self.tr("Copy"), table)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_selected)
        table.addAction(copy)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        return table

    @Slot()
    def copy_all(self) -> None:
        """Puts the whole list on the clipboard."""
        lines = list(range(self.table_model.rowCount()))
        QGuiApplication.clipboard().setText(self.table_model.text(lines))

    @Slot()
    def copy_selected(self) -> None:
        """Puts the chosen lines on the clipboard."""
        chosen = self.table.selectionModel().selectedRows()
        lines = sorted(index.row() for index in chosen)
        QGuiApplication.clipboard().setText(self.table_model.text(lines))

    @Slot()
    def show_current(self) -> None:
        """Opens the folder of the current file in the file manager."""
        index = self.table.currentIndex()
        if index.isValid():
            folder = self.table_model.file(index.row()).parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    @Slot(bool)
    def _on_toggled(self, unfolded: bool) -> None:
        self._unfold(unfolded=unfolded)

    def _unfold(self, *, unfolded: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow
        self.fold.setArrowType(arrow)
        self._opened.setVisible(unfolded)
        self._fit_height()

    def _fit_height(self) -> None:
        """As high as its lines, up to a few of them."""
        header = self.table.verticalHeader()
        shown = min(header.count(), _LINES_SHOWN)
        lines = sum(header.sectionSize(line) for line in range(shown))
        self.table.setFixedHeight(lines + self.table.horizontalHeader().height() + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps long reasons anew."""
        super().resizeEvent(event)
        self._fit_height()
