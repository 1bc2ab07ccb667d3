"""What is said of a result where photos may show several classes."""

from collections.abc import Sequence

from PySide6.QtCore import QObject

from tlgui.core.label_report import LabelAnswer, LabelEvaluation
from tlgui.gui.percent import percent


class LabelWords(QObject):
    """Says numbers of such a result in plain words."""

    def right(self, evaluation: LabelEvaluation) -> str:
        """How many photos are right."""
        return self.tr(
            "{right} of {total} validation photos right in every class"
        ).format(right=evaluation.right, total=len(evaluation.answers))

    def accuracy_tip(self, evaluation: LabelEvaluation) -> str:
        """What the large number is, exactly."""
        return self.tr(
            "Exact match (subset accuracy) on the validation split, which the model "
            "did not learn from: one class too many or too few makes a photo wrong.\n"
            "Loss (mean binary cross-entropy): {0:.4g}"
        ).format(evaluation.loss)

    def comparison(self, evaluation: LabelEvaluation) -> str:
        """The other numbers, and what they are worth."""
        return self.tr(
            "Class by class: mean average precision {average}, F1 {f1}. Of the single "
            "answers, yes or no, {single} are right; who always says no has {nothing}."
        ).format(
            average=percent(evaluation.mean_average_precision),
            f1=percent(evaluation.macro_f1),
            single=percent(evaluation.label_accuracy),
            nothing=percent(evaluation.nothing_accuracy),
        )

    def comparison_tip(self) -> str:
        """What those numbers are, exactly."""
        return self.tr(
            "Average precision: how well the photos with a class are put before those "
            "without it, whatever the threshold; the mean over the classes.\nF1: of "
            "recall and precision, the mean over the classes (macro).\nSingle answers "
            "(binary accuracy) flatter where classes are rare."
        )

    def names(self, labels: Sequence[int], evaluation: LabelEvaluation) -> str:
        """Some classes in a line."""
        named = ", ".join(evaluation.class_names[label] for label in labels)
        return named or self.tr("nothing")

    def answer(self, answer: LabelAnswer, evaluation: LabelEvaluation) -> str:
        """What was said of a photo, and what is true."""
        said = [
            f"{evaluation.class_names[label]} ({percent(answer.probabilities[label])})"
            for label in answer.predicted
        ]
        return self.tr("Said to show: {said}. Shows: {truth}.").format(
            said=", ".join(said) or self.tr("nothing"),
            truth=self.names(answer.truth, evaluation),
        )
