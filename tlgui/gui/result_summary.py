"""The accuracy in large type, and how each class did."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from tlgui.core import metrics
from tlgui.core.label_metrics import THRESHOLD
from tlgui.core.label_report import LabelEvaluation
from tlgui.core.report import AnyEvaluation, Evaluation
from tlgui.gui.controls import GAP, column, label, plain_table, row
from tlgui.gui.current_run import CurrentRun
from tlgui.gui.label_words import LabelWords
from tlgui.gui.percent import percent

FEW_PHOTOS = 30
_SORT = Qt.ItemDataRole.UserRole


class ResultSummary(QWidget):
    """How many of the validation photos were right, and what that is worth."""

    def __init__(self, run: CurrentRun) -> None:
        super().__init__()
        self._run = run
        self._labels = LabelWords(self)
        self.number = label("", "number")
        self.sentence = label("", "heading")
        self.range = label("")
        self.warning = label("", "warning", wrap=True)
        self.comparison = label("", "small", wrap=True)
        words = column(self.sentence, self.range, self.warning, self.comparison, gap=2)
        whole = row(self.number, words, gap=GAP + 4)
        whole.setAlignment(self.number, Qt.AlignmentFlag.AlignTop)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        run.ended.connect(self._show_result)
        run.opened.connect(self._show_result)

    @Slot()
    def _show_result(self) -> None:
        evaluation = self._run.evaluation
        known = evaluation is not None and bool(evaluation.answers)
        for part in (self.number, self.range, self.comparison):
            part.setVisible(known)
        self.warning.setVisible(known and self._are_few(evaluation))
        if evaluation is None or not evaluation.answers:
            self.sentence.setText(
                self.tr("This run has no result: it was ended before a model was kept.")
            )
            return
        self._tell(evaluation)

    def _are_few(self, evaluation: AnyEvaluation | None) -> bool:
        return evaluation is not None and len(evaluation.answers) < FEW_PHOTOS

    def _tell(self, evaluation: AnyEvaluation) -> None:
        right, total = evaluation.right, len(evaluation.answers)
        low, high = evaluation.interval
        self.number.setText(percent(evaluation.accuracy))
        self.number.setAccessibleName(
            self.tr("Accuracy {0}").format(percent(evaluation.accuracy))
        )
        self.number.setToolTip(
            self.tr(
                "Accuracy on the validation split, which the model did not learn "
                "from.\nLoss (mean cross-entropy): {0:.4g}"
            ).format(evaluation.loss)
        )
        self.sentence.setText(
            self.tr("{right} of {total} validation photos right").format(
                right=right, total=total
            )
        )
        self.range.setText(
            self.tr(
                "With this many photos the true value very likely lies between "
                "{low} and {high}."
            ).format(low=percent(low), high=percent(high))
        )
        self.range.setToolTip(
            self.tr(
                "95 % confidence interval: Wilson's score interval (1927) for "
                "{right} of {total}. It holds for photos of the same kind as these."
            ).format(right=right, total=total)
        )
        self.warning.setText(
            self.tr(
                "These are only {0} photos, so one more or less changes much. "
                "Add photos to be surer."
            ).format(total)
        )
        if isinstance(evaluation, LabelEvaluation):
            self.sentence.setText(self._labels.right(evaluation))
            self.number.setToolTip(self._labels.accuracy_tip(evaluation))
            self.comparison.setText(self._labels.comparison(evaluation))
            self.comparison.setToolTip(self._labels.comparison_tip())
        else:
            self._compare(evaluation.confusion, evaluation.class_names, total)

    def _compare(
        self, matrix: metrics.Counts, names: tuple[str, ...], total: int
    ) -> None:
        largest = int(matrix.sum(axis=1).argmax())
        count = int(matrix[largest].sum())
        self.comparison.setText(
            self.tr(
                "For comparison: who always answers “{name}” is right on {share} "
                "of these photos."
            ).format(name=names[largest], share=percent(count / total))
        )
        self.comparison.setToolTip(self.tr("Majority-class baseline."))


class SortedItem(QTableWidgetItem):
    """A cell that sorts by a number, not by its text."""

    def __init__(self, text: str, value: float, tip: str = "") -> None:
        super().__init__(text)
        self.setData(_SORT, value)
        self.setToolTip(tip)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self.setTextAlignment(right)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return bool(self.data(_SORT) < other.data(_SORT))


class ClassTable(QTableWidget):
    """One line a class: photos, recall, precision, and what it is mistaken for."""

    def __init__(self, run: CurrentRun) -> None:
        super().__init__(0, 5)
        self._run = run
        self._name_columns()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setStyleSheet("QTableView::item { padding: 0 8px; }")
        plain_table(self, 34)
        self.setAccessibleName(self.tr("Result for each class"))
        run.ended.connect(self._show_result)
        run.opened.connect(self._show_result)

    def _name_columns(self) -> None:
        columns = (
            (self.tr("Class"), ""),
            (self.tr("Photos"), self.tr("Validation photos of this class.")),
            (
                self.tr("Recognised"),
                self.tr(
                    "Of the photos of this class: how many the model recognised.\n"
                    "Exact term: recall, also called sensitivity."
                ),
            ),
            (
                self.tr("Right when it says so"),
                self.tr(
                    "Of the photos that the model gave this class: how many are of "
                    "it.\nExact term: precision, also called positive predictive "
                    "value."
                ),
            ),
            ("", ""),  # depends on the result
        )
        for index, (title, tip) in enumerate(columns):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            side = Qt.AlignmentFlag.AlignRight if index else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(index, item)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for named in (0, len(columns) - 1):
            header.setSectionResizeMode(named, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(110)
        self._name_last_column(several=False)

    @Slot()
    def _show_result(self) -> None:
        evaluation = self._run.evaluation
        self.setSortingEnabled(False)
        self.setRowCount(0)
        if evaluation is None:
            return
        several = isinstance(evaluation, LabelEvaluation)
        self._name_last_column(several=several)
        self.setRowCount(len(evaluation.class_names))
        if isinstance(evaluation, LabelEvaluation):
            self._fill_labels(evaluation)
        else:
            self._fill(evaluation)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        lines = self.verticalHeader().length() + self.horizontalHeader().height()
        self.setMaximumHeight(lines + 4)

    def _name_last_column(self, *, several: bool) -> None:
        title = self.tr("Most often taken for")
        tip = self.tr("The wrong class that its photos got most often.")
        if several:
            title = self.tr("At any threshold")
            tip = self.tr(
                "How well the photos that show it are put before those that do not, "
                "whatever share counts as a yes.\nExact term: average precision."
            )
        item = self.horizontalHeaderItem(4)
        assert item is not None
        item.setText(title)
        item.setToolTip(tip)

    def _fill_labels(self, evaluation: LabelEvaluation) -> None:
        said = evaluation.shares > THRESHOLD
        right = (evaluation.truth & said).sum(axis=0)
        for index, score in enumerate(evaluation.scores):
            self._set_name(index, score.name, score.samples)
            found, count = int(right[index]), int(said[:, index].sum())
            self.setItem(index, 2, self._share_item(found, score.samples))
            self.setItem(index, 3, self._share_item(found, count))
            average = score.average_precision
            item = SortedItem(self.tr("unknown"), -1.0)
            if average is not None:
                item = SortedItem(percent(average), average)
            self.setItem(index, 4, item)

    def _set_name(self, index: int, name: str, samples: int) -> None:
        item = QTableWidgetItem(name)
        item.setToolTip(name)
        self.setItem(index, 0, item)
        self.setItem(index, 1, SortedItem(str(samples), samples))

    def _fill(self, evaluation: Evaluation) -> None:
        matrix = evaluation.confusion
        scores = metrics.class_scores(matrix, evaluation.class_names)
        for index, score in enumerate(scores):
            self._set_name(index, score.name, score.samples)
            right, said = int(matrix[index, index]), int(matrix[:, index].sum())
            self.setItem(index, 2, self._share_item(right, score.samples))
            self.setItem(index, 3, self._share_item(right, said))
            wrong = matrix[index].copy()
            wrong[index] = 0
            self.setItem(index, 4, self._mistaken_item(wrong, evaluation.class_names))

    def _share_item(self, right: int, total: int) -> SortedItem:
        if not total:
            return SortedItem(
                self.tr("none"), -1.0, self.tr("There was no such photo.")
            )
        low, high = metrics.wilson_interval(right, total)
        return SortedItem(
            self.tr("{share}   ({right} of {total})").format(
                share=percent(right / total), right=right, total=total
            ),
            right / total,
            self.tr(
                "The true value very likely lies between {low} and {high} "
                "(95 % Wilson interval)."
            ).format(low=percent(low), high=percent(high)),
        )

    def _mistaken_item(
        self, wrong: metrics.Counts, names: tuple[str, ...]
    ) -> SortedItem:
        count = int(wrong.max())
        if not count:
            return SortedItem(self.tr("never mistaken"), 0)
        name = names[int(wrong.argmax())]
        return SortedItem(f"{name} ({count})", count, name)
