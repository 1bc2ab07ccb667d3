"""One epoch of a run: every training sample once, then the validation samples."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.errors import DivergedError
from tlgui.core.events import (
    BatchEnded,
    Emit,
    ProgressMade,
    Stage,
    StageChanged,
    StopRequest,
)
from tlgui.core.report import AnyEvaluation
from tlgui.core.spec import TrainingSpec
from tlgui.ml.evaluation import answers_of, predict_samples
from tlgui.ml.feeding import Feed
from tlgui.ml.mixing import Alphas, mixed
from tlgui.ml.pipeline import (
    Batch,
    SampleReader,
    check_readable,
    labels_of,
    training_order,
)
from tlgui.ml.sample_weights import weights_of_classes, weights_of_labels

# The live curve needs no more than this many seconds between batch values.
_BATCH_INTERVAL = 0.05


@dataclass
class EpochProgress:
    """How far an epoch is.

    Attributes:
        epoch: counted from 1.
        step: batches that are done.
        loss_sum: of the samples seen.
        right: how many of them were answered right, while they trained.
        seen: how many samples.
        seconds: that it took so far.
    """

    epoch: int
    step: int = 0
    loss_sum: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0

    @property
    def loss(self) -> float:
        """The mean loss so far."""
        return self.loss_sum / max(self.seen, 1)

    @property
    def accuracy(self) -> float:
        """The share of right answers so far."""
        return self.right / max(self.seen, 1)


class EpochRunner:
    """Trains and validates with what a feed gives.

    Attributes:
        steps: batches an epoch.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        dataset: Dataset,
        reader: SampleReader,
        emit: Emit,
        stop: StopRequest,
        at_once: int = 0,
    ) -> None:
        self._spec = spec
        self._at_once = at_once
        self._dataset = dataset
        self._reader = reader
        self._emit = emit
        self._stop = stop
        self._told = 0.0
        weighs = weights_of_labels if dataset.is_multilabel else weights_of_classes
        self._weigh = weighs(dataset, spec)
        self.steps = math.ceil(len(dataset.samples[TRAIN]) / spec.batch_size)

    def train(
        self,
        feed: Feed,
        progress: EpochProgress,
        on_step: Callable[[float, int], None] = lambda seconds, samples: None,
    ) -> None:
        """Sees every training sample once, or until a stop is asked for.

        Args:
            feed: the learner, and the source of its batches.
            progress: counted up; steps that are done already are left out.
            on_step: called after each step, with the seconds in which the weights
                were moved and the samples of the batch.

        Raises:
            TlguiError: the loss became infinite, or no file can be read any more.
        """
        samples, epoch = self._dataset.samples[TRAIN], progress.epoch
        size, is_first, learning = self._spec.batch_size, True, 0.0
        order = training_order(self._spec.seed, epoch, len(samples))
        batches = feed.source.batches(
            samples, size, order=order[progress.step * size :], epoch=epoch
        )
        for batch in batches:
            count = len(batch.labels)
            began = time.monotonic()
            loss, right = self.learn(feed, batch, epoch, progress.step)
            moving = time.monotonic() - began
            learning += moving
            if not math.isfinite(loss):
                raise DivergedError(_diverged(self._spec))
            if is_first:
                self._emit(StageChanged(Stage.TRAINING))
            is_first = False
            progress.step += 1
            progress.loss_sum += loss * count
            progress.right += right
            progress.seen += count
            told = BatchEnded(
                epoch, progress.step, self.steps, loss, right / count, learning
            )
            self._tell(told)
            on_step(moving, count)
            if self._stop() is not None:
                return
        check_readable(self._reader, progress.seen)

    def learn(
        self, feed: Feed, batch: Batch, epoch: int, step: int
    ) -> tuple[float, int]:
        """Moves the weights once, with samples weighed and mixed as the spec says.

        Args:
            feed: whose learner moves them.
            batch: of its source.
            epoch: decides, with `step`, what is mixed.
            step: steps of the epoch that are done.

        Returns:
            The loss and the number of right answers, before the move.
        """
        one_hot = batch.one_hot(len(self._dataset.class_names))
        return feed.learner.train(
            *mixed(
                batch.inputs,
                one_hot,
                self._weigh(batch.labels),
                Alphas(self._spec.mixup, self._spec.cutmix),
                (self._spec.seed, epoch, step),
            )
        )

    def validate(
        self, feed: Feed, *, stoppable: bool = True
    ) -> tuple[AnyEvaluation, float]:
        """Answers for the validation samples.

        Args:
            feed: the learner, and the source of the samples.
            stoppable: whether to heed a stop.

        Returns:
            The answers, and their loss as trained.

        Raises:
            Stopped: a stop was asked for.
        """
        self._emit(StageChanged(Stage.VALIDATING))
        samples = self._dataset.samples[VALIDATION]
        places, probabilities = predict_samples(
            feed.learner.predict,
            feed.source,
            samples,
            on_progress=lambda done, total: self._emit(
                ProgressMade(Stage.VALIDATING, done, total)
            ),
            should_stop=lambda: stoppable and self._stop() is not None,
            at_once=self._at_once,
        )
        check_readable(self._reader, len(places))
        answered = [samples[place] for place in places]
        files = [self._dataset.file(sample) for sample in answered]
        evaluation = answers_of(self._dataset, files, answered, probabilities)
        labels = labels_of(answered, self._dataset)
        one_hot = Batch(places, None, labels).one_hot(probabilities.shape[1])
        return evaluation, feed.learner.loss_of(one_hot, probabilities)

    def _tell(self, event: BatchEnded) -> None:
        now = time.monotonic()
        if now - self._told >= _BATCH_INTERVAL or event.step == event.steps:
            self._told = now
            self._emit(event)


def _diverged(spec: TrainingSpec) -> str:
    return (
        f"The loss became infinite with a learning rate of {spec.learning_rate:g}: "
        "the steps were too large. Try a tenth of it."
    )
