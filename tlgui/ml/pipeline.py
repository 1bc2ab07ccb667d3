"""Decodes samples in a few threads, ahead of whoever uses them."""

import functools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from tlgui.core.dataset import Dataset, Sample
from tlgui.core.errors import TlguiError
from tlgui.core.images import UnreadableError
from tlgui.core.label_metrics import multi_hot
from tlgui.core.task import Task
from tlgui.core.types import Flags, Floats, Labels, Pixels
from tlgui.ml.pixel_memory import PixelMemory, Stamp

AHEAD = 3
Item = TypeVar("Item")
Result = TypeVar("Result", covariant=True)


@dataclass(frozen=True)
class Batch:
    """Some samples, as a model takes them.

    Attributes:
        places: their places in the split, shape `(n,)`.
        inputs: decoded samples (`uint8`) or activations (`float32`), shape `(n, …)`.
        labels: shape `(n,)`; where samples may show several classes, which of them
            each shows, shape `(n, classes)`.
    """

    places: Labels
    inputs: Any
    labels: Labels | Flags

    def one_hot(self, classes: int) -> Floats:
        """The labels as rows of 0 and 1, shape `(n, classes)`.

        A single 1 in each, unless samples may show several classes.
        """
        if self.labels.ndim > 1:
            return self.labels.astype(np.float32)
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


class Waiting(Protocol[Result]):
    """Work under way for one batch."""

    def result(self) -> Result:
        """Waits for it."""
        ...

    def cancel(self) -> None:
        """Lets go of what was not begun yet."""
        ...


class Done(Generic[Item]):
    """Work that needs no waiting."""

    def __init__(self, value: Item) -> None:
        self._value = value

    def result(self) -> Item:
        """What came of it."""
        return self._value

    def cancel(self) -> None:
        """There is nothing left to do."""


class Group(Generic[Item]):
    """Work for every sample of a batch, in threads."""

    def __init__(self, futures: list[Future[Item]]) -> None:
        self._futures = futures

    def result(self) -> list[Item]:
        """What came of all of it."""
        return [future.result() for future in self._futures]

    def cancel(self) -> None:
        """Lets go of what was not begun yet."""
        for future in self._futures:
            future.cancel()


class SampleReader:
    """Decodes the samples of a data set and keeps what fits in memory.

    Attributes:
        dataset: whose samples.
        task: how they are decoded.
        size: of the input that they are decoded for.
        lost: files that could be read at the scan but no longer can, with reasons.
        memory: what was decoded.
    """

    def __init__(
        self,
        dataset: Dataset,
        task: Task,
        size: int,
        memory: PixelMemory | None = None,
    ) -> None:
        self.dataset = dataset
        self.task = task
        self.size = size
        self.lost: dict[str, str] = {}
        self.memory = PixelMemory() if memory is None else memory
        # Pillow lets go of the interpreter while it decodes.
        threads = max(2, os.cpu_count() or 2)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    def read(self, sample: Sample) -> Pixels | None:
        """Decodes a sample; None, and noted as lost, where that is not possible."""
        return self.read_stamped(sample)[0]

    def read_stamped(self, sample: Sample) -> tuple[Pixels | None, Stamp | None]:
        """Decodes a sample as `read` does; and see `PixelMemory.read`."""
        try:
            return self.memory.read(
                self.dataset.file(sample),
                lambda file: self.task.decode(file, self.size),
            )
        except UnreadableError as error:
            self.lost[sample.path] = str(error)
            return None, None

    def start(self, work: Callable[[int], Item], places: Labels) -> Group[Item]:
        """Begins some work for every place of a batch in the decoding threads."""
        return Group([self._pool.submit(work, int(place)) for place in places])

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


def ahead(
    start: Callable[[Labels], Waiting[Item]], places: Labels, batch_size: int
) -> Iterator[Item]:
    """Does the work for every batch, begun a few batches before it is asked for.

    Args:
        start: begins the work for the places of a batch.
        places: in order.
        batch_size: how many places are a batch; the last one may be smaller.
    """
    chunks = deque(
        places[first : first + batch_size]
        for first in range(0, len(places), batch_size)
    )
    waiting: deque[Waiting[Item]] = deque()
    try:
        while chunks or waiting:
            while chunks and len(waiting) < AHEAD:
                waiting.append(start(chunks.popleft()))
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


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
        start = functools.partial(self._reader.start, work)
        for results in ahead(start, places, batch_size):
            good = [(place, pixels) for place, pixels in results if pixels is not None]
            if good:
                yield make_batch(
                    samples,
                    [place for place, _ in good],
                    np.stack([pixels for _, pixels in good]),
                    self._reader.dataset,
                )


def make_batch(
    samples: Sequence[Sample],
    places: Sequence[int],
    inputs: Any,
    dataset: Dataset | None = None,
) -> Batch:
    """A batch of the samples at some places; see `labels_of` for the data set."""
    labels = labels_of([samples[place] for place in places], dataset)
    return Batch(np.array(places, dtype=np.int64), inputs, labels)


def labels_of(
    samples: Sequence[Sample], dataset: Dataset | None = None
) -> Labels | Flags:
    """What samples show, as in `Batch.labels`.

    Args:
        samples: some of a data set.
        dataset: the data set; not needed where each shows exactly one class.
    """
    if dataset is not None and dataset.is_multilabel:
        shown = [sample.labels for sample in samples]
        return multi_hot(shown, len(dataset.class_names))
    return np.array([sample.label for sample in samples], dtype=np.int64)


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
