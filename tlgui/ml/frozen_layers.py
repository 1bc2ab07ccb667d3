"""The frozen layers as a run shares them: made when needed, one caller at a time."""

import importlib.util
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tlgui.core.dataset import Sample
from tlgui.core.types import Floats, Labels, Pixels
from tlgui.ml.litert_prefix import LiteRtPrefix
from tlgui.ml.pipeline import Batch, Source
from tlgui.ml.prefix import KerasPrefix, Prefix


class FrozenLayers:
    """A prefix that any thread may run."""

    def __init__(
        self, make: Callable[[], KerasPrefix | LiteRtPrefix], at_once: int = 0
    ) -> None:
        """Makes nothing yet.

        Args:
            make: makes the prefix.
            at_once: the most samples that are seen at once; 0 for all.
        """
        self._make = make
        self._at_once = at_once
        self._prefix: KerasPrefix | LiteRtPrefix | None = None
        self._lock = threading.Lock()

    @property
    def runtime(self) -> str:
        """What runs them, or would: nothing is made to answer this."""
        if self._prefix is None:
            has_litert = importlib.util.find_spec("ai_edge_litert") is not None
            return "LiteRT" if has_litert else "TensorFlow"
        return "TensorFlow" if isinstance(self._prefix, KerasPrefix) else "LiteRT"

    def load(self) -> None:
        """Makes them ready, unless they are.

        Raises:
            TlguiError: the backbone's weights cannot be had.
        """
        with self._lock:
            self._loaded()

    def run(self, inputs: Pixels | Floats) -> Floats:
        """From samples, shape `(n, …)`, to activations."""
        most = self._at_once or len(inputs)
        with self._lock:
            prefix = self._loaded()
            if len(inputs) <= most:
                return prefix.run(inputs)
            starts = range(0, len(inputs), most)
            parts = [prefix.run(inputs[start : start + most]) for start in starts]
        return np.concatenate(parts)

    def _loaded(self) -> KerasPrefix | LiteRtPrefix:
        if self._prefix is None:
            self._prefix = self._make()
        return self._prefix


class FrozenStream:
    """Runs every sample through the frozen layers in every epoch and keeps nothing."""

    def __init__(self, pixels: Source, prefix: Prefix) -> None:
        self._pixels = pixels
        self._prefix = prefix

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches; see `Source`."""
        for batch in self._pixels.batches(
            samples, batch_size, order=order, epoch=epoch
        ):
            yield Batch(batch.places, self._prefix.run(batch.inputs), batch.labels)


class SplitSource:
    """Training samples from one source, samples as they are from another."""

    def __init__(self, training: Source, validation: Source) -> None:
        self._training = training
        self._validation = validation

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches; see `Source`."""
        source = self._training if epoch else self._validation
        return source.batches(samples, batch_size, order=order, epoch=epoch)
