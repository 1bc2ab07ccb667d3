"""How fast what learns: the schedule of a phase, and each block's share of it."""

import functools
import math
from collections.abc import Sequence
from typing import Any

from tlgui.core.phases import Phase
from tlgui.core.schedules import COSINE, pieces_of
from tlgui.ml import runtime
from tlgui.ml.backbones import block_of

_EPSILON = 1e-12


def make_schedule(schedule: str, learning_rate: float, steps: int) -> Any:
    """A learning rate that changes from step to step, as `schedules.share_at` says.

    Args:
        schedule: one of `core.schedules.SCHEDULES`.
        learning_rate: the largest.
        steps: of the phase.

    Returns:
        A `keras.optimizers.schedules.LearningRateSchedule`; its `share`, a variable,
        multiplies all.
    """
    tf = runtime.tensorflow()
    import keras

    steps = max(steps, 1)
    cosine = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    pieces = pieces_of(schedule, steps)

    class PhaseSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __init__(self) -> None:
            self.share = tf.Variable(1.0, trainable=False, dtype=tf.float32)

        def __call__(self, step: Any) -> Any:
            if schedule == COSINE:  # equal to Keras' own to the bit
                return cosine(step)
            at = tf.cast(tf.minimum(step, steps), tf.float32) / tf.cast(
                steps, tf.float32
            )
            return learning_rate * self._share_at(at) * self.share

        def _share_at(self, at: Any) -> Any:
            begins = [0.0, *(piece.end for piece in pieces)]
            found: Any = None
            for piece, begin in reversed([*zip(pieces, begins, strict=False)]):
                way = (at - begin) / (piece.end - begin)
                if piece.is_curved:
                    way = 0.5 * (1.0 - tf.cos(math.pi * way))
                value = piece.first + (piece.last - piece.first) * way
                if found is not None:
                    value = tf.where(at < piece.end, value, found)
                found = value
            return found

        def get_config(self) -> dict[str, Any]:
            return {}

    return PhaseSchedule()


@functools.cache
def with_shares(optimizer: Any) -> Any:
    """An optimiser's class whose steps differ from weight to weight.

    The attribute `shares`, one number or scalar tensor for each weight, is set before
    each `apply`.

    Args:
        optimizer: a class of `keras.optimizers`.
    """

    class Shared(optimizer):  # type: ignore[misc]
        shares: Sequence[Any] = ()

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            share = self.shares[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * share)

    Shared.__name__ = optimizer.__name__
    return Shared


class BlockRates:
    """Each weight's share of the learning rate, by the block that it belongs to."""

    def __init__(self, keras_model: Any, phase: Phase) -> None:
        """Notes the blocks.

        Args:
            keras_model: whose trainable weights will be moved.
            phase: says the shares, or that each step finds them.
        """
        owners = {
            id(weight): block_of(layer.name)
            for layer in keras_model.layers
            for weight in layer.trainable_weights
        }
        self._blocks = [owners[id(w)] for w in keras_model.trainable_weights]
        self._rates = dict(phase.rates)
        self._weighed = phase.trainable if phase.weighs_blocks else ()

    def shares(self, gradients: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
        """One share for each weight.

        Args:
            gradients: of the weights.
            weights: their present values.
        """
        found = self._rates
        if self._weighed:
            found = self._relative_norms(gradients, weights)
        return [found.get(block, 1.0) for block in self._blocks]

    def _relative_norms(
        self, gradients: Sequence[Any], weights: Sequence[Any]
    ) -> dict[str, Any]:
        """Auto-RGN: the norm of a block's gradient by that of its weights.

        https://arxiv.org/abs/2210.11466, section 4; 1 for the largest. The head is
        new and learns at the full rate.
        """
        tf = runtime.tensorflow()

        def norm(values: Sequence[Any], block: str) -> Any:
            mine = zip(values, self._blocks, strict=True)
            squares = [
                tf.reduce_sum(tf.square(value)) for value, b in mine if b == block
            ]
            return tf.sqrt(tf.add_n(squares))

        found = {
            block: norm(gradients, block) / (norm(weights, block) + _EPSILON)
            for block in dict.fromkeys(self._blocks)
            if block in self._weighed
        }
        if not found:
            return {}
        largest = tf.reduce_max(tf.stack([*found.values()])) + _EPSILON
        return {block: value / largest for block, value in found.items()}


def rates_of(keras_model: Any, phase: Phase, replicas: int) -> BlockRates | None:
    """The rates of a phase; None if all blocks learn alike.

    Devices that share a batch see different gradients, so they weigh no blocks.
    """
    if phase.rates or (phase.weighs_blocks and replicas == 1):
        return BlockRates(keras_model, phase)
    return None
