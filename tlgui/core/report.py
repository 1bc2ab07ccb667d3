"""What is known of a finished run: the content of `report.json`."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlgui.core import metrics
from tlgui.core.label_report import LabelEvaluation, label_evaluation_from_json
from tlgui.core.types import Floats

REPORT_VERSION = 1


@dataclass(frozen=True)
class Answer:
    """The model's answer for one labelled sample.

    Attributes:
        path: the file.
        truth: index of the true class.
        predicted: index of the most probable class.
        probability: of the predicted class, 0..1.
    """

    path: str
    truth: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Evaluation:
    """How a model did on labelled samples.

    Attributes:
        class_names: in index order.
        loss: mean cross-entropy.
        answers: one a sample.
    """

    class_names: tuple[str, ...]
    loss: float
    answers: tuple[Answer, ...]

    @property
    def confusion(self) -> metrics.Counts:
        """Counts of answers: rows are truth, columns predictions."""
        return metrics.confusion_matrix(
            np.array([answer.truth for answer in self.answers], dtype=int),
            np.array([answer.predicted for answer in self.answers], dtype=int),
            len(self.class_names),
        )

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0..1."""
        return metrics.accuracy(self.confusion)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        matrix = self.confusion
        return metrics.wilson_interval(int(np.trace(matrix)), int(matrix.sum()))

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(answer.truth == answer.predicted for answer in self.answers)

    def to_json(self) -> dict[str, Any]:
        """As written in `report.json` and printed with `--json`."""
        matrix = self.confusion
        return {
            "samples": len(self.answers),
            "accuracy": self.accuracy,
            "accuracy_interval_95": list(self.interval),
            "loss": self.loss,
            "class_names": list(self.class_names),
            "confusion": matrix.tolist(),
            "classes": [
                dataclasses.asdict(score)
                for score in metrics.class_scores(matrix, self.class_names)
            ],
            "answers": [dataclasses.asdict(answer) for answer in self.answers],
        }


AnyEvaluation = Evaluation | LabelEvaluation


def evaluation_from_json(values: dict[str, Any]) -> AnyEvaluation:
    """Reads what `to_json` of an evaluation wrote.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    if values.get("multilabel"):
        return label_evaluation_from_json(values)
    return Evaluation(
        tuple(values["class_names"]),
        float(values["loss"]),
        tuple(Answer(**answer) for answer in values["answers"]),
    )


def evaluation_of(
    class_names: Sequence[str],
    files: Sequence[Path],
    truth: Sequence[int],
    probabilities: Floats,
) -> Evaluation:
    """Puts a model's probabilities and the true labels together.

    Args:
        class_names: in index order.
        files: shape `(n,)`.
        truth: indices of the true classes, shape `(n,)`.
        probabilities: shape `(n, classes)`, rows sum to 1.
    """
    labels = np.asarray(truth, dtype=int)
    rows = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    likelihood = np.clip(probabilities[rows, labels].astype(np.float64), 1e-12, 1.0)
    answers = tuple(
        Answer(file.as_posix(), int(true), int(guess), float(probabilities[row, guess]))
        for row, (file, true, guess) in enumerate(
            zip(files, labels, predicted, strict=True)
        )
    )
    loss = float(-np.log(likelihood).mean()) if len(labels) else 0.0
    return Evaluation(tuple(class_names), loss, answers)
