"""Feeds decoded samples to the engine, read ahead by a few threads."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

import numpy as np

from tlgui.core.dataset import Dataset, Sample
from tlgui.core.errors import TlguiError
from tlgui.core.images import UnreadableError
from tlgui.core.task import Task
from tlgui.core.types import Floats, Labels, Pixels

# Decoded pictures are kept up to this size; beyond it they are decoded again.
MEMORY_BUDGET = 1_000_000_000
_AHEAD = 3


@dataclass(frozen=True)
class Batch:
    """Some samples.

    Attributes:
        indices: their places in the split, shape `(n,)`.
        pixels: `uint8`, shape `(n, size, size, 3)`.
        labels: shape `(n,)`.
    """

    indices: Labels
    pixels: Pixels
    labels: Labels

    def one_hot(self, classes: int) -> Floats:
        """The labels as rows with a single one, shape `(n, classes)`."""
        return np.eye(classes, dtype=np.float32)[self.labels]


class SampleReader:
    """Decodes the samples of a data set and keeps what fits in memory.

    Attributes:
        lost: files that could be read at the scan but no longer can, with reasons.
    """

    def __init__(self, dataset: Dataset, task: Task, size: int) -> None:
        self._dataset = dataset
        self._task = task
        self._size = size
        self._kept: dict[str, Pixels] = {}
        self._room = MEMORY_BUDGET
        self.lost: dict[str, str] = {}
        # Pillow lets go of the interpreter while it decodes.
        threads = max(2, os.cpu_count() or 2)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        augment: Callable[[Pixels, int], Pixels] | None = None,
    ) -> Iterator[Batch]:
        """Reads samples in batches, a few batches ahead.

        Args:
            samples: a split.
            batch_size: samples a batch; the last one may be smaller.
            order: places in the split, in the order in which they are read.
            augment: changes the pixels of the sample at a place.

        Yields:
            Batches; a sample that can no longer be read is left out.
        """
        places = np.arange(len(samples)) if order is None else order
        starts = iter(range(0, len(places), batch_size))
        ahead: deque[list[Future[tuple[int, Pixels | None]]]] = deque()

        def submit(start: int) -> None:
            chunk = places[start : start + batch_size]
            ahead.append(
                [
                    self._pool.submit(self._read, int(place), samples[place], augment)
                    for place in chunk
                ]
            )

        for start in islice(starts, _AHEAD):
            submit(start)
        try:
            while ahead:
                read = [future.result() for future in ahead.popleft()]
                for start in islice(starts, 1):
                    submit(start)
                batch = _stack(read, samples)
                if batch is not None:
                    yield batch
        finally:
            for futures in ahead:
                for future in futures:
                    future.cancel()

    def close(self) -> None:
        """Ends the decoding threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(
        self,
        place: int,
        sample: Sample,
        augment: Callable[[Pixels, int], Pixels] | None,
    ) -> tuple[int, Pixels | None]:
        pixels = self._kept.get(sample.path)
        if pixels is None:
            try:
                pixels = self._task.decode(self._dataset.file(sample), self._size)
            except UnreadableError as error:
                self.lost[sample.path] = str(error)
                return place, None
            if self._room >= pixels.nbytes:
                self._room -= pixels.nbytes
                self._kept[sample.path] = pixels
        return place, augment(pixels, place) if augment else pixels


def training_order(seed: int, epoch: int, count: int) -> Labels:
    """The order of an epoch: the same for the same seed and epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def augmenter(
    task: Task, name: str, seed: int, epoch: int
) -> Callable[[Pixels, int], Pixels] | None:
    """Changes samples at random: the same for the same seed, epoch and place."""
    if name == "none":
        return None

    def change(pixels: Pixels, place: int) -> Pixels:
        generator = np.random.default_rng([seed, epoch, place])
        return task.augment(pixels, name, generator)

    return change


def check_readable(reader: SampleReader, read: int) -> None:
    """Makes sure that an epoch saw any sample at all.

    Raises:
        TlguiError: it did not.
    """
    if read == 0:
        path, reason = next(iter(reader.lost.items()))
        raise TlguiError(
            f"None of the files can be read any more; the first is {path}: {reason}. "
            "Check whether the folder was moved or its disk taken away."
        )


def _stack(
    read: list[tuple[int, Pixels | None]], samples: Sequence[Sample]
) -> Batch | None:
    good = [(place, pixels) for place, pixels in read if pixels is not None]
    if not good:
        return None
    return Batch(
        np.array([place for place, _ in good], dtype=np.int64),
        np.stack([pixels for _, pixels in good]),
        np.array([samples[place].label for place, _ in good], dtype=np.int64),
    )
