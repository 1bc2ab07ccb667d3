"""Binary cross-entropy in numpy against Keras' own, for samples of several classes."""

from typing import Any

import numpy as np
import pytest

from tests.ml.test_head_solver import assert_equal_to_keras
from tests.ml.test_steps import SIZE, assert_same_weights, small
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml import models, runtime
from tlgui.ml.head_rules import HeadLoss
from tlgui.ml.head_solver import HeadSolver
from tlgui.ml.label_rules import sigmoid
from tlgui.ml.mixing import Alphas, mixed
from tlgui.ml.rates import make_schedule
from tlgui.ml.steps import KerasTrainStep

FEATURES, CLASSES, SAMPLES, BATCH = 40, 5, 64, 16
BINARY = "binary-cross-entropy"
SPEC = TrainingSpec(data="", task="image-multilabel", loss=BINARY)
Batch = tuple[Floats, Floats, Floats]


def samples(classes: int = CLASSES) -> Batch:
    """Features, which classes each sample shows (some none), and weights."""
    noise = np.random.default_rng(classes)
    shown = (noise.random((SAMPLES, classes)) < 0.4).astype(np.float32)
    centres = noise.normal(0, 0.5, (classes, FEATURES))
    features = noise.normal(shown @ centres, 0.5).astype(np.float32)
    return features, shown, noise.uniform(0.5, 1.5, SAMPLES).astype(np.float32)


def batches(data: Batch, epochs: int) -> list[Batch]:
    noise = np.random.default_rng(0)
    found = []
    for _ in range(epochs):
        order = noise.permutation(SAMPLES)
        for first in range(0, SAMPLES, BATCH):
            places = order[first : first + BATCH]
            found.append((data[0][places], data[1][places], data[2][places]))
    return found


def solver(classes: int = CLASSES, **changes: Any) -> HeadSolver:
    values: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.003}
    values |= {"steps": 80, "loss": BINARY}
    return HeadSolver(FEATURES, classes, **(values | changes))


def keras_head(classes: int) -> Any:
    import keras

    inputs = keras.Input((FEATURES,))
    dense = keras.layers.Dense(classes, "sigmoid", kernel_initializer="zeros")
    return keras.Model(inputs, dense(inputs))


@pytest.mark.tf
@pytest.mark.parametrize(
    ("optimizer", "classes", "smoothing"),
    [("adam", 5, 0.0), ("sgd", 5, 0.1), ("rmsprop", 1, 0.0)],
)
def test_every_step_is_that_of_keras(
    optimizer: str, classes: int, smoothing: float
) -> None:
    runtime.tensorflow()
    import keras

    data, steps = samples(classes), 80
    model = keras_head(classes)
    schedule = make_schedule("cosine", 0.003, steps)
    loss = keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
    model.compile(
        models.make_optimizer(optimizer, schedule), loss=loss, jit_compile=False
    )
    ours = solver(classes, optimizer=optimizer, label_smoothing=smoothing)
    for batch in batches(data, 20):
        model.reset_metrics()
        theirs = float(model.train_on_batch(*batch))
        assert ours.step(*batch)[0] == pytest.approx(theirs, rel=2e-5)
    for own, their in zip(ours.get_weights(), model.weights, strict=True):
        np.testing.assert_allclose(own, their.numpy(), atol=1e-4)
    answers = model.predict(data[0], verbose=0)
    np.testing.assert_allclose(ours.predict(data[0]), answers, atol=1e-5)
    whole = float(loss(data[1], answers))
    assert ours.loss_of(data[1], answers) == pytest.approx(whole, rel=1e-6)


@pytest.mark.tf
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_losses_and_slopes_of_large_logits_are_those_of_keras(smoothing: float) -> None:
    runtime.tensorflow()
    import keras

    logits = np.array([[0, 3, -5], [12, -12, 0], [40, -40, 1], [1e4, -1e4, 0]], "f4")
    shown = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], np.float32)
    spec = TrainingSpec(data="", loss=BINARY, label_smoothing=smoothing)
    assert_equal_to_keras(spec, logits, shown, keras.ops.sigmoid)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_slopes_are_those_of_finite_differences(smoothing: float) -> None:
    rule = HeadLoss(BINARY, smoothing, 2.0)
    noise = np.random.default_rng(0)
    logits: Any = noise.normal(0, 2, (6, 4))  # float64, for the differences' sake
    shown: Any = (noise.random((6, 4)) < 0.5).astype(float)
    slopes = rule.slopes(logits.copy(), shown)[2]
    width = 1e-5
    for place in np.ndindex(*logits.shape):
        ends = []
        for side in (width, -width):
            moved = logits.copy()
            moved[place] += side
            ends.append(rule.slopes(moved, shown)[0].sum())
        measured = (ends[0] - ends[1]) / (2 * width)
        assert slopes[place] == pytest.approx(measured, rel=1e-5, abs=1e-8)


def test_an_answer_is_right_if_all_of_it_is() -> None:
    ours = solver(3, optimizer="sgd", learning_rate=0.1)
    bias = np.array([2, -2, -2], np.float32)
    ours.set_weights([np.zeros((FEATURES, 3), np.float32), bias])
    shown = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0.7, 0.3, 0]], np.float32)
    _, right = ours.step(
        np.zeros((4, FEATURES), np.float32), shown, np.ones(4, np.float32)
    )
    assert right == 2  # the first, and the one that is mixed of two


def test_large_logits_stay_finite() -> None:
    with np.errstate(all="raise", under="ignore"):
        found = sigmoid(np.array([[1e4, -1e4, 0, 88.0]], np.float32))
    np.testing.assert_allclose(found, [[1, 0, 0.5, 1]], atol=1e-7)
    exploding = solver(optimizer="sgd", learning_rate=1e38)
    losses = [exploding.step(*batch)[0] for batch in batches(samples(), 5)]
    assert np.isfinite(losses[0])
    assert not np.isfinite(losses[-1])


def test_mixed_labels_are_shares_of_both() -> None:
    features, shown, weights = samples()
    found, labels, _ = mixed(features, shown, weights, Alphas(0.4), (1, 2, 3))
    assert found.shape == features.shape
    larger = labels > 0.5
    np.testing.assert_array_equal(larger, shown > 0.5)
    assert ((labels >= 0) & (labels <= 1)).all()
    assert ((labels > 0) & (labels < 1)).any()


@pytest.mark.tf
@pytest.mark.parametrize("at_once", [0, 3])
def test_a_step_of_blocks_is_that_of_keras(at_once: int) -> None:
    import keras

    ours, plain = (_with_sigmoid(small(normalized=False)) for _ in "ab")
    noise = np.random.default_rng(5)
    data = []
    for n in (8, 8, 3):
        pixels = noise.integers(0, 256, (n, SIZE, SIZE, 3), np.uint8)
        shown = (noise.random((n, 3)) < 0.4).astype(np.float32)
        data.append((pixels, shown, noise.uniform(0.5, 2, n).astype(np.float32)))
    loss = keras.losses.BinaryCrossentropy()
    step = KerasTrainStep(
        ours,
        loss,
        models.make_optimizer("adam", make_schedule("cosine", 1e-3, 10)),
        at_once=at_once,
        multilabel=True,
    )
    plain.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, 10)),
        loss=keras.losses.BinaryCrossentropy(),
        jit_compile=False,
    )
    for pixels, shown, weights in data:
        said = plain.predict(pixels.astype(np.float32), verbose=0) > 0.5
        plain.reset_metrics()
        theirs = plain.train_on_batch(pixels.astype(np.float32), shown, weights)
        value, right = step(pixels, shown, weights)
        assert value == pytest.approx(float(theirs), rel=1e-4)
        assert right == int((said == (shown > 0.5)).all(axis=1).sum())
    assert_same_weights(ours, plain, 1e-4)


def _with_sigmoid(model: Any) -> Any:
    import keras

    model.get_layer("head_output").activation = keras.activations.sigmoid
    return model
