"""How far a run is by its epochs, and durations as people say them."""

import math
from collections.abc import Sequence

_RECENT = 3


def share_done(epochs: int, finished: int, share: float) -> float:
    """The share of all epochs that is done.

    Args:
        epochs: planned.
        finished: epochs that ended.
        share: of the current epoch's steps that ended, 0..1.

    Returns:
        0..1.
    """
    if epochs <= 0:
        return 0.0
    return min(1.0, max(0.0, (finished + min(max(share, 0.0), 1.0)) / epochs))


def usual_seconds(finished: Sequence[float]) -> float | None:
    """How long an epoch takes at present, or None before the first ended.

    The mean of the last few epochs. The very first one also builds the
    computation, so it counts only while it is the only one.

    Args:
        finished: seconds of the epochs that ended, in order.
    """
    telling = [seconds for seconds in finished if math.isfinite(seconds)]
    if len(telling) > 1:
        telling = telling[1:]
    recent = telling[-_RECENT:]
    return sum(recent) / len(recent) if recent else None


def rounded_up(seconds: float) -> int:
    """An estimate as people say it: the nearer the end, the finer.

    Returns:
        Whole seconds: of 5 below a minute, of 30 below ten minutes, else of 60.
    """
    step = 5 if seconds <= 60 else 30 if seconds <= 600 else 60
    return max(step, math.ceil(seconds / step) * step)
