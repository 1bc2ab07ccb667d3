"""How well a backbone's features tell a person's classes apart, without training."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgui.core.types import Labels

Reals = NDArray[np.floating[Any]]

_ITERATIONS, _CLOSE = 2_000, 1e-10
_TINY = 1e-12
# Distances of so many samples are computed at a time.
_ROWS = 1_024


def knn_accuracy(features: Reals, labels: Labels, neighbours: int = 5) -> float:
    """The share of samples that their nearest others name right.

    Each sample is answered by the majority of its nearest neighbours among all others
    by cosine similarity; if classes have equally many, the one that is nearer in sum
    wins.

    Args:
        features: shape `(n, features)`.
        labels: shape `(n,)`, 0 to classes - 1.
        neighbours: how many are asked; fewer if there are not so many.

    Returns:
        0..1; 0 for fewer than two samples.
    """
    count = len(features)
    asked = min(neighbours, count - 1)
    if asked < 1:
        return 0.0
    rows = features.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + _TINY
    classes, right = int(labels.max()) + 1, 0
    for start in range(0, count, _ROWS):
        here = np.arange(start, min(start + _ROWS, count))
        near = rows[here] @ rows.T
        near[np.arange(len(here)), here] = -np.inf
        found = np.argpartition(-near, asked - 1, axis=1)[:, :asked]
        nearness = np.take_along_axis(near, found, axis=1)
        votes = np.zeros((len(here), classes))
        # A whole vote each; the sum of similarities only breaks ties.
        for place in range(asked):
            votes[np.arange(len(here)), labels[found[:, place]]] += 1.0 + (
                1.0 + nearness[:, place]
            ) / (4.0 * asked)
        right += int(np.count_nonzero(votes.argmax(axis=1) == labels[here]))
    return right / count


def logme(features: Reals, labels: Labels) -> float:
    """The logarithm of the maximum evidence of the labels, given the features.

    For each class a linear model of its 0/1 labels with a Gaussian prior, whose
    precision and noise are chosen so that the labels are most probable; the mean over
    classes and samples (https://arxiv.org/abs/2102.11005, algorithm 1). The larger,
    the better the features suit. Only values for the same samples can be compared.

    Args:
        features: shape `(n, features)`.
        labels: shape `(n,)`, 0 to classes - 1.
    """
    rows = features.astype(np.float64)
    left, singular, _ = np.linalg.svd(rows, full_matrices=False)
    squares = singular**2
    classes = int(labels.max()) + 1
    found = [
        _evidence(left, squares, (labels == label).astype(np.float64), rows.shape[1])
        for label in range(classes)
    ]
    return float(np.mean(found))


def _evidence(left: Reals, squares: Reals, target: Reals, width: int) -> float:
    """The maximum evidence for one target, divided by the number of samples."""
    count = len(target)
    inside = (left.T @ target) ** 2
    outside = max(float(target @ target - inside.sum()), 0.0)
    alpha = beta = 1.0
    length = residue = 0.0
    for _ in range(_ITERATIONS):
        ratio = alpha / beta
        used = float((squares / (squares + ratio)).sum())
        length = float((squares * inside / (squares + ratio) ** 2).sum())
        residue = float((inside / (1.0 + squares / ratio) ** 2).sum()) + outside
        alpha = max(used, _TINY) / (length + _TINY)
        beta = max(count - used, _TINY) / (residue + _TINY)
        if abs(alpha / beta - ratio) <= _CLOSE * ratio:
            break
    # Directions that no sample has add nothing but the prior's own precision.
    spread = np.log(alpha + beta * squares).sum() + (width - len(squares)) * math.log(
        alpha
    )
    total = (
        width * math.log(alpha)
        + count * math.log(beta)
        - float(spread)
        - beta * residue
        - alpha * length
        - count * math.log(2.0 * math.pi)
    )
    return total / 2.0 / count


def rank_correlation(first: Reals, second: Reals) -> float:
    """Kendall's tau-b of two rankings of the same things, -1..1; 0 if one is flat.

    Args:
        first: shape `(n,)`, the larger the better.
        second: of the same shape.
    """
    one = np.sign(np.subtract.outer(first, first))
    two = np.sign(np.subtract.outer(second, second))
    norm = math.sqrt(float((one**2).sum()) * float((two**2).sum()))
    return float((one * two).sum()) / norm if norm else 0.0
