"""How good answers are where a sample may show several classes, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgui.core.types import Flags

Shares = NDArray[np.floating[Any]]

# A class is said to be shown where it is more probable than this.
THRESHOLD = 0.5


@dataclass(frozen=True)
class LabelScore:
    """How well one class is found.

    Attributes:
        name: the class.
        samples: how many show it.
        recall: share of them in which it was found, 0..1.
        precision: share of the samples said to show it that do, 0..1.
        f1: the harmonic mean of both, 0..1.
        average_precision: area under precision against recall, over all thresholds,
            0..1; None if no sample shows the class.
    """

    name: str
    samples: int
    recall: float
    precision: float
    f1: float
    average_precision: float | None


def multi_hot(labels: Sequence[Sequence[int]], classes: int) -> Flags:
    """Which class is in which of some sets of labels, shape `(n, classes)`."""
    found = np.zeros((len(labels), classes), np.bool_)
    for row, those in enumerate(labels):
        found[row, list(those)] = True
    return found


def exact_matches(truth: Flags, said: Flags) -> int:
    """How many samples have every class right: one missed makes a sample wrong.

    Args:
        truth: what is shown, shape `(n, classes)`.
        said: what the model says is shown, of the same shape.
    """
    return int(np.count_nonzero((truth == said).all(axis=1)))


def average_precision(truth: Flags, shares: Shares) -> float | None:
    """Precision at every threshold, weighted by how much recall it adds.

    As `sklearn.metrics.average_precision_score`; not interpolated.

    Args:
        truth: whether a sample shows the class, shape `(n,)`.
        shares: how probable the model finds that, shape `(n,)`.

    Returns:
        0..1; None if no sample shows it.
    """
    shown = int(np.count_nonzero(truth))
    if not shown:
        return None
    order = np.argsort(-shares, kind="stable")
    right = np.cumsum(truth[order])
    # Samples that are equally probable are taken together.
    last = np.flatnonzero(np.append(np.diff(shares[order]) != 0, True))
    found, said = right[last], last + 1
    added = np.diff(found, prepend=0)
    return float(np.sum(added * found / said) / shown)


def label_scores(
    truth: Flags, shares: Shares, class_names: Sequence[str]
) -> tuple[LabelScore, ...]:
    """How well each class is found, in index order.

    Args:
        truth: what is shown, shape `(n, classes)`.
        shares: how probable the model finds each class, of the same shape.
        class_names: in index order.
    """
    said = shares > THRESHOLD
    scores = []
    for column, name in enumerate(class_names):
        shown, answered = truth[:, column], said[:, column]
        right = int(np.count_nonzero(shown & answered))
        all_shown, all_said = int(shown.sum()), int(answered.sum())
        scores.append(
            LabelScore(
                name,
                all_shown,
                right / all_shown if all_shown else 0.0,
                right / all_said if all_said else 0.0,
                2 * right / (all_shown + all_said) if all_shown + all_said else 0.0,
                average_precision(shown, shares[:, column]),
            )
        )
    return tuple(scores)
