"""Whether keeping pays: a forecast with numbers, and its parts measured."""

import os
from pathlib import Path

import numpy as np
import pytest

from tlgui.core.types import Pixels
from tlgui.ml.cache_key import CacheKey, record_digest
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.forecast import Costs, forecast, measure_costs

# As measured: pooled features of EfficientNet-Lite0, and the activations of its stem.
POOLED = Costs(compute=4e-3, write=2e-5, read=5e-6)
STEM = Costs(compute=1e-3, write=2e-3, read=8e-4)


def test_both_ways_are_counted_as_they_come() -> None:
    told = forecast(Costs(compute=4.0, write=1.0, read=0.5), epochs=10, views=6)
    assert told.keeping == 6 * 5.0 + 10 * 0.5
    assert told.streaming == 40.0
    few = forecast(Costs(compute=4.0, write=1.0, read=0.5), epochs=3, views=6)
    assert few.keeping == 3 * 5.0 + 3 * 0.5
    assert few.streaming == 12.0


def test_what_is_kept_already_is_not_computed() -> None:
    costs = Costs(compute=4.0, write=1.0, read=0.5)
    assert forecast(costs, 10, 6, kept_share=1.0).keeping == 5.0
    assert forecast(costs, 10, 6, kept_share=0.5).keeping == 20.0


@pytest.mark.parametrize("views", [1, 6, 10])
@pytest.mark.parametrize("epochs", [1, 5, 10, 50])
def test_small_activations_are_kept_however_many_epochs(
    views: int, epochs: int
) -> None:
    """Even where streaming costs the same: what is kept serves later runs."""
    assert not forecast(POOLED, epochs, views).is_streaming_cheaper


def test_large_activations_of_a_small_cut_stream() -> None:
    assert forecast(STEM, 10, 10).is_streaming_cheaper
    assert forecast(STEM, 10, 6).is_streaming_cheaper
    assert not forecast(STEM, 10, 6, kept_share=1.0).is_streaming_cheaper


class Prefix:
    """Hands on the first row of every picture."""

    def __init__(self) -> None:
        self.ran = 0

    def run(self, inputs: Pixels) -> "np.typing.NDArray[np.float32]":
        self.ran += len(inputs)
        return inputs[:, 0].astype(np.float32)


def test_what_is_measured_is_positive_and_kept(tmp_path: Path) -> None:
    key = CacheKey("efficientnet-lite0", "ab" * 32, "stem", 1, (16, 3))
    pixels = np.random.default_rng(0).integers(0, 255, (8, 16, 16, 3), np.uint8)
    names = [record_digest(os.urandom(16), "original") for _ in pixels]
    varied: list[Pixels] = []

    def vary(one: Pixels) -> Pixels:
        varied.append(one)
        return one[::-1]

    prefix = Prefix()
    with FeatureCache(tmp_path, key) as cache:
        costs = measure_costs(pixels, vary, prefix, cache, names)
        kept, found = cache.get_many(names)
    assert found.all()
    np.testing.assert_array_equal(kept, pixels[:, 0])
    assert len(varied) == 8
    assert min(costs.compute, costs.write, costs.read) > 0
