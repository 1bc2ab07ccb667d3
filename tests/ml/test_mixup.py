"""Pairs of samples that become one."""

from typing import Any

import numpy as np
import pytest

from tlgui.core.types import Floats
from tlgui.ml.mixup import mixed

LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
ONES = np.ones(4, np.float32)


def test_without_alpha_nothing_changes() -> None:
    inputs = np.ones((4, 2), np.float32)
    assert mixed(inputs, LABELS, ONES, 0.0, (1,)) == (inputs, LABELS, ONES)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_inputs_and_labels_are_mixed_by_the_same_share(dtype: type) -> None:
    inputs: Any = (LABELS * 200).astype(dtype)
    found, labels, weights = mixed(inputs, LABELS, ONES, 0.4, (3, 1, 2))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, labels * 200, atol=0.51)
    np.testing.assert_allclose(labels.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(weights, 1.0, rtol=1e-6)
    assert (labels.argmax(axis=1) == LABELS.argmax(axis=1)).all()


def test_the_same_seed_mixes_alike_and_another_does_not() -> None:
    inputs = np.arange(8, dtype=np.float32).reshape(4, 2)

    def once(seed: int) -> Floats:
        found: Floats = mixed(inputs, LABELS, ONES, 1.0, (seed,))[0]
        return found

    np.testing.assert_array_equal(once(1), once(1))
    assert not np.array_equal(once(1), once(2))
