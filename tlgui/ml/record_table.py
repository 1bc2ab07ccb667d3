"""The records of one split: what they are called, and those that are in memory."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgui.core.augmentation import VIEWS
from tlgui.core.dataset import Sample
from tlgui.core.types import Flags, Floats, Labels
from tlgui.ml.cache_key import record_digest
from tlgui.ml.cache_segment import ENTRY
from tlgui.ml.contents import Contents
from tlgui.ml.pipeline import Batch

ORIGINAL = "original"


def view_names(augmentation: str, seed: int) -> list[str]:
    """What the views of a sample are called in the names of their records."""
    varied = range(1, VIEWS[augmentation])
    return [ORIGINAL, *(f"{augmentation}-{seed}-{view}" for view in varied)]


def views_at(places: Any, epoch: int, views: int) -> Any:
    """Which view the samples at some places show in an epoch.

    Args:
        places: one, or an array of them.
        epoch: counted from 1; 0 for the samples as they are.
        views: how many there are.
    """
    return (epoch - 1 + places) % views if epoch else 0 * places


class RowMemory:
    """Some records in memory: what is put first stays while there is room."""

    def __init__(
        self, samples: int, views: int, shape: tuple[int, ...], budget: int
    ) -> None:
        """Takes no memory yet.

        Args:
            samples: in the split.
            views: of each.
            shape: of one record.
            budget: bytes that may be taken.
        """
        fitting = budget // max(math.prod(shape) * np.dtype(np.float32).itemsize, 1)
        self._slots: NDArray[np.int32] = np.full((samples, views), -1, np.int32)
        self._rows = np.empty((min(samples * views, fitting), *shape), np.float32)
        self._used = 0

    @property
    def nbytes(self) -> int:
        """What it may come to take."""
        return self._rows.nbytes

    def get(self, places: Labels, views: Labels) -> Floats | None:
        """The records of some samples, if all of them are there: a copy."""
        slots = self._slots[places, views]
        return None if (slots < 0).any() else self._rows[slots]

    def put(self, places: Labels, views: Labels, rows: Floats) -> None:
        """Keeps records; each place stands for one sample."""
        new = np.flatnonzero(self._slots[places, views] < 0)
        new = new[: len(self._rows) - self._used]
        if not len(new):
            return
        slots = np.arange(self._used, self._used + len(new), dtype=np.int32)
        self._rows[slots] = rows[new]
        self._slots[places[new], views[new]] = slots
        self._used += len(new)


class RecordTable:
    """One split in one kind of epoch: each name is made once a run."""

    def __init__(
        self,
        samples: Sequence[Sample],
        labels: Labels | Flags,
        view_names: Sequence[str],
        rows: RowMemory,
    ) -> None:
        """Takes a split, and what its samples show (`pipeline.labels_of`)."""
        self.samples = samples
        self.rows = rows
        self._view_names = view_names
        self._labels = labels
        shape = len(samples), len(view_names)
        self._digests: NDArray[np.void] = np.zeros(shape, ENTRY["digest"])
        self._is_named = np.zeros(shape, np.bool_)

    @property
    def views(self) -> int:
        """How many views of a sample there are."""
        return len(self._view_names)

    def name(self, place: int, view: int, content: bytes) -> bytes:
        """The name of a record whose sample's content is known."""
        if not self._is_named[place, view]:
            digest = record_digest(content, self._view_names[view])
            self._digests[place, view] = np.void(digest)
            self._is_named[place, view] = True
        name: bytes = self._digests[place, view].tobytes()
        return name

    def names(
        self, places: Labels, views: Labels, contents: Contents
    ) -> list[bytes] | None:
        """The names of records, if no file must be read for them."""
        for index in np.flatnonzero(~self._is_named[places, views]):
            place, view = int(places[index]), int(views[index])
            content = contents.remembered(self.samples[place])
            if content is None:
                return None
            self.name(place, view, content)
        names: list[bytes] = self._digests[places, views].tolist()
        return names

    def batch(self, places: Labels, features: Floats) -> Batch:
        """A batch of the samples at some places."""
        return Batch(places, features, self._labels[places])
