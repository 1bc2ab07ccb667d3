"""Computes the views of coming epochs while the learner is busy with this one."""

import threading
from collections.abc import Iterator, Sequence

from tlgui.core.dataset import Sample
from tlgui.core.phases import Phase
from tlgui.core.types import Labels
from tlgui.ml.features import FeatureSource
from tlgui.ml.litert_prefix import BATCH
from tlgui.ml.pipeline import Batch, training_order


class GrowingSource:
    """A source of kept activations that grows them in the background.

    It works only while the learner does: whoever waits for a batch has the frozen
    layers alone. Which view an epoch shows is decided beforehand, so that the result
    does not depend on who computed it. It begins after the first step, and stops
    within one small batch.
    """

    def __init__(
        self, source: FeatureSource, samples: Sequence[Sample], seed: int, phase: Phase
    ) -> None:
        """Prepares; nothing runs before the second training batch is asked for.

        Args:
            source: of the same samples.
            samples: that train.
            seed: decides the order of each epoch.
            phase: whose epochs are prepared.
        """
        self._source = source
        self._samples = samples
        self._seed = seed
        self._phase = phase
        self._epoch = phase.first_epoch
        self._may_work = threading.Event()
        self._is_stopped = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches; see `Source`."""
        self._epoch = max(self._epoch, epoch)
        batches = self._source.batches(samples, batch_size, order=order, epoch=epoch)
        try:
            for number, batch in enumerate(batches):
                if number and epoch and self._thread is None:
                    self._begin()
                self._raise_error()
                self._may_work.set()
                yield batch
                self._may_work.clear()
        finally:
            self._may_work.set()

    def close(self) -> None:
        """Ends the work within a batch.

        Raises:
            Exception: what went wrong in it, if that was not told before.
        """
        self._is_stopped = True
        self._may_work.set()
        if self._thread is not None:
            self._thread.join()
        self._raise_error()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._work, name="views", daemon=True)
        self._thread.start()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _work(self) -> None:
        try:
            for epoch, places in self._coming():
                self._may_work.wait()
                if self._is_stopped:
                    return
                if epoch > self._epoch:
                    self._source.grow(self._samples, places, epoch)
        except BaseException as error:  # noqa: BLE001 - raised where batches are asked for
            self._error = error

    def _coming(self) -> Iterator[tuple[int, Labels]]:
        """Small batches in the order in which they will be needed."""
        first = self._phase.first_epoch
        # After as many epochs as there are views, every view has been shown.
        last = min(first + self._phase.epochs, first + self._source.views)
        for epoch in range(first + 1, last):
            order = training_order(self._seed, epoch, len(self._samples))
            for start in range(0, len(order), BATCH):
                yield epoch, order[start : start + BATCH]
