"""A training step of ours moves weights as Keras' own does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.spec import OPTIMIZERS
from tlgui.core.types import Floats
from tlgui.ml import models, runtime
from tlgui.ml.forward import run_layers
from tlgui.ml.rates import make_schedule
from tlgui.ml.steps import KerasTrainStep, make_predict_step

pytestmark = pytest.mark.tf

CLASSES, SIZE = 3, 8
LOSSES = 1e-4


def small(*, normalized: bool = True, frozen: Sequence[str] = ()) -> Any:
    """A little of everything that the backbones are made of, always the same."""
    runtime.set_seed(3)
    import keras

    layers = keras.layers
    x = inputs = keras.Input((SIZE, SIZE, 3), name="input_image")
    x = layers.Rescaling(1 / 128, -127 / 128, name="input_rescaling")(x)
    x = layers.Conv2D(6, 3, 2, padding="same", use_bias=False, name="stem_conv")(x)
    if normalized:
        x = layers.BatchNormalization(name="stem_bn", momentum=0.9)(x)
    x = skipped = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    if normalized:
        x = layers.BatchNormalization(name="second_bn", momentum=0.9)(x)
    x = layers.Add()([layers.ReLU(6.0)(x), skipped])
    x = layers.GlobalAveragePooling2D(name="head_pool")(x)
    outputs = layers.Dense(CLASSES, activation="softmax", name="head_output")(x)
    model = keras.Model(inputs, outputs)
    for layer in model.layers:
        layer.trainable = layer.name not in frozen
    return model


def batches(count: int, size: int = 8, last: int = 3) -> list[tuple[Any, Any, Any]]:
    """Batches of noise, of which the last is smaller."""
    noise = np.random.default_rng(5)
    found = []
    for number in range(count):
        n = last if number == count - 1 else size
        pixels = noise.integers(0, 256, (n, SIZE, SIZE, 3), np.uint8)
        one_hot = np.eye(CLASSES, dtype=np.float32)[noise.integers(0, CLASSES, n)]
        found.append((pixels, one_hot, noise.uniform(0.5, 2, n).astype(np.float32)))
    return found


def keras_losses(model: Any, optimizer: Any, data: Sequence[Any]) -> Floats:
    import keras

    loss = keras.losses.CategoricalCrossentropy()
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    found = []
    for pixels, one_hot, weights in data:
        model.reset_metrics()
        found.append(model.train_on_batch(pixels.astype(np.float32), one_hot, weights))
    return np.array(found, np.float32)


def keras_optimizer(name: str, rate: float, steps: int) -> Any:
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    match name:
        case "sgd":
            return keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True)
        case "adamw":
            return keras.optimizers.AdamW(schedule, weight_decay=0.01)
        case "rmsprop":
            return keras.optimizers.RMSprop(schedule)
        case _:
            return keras.optimizers.Adam(schedule)


def make_step(model: Any, name: str = "adam", steps: int = 10) -> KerasTrainStep:
    import keras

    loss = keras.losses.CategoricalCrossentropy()
    schedule = make_schedule("cosine", 1e-3, steps)
    return KerasTrainStep(model, loss, models.make_optimizer(name, schedule))


def assert_same_weights(one: Any, other: Any, tolerance: float) -> None:
    for mine, theirs in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(
            mine.numpy(), theirs.numpy(), atol=tolerance, err_msg=mine.path
        )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_losses_and_weights_equal_keras_with_every_optimizer(name: str) -> None:
    data, ours, plain = batches(10), small(), small()
    step = make_step(ours, name)
    found = [step(*batch)[0] for batch in data]
    expected = keras_losses(plain, keras_optimizer(name, 1e-3, 10), data)
    np.testing.assert_allclose(found, expected, rtol=LOSSES)
    # Moving averages of the statistics are among the weights.
    assert_same_weights(ours, plain, 1e-4)


def test_losses_of_a_backbone_equal_keras() -> None:
    """At the rate of LP-FT's second phase; at a larger one Keras differs from itself.

    Adam divides by gradients that are nearly nothing, so that rounding grows: at
    1e-3, Keras and this step are equally far from Keras in float64.
    """
    noise = np.random.default_rng(0)
    pixels = noise.integers(0, 256, (4, 224, 224, 3), np.uint8)
    one_hot = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    data = [(pixels, one_hot, np.ones(4, np.float32))] * 3
    blocks = [block.name for block in find_backbone("efficientnet-lite0").blocks]
    ours, plain = (
        models.build_classifier(find_backbone("efficientnet-lite0"), 2) for _ in "ab"
    )
    for model in (ours, plain):
        models.set_trainable(model, blocks[8:])
    import keras

    optimizer = models.make_optimizer("adam", make_schedule("cosine", 5e-5, 100))
    step = KerasTrainStep(ours, keras.losses.CategoricalCrossentropy(), optimizer)
    found = [step(*batch)[0] for batch in data]
    expected = keras_losses(plain, keras_optimizer("adam", 5e-5, 100), data)
    np.testing.assert_allclose(found, expected, rtol=LOSSES)


def test_frozen_normalization_stays_as_it_is() -> None:
    model = small(frozen=["stem_conv", "stem_bn"])
    before = {weight.path: weight.numpy() for weight in model.weights}
    step = make_step(model)
    for batch in batches(3):
        step(*batch)
    for weight in model.weights:
        same = bool(np.array_equal(before[weight.path], weight.numpy()))
        assert same is ("stem" in weight.path), weight.path


@pytest.mark.parametrize("training", [False, True])
def test_forward_equals_keras(training: bool) -> None:
    tf = runtime.tensorflow()
    model = small()
    for batch in batches(2):
        make_step(model)(*batch)
    pixels = tf.constant(batches(1)[0][0], tf.float32)
    found = run_layers(model, pixels, training=training)
    expected = model(pixels, training=training)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    answers = make_predict_step(model)(pixels.numpy().astype(np.uint8))
    np.testing.assert_allclose(answers, model(pixels, training=False), atol=1e-6)


def test_normalization_that_cannot_be_fused_is_left_to_keras() -> None:
    tf = runtime.tensorflow()
    import keras

    inputs = keras.Input((4,))
    x = keras.layers.BatchNormalization()(inputs)
    x = keras.layers.Dropout(0.5)(x)
    model = keras.Model(inputs, x)
    values = tf.random.stateless_normal((6, 4), seed=(1, 2))
    np.testing.assert_allclose(
        run_layers(model, values, training=False), model(values, training=False)
    )
    trained = run_layers(model, values, training=True).numpy()
    assert np.count_nonzero(trained == 0) > 0  # dropped, so it was told of training


def test_a_smaller_last_batch_is_not_traced_again() -> None:
    step = make_step(small())
    for batch in batches(4):
        step(*batch)
    assert step._whole.experimental_get_tracing_count() == 1


def test_right_answers_are_counted() -> None:
    (pixels, one_hot, weights), _ = batches(2)
    model = small(frozen=["stem_bn", "second_bn"])
    answers = make_predict_step(model)(pixels)
    _, right = make_step(model)(pixels, one_hot, weights)
    assert right == int(np.sum(answers.argmax(1) == one_hot.argmax(1)))
    assert 0 < right < len(pixels)


class _Full:
    """Fails as TensorFlow does where more samples are asked for than fit."""

    def __init__(self, step: KerasTrainStep, fit: int) -> None:
        self._step, self._fit = step, fit
        self._whole, self._parts = step._whole, step._in_parts
        step._whole = self.run_whole
        step._in_parts = self.run_parts

    def run_whole(self, *batch: Any) -> Any:
        return self._guarded(self._whole, len(batch[1]), batch)

    def run_parts(self, *batch: Any) -> Any:
        return self._guarded(self._parts, batch[-1], batch)

    def _guarded(self, function: Any, samples: int, batch: Any) -> Any:
        if samples > self._fit:
            raise runtime.tensorflow().errors.ResourceExhaustedError(
                None, None, "OOM when allocating tensor"
            )
        return function(*batch)


@pytest.mark.parametrize("fit", [4, 3, 1])
def test_a_batch_that_does_not_fit_moves_the_weights_the_same(fit: int) -> None:
    data = batches(5)
    whole, halved = small(normalized=False), small(normalized=False)
    step, tight = make_step(whole), make_step(halved)
    _Full(tight, fit)
    assert tight.notice == ""
    for batch in data:
        loss, right = step(*batch)
        found, counted = tight(*batch)
        assert found == pytest.approx(loss, rel=1e-5)
        assert counted == right
    assert_same_weights(whole, halved, 1e-5)
    assert "does not fit in memory" in tight.notice
    assert tight._most is not None
    assert tight._most <= fit


def test_parts_of_a_batch_keep_normalization_finite() -> None:
    model = small()
    step = make_step(model)
    _Full(step, 4)
    losses = [step(*batch)[0] for batch in batches(4)]
    assert np.isfinite(losses).all()
    assert all(np.isfinite(weight.numpy()).all() for weight in model.weights)


def test_not_even_one_sample_fits() -> None:
    step = make_step(small())
    _Full(step, 0)
    with pytest.raises(TlguiError, match="not enough memory"):
        step(*batches(1)[0])


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_a_batch_seen_in_parts_from_the_start_moves_the_weights_the_same(
    at_once: int,
) -> None:
    import keras

    whole, parts = small(normalized=False), small(normalized=False)
    step = make_step(whole)
    limited = KerasTrainStep(
        parts,
        keras.losses.CategoricalCrossentropy(),
        models.make_optimizer("adam", make_schedule("cosine", 1e-3, 10)),
        at_once=at_once,
    )
    for batch in batches(5):
        loss, right = step(*batch)
        found, counted = limited(*batch)
        assert found == pytest.approx(loss, rel=1e-5)
        assert counted == right
    assert_same_weights(whole, parts, 1e-5)
    assert limited.notice == "", "it was asked for"
