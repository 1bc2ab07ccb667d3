"""The two computations of a run, each traced once: a training step, an answer."""

from collections.abc import Callable
from typing import Any

from tlgui.core.types import Floats, Pixels
from tlgui.ml import runtime

TrainStep = Callable[[Pixels, Floats, Floats], tuple[float, int]]
PredictStep = Callable[[Pixels], Floats]


def make_train_step(keras_model: Any, loss: Any, optimizer: Any) -> TrainStep:
    """Makes the step that moves the trainable weights once.

    A plain graph without XLA: on a CPU Keras' default takes 18-68 s to its first
    batch. The batch axis is open, so that the smaller last batch needs no second
    tracing.

    Args:
        keras_model: made by `models.build_classifier`, frozen as wished.
        loss: for one-hot labels and probabilities.
        optimizer: moves the weights.

    Returns:
        A function of pixels `(n, size, size, 3)`, one-hot labels `(n, classes)` and
        sample weights `(n,)`, to the mean loss and the number of right answers.
    """
    tf = runtime.tensorflow()
    variables = keras_model.trainable_variables
    optimizer.build(variables)
    signature = [
        tf.TensorSpec([None, *keras_model.input_shape[1:]], tf.uint8),
        tf.TensorSpec([None, keras_model.output_shape[-1]], tf.float32),
        tf.TensorSpec([None], tf.float32),
    ]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def step(pixels: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            probabilities = keras_model(tf.cast(pixels, tf.float32), training=True)
            value = loss(labels, probabilities, sample_weight=weights)
        gradients = tape.gradient(value, [variable.value for variable in variables])
        optimizer.apply(gradients, variables)
        right = tf.argmax(probabilities, 1) == tf.argmax(labels, 1)
        return value, tf.reduce_sum(tf.cast(right, tf.int32))

    def train(pixels: Pixels, labels: Floats, weights: Floats) -> tuple[float, int]:
        value, right = step(pixels, labels, weights)
        return float(value), int(right)

    return train


def make_predict_step(keras_model: Any) -> PredictStep:
    """Makes the step that answers.

    Returns:
        A function of pixels `(n, size, size, 3)` to probabilities `(n, classes)`.
    """
    tf = runtime.tensorflow()
    signature = [tf.TensorSpec([None, *keras_model.input_shape[1:]], tf.uint8)]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def step(pixels: Any) -> Any:
        return keras_model(tf.cast(pixels, tf.float32), training=False)

    def answer(pixels: Pixels) -> Floats:
        probabilities: Floats = step(pixels).numpy()
        return probabilities

    return answer
