"""Schedules and shares of the learning rate, as the weights themselves show them."""

from typing import Any

import numpy as np
import pytest

from tlgui.core.phases import Phase, plan_phases
from tlgui.core.schedules import SCHEDULES, share_at
from tlgui.core.spec import OPTIMIZERS, TrainingSpec
from tlgui.ml import models
from tlgui.ml.backbones import block_of
from tlgui.ml.devices import Devices
from tlgui.ml.head_rules import rate_at
from tlgui.ml.learners import BlockLearner, HeadLearner
from tlgui.ml.pulls import Pulls
from tlgui.ml.rates import make_schedule
from tlgui.ml.steps import KerasTrainStep

pytestmark = pytest.mark.tf
CLASSES, SIZE = 3, 16
BLOCKS = ("stem", "block1", "block2", "top")
TUNED: dict[str, Any] = {"data": "x", "trainable": BLOCKS, "optimizer": "sgd"}


def small() -> Any:
    """A classifier with the blocks above, random weights and batch normalization."""
    import keras

    keras.utils.set_random_seed(3)
    x = inputs = keras.Input((SIZE, SIZE, 3), name="input_image")
    x = keras.layers.Rescaling(1 / 127.5, -1, name="input_rescaling")(x)
    for block in BLOCKS:
        convolve = keras.layers.Conv2D(6, 3, 2, "same", name=f"{block}_conv")
        x = convolve(x)
        x = keras.layers.BatchNormalization(name=f"{block}_bn")(x)
        x = keras.layers.ReLU(name=f"{block}_relu")(x)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    x = keras.layers.Dense(CLASSES, "softmax", name=models.HEAD_OUTPUT)(x)
    return keras.Model(inputs, x)


def batch(seed: int = 0) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (8, SIZE, SIZE, 3), np.uint8)
    labels = np.eye(CLASSES, dtype=np.float32)[random.integers(0, CLASSES, 8)]
    return pixels, labels, np.ones(8, np.float32)


def moved(model: Any, before: dict[str, list[Any]]) -> dict[str, float]:
    """How far the convolution of each block went."""
    return {
        block: float(
            np.linalg.norm(
                model.get_layer(f"{block}_conv").get_weights()[0]
                - before[f"{block}_conv"][0]
            )
        )
        for block in BLOCKS
    }


def weights_of(model: Any) -> dict[str, list[Any]]:
    return {layer.name: layer.get_weights() for layer in model.layers}


def _differ(one: Any, other: Any) -> bool:
    return not np.array_equal(one, other)


def step_of(phase: Phase, optimizer: str = "sgd") -> tuple[Any, dict[str, Any]]:
    """One step of a phase; returns the model and its weights before."""
    model = small()
    before = weights_of(model)
    spec = TrainingSpec(**{**TUNED, "optimizer": optimizer})
    BlockLearner(spec, phase, 10, model, None).train(*batch())
    return model, before


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_numpy_and_keras_take_the_same_rates(schedule: str) -> None:
    made = make_schedule(schedule, 0.003, 40)
    for done in (0, 1, 4, 10, 20, 39, 40, 50):
        expected = 0.003 * share_at(schedule, done, 40)
        assert float(made(done)) == pytest.approx(expected, rel=1e-5, abs=1e-9)
        found = float(rate_at(0.003, 40, done, schedule).plain)
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_slowing_down_counts_in_the_coming_step() -> None:
    phase = Phase(1, 2, ("top",), 0.01, "plateau")
    learner = BlockLearner(TrainingSpec(**TUNED), phase, 10, small(), None)
    assert learner.learning_rate == pytest.approx(0.01)
    learner.slow_down(1 / 3)
    assert learner.learning_rate == pytest.approx(0.01 / 3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_block_moves_at_its_share(optimizer: str) -> None:
    rates = (("stem", 0.01), ("block1", 0.1), ("block2", 0.5))
    plain, before = step_of(Phase(1, 1, BLOCKS, 0.001), optimizer)
    shared, _ = step_of(Phase(1, 1, BLOCKS, 0.001, rates=rates), optimizer)
    far, near = moved(plain, before), moved(shared, before)
    for block, share in (*rates, ("top", 1.0)):
        tolerance = 0.5 if optimizer == "adamw" else 1e-2  # decay is for all alike
        assert near[block] / far[block] == pytest.approx(share, rel=tolerance)


def test_auto_rgn_moves_blocks_by_their_relative_gradient_norms() -> None:
    import tensorflow as tf

    model = small()
    models.set_trainable(model, BLOCKS)
    pixels, labels, _ = batch()
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        answers = model(pixels.astype(np.float32), training=True)
        loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(labels, answers))
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    owners = {
        id(w): block_of(la.name) for la in model.layers for w in la.trainable_weights
    }
    norms: dict[str, Any] = {}
    for weight, gradient in zip(weights, gradients, strict=True):
        sums = norms.setdefault(owners[id(weight)], [0.0, 0.0])
        sums[0] += float(np.sum(np.square(gradient)))
        sums[1] += float(np.sum(np.square(weight.numpy())))
    relative = {b: (g / w) ** 0.5 for b, (g, w) in norms.items() if b in BLOCKS}
    largest = max(relative.values())

    plain, before = step_of(Phase(1, 1, BLOCKS, 0.001))
    weighed, _ = step_of(Phase(1, 1, BLOCKS, 0.001, weighs_blocks=True))
    far, near = moved(plain, before), moved(weighed, before)
    for block, value in relative.items():
        assert near[block] / far[block] == pytest.approx(value / largest, rel=1e-2)


@pytest.mark.parametrize("strategy", ["lp-ft", "gradual", "discriminative", "auto-rgn"])
def test_in_each_epoch_exactly_the_stated_blocks_change(strategy: str) -> None:
    """The plan is for a backbone of the catalogue, whose last blocks are ours."""
    spec = TrainingSpec(
        data="x", epochs=9, trainable=("block6d", "block7a", "top"), strategy=strategy
    )
    stand_in = {"block6d": "block1", "block7a": "block2", "top": "top"}
    model = small()
    for phase in plan_phases(spec):
        ours = Phase(
            phase.first_epoch,
            phase.epochs,
            tuple(stand_in[name] for name in phase.trainable),
            phase.learning_rate,
            phase.schedule,
            tuple((stand_in[name], rate) for name, rate in phase.rates),
            phase.weighs_blocks,
        )
        learner = BlockLearner(spec, ours, 1, model, None)
        for epoch in range(phase.epochs):
            before = weights_of(model)
            assert learner.learning_rate == pytest.approx(
                phase.learning_rate * share_at(spec.schedule, epoch, phase.epochs)
            )
            learner.train(*batch(epoch))
            changed = {
                block_of(name)
                for name, old in before.items()
                if any(map(_differ, old, model.get_layer(name).get_weights()))
            }
            assert changed == {*ours.trainable, "head"}


def test_pulls_draw_kernels_to_zero_and_to_what_they_were() -> None:
    """Without a slope of its own, only the pull moves them."""
    spec = TrainingSpec(**TUNED, head_decay=0.5, l2_sp=0.25)
    model = small()
    anchored = {la.name: [w + 1.0 for w in la.get_weights()] for la in model.layers}
    models.set_trainable(model, BLOCKS)
    pulls = Pulls(model, spec, lambda name: anchored[name])
    values = [weight.numpy() for weight in model.trainable_weights]
    found = pulls.added([np.zeros_like(value) for value in values], values)
    for weight, value, slope in zip(
        model.trainable_weights, values, found, strict=True
    ):
        if "kernel" not in weight.name:
            assert not np.any(slope)
        elif "head" in weight.path:
            np.testing.assert_allclose(slope, 0.5 * value, rtol=1e-6)
        else:
            np.testing.assert_allclose(slope, np.full_like(value, -0.25), rtol=1e-6)


def test_a_strong_pull_keeps_blocks_near_their_start() -> None:
    moved_by: list[float] = []
    for strength in (0.0, 10.0):
        model = small()
        before = weights_of(model)
        spec = TrainingSpec(**TUNED, l2_sp=strength)
        learner = BlockLearner(spec, Phase(1, 10, BLOCKS, 0.02), 1, model, None)
        for epoch in range(10):
            learner.train(*batch(epoch))
        moved_by.append(sum(moved(model, before).values()))
    assert moved_by[1] < 0.6 * moved_by[0]


def test_the_heads_decay_is_the_same_in_numpy_and_in_keras() -> None:
    import keras

    features = np.random.default_rng(0).normal(size=(24, 6)).astype(np.float32)
    labels = np.eye(CLASSES, dtype=np.float32)[np.arange(24) % CLASSES]
    spec = TrainingSpec(data="x", head_decay=0.3)
    inputs = keras.Input((6,))
    dense = keras.layers.Dense(
        CLASSES, "softmax", kernel_initializer="zeros", name=models.HEAD_OUTPUT
    )
    model = keras.Model(inputs, dense(inputs))
    phase = Phase(1, 5, (), 0.01)
    numpy = HeadLearner(spec, phase, 4, 6, CLASSES)
    step = KerasTrainStep(
        model,
        models.make_loss(spec),
        models.make_optimizer("adam", make_schedule("cosine", 0.01, 20)),
        "float32",
        pulls=Pulls(model, spec),
    )
    for _ in range(20):
        ones = np.ones(24, np.float32)
        numpy.train(features, labels, ones)
        step(features, labels, ones)
    np.testing.assert_allclose(
        numpy.weights().head[0], dense.get_weights()[0], atol=1e-5
    )
    free = HeadLearner(TrainingSpec(data="x"), phase, 4, 6, CLASSES)
    for _ in range(20):
        free.train(features, labels, np.ones(24, np.float32))
    norms = [float(np.linalg.norm(one.weights().head[0])) for one in (numpy, free)]
    assert norms[0] < 0.9 * norms[1]


def test_shares_reach_the_optimiser_behind_loss_scaling() -> None:
    half = Devices((), (), "mixed_float16")
    spec = TrainingSpec(**TUNED)
    rates = tuple((block, 0.0) for block in BLOCKS)
    model = small()
    before = weights_of(model)
    phase = Phase(1, 1, BLOCKS, 0.001, rates=rates)
    learner = BlockLearner(spec, phase, 10, model, None, half)
    learner.train(*batch())
    assert set(moved(model, before).values()) == {0.0}
