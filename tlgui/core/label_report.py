"""What is known of a run whose samples may show several classes each."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tlgui.core import metrics
from tlgui.core.label_metrics import (
    THRESHOLD,
    LabelScore,
    Shares,
    exact_matches,
    label_scores,
    multi_hot,
)
from tlgui.core.types import Flags, Floats

# What a person must know of every accuracy here.
EXACT_MATCH = (
    "Several classes may be shown at once here: each is asked for by itself, and "
    "accuracy counts a photo as right only if all of its classes are right (exact "
    "match)."
)
_TINY = 1e-7
_DIGITS = 6


@dataclass(frozen=True)
class LabelAnswer:
    """The model's answer for one labelled sample.

    Attributes:
        path: the file.
        truth: indices of the classes that it shows.
        probabilities: of each class, in index order, 0..1.
    """

    path: str
    truth: tuple[int, ...]
    probabilities: tuple[float, ...]

    @property
    def predicted(self) -> tuple[int, ...]:
        """The classes that the model says it shows."""
        return tuple(i for i, p in enumerate(self.probabilities) if p > THRESHOLD)

    @property
    def is_right(self) -> bool:
        """Whether every class is right."""
        return self.truth == self.predicted

    @property
    def doubt(self) -> float:
        """How unsure the model was of the class it was least sure of, 0..0.5."""
        return max((min(p, 1.0 - p) for p in self.probabilities), default=0.0)


@dataclass(frozen=True)
class LabelEvaluation:
    """How a model did on labelled samples that may show several classes.

    Attributes:
        class_names: in index order.
        loss: mean binary cross-entropy.
        answers: one a sample.
    """

    class_names: tuple[str, ...]
    loss: float
    answers: tuple[LabelAnswer, ...]

    @cached_property
    def truth(self) -> Flags:
        """What is shown, shape `(n, classes)`."""
        shown = [answer.truth for answer in self.answers]
        return multi_hot(shown, len(self.class_names))

    @cached_property
    def shares(self) -> Shares:
        """How probable the model found it, shape `(n, classes)`."""
        found = np.array([answer.probabilities for answer in self.answers], float)
        return found.reshape(len(self.answers), len(self.class_names))

    @cached_property
    def right(self) -> int:
        """How many samples have every class right."""
        return exact_matches(self.truth, self.shares > THRESHOLD)

    @property
    def accuracy(self) -> float:
        """Exact match (subset accuracy): the share of samples that are all right.

        With rare classes the share of single answers that are right (Keras'
        `binary_accuracy`) would be high for a model that never finds anything.
        """
        return self.right / len(self.answers) if self.answers else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return metrics.wilson_interval(self.right, len(self.answers))

    @property
    def label_accuracy(self) -> float:
        """The share of right answers to "does it show this class?", 0..1."""
        if not self.truth.size:
            return 0.0
        return float(np.mean(self.truth == (self.shares > THRESHOLD)))

    @property
    def nothing_accuracy(self) -> float:
        """The same for who always says that nothing is shown."""
        return float(np.mean(~self.truth)) if self.truth.size else 0.0

    @cached_property
    def scores(self) -> tuple[LabelScore, ...]:
        """How well each class is found, in index order."""
        return label_scores(self.truth, self.shares, self.class_names)

    @property
    def mean_average_precision(self) -> float:
        """Mean over the classes that some sample shows, 0..1."""
        known = [
            s.average_precision for s in self.scores if s.average_precision is not None
        ]
        return float(np.mean(known)) if known else 0.0

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that some sample shows, 0..1."""
        known = [score.f1 for score in self.scores if score.samples]
        return float(np.mean(known)) if known else 0.0

    @property
    def commonest(self) -> tuple[tuple[int, ...], int]:
        """What most samples show together, and how many they are."""
        found = Counter(answer.truth for answer in self.answers)
        return max(found.items(), key=lambda item: item[1], default=((), 0))

    def to_json(self) -> dict[str, Any]:
        """As written in `report.json` and printed with `--json`."""
        return {
            "multilabel": True,
            "samples": len(self.answers),
            "accuracy": self.accuracy,
            "accuracy_interval_95": list(self.interval),
            "label_accuracy": self.label_accuracy,
            "mean_average_precision": self.mean_average_precision,
            "macro_f1": self.macro_f1,
            "threshold": THRESHOLD,
            "loss": self.loss,
            "class_names": list(self.class_names),
            "classes": [dataclasses.asdict(score) for score in self.scores],
            "answers": [dataclasses.asdict(answer) for answer in self.answers],
        }


def label_evaluation_from_json(values: dict[str, Any]) -> LabelEvaluation:
    """Reads what `LabelEvaluation.to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    names = tuple(values["class_names"])
    return LabelEvaluation(
        names,
        float(values["loss"]),
        tuple(_answer(answer, len(names)) for answer in values["answers"]),
    )


def label_evaluation_of(
    class_names: Sequence[str],
    files: Sequence[Path],
    truth: Sequence[Sequence[int]],
    probabilities: Floats,
) -> LabelEvaluation:
    """Puts a model's probabilities and the true labels together.

    Args:
        class_names: in index order.
        files: shape `(n,)`.
        truth: indices of the classes that each shows.
        probabilities: shape `(n, classes)`.
    """
    shown = multi_hot(truth, len(class_names))
    kept = np.clip(probabilities.astype(np.float64), _TINY, 1.0 - _TINY)
    losses = -np.where(shown, np.log(kept), np.log1p(-kept)) if len(files) else kept
    # As they are written, so that a report that is read again says the same.
    rounded = np.round(probabilities.astype(np.float64), _DIGITS)
    answers = tuple(
        LabelAnswer(file.as_posix(), tuple(sorted(labels)), tuple(shares))
        for file, labels, shares in zip(files, truth, rounded.tolist(), strict=True)
    )
    loss = float(losses.mean()) if len(files) else 0.0
    return LabelEvaluation(tuple(class_names), loss, answers)


def _answer(values: dict[str, Any], classes: int) -> LabelAnswer:
    """One answer, which may come from a stranger.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    path, truth, shares = values["path"], values["truth"], values["probabilities"]
    if not isinstance(path, str) or len(shares) != classes:
        raise ValueError("an answer names no file, or not every class")
    known = range(classes)
    if not all(type(label) is int and label in known for label in truth):
        raise ValueError("an answer names a class that there is none of")
    probabilities = tuple(float(share) for share in shares)
    if not all(0.0 <= share <= 1.0 for share in probabilities):
        raise ValueError("an answer has other numbers than probabilities")
    return LabelAnswer(path, tuple(sorted(set(truth))), probabilities)
