"""What the model got wrong where photos may show several classes."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tlgui.core.label_report import LabelAnswer, LabelEvaluation
from tlgui.gui.controls import GAP, button, card, column, label, row
from tlgui.gui.label_mistakes import OVERLOOKED, LabelMistakes
from tlgui.gui.label_words import LabelWords
from tlgui.gui.percent import percent
from tlgui.gui.photo_grid import Photo, PhotoGrid
from tlgui.gui.session import Session


class LabelAnswersView(QWidget):
    """The mistakes class by class, and beside them the photos of one kind.

    Shows all photos with a mistake until a kind is chosen.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._words = LabelWords(self)
        self.table = LabelMistakes()
        self.table.kind_chosen.connect(self._show_kind)
        self.grid = PhotoGrid(session)
        self.heading = label("", "heading", wrap=True)
        self.order = label("", "small", wrap=True)
        self.mistakes = button(self.tr("Back to all mistakes"), "link")
        self.mistakes.clicked.connect(self._show_mistakes)
        hint = label(
            self.tr(
                "Validation photos. A photo may show several classes, so there is no "
                "confusion matrix. Choose a number to see its photos."
            ),
            "small",
            wrap=True,
        )
        kinds = column(self.table, hint, gap=8)
        kinds.setStretch(0, 1)
        top = row(self.heading, self.mistakes)
        top.setStretch(0, 1)
        photos = column(top, self.order, self.grid, gap=4)
        photos.setStretch(2, 1)
        whole = row(card(kinds), card(photos), gap=GAP)
        whole.setStretch(0, 4)
        whole.setStretch(1, 6)
        self.setLayout(whole)
        session.run.ended.connect(self._show_result)
        session.run.opened.connect(self._show_result)

    @property
    def evaluation(self) -> LabelEvaluation | None:
        """The result, if it is of this kind."""
        found = self._session.run.evaluation
        return found if isinstance(found, LabelEvaluation) else None

    @Slot()
    def _show_result(self) -> None:
        if self.evaluation is not None:
            self.table.show_evaluation(self.evaluation)
            self._show_mistakes()

    @Slot()
    def _show_mistakes(self) -> None:
        evaluation = self.evaluation
        if evaluation is None:
            return
        self.table.clear_choice()
        self.mistakes.hide()
        wrong = [answer for answer in evaluation.answers if not answer.is_right]
        if wrong:
            self.heading.setText(
                self.tr("All photos with a mistake ({0})").format(len(wrong))
            )
            self.order.setText(
                self.tr(
                    "Those first that are furthest from right: look whether the table "
                    "has a mistake. A double click opens a photo."
                )
            )
            self._show(sorted(wrong, key=_error, reverse=True))
            return
        self.heading.setText(self.tr("No mistakes on the validation photos"))
        self.order.setText(
            self.tr(
                "Those first of which the model was least sure. "
                "A double click opens a photo."
            )
        )
        self._show(sorted(evaluation.answers, key=_doubt, reverse=True))

    @Slot(int, int)
    def _show_kind(self, chosen: int, kind: int) -> None:
        evaluation = self.evaluation
        if evaluation is None:
            return
        overlooked = kind == OVERLOOKED
        found = [
            answer
            for answer in evaluation.answers
            if (chosen in answer.truth) == overlooked
            and (chosen in answer.predicted) != overlooked
        ]
        found.sort(key=lambda a: a.probabilities[chosen], reverse=not overlooked)
        text = (
            self.tr("{name}, overlooked ({count})")
            if overlooked
            else self.tr("{name}, imagined ({count})")
        )
        name = evaluation.class_names[chosen]
        self.heading.setText(text.format(name=name, count=len(found)))
        self.order.setText(
            self.tr("Those first of which the model was surest.")
            if found
            else self.tr("There is no photo here. Choose another number.")
        )
        self.mistakes.show()
        self._show(found, chosen)

    def _show(self, answers: Sequence[LabelAnswer], chosen: int | None = None) -> None:
        evaluation = self.evaluation
        assert evaluation is not None
        self.grid.show_photos(
            [self._photo(evaluation, answer, chosen) for answer in answers]
        )

    def _photo(
        self, evaluation: LabelEvaluation, answer: LabelAnswer, chosen: int | None
    ) -> Photo:
        said = self._words.names(answer.predicted, evaluation)
        lines = [said]
        if chosen is not None:
            lines = [percent(min(answer.probabilities[chosen], 0.99), 0)]
        elif not answer.is_right:
            truth = self._words.names(answer.truth, evaluation)
            lines.append(self.tr("is {0}").format(truth))
        sentence = self._words.answer(answer, evaluation)
        return Photo(file=answer.path, lines=tuple(lines), sentence=sentence)


def _error(answer: LabelAnswer) -> float:
    """How far the worst of a photo's answers is from right."""
    return max(
        abs(share - (label in answer.truth))
        for label, share in enumerate(answer.probabilities)
    )


def _doubt(answer: LabelAnswer) -> float:
    return answer.doubt
