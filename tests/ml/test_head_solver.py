"""The numpy head against Keras' own loss and optimiser, step by step."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import threadpoolctl  # type: ignore[import-untyped]

from tlgui.core.spec import OPTIMIZERS, SINGLE_LOSSES, TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml import head_solver, models, runtime
from tlgui.ml.head_rules import HeadLoss
from tlgui.ml.head_solver import HeadSolver, one_blas_thread
from tlgui.ml.rates import make_schedule

FEATURES, SAMPLES, BATCH, EPOCHS = 160, 300, 32, 30
RATES = {"adam": 0.003, "adamw": 0.003, "sgd": 0.02, "rmsprop": 0.001}
Batch = tuple[Floats, Floats, Floats]


def samples(classes: int) -> Batch:
    """Features as pooling gives them (none negative), labels, class weights."""
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, SAMPLES)
    centres = rng.normal(0, 0.3, (classes, FEATURES))
    features = np.maximum(rng.normal(centres[labels], 0.6), 0).astype(np.float32)
    weights = rng.uniform(0.5, 1.5, classes).astype(np.float32)
    return features, np.eye(classes, dtype=np.float32)[labels], weights[labels]


def batches(data: Batch, epochs: int = EPOCHS) -> Iterator[Batch]:
    rng = np.random.default_rng(0)
    for _ in range(epochs):
        order = rng.permutation(SAMPLES)
        for first in range(0, SAMPLES, BATCH):
            places = order[first : first + BATCH]
            yield data[0][places], data[1][places], data[2][places]


def solver(classes: int, **changes: Any) -> HeadSolver:
    values: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.003}
    values |= {"steps": 300, "loss": "cross-entropy"}
    return HeadSolver(FEATURES, classes, **(values | changes))


class KerasHead:
    """The same head in Keras, trained as `steps.KerasTrainStep` does it."""

    def __init__(self, spec: TrainingSpec, classes: int, steps: int) -> None:
        tf = runtime.tensorflow()
        import keras

        inputs = keras.Input((FEATURES,))
        dense = keras.layers.Dense(classes, "softmax", kernel_initializer="zeros")
        self.model = keras.Model(inputs, dense(inputs))
        self.loss = models.make_loss(spec)
        with pytest.MonkeyPatch.context() as plain:  # Keras' own step
            plain.setattr(models, "with_native_step", lambda adam: adam)
            self.optimizer = models.make_optimizer(
                spec.optimizer,
                make_schedule(spec.schedule, spec.learning_rate, steps),
            )
        variables = self.model.trainable_variables
        self.optimizer.build(variables)
        shapes = [[None, FEATURES], [None, classes], [None]]

        @tf.function(  # type: ignore[untyped-decorator]
            input_signature=[tf.TensorSpec(shape) for shape in shapes],
            jit_compile=False,
            autograph=False,
        )
        def step(inputs: Any, one_hot: Any, weights: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                answers = self.model(inputs, training=True)
                loss = self.loss(one_hot, answers, sample_weight=weights)
            gradients = tape.gradient(loss, [v.value for v in variables])
            self.optimizer.apply(gradients, variables)
            right = tf.argmax(answers, 1) == tf.argmax(one_hot, 1)
            return loss, tf.reduce_sum(tf.cast(right, tf.int32))

        self._step: Callable[..., Any] = step

    def step(self, *batch: Floats) -> tuple[float, int]:
        loss, right = self._step(*batch)
        return float(loss), int(right)


@pytest.mark.tf
@pytest.mark.parametrize(("classes", "smoothing"), [(2, 0.0), (20, 0.0), (20, 0.1)])
@pytest.mark.parametrize("loss", SINGLE_LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_step_is_that_of_keras(
    optimizer: str, loss: str, classes: int, smoothing: float
) -> None:
    values: dict[str, Any] = {"optimizer": optimizer, "loss": loss}
    values |= {"learning_rate": RATES[optimizer], "label_smoothing": smoothing}
    data = samples(classes)
    steps = EPOCHS * -(-SAMPLES // BATCH)
    keras_head = KerasHead(TrainingSpec(data="", **values), classes, steps)
    ours = solver(classes, steps=steps, **values)
    differences = []
    for number, batch in enumerate(batches(data)):
        if number % 50 == 0:
            rate = float(keras_head.optimizer.learning_rate)
            assert ours.learning_rate == pytest.approx(rate, rel=1e-5, abs=1e-9)
        theirs, right = keras_head.step(*batch)
        loss_value, ours_right = ours.step(*batch)
        assert ours_right == right
        differences.append(abs(loss_value - theirs) / theirs)
    assert len(differences) == steps == 300
    assert np.median(differences) < 2e-6
    assert np.quantile(differences, 0.95) < 1e-5
    assert max(differences) < 2e-4
    for own, their in zip(ours.get_weights(), keras_head.model.weights, strict=True):
        size = float(abs(their.numpy()).max())
        np.testing.assert_allclose(own, their.numpy(), rtol=0, atol=1e-4 * size)
    answers = keras_head.model(data[0]).numpy()
    np.testing.assert_allclose(ours.predict(data[0]), answers, atol=1e-5)
    whole = float(keras_head.loss(data[1], answers))
    assert ours.loss_of(data[1], answers) == pytest.approx(whole, rel=1e-6)


def assert_equal_to_keras(
    spec: TrainingSpec, logits: Floats, labels: Floats, activation: Callable[[Any], Any]
) -> None:
    """The losses of logits, and their slopes, are those that Keras finds."""
    tf = runtime.tensorflow()
    make_loss = models.make_loss(spec)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def keras_slopes(logits: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = make_loss(labels, activation(logits))
        return value, tape.gradient(value, logits)

    theirs, their_slopes = keras_slopes(tf.constant(logits))
    rule = HeadLoss(spec.loss, spec.label_smoothing, spec.focal_gamma)
    losses, answers, slopes = rule.slopes(logits, labels)
    assert losses.mean() == pytest.approx(float(theirs), rel=1e-6)
    np.testing.assert_allclose(
        slopes / len(labels), their_slopes.numpy(), rtol=1e-5, atol=1e-8
    )
    certain = float(make_loss(labels, answers))
    assert rule.mean(labels, answers) == pytest.approx(certain, rel=1e-6)


@pytest.mark.tf
@pytest.mark.parametrize("loss", SINGLE_LOSSES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_losses_and_slopes_of_large_logits_are_those_of_keras(
    loss: str, smoothing: float
) -> None:
    runtime.tensorflow()
    import keras

    spec = TrainingSpec(data="", loss=loss, label_smoothing=smoothing)
    logits = np.array(
        [[0, 0, 0], [3, 12, -5], [12, 3, -5], [30, 0, -30], [0, 1e4, -1e4]], np.float32
    )
    one_hot = np.eye(3, dtype=np.float32)[[0, 1, 1, 0, 2]]
    assert_equal_to_keras(spec, logits, one_hot, keras.ops.softmax)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize(
    ("loss", "gamma"),
    [
        ("cross-entropy", 0.0),
        *(("focal", gamma) for gamma in (0.0, 0.5, 1.0, 2.0, 5.0)),
    ],
)
def test_slopes_are_those_of_finite_differences(
    loss: str, gamma: float, smoothing: float
) -> None:
    rule = HeadLoss(loss, smoothing, gamma)
    rng = np.random.default_rng(0)
    logits: Any = rng.normal(0, 2, (6, 4))  # float64, for the differences' sake
    one_hot: Any = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    slopes = rule.slopes(logits.copy(), one_hot)[2]
    width = 1e-5
    for place in np.ndindex(*logits.shape):
        ends = []
        for side in (width, -width):
            moved = logits.copy()
            moved[place] += side
            ends.append(rule.slopes(moved, one_hot)[0].sum())
        measured = (ends[0] - ends[1]) / (2 * width)
        assert slopes[place] == pytest.approx(measured, rel=1e-5, abs=1e-8)


def test_a_step_counts_before_it_moves_and_weighs_as_told() -> None:
    ours = solver(2, optimizer="sgd", learning_rate=1.0)
    inputs = np.zeros((4, FEATURES), np.float32)
    one_hot = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    weights = np.array([1, 1, 0, 4], np.float32)
    loss, right = ours.step(inputs, one_hot, weights)
    assert loss == pytest.approx(np.log(2) * 6 / 4)
    assert right == 3
    # Slope of the bias: (0.5 * 4 - 0.5 * 2) / 4; Nesterov goes 1.9 times as far.
    np.testing.assert_allclose(ours.bias, [-0.475, 0.475], rtol=1e-6)
    assert not ours.kernel.any()


@pytest.mark.parametrize("loss", SINGLE_LOSSES)
def test_large_logits_stay_finite(loss: str) -> None:
    ours = solver(3, loss=loss)
    features, one_hot, weights = samples(3)
    shift = np.array([1e4, 0, -1e4], np.float32)
    ours.set_weights([ours.kernel + shift, ours.bias])
    value, _ = ours.step(features, one_hot, weights)
    assert np.isfinite(value)
    assert value > 1
    assert all(np.isfinite(part).all() for part in ours.get_weights())
    np.testing.assert_allclose(ours.predict(features).sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("loss", SINGLE_LOSSES)
def test_an_exploded_head_gives_a_loss_that_is_not_finite(loss: str) -> None:
    ours = solver(2, loss=loss, optimizer="sgd", learning_rate=1e38)
    data = samples(2)
    losses = [ours.step(*batch)[0] for batch in batches(data, epochs=1)]
    assert np.isfinite(losses[0])
    assert not np.isfinite(losses[-1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("rows", [1, 7, FEATURES])
def test_moving_by_parts_moves_the_same(
    monkeypatch: pytest.MonkeyPatch, optimizer: str, rows: int
) -> None:
    whole = solver(3, optimizer=optimizer)
    monkeypatch.setattr(head_solver, "_PART", rows * 3)
    parts = solver(3, optimizer=optimizer)
    for batch in batches(samples(3), epochs=3):
        expected = whole.step(*batch)
        assert parts.step(*batch) == pytest.approx(expected, rel=1e-5)
    assert whole.bias.all()
    np.testing.assert_allclose(parts.kernel, whole.kernel, atol=1e-5)
    np.testing.assert_allclose(parts.bias, whole.bias, atol=1e-5)


def test_the_rate_falls_to_zero_and_stays_there() -> None:
    ours = solver(2, steps=10, learning_rate=0.5)
    rates = []
    for batch in batches(samples(2), epochs=2):
        rates.append(ours.learning_rate)
        ours.step(*batch)
    assert rates[0] == 0.5
    assert rates[5] == pytest.approx(0.25)
    assert rates[10:] == [0.0] * 10
    assert rates[:11] == sorted(rates[:11], reverse=True)


def test_weights_are_copied_out_and_in() -> None:
    first = solver(2)
    for batch in batches(samples(2), epochs=1):
        first.step(*batch)
    kept = first.get_weights()
    second = solver(2, weights=kept)
    np.testing.assert_array_equal(second.kernel, kept[0])
    np.testing.assert_array_equal(second.bias, kept[1])
    before = kept[0].copy()
    for ours in (first, second):
        ours.step(*next(batches(samples(2))))
        assert (ours.kernel != before).any()
    np.testing.assert_array_equal(kept[0], before)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_another_solver_goes_on_to_the_bit(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_solver, "_PART", 3 * 50)
    data, rate = samples(3), RATES[optimizer]
    whole = solver(3, optimizer=optimizer, learning_rate=rate)
    first = solver(3, optimizer=optimizer, learning_rate=rate)
    second = solver(3, optimizer=optimizer, learning_rate=rate)
    for number, batch in enumerate(batches(data, 2)):
        if number == 7:
            second.set_state(first.get_state())
        expected = whole.step(*batch)
        assert (second if number >= 7 else first).step(*batch) == expected
    np.testing.assert_array_equal(whole.kernel, second.kernel)
    with pytest.raises(ValueError, match="expected shape"):
        solver(4, optimizer=optimizer).set_state(first.get_state())


def test_what_does_not_fit_is_refused() -> None:
    kernel, bias = solver(2).get_weights()
    with pytest.raises(ValueError, match=r"\(160, 2\).*\(1, 2\)"):
        solver(2).set_weights([kernel[:1], bias])
    with pytest.raises(ValueError, match="shorter"):
        solver(2).set_weights([kernel])
    with pytest.raises(ValueError, match="hinge"):
        solver(2, loss="hinge")
    with pytest.raises(KeyError, match="lion"):
        solver(2, optimizer="lion")


def test_one_blas_thread_is_for_a_while() -> None:
    def threads() -> list[int]:
        return [
            pool["num_threads"]
            for pool in threadpoolctl.threadpool_info()
            if pool["user_api"] == "blas"
        ]

    before = threads()
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        with one_blas_thread():
            assert set(threads()) <= {1}
        assert threads() == [2] * len(before)


def test_it_needs_no_tensorflow() -> None:
    code = (
        "import sys, tlgui.ml.head_solver; "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "set()"
