"""The confusion matrix as a table, and the colours of its cells."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from tlgui.core.report import Evaluation
from tlgui.gui.percent import percent
from tlgui.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex


def cell_colour(theme: Theme, share: float, *, right: bool) -> QColor:
    """The ground of a cell; text in the theme's colour stays readable on it.

    Args:
        theme: light or dark.
        share: of the row's photos, 0..1.
        right: whether the answers in it are right.
    """
    if share <= 0:
        return QColor(theme.sunken)
    strongest = 0.46 if theme.dark else 0.6
    weight = 0.12 + (strongest - 0.12) * share
    ink, paper = (
        QColor(theme.training if right else theme.validation),
        QColor(theme.card),
    )
    return QColor(
        *(
            round(weight * a + (1 - weight) * b)
            for a, b in zip(_rgb(ink), _rgb(paper), strict=True)
        )
    )


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


class ConfusionTableModel(QAbstractTableModel):
    """Counts of answers: rows are the true classes, columns the predicted ones."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.class_names: tuple[str, ...] = ()
        self._counts: list[list[int]] = []

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Takes other answers."""
        self.beginResetModel()
        self.class_names = evaluation.class_names
        self._counts = evaluation.confusion.tolist()
        self.endResetModel()

    def count(self, index: Index) -> int:
        """How many answers a cell holds."""
        return self._counts[index.row()][index.column()]

    def share(self, index: Index) -> float:
        """Of all photos in the cell's row, 0..1."""
        total = sum(self._counts[index.row()])
        return self.count(index) / total if total else 0.0

    def largest(self) -> int:
        """The largest count."""
        return max((max(counts) for counts in self._counts), default=0)

    def _sentence(self, index: Index) -> str:
        truth, said = self.class_names[index.row()], self.class_names[index.column()]
        return self.tr(
            "True class {truth}, predicted class {said}: {count} of {total} ({share})"
        ).format(
            truth=truth,
            said=said,
            count=self.count(index),
            total=sum(self._counts[index.row()]),
            share=percent(self.share(index)),
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row a true class."""
        return 0 if parent.isValid() else len(self.class_names)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column a predicted class."""
        return 0 if parent.isValid() else len(self.class_names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The count, or the cell in a sentence."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return str(self.count(index))
        if role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return self._sentence(index)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The class name."""
        wanted = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
        return self.class_names[section] if role in wanted else None
