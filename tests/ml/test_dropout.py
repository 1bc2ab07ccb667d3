"""Features that the head must do without."""

from typing import Any

import numpy as np
import pytest

from tlgui.core.phases import plan_phases
from tlgui.core.spec import TrainingSpec
from tlgui.ml import models, runtime
from tlgui.ml.dropout import Dropout, dropout_of
from tlgui.ml.head_solver import HeadSolver
from tlgui.ml.steps import KerasTrainStep

RATE, FEATURES, CLASSES = 0.4, 600, 3
DROPOUT = Dropout(RATE, (5, 1))


def head(dropout: Dropout | None) -> HeadSolver:
    return HeadSolver(
        *(FEATURES, CLASSES),
        optimizer="adam",
        learning_rate=0.01,
        steps=10,
        loss="cross-entropy",
        dropout=dropout,
    )


def keras_head(
    dropout: Dropout | None, at_once: int = 0, strategy: Any = None
) -> tuple[Any, KerasTrainStep]:
    import keras

    runtime.set_seed(1)
    inputs = keras.Input((FEATURES,))
    outputs = keras.layers.Dense(
        CLASSES, "softmax", kernel_initializer="zeros", name=models.HEAD_OUTPUT
    )(inputs)
    model = keras.Model(inputs, outputs)
    step = KerasTrainStep(
        model,
        keras.losses.CategoricalCrossentropy(),
        models.make_optimizer("adam", 0.01),
        "float32",
        strategy,
        at_once=at_once,
        dropout=dropout,
    )
    return model, step


def batch(count: int = 1) -> tuple[Any, Any, Any]:
    features = np.ones((count, FEATURES), np.float32)
    one_hot = np.eye(CLASSES, dtype=np.float32)[np.zeros(count, int)]
    return features, one_hot, np.ones(count, np.float32)


def test_the_mean_stays_and_every_step_leaves_out_others() -> None:
    features = np.ones((200, FEATURES), np.float32)
    one, same, other = (DROPOUT.of_array(features, step) for step in (3, 3, 4))
    assert (one == 0).mean() == pytest.approx(RATE, abs=0.01)
    assert one.mean() == pytest.approx(1.0, abs=0.01)
    np.testing.assert_array_equal(one, same)
    assert ((one == 0) != (other == 0)).any()


def test_what_the_numpy_head_does_without_is_not_moved() -> None:
    solver = head(DROPOUT)
    solver.step(*batch())
    unmoved = (solver.kernel == 0).all(axis=1)
    left_out = DROPOUT.of_array(batch()[0], 0)[0] == 0
    np.testing.assert_array_equal(unmoved, left_out)
    assert head(None).predict(batch()[0]).shape == (1, CLASSES)


def test_answers_are_given_with_all_features() -> None:
    plain, dropped = head(None), head(DROPOUT)
    dropped.step(*batch(4))
    plain.set_weights(dropped.get_weights())
    features = batch(4)[0]
    np.testing.assert_array_equal(plain.predict(features), dropped.predict(features))


def test_a_head_that_goes_on_leaves_out_what_it_would_have() -> None:
    whole, before, after = head(DROPOUT), head(DROPOUT), head(DROPOUT)
    for _ in range(4):
        whole.step(*batch(8))
    for _ in range(2):
        before.step(*batch(8))
    after.set_state(before.get_state())
    for _ in range(2):
        after.step(*batch(8))
    np.testing.assert_array_equal(whole.kernel, after.kernel)


def unmoved(model: Any) -> Any:
    kernel = model.get_layer(models.HEAD_OUTPUT).get_weights()[0]
    return (kernel == 0).all(axis=1)


@pytest.mark.tf
def test_what_the_keras_head_does_without_is_not_moved() -> None:
    model, step = keras_head(DROPOUT)
    step(*batch())
    assert unmoved(model).mean() == pytest.approx(RATE, abs=0.06)
    before = unmoved(model)
    step(*batch())
    assert unmoved(model).mean() < before.mean(), "other features in the next step"
    again, same_step = keras_head(DROPOUT)
    same_step(*batch())
    np.testing.assert_array_equal(unmoved(again), before)
    plain, plain_step = keras_head(None)
    plain_step(*batch())
    assert not unmoved(plain).any()


@pytest.mark.tf
@pytest.mark.parametrize("at_once", [0, 1])
def test_samples_of_a_batch_do_without_different_features(at_once: int) -> None:
    model, step = keras_head(DROPOUT, at_once)
    step(*batch(6))
    assert unmoved(model).mean() == pytest.approx(RATE**6, abs=0.02)


def test_every_phase_leaves_out_others() -> None:
    spec = TrainingSpec("x", trainable=("top",), dropout=0.2, seed=7)
    first, second = (dropout_of(spec, phase) for phase in plan_phases(spec))
    assert first is not None
    assert second is not None
    assert first.seed != second.seed
    assert dropout_of(TrainingSpec("x"), plan_phases(spec)[0]) is None
