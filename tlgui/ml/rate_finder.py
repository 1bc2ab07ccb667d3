"""Tests learning rates with what a run would train first, and leaves no run behind."""

import contextlib
import dataclasses
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tlgui.core.backbone import Backbone
from tlgui.core.dataset import TRAIN, Dataset
from tlgui.core.errors import Stopped
from tlgui.core.events import (
    Emit,
    RateTested,
    Stage,
    StageChanged,
    StopRequest,
    never_stop,
)
from tlgui.core.phases import plan_phases
from tlgui.core.rate_finder import (
    RateCurve,
    Series,
    has_exploded,
    make_curve,
    rising_rates,
)
from tlgui.core.schedules import CONSTANT
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.ml.epochs import EpochRunner
from tlgui.ml.feeding import Feed, Feeding
from tlgui.ml.fetching import fetch_weights
from tlgui.ml.head_solver import one_blas_thread
from tlgui.ml.learners import Weights
from tlgui.ml.pipeline import Batch, SampleReader, check_readable, training_order
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.preparing import fitted, prepare_data
from tlgui.ml.start_file import StartingWeights
from tlgui.ml.starting import backbone_with, keep_start, read_start

# Of many samples, those that the training sees first.
MOST_SAMPLES = 2_000


def find_rate(
    spec: TrainingSpec,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
) -> RateCurve:
    """Trains with steps that grow, and looks at the loss before each of them.

    What is trained is what the run would train first: the head alone, or with
    `direct` the chosen blocks too. It learns from the same samples in the same
    batches, weighed and mixed in the same way, and what frozen layers give is kept
    where the run will look for it. The rates are those of `spec.learning_rate`, which
    scales every phase; where the first one learns at a share of it, so does the test.

    Args:
        spec: of the run; its learning rate and its schedule do not matter.
        emit: told stages, progress and what goes otherwise than planned.
        stop: asked between batches.
        dataset: the scanned data, if it was scanned already.

    Returns:
        The curve, with a rate or the reason why there is none.

    Raises:
        Stopped: `stop` said so.
        TlguiError: the spec or the data does not do.
    """
    spec = dataclasses.replace(spec, ema=0.0)  # only answers would be averaged
    spec.check()
    memory = PixelMemory()
    with _beginning(spec) as (backbone, start):
        fetch_weights(backbone, emit, stop)
        emit(StageChanged(Stage.READING))
        prepared = prepare_data(spec, emit, stop, dataset, memory, backbone)
        spec, head = fitted(spec, prepared), None
        if start is not None:
            head = start.head_for(
                prepared.class_names, multilabel=prepared.is_multilabel
            )
        task = find_task(spec.task)
        with SampleReader(prepared, task, backbone.input_size, memory) as reader:
            test = _Test(spec, reader, emit, stop)
            weights = None if head is None else Weights(head)
            return test.run(backbone, weights)


@contextlib.contextmanager
def _beginning(
    spec: TrainingSpec,
) -> Iterator[tuple[Backbone, StartingWeights | None]]:
    """What a run would start from; a copy of own weights lasts as long as the test."""
    start = read_start(spec)
    with tempfile.TemporaryDirectory() as folder:
        keep_start(start, Path(folder))
        yield backbone_with(start, spec, Path(folder)), start


class _Test:
    """One pass of rising rates."""

    def __init__(
        self, spec: TrainingSpec, reader: SampleReader, emit: Emit, stop: StopRequest
    ) -> None:
        self._spec = spec
        self._reader = reader
        self._emit = emit
        self._stop = stop
        self._samples = reader.dataset.samples[TRAIN]
        self._runner = EpochRunner(spec, reader.dataset, reader, emit, stop)

    def run(self, backbone: Backbone, weights: Weights | None) -> RateCurve:
        """Tests the first phase of the run.

        Args:
            backbone: with the weights that the run starts from.
            weights: the head to start from.
        """
        first = plan_phases(self._spec)[0]
        share = first.learning_rate / self._spec.learning_rate
        # Each step takes its rate as a share of a constant one.
        phase = dataclasses.replace(first, learning_rate=1.0, schedule=CONSTANT)
        steps = self._runner.steps
        self._emit(StageChanged(Stage.LOADING))
        feeding = Feeding(self._spec, backbone, self._reader, steps, self._emit)
        with contextlib.closing(feeding), one_blas_thread():
            feed = feeding.prepare(phase, weights)
            self._emit(StageChanged(Stage.TRACING))
            rates, losses = rising_rates(), list[float]()
            for loss in self._losses(feed, rates * share):
                losses.append(loss)
                done, rate = len(losses), float(rates[len(losses) - 1])
                self._emit(RateTested(done, len(rates), rate, loss))
                if has_exploded(losses):
                    break
        return make_curve(rates.tolist(), losses, first.trainable, share)

    def _losses(self, feed: Feed, rates: Series) -> Iterator[float]:
        """The loss of each batch, after which it is learned from at its rate."""
        for rate, (number, step, batch) in zip(
            rates, self._batches(feed), strict=False
        ):
            if self._stop() is not None:
                raise Stopped
            feed.learner.slow_down(float(rate))
            yield self._runner.learn(feed, batch, number, step)[0]

    def _batches(self, feed: Feed) -> Iterator[tuple[int, int, Batch]]:
        """Whole batches without end, each with the number of its pass and in it.

        Where activations are kept, every pass sees the views of the first epoch, so
        that hardly any has to be computed.
        """
        size, seed = self._spec.batch_size, self._spec.seed
        seen = training_order(seed, 1, len(self._samples))[:MOST_SAMPLES]
        whole = max(len(seen) // size, 1) * size
        for number in itertools.count(1):
            order = np.random.default_rng([seed, number]).permutation(seen)[:whole]
            epoch = 1 if feed.chosen.cached else number
            step = -1
            for step, batch in enumerate(
                feed.source.batches(self._samples, size, order=order, epoch=epoch)
            ):
                yield number, step, batch
            check_readable(self._reader, step + 1)
