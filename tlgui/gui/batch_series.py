"""The values of batches and epochs in arrays, thinned for drawing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tlgui.core.events import BatchEnded
from tlgui.core.history import EpochRecord

Series = NDArray[np.float64]
MOST_POINTS = 2_000


class BatchSeries:
    """Places batches on the axis of epochs.

    The end of the first epoch lies at 1, so a batch lies at
    `epoch - 1 + step / steps`.
    """

    def __init__(self) -> None:
        self._rows: Series = np.empty((256, 3))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def x(self) -> Series:
        """Positions, shape `(n,)`."""
        return self._rows[: self._count, 0]

    @property
    def loss(self) -> Series:
        """Losses, shape `(n,)`."""
        return self._rows[: self._count, 1]

    @property
    def accuracy(self) -> Series:
        """Accuracies in percent, shape `(n,)`."""
        return self._rows[: self._count, 2]

    def clear(self) -> None:
        """Forgets all batches."""
        self._count = 0

    def take(self, batches: Sequence[BatchEnded]) -> None:
        """Takes over those of all batches so far that it does not have yet."""
        new = batches[self._count :]
        needed = self._count + len(new)
        if needed > len(self._rows):
            grown = np.empty((max(needed, 2 * len(self._rows)), 3))
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        if new:
            self._rows[self._count : needed] = [
                (
                    batch.epoch - 1 + batch.step / max(1, batch.steps),
                    batch.loss,
                    100.0 * batch.accuracy,
                )
                for batch in new
            ]
        self._count = needed


def columns_of(records: Sequence[EpochRecord]) -> Series:
    """Epochs, loss, val_loss, accuracy and val_accuracy (in percent) as rows."""
    rows = [
        (r.epoch, r.loss, r.val_loss, 100 * r.accuracy, 100 * r.val_accuracy)
        for r in records
    ]
    return np.array(rows, dtype=float).reshape(-1, 5).T


def thinned(x: Series, y: Series, most: int = MOST_POINTS) -> tuple[Series, Series]:
    """Keeps the lowest and highest value of each stretch, so that no peak is lost.

    Args:
        x: positions in rising order, shape `(n,)`.
        y: values, shape `(n,)`.
        most: the number of points to draw at most, at least 4.

    Returns:
        Positions and values, of equal length, at most `most`.
    """
    if len(x) <= most:
        return x, y
    width = -(-len(x) // (most // 2))
    whole = len(x) // width * width
    stretches = np.nan_to_num(y[:whole], nan=0.0).reshape(-1, width)
    starts = np.arange(0, whole, width)
    ends = np.stack([stretches.argmin(axis=1), stretches.argmax(axis=1)], axis=1)
    chosen = (np.sort(ends, axis=1) + starts[:, None]).ravel()
    if whole < len(x):
        chosen = np.append(chosen, len(x) - 1)
    return x[chosen], y[chosen]
