"""Fine-tunes a model: a plain function, without Qt and without processes."""

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

from tlgui.core.catalogue import find_backbone
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.errors import Stopped
from tlgui.core.events import (
    Emit,
    EpochEnded,
    EvaluationMade,
    Outcome,
    RunEnded,
    RunStarted,
    Stage,
    StageChanged,
    Stop,
    StopRequest,
    never_stop,
)
from tlgui.core.history import EpochRecord, best_epoch
from tlgui.core.layers import head_parameters
from tlgui.core.phases import Phase, plan_phases
from tlgui.core.report import Evaluation
from tlgui.core.run import Run, check_new_run, create_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.ml.epochs import EpochProgress, EpochRunner
from tlgui.ml.feeding import Feed, Feeding
from tlgui.ml.head_solver import one_blas_thread
from tlgui.ml.learners import Learner, Weights
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.preparing import prepare_data
from tlgui.ml.run_report import make_report
from tlgui.ml.run_writer import RunWriter


def train(
    spec: TrainingSpec,
    folder: Path,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
) -> RunEnded:
    """Fine-tunes a pretrained backbone with a new head on a person's data.

    Args:
        spec: decides the run.
        folder: the run folder to make; it must not exist.
        emit: told every event of the run.
        stop: asked between batches whether and how to stop.
        dataset: the scanned data, if it was scanned already.

    Returns:
        How it ended; the same value was the last event.

    Raises:
        TlguiError: the spec, the data or the folder does not do.
    """
    started = time.monotonic()
    spec.check()
    check_new_run(folder)
    emit(StageChanged(Stage.READING))
    memory = PixelMemory()
    try:
        prepared = prepare_data(spec, emit, stop, dataset, memory)
    except Stopped:
        return _ended(folder, Outcome.STOPPED, emit, started)
    run = create_run(folder, spec, prepared.class_names)
    task, size = find_task(spec.task), find_backbone(spec.backbone).input_size
    with SampleReader(prepared, task, size, memory) as reader:
        training = _Training(run, prepared, reader, emit, stop, started)
        with contextlib.closing(training.feeding), one_blas_thread():
            return training.run_all()


def _ended(folder: Path, outcome: Outcome, emit: Emit, started: float) -> RunEnded:
    seconds = time.monotonic() - started
    ended = RunEnded(str(folder), outcome, False, 0, 0.0, 0.0, seconds)
    emit(ended)
    return ended


@dataclass
class _Training:
    """One run under way."""

    run: Run
    dataset: Dataset
    reader: SampleReader
    emit: Emit
    stop: StopRequest
    started: float
    records: list[EpochRecord] = field(default_factory=list)
    best: tuple[Weights, EpochRecord, Evaluation] | None = None
    feed: Feed | None = None

    def __post_init__(self) -> None:
        self.spec = self.run.spec
        self.writer = RunWriter(self.run)
        self.runner = EpochRunner(
            self.spec, self.dataset, self.reader, self.emit, self.stop
        )
        self.feeding = Feeding(self.spec, self.reader, self.runner.steps, self.emit)
        self.parameters = _count_parameters(self.spec, len(self.dataset.class_names))

    def run_all(self) -> RunEnded:
        """Runs every phase, then keeps the best model."""
        self._announce()
        try:
            for phase in plan_phases(self.spec):
                if not self._run_phase(phase):
                    break
        finally:
            self.writer.flush()
        stopped = self.stop()
        if stopped is Stop.DROP:
            self.writer.drop_checkpoint()
            return _ended(self.run.folder, Outcome.STOPPED, self.emit, self.started)
        return self._keep(Outcome.STOPPED if stopped else Outcome.COMPLETED)

    def _announce(self) -> None:
        trainable, total = self.parameters
        self.emit(
            RunStarted(
                str(self.run.folder),
                self.dataset.class_names,
                len(self.dataset.samples[TRAIN]),
                len(self.dataset.samples[VALIDATION]),
                self.spec.epochs,
                self.runner.steps,
                trainable,
                total,
                len(self.dataset.problems),
            )
        )

    def _run_phase(self, phase: Phase) -> bool:
        """Runs some epochs; False when the run is to end after them."""
        self.emit(StageChanged(Stage.LOADING))
        learned = None if self.feed is None else self.feed.learner.weights()
        self.feed = self.feeding.prepare(phase, learned)
        self.emit(self.feed.chosen)
        self.emit(StageChanged(Stage.TRACING))
        for epoch in range(phase.first_epoch, phase.first_epoch + phase.epochs):
            if not self._run_epoch(epoch, self.feed):
                return False
        return True

    def _run_epoch(self, epoch: int, feed: Feed) -> bool:
        began = time.monotonic()
        progress = EpochProgress(epoch)
        self.runner.train(feed, progress)
        self.feeding.note("memory", feed.learner.notice)
        if self.stop() is not None:
            return False
        try:
            evaluation, val_loss = self.runner.validate(feed)
        except Stopped:
            return False
        record = EpochRecord(
            epoch,
            progress.loss,
            progress.accuracy,
            val_loss,
            evaluation.accuracy,
            feed.learner.learning_rate,
            time.monotonic() - began,
        )
        self._remember(record, evaluation, feed.learner)
        return not self._is_patience_over()

    def _remember(
        self, record: EpochRecord, evaluation: Evaluation, learner: Learner
    ) -> None:
        self.records.append(record)
        better = None
        if best_epoch(self.records) is record:
            better = learner.weights()
            self.best = (better, record, evaluation)
        self.writer.remember(self.records, better)
        self.emit(EpochEnded(record))

    def _is_patience_over(self) -> bool:
        if self.spec.patience == 0 or self.best is None:
            return False
        return self.records[-1].epoch - self.best[1].epoch >= self.spec.patience

    def _keep(self, outcome: Outcome) -> RunEnded:
        """Puts the best weights together and writes the model and the report."""
        assert self.feed is not None
        if self.best is None:  # stopped before the first epoch was over
            weights = self.feed.learner.weights()
            evaluation, loss = self.runner.validate(self.feed, stoppable=False)
            epoch = 0
        else:
            weights, record, evaluation = self.best
            epoch, loss = record.epoch, record.val_loss
        self.emit(StageChanged(Stage.SAVING))
        self.writer.write_model(weights)
        ended = RunEnded(
            str(self.run.folder),
            outcome,
            True,
            epoch,
            evaluation.accuracy,
            loss,
            time.monotonic() - self.started,
        )
        self.run.write_report(
            make_report(
                ended,
                evaluation,
                self.dataset,
                self.parameters,
                len(self.records),
                self.reader.lost,
                self.feeding.notices,
            )
        )
        self.writer.drop_checkpoint()
        self.emit(EvaluationMade(evaluation))
        self.emit(ended)
        return ended


def _count_parameters(spec: TrainingSpec, classes: int) -> tuple[int, int]:
    """Keras' own count of (trainable, total) parameters, from the catalogue."""
    backbone = find_backbone(spec.backbone)
    head = head_parameters(backbone.features, classes)
    trainable = sum(
        block.trainable_parameters
        for block in backbone.blocks
        if block.name in spec.trainable
    )
    return trainable + head, backbone.parameters + head
