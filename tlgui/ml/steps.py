"""The two computations of a run, each traced once: a training step, an answer."""

from collections.abc import Callable
from typing import Any

from tlgui.core.types import Floats
from tlgui.ml import runtime

TrainStep = Callable[[Any, Floats, Floats], tuple[float, int]]
PredictStep = Callable[[Any], Floats]


def make_train_step(
    keras_model: Any, loss: Any, optimizer: Any, dtype: str = "uint8"
) -> TrainStep:
    """Makes the step that moves the trainable weights once.

    A plain graph without XLA: on a CPU Keras' default takes 18-68 s to its first
    batch. The batch axis is open, so that the smaller last batch needs no second
    tracing.

    Args:
        keras_model: made by `models.build_classifier`, frozen as wished.
        loss: for one-hot labels and probabilities.
        optimizer: moves the weights.
        dtype: of the inputs: `uint8` for decoded samples, `float32` for activations.

    Returns:
        A function of inputs `(n, …)`, one-hot labels `(n, classes)` and
        sample weights `(n,)`, to the mean loss and the number of right answers.
    """
    tf = runtime.tensorflow()
    variables = keras_model.trainable_variables
    optimizer.build(variables)
    signature = [
        tf.TensorSpec([None, *keras_model.input_shape[1:]], dtype),
        tf.TensorSpec([None, keras_model.output_shape[-1]], tf.float32),
        tf.TensorSpec([None], tf.float32),
    ]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def step(inputs: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            probabilities = keras_model(tf.cast(inputs, tf.float32), training=True)
            value = loss(labels, probabilities, sample_weight=weights)
        gradients = tape.gradient(value, [variable.value for variable in variables])
        optimizer.apply(gradients, variables)
        right = tf.argmax(probabilities, 1) == tf.argmax(labels, 1)
        return value, tf.reduce_sum(tf.cast(right, tf.int32))

    def train(inputs: Any, labels: Floats, weights: Floats) -> tuple[float, int]:
        value, right = step(inputs, labels, weights)
        return float(value), int(right)

    return train


def make_predict_step(keras_model: Any, dtype: str = "uint8") -> PredictStep:
    """Makes the step that answers.

    Args:
        keras_model: a classifier, or the part of one behind a cut.
        dtype: of the inputs: `uint8` for decoded samples, `float32` for activations.

    Returns:
        A function of inputs `(n, …)` to probabilities `(n, classes)`.
    """
    tf = runtime.tensorflow()
    signature = [tf.TensorSpec([None, *keras_model.input_shape[1:]], dtype)]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def step(inputs: Any) -> Any:
        return keras_model(tf.cast(inputs, tf.float32), training=False)

    def answer(inputs: Any) -> Floats:
        probabilities: Floats = step(inputs).numpy()
        return probabilities

    return answer
