"""Keras' Adam, with TensorFlow's own operation for its step."""

import functools
from typing import Any

from tlgui.ml import runtime


@functools.cache
def with_native_step(adam: Any) -> Any:
    """`keras.optimizers.Adam` or `AdamW`, moving each weight with one operation.

    The formula is the same, up to rounding; Keras writes it as some thirty operations
    a weight, which for 150 weights are most of the graph that is traced and optimised
    before the first step.

    Args:
        adam: the optimiser's class.
    """
    tf = runtime.tensorflow()

    class NativeAdam(adam):  # type: ignore[misc]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            index = self._get_variable_index(variable)
            step = tf.cast(self.iterations.value + 1, variable.dtype)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[index].value.handle,
                v=self._velocities[index].value.handle,
                beta1_power=tf.pow(self.beta_1, step),
                beta2_power=tf.pow(self.beta_2, step),
                lr=learning_rate,
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )

    return NativeAdam
