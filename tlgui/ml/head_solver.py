"""Trains a head alone on pooled features, in numpy, with the numbers of Keras.

Without a backbone a step is so small that what TensorFlow adds to it costs more than
the step.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import threadpoolctl  # type: ignore[import-untyped]

from tlgui.core.checkpoint import Array
from tlgui.core.schedules import COSINE
from tlgui.core.types import Floats
from tlgui.ml.dropout import Dropout
from tlgui.ml.head_rules import RULES, HeadLoss, Rate, rate_at

# Weights moved at a time (256 kB): with their state they stay in a core's cache.
_PART = 65_536


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keeps numpy's matrix products on the thread that asks for them.

    For the loop around `HeadSolver.step`. The products are too small to share: with
    two cores OpenBLAS' threads gained nothing, and while other work wanted the cores
    they waited for each other (100 classes: 143 steps a second, not 2,235). It holds
    for the whole process, but not for TensorFlow.
    """
    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        yield


class HeadSolver:
    """A dense softmax or sigmoid layer, and what trains it.

    Equal to the head of `models.build_classifier` trained by `steps.KerasTrainStep`
    on what its pooling gives, up to the order in which sums are rounded.

    Attributes:
        kernel: the weights, shape `(features, classes)`; a live view.
        bias: shape `(classes,)`; a live view.
        share: of the learning rate, by which every step is made smaller.

    Example:
        >>> solver = HeadSolver(
        ...     2, 2, optimizer="sgd", learning_rate=0.5, steps=2, loss="cross-entropy"
        ... )
        >>> both = np.eye(2, dtype=np.float32)
        >>> loss, right = solver.step(both, both, np.ones(2, np.float32))
        >>> round(loss, 4), right
        (0.6931, 1)
    """

    kernel: Floats
    bias: Floats

    def __init__(
        self,
        features: int,
        classes: int,
        *,
        optimizer: str,
        learning_rate: float,
        steps: int,
        loss: str,
        schedule: str = COSINE,
        label_smoothing: float = 0.0,
        focal_gamma: float = 2.0,
        decay: float = 0.0,
        dropout: Dropout | None = None,
        weights: list[Floats] | None = None,
    ) -> None:
        """Makes a head that knows nothing, or what it is given.

        Args:
            features: the length of a sample's features.
            classes: the number of classes.
            optimizer: one of `spec.OPTIMIZERS`.
            learning_rate: the largest.
            steps: the number of steps until the schedule ends.
            loss: one of `spec.LOSSES`.
            schedule: how the rate changes; one of `schedules.SCHEDULES`.
            label_smoothing: share of certainty taken from every label, 0..0.5.
            focal_gamma: how hard focal loss looks at what is wrong, 0..5.
            decay: how strongly the kernel is drawn to zero, as a factor of its half
                square that is added to the loss; what is told does not contain it.
            dropout: what each step leaves out; None for nothing.
            weights: as `get_weights` gives them; zero if not given.

        Raises:
            KeyError: the optimiser is unknown.
            ValueError: the loss is unknown, or a given weight has another shape.
        """
        self._rule, moments = RULES[optimizer]
        self._loss = HeadLoss(loss, label_smoothing, focal_gamma)
        self._largest_rate = learning_rate
        self._schedule = schedule
        self._decay = np.float32(decay)
        self._dropout = dropout
        self.share = 1.0
        self._steps = max(steps, 1)
        self._done = 0
        # The bias is the last row: what moves the kernel moves it too.
        rows = np.zeros((features + 1, classes), np.float32)
        self.kernel, self.bias = rows[:-1], rows[-1]
        self._parts = _split(rows, moments)
        if weights is not None:
            self.set_weights(weights)

    @property
    def learning_rate(self) -> float:
        """Of the coming step, as `float(optimizer.learning_rate)` in Keras."""
        return float(self._rate().plain)

    def step(
        self, inputs: Floats, one_hot: Floats, weights: Floats
    ) -> tuple[float, int]:
        """Moves the head once.

        Args:
            inputs: features, shape `(n, features)`.
            one_hot: labels, shape `(n, classes)`; with binary cross-entropy a row may
                have several ones, or none.
            weights: how much each sample counts, shape `(n,)`.

        Returns:
            The weighted losses' sum over n, and the number of right answers, both
            before the move. A loss that has exploded is infinite or not a number.
        """
        if self._dropout is not None:
            inputs = self._dropout.of_array(inputs, self._done)
        with np.errstate(over="ignore", invalid="ignore"):
            losses, probabilities, slopes = self._loss.slopes(
                self._logits(inputs), one_hot
            )
            count = np.float32(len(inputs))
            slopes *= (weights / count)[:, np.newaxis]
            self._move(inputs, slopes)
            loss = float(np.sum(losses * weights) / count)
        return loss, self._loss.right(probabilities, one_hot)

    def predict(self, inputs: Floats) -> Floats:
        """Answers.

        Args:
            inputs: features, shape `(n, features)`.

        Returns:
            Probabilities, shape `(n, classes)`.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            return self._loss.answers(self._logits(inputs))

    def loss_of(self, one_hot: Floats, probabilities: Floats) -> float:
        """The mean loss of answers, as `models.make_loss` gives it for arrays.

        Args:
            one_hot: labels, shape `(n, classes)`.
            probabilities: shape `(n, classes)`.
        """
        return self._loss.mean(one_hot, probabilities)

    def get_weights(self) -> list[Floats]:
        """Copies of kernel and bias, in the order of Keras' layer."""
        return [self.kernel.copy(), self.bias.copy()]

    def set_weights(self, weights: list[Floats]) -> None:
        """Sets kernel and bias; the optimiser goes on with its own state.

        Args:
            weights: as `get_weights` gives them.

        Raises:
            ValueError: there are not two, or one has another shape.
        """
        for own, new in zip((self.kernel, self.bias), weights, strict=True):
            if own.shape != new.shape:
                raise ValueError(f"expected shape {own.shape}, found {new.shape}")
            own[...] = new

    def get_state(self) -> dict[str, Array]:
        """Copies of everything that decides the steps to come."""
        moments = np.concatenate([part.state for part in self._parts], axis=1)
        return {
            "kernel": self.kernel.copy(),
            "bias": self.bias.copy(),
            "moments": moments,
            "steps": np.array(self._done),
        }

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Goes on exactly where another solver of the same make was.

        Args:
            state: as `get_state` gave it.

        Raises:
            ValueError, KeyError: it is of another make.
        """
        self.set_weights([state["kernel"], state["bias"]])
        for part in self._parts:
            rows = slice(part.first, part.first + len(part.weights))
            part.state[...] = state["moments"][:, rows]
        self._done = int(state["steps"])

    def _rate(self) -> Rate:
        return rate_at(
            self._largest_rate, self._steps, self._done, self._schedule, self.share
        )

    def _logits(self, inputs: Floats) -> Floats:
        logits: Floats = inputs @ self.kernel
        logits += self.bias
        return logits

    def _move(self, inputs: Floats, slopes: Floats) -> None:
        rate = self._rate()
        features = len(self.kernel)
        for part in self._parts:
            columns = inputs[:, part.first : part.first + len(part.weights)]
            np.matmul(columns.T, slopes, out=part.gradient[: columns.shape[1]])
            if self._decay:
                kernel = part.weights[: columns.shape[1]]
                part.gradient[: columns.shape[1]] += self._decay * kernel
            if part.first + len(part.weights) > features:
                np.sum(slopes, axis=0, out=part.gradient[-1])
            self._rule(part.weights, part.gradient, part.scratch, part.state, rate)
        self._done += 1


class _Part(NamedTuple):
    """Some rows of the weights, with room for what moves them.

    Attributes:
        first: the first of the rows.
        weights: a view, shape `(rows, classes)`, as are those that follow.
        gradient: shared by the parts.
        scratch: shared by the parts.
        state: the rule's memory, shape `(moments, rows, classes)`.
    """

    first: int
    weights: Floats
    gradient: Floats
    scratch: Floats
    state: Floats


def _split(weights: Floats, moments: int) -> list[_Part]:
    rows, classes = weights.shape
    size = min(max(_PART // classes, 1), rows)
    gradient, scratch = np.empty((2, size, classes), np.float32)
    parts = []
    for first in range(0, rows, size):
        part = weights[first : first + size]
        count = len(part)
        state = np.zeros((moments, count, classes), np.float32)
        parts.append(_Part(first, part, gradient[:count], scratch[:count], state))
    return parts
