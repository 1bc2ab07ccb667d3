"""Runs a Keras model's layers with TensorFlow's fused batch normalization.

Keras 3 normalizes a batch with some twenty small operations, forward and backward,
each of which reads the whole feature map. TensorFlow has one operation for it, equal
up to rounding. It halves the time of a training step of EfficientNet-Lite0 on two
cores, and there is less to trace and to optimise before the first one
(`tests/benchmarks/results/step_options.md`).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tlgui.ml import runtime

_ROWS_AND_COLUMNS = 4


def run_layers(
    keras_model: Any,
    inputs: Any,
    *,
    training: bool,
    changed: Mapping[str, Callable[[Any], Any]] = MappingProxyType({}),
) -> Any:
    """What `keras_model(inputs, training=training)` gives, in fewer operations.

    As in Keras, a frozen BatchNormalization stays in inference mode, and one that
    learns updates its moving statistics.

    Args:
        keras_model: a functional model.
        inputs: a tensor of its input's shape.
        training: whether unfrozen layers are in training mode.
        changed: by the name of a layer with one input, what is done to that first.

    Returns:
        A tensor of its output's shape.
    """

    def operation(layer: Any) -> Callable[..., Any]:
        change = changed.get(layer.name)
        if change is not None:
            return lambda x, **_: layer(change(x))
        if _is_fusible(layer):
            return lambda x, **_: _normalize(layer, x, training=training)
        if getattr(layer, "_call_has_training_arg", False):
            return lambda *args, **kwargs: layer(
                *args, **{**kwargs, "training": training}
            )
        run: Callable[..., Any] = layer
        return run

    # Keras' own walk over the graph; it has no public name.
    return keras_model._run_through_graph(inputs, operation)


def _is_fusible(layer: Any) -> bool:
    import keras

    return (
        type(layer) is keras.layers.BatchNormalization
        and layer.scale
        and layer.center
        and not layer.renorm
        and not layer.synchronized
        and len(layer.input.shape) == _ROWS_AND_COLUMNS
        and layer.axis in (-1, _ROWS_AND_COLUMNS - 1)
    )


def _normalize(layer: Any, x: Any, *, training: bool) -> Any:
    tf = runtime.tensorflow()
    learns = training and layer.trainable
    mean, variance = layer.moving_mean, layer.moving_variance
    # Half precision is for the numbers that come and go, not for the statistics.
    found = tf.raw_ops.FusedBatchNormV3(
        x=tf.cast(x, layer.compute_dtype),
        scale=layer.gamma.value,
        offset=layer.beta.value,
        mean=tf.zeros([0]) if learns else mean.value,
        variance=tf.zeros([0]) if learns else variance.value,
        epsilon=layer.epsilon,
        is_training=learns,
    )
    if learns:
        count = tf.cast(tf.size(x) // x.shape[-1], tf.float32)
        # TensorFlow divides the variance by count - 1, Keras by count.
        biased = found.batch_variance * ((count - 1) / count)
        momentum = layer.momentum
        mean.assign(mean.value * momentum + found.batch_mean * (1 - momentum))
        variance.assign(variance.value * momentum + biased * (1 - momentum))
    return found.y
