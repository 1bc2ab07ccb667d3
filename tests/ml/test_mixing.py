"""Pairs of samples that become one."""

from typing import Any

import numpy as np
import pytest

from tlgui.core.types import Floats
from tlgui.ml.mixing import Alphas, mixed

LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
ONES = np.ones(4, np.float32)
SEEDS = range(20)


def test_without_alpha_nothing_changes() -> None:
    inputs = np.ones((4, 2), np.float32)
    assert mixed(inputs, LABELS, ONES, Alphas(), (1,)) == (inputs, LABELS, ONES)


@pytest.mark.parametrize("alphas", [Alphas(mixup=0.4), Alphas(cutmix=0.4)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_inputs_and_labels_are_mixed_by_the_same_share(
    dtype: type, alphas: Alphas
) -> None:
    inputs: Any = (LABELS * 200).astype(dtype)
    found, labels, weights = mixed(inputs, LABELS, ONES, alphas, (3, 1, 2))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, labels * 200, atol=0.51)
    np.testing.assert_allclose(labels.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(weights, 1.0, rtol=1e-6)
    assert (labels.argmax(axis=1) == LABELS.argmax(axis=1)).all()


def test_the_same_seed_mixes_alike_and_another_does_not() -> None:
    inputs = np.arange(8, dtype=np.float32).reshape(4, 2)

    def once(seed: int) -> Floats:
        found: Floats = mixed(inputs, LABELS, ONES, Alphas(1.0), (seed,))[0]
        return found

    np.testing.assert_array_equal(once(1), once(1))
    assert not np.array_equal(once(1), once(2))


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shape", [(32, 32, 3), (7, 5, 8)])
def test_a_rectangle_is_pasted_and_labels_tell_its_area(
    shape: tuple[int, ...], dtype: type
) -> None:
    # Every value of a picture is the number of its sample.
    numbers = np.arange(4).reshape(4, 1, 1, 1)
    inputs: Any = np.broadcast_to(numbers, (4, *shape)).astype(dtype)
    areas = []
    for seed in SEEDS:
        found, labels, _ = mixed(
            inputs, np.eye(4, dtype=np.float32), ONES, Alphas(cutmix=1.0), (seed,)
        )
        assert found.dtype == dtype
        for number, (picture, label) in enumerate(zip(found, labels, strict=True)):
            pasted = picture[..., 0] != number
            rows, columns = pasted.any(axis=1), pasted.any(axis=0)
            assert pasted.sum() == rows.sum() * columns.sum(), "one rectangle"
            shares = [(picture == other).mean() for other in range(4)]
            np.testing.assert_allclose(shares, label, atol=1e-6)
            assert label[number] >= 0.4
        areas.append(float(labels.min(axis=1, where=labels > 0, initial=1).mean()))
    assert np.ptp(areas) > 0.1, "not the same each time"
    assert (inputs == numbers).all(), "what was given stays"


def test_with_both_each_batch_gets_one_of_them() -> None:
    inputs = np.zeros((4, 8, 8, 1), np.float32)
    inputs[1::2] = 1.0
    found = [
        mixed(inputs, LABELS, ONES, Alphas(1.0, 1.0), (seed,))[0] for seed in SEEDS
    ]
    is_blended = [bool(((one > 0) & (one < 1)).any()) for one in found]
    assert 0 < sum(is_blended) < len(is_blended)
