"""What the model got right and wrong, down to the single photo."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tlgui.core.report import Answer, Evaluation
from tlgui.gui.confusion_view import ConfusionView
from tlgui.gui.controls import GAP, button, card, column, label, row
from tlgui.gui.percent import percent
from tlgui.gui.photo_grid import Photo, PhotoGrid
from tlgui.gui.session import Session

_FEW_CLASSES = 4


class AnswersView(QWidget):
    """The confusion matrix, and beside it the photos of one of its cells.

    Shows the mistakes until a cell is chosen.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.confusion = ConfusionView()
        self.confusion.cell_chosen.connect(self._show_cell)
        self.grid = PhotoGrid(session)
        self.heading = label("", "heading", wrap=True)
        self.order = label("", "small", wrap=True)
        self.mistakes = button(self.tr("Back to all mistakes"), "link")
        self.mistakes.clicked.connect(self._show_mistakes)
        self._whole = row(self._matrix_card(), self._photos_card(), gap=GAP)
        self.setLayout(self._whole)
        session.run.ended.connect(self._show_result)
        session.run.opened.connect(self._show_result)

    def _matrix_card(self) -> QWidget:
        hint = label(
            self.tr(
                "Validation photos. Rows: what they are. Columns: what the model "
                "said. Choose a cell to see its photos."
            ),
            "small",
            wrap=True,
        )
        hint.setToolTip(
            self.tr(
                "A confusion matrix: each row holds the photos of one true class, "
                "each column those that were given one predicted class. The darker "
                "a cell, the larger its share of the row. Right answers are framed."
            )
        )
        content = column(self.confusion, hint, gap=8)
        content.setStretch(0, 1)
        return card(content)

    def _photos_card(self) -> QWidget:
        top = row(self.heading, self.mistakes)
        top.setStretch(0, 1)
        content = column(top, self.order, self.grid, gap=4)
        content.setStretch(2, 1)
        return card(content)

    @property
    def evaluation(self) -> Evaluation | None:
        """The result, if each photo shows exactly one class."""
        found = self._session.run.evaluation
        return found if isinstance(found, Evaluation) else None

    @Slot()
    def _show_result(self) -> None:
        evaluation = self.evaluation
        if evaluation is not None:
            many = len(evaluation.class_names) > _FEW_CLASSES
            self._whole.setStretch(0, 4 if many else 5)
            self._whole.setStretch(1, 3 if many else 6)
            self.confusion.show_evaluation(evaluation)
            self._show_mistakes()

    @Slot()
    def _show_mistakes(self) -> None:
        evaluation = self.evaluation
        if evaluation is None:
            return
        self.confusion.clear_choice()
        self.mistakes.hide()
        wrong = [a for a in evaluation.answers if a.truth != a.predicted]
        if wrong:
            self.heading.setText(self.tr("All mistakes ({0})").format(len(wrong)))
            self._show(evaluation, wrong, surest_first=True, named=True)
            return
        self.heading.setText(self.tr("No mistakes on the validation photos"))
        self._show(evaluation, evaluation.answers, surest_first=False, named=True)

    @Slot(int, int)
    def _show_cell(self, truth: int, predicted: int) -> None:
        evaluation = self.evaluation
        if evaluation is None:
            return
        names = evaluation.class_names
        chosen = [
            a
            for a in evaluation.answers
            if (a.truth, a.predicted) == (truth, predicted)
        ]
        right = truth == predicted
        text = (
            self.tr("{truth}, recognised ({count})")
            if right
            else self.tr("{truth}, taken for {said} ({count})")
        )
        self.heading.setText(
            text.format(truth=names[truth], said=names[predicted], count=len(chosen))
        )
        self.mistakes.show()
        self._show(evaluation, chosen, surest_first=not right, named=False)

    def _show(
        self,
        evaluation: Evaluation,
        answers: Sequence[Answer],
        *,
        surest_first: bool,
        named: bool,
    ) -> None:
        ordered = sorted(answers, key=_probability, reverse=surest_first)
        if not ordered:
            self.order.setText(self.tr("There is no photo here. Choose another cell."))
        elif surest_first:
            self.order.setText(
                self.tr(
                    "Those first of which the model was surest: look whether the "
                    "photo lies in the wrong folder. A double click opens it."
                )
            )
        else:
            self.order.setText(
                self.tr(
                    "Those first of which the model was least sure. "
                    "A double click opens a photo."
                )
            )
        self.grid.show_photos(
            [self._photo(evaluation, answer, named=named) for answer in ordered]
        )

    def _photo(self, evaluation: Evaluation, answer: Answer, *, named: bool) -> Photo:
        truth = evaluation.class_names[answer.truth]
        said = evaluation.class_names[answer.predicted]
        # The room is small, so no "over 99 %"; the sentence has it exactly.
        sure = percent(min(answer.probability, 0.99), 0)
        lines = [self.tr("{0} {1}").format(sure, said)]
        if answer.truth != answer.predicted:
            lines.append(self.tr("is {0}").format(truth))
        return Photo(
            file=str(Path(self._session.spec.data) / answer.path),
            lines=tuple(lines) if named else (sure,),
            sentence=self.tr(
                "Predicted class {said}, probability {sure}. True class {truth}."
            ).format(said=said, sure=percent(answer.probability), truth=truth),
        )


def _probability(answer: Answer) -> float:
    return answer.probability
