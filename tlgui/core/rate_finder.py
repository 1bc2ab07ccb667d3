"""A learning rate from a test: the rate rises with every step, and the loss is watched.

The learning-rate range test of Leslie N. Smith (https://arxiv.org/abs/1506.01186,
section 3.3), with steps that grow by the same factor and a loss that is smoothed, as
in fastai's `lr_find` (https://docs.fast.ai/callback.schedule.html#lrfinder).
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Fifteen steps for each power of ten.
LOWEST, HIGHEST, STEPS = 1e-5, 10.0, 90
_MOMENTUM = 0.9
# fastai ends where the loss is four times its best.
_EXPLODED = 4.0
# A slope is measured over so many steps to each side.
_REACH = 3
# So many steps are needed to say anything, and are too short to matter.
_FEWEST = 12
# What the loss must fall by to tell anything: of itself at the beginning, and of the
# standard deviation of chance from batch to batch.
_LEAST_FALL, _CERTAIN = 0.03, 2.0
# The fall has begun for good once this share of it is done.
_BEGUN = 0.1
# The median of absolute differences of normal noise, by its standard deviation.
_MEDIAN_TO_DEVIATION = 0.6745 * math.sqrt(2.0)

Series = NDArray[np.float64]


@dataclass(frozen=True)
class RateCurve:
    """What a test gave.

    Attributes:
        rates: tested, rising; as they stand in `TrainingSpec.learning_rate`.
        losses: of the batch before each step.
        smoothed: the same without most of the chance in it.
        suggested: the rate at which the loss falls fastest; None if that cannot be
            told.
        reason: why it cannot be told, as a sentence; "" if it can.
        trainable: the backbone's blocks that changed in the test, beside the head.
        share: of these rates, at which the tested part learned.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggested: float | None
    reason: str = ""
    trainable: tuple[str, ...] = ()
    share: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """What `tlgui find-rate --json` prints."""
        return asdict(self)


def rising_rates(
    lowest: float = LOWEST, highest: float = HIGHEST, steps: int = STEPS
) -> Series:
    """Rates that grow by the same factor, shape `(steps,)`."""
    return np.geomspace(lowest, highest, steps)


def smoothed(losses: Sequence[float]) -> Series:
    """An exponential moving average that makes up for having begun at zero.

    As Adam makes up for it (https://arxiv.org/abs/1412.6980, section 3).

    Args:
        losses: of single batches.

    Returns:
        Of the same length; the first is the first loss itself.

    Example:
        >>> smoothed([2.0, 2.0]).round(6).tolist()
        [2.0, 2.0]
    """
    found, mean = [], 0.0
    for count, loss in enumerate(losses, start=1):
        mean = _MOMENTUM * mean + (1.0 - _MOMENTUM) * loss
        found.append(mean / (1.0 - _MOMENTUM**count))
    return np.array(found)


def has_exploded(losses: Sequence[float]) -> bool:
    """Whether larger steps can only do harm after these.

    The loss is no number any more, is four times its best, or has fallen by half and
    then lost all of that again.

    Args:
        losses: of the batches so far, at least one.
    """
    if not math.isfinite(losses[-1]):
        return True
    course = smoothed(losses)[_FEWEST:]
    if not len(course):
        return False
    best, last, first = course.min(), course[-1], _beginning(losses)
    return bool(last > _EXPLODED * best or (last > first > 2.0 * best))


def make_curve(
    rates: Sequence[float],
    losses: Sequence[float],
    trainable: Sequence[str] = (),
    share: float = 1.0,
) -> RateCurve:
    """Judges a test.

    Args:
        rates: tested, rising by the same factor.
        losses: beside them; those from the first that is no number on are left out.
        trainable: as in `RateCurve`.
        share: as in `RateCurve`.
    """
    count = next(
        (k for k, loss in enumerate(losses) if not math.isfinite(loss)), len(losses)
    )
    course = smoothed(losses[:count])
    told: float | None = None
    if not (reason := _silence(rates, losses[:count], course)):
        told = rounded(float(rates[_steepest(course)]))
    return RateCurve(
        tuple(map(float, rates[:count])),
        tuple(map(float, losses[:count])),
        tuple(course.tolist()),
        told,
        reason,
        tuple(trainable),
        share,
    )


def rounded(rate: float) -> float:
    """A rate in two digits, as people write it.

    Example:
        >>> rounded(0.0034567)
        0.0035
    """
    return float(f"{rate:.1e}")


def _steepest(course: Series) -> int:
    """Where the smoothed loss falls fastest against the logarithm of the rate.

    The steepest slope, as fastai's `steep` and Smith's reading of his curves, but
    over several steps and only between the place where the fall begins for good and
    the lowest point, so that neither chance nor a fall after an explosion is taken
    for it. Smoothing makes it come some steps later; that is where training with a
    falling rate was best on real photos, while the middle of the longest fall
    (fastai's `valley`) is far too small for a head that begins at zero, whose loss
    falls from the first step on.
    """
    lowest = int(course.argmin())
    first = _beginning(course)
    high = course[: lowest + 1] >= first - _BEGUN * (first - course[lowest])
    begun = int(np.flatnonzero(high)[-1]) if high.any() else 0
    places = np.arange(begun, lowest + 1)
    before = np.maximum(places - _REACH, 0)
    after = np.minimum(places + _REACH, lowest)
    slopes = (course[after] - course[before]) / np.maximum(after - before, 1)
    return int(places[slopes.argmin()])


def _beginning(losses: Sequence[float] | Series) -> float:
    """The loss before any step was large enough to matter."""
    return float(np.mean(losses[:_FEWEST]))


def _silence(rates: Sequence[float], losses: Sequence[float], course: Series) -> str:
    """Why a curve tells nothing; "" if it tells something."""
    if len(losses) < _FEWEST:
        return (
            f"The loss grew beyond all bounds after {len(losses)} steps, at a learning "
            f"rate of {rates[max(len(losses) - 1, 0)]:.1g} already, so no rate can be "
            "suggested. A larger batch size or another optimiser may help."
        )
    first = _beginning(losses)
    chance = float(np.median(np.abs(np.diff(losses)))) / _MEDIAN_TO_DEVIATION
    if first - float(course.min()) > max(_LEAST_FALL * first, _CERTAIN * chance):
        return ""
    return (
        "The loss fell at no learning rate by more than chance alone would make it, so "
        "no rate can be suggested. The model may be as good as it gets on these photos "
        "already; if not, try a larger batch size."
    )
