"""The average of the weights: followed by hand, kept, and used for answers."""

from typing import Any

import numpy as np
import pytest

from tests.ml.test_rates import BLOCKS, CLASSES, batch, small
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml.averaging import AveragedLearner, averaged
from tlgui.ml.learners import BlockLearner, HeadLearner

FEATURES = np.random.default_rng(0).normal(size=(24, 6)).astype(np.float32)
LABELS = np.eye(CLASSES, dtype=np.float32)[np.arange(24) % CLASSES]
ONES = np.ones(24, np.float32)


def head() -> HeadLearner:
    return HeadLearner(TrainingSpec(data="x"), Phase(1, 5, (), 0.05), 4, 6, CLASSES)


def test_without_momentum_the_learner_is_itself() -> None:
    learner = head()
    assert averaged(learner, 0.0) is learner


def test_the_average_is_the_one_that_was_promised() -> None:
    plain, learner = head(), AveragedLearner(head(), 0.9)
    expected: Any = np.zeros((6, CLASSES), np.float32)
    for step in range(1, 21):
        plain.train(FEATURES, LABELS, ONES)
        learner.train(FEATURES, LABELS, ONES)
        stays = min(0.9, (1 + step) / (10 + step))
        expected = stays * expected + (1 - stays) * plain.weights().head[0]
    np.testing.assert_allclose(learner.weights().head[0], expected, atol=1e-6)
    assert not np.allclose(learner.weights().head[0], plain.weights().head[0])
    kernel, bias = learner.weights().head
    logits = FEATURES @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(learner.predict(FEATURES), shares, atol=1e-6)


def test_training_goes_on_as_if_nobody_had_looked() -> None:
    looked, left = AveragedLearner(head(), 0.9), AveragedLearner(head(), 0.9)
    for _ in range(6):
        for learner in (looked, left):
            learner.train(FEATURES, LABELS, ONES)
        looked.predict(FEATURES)
        looked.weights()
    np.testing.assert_array_equal(looked.weights().head[0], left.weights().head[0])


def test_it_goes_on_to_the_bit_from_its_state() -> None:
    first, second = AveragedLearner(head(), 0.9), AveragedLearner(head(), 0.9)
    for _ in range(5):
        first.train(FEATURES, LABELS, ONES)
    second.set_state(first.get_state())
    for learner in (first, second):
        learner.train(FEATURES, LABELS, ONES)
    np.testing.assert_array_equal(first.weights().head[0], second.weights().head[0])
    with pytest.raises(KeyError):
        second.set_state({"kernel": FEATURES})


@pytest.mark.tf
def test_blocks_are_averaged_too() -> None:
    spec = TrainingSpec(data="x")

    def learner() -> BlockLearner:
        return BlockLearner(spec, Phase(1, 5, BLOCKS, 0.01), 4, small(), None)

    plain, smooth = learner(), AveragedLearner(learner(), 0.9)
    start = plain.weights().whole
    for step in range(6):
        plain.train(*batch(step))
        smooth.train(*batch(step))

    def far(weights: list[Floats] | None) -> float:
        assert weights is not None
        assert start is not None
        return sum(
            float(np.abs(a - b).sum()) for a, b in zip(weights, start, strict=True)
        )

    assert 0 < far(smooth.weights().whole) < far(plain.weights().whole)
    pixels = batch(9)[0]
    assert not np.allclose(smooth.predict(pixels), plain.predict(pixels))
