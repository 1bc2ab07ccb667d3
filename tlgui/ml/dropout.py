"""Leaves out some of the features that the head sees, at every step others."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml import runtime


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout (https://jmlr.org/papers/v15/srivastava14a.html).

    What is left out follows from seed and step, so that a run that goes on leaves out
    what it would have. Answers are given with all features.

    Attributes:
        rate: the share that is left out, 0..1; the rest is made larger for it.
        seed: two whole numbers.
    """

    rate: float
    seed: tuple[int, int]

    def of_array(self, features: Floats, step: int) -> Floats:
        """Features with some of them zero.

        Args:
            features: shape `(n, features)`.
            step: counted from 0.
        """
        generator = np.random.default_rng((*self.seed, step))
        stays = generator.random(features.shape, np.float32) >= self.rate
        kept: Floats = features * stays
        kept *= np.float32(1.0 / (1.0 - self.rate))
        return kept

    def of_tensor(self, features: Any, step: Any, first: Any) -> Any:
        """The same in a graph; the numbers that decide are TensorFlow's own.

        Args:
            features: a tensor, shape `(n, features)`.
            step: a whole tensor, counted from 0.
            first: a whole tensor: the place of the first sample in its batch, which
                other samples of it leave out other features by.
        """
        tf = runtime.tensorflow()
        seed = tf.constant(self.seed, tf.int32)
        for number in (step, first):
            seed = tf.random.experimental.stateless_fold_in(
                seed, tf.cast(number, tf.int32)
            )
        return tf.nn.experimental.stateless_dropout(features, self.rate, seed)


def dropout_of(spec: TrainingSpec, phase: Phase) -> Dropout | None:
    """The dropout of a phase; None if nothing is left out."""
    if not spec.dropout:
        return None
    return Dropout(spec.dropout, (spec.seed, phase.first_epoch))
