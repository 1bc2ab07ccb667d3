"""Binary cross-entropy in numpy, with the numbers of Keras: each class by itself.

As `head_rules`, for samples that may show several classes: a sigmoid for each class
instead of a softmax over all.
"""

import numpy as np

from tlgui.core.types import Floats

_EPSILON = 1e-7  # Keras' default


def sigmoid(logits: Floats) -> Floats:
    """In place; safe for large logits."""
    small = np.exp(-np.abs(logits))
    np.divide(np.where(logits >= 0, np.float32(1.0), small), 1.0 + small, out=logits)
    return logits


def binary_slopes(logits: Floats, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """Everything that a step needs, from the logits.

    As `tf.nn.sigmoid_cross_entropy_with_logits`, which Keras takes when it finds a
    sigmoid before the loss; then the mean over the classes.

    Args:
        logits: shape `(n, classes)`; overwritten.
        targets: 0, 1 or between, of the same shape.

    Returns:
        The samples' losses, shape `(n,)`, and of the shape of the logits the
        probabilities and the losses' slopes by the logits.
    """
    losses = np.maximum(logits, 0.0)
    losses -= logits * targets
    losses += np.log1p(np.exp(-np.abs(logits)))
    probabilities = sigmoid(logits)
    slopes = probabilities - targets
    slopes /= np.float32(logits.shape[1])
    return losses.mean(axis=1), probabilities, slopes


def binary_mean(targets: Floats, probabilities: Floats) -> float:
    """The mean loss of answers, as Keras' `BinaryCrossentropy` gives it for arrays.

    Args:
        targets: shape `(n, classes)`.
        probabilities: of the same shape; kept 1e-7 away from 0 and 1.
    """
    kept = np.clip(probabilities, np.float32(_EPSILON), np.float32(1.0 - _EPSILON))
    losses = targets * np.log(kept)
    losses += (1.0 - targets) * np.log(1.0 - kept)
    return -float(np.mean(losses.mean(axis=1)))


def smoothed(multi_hot: Floats, share: float) -> Floats:
    """Labels with a share of their certainty taken: towards one half."""
    if not share:
        return multi_hot
    return multi_hot * (1.0 - share) + np.float32(0.5 * share)


def count_matches(probabilities: Floats, multi_hot: Floats) -> int:
    """How many samples have every class right; of mixed labels the larger part counts.

    Args:
        probabilities: shape `(n, classes)`.
        multi_hot: labels, 0 to 1, of the same shape.
    """
    same = (probabilities > np.float32(0.5)) == (multi_hot > np.float32(0.5))
    return int(np.count_nonzero(same.all(axis=1)))
