"""How good a result is, in numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScore:
    """How well one class is told apart.

    Attributes:
        name: the class.
        samples: how many there are.
        recall: share of its samples that were recognised, 0..1.
        precision: share of the answers with its name that were right, 0..1.
    """

    name: str
    samples: int
    recall: float
    precision: float


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, classes: int) -> Counts:
    """Counts answers: rows are the true classes, columns the predicted ones.

    Args:
        truth: indices of the true classes, shape `(n,)`.
        predicted: indices of the predicted classes, shape `(n,)`.
        classes: how many classes there are.

    Returns:
        Shape `(classes, classes)`.
    """
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (np.asarray(truth, int), np.asarray(predicted, int)), 1)
    return matrix


def accuracy(matrix: Counts) -> float:
    """Share of right answers, 0..1; 0 where there are none at all."""
    total = int(matrix.sum())
    return float(np.trace(matrix)) / total if total else 0.0


def wilson_interval(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The range in which the true share lies with 95 % confidence.

    Wilson's score interval (E. B. Wilson 1927, J. Am. Stat. Assoc. 22, 209-212),
    which stays sensible for few samples and shares near 0 and 1.

    Args:
        right: how many were right.
        total: how many there were.
        z: quantile of the normal distribution.

    Returns:
        Lower and upper end, 0..1.
    """
    if total == 0:
        return 0.0, 1.0
    share = right / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def class_scores(matrix: Counts, class_names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Recall and precision of every class, in index order."""
    truth, predicted, right = matrix.sum(1), matrix.sum(0), np.diag(matrix)
    return tuple(
        ClassScore(
            name,
            int(truth[index]),
            float(right[index] / truth[index]) if truth[index] else 0.0,
            float(right[index] / predicted[index]) if predicted[index] else 0.0,
        )
        for index, name in enumerate(class_names)
    )
