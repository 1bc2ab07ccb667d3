"""What keeping activations costs, and what computing them in every epoch costs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui.core.types import Floats, Pixels
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.prefix import Prefix

# Streaming is chosen only if it is this much cheaper: a forecast from a single batch
# is rough, and what is kept serves later runs too.
MARGIN = 1.25
TIMED_SAMPLES = 8


@dataclass(frozen=True)
class Costs:
    """Measured on this machine, in seconds a sample.

    Attributes:
        compute: to vary it and to run the frozen layers.
        write: to keep its activations.
        read: to read them again.
    """

    compute: float
    write: float
    read: float


@dataclass(frozen=True)
class Forecast:
    """What all epochs of a phase cost in front of the cut, in seconds a sample."""

    keeping: float
    streaming: float

    @property
    def is_streaming_cheaper(self) -> bool:
        """Whether it pays to keep nothing."""
        return self.streaming * MARGIN < self.keeping


def forecast(
    costs: Costs, epochs: int, views: int, kept_share: float = 0.0
) -> Forecast:
    """Compares both ways.

    Args:
        costs: of a sample.
        epochs: of the phase.
        views: of a sample that are kept.
        kept_share: of the records that the phase needs, those that are there, 0..1.
    """
    missing = min(views, epochs) * (1.0 - kept_share)
    keeping = missing * (costs.compute + costs.write) + epochs * costs.read
    return Forecast(keeping, epochs * costs.compute)


def measure_costs(
    pixels: Pixels,
    vary: Callable[[Pixels], Pixels],
    prefix: Prefix,
    cache: FeatureCache,
    names: Sequence[bytes],
) -> Costs:
    """Times every part on a few samples; what it computes is kept.

    Args:
        pixels: decoded samples, shape `(n, …)`.
        vary: changes one of them at random.
        prefix: the frozen layers.
        cache: of their activations.
        names: of the records of these samples, as they are, in that cache.
    """
    count = len(pixels)
    prefix.run(pixels)  # the first time is slower
    varying, varied = _timed(lambda: np.stack([vary(one) for one in pixels]))
    running, _ = _timed(lambda: prefix.run(varied))
    activations: Floats = prefix.run(pixels)
    writing, _ = _timed(lambda: cache.put_many(names, activations))
    cache.get_many(names)  # the first time compares checksums
    reading, _ = _timed(lambda: cache.get_many(names))
    return Costs((varying + running) / count, writing / count, reading / count)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    value = work()
    return time.perf_counter() - started, value
