"""What a head learns by: losses and optimisers in numpy, with the numbers of Keras.

Formulas, their order in float32 and the constants are those of Keras 3.15
(https://github.com/keras-team/keras/tree/master/keras/src, `losses/` and
`optimizers/`), with the settings of `models.make_loss` and `models.make_optimizer`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tlgui.core.schedules import COSINE, share_at
from tlgui.core.spec import LOSSES
from tlgui.core.types import Floats
from tlgui.ml import label_rules

MOMENTUM = 0.9
WEIGHT_DECAY = 0.01
# Keras' defaults.
_BETA_1, _BETA_2, _RHO, _EPSILON = 0.9, 0.999, 0.9, 1e-7


class Rate(NamedTuple):
    """What the number of a step decides.

    Attributes:
        plain: the learning rate.
        adam: the same, made up for moments that began at zero.
    """

    plain: np.float32
    adam: np.float32


def rate_at(
    largest: float, steps: int, done: int, schedule: str = COSINE, share: float = 1.0
) -> Rate:
    """The learning rate of the step that comes after `done` of `steps` steps.

    Usually it falls along half a cosine (https://arxiv.org/abs/1608.03983, without
    restarts).

    Args:
        largest: of all steps.
        steps: of the schedule.
        done: of them.
        schedule: one of `schedules.SCHEDULES`.
        share: by which the result is multiplied.
    """
    if schedule == COSINE:
        fraction = np.float32(min(done, steps)) / np.float32(steps)
        cosine = np.cos(np.float32(math.pi) * fraction)
        plain = np.float32(largest) * np.float32(0.5 * (1.0 + cosine))
    else:
        plain = np.float32(largest * share_at(schedule, done, steps) * share)
    # How these are rounded decides the length of Adam's first steps.
    power_1 = np.float32(float(np.float32(_BETA_1)) ** (done + 1))
    power_2 = np.float32(float(np.float32(_BETA_2)) ** (done + 1))
    return Rate(plain, plain * np.sqrt(1.0 - power_2) / (1.0 - power_1))


@dataclass(frozen=True)
class HeadLoss:
    """What is made small.

    Attributes:
        name: one of `spec.LOSSES`.
        label_smoothing: share of certainty taken from every label, 0..0.5.
        focal_gamma: how hard focal loss looks at what is wrong, 0..5.
    """

    name: str
    label_smoothing: float
    focal_gamma: float

    def __post_init__(self) -> None:
        if self.name not in LOSSES:
            raise ValueError(f"expected one of {', '.join(LOSSES)}, found {self.name}")

    @property
    def is_binary(self) -> bool:
        """Whether each class is asked for by itself."""
        return self.name == "binary-cross-entropy"

    def answers(self, logits: Floats) -> Floats:
        """Probabilities, in place of the logits."""
        return label_rules.sigmoid(logits) if self.is_binary else softmax(logits)

    def right(self, probabilities: Floats, one_hot: Floats) -> int:
        """How many answers are right: of several classes, all of them."""
        if self.is_binary:
            return label_rules.count_matches(probabilities, one_hot)
        same = probabilities.argmax(axis=1) == one_hot.argmax(axis=1)
        return int(np.count_nonzero(same))

    def slopes(self, logits: Floats, one_hot: Floats) -> tuple[Floats, Floats, Floats]:
        """Everything that a step needs.

        Args:
            logits: shape `(n, classes)`; overwritten.
            one_hot: labels, of the same shape; a row may have several ones where the
                loss is binary.

        Returns:
            The samples' losses, shape `(n,)`, and of the shape of the logits the
            probabilities and the losses' slopes by the logits.
        """
        targets = self._smooth(one_hot)
        if self.is_binary:
            return label_rules.binary_slopes(logits, targets)
        if self.name == "focal":
            return _focal(logits, targets, self.focal_gamma)
        return _cross_entropy(logits, targets)

    def mean(self, one_hot: Floats, probabilities: Floats) -> float:
        """The mean loss of answers, as `models.make_loss` gives it for arrays.

        Args:
            one_hot: labels, shape `(n, classes)`.
            probabilities: of the same shape; kept 1e-7 away from 0 and 1, while
                `slopes`, which knows the logits, does so with focal loss only.
        """
        if self.is_binary:
            return label_rules.binary_mean(self._smooth(one_hot), probabilities)
        kept = probabilities / probabilities.sum(axis=1, keepdims=True)
        np.clip(kept, _EPSILON, 1.0 - _EPSILON, out=kept)
        losses = np.log(kept)
        losses *= self._smooth(one_hot)
        if self.name == "focal":
            np.subtract(1.0, kept, out=kept)
            losses *= kept**self.focal_gamma
        return -float(np.sum(np.sum(losses, axis=1)) / np.float32(len(losses)))

    def _smooth(self, one_hot: Floats) -> Floats:
        if self.is_binary:
            return label_rules.smoothed(one_hot, self.label_smoothing)
        if not self.label_smoothing:
            return one_hot
        share = np.float32(self.label_smoothing) / np.float32(one_hot.shape[1])
        return one_hot * (1.0 - self.label_smoothing) + share


def softmax(logits: Floats) -> Floats:
    """In place, along the classes; safe for large logits."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def _cross_entropy(logits: Floats, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """From the logits, as Keras does when it finds a softmax before the loss."""
    logits -= logits.max(axis=1, keepdims=True)
    losses = -np.einsum("ij,ij->i", targets, logits)
    np.exp(logits, out=logits)
    sums = logits.sum(axis=1, keepdims=True)
    logits /= sums
    losses += np.log(sums[:, 0])
    return losses, logits, logits - targets


def _focal(
    logits: Floats, targets: Floats, gamma: float
) -> tuple[Floats, Floats, Floats]:
    """From the probabilities: https://arxiv.org/abs/1708.02002, alpha 1."""
    probabilities = softmax(logits)
    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    kept = np.clip(shares, _EPSILON, 1.0 - _EPSILON)
    logs = np.log(kept)
    missing = 1.0 - kept
    lower_power = missing ** (gamma - 1.0)
    power = lower_power * missing
    losses = -np.einsum("ij,ij,ij->i", targets, power, logs)
    # The loss by its probability; the softmax's own slope follows.
    logs *= lower_power
    logs *= gamma
    power /= kept
    logs -= power
    logs *= targets
    logs *= kept == shares  # a clipped probability has no slope
    logs -= np.einsum("ij,ij->i", logs, probabilities)[:, np.newaxis]
    logs *= probabilities
    return losses, probabilities, logs


# Moves weights by a gradient, which it may overwrite: (weights, gradient, scratch,
# state, rate). The scratch has the weights' shape, the state one such for each moment.
Rule = Callable[[Floats, Floats, Floats, Floats, Rate], None]


def _adam(
    weights: Floats, gradient: Floats, scratch: Floats, state: Floats, rate: Rate
) -> None:
    mean, square = state
    np.subtract(gradient, mean, out=scratch)
    scratch *= 1.0 - _BETA_1
    mean += scratch
    np.square(gradient, out=gradient)
    gradient -= square
    gradient *= 1.0 - _BETA_2
    square += gradient
    np.sqrt(square, out=gradient)
    gradient += _EPSILON
    np.multiply(mean, rate.adam, out=scratch)
    scratch /= gradient
    weights -= scratch


def _adamw(
    weights: Floats, gradient: Floats, scratch: Floats, state: Floats, rate: Rate
) -> None:
    """Decays every weight first, the bias too."""
    np.multiply(weights, WEIGHT_DECAY, out=scratch)
    scratch *= rate.plain
    weights -= scratch
    _adam(weights, gradient, scratch, state, rate)


def _sgd(
    weights: Floats, gradient: Floats, scratch: Floats, state: Floats, rate: Rate
) -> None:
    """With Nesterov's momentum."""
    (velocity,) = state
    gradient *= rate.plain
    velocity *= MOMENTUM
    velocity -= gradient
    np.multiply(velocity, MOMENTUM, out=scratch)
    scratch -= gradient
    weights += scratch


def _rmsprop(
    weights: Floats, gradient: Floats, scratch: Floats, state: Floats, rate: Rate
) -> None:
    (square,) = state
    np.square(gradient, out=scratch)
    scratch *= 1.0 - _RHO
    square *= _RHO
    square += scratch
    np.add(square, _EPSILON, out=scratch)
    np.sqrt(scratch, out=scratch)
    gradient *= rate.plain
    gradient /= scratch
    weights -= gradient


# By name, each with the number of its moments.
RULES: Mapping[str, tuple[Rule, int]] = MappingProxyType(
    {
        "adam": (_adam, 2),
        "adamw": (_adamw, 2),
        "sgd": (_sgd, 1),
        "rmsprop": (_rmsprop, 1),
    }
)
