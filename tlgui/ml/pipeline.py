"""Decodes samples in a few threads, ahead of whoever uses them."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from tlgui.core.dataset import Dataset, Sample
from tlgui.core.errors import TlguiError
from tlgui.core.images import UnreadableError
from tlgui.core.task import Task
from tlgui.core.types import Floats, Labels, Pixels

# Decoded samples are kept up to this size; beyond it they are decoded again.
MEMORY_BUDGET = 1_000_000_000
AHEAD = 3
Item = TypeVar("Item")


@dataclass(frozen=True)
class Batch:
    """Some samples, as a model takes them.

    Attributes:
        places: their places in the split, shape `(n,)`.
        inputs: decoded samples (`uint8`) or activations (`float32`), shape `(n, …)`.
        labels: shape `(n,)`.
    """

    places: Labels
    inputs: Any
    labels: Labels

    def one_hot(self, classes: int) -> Floats:
        """The labels as rows with a single one, shape `(n, classes)`."""
        return np.eye(classes, dtype=np.float32)[self.labels]


class Source(Protocol):
    """Gives the samples of a split in batches."""

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches, a few batches ahead.

        Args:
            samples: a split.
            batch_size: samples a batch; the last one may be smaller.
            order: places in the split, in the order in which they are read.
            epoch: counted from 1 to change the samples at random; 0 for as they are.

        Yields:
            Batches; a sample that can no longer be read is left out.
        """
        ...


class SampleReader:
    """Decodes the samples of a data set and keeps what fits in memory.

    Attributes:
        dataset: whose samples.
        task: how they are decoded.
        size: of the input that they are decoded for.
        lost: files that could be read at the scan but no longer can, with reasons.
    """

    def __init__(self, dataset: Dataset, task: Task, size: int) -> None:
        self.dataset = dataset
        self.task = task
        self.size = size
        self.lost: dict[str, str] = {}
        self._kept: dict[str, Pixels] = {}
        self._room = MEMORY_BUDGET
        # Pillow lets go of the interpreter while it decodes.
        threads = max(2, os.cpu_count() or 2)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    def read(self, sample: Sample) -> Pixels | None:
        """Decodes a sample; None, and noted as lost, where that is not possible."""
        pixels = self._kept.get(sample.path)
        if pixels is not None:
            return pixels
        try:
            pixels = self.task.decode(self.dataset.file(sample), self.size)
        except UnreadableError as error:
            self.lost[sample.path] = str(error)
            return None
        if self._room >= pixels.nbytes:
            self._room -= pixels.nbytes
            self._kept[sample.path] = pixels
        return pixels

    def ahead(
        self, work: Callable[[int], Item], places: Labels, batch_size: int
    ) -> Iterator[list[Item]]:
        """Does some work for every place in the threads, a few batches ahead.

        Args:
            work: given a place in a split.
            places: in order.
            batch_size: how many results are yielded together.
        """
        starts = deque(range(0, len(places), batch_size))
        waiting: deque[list[Future[Item]]] = deque()

        def submit_next() -> None:
            if starts:
                start = starts.popleft()
                chunk = places[start : start + batch_size]
                waiting.append([self._pool.submit(work, int(p)) for p in chunk])

        for _ in range(AHEAD):
            submit_next()
        try:
            while waiting:
                results = [future.result() for future in waiting.popleft()]
                submit_next()
                yield results
        finally:
            for futures in waiting:
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


class StreamSource:
    """Decodes, and changes at random, every sample in every epoch."""

    def __init__(
        self, reader: SampleReader, augmentation: str = "none", seed: int = 0
    ) -> None:
        self._reader = reader
        self._augmentation = augmentation
        self._seed = seed

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches; see `Source`."""
        changed = epoch > 0 and self._augmentation != "none"

        def work(place: int) -> tuple[int, Pixels | None]:
            pixels = self._reader.read(samples[place])
            if pixels is None or not changed:
                return place, pixels
            generator = np.random.default_rng([self._seed, epoch, place])
            augment = self._reader.task.augment
            return place, augment(pixels, self._augmentation, generator)

        places = np.arange(len(samples)) if order is None else order
        for results in self._reader.ahead(work, places, batch_size):
            good = [(place, pixels) for place, pixels in results if pixels is not None]
            if good:
                yield make_batch(
                    samples, [p for p, _ in good], np.stack([x for _, x in good])
                )


def make_batch(samples: Sequence[Sample], places: Sequence[int], inputs: Any) -> Batch:
    """A batch of the samples at some places."""
    labels = np.array([samples[place].label for place in places], dtype=np.int64)
    return Batch(np.array(places, dtype=np.int64), inputs, labels)


def training_order(seed: int, epoch: int, count: int) -> Labels:
    """The order of an epoch: the same for the same seed and epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


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
