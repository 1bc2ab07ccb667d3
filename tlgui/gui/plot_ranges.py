"""Which part of the axes is shown, and where their ticks are."""

import math

import numpy as np

from tlgui.gui.batch_series import Series

_STEPS = (1, 2, 5)
_ALL_AT_ONCE = 30
_FEWEST = 10


def value_range(
    curves: tuple[Series, Series], batches: Series, *, percent: bool
) -> tuple[float, float]:
    """The range of the y axis: whole epochs always fit, stray batches may not.

    Args:
        curves: values of whole epochs, training and validation.
        batches: values of single batches.
        percent: whether values lie in 0..100.

    Returns:
        Lower and upper end.
    """
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    stray = batches[np.isfinite(batches)]
    return _percent_range(values, stray) if percent else _loss_range(values, stray)


def _percent_range(values: Series, stray: Series) -> tuple[float, float]:
    lowest = [float(values.min())] if len(values) else []
    lowest += [float(np.percentile(stray, 10))] if len(stray) else []
    if not lowest:
        return 0.0, 102.0
    return max(0.0, min(70.0, math.floor((min(lowest) - 5) / 10) * 10.0)), 102.0


def _loss_range(values: Series, stray: Series) -> tuple[float, float]:
    highest = [float(values.max())] if len(values) else []
    highest += [float(np.percentile(stray, 90))] if len(stray) else []
    return 0.0, max(0.05, 1.12 * max(highest)) if highest else 1.0


def last_shown(reached: float, planned: int) -> float:
    """The right end of the x axis.

    All planned epochs if they are few; otherwise it grows with the run, so that
    the first of a thousand epochs can be seen.
    """
    if planned <= 0:
        return max(1.0, math.ceil(reached))
    if planned <= _ALL_AT_ONCE:
        return float(max(planned, math.ceil(reached)))
    return float(min(planned, max(_FEWEST, math.ceil(1.25 * reached))))


def whole_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50… that is not below `least`."""
    scale = 1
    while True:
        for step in _STEPS:
            if step * scale >= least:
                return step * scale
        scale *= 10


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round values from `low` to `high`."""
    span = (high - low) / max(1, most)
    scale = 10.0 ** math.floor(math.log10(span))
    step = next(s * scale for s in (1, 2, 5, 10) if s * scale >= span * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]
