"""Whether activations may be kept in half precision: a test on the run's own loss."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tlgui.core.types import Floats
from tlgui.ml import models
from tlgui.ml.learners import BlockLearner, HeadLearner

# The largest relative change of the loss that half precision may bring.
HALF_TOLERANCE = 1e-4

# What follows the cut: from activations and one-hot labels to the mean loss.
Loss = Callable[[Floats, Floats], float]
# Gives it, with a head that is not zero: with a zero head any rounding would vanish.
Follower = Callable[[], Loss]


def half_difference(activations: Floats, one_hot: Floats, loss: Loss) -> float:
    """How much the loss changes when activations are rounded to float16.

    Args:
        activations: of some training samples, shape `(n, …)`.
        one_hot: their labels, shape `(n, classes)`.
        loss: what follows the cut.

    Returns:
        The difference relative to the loss; infinite where float16 cannot hold them.
    """
    with np.errstate(over="ignore"):
        rounded = activations.astype(np.float16).astype(np.float32)
    if not np.isfinite(rounded).all():
        return float("inf")
    full, half = loss(activations, one_hot), loss(rounded, one_hot)
    return abs(half - full) / max(abs(full), float(np.finfo(np.float32).tiny))


def follower_of_head(
    learner: HeadLearner, make: Callable[[list[Floats]], HeadLearner]
) -> Follower:
    """The head alone.

    Args:
        learner: of the phase; not changed.
        make: makes another one that begins with some weights.
    """

    def follower() -> Loss:
        trial = make(_trial_head(learner.weights().head))
        return lambda activations, one_hot: trial.loss_of(
            one_hot, trial.predict(activations)
        )

    return follower


def follower_of_blocks(learner: BlockLearner, keras_model: Any) -> Follower:
    """Blocks and the head.

    Args:
        learner: of the phase.
        keras_model: whose head it moves; the same afterwards as before.
    """

    def follower() -> Loss:
        head = keras_model.get_layer(models.HEAD_OUTPUT)

        def loss(activations: Floats, one_hot: Floats) -> float:
            before = head.get_weights()
            head.set_weights(_trial_head(before))
            try:
                return learner.loss_of(one_hot, learner.predict(activations))
            finally:
                head.set_weights(before)

        return loss

    return follower


def _trial_head(head: Sequence[Floats]) -> list[Floats]:
    """The head itself, or a random one in its place while it is zero."""
    if any(weights.any() for weights in head):
        return list(head)
    kernel, bias = head
    generator = np.random.default_rng(0)
    random = generator.normal(0.0, len(kernel) ** -0.5, kernel.shape)
    return [random.astype(np.float32), bias]
