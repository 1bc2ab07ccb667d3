"""How often each class was overlooked, and how often seen where it is not."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from tlgui.core.label_metrics import THRESHOLD
from tlgui.core.label_report import LabelEvaluation
from tlgui.gui.controls import plain_table

OVERLOOKED, IMAGINED = 1, 2


class LabelMistakes(QTableWidget):
    """One line a class; in place of a confusion matrix, which there is none of.

    Signals:
        kind_chosen(int, int): a class, and `OVERLOOKED` or `IMAGINED`.
    """

    kind_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 3, parent)
        columns = (
            (self.tr("Class"), ""),
            (
                self.tr("Overlooked"),
                self.tr("Photos that show it, and the model did not say so."),
            ),
            (
                self.tr("Imagined"),
                self.tr("Photos that do not show it, and the model said so."),
            ),
        )
        for place, (title, tip) in enumerate(columns):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            side = Qt.AlignmentFlag.AlignRight if place else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(place, item)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(90)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setStyleSheet("QTableView::item { padding: 0 8px; }")
        plain_table(self, 32)
        self.setAccessibleName(self.tr("Mistakes of each class"))
        self.currentCellChanged.connect(self._on_cell)

    def show_evaluation(self, evaluation: LabelEvaluation) -> None:
        """Shows another result; nothing is chosen."""
        blocked = self.blockSignals(True)
        said = evaluation.shares > THRESHOLD
        overlooked = (evaluation.truth & ~said).sum(axis=0)
        imagined = (~evaluation.truth & said).sum(axis=0)
        self.setRowCount(len(evaluation.class_names))
        for line, name in enumerate(evaluation.class_names):
            title = QTableWidgetItem(name)
            title.setToolTip(name)
            title.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.setItem(line, 0, title)
            for place, counts in ((OVERLOOKED, overlooked), (IMAGINED, imagined)):
                item = QTableWidgetItem(str(int(counts[line])))
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                item.setTextAlignment(side)
                self.setItem(line, place, item)
        self.setCurrentCell(-1, -1)
        self.blockSignals(blocked)

    def clear_choice(self) -> None:
        """Chooses nothing."""
        blocked = self.blockSignals(True)
        self.setCurrentCell(-1, -1)
        self.blockSignals(blocked)

    @Slot(int, int)
    def _on_cell(self, line: int, place: int) -> None:
        if line >= 0 and place in (OVERLOOKED, IMAGINED):
            self.kind_chosen.emit(line, place)
